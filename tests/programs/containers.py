"""Containers of classes and modules that keep instances, and look-alikes that do not."""

from __future__ import annotations

import collections
import weakref


class DictOfSelf:
    every: dict = {}

    def __init__(self):
        self.every[id(self)] = self


class ListOfSelf:
    every: list = []

    def __init__(self):
        self.every.append(self)


class SetOfSelf:
    every: set = set()

    def __init__(self):
        type(self).every.add(self)


class KeyedBySelf:
    notes: dict = {}

    def __init__(self):
        KeyedBySelf.notes[self] = "note"


class Nested:
    by_name = collections.defaultdict(list)

    def __init__(self, name: str = "same"):
        self.by_name[name].append(self)


class InTuple:
    every: dict = {}

    def __init__(self):
        self.every[id(self)] = (1, (2, self))


class Private:
    __every: list = []

    def __init__(self):
        self.__every.append(self)


class Base:
    every: list = []


class Derived(Base):
    def __init__(self):
        self.every.append(self)


class Queue:
    every = collections.deque()

    def __init__(self):
        self.every.append(self)


class Ordered:
    every = collections.OrderedDict()

    def __init__(self):
        self.every[len(self.every)] = self


class Registry(dict):
    """A dict subclass with a method of its own."""

    def remember(self, thing):
        self[id(thing)] = thing


class InSubclassOfDict:
    every = Registry()

    def __init__(self):
        self.every.remember(self)


class UserDict:
    every = collections.UserDict()

    def __init__(self):
        self.every[id(self)] = self


class Shelf:
    """An object that keeps things in an attribute."""

    def __init__(self):
        self.things = []


class OnAnObject:
    shelf = Shelf()

    def __init__(self):
        self.shelf.things.append(self)


class Indirect:
    """The container keeps a helper, which keeps the object."""

    helpers: list = []

    def __init__(self):
        helper = Shelf()
        helper.things.append(self)
        self.helpers.append(helper)


REGISTERED = []
CACHE = {}
NUMBERS = {}
SEEN = set()


def register(thing):
    REGISTERED.append(thing)
    return thing


def lookup(name: str):
    if name not in CACHE:
        CACHE[name] = Shelf()
    return CACHE[name]


def number_of(text: str) -> int:
    return NUMBERS.setdefault(text, len(text))


def with_memo(text: str, known={}):  # noqa: B006
    return known.setdefault(text, len(text))


def mark(thing):
    SEEN.add(id(thing))


class Weak:
    every = weakref.WeakValueDictionary()

    def __init__(self):
        self.every[id(self)] = self


class WeakMember:
    every = weakref.WeakSet()

    def __init__(self):
        self.every.add(self)


class WeakKey:
    notes = weakref.WeakKeyDictionary()

    def __init__(self):
        self.notes[self] = "note"


class WeakInName:
    """The value reaches its key, so that a weak key does not help."""

    notes = weakref.WeakKeyDictionary()

    def __init__(self):
        self.notes[self] = [self]


class References:
    every: dict = {}

    def __init__(self):
        self.every[id(self)] = weakref.ref(self)


class OwnContainer:
    every: list = []

    def __init__(self):
        self.every = [self.__class__]


class Counted:
    made: dict = {}

    def __init__(self):
        self.made["count"] = self.made.get("count", 0) + 1


class Evicting:
    recent = collections.OrderedDict()

    def __init__(self):
        self.recent[id(self)] = self
        if len(self.recent) > 20:
            self.recent.popitem(last=False)


class Ring:
    recent = collections.deque(maxlen=10)

    def __init__(self):
        self.recent.append(self)


class Emptied:
    every: list = []

    def __init__(self):
        if len(self.every) >= 30:
            self.every.clear()
        self.every.append(self)


class Current:
    slot: dict = {}

    def __init__(self):
        self.slot["current"] = self


class Single:
    instances: dict = {}

    def __new__(cls):
        if cls not in cls.instances:
            cls.instances[cls] = super().__new__(cls)
        return cls.instances[cls]


class Paired:
    every: dict = {}

    def __init__(self):
        self.every[id(self)] = self  # paired
        del self.every[id(self)]


class Closing:
    """Clean only for those who close; its scenario does."""

    every: set = set()

    def __init__(self):
        self.every.add(self)

    def close(self):
        self.every.discard(self)


def make_and_close():
    made = Closing()
    made.close()
    return made


class CleansInDel:
    """The clean-up that the leak itself prevents."""

    every: dict = {}

    def __init__(self):
        self.every[id(self)] = self

    def __del__(self):
        self.every.pop(id(self), None)


class TwoHolders:
    """Kept by one container while another, which is flagged as well, is innocent."""

    culprit: list = []
    innocent: dict = {}

    def __init__(self):
        self.culprit.append(self)
        self.innocent["last"] = id(self)


class OnRequest:
    """Stores itself only if asked to; an experiment that asks needs the other value of the flag."""

    every: list = []

    def __init__(self, keep: bool = False):
        if keep:
            self.every.append(self)  # on request


def on_request():
    return OnRequest(keep=True)


class LargeAndBounded:
    """Its bound is farther away than an experiment goes without a reason."""

    every: list = []

    def __init__(self):
        if len(self.every) >= 3000:
            del self.every[:1000]
        self.every.append(self)


BOUNDED: dict = {}
LIMIT = 2000


def bounded(name: str):
    while len(BOUNDED) >= LIMIT:
        BOUNDED.pop(next(iter(BOUNDED)))
    return BOUNDED.setdefault(name, Shelf())


PROBES = [
    ("confirmed", "DictOfSelf.every", "dict", {"subject": "DictOfSelf"}),
    ("confirmed", "ListOfSelf.every", "list", {"subject": "ListOfSelf"}),
    ("confirmed", "SetOfSelf.every", "set", {"subject": "SetOfSelf"}),
    ("confirmed", "KeyedBySelf.notes", "dict", {"subject": "KeyedBySelf"}),
    ("confirmed", "Nested.by_name", "dict", {"subject": "Nested"}),
    ("confirmed", "InTuple.every", "dict", {"subject": "InTuple"}),
    ("confirmed", "Private._Private__every", "list", {"subject": "Private"}),
    ("confirmed", "Base.every", "list", {"subject": "Derived"}),
    ("confirmed", "Queue.every", "other", {"subject": "Queue"}),
    ("confirmed", "Ordered.every", "dict", {"subject": "Ordered"}),
    ("confirmed", "InSubclassOfDict.every", "dict", {"subject": "InSubclassOfDict"}),
    ("confirmed", "UserDict.every", "dict", {"subject": "UserDict"}),
    ("confirmed", "OnAnObject.shelf", "other", {"subject": "OnAnObject"}),
    ("confirmed", "Indirect.helpers", "list", {"subject": "Indirect"}),
    ("confirmed", "Missing.container", "dict", {"subject": "DictOfSelf"}),
    ("confirmed", "REGISTERED", "list", {"trigger": "call:{module}:register", "track": "argument:0"}),
    ("confirmed", "CACHE", "dict", {"trigger": "call:{module}:lookup", "track": "result"}),
    ("confirmed", "NUMBERS", "dict", {"trigger": "call:{module}:number_of", "track": "growth"}),
    ("confirmed", "with_memo", "closure", {"trigger": "call:{module}:with_memo", "track": "growth"}),
    ("refuted", "SEEN", "set", {"trigger": "call:{module}:mark", "track": "argument:0"}),
    ("refuted", "Weak.every", "dict", {"subject": "Weak"}),
    ("refuted", "WeakMember.every", "set", {"subject": "WeakMember"}),
    ("refuted", "WeakKey.notes", "dict", {"subject": "WeakKey"}),
    ("confirmed", "WeakInName.notes", "dict", {"subject": "WeakInName"}),
    ("refuted", "References.every", "dict", {"subject": "References"}),
    ("refuted", "OwnContainer.every", "list", {"subject": "OwnContainer", "stores": "self.every = [self.__class__]"}),
    ("unreached", "OwnContainer.every", "list", {"subject": "OwnContainer"}),
    ("refuted", "Counted.made", "dict", {"subject": "Counted"}),
    ("bounded", "Evicting.recent", "dict", {"subject": "Evicting"}),
    ("bounded", "Ring.recent", "other", {"subject": "Ring"}),
    ("bounded", "Emptied.every", "list", {"subject": "Emptied"}),
    ("bounded", "Current.slot", "dict", {"subject": "Current"}),
    ("bounded", "Single.instances", "dict", {"subject": "Single"}),
    ("refuted", "Paired.every", "dict", {"subject": "Paired", "stores": "self.every[id(self)] = self  # paired"}),
    ("until-closed", "Closing.every", "set", {"subject": "Closing"}),
    ("refuted", "Closing.every", "set", {"subject": "Closing", "factory": "{module}:make_and_close"}),
    ("confirmed", "CleansInDel.every", "dict", {"subject": "CleansInDel"}),
    ("confirmed", "TwoHolders.culprit", "list", {"subject": "TwoHolders"}),
    ("refuted", "TwoHolders.innocent", "dict", {"subject": "TwoHolders"}),
    (
        "confirmed",
        "OnRequest.every",
        "list",
        {"subject": "OnRequest", "stores": "self.every.append(self)  # on request"},
    ),
    ("unreached", "OnRequest.every", "list", {"subject": "OnRequest"}),
    ("confirmed", "OnRequest.every", "list", {"subject": "OnRequest", "factory": "{module}:on_request"}),
    ("bounded", "LargeAndBounded.every", "list", {"subject": "LargeAndBounded"}),
    ("bounded", "BOUNDED", "dict", {"trigger": "call:{module}:bounded", "track": "result"}),
]
