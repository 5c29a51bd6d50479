"""An expression is turned into a function, and called."""

from sympy import lambdify, symbols

x = symbols("x")
_expression = x**2 + 3 * x + 1


def work():
    function = lambdify(x, _expression, modules="math")
    assert function(2) == 11
