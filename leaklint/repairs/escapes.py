"""Containers that are handed on: returned, given a second name, put into something. Who gets them, as far as that is seen?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

import libcst as cst

from leaklint.flow.model import Function
from leaklint.repairs.callees import Demand, demand_of_use
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import last_word
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.scopes import CstScope, walk
from leaklint.repairs.uses import Use

_HOPS = 3
_WHOLE = re.compile(
    r"\b(?:json|pickle|cloudpickle|dill|yaml|marshal|deepcopy|asdict|multiprocessing|ProcessPoolExecutor)\b"
)
_NAMED = "given a second name that outlives the function"


def plain_wanted(files: Files, role: Role) -> str:
    """Return where something that gets the container in an ``escape`` needs a plain one; nothing where none is seen."""
    if role.name == "put into another container":
        return _of_whole(files, role)
    found = Demand()
    for inner in _receivers(files, role, _HOPS):
        found = found.joined(demand_of_use(files, inner, _HOPS))
    return found.plain


def _of_whole(files: Files, role: Role) -> str:
    """What is put into another container goes where that goes: it is not followed where a program copies or writes those."""
    for name in files.program.modules:
        text = files.program.source(name).text
        found = _WHOLE.search(text)
        if found is not None:
            return f"{files.program.source(name).path}:{text.count(chr(10), 0, found.start()) + 1}"
    return ""


def _receivers(files: Files, role: Role, hops: int) -> Iterator[Role]:
    """Yield what is done with the container by those who get it."""
    if not hops:
        return
    if role.name in {"returned", "yielded"} and isinstance(role.node, cst.Return):
        found = _of_results(files, role)
    elif role.name == "yielded" and isinstance(role.node, cst.Yield):
        found = (one for walked in _of_results(files, role) for one in _of_walk(walked))
    elif role.name == "made a default argument" and isinstance(role.node, cst.Param):
        found = _of_parameter(role.file, role.node)
    elif role.name == _NAMED and isinstance(role.node, cst.Assign):
        targets = [one.target for one in role.node.targets]
        names = [one.attr.value for one in targets if isinstance(one, cst.Attribute)]
        others = [one.value for one in targets if isinstance(one, cst.Name)] if role.use.scope.kind == "module" else []
        found = chain(
            (one for name in names for one in _of_attribute(files, name)),
            (one for name in others for one in _of_global(files, role.file, name)),
        )
    else:
        return
    for one in found:
        if one.kind == "escape":
            yield from _receivers(files, one, hops - 1)
        elif one.kind == "alias":
            yield from _of_aliases(one)
        yield one


def _of_results(files: Files, role: Role) -> Iterator[Role]:
    """Yield what is done with the results of a function; those of a property are attributes of its name."""
    function = role.file.function(role.use.scope)
    if any("property" in last_word(one.term) for one in function.decorators):
        yield from _of_attribute(files, function.name)
        return
    yield from _of_calls(files, function)


def _of_walk(role: Role) -> Iterator[Role]:
    """Yield what is done with the variable of a loop over what a role stands for."""
    if isinstance(role.node, (cst.For, cst.CompFor)) and isinstance(role.node.target, cst.Name):
        yield from _of_name(role.file, role.node.target.value, role.use.scope)


def _of_calls(files: Files, function: Function) -> Iterator[Role]:
    for there, node in files.call_nodes(function):
        yield role_of(Use(there, node, there.scope(node), 0))


def results_of(files: Files, function: Function) -> Iterator[Role]:
    """Yield what is done with the results of a function where it is called, and with the local names bound to them."""
    for role in _of_calls(files, function):
        yield role
        if role.kind == "alias":
            yield from _of_aliases(role)
        elif role.kind == "escape":
            yield from _receivers(files, role, _HOPS)


def _of_attribute(files: Files, name: str) -> Iterator[Role]:
    for file in files.mentioning(name):
        for node in file.attributes.get(name, ()):
            found = role_of(Use(file, node, file.scope(node), 0))
            if found.kind not in {"bind", "unbind"}:
                yield found


def _of_global(files: Files, home: ParsedFile, name: str) -> Iterator[Role]:
    """Yield what is done with a name of a module, there and where it is imported or asked for as an attribute."""
    program, meant = files.program, ("global", home.module.name, name)
    for module in dict.fromkeys([home.module.name, *program.saying(name)]):
        file = files[module]
        for node in (one for one in file.nodes if isinstance(one, (cst.Name, cst.Attribute))):
            term = file.term(node)
            if term is not None and term[0] == "name" and program.names.name(term[1], term[2]) == meant:
                found = role_of(Use(file, node, file.scope(node), 0))
                if found.kind not in {"bind", "unbind"}:
                    yield found


def _of_parameter(file: ParsedFile, param: cst.Param) -> Iterator[Role]:
    function = next((above for above in file.around(param) if isinstance(above, cst.FunctionDef)), None)
    yield from _of_name(file, param.name.value, file.inner(function)) if function is not None else ()


def _of_aliases(role: Role) -> Iterator[Role]:
    """Yield what is done with local names that are bound to a result."""
    if isinstance(role.node, cst.Assign):
        for target in role.node.targets:
            if isinstance(target.target, cst.Name):
                yield from _of_name(role.file, target.target.value, role.use.scope)


def _of_name(file: ParsedFile, name: str, scope: CstScope) -> Iterator[Role]:
    if not isinstance(scope.node, cst.FunctionDef):
        return
    for node in walk(scope.node.body):
        if isinstance(node, cst.Name) and node.value == name and file.evaluates(node):
            found = role_of(Use(file, node, scope, 0))
            if found.kind not in {"local-target", "bind", "alias-target"}:
                yield found
