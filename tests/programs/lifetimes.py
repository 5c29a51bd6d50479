"""Cycles, exceptions, closures, generators and classes that cannot be weakly referenced."""

from __future__ import annotations

import collections
import functools
import weakref


class SelfCycle:
    def __init__(self):
        self.me = self


class Parent:
    def __init__(self):
        self.child = Child(self)


class Child:
    def __init__(self, parent):
        self.parent = parent


class WeakChild:
    def __init__(self):
        self.child = Child(weakref.proxy(self))


class WithDel:
    def __init__(self):
        self.me = self

    def __del__(self):
        self.me = None


class Resurrected:
    """Comes back once in its finalizer and stays."""

    graveyard: list = []

    def __del__(self):
        self.graveyard.append(self)


class CaughtError:
    last: list = []

    def fail(self):
        try:
            raise ValueError(self.fail.__name__)
        except ValueError as error:
            self.last.append(error)


class CaughtText:
    last: list = []

    def fail(self):
        try:
            raise ValueError(self.fail.__name__)
        except ValueError as error:
            self.last.append(str(error))


class ClearedError:
    last: list = []

    def fail(self):
        try:
            raise ValueError
        except ValueError as error:
            self.last.append(error.with_traceback(None))


HANDLERS: list = []
GENERATORS: list = []
REFERENCES: list = []


class BoundMethod:
    def __init__(self):
        HANDLERS.append(self.handle)

    def handle(self):
        """Do nothing."""


class InLambda:
    def __init__(self):
        HANDLERS.append(lambda: self)


class InPartial:
    def __init__(self):
        HANDLERS.append(functools.partial(print, self))


class InDefault:
    def __init__(self):
        def handle(me=self):
            return me

        HANDLERS.append(handle)


class InWeakMethod:
    def __init__(self):
        HANDLERS.append(weakref.WeakMethod(self.handle))

    def handle(self):
        """Do nothing."""


class InGenerator:
    def __init__(self):
        running = self.walk()
        next(running)
        GENERATORS.append(running)

    def walk(self):
        yield 1
        yield self


class WeakCallback:
    """The reference is weak, its callback is not."""

    def __init__(self):
        REFERENCES.append(weakref.ref(type(self), self.gone))

    def gone(self, _):
        """Do nothing."""


class Slotted:
    __slots__ = ("number",)
    every: list = []

    def __init__(self):
        self.number = 1
        self.every.append(self)


class SlottedFree:
    __slots__ = ("number",)

    def __init__(self):
        self.number = 1


class SlottedCycle:
    __slots__ = ("me",)

    def __init__(self):
        self.me = self


class Number(int):
    """No instance dict, no weak references."""

    __slots__ = ()


NUMBERS: list = []


def number(value: int):
    made = Number(value + 1_000_000)
    NUMBERS.append(made)
    return made


def free_number(value: int):
    return Number(value + 1_000_000)


Point = collections.namedtuple("Point", "x y")
POINTS: dict = {}


def point(x: int):
    return POINTS.setdefault(x, Point(x, [x]))


CLASSES: dict = {}


def make_class(name: str):
    CLASSES[name] = type(name, (), {})
    return CLASSES[name]


def free_class(name: str):
    return type(name, (), {})


class Meta(type):
    instances: dict = {}

    def __call__(cls, *args):
        if args not in cls.instances:
            cls.instances[args] = super().__call__(*args)
        return cls.instances[args]


class Interned(metaclass=Meta):
    def __init__(self, name: str):
        self.name = name


class Field:
    """A descriptor that keeps values by instance."""

    def __init__(self):
        self.values = {}

    def __get__(self, owner, kind):
        return self if owner is None else self.values.get(owner)

    def __set__(self, owner, value):
        self.values[owner] = value


class Described:
    field = Field()

    def __init__(self):
        self.field = 1


class Frozen:
    """Equal by value, hashed by value."""

    every: set = set()

    def __init__(self, name: str):
        self.name = name
        self.every.add(self)

    def __eq__(self, other):
        return self.name == other.name

    def __hash__(self):
        return hash(self.name)


class Hostile:
    """Its own methods must not be called by who watches."""

    every: list = []

    def __init__(self):
        self.every.append(self)

    def __eq__(self, other):
        raise RuntimeError("compared")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self):
        raise RuntimeError("shown")

    def __len__(self):
        raise RuntimeError("measured")

    def __getattr__(self, name):
        raise RuntimeError(name)


PROBES = [
    ("gc-lag", "", "other", {"subject": "SelfCycle"}),
    ("gc-lag", "", "other", {"subject": "Parent"}),
    ("refuted", "", "other", {"subject": "WeakChild"}),
    ("gc-lag", "", "other", {"subject": "WithDel"}),
    ("confirmed", "Resurrected.graveyard", "list", {"subject": "Resurrected"}),
    ("confirmed", "CaughtError.last", "list", {"subject": "CaughtError", "trigger": "method:fail"}),
    ("refuted", "CaughtText.last", "list", {"subject": "CaughtText", "trigger": "method:fail"}),
    ("refuted", "ClearedError.last", "list", {"subject": "ClearedError", "trigger": "method:fail"}),
    ("confirmed", "HANDLERS", "list", {"subject": "BoundMethod"}),
    ("confirmed", "HANDLERS", "list", {"subject": "InLambda"}),
    ("confirmed", "HANDLERS", "list", {"subject": "InPartial"}),
    ("confirmed", "HANDLERS", "list", {"subject": "InDefault"}),
    ("refuted", "HANDLERS", "list", {"subject": "InWeakMethod"}),
    ("confirmed", "GENERATORS", "list", {"subject": "InGenerator"}),
    ("confirmed", "REFERENCES", "list", {"subject": "WeakCallback"}),
    ("confirmed", "Slotted.every", "list", {"subject": "Slotted"}),
    ("refuted", "", "other", {"subject": "SlottedFree"}),
    ("gc-lag", "", "other", {"subject": "SlottedCycle"}),
    ("confirmed", "NUMBERS", "list", {"trigger": "call:{module}:number", "track": "result"}),
    ("refuted", "", "other", {"trigger": "call:{module}:free_number", "track": "result"}),
    ("confirmed", "POINTS", "dict", {"trigger": "call:{module}:point", "track": "result"}),
    ("confirmed", "CLASSES", "dict", {"trigger": "call:{module}:make_class", "track": "result"}),
    ("refuted", "", "other", {"trigger": "call:{module}:free_class", "track": "result"}),
    ("confirmed", "Meta.instances", "dict", {"subject": "Interned"}),
    ("confirmed", "Described.field", "other", {"subject": "Described"}),
    ("confirmed", "Frozen.every", "set", {"subject": "Frozen"}),
    ("confirmed", "Hostile.every", "list", {"subject": "Hostile"}),
]
