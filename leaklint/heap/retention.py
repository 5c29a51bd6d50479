"""Retentions: long-lived containers that keep what their last user has let go, and how sure that is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from leaklint.flow.model import Event
from leaklint.flow.terms import NONE, Term, options, root, walk
from leaklint.heap.effects import Effect, Effects
from leaklint.heap.kept import Keeping, Kept
from leaklint.heap.key_domain import Domain, KeyDomain, interned
from leaklint.heap.lifetime import Lifetime, Location
from leaklint.heap.multiplicity import IMPORT, MANY, ONCE, Multiplicity
from leaklint.heap.points_to import PointsTo
from leaklint.heap.removal import Quality, Release, Removals
from leaklint.heap.usage import Usage

if TYPE_CHECKING:
    from leaklint.config import Settings

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")
# A holder of functions by its own name: only ever a reason to be less sure of what callers pass in.
_CALLED = re.compile(r"(callback|handler|hook|listener|observer|filter|factor|plugin|extension|addon|backend|provider|converter|adapter)(s|ies|y)?$", re.IGNORECASE)
_MAKING = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__enter__"})
_MAPPINGS = frozenset({"[]=", "setdefault", "__setitem__", "read"})
_OBJECTS = frozenset({"self", "method", "closure", "exception", "instance", "class", "function", "param", "container"})


class Store(NamedTuple):
    """What one store keeps: the effect, the object, on which side, and how many keys there are."""

    effect: Effect
    kept: Kept
    side: str
    domain: Domain
    level: int
    reasons: tuple[str, ...] = ()


class Retention(NamedTuple):
    """A holder and what it keeps. ``stores`` start with the most telling one; ``reasons`` say what lowers the level."""

    location: Location
    kind: str
    stores: tuple[Store, ...]
    release: Release
    level: Level
    reasons: tuple[str, ...]

    @property
    def first(self) -> Store:
        """Return the store that a finding is told by."""
        return self.stores[0]


class Heap:
    """One program's heap: every part of the analysis, joined."""

    def __init__(self, points_to: PointsTo, settings: Settings | None = None) -> None:
        """Join the parts. ``settings`` give what a project declares about its classes."""
        self.points_to = points_to
        self.declared = settings
        self.effects = Effects(points_to)
        self.lifetime = Lifetime(points_to, self.effects)
        self.keeping = Keeping(points_to, self.effects, self.lifetime)
        self.multiplicity = Multiplicity(points_to, self.effects, self.lifetime)
        self.removals = Removals(points_to, self.effects, self.lifetime, self.keeping, self.multiplicity)
        self.keys = KeyDomain(points_to, self.effects, self.lifetime)
        self.usage = Usage(points_to)
        self._of_classes = self._class_containers()
        if settings is not None:
            self.multiplicity.singletons = frozenset(settings.singletons)

    def _class_containers(self) -> dict[Term, Location]:
        """Containers that objects of the program's own container classes are, by class, where such an object lives long."""
        found = {}
        for value, location in self.lifetime.long.items():
            if value[0] == "inst" and value[1] in self.points_to.names.classes:
                for one in self.points_to.classes.order(value[1]):
                    got = self.effects.container_of(("inst", one))
                    if got is not None:
                        found.setdefault(got, location)
        return found

    def location(self, container: Term) -> Location | None:
        """Return where a container lives long, if it does."""
        return self.lifetime.long.get(container) or self._of_classes.get(container)

    def retentions(self) -> list[Retention]:
        """Return every holder that keeps something, at any level."""
        stores: dict[tuple[str, str, str], list[Effect]] = defaultdict(list)
        removals: dict[tuple[str, str, str], list[Effect]] = defaultdict(list)
        where: dict[tuple[str, str, str], Location] = {}
        kinds: dict[tuple[str, str, str], str] = {}
        for effect in (*self.effects.effects, *self._rebinds()):
            location = self.location(effect.container)
            if location is None:
                continue
            key = location.key
            if key not in where or location.depth < where[key].depth:
                where[key] = location
                kinds[key] = effect.container[1]
            (stores if effect.kind == "store" else removals)[key].append(effect)
        found = []
        found += self._chains()
        for key, effects in stores.items():
            one = self._retention(where[key], kinds[key], effects, removals.get(key, []))
            if one is not None:
                found.append(one)
        return found

    def _chains(self) -> Iterator[Retention]:
        """``self.previous = LAST; LAST = self``: a slot for one object, and behind it all that came before."""
        for key, function in self.points_to.functions.items():
            if function.kind in {"module", "class"} or self.multiplicity.runs(key) != MANY:
                continue
            for event in function.events:
                if event.kind not in {"setname", "setattr"}:
                    continue
                value, target = event.terms[-1], event.terms[0] if event.kind == "setname" else ("attr", event.terms[0], event.name)
                linked = any(one.kind == "setattr" and one.terms == (value, target) and one.place < event.place for one in function.events)
                for where in self._locations(target, event) if linked else ():
                    if where[0] in {"module", "class"}:
                        yield from self._chain(where, key, event, value)

    def _chain(self, where: tuple[str, str, str], key: str, event: Event, value: Term) -> Iterator[Retention]:
        names = self.points_to.names
        if where[0] == "module":
            values = names.modules[where[1]].names.get(where[2], [])
            place = values[0][1] if values else event.place
        else:
            place = names.classes[where[1]].attributes.get(where[2], (NONE, event.place))[1]
        location = Location(where[0], where[1], where[2], where[1].partition(":")[0], place, 0, (f"{where[1].replace(':', '.')}.{where[2]}",))
        kept = next((one for one in self.keeping.of(value) if one.kind in {"self", "instance"}), None)
        if kept is not None and not (kept.cls and self.multiplicity.is_single(kept.cls)):
            effect = Effect("store", "chained", ("container", "object", where), value, None, value, key, event)
            store = Store(effect, kept, "element", Domain.UNKNOWN, 2)
            yield Retention(location, "object", (store,), Release(Quality.NONE, "each keeps the one before it"), "high", ())

    # growth by being built anew

    def _rebinds(self) -> Iterator[Effect]:
        """Assignments to a long-lived variable: a longer copy is a store, a shorter or an empty one a removal."""
        by_location: dict[tuple[str, str, str], list[Term]] = defaultdict(list)
        for value, location in self.lifetime.long.items():
            if value[0] == "container" and location.depth == 0:
                by_location[location.key].append(value)
        for key, function in self.points_to.functions.items():
            if function.kind in {"module", "class"}:
                continue
            for event in function.events:
                if event.kind == "setitem":
                    yield from self._rebound_element(key, event)
                elif event.kind in {"setname", "setattr", "extend"}:
                    yield from self._rebound(key, event, by_location)

    def _rebound_element(self, key: str, event: Event) -> Iterator[Effect]:
        """``TABLE[k] = TABLE[k] + (x,)``: an element that is built anew."""
        target: Term = ("elem", event.terms[0], event.terms[1])
        value = event.terms[2]
        if value[0] not in {"op", "tuple", "list", "set", "comp", "slice", "call"}:
            return
        containers = [v for v in self.points_to.evaluate(target) if v[0] == "container" and self.location(v) is not None]
        grown = list(self._added(value, target, containers)) if containers else []
        for part in grown:
            yield Effect("store", "rebuilt", containers[0], target, None, part, key, event)
        if containers and not grown and (self._mentions(value, containers) or self._is_empty(value)):
            yield Effect("remove", "clear" if self._is_empty(value) else "filter", containers[0], target, None, value, key, event)

    def _rebound(self, key: str, event: Event, held: dict[tuple[str, str, str], list[Term]]) -> Iterator[Effect]:
        if event.kind == "extend":
            target, value = event.terms
            if target[0] not in {"name", "attr"}:
                return
            values = [v for v in self.points_to.evaluate(target) if v[0] == "container" and v[1] in {"tuple", "frozenset"}]
            if values and event.name == "+":
                yield Effect("store", "+=", values[0], target, None, ("iter", value), key, event)
            return
        target = event.terms[0] if event.kind == "setname" else ("attr", event.terms[0], event.name)
        for location in self._locations(target, event):
            containers = held.get(location, [])
            if not containers:
                continue
            value = event.terms[-1]
            grown = list(self._added(value, target, containers))
            if grown:
                for part in grown:
                    yield Effect("store", "rebuilt", containers[0], target, None, part, key, event)
            elif not self._unset_guard(event, target) and self.points_to.functions[key].name not in _MAKING - {"__enter__"}:
                filled = value[0] in {"dict", "list", "set"} and bool(self.points_to.contents.get(("container", value[0], value[2])))
                how = "clear" if self._is_empty(value) and not filled else "rebuild"
                if how == "rebuild" and value[0] == "fresh" or value[0] in {"comp", "slice"} or how == "clear" or self._mentions(value, containers):
                    for container in containers[:1]:
                        yield Effect("remove", how if how == "clear" else "filter", container, target, None, value, key, event)
                elif self.points_to.evaluate(value):
                    yield Effect("remove", "rebuild", containers[0], target, None, value, key, event)

    def _locations(self, target: Term, event: Event) -> list[tuple[str, str, str]]:
        if target[0] == "name":
            found = self.points_to.names.name(target[1], target[2])
            return [("module", found[1], found[2])] if found[0] == "global" else []
        keys: list[tuple[str, str, str]] = []
        for value in self.points_to.evaluate(target[1]):
            if value[0] in {"class"}:
                attribute = self.points_to.classes.attribute(value[1], target[2])
                keys.append(("class", attribute[0] if attribute else value[1], target[2]))
            elif value[0] in {"self", "inst"} and value[1] in self.points_to.names.classes:
                keys += [("field", one, target[2]) for one in (*self.points_to.classes.order(value[1]), *self.points_to.classes.below(value[1]))]
            elif value[0] == "module":
                keys.append(("module", value[1], target[2]))
            elif value[0] in {"anyclass", "metaclass"}:
                keys.append(("metaclass", value[1], target[2]))
            elif value[0] == "func":
                keys.append(("function", value[1], target[2]))
        return list(dict.fromkeys(keys))

    def _added(self, value: Term, target: Term, containers: list[Term]) -> Iterator[Term]:
        """Yield what a longer copy of the old container has more."""
        if value[0] == "op" and value[1] == "+":
            parts = list(value[2])
            if any(self._is_old(part, target, containers) for part in parts):
                for part in parts:
                    if not self._is_old(part, target, containers):
                        yield ("iter", part)
            elif parts[0][0] == "op":
                yield from (("iter", parts[1]) for _ in self._added(parts[0], target, containers))
        elif value[0] in {"list", "tuple", "set"}:
            stars = [part for part in value[1] if part[0] == "star"]
            if any(self._is_old(part[1], target, containers) for part in stars):
                yield from (part for part in value[1] if part[0] != "star")
        elif value[0] == "op" and value[1] == "|" and any(self._is_old(part, target, containers) for part in value[2]):
            for part in value[2]:
                if not self._is_old(part, target, containers):
                    yield ("elem", part, ("unknown",)) if part[0] == "dict" else ("iter", part)

    def _is_old(self, term: Term, target: Term, containers: list[Term]) -> bool:
        return term == target or (term[0] in {"name", "attr", "param"} and any(value in containers for value in self.points_to.evaluate(term)))

    def _is_empty(self, value: Term) -> bool:
        return value == NONE or (value[0] in {"list", "dict", "tuple", "set"} and not value[1]) or (
            value[0] == "call" and not value[2] and any(v[0] == "container" for v in self.points_to.evaluate(value))
        )

    def _mentions(self, value: Term, containers: list[Term]) -> bool:
        return any(v in containers for term in walk(value) for v in self.points_to.evaluate(term))

    @staticmethod
    def _unset_guard(event: Event, target: Term) -> bool:
        """Tell whether an assignment only makes what is not there yet."""
        return any(target in Multiplicity.unset(guard) for guard in event.guards)

    # judging one holder

    def _retention(self, location: Location, kind: str, effects: list[Effect], removals: list[Effect]) -> Retention | None:
        if kind in {"bounded", "local", "contextvar", "namespace"} or self._is_model_field(location):
            return None
        if self._gives_back(location, effects):
            return None
        running = [effect for effect in effects if self._runs(effect, location) == MANY]
        stores = [store for effect in running for store in self._stores(effect, location)]
        if not stores:
            return None
        stores.sort(key=lambda store: (store.kept.rank, store.side != "key", -store.level))
        held = {store.kept.cls for store in stores if store.kept.cls}
        held |= {one.cls for store in stores if store.effect.value is not None for one in self.keeping.inside(store.effect.value) if one.cls}
        release = self.removals.of([store.effect for store in stores], removals, held)
        if release.quality == Quality.GOOD:
            return None
        level = max(store.level for store in stores)
        reasons = [reason for store in stores[:1] for reason in store.reasons]
        if release.quality == Quality.DOUBTFUL:
            level -= 1
            reasons.append(release.why)
        if self._is_shared_unsurely(location, stores):
            level -= 1
            reasons.append("not every object of its class lives long")
        return Retention(location, kind, tuple(stores), release, LEVELS[max(0, min(2, level))], tuple(reasons))

    def _gives_back(self, location: Location, effects: list[Effect]) -> bool:
        """Tell whether the project declares the class of a holder bounded or weak."""
        if self.declared is None:
            return False
        names = {*self.declared.bounded_classes, *self.declared.weak_containers}
        if not names:
            return False
        keys = {location.owner} | {effect.container[2][1] for effect in effects if effect.container[2][:1] == ("class",)}
        return any(one.replace(":", ".") in names for key in keys if key in self.points_to.names.classes for one in self.points_to.classes.order(key))

    def _is_model_field(self, location: Location) -> bool:
        """A mutable default on the class of a model is copied for each object."""
        if location.scope != "class" or location.owner not in self.points_to.names.classes:
            return False
        names = self.points_to.classes.last_names(location.owner)
        annotated = location.name in self.points_to.classes.class_of(location.owner).annotations
        hint = repr(self.points_to.classes.class_of(location.owner).annotations.get(location.name))
        models = {"BaseModel", "SQLModel", "Struct", "BaseSettings", "RootModel", "GenericModel", "Document", "HasTraits"}
        return annotated and "ClassVar" not in hint and bool(names & models)

    def _runs(self, effect: Effect, location: Location) -> int:
        runs = self.multiplicity.event_runs(effect.function, effect.event)
        for call in effect.chain:
            runs = min(runs, self.multiplicity.call_runs(call))
        if runs != MANY:
            return runs
        function = self.points_to.functions[effect.function]
        if location.scope == "field" and function.owner and self._own_making(effect, location):
            return ONCE
        if location.scope in {"field", "result"} and not self._reaches_long(effect):
            return IMPORT
        return MANY

    def _own_making(self, effect: Effect, location: Location) -> bool:
        """What an object puts into its own container while it is made does not grow."""
        function = self.points_to.functions[effect.function]
        base = root(effect.base)
        owned = self.points_to.classes.related(function.owner, location.owner) if location.owner in self.points_to.names.classes else False
        is_self = bool(function.params) and base == ("param", function.key, function.params[0].name)
        if not (owned and is_self and not effect.chain):
            return False
        if function.name in _MAKING:
            return True
        calls = self.effects.calls.get(function.key, [])
        return function.name.startswith("_") and bool(calls) and all(
            self.points_to.functions[call.caller].name in _MAKING and self.points_to.functions[call.caller].owner and
            self.points_to.classes.related(self.points_to.functions[call.caller].owner, function.owner) for call in calls
        )

    def _reaches_long(self, effect: Effect) -> bool:
        """Tell whether the object whose field is filled may be one that lives long, by all calls that are seen."""
        base = root(effect.base)
        if base[0] != "param":
            return True
        function = self.points_to.functions.get(base[1])
        if function is None or not function.params or function.params[0].name != base[2] or not function.owner:
            return True
        calls = self.effects.calls.get(function.key, [])
        if not calls:
            return True
        for call in calls:
            receiver = call.bound.get(base[2])
            if receiver is None:
                return True
            values = self.points_to.evaluate(receiver)
            if not values or any(value[0] != "inst" or value in self.lifetime.long for value in values):
                return True
        return False

    def _is_shared_unsurely(self, location: Location, stores: list[Store]) -> bool:
        """A field of a long-lived object, filled through ``self`` of a class that has other objects, too."""
        if location.scope != "field":
            return False
        made = self.multiplicity.constructions(location.owner) if location.owner in self.points_to.names.classes else []
        if len(made) <= 1 or self.multiplicity.is_single(location.owner):
            return False
        first = stores[0].effect
        function = self.points_to.functions[first.function]
        through_self = bool(function.owner) and not first.chain and root(first.base) == ("param", function.key, function.params[0].name if function.params else "")
        calls = self.effects.calls.get(function.key, [])
        return through_self and not any(
            value in self.lifetime.long for call in calls for value in self.points_to.evaluate(next(iter(call.bound.values()), ("unknown",)))
        )

    # what is stored

    def _stores(self, effect: Effect, location: Location) -> Iterator[Store]:
        mapping = effect.how in _MAPPINGS and effect.key is not None
        if self._is_searched(effect) or self._has_room(effect):
            return
        domain = self.keys.of_store(effect) if mapping else Domain.UNKNOWN
        if domain == Domain.UNKNOWN and mapping:
            domain = self._declared_domain(location) or domain
        if mapping and domain == Domain.FINITE:
            return
        weak = effect.container[1].startswith("weak:")
        if weak:
            return
        sides: list[tuple[str, Term]] = []
        if effect.value is not None:
            sides.append(("value" if mapping else "element", effect.value))
        if mapping and effect.key is not None:
            sides.append(("key", effect.key))
        plain = True
        for side, term in sides:
            for option in options(term):
                for kept in self.keeping.of(option, effect.chain):
                    plain &= kept.kind == "plain" and kept.name not in {"long", "function", "type"}
                    store = self._store(effect, kept, side, domain, option)
                    if store is not None:
                        yield store
        if plain and mapping and interned(effect, self.points_to) and effect.value is not None and effect.value[0] != "const":
            level = 1 if location.scope == "default" and not self._is_declared_text(effect) else 0
            yield Store(effect, Kept("made", chain=effect.chain), "value", domain, level, ("as many as there are different keys",))

    def _declared_domain(self, location: Location) -> Domain | None:
        """Return what the annotation of a holder says of its keys."""
        names = self.points_to.names
        if location.scope == "module" and location.owner in names.modules:
            hint = names.modules[location.owner].annotations.get(location.name)
        else:
            hint = names.classes[location.owner].annotations.get(location.name) if location.owner in names.classes else None
        keys = self.points_to.annotations.element(hint, by_key=False)
        return Domain.TEXT if keys and all(value[0] == "plain" for value in keys) else None

    def _is_declared_text(self, effect: Effect) -> bool:
        """Tell whether an annotation, rather than a name or a use, says that a key is text."""
        for one in walk(effect.key) if effect.key is not None else ():
            if one[0] == "param" and one[1] in self.points_to.functions:
                return any(p.name == one[2] and p.annotation is not None for p in self.points_to.functions[one[1]].params)
        return False

    def _only_by_name(self, effect: Effect) -> bool:
        """Tell whether nothing but the name of a parameter says that a key is text."""
        key = effect.key
        if key is None or key[0] != "param":
            return False
        return self.usage.of(key[1], key[2]) != "plain" and self.keys.by_name_alone(key)

    def _is_factory(self, kept: Kept, effect: Effect) -> bool:
        """Tell whether a class remembers its own instances."""
        location = self.location(effect.container)
        owner = location.owner if location is not None and location.scope == "class" else ""
        return bool(owner and kept.cls) and self.points_to.classes.related(owner, kept.cls)

    def _is_of_callables(self, effect: Effect) -> bool:
        """Tell whether a container is for functions and classes, which usually are defined once: by its name, or by its use."""
        where = self.location(effect.container)
        return where is not None and (_CALLED.search(where.name) is not None or effect.container in self._called_elements)

    @cached_property
    def _called_elements(self) -> frozenset[Term]:
        """Return the containers whose elements are called somewhere."""
        found: set[Term] = set()
        for function in self.points_to.functions.values():
            for event in function.events:
                callee = event.terms[0][1] if event.kind == "call" else ()
                if callee and callee[0] in {"iter", "elem"}:
                    found |= {value for value in self.points_to.evaluate(callee[1]) if value[0] == "container"}
        return frozenset(found)

    def _has_room(self, effect: Effect) -> bool:
        """``if len(X) < N: X.append(..)``: no more than so many are ever put in."""
        for guard in effect.event.guards:
            if guard.kind not in {"if", "past"} or not self.removals.tests_size(guard.test, effect):
                continue
            test, holds = guard.test, guard.holds
            while test[0] == "op" and test[1] == "not":
                test, holds = test[2][0], not holds
            if test[0] == "op" and test[1] in {"<", "<=", ">", ">="} and len(test[2]) == 2:
                sized_left = any(one[0] == "call" and one[1][-1] == "len" for one in walk(test[2][0]))
                if ((test[1][0] == "<") == sized_left) == holds:
                    return True
        return False

    def _store(self, effect: Effect, kept: Kept, side: str, domain: Domain, term: Term) -> Store | None:
        if side == "key" and domain in {Domain.TEXT, Domain.VALUE}:
            return None
        if kept.kind == "plain" or (side == "key" and kept.kind in {"made", "part", "weak", "container", "function"}):
            return None
        if kept.kind == "weak":
            recycled = effect.key is not None and any(one[0] == "call" and one[1][-1] == "id" for one in walk(effect.key))
            if side == "key" or kept.name or recycled or not self._unpruned(term):
                return None
            return Store(effect, kept, side, domain, 1, ("only the dead references themselves stay",))
        if kept.cls and self.multiplicity.is_single(kept.cls):
            return None
        level, reasons = self._level(effect, kept, side, domain, term)
        if level < -1:
            return None
        return Store(effect, kept, side, domain, max(level, 0), tuple(reasons))

    def _unpruned(self, term: Term) -> bool:
        """Tell whether a stored weak reference has no callback that could take it out."""
        return any(
            one[0] == "call" and len(one[2]) == 1 and not one[3] and any(v == ("ext", "weakref.ref") for v in self.points_to.evaluate(one[1]))
            for one in walk(term)
        )

    def _level(self, effect: Effect, kept: Kept, side: str, domain: Domain, term: Term) -> tuple[int, list[str]]:
        reasons: list[str] = []
        level = {"self": 2, "method": 2, "closure": 2, "exception": 2, "instance": 2, "class": 1, "function": 1}.get(kept.kind, 1)
        if kept.kind == "param":
            usage = self.usage.of(kept.function, kept.name)
            if usage == "plain":
                return -2, reasons
            field = next((one for one in walk(term) if one[0] == "attr"), None)
            if field is not None and not usage:
                usage = self.usage.of_field(field[2])
                if usage != "object":
                    return (0 if not usage else -2), ["what the attribute holds is not known"]
            reasons.append(f"assumes that callers pass objects for '{kept.name}'")
            if usage != "object" and not kept.chain and not effect.chain and self._is_of_callables(effect):
                level = 0
                reasons.append("a registry that callers fill")
            if side == "value" and domain in {Domain.TEXT, Domain.FINITE} and not kept.chain and not self._is_its_own(effect):
                level = 0
        if kept.kind == "closure" and not kept.cls:
            level = 1
            reasons.append(f"assumes that callers pass objects for '{kept.name}'")
        if kept.kind == "instance" and not kept.cls:
            level = 0 if side == "element" and interned(effect, self.points_to) else 1
        if kept.kind in {"made", "part"}:
            level = 0
            reasons.append("what is stored is not known")
            where = self.location(effect.container)
            if where is not None and where.scope == "default" and interned(effect, self.points_to) and not self._is_declared_text(effect):
                return 1, reasons
            if domain in {Domain.FRESH, Domain.OBJECT} and kept.kind == "made":
                level = 1
        if kept.kind == "container" and side == "value" and domain in {Domain.TEXT, Domain.VALUE, Domain.UNKNOWN}:
            level = 0
        if kept.kind == "container" and kept.name in {"tuple"}:
            level = 0
        if side in {"value"} and domain in {Domain.TEXT, Domain.VALUE} and self._is_made_here(kept, term, effect):
            if not self._only_by_name(effect) or (interned(effect, self.points_to) and not self._is_factory(kept, effect)):
                level = 0
                reasons.append(f"{domain.value}, which nobody here knows")
        if side == "value" and domain == Domain.UNKNOWN and interned(effect, self.points_to) and kept.kind in {"made", "part"}:
            level = 0
        if side == "element" and kept.cls and self.points_to.classes.by_value(kept.cls) and interned(effect, self.points_to):
            level = 0
            reasons.append("equal ones are stored once")
        if side == "element" and interned(effect, self.points_to) and kept.kind == "param":
            level = 0
        if side == "element" and effect.container[1] == "set" and kept.cls and self.keys.of(term, effect.chain) in {Domain.TEXT, Domain.VALUE}:
            level = 0
            reasons.append("equal ones are stored once")
        if domain in {Domain.VALUE} and side == "value" and interned(effect, self.points_to):
            level = 0
        if self._raises_twice(effect):
            level = 0
            reasons.append("registering twice raises")
        if kept.cls and self.multiplicity.is_one_a_run(kept.cls):
            level = 0
            reasons.append("the program makes one such object")
        return level, reasons

    def _is_made_here(self, kept: Kept, term: Term, effect: Effect) -> bool:
        """Tell whether the value is made for the key, rather than handed in or the object itself."""
        if kept.kind in {"made", "part", "container", "function", "class"}:
            return True
        if kept.kind not in {"instance", "exception"}:
            return False
        if any(one.kind in {"self", "method", "closure", "instance", "param"} for one in self.keeping.inside(term)):
            return False
        del effect
        return any(one[0] == "call" for one in walk(term)) and not kept.chain

    def _is_its_own(self, effect: Effect) -> bool:
        """Tell whether an object is stored under something of its own, such as its name."""
        stored = {one for one in walk(effect.value) if one[0] == "param"} if effect.value is not None else set()
        return effect.key is not None and effect.key[0] != "param" and any(one in stored for one in walk(effect.key))

    def _asks(self, test: Term, effect: Effect) -> bool:
        """Tell whether a test looks into the container, or into the one that it is part of."""
        here = self.location(effect.container)
        for term in walk(test):
            if term[0] in {"name", "attr", "call", "cell"}:
                for value in self.points_to.evaluate(term):
                    where = self.lifetime.long.get(value) if value[0] == "container" else None
                    if where is not None and here is not None and where.key == here.key:
                        return True
        return False

    def _is_searched(self, effect: Effect) -> bool:
        """The container is looked through for one of the same class first, and that is returned instead."""
        function = self.points_to.functions[effect.function]
        for event in function.events:
            if event.kind != "return" or not any(g.kind == "loop" and effect.container in self.points_to.evaluate(g.test) for g in event.guards):
                continue
            if any(g.kind == "if" and g.test[0] == "call" and g.test[1][-1] == "isinstance" for g in event.guards):
                return True
        return False

    def _raises_twice(self, effect: Effect) -> bool:
        """Tell whether the function refuses what is already registered."""
        function = self.points_to.functions[effect.function]
        return any(
            event.kind == "raise" and any(self._asks(guard.test, effect) for guard in event.guards) for event in function.events
        )

