"""What lives as long as the process: found by following the heap from modules, classes, defaults and cached results."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property

from leaklint.flow.model import Class, Event, Function, Guard, Module, is_for_scripts
from leaklint.flow.terms import Term, walk
from leaklint.heap import namespaces
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effects
from leaklint.heap.generators import endless, is_inside, is_made_once, locals_of_generator
from leaklint.heap.grouping import lists_by_key
from leaklint.heap.heap_place import HeapPlace, Place, is_set_later
from leaklint.heap.points_to import PointsTo
from leaklint.heap.workers import locals_of_workers, loops_of

_LIVING = frozenset(
    {"container", "inst", "func", "partial", "memo", "extinst", "method", "cmethod", "self", "exc", "generator"}
)
_MAKING = frozenset({"list", "dict", "set", "tuple", "comp", "call"})  # terms of values that are made where they stand


def _is_of_a_script(module: Module, guards: tuple[Guard, ...]) -> bool:
    """Tell whether a statement of a package's module runs only where the module is tried out as a script."""
    in_package = module.is_package or "." in module.name
    return in_package and is_for_scripts(guards)


def _replaced_at_import(body: Function) -> set[tuple[str, Place]]:
    """Return (name, place) of what a module's body assigns and itself replaces for certain: no function meets it later."""
    assigned = [event for event in body.events if event.kind == "setname"]
    last = {event.name: event.place for event in assigned if not event.guards}
    return {(event.name, event.place) for event in assigned if event.place < last.get(event.name, event.place)}


def _objects(values: Iterable[Term]) -> int:
    """Return of how many objects values are; there is at least one."""
    return max(1, sum(value[0] in {"inst", "extinst", "container"} for value in values))


def _doubts(value: Term, location: HeapPlace) -> int:
    """Return how many steps of the way to a value may lead to another one: a container's own attribute is no such step."""
    slots = location.slots[:-1] if value[0] == "container" else location.slots
    return location.is_unsure + any(is_set_later(*slot) for slot in slots)


class Lifetime:
    """Long-lived containers and objects of a program, each with the shortest way to it."""

    def __init__(self, heap: PointsTo, effects: Effects) -> None:
        self.heap = heap
        self.effects = effects
        self.long: dict[Term, HeapPlace] = {}
        self.others: dict[Term, list[HeapPlace]] = {}
        self.left: dict[Term, HeapPlace] = {}  # what is in objects that the program leaves to its users to make
        self.classes: dict[str, HeapPlace] = {}  # classes with an instance that lives long
        self.resumed: dict[str, list[Place]] = {}  # the loops of generators that live long, and of workers
        self._on: dict[Term, list[tuple[str, str, Event]]] = lists_by_key(
            (self._kind_of(value), (event.name, key, event))
            for key, function in heap.functions.items()
            for event in function.events if event.kind == "setattr"
            for value in namespaces.assigned(heap, heap.attributes.with_given(event.terms[0]))
        )  # fmt: skip
        self._grow()

    def _kind_of(self, value: Term) -> Term:
        """Return what attributes are noted under: calls that return an object of the whole process return the same one."""
        return value[:2] if value[0] == "extinst" and self.heap.lives_on(value) else value

    def assigned_to(self, value: Term) -> list[tuple[str, str, Event]]:
        """Return (name, function, event) of what is assigned to attributes of an abstract value."""
        return self._on.get(self._kind_of(value), [])

    def where(self, value: Term) -> HeapPlace | None:
        """Return where a value lives long, or in which object that users make."""
        return self.long.get(value) or self.left.get(value)

    def _grow(self) -> None:
        queue: deque[tuple[Term, HeapPlace]] = deque()
        for value, location in self._roots():
            self._reach(queue, value, location)
        while queue:
            value, location = queue.popleft()
            for child, where in self._below(value, location):
                self._reach(queue, child, where)

    def _reach(self, queue: deque[tuple[Term, HeapPlace]], value: Term, location: HeapPlace) -> None:
        if value[0] not in _LIVING:
            return
        if value in self.long and _doubts(value, location) < _doubts(value, self.long[value]):
            del self.long[value]  # this way to it is surer
        if value in self.long:
            if self.long[value].key != location.key and len(self.others.setdefault(value, [])) < 4:
                self.others[value].append(location)
            return
        self.long[value] = location
        if value[0] == "inst":
            self.classes.setdefault(value[1], location)
        queue.append((value, location))

    def _roots(self) -> Iterator[tuple[Term, HeapPlace]]:
        names = self.heap.names
        for module in names.modules.values():
            yield from self._of_module(module)
        for key, klass in names.classes.items():
            if not klass.parent:
                yield from self._of_class(key, klass)
        for value, assigned in self._on.items():
            for word, function, event in assigned:
                yield from self._put_on(value, word, function, event)
        for scope, owner, container in namespaces.roots(self.heap):
            place = names.classes[owner].place if scope == "class" else (1, 0, 1, 0)
            path = (f"{_dotted(owner)}.__dict__",)
            yield container, HeapPlace(scope, owner, "__dict__", owner.partition(":")[0], place, 0, path)
        yield from self._defaults()
        yield from self._descriptors()
        for value, worker, word in locals_of_workers(self.heap, self.effects):
            home = names.module_of(worker.key).name
            place = value[2][1:5]
            self.resumed.setdefault(worker.key, loops_of(worker))
            yield value, HeapPlace("thread", worker.key, word, home, place, 0, (f"{_dotted(worker.key)}()", word))
        for value in self._on:
            if value[0] == "extinst" and self.heap.lives_on(value):
                outside = HeapPlace("outside", value[1], value[1], "", (1, 0, 1, 0), 0, (value[1],))
                yield from self._attributes(value, outside)

    def _of_module(self, module: Module) -> Iterator[tuple[Term, HeapPlace]]:
        assigned = ((word, *assignment) for word, values in module.names.items() for assignment in values)
        replaced = _replaced_at_import(self.heap.functions[f"{module.name}:"])
        for word, term, place, guards in assigned:
            if _is_of_a_script(module, guards) or (word, place) in replaced:
                continue
            values = self.heap.in_order(term)
            path = (f"{module.name}.{word}",)
            where = HeapPlace("module", module.name, word, module.name, place, 0, path, _objects(values))
            yield from ((value, where) for value in values if value[0] != "self" or guards)

    def _of_class(self, key: str, klass: Class) -> Iterator[tuple[Term, HeapPlace]]:
        home = self.heap.names.module_of(key).name
        for word, (term, place) in klass.attributes.items():
            where = HeapPlace("class", key, word, home, place, 0, (f"{_dotted(key)}.{word}",))
            is_member = self.heap.classes.is_member(key, word)
            for value in [("inst", key, None)] if is_member else self.heap.in_order(term):
                yield value, where

    def _put_on(self, value: Term, word: str, function: str, event: Event) -> Iterator[tuple[Term, HeapPlace]]:
        """Yield what an assignment puts on a class, function or module, or on all objects of a class at once."""
        names = self.heap.names
        home = names.module_of(function).name
        if self.heap.functions[function].kind == "module" and _is_of_a_script(names.modules[home], event.guards):
            return
        if value[0] in {"class", "anyclass", "metaclass", "func", "module"} and value[1] != "?":
            is_local = (value[0] == "func" and "<locals>" in value[1]) or (
                value[0] == "class" and names.classes[value[1]].parent
            )
            if is_local:
                return
            scope = {"class": "class", "func": "function", "module": "module"}.get(value[0], "metaclass")
            where = HeapPlace(scope, value[1], word, home, event.place, 0, (f"{_dotted(value[1])}.{word}",))
            children = self.heap.in_order(event.terms[1])
            yield from ((child, where) for child in children if child[0] != "self" or event.guards)
        if word == "__dict__" and value[0] in {"self", "inst"}:
            yield from self._shared(value, event, home)

    def _descriptors(self) -> Iterator[tuple[Term, HeapPlace]]:
        """Objects of descriptor classes sit on classes, unless the program is seen to put them elsewhere."""
        names = self.heap.names
        for key, klass in names.classes.items():
            if klass.parent or not self._is_descriptor(key):
                continue
            descriptor = ("inst", key, ("descriptor",))
            if key not in self._put_away:
                yield descriptor, HeapPlace("class", key, "", key.partition(":")[0], klass.place, 0, (_dotted(key),))

    @cached_property
    def _put_away(self) -> frozenset[str]:
        """Return the classes of which functions assign objects to attributes."""
        return frozenset(
            value[1]
            for function in self.heap.functions.values() if function.kind not in {"class", "module"}
            for event in function.events if event.kind == "setattr"
            for value in self.heap.in_order(event.terms[1]) if value[0] == "inst"
        )  # fmt: skip

    def _is_descriptor(self, key: str) -> bool:
        """Tell whether objects of a class are attributes of other classes: not those that wrap functions, and are called."""
        classes = self.heap.classes
        methods = {name for ancestor in classes.order(key) for name in classes.class_of(ancestor).methods}
        return "__set__" in methods or ("__get__" in methods and "__call__" not in methods)

    def _shared(self, value: Term, event: Event, home: str) -> Iterator[tuple[Term, HeapPlace]]:
        """All objects of a class share one ``__dict__``: each of their fields is one for the class."""
        if namespaces.is_shared(self.heap.evaluate(event.terms[1])) and event.terms[1][0] in {"attr", "name"}:
            where = HeapPlace("class", value[1], "__dict__", home, event.place, 0, (f"{_dotted(value[1])}.__dict__",))
            yield ("inst", value[1], ("shared",)), where

    def _defaults(self) -> Iterator[tuple[Term, HeapPlace]]:
        """Yield the containers and objects that are made once as defaults of functions."""
        functions = [(key, function) for key, function in self.heap.functions.items() if not function.parent]
        defaults = ((key, function, param) for key, function in functions for param in function.params)
        for key, function, param in defaults:
            for value in self.heap.in_order(param.default) if param.default is not None else ():
                if value[0] in {"container", "inst"}:
                    home = self.heap.names.module_of(key).name
                    has_site = isinstance(value[2], tuple) and len(value[2]) >= 5
                    place = value[2][1:5] if has_site else function.place
                    path = (f"{_dotted(key)}({param.name})",)
                    yield value, HeapPlace("default", key, param.name, home, place, 0, path)

    def _below(self, value: Term, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
        kind = value[0]
        yield from namespaces.below(self.heap, value, location)
        if kind in {"inst", "self"}:
            yield from self._fields(value, location)
        elif kind == "container":
            yield from self._contents(value, location)
        elif kind == "extinst":
            yield from self._attributes(value, location)
        elif kind == "func":
            yield from self._captured(value[1], location)
            yield from self._attributes(value, location) if "<locals>" in value[1] else ()
        elif kind == "method" or kind == "cmethod":
            yield value[1], location
        elif kind == "generator" and self._is_for_good(location):
            for local, function, word in locals_of_generator(self.heap, value):
                self.resumed.setdefault(function.key, endless(function))
                home, path = (
                    self.heap.names.module_of(function.key).name,
                    (*location.path, f"{_dotted(function.key)}()", word),
                )
                place = local[2][1:5] if local[2] and local[2][0] == home else function.place
                yield local, HeapPlace("generator", function.key, word, home, place, 0, path)
        elif kind == "partial":
            for term in (value[1], *call_arguments(value)):
                for child in self.heap.in_order(term):
                    yield child, location
        elif kind == "memo" and value[1] and not self.heap.functions[value[1]].params:
            for child in self.heap.ordered(self.heap.calling.returned(value[1])):
                yield child, location._replace(scope="result", path=(*location.path, "its result"))

    def _is_for_good(self, location: HeapPlace) -> bool:
        """Tell whether a variable that holds a generator is given no other later."""
        if location.depth:
            return False
        if location.scope == "module":
            return is_made_once(self.heap, location.owner, location.name)
        fields = [key for name, key, _ in self._on.get(("self", location.owner), ()) if name == location.name]
        return all(namespaces.is_constructor(self.heap.functions[key].name) for key in fields)

    def is_resumed(self, function: str, event: Event) -> bool:
        """Tell whether an event stands in the loop of a worker, or of a generator that lives long, which goes on for ever."""
        return any(is_inside(event.place, loop) for loop in self.resumed.get(function, ()))

    def _fields(self, value: Term, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
        if value[1] not in self.heap.names.classes or len(location.path) > 8:
            return
        classes = self.heap.classes
        seen = set()
        for holder in (
            value,
            ("self", value[1]),
            *(("self", above) for above in classes.order(value[1])),
            *(("self", heir) for heir in sorted(self._heirs(value))),
        ):
            for name, function, event in self._on.get(holder, ()):
                if (name, id(event)) in seen:
                    continue
                seen.add((name, id(event)))
                home = self.heap.names.module_of(function).name
                owner = self._definer(value[1], function)
                scope = "descriptor" if self._is_descriptor(value[1]) and len(location.path) == 1 else "field"
                children = self._assigned(value, function, event)
                alternatives = max(location.alternatives, _objects(children))
                slots = (*location.slots, (function, event))
                where = HeapPlace(scope, owner, name, home, event.place, 0, (*location.path, name), alternatives, slots)
                where = where._replace(maker=location.maker)
                for child in self.heap.ordered(children):
                    yield child, where

    def _heirs(self, value: Term) -> set[str]:
        """Return the classes below an object's own that it may be of: none where the class is named that makes it."""
        return set() if self.heap.is_exact(value) else self.heap.classes.below(value[1])

    def _assigned(self, value: Term, function: str, event: Event) -> frozenset[Term]:
        """Return what a field of an object may hold: of a parameter of its constructor, what that very object is made with."""
        values = self.heap.attributes.descriptors.held(value[1], function, event)
        if value[0] != "inst" or not any(param[0] == "param" for param in values):
            return values
        arguments = [
            call.bound[param[2]]
            for param in values
            if param[0] == "param"
            for call in self.effects.calls.get(param[1], ())
            if param[2] in call.bound and call.term[0] == "made" and call.term[2][4] == value[2]
        ]
        return values | self.heap.all_of(arguments)

    def _definer(self, key: str, function: str) -> str:
        """Return the class whose method assigns a field, which names the holder; else the object's own class."""
        owner = self.heap.functions[function].owner
        return owner if owner and self.heap.classes.related(owner, key) else key

    def _contents(self, value: Term, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
        if location.depth > 3:
            return
        weak = value[1].startswith("weak:")  # what is held weakly, or as long as its key, may be gone long before
        under = location.is_of_weak_key or weak
        inner = location._replace(depth=location.depth + 1, path=(*location.path, "[..]"), is_of_weak_key=under)
        for _, part in self.heap.contents.parts(value):
            for child in self.heap.in_order(part):
                bound = child[1] if child[0] == "method" else child
                if bound[0] != "self" and not (weak and child[0] != "container"):
                    yield child, inner
        for name, container in self.heap.external.inside.get(value, {}).items():
            yield container, location._replace(name=f"{location.name}.{name}", path=(*location.path, name))
        yield from self._attributes(value, location)

    def _attributes(self, value: Term, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
        """Yield what the program puts on a thread-local, a namespace or an object from outside."""
        for name, term in self.heap.external.fields.get(value, {}).items():
            where = location._replace(name=f"{location.name}.{name}", path=(*location.path, name))
            for child in self.heap.in_order(term):
                yield child, where
        for name, function, event in self.assigned_to(value):
            where = location._replace(
                name=f"{location.name}.{name}",
                path=(*location.path, name),
                place=event.place,
                module=self.heap.names.module_of(function).name,
            )
            if location.scope == "outside" and event.terms[1][0] not in _MAKING:
                continue  # what else it may be, is not known to be put there alone
            if location.scope == "module":
                where = where._replace(place=location.place, module=location.module)
            for child in self.heap.in_order(event.terms[1]):
                yield child, where

    def _captured(self, key: str, location: HeapPlace) -> Iterator[tuple[Term, HeapPlace]]:
        """Variables of the enclosing function that a long-lived inner function keeps."""
        names: set[tuple[str, str]] = set()
        pending, done = [key], set()
        while pending:
            function = pending.pop()
            done.add(function)
            tops = (top for event in self.heap.functions[function].events for top in event.terms)
            for term in (term for top in tops for term in walk(top)):
                if term[0] not in {"cell", "func", "param"} or term[1] in done:
                    continue
                if term[0] == "cell":
                    names.add((term[1], term[2]))
                elif term[0] == "func" and term[1].startswith(f"{key}."):
                    pending.append(term[1])
                elif term[0] == "param" and term[1] in self.heap.functions:
                    yield from ((value, location) for value in self.heap.in_order(term) if value[0] == "container")
        for outer, name in sorted(names):
            home, place = self.heap.names.module_of(outer).name, self._assigned_at(outer, name)
            path = (f"{_dotted(outer)}()", name)
            where = HeapPlace("closure", outer, name, home, place, 0, path, maker=outer)
            for term in self.heap.cell(("cell", outer, name)):
                for value in self.heap.in_order(term):
                    yield value, where

    def _assigned_at(self, outer: str, name: str) -> Place:
        for term in self.heap.cell(("cell", outer, name)):
            site = term[-1] if term[0] in {"list", "dict", "set", "tuple", "call", "comp"} else None
            if site is not None and len(site) == 5:
                return site[1:]  # type: ignore[no-any-return]
        return self.heap.functions[outer].place


def _dotted(key: str) -> str:
    return key.replace(":", ".").rstrip(".")
