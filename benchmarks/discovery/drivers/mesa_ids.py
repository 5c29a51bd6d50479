"""A small model of agents is made, stepped and dropped, as in a parameter sweep."""

import mesa


class Walker(mesa.Agent):
    def step(self):
        self.moved = True


class World(mesa.Model):
    def __init__(self):
        super().__init__()
        for _ in range(5):
            Walker(self)


def work():
    world = World()
    world.agents.do("step")
    world.remove_all_agents()
