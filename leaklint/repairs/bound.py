"""Memos that only grow: drop the oldest entry when there are too many."""

from __future__ import annotations

import libcst as cst

from leaklint.flow.model import Decorator, Function
from leaklint.flow.terms import options
from leaklint.model import Fix
from leaklint.repairs import counts, hazards
from leaklint.repairs.again import not_again
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import HolderDefinition, last_word
from leaklint.repairs.memo import CACHES, functools_name
from leaklint.repairs.program import Program
from leaklint.repairs.referents import defined_as
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.uses import Finder
from leaklint.repairs.weakening import kind_of_holder

LIMIT = 1024
_NO_DICT = Fix("none", "", "only a dict that serves as a memo can be bounded")


def bounded(program: Program, holder: HolderDefinition, limit: int = LIMIT) -> Fix:
    """Return the repair that keeps a memo at ``limit`` entries by dropping the oldest one after each store.

    It is offered only where every read can do without its entry. ``safe`` is never answered: that a value that has
    fallen out may be worked out again is assumed.
    """
    if holder.kind not in {"dict", "none"}:
        return _NO_DICT
    files = Files(program)
    draft = Draft(files)
    roles = tuple(role for role in map(role_of, Finder(files, holder).uses()) if role.use.depth == 0)
    name = f"at most {limit} entries"
    if kind_of_holder(holder, roles) != "dict":
        return _NO_DICT
    stores = [role for role in roles if role.kind == "set-item"]
    if not stores:
        return Fix("none", name, "what fills the memo could not be read")
    for role in roles:
        _judge(draft, role, roles)
    counts.judge(draft, roles, renumber=False)
    for role in stores:
        made = _object_made(files, role)
        if made:
            draft.refuse(f"the {made} stored at {role.place} may be the one that everybody has to get under its key")
        elif role.use.scope.kind == "function" and (why := not_again(files, role.file.function(role.use.scope))):
            draft.refuse(why)
        number = hazards.numbered(files, role)
        if number:
            draft.refuse(
                f"the key is the id() taken at {number}: its entry has to go with the object, not by their number"
            )
        _evict(draft, role, limit)
    draft.assume("a value that has fallen out of the memo may be worked out again")
    return draft.fix(name, "")


def bounded_function(program: Program, function: Function, decorator: Decorator, limit: int = LIMIT) -> Fix:
    """Return the repair that bounds a memoiser of functools on a function, whose ``decorator`` gives it no bound."""
    files = Files(program)
    draft, file, name = Draft(files), files.of(function.key), f"at most {limit} entries"
    node = file.definition(function)
    places = {file.source.place_of(one): one.decorator for one in node.decorators} if node is not None else {}
    memoiser = places.get(decorator.place)
    if node is None or memoiser is None:
        return Fix("none", name, "the decorator could not be read")
    if functools_name(program, decorator) not in CACHES:
        return Fix("none", name, "the decorator is not one of functools, so what it does besides caching is not known")
    if why := not_again(files, function):
        draft.refuse(why)
    size = next((arg.value for arg in memoiser.args if _is_size(arg)), None) if isinstance(memoiser, cst.Call) else None
    if size is not None:
        draft.replace(file, size, str(limit))
    else:
        maker = draft.name(file, "lru_cache", file.scope(node), module="functools")
        draft.replace(file, memoiser, f"{maker}(maxsize={limit})")
    draft.assume("a value that has fallen out of the memo may be worked out again")
    return draft.fix(name, "")


def _is_size(argument: cst.Arg) -> bool:
    """Tell whether an argument of ``lru_cache`` is its bound: the first one, or by name."""
    return not argument.star and (argument.keyword is None or argument.keyword.value == "maxsize")


def _judge(draft: Draft, role: Role, roles: tuple[Role, ...]) -> None:
    """A read that fails without its entry, or a walk over all entries, shows that it is not only a memo."""
    if role.kind == "get-item" and not _is_guarded(role, roles):
        draft.refuse(f"the entry read at {role.place} may have fallen out by then")
    elif role.kind in {"iterate", "star", "escape", "compare", "operand", "augment-item", "augment", "shown"}:
        draft.refuse(f"all entries are needed at {role.place}, so the container is more than a memo")
    elif role.kind == "call" and role.name in {"keys", "values", "items", "copy", "setdefault", "update"}:
        draft.refuse(f"{role.name}() at {role.place} shows that the container is more than a memo")
    elif role.kind == "argument" and role.name.rpartition(".")[2] != "len":
        draft.refuse(f"{role.name}() at {role.place} gets the whole container")
    elif not role.use.sure:
        draft.refuse(f"{role.file.code(role.use.node)} at {role.place} may be this container or another one")


def _object_made(files: Files, role: Role) -> str:
    """Return the class of an object that is made for a store, if it is one: another one would not be the same."""
    program, module = files.program, role.file.module
    for term in options(role.file.denoted(role.value)):
        last = last_word(term[1]) if term[0] == "call" else ""
        outside = bool(last and program.outside(term[1])) and last[:1].isupper() and not last.isupper()
        if outside or program.class_made(term) or (last and defined_as(program, module.name, last)):
            return last
    return ""


def _is_guarded(load: Role, roles: tuple[Role, ...]) -> bool:
    """Tell whether the function that reads checks for the entry first, stores it just before, or expects it to miss."""
    start = load.file.start(load.node)
    for role in roles:
        if role.use.scope is load.use.scope and role.kind in {"contains", "set-item"}:
            if role.key_text == load.key_text and role.file.start(role.node) < start:
                return True
    below: cst.CSTNode = load.node
    for above in load.file.around(load.node):
        if isinstance(above, cst.FunctionDef):
            return False
        if isinstance(above, cst.Try) and above.body is below:
            return any(h.type is None or "KeyError" in load.file.code(h.type) for h in above.handlers)
        below = above
    return False


def _evict(draft: Draft, role: Role, limit: int) -> None:
    file: ParsedFile = role.file
    statement = file.statement(role.node)
    indent = file.indent(statement) if statement is not None else None
    if not isinstance(statement, cst.SimpleStatementLine) or indent is None or len(statement.body) != 1:
        draft.refuse(f"there is no room for another statement after the store at {role.place}")
        return
    if isinstance(file.parent(file.parent(statement) or statement), cst.Module) or role.use.scope.kind != "function":
        return
    text, newline = file.code(role.use.node), file.newline
    unit = file.source.module.default_indent
    added = f"{indent}while len({text}) > {limit}:{newline}{indent}{unit}{text}.pop(next(iter({text})), None){newline}"
    place = file.line_after(file.end(statement.body[0]))
    before = "" if file.text[place - 1] in "\r\n" else newline
    draft.insert(file, place, before + added)
