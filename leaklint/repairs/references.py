"""Which holders the expressions of a program mean, worked out once for each term, whichever holder is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple
from weakref import WeakKeyDictionary

import libcst as cst

from leaklint.flow.terms import Term, options, root
from leaklint.heap.grouping import sets_by_key
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.holders import HolderDefinition, Key, last_word, unmangled
from leaklint.repairs.program import Program, once

_HOPS = 8
_ELEMENT_CALLS = frozenset({"get", "setdefault", "pop", "__getitem__"})
_COPIES = frozenset({"list", "tuple", "sorted", "reversed", "iter"})
_CHAINS = (cst.Name, cst.Attribute, cst.Subscript, cst.Call)
Denoted = tuple[Key, int] | None  # a holder and how deep inside of it; None: something else
_SECOND = ("const", "1", "int")


class Reference(NamedTuple):
    """An expression: its module, the number of its node there, how deep inside of a holder it is, whether that is sure."""

    module: str
    place: int
    depth: int
    sure: bool


class Meant(NamedTuple):
    """What a term means: a holder (``key``), or any that has the name ``key[1]`` for an attribute.

    The latter is one of something unknown (``open``), of a part of something of which no class is known (``part``), or of
    ``self`` in the methods of a class, of which objects of other classes may be, too (``inside``, with the class).
    """

    key: tuple[str, ...]
    depth: int = 0
    sure: bool = False


_Found = dict[tuple[str, ...], list[Reference]]
_places: WeakKeyDictionary[ParsedFile, _Found] = WeakKeyDictionary()


def references(program: Program, file: ParsedFile, holder: HolderDefinition) -> dict[int, Reference]:
    """Return the expressions of a file that mean a holder, or may mean it, by the numbers of their nodes."""
    meaning = _meaning(program)
    if file not in _places:
        found: _Found = {}
        for place, node in enumerate(file.nodes):
            term = file.term(node) if isinstance(node, _CHAINS) else None
            for one in meaning.of(term) if term is not None else ():
                found.setdefault(one.key, []).append(Reference(file.module.name, place, one.depth, one.sure))
        _places[file] = found
    keys = meaning.keys(holder)  # what is sure to mean it comes last
    return {one.place: one for key in reversed(keys) for one in _places[file].get(key, ())}


def reaching(program: Program, modules: Iterable[str], holder: HolderDefinition) -> list[str]:
    """Return those of the modules in which something means a holder, or may mean it; none is parsed by libcst for that."""
    meaning = _meaning(program)
    for module in modules:
        if module not in meaning.read:
            meaning.read.add(module)
            terms = program.terms(module)
            for key in {one.key for term in {*terms.at.values(), *terms.in_texts.values()} for one in meaning.of(term)}:
                meaning.modules.setdefault(key, []).append(module)
    return [*dict.fromkeys(module for key in meaning.keys(holder) for module in meaning.modules.get(key, ()))]


def denoted(program: Program, term: Term) -> Iterator[Denoted]:
    """Yield each holder that a term may mean; None for something else."""
    return iter(_meaning(program).denoted(term))


class _Meaning:
    """What terms mean. It knows the parts of a program, which live as long, and not the program itself."""

    def __init__(self, program: Program) -> None:
        self.heap, self.holders = program.points_to, program.holders
        self.names, self.classes = program.names, program.classes
        self.reported = frozenset(program.reported)
        self.read: set[str] = set()  # modules that ``modules`` knows of: by what means something, where it stands
        self.modules: dict[tuple[str, ...], list[str]] = {}
        self._known: dict[Term, tuple[Denoted, ...]] = {}
        self._meant: dict[Term, tuple[Meant, ...]] = {}

    def keys(self, holder: HolderDefinition) -> list[tuple[str, ...]]:
        """Return what means a holder, or may mean it: the holder itself first."""
        means: list[tuple[str, ...]] = [holder.key]
        if holder.cls:
            means.append(("open", holder.word))
            means += [("part", holder.word)] if holder.key in self.reported else []
            family = (above for one in self.classes.below(holder.cls) for above in self.classes.order(one))
            others = (one for one in dict.fromkeys(family) if holder.cls not in self.classes.order(one))
            means += [("inside", holder.word, one) for one in others]
        return means

    def of(self, term: Term) -> tuple[Meant, ...]:
        """Return the holders that a term means, and what else it may mean."""
        meant = self._meant.get(term)
        if meant is None:
            known = self.denoted(term)
            depths: dict[Key, int] = {}
            for key, depth in (one for one in known if one is not None):
                depths[key] = min(depth, depths.get(key, depth))
            found = [Meant(key, depth, len(known) == 1) for key, depth in depths.items()]
            meant = self._meant[term] = (*found, *map(Meant, dict.fromkeys(self._guesses(term))))
        return meant

    def denoted(self, term: Term) -> tuple[Denoted, ...]:
        """Return each holder that a term may mean; None for something else."""
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = tuple(dict.fromkeys(self._denoted(term, _HOPS)))
        return known

    def _denoted(self, term: Term, hops: int) -> Iterator[Denoted]:
        kind = term[0]
        if not hops:
            yield None
        elif kind == "union" or (kind == "op" and term[1] in {"and", "or"}):
            for one in term[1] if kind == "union" else term[2]:
                yield from self._denoted(one, hops - 1)
        elif kind in {"name", "dotted"}:
            found = self.names.name(term[1], term[2]) if kind == "name" else self.names.dotted(term[1])
            yield from self._of_global(found, hops)
        elif kind == "param":
            key = ("default", term[1], term[2])
            yield (key, 0) if key in self.holders.all else None
        elif kind in {"cell", "fresh"}:
            yield from self._of_variable(term, hops)
        elif (asked := _asked(term)) is not None:
            yield from self._of_attribute(asked)
        elif kind == "elem":
            yield from self._of_element(term, hops)
        elif kind == "iter":
            yield from self._of_loop(term[1], hops)
        elif kind == "call" and term[1][0] == "attr" and term[1][2] in _ELEMENT_CALLS and term[2]:
            yield from _inner(self._denoted(term[1][1], hops - 1))
        elif kind in {"dict", "list", "set", "comp", "call"} and term[-1] in self.holders.by_site:
            yield (self.holders.by_site[term[-1]], 0)
        elif term[:2] != ("const", "None"):
            yield None

    def _of_global(self, variable: Term, hops: int) -> Iterator[Denoted]:
        if variable[0] == "attr":
            yield from self._denoted(variable, hops - 1)
            return
        key = ("module", f"{variable[1]}:", variable[2]) if variable[0] == "global" else None
        if key is not None and key in self.holders.all:
            yield (key, 0)
            return
        values = self.names.assigned_to(variable)
        aliases = [term for term in values if term[0] in {"name", "attr", "dotted", "elem", "iter", "call"}]
        for term in aliases:
            yield from self._denoted(term, hops - 1)
        if not aliases:
            yield None

    def _of_variable(self, term: Term, hops: int) -> Iterator[Denoted]:
        if term[0] == "cell":
            values = self.heap.cell(term)
        else:
            function = self.heap.functions.get(term[1])
            label = f"{term[2]}@{term[3][0]}:{term[3][1]}"
            values = function.assigned.get(label, ()) if function is not None else ()
        for value in (option for one in values for option in options(one)):
            if value != term:
                yield from self._denoted(value, hops - 1)
        if not values:
            yield None

    def _of_attribute(self, term: Term) -> Iterator[Denoted]:
        word = unmangled(term[2])
        own = self.holders.self_of(term[1])
        values = [("self", own)] if own else sorted(self.heap.evaluate(term[1]), key=repr)
        for value in values:
            holder: HolderDefinition | None = None
            if value[0] in {"self", "inst", "super"} and value[1] in self.names.classes:
                holder = self.holders.on_object(value[1], word)
                yield from self._of_heirs(value[1], word) if value[0] == "self" else ()
            elif value[0] in {"class", "metaclass", "anyclass"} and value[1] in self.names.classes:
                holder = self.holders.on_class(value[1], word)
            elif value[0] == "func":
                holder = self.holders.all.get(("function", value[1], word))
            elif value[0] == "module" and value[1] in self.names.modules:
                yield from self._of_global(self.names.in_module(value[1], term[2]) or ("ext", ""), _HOPS)
                continue
            if value[0] != "none":
                yield (holder.key, 0) if holder is not None else None
        if not values:
            yield None
        if cls := self.holders.class_of_cls(term[1]):
            yield from self._of_heirs(cls, word)

    def _of_heirs(self, key: str, word: str) -> Iterator[Denoted]:
        """Yield what the objects of the classes below one, and these classes, have in the place of its attribute."""
        if word not in self.holders.words or self._with(word) <= set(self.classes.order(key)):
            return
        here = self.holders.on_object(key, word)
        for heir in sorted(self.classes.below(key) - {key}):
            holder = self.holders.on_object(heir, word)
            if holder is None or holder is not here:
                yield (holder.key, 0) if holder is not None else None
            elif self._hides(heir, holder):
                yield None

    def _with(self, word: str) -> set[str]:
        """Return the classes that have something of their own by a name, or whose methods assign it to their objects."""
        return self._defining.get(word, set()) | self.holders.having(word)

    def _hides(self, key: str, holder: HolderDefinition) -> bool:
        """Tell whether a class on the way up to that of a holder has something else by its name: a property, a tuple."""
        order = self.classes.order(key)
        nearer = order[: order.index(holder.owner)] if holder.owner in order else ()
        return not self._defining.get(holder.word, set()).isdisjoint(nearer)

    @cached_property
    def _defining(self) -> dict[str, set[str]]:
        """By attribute the classes that have something by its name."""
        return sets_by_key((unmangled(word), key) for key, one in self.names.classes.items() for word in one.attributes)

    def _of_element(self, term: Term, hops: int) -> Iterator[Denoted]:
        loop = term[1]
        if loop[0] == "iter" and _view(_without_copy(loop[1])) == "items":  # of a pair of key and value
            viewed = _without_copy(loop[1])[1][1]
            yield from _inner(self._denoted(viewed, hops - 1)) if term[2] == _SECOND else (None,)
        else:
            yield from _inner(self._denoted(loop, hops - 1))

    def _of_loop(self, term: Term, hops: int) -> Iterator[Denoted]:
        """What a loop gives: the values of a map's views, the elements of a list or set."""
        term = _without_copy(term)
        if _view(term) == "values":
            yield from _inner(self._denoted(term[1][1], hops - 1))
            return
        for option in self._denoted(term, hops - 1):
            plain = option is None or self.holders.all[option[0]].kind not in {"list", "set"}
            yield None if option is None or plain else (option[0], option[1] + 1)

    def _guesses(self, term: Term) -> Iterator[tuple[str, ...]]:
        """Yield on what an attribute is asked for that may be the owner of some holder of its name."""
        asked = _asked(term)
        if asked is not None and unmangled(asked[2]) in self.holders.words:
            for base in self._options(asked[1]):
                yield from self._guessed(base, unmangled(asked[2]))

    def _options(self, term: Term) -> Iterator[Term]:
        for one in options(term):
            if one[0] == "fresh":
                function = self.heap.functions.get(one[1])
                label = f"{one[2]}@{one[3][0]}:{one[3][1]}"
                for value in function.assigned.get(label, ()) if function is not None else ():
                    yield from (way for way in options(value) if way[0] != "fresh")
            else:
                yield one

    def _guessed(self, base: Term, word: str) -> Iterator[tuple[str, ...]]:
        own = self.holders.self_of(base) or self.holders.class_of_cls(base)
        start, known = root(base), {value[0] for value in self.heap.evaluate(base)}
        if own:
            yield ("inside", word, own)
        elif known and known <= {"self", "inst", "class", "module", "ext", "plain", "none", "container"}:
            return
        elif start[0] == "name":
            if self.names.name(start[1], start[2])[0] == "global":
                yield ("open" if start == base else "part", word)
        elif start[0] in {"param", "unknown", "star", "sent"} and not self.holders.self_of(start):
            yield ("open", word)
        elif base[0] in {"attr", "elem", "iter"} and start[0] in {"param", "cell"}:
            yield ("part", word)


@once
def _meaning(program: Program) -> _Meaning:
    return _Meaning(program)


def _asked(term: Term) -> Term | None:
    """Return an attribute as such, also where ``getattr`` asks for it; None for other terms."""
    if term[0] == "attr":
        return term
    if term[0] == "call" and term[1][::2] == ("name", "getattr") and len(term[2]) > 1 and term[2][1][2:] == ("str",):
        return ("attr", term[2][0], term[2][1][1].strip("'\""))
    return None


def _inner(denotations: Iterator[Denoted]) -> Iterator[Denoted]:
    return (None if option is None else (option[0], option[1] + 1) for option in denotations)


def _without_copy(term: Term) -> Term:
    while term[0] == "call" and term[1][0] == "name" and last_word(term[1]) in _COPIES and term[2]:
        term = term[2][0]
    return term


def _view(term: Term) -> str:
    """Return ``values`` for ``x.values()``, and so on; nothing for what is no call of a method."""
    return term[1][2] if term[0] == "call" and term[1][0] == "attr" else ""
