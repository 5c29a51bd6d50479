"""How an object was made, as Python text that makes another.

While values are chosen, names are written ``module:Qualified.Name``; ``python`` turns such a template into statements
with the imports they need. The text counts its rounds with the variable ``number`` and leaves what must die in
``made``.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from .act import Act, yields
from .build import BuiltArguments
from .scenarios import LOADED

_NAME = re.compile(r"\b([A-Za-z_][\w.]*):([A-Za-z_][\w.]*)")


def python(template: str) -> str:
    """Return a template as Python statements, imports first; nothing for an empty one."""
    if not template or "<locals>" in template:
        return ""
    modules = sorted({found[0] for found in _NAME.findall(template)} - {"builtins"})
    text = _NAME.sub(lambda found: found[2] if found[1] == "builtins" else f"{found[1]}.{found[2]}", template)
    return "".join(f"import {module}\n" for module in modules) + text


def of_factory(factory: Any, takes_number: bool) -> str:
    """Return the template of a call of a user's factory; nothing if it cannot be found again."""
    name, module = getattr(factory, "__qualname__", ""), getattr(factory, "__module__", "") or ""
    if not name or "<" in name:
        return ""
    argument = "number" if takes_number else ""
    if module.startswith(LOADED):
        path = factory.__code__.co_filename
        return f"made = leaklint_runtime.scenarios:load({path + ':' + name!r})({argument})"
    return f"made = {module}:{name}({argument})"


def of_act(act: Act, maker: str, call: BuiltArguments, track: str, tracked: str) -> str:
    """Return the template of an act; nothing for one that no statement says.

    ``maker`` is the template of the object a method belongs to, ``tracked`` of the watched argument.
    """
    done = _once(act, maker, call, track, tracked)
    first, _, last = done.rpartition("\n")
    if act.decorates or not done:
        return ""
    if act.times == 1:
        return done
    return f"{first}\n{last}" + f"\n{last}" * (act.times - 1) if first and not last.startswith("    ") else ""


def _once(act: Act, maker: str, call: BuiltArguments, track: str, tracked: str) -> str:
    if act.kind == "property":
        return f"made = {maker}\nmade.{act.name}" if track != "result" else f"made = {maker}.{act.name}"
    if act.kind == "set":
        return f"made = {maker}\nmade.{act.name} = {call.texts[0]}"
    if act.name in ("__enter__", "__aenter__"):
        return f"made = {maker}\nwith made:\n    pass" if act.name == "__enter__" and not act.early else ""
    texts = list(call.texts)
    if act.argument is not None:
        texts += ["leaklint_runtime.stubs:Stub()"] * (act.argument + 1 - len(texts))
        texts[act.argument] = "made"
    done = f"{_target(act, maker)}({', '.join(texts)})"
    if inspect.iscoroutinefunction(inspect.unwrap(act.function)):
        done = f"asyncio:run({done})"
    elif yields(act.function):
        early = ", early=True" if act.early else ""
        done = f"leaklint_runtime.act:stepped({_target(act, maker)}, {done}{early})"
    if act.argument is not None:
        return f"made = {tracked}\n{done}"
    if act.kind in ("call", "construct") or track == "result":
        return f"made = {done}"
    return f"made = {maker}\n{done.replace(maker, 'made', 1)}"


def _target(act: Act, maker: str) -> str:
    if act.kind == "call":
        return act.name
    if act.kind == "construct":
        return f"{act.subject.__module__}:{act.subject.__qualname__}"
    return f"{maker}.{act.name}"
