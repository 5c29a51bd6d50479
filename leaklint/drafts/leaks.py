"""Containers that leak: for each holder what is stored in it, how surely it stays, and which rule speaks of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.drafts.declared import gives_back, is_named
from leaklint.drafts.facts.kinds import KINDS
from leaklint.drafts.facts.model import Value
from leaklint.drafts.levels import LEVELS, Levels
from leaklint.drafts.observed import by_holder, typed, unseen
from leaklint.drafts.program import Holder, Program, Touch
from leaklint.drafts.program.calls import calls_to
from leaklint.drafts.program.holders import CONTAINERS
from leaklint.drafts.program.moments import AT_IMPORT, at_import, once
from leaklint.drafts.program.removal import NONE, Removal, removal
from leaklint.drafts.program.things import PLAIN, Thing, Things
from leaklint.drafts.stores import MAKING, Store, is_own, is_unseen_key
from leaklint.model import Confidence
from leaklint.paths import is_test

if TYPE_CHECKING:
    from leaklint.config import Settings
    from leaklint.model import Finding

_CALLERS = 3  # how many callers are asked after, one through another
# What is kept, the most telling first.
_ORDER = (
    "self",
    "method",
    "closure",
    "exception",
    "instance",
    "class",
    "function",
    "param",
    "callback",
    "made",
    "part",
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A holder that keeps what its last user has let go. ``stores`` start with the most telling one.

    ``observed`` is there where not the rules but a run alone says so, and ``hint`` what keeps the rules from it.
    """

    code: str
    holder: Holder
    stores: tuple[Store, ...]
    removal: Removal
    confidence: Confidence
    observed: Finding | None = None
    hint: str = ""

    @property
    def first(self) -> Store:
        """Return the store that the finding is told by."""
        return self.stores[0]


class Context:
    """What all rules look at: the program, its things, and its leaking containers, worked out once."""

    def __init__(self, program: Program, settings: Settings) -> None:
        self.program = program
        self.settings = settings
        self.things = Things(program)
        self._levels = Levels(program, self.things)
        self._observed = by_holder(program, settings.observed)

    @cached_property
    def leaks(self) -> tuple[Leak, ...]:
        """Every leaking container of the program, at any confidence."""
        found = (self._leak(holder) or self._shown(holder) for holder in self.program.holders.all.values())
        return tuple(leak for leak in found if leak is not None)

    @cached_property
    def emptied(self) -> frozenset[str]:
        """Return the memoised methods whose cache an object empties when its state changes: ``self.method.cache_clear()``."""
        return frozenset(
            value.path[0]
            for module, function, call in calls_to(self.program, ("cache_clear",))
            if function.owner and not is_test(module.path) and function.name != "__del__"
            for value in call.callee
            if value.kind in {"self", "cls"} and len(value.path) == 2 and value.path[1] == "cache_clear"
        )

    def shows(self, confidence: Confidence) -> bool:
        """Tell whether the run asks for findings of this confidence: the others need no repair worked out."""
        # of what a run has shown the rules may be less sure than the run
        return bool(self.settings.observed) or LEVELS.index(confidence) >= LEVELS.index(self.settings.confidence)

    def leaks_of(self, code: str) -> Iterator[Leak]:
        """Yield the leaks of one rule that the run asks for."""
        return (leak for leak in self.leaks if leak.code == code and self.shows(leak.confidence))

    def _leak(self, holder: Holder) -> Leak | None:
        touches = [t for t in self.program.touches.get(holder.key, []) if t.event.op == "store"]
        touches = [t for t in touches if t.function.name not in AT_IMPORT and not is_test(t.module.path)]
        if holder.key in self.program.adopted:  # what only a run tells is no judgement of the rules
            shown = holder.key in self.program.holders.shown
            touches = [] if shown else [t for t in touches if t not in self.program.adopted[holder.key].stores]
        if holder.scope == "object":  # what an object puts into its own container while it is made does not grow
            touches = [touch for touch in touches if not _makes(touch)]
        if not touches or is_test(holder.path) or not self._can_hold(holder):
            return None
        running = [
            t for t in touches if not at_import(self.program, t.function, t.module) and not once(self.program, t)
        ]
        kept = self._kept(holder, running) if running and self._outlives(holder) else None
        if kept is None:
            if self._kept(holder, touches) is not None:
                self.program.leave_open(holder)
            return None
        stores, gone = kept
        confidence = self._levels.of(holder, stores, gone)
        # what is not shown anyway need not be followed to the callers of callers, who could only make it less
        self.program.leave_open(holder, callers=_CALLERS if self.shows(confidence) else 0)
        return Leak(_code(holder, stores[0]), holder, tuple(stores), gone, confidence)

    def _shown(self, holder: Holder) -> Leak | None:
        """Return the leak of a holder that a run has shown to grow, if a store into it can be read."""
        finding = self._observed.get(holder.key)
        if finding is None or holder.kind == "weak":
            return None
        touches = [t for t in self.program.touches.get(holder.key, []) if t.event.op == "store"]
        touches = [t for t in touches if not is_test(t.module.path)]
        kept = self.program.adopted[holder.key].observed.kept
        every = [typed(store, self.program, kept) for touch in touches for store in self._stores(touch)]
        stores = [store for store in every if store.thing.kind in _ORDER]
        plain = not stores
        if plain:  # texts and numbers pile up, too
            stores = [replace(store, thing=Thing("made")) for store in every]
        if not stores:
            return None
        stores.sort(key=lambda store: (_ORDER.index(store.thing.kind), is_unseen_key(store)))
        self.program.leave_open(holder)
        gone, hint = removal(self.program, holder, touches), unseen(self.program, holder, touches, plain=plain)
        return Leak(finding.code, holder, tuple(stores), gone, finding.confidence, finding, hint)

    def _kept(self, holder: Holder, touches: list[Touch]) -> tuple[list[Store], Removal] | None:
        """Return what these stores put in, the most telling first; None if that is nothing or something takes it out."""
        if self._is_weak_inside(holder, touches):
            touches = [touch for touch in touches if touch.depth == 0]
        stores = [store for touch in touches for store in self._stores(touch)]
        stores = [store for store in stores if store.thing.kind in _ORDER and not self._once(store)]
        if not stores or gives_back(self.program, holder, self._returning):
            return None
        stores.sort(key=lambda store: (_ORDER.index(store.thing.kind), is_unseen_key(store)))
        gone = removal(self.program, holder, touches)
        return (stores, gone) if gone.quality != "good" else None

    def _is_weak_inside(self, holder: Holder, touches: Sequence[Touch]) -> bool:
        """Tell whether the containers inside the holder are weak: made so by a ``defaultdict``, or stored so."""
        inner = holder.binding.made.inner
        values = [(value, touch) for touch in touches if touch.depth == 0 for value in touch.event.value]
        kinds = {self.things.of(value, touch.function, touch.module).kind for value, touch in values}
        return KINDS.get(inner, inner) == "weak" or kinds == {"weak"}

    @property
    def _returning(self) -> tuple[str, ...]:
        return (*self.settings.bounded_classes, *self.settings.weak_containers)

    def _once(self, store: Store) -> bool:
        """Tell whether the project declares the stored object's class a singleton."""
        return is_named(store.thing.ref, self.program, self.settings.singletons)

    def _can_hold(self, holder: Holder) -> bool:
        made = holder.binding.made
        if made.kind in CONTAINERS:
            return True
        if made.kind != "object" or holder.scope not in {"class", "module"}:
            return False
        maker = made.maker
        ref = self.program.names.as_class(holder.module, maker) if maker is not None else None
        if ref is None:
            self.program.lacking.update(maker.path[-1:] if maker is not None else ())
            return False
        if self.program.holders.evicts(ref):
            return False
        bases = {name.rsplit(".", 1)[-1] for name in self.program.names.external_bases(ref)}
        return bool(
            bases & {"dict", "list", "set", "UserDict", "OrderedDict", "defaultdict", "UserList", "MutableMapping"}
        )

    def _outlives(self, holder: Holder) -> bool:
        """A closure's container lives on if the function around it is a decorator or is called at import."""
        if holder.scope != "closure":
            return True
        module = self.program.modules[holder.module]
        outer = module.functions.get(holder.name.rpartition(".<locals>.")[0])
        if outer is None:
            return False
        sites = self.program.sites.get((module.name, outer.qualname), [])
        if any(site.call is None or not site.caller.name for site in sites):
            return True
        inner = f"{outer.qualname}.<locals>."
        returns_inner = any(v.kind == "function" and v.name.startswith(inner) for way in outer.returns for v in way)
        takes_function = any(
            p.name in {"func", "fn", "f", "function", "method", "meth", "wrapped"} for p in outer.params
        )
        return returns_inner and takes_function

    def _stores(self, touch: Touch) -> Iterator[Store]:
        event = touch.event
        keys = [(value, self.things.of(value, touch.function, touch.module)) for value in event.key]
        fixed = bool(keys) and all(thing.kind == "type" or value.kind == "const" for value, thing in keys)
        if fixed and touch.depth == 0 and event.how in {"[]=", "setdefault", "__setitem__"}:
            return  # one entry a class or a constant: it does not grow
        for value, thing in keys:
            if thing.kind in {"self", "instance", "method", "closure", "class", "param"}:
                yield from self._refined(touch, value, thing, "key")
        side = (
            "value"
            if event.how in {"[]=", "setdefault", "__setitem__", "update"} and touch.holder.kind != "set"
            else "element"
        )
        for value in event.value:
            yield from self._refined(touch, value, self.things.of(value, touch.function, touch.module), side)

    def _refined(self, touch: Touch, value: Value, thing: Thing, side: str) -> Iterator[Store]:
        """A parameter is what the calls give for it, as far as calls are seen."""
        if thing.kind not in {"param", "callback"} or value.kind not in {"param", "tuple"}:
            yield Store(touch, thing, side)
            return
        sites = self.program.sites.get((touch.module.name, touch.function.qualname), [])
        seen = False
        for site in sites:
            home = self.program.modules[site.module]
            if is_test(home.path) or at_import(self.program, site.caller, home):
                continue
            for given in self.things.given(site, thing.name):
                if given.kind in {"self", "method", "closure", "instance"}:
                    seen = True
                    yield Store(touch, given, side, site)
        if not seen:
            yield Store(touch, thing, side)


def _makes(touch: Touch) -> bool:
    return touch.function.name in MAKING and all(value.kind == "self" for value in touch.event.target)


def _code(holder: Holder, store: Store) -> str:
    on_class = holder.scope in {"class", "metaclass", "descriptor"}
    kind = store.thing.kind
    if kind == "exception":
        return "LK403"
    if kind in {"method", "closure"}:
        return "LK103" if on_class else "LK203"
    if on_class:
        return "LK101" if is_own(store) else "LK102"
    if kind in {"made", "part"} or holder.scope in {"default", "closure"} or is_unseen_key(store):
        return "LK204"
    return "LK201" if store.side == "key" else "LK202"


__all__ = ["NONE", "PLAIN", "Context", "Leak", "Store"]
