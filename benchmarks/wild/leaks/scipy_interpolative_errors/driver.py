"""A matrix of single precision is refused, and the caller takes another way."""

import numpy
from scipy.linalg import interpolative


def work():
    try:
        interpolative.svd(numpy.ones((100, 100), dtype="float32"), 3)
    except ValueError:
        return
    raise AssertionError("no error")
