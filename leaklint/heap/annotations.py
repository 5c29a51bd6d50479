"""What annotations say a value is: classes of the program, containers, plain values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_WRAPPERS = frozenset({"Optional", "Union", "Final", "ClassVar", "Annotated", "Required", "NotRequired", "Awaitable"})
_SEQUENCES = frozenset(
    {
        "list",
        "List",
        "tuple",
        "Tuple",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "Sequence",
        "Iterable",
        "Collection",
        "AbstractSet",
    }
)


class Annotations:
    """Reads annotations as abstract values; the empty set where they say nothing."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self._open: set[Term] = set()

    def of(self, term: Term | None) -> frozenset[Term]:
        """Return what a value with this annotation is."""
        if term is None or term in self._open:
            return frozenset()
        self._open.add(term)
        try:
            return self._of(term)
        finally:
            self._open.discard(term)

    def _of(self, term: Term) -> frozenset[Term]:
        if term[0] == "const":
            if term[2] == "str":
                return self._written(term[1].strip("'\""))
            return frozenset([("plain", "None")]) if term[1] == "None" else frozenset()
        if term[0] == "op" and term[1] == "|":
            parts = [self.of(part) for part in term[2]]
            return frozenset().union(*(p for p in parts if p != {("plain", "None")})) if all(parts) else frozenset()
        if term[0] == "elem":
            return self._generic(term)
        return self._named(term)

    def _generic(self, term: Term) -> frozenset[Term]:
        last = self.last(term[1])
        inner = term[2][1] if term[2][0] == "tuple" else (term[2],)
        if last in _WRAPPERS:
            parts = [self.of(part) for part in inner[: 1 if last != "Union" else None]]
            retained = [part for part in parts if part != {("plain", "None")}]
            return frozenset().union(*retained) if all(retained) else frozenset()
        if last in {"type", "Type"}:
            return frozenset([("plain", "type")])
        if last in {"Literal", "Pattern"}:
            return frozenset([("plain", "str")])
        if last == "Callable":
            return frozenset()
        if last in _SEQUENCES:
            parts = [self.of(part) for part in inner if part[0] != "const" or part[1] != "Ellipsis"]
            if parts and all(part and all(v[0] == "plain" for v in part) for part in parts):
                return frozenset([("plain", "sequence")])
            return frozenset()
        return self._named(term[1])

    def element(self, term: Term | None, by_key: bool) -> frozenset[Term]:
        """Return what the elements of a container with this annotation are."""
        if term is None or term[0] != "elem":
            return frozenset()
        last = self.last(term[1])
        inner = term[2][1] if term[2][0] == "tuple" else (term[2],)
        if not inner:  # the annotation of a tuple that has no elements
            return frozenset()
        if last in _WRAPPERS:
            return self.element(inner[0], by_key)
        if last in _SEQUENCES | {"Iterator", "Generator", "deque", "Deque"}:
            return self.of(inner[0])
        if (
            last in {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
            and len(inner) == 2
        ):
            return self.of(inner[1 if by_key else 0])
        return frozenset()

    def is_callable(self, term: Term | None, depth: int = 3) -> bool:
        """Tell whether an annotation lets callables come, by an alias as well."""
        if term is None or depth == 0:
            return False
        if term[0] == "op":
            return any(self.is_callable(part, depth) for part in term[2])
        if term[0] == "elem" and self.last(term[1]) in _WRAPPERS:
            parts = term[2][1] if term[2][0] == "tuple" else (term[2],)
            return any(self.is_callable(part, depth) for part in parts)
        named = term[1] if term[0] == "elem" else term
        aliased = self.heap.names.assigned_to(self.heap.names.name(named[1], named[2])) if named[0] == "name" else ()
        return self.last(named) == "Callable" or any(self.is_callable(one, depth - 1) for one in aliased)

    def last(self, term: Term) -> str:
        """Return the last part of the name in an annotation."""
        return (
            str(term[2])
            if term[0] in {"name", "attr"}
            else str(term[1]).rpartition(".")[2]
            if term[0] == "dotted"
            else ""
        )

    def _named(self, term: Term) -> frozenset[Term]:
        last = self.last(term)
        if self._is_plain(last):
            return frozenset([("plain", last)])
        if last in {"type", "Type"}:
            return frozenset([("plain", "type")])
        found = set()
        for value in self.heap.evaluate(term):
            if value[0] == "class":
                found.add(self.instance(value[1]))
            elif value[0] == "ext" and value[1].rpartition(".")[2] in {"Exception", "BaseException"}:
                found.add(("exc",))
            elif value[0] == "ext" and value[1].startswith("builtins.") and self._is_plain(value[1][9:]):
                found.add(("plain", value[1][9:]))  # by another name, or a type of its own: ``NewType("Code", str)``
            elif value[0] == "ext" and not value[1].startswith("?") and not self._is_container(value[1]):
                last = value[1].rpartition(".")[2]
                if (
                    last not in {"Any", "object", "Hashable", "Callable", "TypeVar", "T", "Mapping", "MutableMapping"}
                    and last[:1].isupper()
                ):
                    found.add(("extinst", value[1], None))
        return frozenset(found)

    def _is_plain(self, last: str) -> bool:
        return self.heap.contracts.is_a(last, "plain") or self.heap.contracts.is_a(last, "text")

    def _is_container(self, name: str) -> bool:
        klass = self.heap.contracts.klass(name)
        return klass is not None and bool(klass.container)

    def instance(self, key: str) -> Term:
        """Return what an instance of a class of the program is."""
        classes = self.heap.classes
        if classes.is_enum(key):
            return ("plain", "enum")
        names = classes.last_names(key)
        if names & {"str", "int", "float", "bytes", "TypedDict"}:
            return ("plain", "str")
        return ("self", key)

    def _written(self, text: str) -> frozenset[Term]:
        named = re.fullmatch(r"(?:Optional\[|ClassVar\[)?['\"]?([A-Za-z_][\w.]*)['\"]?\]?", text)
        if named is None:
            return frozenset()
        last = named.group(1).rpartition(".")[2]
        return frozenset([("plain", last)]) if self._is_plain(last) else frozenset()
