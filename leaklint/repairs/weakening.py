"""Making a container hold its objects weakly: which container fits, what each use asks for, what forbids it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import libcst as cst

from leaklint.model import Fix
from leaklint.repairs import asked_with, counts, hazards, lookups, mapping, nested, sets, type_tests
from leaklint.repairs.annotations import follow, judge_read
from leaklint.repairs.draft import Draft
from leaklint.repairs.elsewhere import judge_elsewhere
from leaklint.repairs.files import Files
from leaklint.repairs.handing import hands_out
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.makers import is_maker, kind_of, rebuild
from leaklint.repairs.merged import elements, merged_anew, merges, put_back, unwritten
from leaklint.repairs.order import keeps_order
from leaklint.repairs.owners import Fate, Owners, apply
from leaklint.repairs.plain import put_in, tested_for
from leaklint.repairs.program import Program
from leaklint.repairs.reflist import References
from leaklint.repairs.request import WeakRequest
from leaklint.repairs.returned import plain_result
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.scopes import walk
from leaklint.repairs.state import changes, forgotten
from leaklint.repairs.stored_types import admit
from leaklint.repairs.unknown import judge_unknown
from leaklint.repairs.uses import Finder

_RANK = {"safe": 0, "unsafe": 1, "none": 2}
_MAKERS = frozenset({"__call__", "__new__"})  # methods by which a class gives one object for many calls
_STORES = frozenset({"append", "add", "appendleft", "insert", "setdefault", "extend", "update", "__setitem__"})


def weaken(program: Program, holder: HolderDefinition, request: WeakRequest) -> Fix:
    """Return the repair that makes ``holder`` keep what the request names only weakly.

    ``safe`` needs every store, type and use resolved and another owner shown; ``unsafe`` names what is assumed; ``none``
    names what forbids it.
    """
    if not request.depth and holder.kind not in {"dict", "list", "set", "none"}:
        maker = " ".join(program.source(holder.module).at(holder.made[-1][1:5]).split())
        maker = maker if len(maker) <= 60 else f"{maker[:57]}..."
        return Fix("none", "", f"the container is made by {maker}, which has an interface of its own")
    files = Files(program)
    roles = tuple(role_of(use) for use in Finder(files, holder).uses())
    if request.depth:
        return nested.weaken(files, holder, request, roles)
    roles = tuple(role for role in roles if role.use.depth == 0)
    kind = kind_of_holder(holder, roles)
    if kind == "dict":
        return _dict(files, holder, request, roles)
    if kind in {"set", "list"}:
        return _collection(files, holder, request, roles, kind)
    return Fix("none", "", "the place where the container is made could not be read")


def kind_of_holder(holder: HolderDefinition, roles: Iterable[Role]) -> str:
    """Return dict, list or set; for a holder that starts as None, what it is bound to later."""
    if holder.kind in {"dict", "list", "set"}:
        return holder.kind
    found = {kind_of(role.file, role.value) for role in roles if role.kind in {"bind", "local-target"}} - {""}
    return found.pop() if len(found) == 1 and holder.kind == "none" else ""


def _dict(files: Files, holder: HolderDefinition, request: WeakRequest, roles: tuple[Role, ...]) -> Fix:
    side = "key" if request.side == "key" else "value"
    if side == "key" and holder.grows_on_read:
        return nested.weaken_keys(files, request, roles)
    weak = "WeakKeyDictionary" if side == "key" else "WeakValueDictionary"
    draft = Draft(files)
    admit(draft, request, keyed=side == "key")
    owners = Owners(files)
    loads = lookups.rewrite(draft, roles) if side == "value" else lookups.Loads(frozenset(), {})
    kept = tuple(role for role in roles if id(role.use.node) not in _nodes_below(roles, loads))
    mapping.convert(draft, kept, side)
    counts.judge(draft, kept, renumber=side == "value")
    type_tests.judge(draft, holder)
    make(draft, holder, roles, "dict", weak, owners)
    judge_stores(draft, request, roles, owners, side, loads)
    if side == "key":
        from leaklint.repairs.stored_types import check_values

        check_values(draft, roles)
        asked_with.judge(draft, roles, "key")
    warn_of_cost(draft, roles, "a look-up in a weak dictionary takes about four times as long as in a dict")
    return draft.fix(f"weakref.{weak}", reason(draft, "the container"))


def _nodes_below(roles: Iterable[Role], loads: lookups.Loads) -> set[int]:
    """The container's expressions inside reads that are gone."""
    return {id(role.use.node) for role in roles if role.kind == "get-item" and id(role.node) in loads.done}


def _collection(
    files: Files, holder: HolderDefinition, request: WeakRequest, roles: tuple[Role, ...], kind: str
) -> Fix:
    """A WeakSet if nothing tells it from the list or set, else a list of weak references."""

    def as_set(draft: Draft, owners: Owners) -> None:
        admit(draft, request, keyed=True)
        sets.convert(draft, roles, kind)
        type_tests.judge(draft, holder)
        asked_with.judge(draft, roles, "element")
        counts.judge(draft, roles, renumber=False)
        make(draft, holder, roles, kind, "WeakSet", owners)
        warn_of_cost(draft, roles, "adding to a WeakSet takes about twenty times as long as to a set")

    def as_list(draft: Draft, owners: Owners) -> None:
        admit(draft, request, keyed=False)
        References(draft, "ref").convert(roles)
        counts.judge(draft, roles, renumber=False)
        keep_made(draft, roles, "ref", owners)

    first = _worked_out(files, request, roles, as_set, "weakref.WeakSet")
    if kind != "list" or first.safety == "safe":
        return first
    if first.safety == "unsafe" and not keeps_order(holder.word, roles):
        return first
    second = _worked_out(files, request, roles, as_list, "a list of weakref.ref")
    if second.safety != "none":
        return second
    if first.safety == "unsafe":
        return Fix("none", first.replacement, f"the order of what it holds shows, and {second.reason}")
    if first.reason == second.reason:
        return first
    return Fix("none", first.replacement, f"{first.reason}; {second.reason}")


def _worked_out(
    files: Files, request: WeakRequest, roles: tuple[Role, ...], work: Callable[[Draft, Owners], None], name: str
) -> Fix:
    draft, owners = Draft(files), Owners(files)
    work(draft, owners)
    judge_stores(draft, request, roles, owners, "element", lookups.Loads(frozenset(), {}))
    return draft.fix(name, reason(draft, "the container"))


def make(draft: Draft, holder: HolderDefinition, roles: Iterable[Role], kind: str, weak: str, owners: Owners) -> None:
    """Rewrite every place that makes the container, and its annotation."""
    made = 0
    for role in roles:
        if role.kind == "local-target" and not is_maker(role.value):
            continue
        if role.kind not in {"bind", "local-target"}:
            continue
        if not role.use.sure:
            if role.kind == "bind":
                draft.assume(f"{role.file.code(role.use.node)}, assigned at {role.place}, is another container")
            continue
        follow(draft, role, kind, weak)
        judge_read(draft, role, holder)
        if role.value is None:
            if not isinstance(role.node, cst.AnnAssign):
                draft.refuse(f"the container is bound at {role.place} in a way that cannot be read")
        elif not is_maker(role.value) and not isinstance(role.value, cst.BooleanOperation):
            if not _means_it(roles, role.value):
                draft.refuse(f"the container is bound to something else at {role.place}")
        else:
            made += not (isinstance(role.value, cst.Name))
            rebuild(draft, role, role.value, kind, weak, owners)
    if not made and holder.scope == "default":
        _default(draft, holder, kind, weak)
    elif not made:
        draft.refuse("the place where the container is made could not be read")


def _means_it(roles: Iterable[Role], node: cst.CSTNode) -> bool:
    return any(role.use.node is node for role in roles)


def _default(draft: Draft, holder: HolderDefinition, kind: str, weak: str) -> None:
    """A container made as a default argument."""
    file = draft.files[holder.module]
    function = file.definition(draft.files.program.functions[holder.owner])
    params = (one for one in walk(function.params) if isinstance(one, cst.Param)) if function is not None else ()
    node = next((one for one in params if one.name.value == holder.word), None)
    if node is not None:
        empty = kind_of(file, node.default) == kind and not getattr(node.default, "elements", ())
        if node.default is not None and empty and not isinstance(node.default, cst.Call):
            draft.replace(file, node.default, f"{draft.name(file, weak, file.scope(node))}()")
            return
    draft.refuse("the default argument could not be rewritten")


def keep_made(draft: Draft, roles: Iterable[Role], weak: str, owners: Owners) -> None:
    """A list of references starts as a list; what it starts with is wrapped, and its annotation says what it holds."""
    for role in roles:
        if role.kind not in {"bind", "local-target"} or (role.kind == "local-target" and not is_maker(role.value)):
            continue
        follow(draft, role, "list", weak, element=True)
        value = role.value
        if value is None or isinstance(value, cst.Name) or kind_of(role.file, value) != "list":
            if value is not None and not isinstance(value, cst.Name):
                draft.refuse(f"the container is bound to something else at {role.place}")
            continue
        if isinstance(value, cst.Call) and value.args:
            draft.refuse(f"what the list made at {role.place} starts with is not known")
        for element in value.elements if isinstance(value, cst.List) else ():
            if isinstance(element, cst.StarredElement):
                draft.refuse(f"what the list made at {role.place} starts with is not known")
                continue
            fate = owners.of(role.file, element.value, role.use.scope)
            apply(draft, fate)
            name = draft.name(role.file, weak, role.use.scope)
            draft.insert(role.file, role.file.start(element.value), f"{name}(")
            draft.insert(role.file, role.file.end(element.value), ")")


def judge_stores(
    draft: Draft, request: WeakRequest, roles: Iterable[Role], owners: Owners, side: str, loads: lookups.Loads
) -> None:
    """Ask for every store who else keeps what is stored."""
    every = tuple(roles)
    out = hands_out(every, side)
    hazards.judge_named(draft, request, every)
    judge_elsewhere(draft, request.classes, every)
    unknown = not request.classes and not any(request.others)
    if unknown:
        hazards.judge_default(draft, every)
    if (asked := tested_for(draft.files.program, every, request.classes, side)) is not None:
        draft.refuse(f"what is stored may be a {asked[0]}, as {asked[1]} asks, which takes no weak references")
    own = [stored_self(role, side) for role in every if stored(role, side)]
    hazards.judge_end(draft, request.classes, every, itself=bool(own) and all(own))
    for role in every:
        _judge_form(draft, role, side)
        for node in stored(role, side):
            if side != "key" and put_back(draft.files, role, node):
                continue
            hazards.judge_type(draft, role, node)
            if kind := put_in(role, draft.files.program, node):
                draft.refuse(f"what is stored at {role.place} is a {kind}, which takes no weak references")
            hazards.judge_identity(draft, role, node, every)
            if plain := plain_result(draft.files, role.file, node, role.use.scope):
                draft.refuse(f"{plain}, which takes no weak references")
            fate = owners.of(role.file, node, role.use.scope, loads.of_store.get(id(node), ()))
            if fate.level == "returned" and side != "key" and (place := _let_go(draft, request, role, every)):
                draft.refuse(f"what is returned is let go at once at {place}, and lives by the container")
            if fate.level == "assumed" and request.owned:
                fate = Fate("held", fate.text)
            if fate.level == "returned" and _looks_up(role, every):
                if place := owners.let_go_by_all(role.file.function(role.use.scope)):
                    draft.refuse(
                        f"held weakly, what is made at {role.place} would be made anew each time: {place} lets it go at once"
                    )
                fate = Fate("assumed", "an object that nobody holds any more may be made anew")
            if fate.level == "held" and role.use.scope.name == "__init__" and _made_through(role, every):
                fate = Fate("assumed", "an object that nobody holds any more may be made anew")
            if fate.level == "assumed" and role.use.scope.name in _MAKERS and _any_changes(draft, request):
                draft.refuse(
                    f"what is made at {role.place} changes afterwards, and who asks for it again would get a new one"
                )
            if fate.level == "assumed" and (place := _forgotten(draft, request, role)):
                draft.refuse(
                    f"the object used at {place} is kept by nothing but this container, and would lose its state"
                )
            if fate.level == "returned" and out is not None:
                name = role.file.function(role.use.scope).name
                text = f"whoever calls {name}() keeps what it returns, and does not count on the container"
                fate = Fate("unseen", f"{text} that is read at {out.place}")
            if fate.level == "replaced" and out is not None:
                draft.refuse(f"{fate.text}, and the container is read at {out.place}")
            if fate.level == "held" and out is not None:
                fate = _asked_for(owners.unseen_self(role.file, node), out)
            apply(draft, fate)
    if unknown and not draft.refused:
        judge_unknown(draft, every, [(role, node) for role in every for node in stored(role, side)])


def _judge_form(draft: Draft, role: Role, side: str) -> None:
    """Judge a use by the form in which it stores: under several keys, several things at once, or nothing."""
    if side == "key" and role.kind == "set-item" and len(role.keys) > 1:
        draft.refuse(f"the key stored at {role.place} is a tuple, which cannot be weakly referenced")
    if maker := merged_anew(draft.files, role):
        draft.refuse(f"what {maker} makes is kept by nothing but this container")
    if side == "value" and role.kind == "call" and role.name == "setdefault" and len(role.call.args) == 1:
        draft.refuse(f"setdefault() at {role.place} stores None, and a weak container takes no None")
    if unread := unwritten(role, side):
        draft.assume(f"something else keeps what {unread} at {role.place} puts in, all of which takes weak references")


def _asked_for(unseen: str, out: Role) -> Fate:
    """What is got out again would be there no longer once its last user has let go; ``unseen`` is a class nobody makes."""
    if unseen:
        told = f"whoever makes a {unseen} keeps it, and does not count on the container that is read at {out.place}"
        return Fate("unseen", told)
    return Fate("unseen", f"what nobody else holds any more need not be found at {out.place}")


def stored_self(role: Role, side: str) -> bool:
    """Tell whether the use puts ``self`` into the container, and nothing else."""
    return all(isinstance(node, cst.Name) and node.value == "self" for node in stored(role, side))


def _let_go(draft: Draft, request: WeakRequest, role: Role, roles: Iterable[Role]) -> str:
    """Return where a returned object is let go at once although it matters; a cache of the program's own values may."""
    looks_up = _looks_up(role, roles)
    place = hazards.dropped(draft, role, is_read=looks_up or any(_is_read(one) for one in roles))
    return "" if looks_up and not any(request.others) else place


def _is_read(role: Role) -> bool:
    return role.kind in {"iterate", "get-item", "contains", "star", "argument", "escape"} or (
        role.kind == "call" and role.name not in _STORES
    )


def _any_changes(draft: Draft, request: WeakRequest) -> bool:
    """Tell whether an object that is made again would lack what has become of the one before it."""
    return any(changes(draft.files.program, one) for one in request.classes)


def _forgotten(draft: Draft, request: WeakRequest, role: Role) -> str:
    return forgotten(draft.files, role.file.function(role.use.scope), request.classes)


def stored(role: Role, side: str) -> list[cst.BaseExpression]:
    """Return the expressions whose values the use puts on ``side`` of the container."""
    if role.kind == "set-item":
        node = role.key if side == "key" else role.value
        return [node] if node is not None else []
    if merges(role):
        return list(elements(role, side))
    if role.kind == "call" and role.name in _STORES:
        given = role.arguments
        if role.name in {"setdefault", "__setitem__"}:
            return given[:1] if side == "key" else given[1:2]
        return given[1:2] if role.name == "insert" else given
    return []


def _looks_up(store: Role, roles: Iterable[Role]) -> bool:
    """Tell whether the function that stores also reads the container by key: it is a cache."""
    reads = {"get-item", "contains"}
    return any(
        role.use.scope is store.use.scope
        and (role.kind in reads or (role.kind == "call" and role.name in {"get", "setdefault"}))
        for role in roles
    )


def _made_through(store: Role, roles: Iterable[Role]) -> bool:
    """Tell whether ``__new__`` or a metaclass looks the object up that ``__init__`` stores."""
    return any(
        role.use.scope.name in {"__new__", "__call__"} and (role.kind == "get-item" or role.name == "get")
        for role in roles
    )


def warn_of_cost(draft: Draft, roles: Iterable[Role], text: str) -> None:
    """Say what the weak container costs where it is used inside a loop."""
    for role in roles:
        if (
            role.kind in {"get-item", "contains", "set-item", "call"}
            and role.name not in mapping.VIEWS
            and _in_loop(role)
        ):
            draft.note(f"{text} ({role.place} is in a loop)")
            return


def _in_loop(role: Role) -> bool:
    below: cst.CSTNode = role.node
    for above in role.file.around(role.node):
        if isinstance(above, (cst.FunctionDef, cst.ClassDef)):
            return False
        if isinstance(above, (cst.For, cst.While)) and above.body is below:
            return True
        if isinstance(above, cst.BaseComp) and any(below is node for node in walk(above)):
            return not (isinstance(below, cst.CompFor))
        below = above
    return False


def reason(draft: Draft, holder: str) -> str:
    """Return what a repair without objections can say for itself."""
    return f"every use of {holder} works alike with weak references, and what it keeps has another owner"
