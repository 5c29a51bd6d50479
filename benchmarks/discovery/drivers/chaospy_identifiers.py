"""A distribution is made and sampled."""

import itertools

import chaospy

_numbers = itertools.count()


def work():
    distribution = chaospy.Normal(next(_numbers), 1)
    assert distribution.sample(3, rule="halton").shape == (3,)
