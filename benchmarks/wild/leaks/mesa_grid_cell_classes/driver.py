"""A study runs a model with a grid again and again, each time with new parameters, and drops it."""

import mesa
from mesa.discrete_space import OrthogonalMooreGrid


class GridModel(mesa.Model):
    def __init__(self, seed):
        super().__init__(rng=seed)
        self.grid = OrthogonalMooreGrid((5, 5), torus=True, random=self.random)


def work():
    GridModel(1).run_for(1)
