"""Memoised functions: which arguments their caches keep, how many, and by which decorator."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Class, Function
from leaklint.flow.terms import Term, options, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.certainty import Certainty, Level
from leaklint.heap.domains import Domain
from leaklint.heap.external import HANDED_IN
from leaklint.heap.kinds import DISTINCT, UNRESOLVED
from leaklint.heap.multiplicity import MANY
from leaklint.heap.points_to_values import NOTHING
from leaklint.heap.retained_objects import Retained
from leaklint.heap.usage import is_for_classes

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

_SMALL = 128  # entries below which a bounded memoiser is not worth a loud word
Applied = tuple[str, tuple[int, int, int, int], "Function | None", Term, str]
_MANY = 512  # and such of which nobody knows that they keep objects of a class


class Memo(NamedTuple):
    """A memoised function. ``place`` is its decorator (or the call that memoises) in ``module``.

    ``cache`` is the site of the call that makes the cache: of a decorator that memoises inside, another place.
    """

    function: str
    module: str
    place: tuple[int, int, int, int]
    bound: int | None
    retained: Retained
    argument: str
    level: Level
    reasons: tuple[str, ...]
    name: str
    cache: Term


class Memos:
    """Finds the memoised functions of a program."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self._bound_to: dict[Term, str] = {}  # plain functions that are methods by assignment, by class

    def all(self) -> Iterator[Memo]:
        """Yield each memoised function that keeps objects, at any level."""
        done = set()
        applied = list(self.applied())
        for module, place, function, value, name in (
            *applied,
            *self._in_tables({memo for _, _, _, memo, _ in applied}),
        ):
            if value not in self.heap.lifetime.long and not self._is_at_import(function):
                continue
            memo = self._memo(module, place, function, value, name)
            if memo is not None and (memo.module, memo.place) not in done:
                done.add((memo.module, memo.place))
                yield memo

    def _is_at_import(self, function: Function | None) -> bool:
        return function is not None and not function.parent

    def applied(self) -> Iterator[Applied]:
        """Yield (module, place, function, memo, name) of each decorator or assigned call that memoises."""
        points_to = self.heap.points_to
        for key, function in points_to.functions.items():
            module = points_to.names.module_of(key).name
            if function.decorators and not function.parent:
                for value in points_to.ordered(NOTHING.union(*points_to.attributes.decorated_by_steps(function))):
                    for memo in self._memos_of(value, function):
                        yield module, self._decorator_place(function), function, memo, function.name
        for module, home in points_to.names.modules.items():
            for word, assigned in home.names.items():
                for term, place, _ in assigned:
                    if term[0] == "call" and not self._is_definition(module, word, term):
                        for memo in self._called_memos(term):
                            yield module, place, points_to.functions.get(memo[1]), memo, word
            for klass in home.classes.values():
                yield from self._in_class(module, klass) if not klass.parent else ()
        for key, function in points_to.functions.items():
            module = points_to.names.module_of(key).name
            for event in function.events if function.kind == "module" else ():
                for memo in self._called_memos(event.terms[1]) if event.kind == "setattr" else ():
                    yield module, event.place, points_to.functions.get(memo[1]), memo, event.name

    def _in_class(self, module: str, klass: Class) -> Iterator[Applied]:
        """Yield what calls in the body of a class memoise; a plain function with ``self`` becomes a method of the class."""
        for word, (term, place) in klass.attributes.items():
            for memo in self._called_memos(term) if not self._is_decorated(klass, word) else ():
                function = self.heap.points_to.functions.get(memo[1])
                if function is not None and not function.owner and _takes_self(function):
                    self._bound_to[memo] = klass.key
                yield module, place, function, memo, word

    def _called_memos(self, term: Term) -> list[Term]:
        """Return the memoised functions that a call may give; none of another term."""
        values = self.heap.points_to.evaluate(term) if term[0] == "call" else ()
        return [value for value in values if value[0] == "memo"]

    def _in_tables(self, known: set[Term]) -> Iterator[Applied]:
        """Yield the memoised functions, but for known ones, that bodies of modules and classes make for no name of theirs."""
        points_to = self.heap.points_to
        for key, body in points_to.functions.items():
            calls = [one for one in body.events if one.kind == "call"] if body.kind in {"module", "class"} else []
            for event in calls:
                for value in points_to.in_order(event.terms[0]):
                    if value[0] == "memo" and value not in known and value in self.heap.lifetime.long:
                        function = points_to.functions.get(value[1])
                        name = function.name if function is not None else ""
                        yield points_to.names.module_of(key).name, event.place, function, value, name

    def _is_decorated(self, klass: Class, word: str) -> bool:
        """Tell whether what a class has under a name is a method with its decorators, not what an assignment made of it."""
        method = klass.methods.get(word)
        return method is not None and bool(self.heap.points_to.functions[method].decorators)

    def _is_definition(self, module: str, word: str, term: Term) -> bool:
        return any(part[0] == "func" and part[1] == f"{module}:{word}" for part in walk(term))

    def _memos_of(self, value: Term, function: Function) -> Iterator[Term]:
        """Yield the memoised functions that a decorated function is, or that its wrapper calls."""
        if value[0] == "memo":
            yield value
        elif value[0] == "func" and value[1] != function.key:
            captured = self.heap.keeping.captures(value[1])
            for term in sorted(captured, key=repr):
                yield from (memo for memo in self.heap.points_to.evaluate(term) if memo[0] == "memo")
        elif value[0] == "inst" and value[1] in self.heap.points_to.names.classes:
            for term in self._fields_of_decorator(value[1], function):
                yield from (memo for memo in self.heap.points_to.evaluate(term) if memo[0] == "memo")

    def _fields_of_decorator(self, key: str, function: Function) -> Iterator[Term]:
        """Yield what the constructor of a class puts into fields where the class is the decorator of a function."""
        points_to = self.heap.points_to
        init = points_to.classes.method(key, "__init__")
        if init is None:
            return
        place = (points_to.names.module_of(function.key).name, *function.place)
        construction = ("call", ("class", key), (("func", function.key),), (), place)
        bound = points_to.calling.bind(init, construction, construction)
        for event in points_to.functions[init].events:
            if event.kind == "setattr":
                yield points_to.calling.substituted(event.terms[1], init, bound)

    def _decorator_place(self, function: Function) -> tuple[int, int, int, int]:
        for decorator in function.decorators:
            for value in self.heap.points_to.evaluate(decorator.term):
                if value[0] in {"func", "method", "memo"} or (
                    value[0] == "ext" and (value[1].startswith("memoiser:") or self._memoises(value[1]))
                ):
                    return decorator.place
        return function.decorators[0].place

    def _memoises(self, name: str) -> bool:
        contract = self.heap.points_to.contracts.callable(name)
        return contract is not None and contract.memoises is not None

    def _memo(
        self, module: str, place: tuple[int, int, int, int], function: Function | None, value: Term, name: str
    ) -> Memo | None:
        bound = value[2]
        if bound == 0 or self._is_emptied(function, value):
            return None
        keyed = self._arguments(function, value)

        def rank(pair: tuple[str, Retained]) -> tuple[bool, int]:
            return self._is_one(function, *pair), pair[1].rank

        best = min((pair for pair in keyed if pair[1].kind in DISTINCT), key=rank, default=None)
        if best is None:
            text = [retained for _, retained in keyed if retained.kind in UNRESOLVED]
            texts = function is not None and any(self._is_text(function, param.name) for param in function.params)
            if not (text or texts) or bound is not None or function is None:
                return None
            part, few = Retained("part"), Certainty(0, ("as many as there are different arguments",))
            return self._made(module, place, function, bound, part, "its arguments", few, name, value[3])
        argument, retained = best
        if retained.cls and self.heap.multiplicity.is_single(retained.cls):
            return None
        if retained.cls and self.heap.points_to.classes.is_enum(retained.cls):
            return None
        certainty = self._of_bound(bound, retained)
        if retained.kind in {"function", "class"}:
            certainty = certainty.lowered(1)
        if retained.kind == "param":
            certainty = certainty.lowered(1, f"assumes that callers pass objects for '{retained.name}'")
            if is_for_classes(argument) or is_for_classes(retained.name):
                certainty = certainty.lowered(0, "classes usually are made at import")
        if retained.cls and self._is_small_value(retained.cls, bound):
            certainty = certainty.lowered(0, "equal objects share an entry")
        if self._is_one(function, argument, retained):
            certainty = certainty.lowered(0, f"one {retained.name} a run of the program")
        if certainty.level > 1 and retained.cls and not self.heap.multiplicity.is_seen_often(retained.cls):
            certainty = certainty.lowered(1, "assumes that many are made")
        return self._made(module, place, function, bound, retained, argument, certainty, name, value[3])

    def _of_bound(self, bound: int | None, retained: Retained) -> Certainty:
        """Return how sure it is that a cache of a size, None if it has no bound, keeps objects for long."""
        if bound is None:
            return Certainty(2)
        own = retained.kind in {"self", "instance"} and self._is_told_apart(retained)
        if bound == HANDED_IN:
            certainty = Certainty(int(own))
        elif bound < _SMALL:
            certainty = Certainty(0, (f"at most {bound} stay",))
        else:
            certainty = Certainty(1 if own or bound >= _MANY else 0)
        if certainty.level and self._is_part(retained.cls):
            certainty = certainty.lowered(0, f"one {retained.name} for each object that has it as a part")
        return certainty

    def _made(
        self, module: str, place: tuple[int, int, int, int], function: Function | None, bound: int | None, retained: Retained,
        argument: str, certainty: Certainty, name: str, cache: Term,
    ) -> Memo:  # fmt: skip
        key = function.key if function is not None else ""
        level, reasons = certainty.word, certainty.reasons
        return Memo(key, module, place, bound, retained, argument, level, reasons, name, cache)

    def _is_one(self, function: Function | None, argument: str, retained: Retained) -> bool:
        """Tell whether there is one object a run of the program that an argument brings."""
        often = self.heap.multiplicity
        return bool(retained.cls) and (
            often.is_single(retained.cls) or often.is_few(retained.cls) or self._is_made_once(function, argument)
        )

    def _is_made_once(self, function: Function | None, argument: str) -> bool:
        """Tell whether each object that callers are seen to hand in as an argument is made once in a run of the program."""
        if function is None:
            return False
        points_to, often = self.heap.points_to, self.heap.multiplicity
        values = points_to.attributes.with_given(("param", function.key, argument))
        objects = [value for value in values if value[0] != "param"]
        return bool(objects) and all(
            value[0] == "inst"
            and any(
                call.term[4] == value[2] and often.call_runs(call) != MANY for call in often.constructions(value[1])
            )
            for value in objects
        )

    def _is_part(self, key: str) -> bool:
        """Tell whether each object of a class is made for an attribute of the one that makes it."""
        functions, sites = self.heap.points_to.functions, self.heap.multiplicity.constructions(key) if key else []
        return bool(sites) and all(
            any(
                event.kind == "setattr"
                and event.terms[0][0] == "param"
                and call.event.terms[0] in options(event.terms[1])
                for event in functions[call.caller].events
            )
            for call in sites
        )

    def _is_told_apart(self, retained: Retained) -> bool:
        """Tell whether objects are known to equal only themselves: of a class of the program, or one that it inherits from."""
        if retained.cls in self.heap.points_to.names.classes:
            return not self.heap.points_to.classes.by_value(retained.cls)
        return bool(retained.name) and retained.name in self._bases_by_identity

    @cached_property
    def _bases_by_identity(self) -> frozenset[str]:
        """Return the names of classes from outside that have heirs in the program, of which none compares by value."""
        classes = self.heap.points_to.classes
        heirs: dict[str, bool] = {}
        for key in self.heap.points_to.names.classes:
            for name in classes.last_names(key):
                heirs[name] = heirs.get(name, True) and not classes.by_value(key)
        return frozenset(name for name, alone in heirs.items() if alone)

    def _is_small_value(self, key: str, bound: int | None) -> bool:
        classes = self.heap.points_to.classes
        unseen = any(name.startswith("?") or "." in name for name, _ in classes.decorated(key))
        return bound is not None and (classes.by_value(key) or (unseen and bound < _SMALL))

    def _is_text(self, function: Function, name: str) -> bool:
        return self.heap.keys.of(("param", function.key, name)) == Domain.TEXT

    def _arguments(self, function: Function | None, value: Term) -> list[tuple[str, Retained]]:
        """Return what the keys of a memo keep, with the parameter that brings it."""
        keeping, pairs = self.heap.keeping, []
        inner = self.heap.points_to.functions.get(value[1])
        target = inner if inner is not None else function
        if target is not None:
            for number, param in enumerate(target.params):
                if number == 0 and (target.kind == "classmethod" or self._is_given_class(target)):
                    continue
                if number == 0 and value in self._bound_to:
                    key = self._bound_to[value]
                    pairs.append((param.name, Retained("self", key, self.heap.points_to.classes.class_of(key).name)))
                    continue
                for retained in keeping.of(("param", target.key, param.name)):
                    if retained.kind != "param" or self._is_object(target, param.name):
                        pairs.append((param.name, retained))
        if value[1] == "":
            for _, _, term in self.heap.effects.memo_calls.get(value, ()):
                for argument in call_arguments(term):
                    pairs += [("", retained) for retained in keeping.of(argument) if self._is_told_object(retained)]
            if function is not None and function.kind == "method" and function.params:
                pairs += [
                    (function.params[0].name, retained)
                    for retained in keeping.of(("param", function.key, function.params[0].name))
                ]
        return pairs

    def _is_told_object(self, retained: Retained) -> bool:
        """Tell whether an argument is more than a container, or a parameter of which nothing says that it is an object."""
        if retained.kind == "param":
            return self.heap.usage.of(retained.function, retained.name) in {"object", "callable"}
        return retained.kind != "container"

    def _is_given_class(self, target: Function) -> bool:
        """Tell whether a method is made a class method by an assignment after it, or by its first parameter's name."""
        if not target.owner:
            return False
        attribute = self.heap.points_to.classes.class_of(target.owner).attributes.get(target.name)
        term = attribute[0] if attribute is not None else ()
        last = term[1][-1] if term and term[0] == "call" and term[1][0] == "name" else ""
        return last == "classmethod" or target.params[0].name in {"cls", "klass", "mcs"}

    def _is_object(self, target: Function, name: str) -> bool:
        return self.heap.usage.of(target.key, name) in {"object", "callable"}

    def _is_emptied(self, function: Function | None, value: Term) -> bool:
        target = self.heap.points_to.functions.get(value[1]) or function
        return target is not None and bool(target.params) and self._is_cleared(value, target)

    def _is_cleared(self, value: Term, target: Function) -> bool:
        """Tell whether something that runs in the life of the objects empties the cache."""
        for clearing in self.heap.effects.external:
            method = clearing.call[1]
            if clearing.name != "?memo.cache_clear" or method[0] != "attr":
                continue
            if value not in self.heap.points_to.evaluate(method[1]) and not self._names_it(method[1], target):
                continue
            home = self.heap.points_to.functions[clearing.function]
            if home.kind == "module" or home.name == "__del__" or self.heap.removals.feasibility.process_end.has(home):
                continue
            if any(guard.kind == "except" for guard in clearing.event.guards):
                continue
            if home.owner or self.heap.removals.has_life(home, set()):
                return True
        return False

    def _names_it(self, term: Term, target: Function) -> bool:
        if term[0] != "attr" or term[2] != target.name or not target.owner:
            return False
        return any(
            value[0] in {"self", "inst", "class"} and self.heap.points_to.classes.related(value[1], target.owner)
            for value in self.heap.points_to.evaluate(term[1])
        )


def _takes_self(function: Function) -> bool:
    """Tell whether a plain function is written to be a method."""
    return bool(function.params) and function.params[0].name == "self"
