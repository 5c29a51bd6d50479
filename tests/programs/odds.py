"""Less common ways to keep an object, and to seem to."""

from __future__ import annotations

import asyncio
import atexit
import collections
import concurrent.futures
import contextlib
import contextvars
import ctypes
import enum
import functools
import itertools
import queue
import sys
import threading
import types
import weakref

CURRENT = contextvars.ContextVar("CURRENT")
LOCAL = threading.local()
WAITING = queue.Queue()
FUTURE = concurrent.futures.Future()
POOL = concurrent.futures.ThreadPoolExecutor(1)
SPACE = types.SimpleNamespace(things=[])
CHAIN = collections.ChainMap({})
ITERATORS: list = []
CALLBACKS: list = []
TASKS: set = set()
SCALE = {"unit": 1}


class InContext:
    def __init__(self):
        CURRENT.set(self)


class InThreadLocal:
    def __init__(self):
        if not hasattr(LOCAL, "things"):
            LOCAL.things = []
        LOCAL.things.append(self)


class InQueue:
    def __init__(self):
        WAITING.put(self)


class InQueueAndOut:
    def __init__(self):
        WAITING.put(self)
        WAITING.get()


class OnFuture:
    def __init__(self):
        FUTURE.add_done_callback(self.done)

    def done(self, _):
        """Do nothing."""


class InPool:
    def __init__(self):
        POOL.submit(self.work)

    def work(self):
        """Do nothing."""


class InNamespace:
    def __init__(self):
        SPACE.things.append(self)


class InChainMap:
    def __init__(self):
        CHAIN[id(self)] = self


class InIterator:
    def __init__(self):
        ITERATORS.append(itertools.chain([self], []))


class InForeignFunction:
    def __init__(self):
        CALLBACKS.append(ctypes.CFUNCTYPE(None)(self.called))

    def called(self):
        """Do nothing."""


class InAsyncGenerator:
    kept: list = []

    def __init__(self):
        self.kept.append(self.walk())

    async def walk(self):
        yield self


class InTask:
    """The set of tasks lets go of each when it is done."""

    def __init__(self):
        task = asyncio.get_running_loop().create_task(self.work())
        TASKS.add(task)
        task.add_done_callback(TASKS.discard)

    async def work(self):
        await asyncio.sleep(0)


BACKGROUND: set = set()


class InEndlessTask:
    def __init__(self):
        BACKGROUND.add(asyncio.get_running_loop().create_task(self.work()))

    async def work(self):
        while True:
            await asyncio.sleep(3600)


class Lying:
    """Says of itself that it is something else, and does not like to be asked."""

    every: list = []

    def __init__(self):
        Lying.every.append(self)

    @property
    def __class__(self):
        raise RuntimeError("asked")

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Active:
    """A class attribute that holds the last one."""

    active = None

    def __init__(self):
        Active.active = self


class Outer:
    class Inner:
        every: list = []

        def __init__(self):
            self.every.append(self)


class Registering(type):
    def __init__(cls, name, bases, body):
        super().__init__(name, bases, body)
        cls.own = {}

    def __call__(cls, *args):
        made = super().__call__(*args)
        cls.own[id(made)] = made
        return made


class Registered(metaclass=Registering):
    pass


class Subclassed:
    """Keeps classes, of which there are few, and no instances."""

    kinds: list = []

    def __init_subclass__(cls):
        Subclassed.kinds.append(cls)


class Child(Subclassed):
    pass


class Interned:
    known = weakref.WeakValueDictionary()

    def __new__(cls, name: str):
        made = cls.known.get(name)
        if made is None:
            made = cls.known[name] = super().__new__(cls)
        return made


class InternedAndRecent(Interned):
    known = weakref.WeakValueDictionary()
    recent = collections.deque(maxlen=5)

    def __new__(cls, name: str):
        made = super().__new__(cls, name)
        cls.recent.append(made)
        return made


class Color(enum.Enum):
    RED = 1
    GREEN = 2

    @functools.lru_cache(maxsize=None)  # noqa: UP033
    def shade(self, number: int = 1):
        return number


def color():
    return Color.RED


class Proxied:
    every: list = []

    def __init__(self):
        self.every.append(weakref.proxy(self))


class NamedHandler:
    """One place in the dict for all of them."""

    handlers: dict = {}

    def __init__(self):
        self.handlers["handler"] = functools.partial(print, self)


class Session:
    """Stored while it is open."""

    open_ones: list = []

    def __enter__(self):
        self.open_ones.append(self)  # opened
        return self

    def __exit__(self, *_):
        self.open_ones.remove(self)


class Forgetful(Session):
    def __exit__(self, *_):
        """Forget to close."""


class Traced:
    def __init__(self):
        sys.setprofile(self.trace)

    def trace(self, *_):
        """Do nothing."""


class AtExitLambda:
    def __init__(self):
        atexit.register(lambda: self)


class Stacked:
    stack = contextlib.ExitStack()

    def __init__(self):
        self.stack.callback(self.close)

    def close(self):
        """Do nothing."""


@functools.singledispatch
def show(value):
    return value


def dispatched(name: str):
    kind = type(name, (), {})
    show.register(kind, print)
    return kind


def module_of(name: str):
    sys.modules[name] = types.ModuleType(name)
    return sys.modules[name]


class Missing(dict):
    def __missing__(self, key):
        self[key] = made = Child()
        return made


MISSING = Missing()


def missing(name: str):
    return MISSING[name]


def scaled(value: float):
    return value * SCALE["unit"]


class Context:
    def __init__(self):
        self.error = None

    def fail(self):
        try:
            raise KeyError
        except KeyError as error:
            self.error = error


class Unstarted(threading.Thread):
    def run(self):
        """Do nothing."""


PROBES = [
    ("bounded", "CURRENT", "other", {"subject": "InContext"}),
    ("confirmed", "LOCAL", "other", {"subject": "InThreadLocal"}),
    ("confirmed", "WAITING", "other", {"subject": "InQueue"}),
    ("refuted", "WAITING", "other", {"subject": "InQueueAndOut", "stores": "WAITING.get()"}),
    ("confirmed", "FUTURE", "other", {"subject": "OnFuture"}),
    ("refuted", "POOL", "other", {"subject": "InPool", "stores": "POOL.submit"}),
    ("confirmed", "SPACE", "other", {"subject": "InNamespace"}),
    ("confirmed", "CHAIN", "other", {"subject": "InChainMap"}),
    ("confirmed", "ITERATORS", "list", {"subject": "InIterator"}),
    ("confirmed", "CALLBACKS", "list", {"subject": "InForeignFunction"}),
    ("confirmed", "InAsyncGenerator.kept", "list", {"subject": "InAsyncGenerator"}),
    ("refuted", "TASKS", "set", {"subject": "InTask", "stores": "TASKS.add(task)"}),
    ("bounded", "Active.active", "other", {"subject": "Active"}),
    ("confirmed", "Outer.Inner.every", "list", {"subject": "Outer.Inner"}),
    ("confirmed", "Registering.own", "dict", {"subject": "Registered"}),
    ("unreached", "Subclassed.kinds", "list", {"subject": "Child", "stores": "class Child"}),
    ("refuted", "Interned.known", "dict", {"subject": "Interned"}),
    ("bounded", "InternedAndRecent.recent", "other", {"subject": "InternedAndRecent"}),
    ("bounded", "Color.shade", "memo", {"subject": "Color", "trigger": "method:shade", "factory": "{module}:color"}),
    ("refuted", "Proxied.every", "list", {"subject": "Proxied"}),
    ("bounded", "NamedHandler.handlers", "dict", {"subject": "NamedHandler"}),
    (
        "refuted",
        "Session.open_ones",
        "list",
        {"subject": "Session", "trigger": "method:__enter__", "stores": "# opened"},
    ),
    ("confirmed", "Session.open_ones", "list", {"subject": "Forgetful", "trigger": "method:__enter__"}),
    ("bounded", "", "other", {"subject": "Traced"}),
    ("confirmed", "", "atexit", {"subject": "AtExitLambda"}),
    ("confirmed", "Stacked.stack", "other", {"subject": "Stacked"}),
    ("confirmed", "show", "other", {"trigger": "call:{module}:dispatched", "track": "result"}),
    ("confirmed", "sys.modules", "dict", {"trigger": "call:{module}:module_of", "track": "result"}),
    ("confirmed", "MISSING", "dict", {"trigger": "call:{module}:missing", "track": "result"}),
    ("refuted", "SCALE", "dict", {"trigger": "call:{module}:scaled", "track": "growth", "stores": 'SCALE["unit"]'}),
    ("gc-lag", "", "other", {"subject": "Context", "trigger": "method:fail"}),
    ("unreached", "", "thread", {"subject": "Unstarted"}),
    ("confirmed", "Lying.every", "list", {"subject": "Lying"}),
    ("confirmed", "BACKGROUND", "set", {"subject": "InEndlessTask"}),
]
