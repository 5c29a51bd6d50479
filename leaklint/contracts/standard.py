"""Contracts of the standard library and of popular packages: what makes a container, what memoises, what retains."""

from __future__ import annotations

from typing import NamedTuple

_WEAK = ("WeakValueDictionary", "WeakKeyDictionary", "WeakSet")
# What a call makes: the kind of container.
CONTAINERS: dict[str, str] = {
    **{f"builtins.{name}": name for name in ("dict", "list", "set", "tuple", "frozenset", "bytearray")},
    "collections.OrderedDict": "dict", "collections.defaultdict": "defaultdict", "collections.Counter": "counter",
    "collections.ChainMap": "dict", "collections.UserDict": "dict", "collections.UserList": "list",
    "collections.deque": "deque", "typing.OrderedDict": "dict", "typing.Dict": "dict", "typing.List": "list",
    "typing.Set": "set", "typing.DefaultDict": "defaultdict", "typing.Deque": "deque",
    "queue.Queue": "queue", "queue.LifoQueue": "queue", "queue.PriorityQueue": "queue", "queue.SimpleQueue": "queue",
    "asyncio.Queue": "queue", "asyncio.LifoQueue": "queue", "asyncio.PriorityQueue": "queue",
    "multiprocessing.Queue": "queue",
    **{f"weakref.{name}": f"weak:{name}" for name in _WEAK},
    "threading.local": "local", "_thread._local": "local", "contextvars.ContextVar": "contextvar",
    "types.SimpleNamespace": "namespace", "contextlib.ExitStack": "exitstack", "contextlib.AsyncExitStack": "exitstack",
    **{f"cachetools.{name}Cache": "bounded" for name in ("LRU", "TTL", "LFU", "FIFO", "RR", "TLRU")},
    "ordered_set.OrderedSet": "set", "sortedcontainers.SortedDict": "dict", "sortedcontainers.SortedList": "list",
    "sortedcontainers.SortedSet": "set", "multidict.MultiDict": "dict", "array.array": "plain",
    "collections.abc.MutableMapping": "", "typing.MutableMapping": "", "weakref.WeakMethod": "",
}  # fmt: skip
# Containers that an object of another package has inside, by attribute; what its methods return that are longer copies of it.
INSIDE: dict[str, dict[str, str]] = {"collections.ChainMap": {"maps": "list"}}
LONGER_COPIES = frozenset({"new_child"})
# Classes of other packages whose heirs are containers.
BASES: dict[str, str] = {
    name: kind for name, kind in CONTAINERS.items() if kind not in {"", "plain", "tuple", "frozenset"}
}

WEAK_REFERENCES = frozenset(
    {"weakref.ref", "weakref.proxy", "weakref.WeakMethod", "weakref.ReferenceType", "_weakref.ref"}
)

# What a call returns: nothing that keeps an object of the program.
PLAIN_MODULES = frozenset(
    (
        "base64 binascii datetime decimal fnmatch fractions hashlib json keyword locale math numbers operator "
        "os.path platform random re secrets shlex statistics string struct textwrap time uuid zlib "
    ).split()
)
PLAIN_CALLS = frozenset(
    f"builtins.{name}"
    for name in (
        "len str int float bool repr hash id abs sum round format ord chr hex oct bin isinstance issubclass hasattr callable "
        "bytes complex print divmod pow ascii dir all any range"
    ).split()
) | frozenset(
    [
        "os.getcwd", "os.getpid", "os.getenv", "os.urandom", "os.fspath", "os.listdir", "os.stat", "sys.getsizeof",
        "sys.getrefcount",
        "threading.get_ident", "threading.Lock", "threading.RLock", "threading.Event", "threading.Condition",
        "threading.Semaphore", "asyncio.Lock", "asyncio.Event", "asyncio.Semaphore", "itertools.count", "pathlib.Path",
        "pathlib.PurePath", "typing.TypeVar", "typing.NewType", "copyreg.__newobj__", "inspect.signature",
        "inspect.getsource", "importlib.import_module", "builtins.__import__", "tempfile.mkdtemp", "logging.getLogger",
        "enum.auto", "sys.intern", "builtins.object", "builtins.slice", "zoneinfo.ZoneInfo", "operator.itemgetter",
        "operator.attrgetter",
    ]
)  # fmt: skip
# What gives a value that no call has given before.
FRESH_CALLS = frozenset(
    (
        "builtins.id builtins.next builtins.object os.urandom random.random secrets.token_hex "
        "secrets.token_urlsafe time.monotonic time.monotonic_ns time.perf_counter time.time time.time_ns "
        "uuid.uuid1 uuid.uuid4 "
    ).split()
)
COPIES = frozenset(
    (
        "builtins.dict builtins.enumerate builtins.filter builtins.frozenset builtins.iter builtins.list "
        "builtins.map builtins.reversed builtins.set builtins.sorted builtins.tuple builtins.zip "
        "collections.OrderedDict collections.deque copy.copy copy.deepcopy "
    ).split()
)


class Memoiser(NamedTuple):
    """What keeps the results of a function under its arguments: how many by default (None: no bound)."""

    default: int | None
    parameter: str = "maxsize"
    bare: bool = True


MEMOISERS: dict[str, Memoiser] = {
    "functools.lru_cache": Memoiser(128), "functools.cache": Memoiser(None, ""),
    "cachetools.cached": Memoiser(None, "cache", bare=False), "cachetools.func.lru_cache": Memoiser(128),
    "cachetools.func.ttl_cache": Memoiser(128), "cachetools.func.lfu_cache": Memoiser(128),
    "async_lru.alru_cache": Memoiser(128), "aiocache.cached": Memoiser(None, "", bare=False),
    "repoze.lru.lru_cache": Memoiser(128), "toolz.memoize": Memoiser(None, ""), "cytoolz.memoize": Memoiser(None, ""),
    "toolz.functoolz.memoize": Memoiser(None, ""), "memoization.cached": Memoiser(None, "max_size"),
    "boltons.cacheutils.cached": Memoiser(None, "cache", bare=False), "joblib.Memory.cache": Memoiser(0, ""),
    "methodtools.lru_cache": Memoiser(0), "sympy.core.cache.cacheit": Memoiser(1000),
}  # fmt: skip


class Registrar(NamedTuple):
    """A callable that retains what it is handed.

    ``kind`` names the holder for rules; ``positions`` are the retained positional arguments (empty: all), ``words`` the
    retained keywords (empty: all); ``unless`` a keyword and the text of its value without which nothing is retained
    strongly (``weak=False``); ``undo`` the last names of the calls that take it out again; ``subject`` the argument that
    is only watched, not retained (-1: none). ``handle``: what the call returns undoes it; ``keeps_functions``: plain functions
    and lambdas are retained even where bound methods are held weakly.
    """

    kind: str
    positions: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    unless: tuple[str, str] = ("", "")
    undo: tuple[str, ...] = ()
    subject: int = -1
    handle: bool = False
    keeps_functions: bool = False


REGISTRARS: dict[str, Registrar] = {
    "atexit.register": Registrar("atexit", undo=("atexit.unregister",)),
    "weakref.finalize": Registrar("finalize", subject=0, undo=(".detach", ".__call__")),
    "multiprocessing.util.Finalize": Registrar("finalize", subject=0, undo=(".cancel", ".__call__")),
    "os.register_at_fork": Registrar("fork"),
    "signal.signal": Registrar("signal", positions=(1,)),
    "loguru.logger.add": Registrar("library", positions=(0,), undo=("loguru.logger.remove",)),
    "sys.settrace": Registrar("slot", positions=(0,)),
    "sys.setprofile": Registrar("slot", positions=(0,)),
    "threading.settrace": Registrar("slot", positions=(0,)),
    "sys.addaudithook": Registrar("library", positions=(0,)),
    "codecs.register": Registrar("library", positions=(0,), undo=("codecs.unregister",)),
    "codecs.register_error": Registrar("library", positions=(1,)),
    "copyreg.pickle": Registrar("library"),
    "gc.callbacks.append": Registrar("library", undo=("gc.callbacks.remove", "gc.callbacks.clear")),
    "gc.callbacks.insert": Registrar("library", undo=("gc.callbacks.remove", "gc.callbacks.clear")),
    "sys.meta_path.append": Registrar("library", undo=("sys.meta_path.remove", "sys.meta_path.pop")),
    "sys.meta_path.insert": Registrar("library", undo=("sys.meta_path.remove", "sys.meta_path.pop")),
    "sys.path_hooks.append": Registrar("library", undo=("sys.path_hooks.remove", "sys.path_hooks.pop")),
    "sys.path_hooks.insert": Registrar("library", undo=("sys.path_hooks.remove", "sys.path_hooks.pop")),
    "warnings.filters.append": Registrar("library", undo=("warnings.filters.remove",)),
    "readline.set_completer": Registrar("slot"),
    "faulthandler.register": Registrar("library"),
    "torch.nn.modules.module.register_module_forward_hook": Registrar("library", handle=True, undo=(".remove",)),
    "torch.nn.modules.module.register_module_forward_pre_hook": Registrar("library", handle=True, undo=(".remove",)),
    "torch.nn.modules.module.register_module_full_backward_hook": Registrar("library", handle=True, undo=(".remove",)),
}  # fmt: skip

_SIGNAL = Registrar("signal of a package", positions=(0,), unless=("weak", "False"), undo=(".disconnect",))
_FUNCTIONS = _SIGNAL._replace(unless=("weak", "never"), keeps_functions=True)
_JOB = Registrar("scheduler", positions=(0,), handle=True, undo=(".remove_job", ".remove_all_jobs", ".remove"))
_HOOK = Registrar("hook of a package", positions=(0,), handle=True, undo=(".remove",))
# By the last part of the name: (how the dotted name starts, contract).
ENDINGS: dict[str, tuple[tuple[str, Registrar], ...]] = {
    "connect": (
        ("django.", _SIGNAL), ("blinker.", _SIGNAL), ("flask.", _SIGNAL), ("celery.signals", _SIGNAL),
        ("psygnal.", _FUNCTIONS),
    ),
    "listen": (("sqlalchemy.", Registrar("event of a package", positions=(2,), undo=("sqlalchemy.event.remove",))),),
    "add_job": (("apscheduler.", _JOB),),
    "do": (("schedule.", Registrar("scheduler", handle=True, undo=("schedule.cancel_job", "schedule.clear"))),),
    "set_function": (("prometheus_client.", Registrar("metric", positions=(0,), undo=(".remove", ".clear"), handle=True)),),
    "add": (("loguru.", Registrar("library", positions=(0,), undo=("loguru.logger.remove",))),),
    **dict.fromkeys(
        "register_forward_hook register_forward_pre_hook register_full_backward_hook register_hook".split(),
        (("torch.", _HOOK),),
    ),
}  # fmt: skip

# What is added to a logger or to a handler, by the name of the adding method: what messages call it, the attribute that
# holds it, and the ends of the names of the calls that take it out again.
LOGGING: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "addHandler": ("handler", "handlers", (".removeHandler", ".handlers.remove", ".handlers.pop", ".handlers.clear")),
    "addFilter": ("filter", "filters", (".removeFilter", ".filters.remove", ".filters.pop", ".filters.clear")),
}
# Dictionaries of the standard library that live as long as the process.
TABLES = frozenset({"linecache.cache"})
# Those whose keys are names that programs define: they grow only under names that are made anew each time.
NAMED_TABLES = frozenset(
    "sys.modules sys.path_importer_cache copyreg.dispatch_table mimetypes.types_map logging.Logger.manager.loggerDict "
    "xml.etree.ElementTree._namespace_map builtins.__dict__".split()
)

# What a call returns is kept by its package, until one of these is called.
KEEPS_RESULT: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("matplotlib.pyplot.figure", "matplotlib.pyplot.subplots", "matplotlib.pyplot.subplot_mosaic"),
    ("matplotlib.pyplot.close", "matplotlib.pyplot.clf"),
)
SHOWS = frozenset({"matplotlib.pyplot.show"})

# Packages of which something retains, or returns what does: a file that imports none of them registers nothing.
PACKAGES = frozenset(
    name.partition(".")[0]
    for name in (
        *MEMOISERS,
        *REGISTRARS,
        *KEEPS_RESULT,
        *WEAK_REFERENCES,
        "threading",
        "asyncio",
        "logging",
        "heapq",
        "bisect",
    )
) | frozenset(start.partition(".")[0] for contracts in ENDINGS.values() for start, _ in contracts)
