"""Methods that are called where an object is made, by its constructor or its module: nobody has put anything in it yet."""

from __future__ import annotations

from leaklint.heap.effects import Call, Effects
from leaklint.heap.namespaces import is_constructor


def is_at_birth(effects: Effects, call: Call) -> bool:
    """Tell whether a constructor calls a method of the very object that it makes."""
    caller, callee = effects.heap.functions[call.caller], effects.heap.functions[call.callee]
    if callee.kind != "method" or not is_constructor(caller.name) or not (caller.params and callee.params):
        return False
    return call.bound.get(callee.params[0].name) == ("param", caller.key, caller.params[0].name)


def is_only_at_birth(effects: Effects, key: str) -> bool:
    """Tell whether a program calls a function, and nowhere but in constructors, on what they make, and in module bodies."""
    calls, functions = effects.calls.get(key, ()), effects.heap.functions
    others = [one for one in calls if functions[one.caller].kind != "module" or one.event.guards]
    return bool(calls) and all(is_at_birth(effects, one) for one in others)
