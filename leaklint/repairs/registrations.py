"""Registrations with the standard library that keep ``self``: hand over a weak method instead."""

from __future__ import annotations

import libcst as cst

from leaklint.flow.model import Module
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.helpers import add
from leaklint.repairs.needs import Needed, done_at_end, of_call, of_method, only_itself
from leaklint.repairs.program import Program, short
from leaklint.repairs.referents import prepare
from leaklint.repairs.scopes import dotted_name
from leaklint.repairs.workers import worker
from leaklint.source import Span

_HELPER = "_call_if_alive"
NAME = "weakref.finalize over what the clean-up needs"
WEAK = "weakref.finalize with a weakref.WeakMethod"
PARTIAL = "functools.partial with a weakref.WeakMethod"
_LEFT = {
    "signal": (
        "a static function that looks the object up",
        "with a weak method the signal would do nothing at all once the object is gone, not what it did before",
    ),
    "timer": (
        "a static function that takes weakref.ref(self)",
        "the function that starts the timer again would have to be written anew",
    ),
}
_ELSE = ("", "what the registrar does with the method is not known")


def registry(program: Program, module: Module, place: Span, kind: str) -> Fix:
    """Return the repair of the call at ``place`` that registers a bound method for the rest of the process.

    ``kind`` is ``atexit``, ``finalize``, ``thread``, ``signal``, ``fork`` or ``timer``. Exit functions and finalizers
    become a finalizer that takes what the clean-up needs, so that it can run when the object is gone. One that needs the
    object is left: a weak method is dead when it would have to run.
    """
    files = Files(program)
    draft = Draft(files)
    file = files[module.name]
    node = file.at(place, cst.Call)
    if node is None:
        return Fix("none", "", "the registering call could not be read")
    if kind == "thread":
        return worker(program, module, place)
    if kind == "fork":
        return _fork(draft, file, node)
    if kind not in {"atexit", "finalize"}:
        return Fix("none", *_LEFT.get(kind, _ELSE))
    return draft.fix(_finalizer(draft, file, node, kind), "")


def _finalizer(draft: Draft, file: ParsedFile, node: cst.Call, kind: str) -> str:
    """Register what the clean-up needs, and nothing that leads back to the object; return what that is called.

    A clean-up that only changes the object itself, or that ``__del__`` does anyway, is a weak method: once the object is
    gone there is nothing to do.
    """
    given = list(node.args)
    place = 0 if kind == "atexit" else 1
    callback = given[place].value if len(given) > place and not any(one.star for one in given) else None
    scope = file.scope(node)
    owner = draft.files.program.owner_of(file.function(scope))
    if callback is None or not owner:
        draft.refuse(f"what is registered at {file.place(node)} is not a method of self")
        return NAME
    is_expression = isinstance(file.parent(node), cst.Expr)
    if not is_expression and (kind == "atexit" or _is_looked_into(draft.files, file, node)):
        draft.refuse(f"the result of the registration at {file.place(node)} is used")
    if f"atexit.unregister({file.code(callback)})" in file.text:
        draft.refuse(f"atexit.unregister({file.code(callback)}) takes the registration back elsewhere")
    needed = _needed(draft.files, file, node, callback, owner, [*given[place + 1 :]])
    name = _own_method(callback)
    alone = bool(name) and not given[place + 1 :]
    anyway = alone and kind == "atexit" and done_at_end(draft.files, name, owner)
    weakly = anyway or bool(alone and not needed.texts and only_itself(draft.files, name, owner))
    if weakly:
        weak = f"{draft.name(file, 'WeakMethod', scope)}({file.code(callback)})"
        needed = Needed((_helper(draft, file), weak))
    if not needed.texts:
        text = f"the clean-up registered at {file.place(node)} cannot do without the object ({needed.why})"
        draft.refuse(f"{text}, which is gone when a finalizer runs; close it explicitly, or define __del__")
        return NAME
    prepare(draft, owner)
    if kind == "atexit":
        draft.replace(file, node.func, draft.name(file, "finalize", scope))
        draft.splice(file, file.start(given[0]), file.end(given[-1]), ", ".join(["self", *needed.texts]))
    else:
        draft.splice(file, file.start(given[place]), file.end(given[-1]), ", ".join(needed.texts))
    if anyway:
        draft.assume(f"__del__() may call {name}() as soon as nobody holds the {short(owner)} any more")
    elif weakly:
        draft.assume(f"{file.code(callback)}() need not run at exit for an object that nobody holds any more")
    else:
        draft.assume(f"{needed.texts[0]}() may run as soon as nobody holds the {short(owner)} any more")
    if kind == "atexit":
        draft.note("at exit it runs in the order of the finalizers")
    return WEAK if weakly else NAME


def _is_looked_into(files: Files, file: ParsedFile, node: cst.Call) -> bool:
    """Tell whether what a finalizer returns is more than a handle that is called, or asked whether it is alive."""
    above = file.parent(node)
    target = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
    if not isinstance(target, cst.Attribute):
        return True
    name = target.attr.value
    uses = ((one, use) for one in files.mentioning(name) for use in one.attributes.get(name, ()))
    return not all(use is target or _is_handle(one, use) for one, use in uses)


def _is_handle(file: ParsedFile, use: cst.Attribute) -> bool:
    above = file.parent(use)
    if isinstance(above, cst.Attribute):
        return above.attr.value in {"alive", "atexit"} or (above.attr.value == "detach" and _is_handle(file, above))
    return isinstance(above, cst.Call) and above.func is use and isinstance(file.parent(above), cst.Expr)


def _needed(
    files: Files, file: ParsedFile, node: cst.Call, callback: cst.BaseExpression, owner: str, passed: list[cst.Arg]
) -> Needed:
    """Return what the callback needs: a method of self or of one of its parts, a lambda or ``partial`` that calls one."""
    if isinstance(callback, cst.Lambda):
        if passed or callback.params.params or callback.params.star_kwarg is not None:
            return Needed(why="arguments of a lambda")
        body = callback.body
        if isinstance(body, cst.Call) and (name := _own_method(body.func)) and not body.args:
            return of_method(files, name, owner, node)
        return of_call(files, file, body, owner, node)
    method, more = _method_in(callback)
    if method is None:
        return Needed(why="what is not a method of self or of a part of it")
    arguments = [*more, *passed]
    if name := _own_method(method):
        return of_method(files, name, owner, node) if not arguments else Needed(why="arguments of its own")
    return of_call(files, file, cst.Call(method, arguments), owner, node)


def _own_method(node: cst.BaseExpression) -> str:
    """Return the name of ``self.name``, or nothing."""
    own = isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name) and node.value.value == "self"
    return node.attr.value if own and isinstance(node, cst.Attribute) else ""


def _fork(draft: Draft, file: ParsedFile, node: cst.Call) -> Fix:
    """Each method of ``register_at_fork`` is held weakly; nothing can take such a registration back."""
    for argument in node.args:
        method = argument.value
        if argument.star or not isinstance(method, cst.Attribute):
            draft.refuse(f"what is registered at {file.place(node)} is not a method of self")
            continue
        owner = _check(draft, file, node, method)
        if owner:
            prepare(draft, owner)
            scope = file.scope(node)
            made = draft.name(file, "partial", scope, module="functools")
            weak = f"{_helper(draft, file)}, {draft.name(file, 'WeakMethod', scope)}({file.code(method)})"
            draft.replace(file, method, f"{made}({weak})")
            draft.assume(f"{file.code(method)}() need not run at a fork for an object that nobody holds any more")
    return draft.fix(PARTIAL, "")


def _check(draft: Draft, file: ParsedFile, node: cst.Call, method: cst.Attribute) -> str:
    """Return the class that the method is bound to; say what stands against the repair."""
    program, term = draft.files.program, file.denoted(method)
    if not program.attribute_of_self(term):
        draft.refuse(f"what is registered at {file.place(node)} is not a method of self")
        return ""
    if program.own_method(term) is None:
        draft.refuse(f"{file.code(method)} registered at {file.place(node)} is not a method that these files define")
        return ""
    if not isinstance(file.parent(node), cst.Expr):
        draft.refuse(f"the result of the registration at {file.place(node)} is used")
    text = f"atexit.unregister({file.code(method)})"
    if text in file.text:
        draft.refuse(f"{text} takes the registration back elsewhere, and would not find the weak one")
    return program.holders.self_of(term[1])


def _method_in(callback: cst.BaseExpression | None) -> tuple[cst.Attribute | None, list[cst.Arg]]:
    """Return the method that a callback calls, and with what: itself, ``partial`` of it, or a lambda that only calls it."""
    if isinstance(callback, cst.Attribute):
        return callback, []
    call: cst.BaseExpression | None = None
    if isinstance(callback, cst.Call) and dotted_name(callback.func).rpartition(".")[2] == "partial" and callback.args:
        first, more = callback.args[0].value, list(callback.args[1:])
        return (first if isinstance(first, cst.Attribute) else None), more
    if isinstance(callback, cst.Lambda) and not callback.params.params and callback.params.star_kwarg is None:
        call = callback.body
    if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and isinstance(call.func.value, cst.Name):
        if all(isinstance(one.value, (cst.SimpleString, cst.Integer, cst.Float)) and not one.star for one in call.args):
            return call.func, list(call.args)  # what a lambda names is looked up later, so constants only
    return None, []


def _helper(draft: Draft, file: ParsedFile) -> str:
    """Return the name of the function that calls a weak method, added before the first definition of the file."""
    lines = (
        f"def {_HELPER}(method, *args, **kwargs):",
        "\tbound = method()",
        "\tif bound is not None:",
        "\t\tbound(*args, **kwargs)",
    )
    return add(draft, file, _HELPER, lines)
