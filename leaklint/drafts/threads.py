"""Threads that never end and are given the object, by argument or as the attribute of a thread class of one's own."""

from __future__ import annotations

from leaklint.drafts.facts.model import Call, Function, Module, Value
from leaklint.drafts.program import ClassRef, Program
from leaklint.drafts.program.once import once

_ENDLESS = "forever"


def given_by_argument(program: Program, call: Call, function: Function, module: Module) -> Value | None:
    """Return ``self`` of ``Thread(target=loop, args=(self,))`` where the function ``loop`` never comes to an end."""
    given = {argument.name: argument.values for argument in call.arguments}
    held = next((part for value in given.get("args", ()) for part in value.parts if _is_self(part)), None)
    for value in given.get("target", ()) if held is not None else ():
        callee = program.callee(value, function, module)
        if callee is not None and callee.function.kind != "method" and callee.function.endless == _ENDLESS:
            return held
    return None


def given_to_own_thread(program: Program, call: Call, module: Module) -> Value | None:
    """Return ``self`` of ``Loop(self)`` where the class ``Loop`` is a thread that never ends and keeps what it is given."""
    held = next((value for argument in call.arguments for value in argument.values if _is_self(value)), None)
    for value in call.callee if held is not None else ():
        ref = program.names.as_class(module.name, value)
        if ref is not None and ref.module == module.name and _is_endless_thread(program, ref):
            return held if _keeps(program, ref, call) else None
    return None


@once
def with_endless_threads(program: Program) -> frozenset[str]:
    """Return the modules that define a thread class which never ends."""
    return frozenset(
        module.name
        for module in program.modules.values()
        for name in module.classes
        if _is_endless_thread(program, ClassRef(module.name, name))
    )


def _is_self(value: Value) -> bool:
    return value.kind == "self" and not value.path


def _is_endless_thread(program: Program, ref: ClassRef) -> bool:
    run = program.names.method(ref, "run")
    if run is None or run[1].endless != _ENDLESS:
        return False
    return "Thread" in {name.rpartition(".")[2] for name in program.names.external_bases(ref)}


def _keeps(program: Program, ref: ClassRef, call: Call) -> bool:
    """Tell whether the constructor puts what it is given for one of its parameters, ``self`` here, into an attribute."""
    made = program.names.method(ref, "__init__")
    if made is None:
        return False
    kept = {
        value.name
        for event in made[1].events
        if event.op == "bind" and any(target.kind == "self" and len(target.path) == 1 for target in event.target)
        for value in event.value
        if value.kind == "param" and not value.path
    }
    params = [param.name for param in made[1].params[1:] if param.kind == "pos"]
    for place, argument in enumerate(call.arguments):
        name = argument.name or (params[place] if place < len(params) else "")
        if name in kept and any(_is_self(value) for value in argument.values):
            return True
    return False
