"""Methods that are called where an object is made, by its constructor or its module: nobody has put anything in it yet."""

from __future__ import annotations

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, root, walk
from leaklint.heap.effects import Call, Effect, Effects
from leaklint.heap.generators import is_inside
from leaklint.heap.heap_place import HeapPlace
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


def is_filled_at_birth(effects: Effects, holder: HeapPlace, effect: Effect, chain: tuple[Call, ...]) -> bool:
    """Tell whether something is put into an object's own container while it is made, so that it gets only so much of that.

    ``holder`` is the attribute that is the container, ``chain`` the calls that hand in what is stored. The object is the
    one that a constructor makes, or one that the function has made itself.
    """
    function, receiver = effects.heap.functions[effect.function], root(effect.base)
    handed = next((call for call in (*effect.chain, *chain) if call.callee == effect.function), None)
    guards = (*effect.event.guards, *(handed.event.guards if handed is not None else ()))
    if any(guard.kind == "while" for guard in guards):
        return False  # nobody knows when such a loop ends: a program may run in a constructor
    own = ("param", function.key, function.params[0].name) if function.params else ()
    is_kin = function.owner in effects.heap.classes.order(holder.owner)
    if is_kin and own == receiver and ("attr", own, holder.name) in walk(effect.base):
        helps = function.name.startswith("_") and is_only_at_birth(effects, function.key)
        return _makes(function.name) or helps or (handed is not None and is_at_birth(effects, handed))
    if _makes(function.name) and function.params:
        return effect.container[2] == ("op", effect.base) or _is_born_in(effect.container, function)
    return receiver[0] == "call" and not (function.is_async or function.yields) and _is_made_by(effects, receiver)


def _makes(name: str) -> bool:
    """Tell whether a method of this name runs once for each object: with its making, or where its block begins."""
    return name == "__enter__" or is_constructor(name)


def _is_made_by(effects: Effects, call: Term) -> bool:
    """Tell whether a call makes a new object each time: all that it may return stems from that very call."""
    values = effects.heap.evaluate(call)
    return bool(values) and all(value[0] == "inst" and value[2] == call[-1] for value in values)


def _is_born_in(container: Term, function: Function) -> bool:
    """Tell whether each run of a function makes a container of its own."""
    site = container[2]
    return isinstance(site, tuple) and len(site) > 4 and is_inside(site[1:5], function.place)
