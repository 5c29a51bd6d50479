"""A simulation registers its random source with Hypothesis."""

import random

from hypothesis import register_random


class Dice(random.Random):
    def roll(self):
        return self.randint(1, 6)


class Game:
    def __init__(self):
        self.dice = Dice()
        register_random(self.dice)


def work():
    assert Game().dice.roll()
