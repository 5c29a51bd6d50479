"""Stores that the analysis, or a run, ties to a container: those at expressions that are not followed, and those not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import libcst as cst

from leaklint.contracts.library import storing
from leaklint.model import Fix
from leaklint.records import replace
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.program import StorePlace
from leaklint.repairs.scopes import CstScope, dotted_name

# By kind of container: how it gains an entry.
_GAINS = {
    "dict": frozenset({"[]=", "setdefault", "__setitem__", "update"}),
    "list": frozenset({"append", "appendleft", "insert", "extend", "extendleft", "push", "+=", "[:]="}),
    "set": frozenset({"add", "update", "union_update", "+="}),
}
_METHODS = frozenset().union(*_GAINS.values()) - {"[]=", "+=", "[:]="}
_PUSHES = storing("heapq", "bisect")
_BINDS = "="


class Tied(NamedTuple):
    """The expressions that must mean the container, for something is put into it there, and the stores that are not read."""

    adopted: tuple[tuple[ParsedFile, cst.BaseExpression], ...]
    unread: tuple[StorePlace, ...]


def tied(files: Files, holder: HolderDefinition, found: Mapping[str, frozenset[int]]) -> Tied:
    """Return what is said of the stores into a holder and not found yet.

    ``found`` gives by module the identities of the expressions that mean the holder, or a container inside of it.
    """
    adopted: dict[int, tuple[ParsedFile, cst.BaseExpression]] = {}
    unread: list[StorePlace] = []
    for place in files.program.reported.get(holder.key, ()):
        if place.module not in files.program.modules:
            unread.append(place)
            continue
        file, known = files[place.module], found.get(place.module, frozenset())
        filled = list(_filled_at(file, place))
        if any(id(node) in known for _, node in filled) or (not filled and _speaks(file, place, known)):
            continue
        if not filled and holder.key in _by_name(files, file, place):
            continue
        gains = _GAINS.get(holder.kind)
        fitting = [node for how, node in filled if how != _BINDS and (gains is None or how in gains)]
        fitting = [node for node in fitting if not _is_other(files, file, node)]
        if len(fitting) == 1:
            adopted[id(fitting[0])] = (file, fitting[0])
        else:
            unread.append(place)
    return Tied(tuple(adopted.values()), tuple(unread))


def qualified(tie: Tied, fix: Fix) -> Fix:
    """Return the repair of a container; that nothing else reaches it by expressions that are not followed is assumed."""
    if fix.safety == "none":
        return fix
    if tie.unread:
        place = tie.unread[0]
        which = "the store that the run saw at" if place.seen else "the store at"
        message = f"{which} {place.path}:{place.line} could not be read, so nothing tells what a repair would do to it"
        return Fix("none", fix.replacement, message)
    if not tie.adopted:
        return fix
    places = ", ".join(dict.fromkeys(file.place(node) for file, node in tie.adopted))
    assumed = f"that nothing but {places} reaches it by an expression that is not followed"
    text = fix.reason.removeprefix("assumes ")
    reason = f"assumes {assumed} and {text}" if fix.safety == "unsafe" else f"assumes {assumed}; {text}"
    return replace(fix, safety="unsafe", reason=reason)


def _filled_at(file: ParsedFile, place: StorePlace) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Yield what is filled at a place, and how: by the very statement or call, if that is known, else on the lines."""
    stores = [one for one in file.stores if place.line <= one[0].line and one[0].end_line <= place.end_line]
    exact = [node for span, node in stores if span == place.span]
    for node in exact or [node for _, node in stores if _runs(file.scope(node), place)]:
        yield from filled(node)


def filled(node: cst.CSTNode) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Yield what a statement or call puts something into, and how."""
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in _METHODS:
            yield node.func.attr.value, node.func.value
        elif dotted_name(node.func).rpartition(".")[2] in _PUSHES and node.args:
            yield "append", node.args[0].value
    elif isinstance(node, cst.AugAssign):
        yield "+=", node.target
        if isinstance(node.target, cst.Subscript):
            yield "[]=", node.target.value
    elif isinstance(node, (cst.Assign, cst.AnnAssign)):
        targets = [one.target for one in node.targets] if isinstance(node, cst.Assign) else [node.target]
        for target in targets:
            if isinstance(target, cst.Subscript):
                sliced = any(isinstance(one.slice, cst.Slice) for one in target.slice)
                yield "[:]=" if sliced else "[]=", target.value
            else:
                yield _BINDS, target


def _speaks(file: ParsedFile, place: StorePlace, known: frozenset[int]) -> bool:
    """Tell whether the container is spoken of on the lines of a place: what is done with it there, the repair judges."""
    return any(id(node) in known and place.line <= file.line(node) <= place.end_line for node in file.nodes)


def _by_name(files: Files, file: ParsedFile, place: StorePlace) -> Iterator[tuple[str, str, str]]:
    """Yield the keys of holders whose method is called at a place by another name: ``keep = REG.append``, ``keep(x)``."""
    from leaklint.repairs.references import denoted

    module = file.module
    for span, node in file.stores:
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and span == place.span:
            for term, _, _ in module.names.get(node.func.value, ()):
                for known in denoted(files.program, term[1]) if term[0] == "attr" else ():
                    if known is not None:
                        yield known[0]


def _is_other(files: Files, file: ParsedFile, node: cst.BaseExpression) -> bool:
    from leaklint.repairs.references import denoted

    return any(option is not None for option in denoted(files.program, file.denoted(node)))


def _runs(scope: CstScope, place: StorePlace) -> bool:
    """Tell whether a scope goes by the name that the interpreter gives it; before 3.11 that is the last part."""
    name = place.function
    if not scope.qualname:
        return name in {"", "<module>"}
    return not name or scope.qualname == name or scope.name == name
