"""A layer is given colours that a program computes, as an animation or a slider does."""

import itertools

import numpy as np
from napari.layers import Image

LAYER = Image(np.zeros((8, 8)))
SHADES = itertools.count()


def work():
    LAYER.colormap = [[0, 0, 0, 1], [1, next(SHADES) / 10000, 0, 1]]
