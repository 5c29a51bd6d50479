"""A piece of code is parsed, and an attribute of a caught exception inferred."""

import astroid

CODE = """
try:
    raise ValueError("x")
except ValueError as error:
    error.args  #@
"""


def work():
    node = astroid.extract_node(CODE)
    assert next(node.infer()).pytype() == "builtins.tuple"
