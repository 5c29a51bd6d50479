"""Registrations with the standard library that keep ``self``: hand over a weak method instead."""

from __future__ import annotations

import libcst as cst

from leaklint.drafts.facts.model import Call, Function, Module
from leaklint.drafts.program import ClassRef, Program
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import File, Files
from leaklint.repairs.meaning import describe
from leaklint.repairs.referents import prepare
from leaklint.repairs.scopes import dotted_name, walk
from leaklint.repairs.workers import worker

_HELPER = "_call_if_alive"
NAME = "weakref.finalize with a weakref.WeakMethod"
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


def registry(program: Program, module: Module, function: Function, call: Call, kind: str) -> Fix:
    """Return the repair of a call that registers a bound method for the rest of the process.

    ``kind`` is ``atexit``, ``finalize``, ``thread``, ``signal``, ``fork`` or ``timer``. Exit functions and finalizers
    become a finalizer that holds the method weakly: it still runs at exit if the object is alive, and goes with it.
    """
    files = Files(program)
    draft = Draft(files)
    file = files[module.name]
    node = file.at(call.span, cst.Call)
    if node is None:
        return Fix("none", "", "the registering call could not be read")
    if kind == "thread":
        return worker(program, module, call)
    if kind == "fork":
        return _fork(draft, file, node)
    if kind not in {"atexit", "finalize"}:
        return Fix("none", *_LEFT.get(kind, _ELSE))
    given = list(node.args)
    place = 0 if kind == "atexit" else 1
    callback = given[place].value if len(given) > place and not any(one.star for one in given) else None
    method, more = _method_in(callback)
    if callback is None or method is None:
        return Fix("none", NAME, f"what is registered at {file.place(node)} is not a method of self")
    owner = _check(draft, files, file, node, method, [*more, *given[place + 1 :]])
    if owner is not None:
        prepare(draft, owner)
        _rewrite(draft, file, node, (callback, method, more), kind)
        draft.assume(f"{file.code(method)}() need not run at exit for an object that nobody holds any more")
        if kind == "atexit":
            draft.note("at exit it runs in the order of the finalizers")
    return draft.fix(NAME, "")


def _fork(draft: Draft, file: File, node: cst.Call) -> Fix:
    """Each method of ``register_at_fork`` is held weakly; nothing can take such a registration back."""
    for argument in node.args:
        method = argument.value
        if argument.star or not isinstance(method, cst.Attribute):
            draft.refuse(f"what is registered at {file.place(node)} is not a method of self")
            continue
        owner = _check(draft, draft.files, file, node, method, [])
        if owner is not None:
            prepare(draft, owner)
            scope = file.scope(node)
            made = draft.name(file, "partial", scope, module="functools")
            weak = f"{_helper(draft, file)}, {draft.name(file, 'WeakMethod', scope)}({file.code(method)})"
            draft.replace(file, method, f"{made}({weak})")
            draft.assume(f"{file.code(method)}() need not run at a fork for an object that nobody holds any more")
    return draft.fix(PARTIAL, "")


def _check(
    draft: Draft, files: Files, file: File, node: cst.Call, method: cst.BaseExpression, rest: list[cst.Arg]
) -> ClassRef | None:
    """Return the class that the method is bound to; say what stands against the repair."""
    scope = file.scope(node)
    value = describe(method, scope)[0]
    owner = files.program.holders.owner_of(file.function(scope), file.module)
    if value.kind != "self" or len(value.path) != 1 or owner is None:
        draft.refuse(f"what is registered at {file.place(node)} is not a method of self")
        return None
    found = files.program.names.method(owner, value.path[0])
    if found is None or found[1].kind != "method":
        draft.refuse(f"{file.code(method)} registered at {file.place(node)} is not a method that these files define")
        return None
    for argument in rest:
        if any(
            isinstance(below, cst.Name) and describe(below, scope)[0].kind == "self" for below in walk(argument.value)
        ):
            draft.refuse(f"the registration at {file.place(node)} also passes self, or what holds it, as an argument")
    if not isinstance(file.parent(node), cst.Expr):
        draft.refuse(f"the result of the registration at {file.place(node)} is used")
    text = f"atexit.unregister({file.code(method)})"
    if text in file.text:
        draft.refuse(f"{text} takes the registration back elsewhere, and would not find the weak one")
    return owner


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


def _rewrite(
    draft: Draft, file: File, node: cst.Call, found: tuple[cst.BaseExpression, cst.Attribute, list[cst.Arg]], kind: str
) -> None:
    callback, method, more = found
    scope = file.scope(node)
    given = [f"{_helper(draft, file)}", f"{draft.name(file, 'WeakMethod', scope)}({file.code(method)})"]
    given += [file.text[file.start(one) : file.end(one)].rstrip().removesuffix(",") for one in more]
    if kind == "atexit":
        draft.replace(file, node.func, draft.name(file, "finalize", scope))
        given.insert(0, file.code(method.value))
    draft.replace(file, callback, ", ".join(given))


def _helper(draft: Draft, file: File) -> str:
    """Return the name of the function that calls a weak method, added before the first definition of the file.

    All repairs of a file put it at the same place, so that it is added once.
    """
    if _HELPER in file.tree.module.bound:
        return _HELPER
    definitions = (one for one in file.source.module.body if isinstance(one, (cst.ClassDef, cst.FunctionDef)))
    top: cst.CSTNode = next(definitions, file.source.module.body[0])
    decorators = getattr(top, "decorators", ())
    start = file.start(decorators[0] if decorators else top)
    unit, newline = file.source.module.default_indent, file.newline
    lines = (
        f"def {_HELPER}(method, *args, **kwargs):",
        f"{unit}bound = method()",
        f"{unit}if bound is not None:",
        f"{unit}{unit}bound(*args, **kwargs)",
        "",
        "",
        "",
    )
    before = file.text[:start].replace("\r\n", "\n").replace("\r", "\n")
    gap = newline * max(0, 2 - (len(before) - len(before.rstrip("\n")) - 1)) if before else ""
    draft.insert(file, start, gap + newline.join(lines))
    return _HELPER
