"""A piece of code is parsed, and a call in it inferred."""

import astroid


def work():
    node = astroid.extract_node("dict(a=1, b=2)  #@")
    assert next(node.infer()).pytype() == "builtins.dict"
