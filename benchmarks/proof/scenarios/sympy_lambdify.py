"""Functions made of expressions."""

from sympy import lambdify
from sympy.abc import x


def make(number):
    """Return a function of an expression that no round before has used."""
    return lambdify(x, x + number)
