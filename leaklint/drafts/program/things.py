"""What is stored: an instance, a bound method, a closure, a class, or something that keeps nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from leaklint.drafts.facts.kinds import KINDS
from leaklint.drafts.facts.model import Function, Module, Param, Value
from leaklint.drafts.program import ClassRef, Program, Site

_PLAIN_CALLS = frozenset(
    [
        "id",
        "str",
        "int",
        "float",
        "bool",
        "len",
        "hash",
        "repr",
        "bytes",
        "ascii",
        "ord",
        "chr",
        "format",
        "abs",
        "sum",
        "round",
        "isinstance",
        "issubclass",
        "callable",
        "getpid",
        "get_ident",
        "time",
        "perf_counter",
        "monotonic",
        "time_ns",
        "uuid1",
        "uuid4",
        "qualname",
        "join",
        "lower",
        "upper",
        "strip",
        "split",
        "encode",
        "decode",
        "hexdigest",
        "digest",
        "dumps",
        "range",
        "count",
        "getrefcount",
        "abspath",
        "basename",
        "dirname",
        "getenv",
        "get_current_thread_id",
        "sizeof",
        "mkdtemp",
        "compile",
        "escape",
        "partition",
        "rpartition",
        "splitlines",
        "replace",
        "fileno",
        "qualified_name",
        "import_module",
        "__import__",
    ]
)
_WEAK_CALLS = frozenset(
    {"ref", "proxy", "WeakMethod", "WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "WeakRef"}
)
_PLAIN_TYPES = re.compile(
    r"^(typing\.|t\.|builtins\.|Optional\[)*(str|int|float|bool|bytes|bytearray|None|type|Type|Path|PathLike|datetime|Decimal|"
    r"UUID|Pattern|slice|range|complex|Literal|ModuleType|Sequence\[str|List\[str|list\[str|Tuple\[str|tuple\[str|Set\[str|"
    r"Text|AnyStr|StrPath|Hashable)\b"
)
_CALLABLE_TYPES = re.compile(r"\b(Callable|Coroutine|Awaitable|FunctionType|Handler|Callback)\b")
_CLASS_MAKERS = frozenset({"new_class", "make_dataclass", "create_model", "namedtuple", "make_class", "TypedDict"})
_CONTAINERS = frozenset(KINDS)
_CAMEL = re.compile(r"^_{0,2}[A-Z][a-z0-9]*([A-Z]?[a-z0-9]+)*$")
_IMMORTAL_MAKERS = frozenset(
    {"TypeVar", "Lock", "RLock", "Path", "PurePath", "Decimal", "UUID", "ParamSpec", "Semaphore"}
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a value is, as far as the program tells.

    ``kind``: ``self``, ``instance`` (of ``ref``, or of an unseen class called ``name``), ``method`` (bound to self),
    ``closure`` (over self), ``function`` (made at run time), ``class`` (made at run time), ``type`` (a class that exists
    anyway), ``exception``, ``param``, ``callback`` (a parameter that is called), ``part`` (an attribute or element of
    something), ``made`` (a call's unknown result), ``plain``, ``weak``.
    """

    kind: str
    ref: ClassRef | None = None
    name: str = ""


PLAIN = Thing("plain")
_KEEPS = (
    "self",
    "method",
    "closure",
    "instance",
    "exception",
    "class",
    "function",
    "param",
    "callback",
    "made",
    "part",
)


class Things:
    """Classify values inside a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = program.names
        self._attributes: dict[tuple[ClassRef, str], Thing] = {}

    def of(self, value: Value, function: Function, module: Module, depth: int = 0) -> Thing:
        """Return what ``value`` is, seen from ``function``."""
        kind = value.kind
        if kind == "self":
            return self._of_self(value, function, module, depth)
        if kind == "cls":
            return Thing("type") if not value.path else Thing("part")
        if kind == "param":
            return self._of_param(value, function, module) if not value.path else Thing("part", name=value.path[-1])
        if kind == "call":
            return (self._of_step if value.path else self._of_call)(value, function, module, depth)
        if kind in {"lambda", "function"}:
            return self._of_closure(value, function, module)
        if kind == "class":
            return Thing("class", name=value.name.rsplit(".", 1)[-1])
        if kind == "exception":
            return Thing("exception") if not value.path else Thing("part")
        if kind in {"tuple", "list", "dict", "set", "comprehension"}:
            return self.strongest(self.of(part, function, module, depth + 1) for part in value.parts)
        if kind == "global":
            return self._of_global(value, module)
        if kind in {"const", "text", "number", "weak"}:
            return Thing("weak") if kind == "weak" else PLAIN
        return Thing("made") if kind in {"unknown", "cell"} else PLAIN

    @staticmethod
    def strongest(things: Iterator[Thing]) -> Thing:
        """Return the thing that matters most among parts of one entry."""
        return min(things, key=lambda one: _KEEPS.index(one.kind) if one.kind in _KEEPS else 99, default=PLAIN)

    def _of_self(self, value: Value, function: Function, module: Module, depth: int) -> Thing:
        owner = self.program.holders.owner_of(function, module)
        if not value.path:
            if owner is not None and self.names.is_metaclass(owner):
                return Thing("type")
            return Thing("self", owner)
        if owner is not None and len(value.path) == 1:
            method = self.names.method(owner, value.path[0])
            if method is not None and method[1].kind == "method":
                decorated = {".".join(d.value.path) for d in method[1].decorators}
                if not any("property" in name for name in decorated):
                    return Thing("method", owner, value.path[0])
            return self._attribute(owner, value.path[0], depth + 1)
        return Thing("part", name=value.path[-1])

    def _attribute(self, owner: ClassRef, name: str, depth: int) -> Thing:
        """Return what ``self.name`` was assigned, where all assignments agree on something plain.

        What a method returns may be the attribute again, so ``depth`` counts on.
        """
        key = (owner, name)
        if key not in self._attributes:
            self._attributes[key] = Thing("part", name=name)  # what attributes that are made of each other see
            self._attributes[key] = self._assigned(owner, name, depth)
        return self._attributes[key]

    def _assigned(self, owner: ClassRef, name: str, depth: int) -> Thing:
        things = []
        for one in self.names.ancestors(owner):
            module = self.program.modules[one.module]
            for function in module.functions.values():
                if function.owner == one.name:
                    for event in function.events:
                        if event.op == "bind" and any(v.kind == "self" and v.path == (name,) for v in event.target):
                            things += [
                                self.of(v, function, module, depth)
                                for v in event.value
                                if not (v.kind == "self" and v.path)
                            ]
        if things and all(thing.kind in {"plain", "weak"} for thing in things):
            return PLAIN
        made = [thing for thing in things if thing.kind == "instance"]
        return made[0] if made else Thing("part", name=name)

    def _of_param(self, value: Value, function: Function, module: Module) -> Thing:
        param = next((p for p in self._params(function, module) if p.name == value.name), None)
        if param is None:
            return Thing("param", name=value.name)
        if function.name in {"__get__", "__set__", "__delete__"} and param in function.params[1:2]:
            return Thing("instance")  # the protocol of descriptors: whose attribute it is
        text = param.annotation.strip("\"'")
        if param.kind in {"*", "**"} and not text:
            return Thing("param", name=value.name)
        if text:
            if _PLAIN_TYPES.match(text):
                return PLAIN if "ype" not in text.split("[")[0] else Thing("type")
            if _CALLABLE_TYPES.search(text):
                return Thing("callback", name=value.name)
            named = re.match(r"(?:Optional\[|typing\.)*\"?([A-Za-z_][\w.]*)", text)
            if named is not None:
                found = self.names.find(module.name, tuple(named.group(1).split(".")))
                if found.kind == "class" and not found.rest:
                    return self._instance(ClassRef(found.module, found.name))
                if _CAMEL.match(named.group(1).split(".")[-1]) and named.group(1) not in {"Any", "Union", "T"}:
                    return Thing("param", name=value.name)
        elif re.match(r"['\"]|-?\d|True|False", param.default):
            return PLAIN
        return Thing("param", name=value.name)

    def _params(self, function: Function, module: Module) -> Iterator[Param]:
        """Yield the parameters of a function and of the functions around it."""
        here: Function | None = function
        while here is not None:
            yield from here.params
            here = module.functions.get(here.parent)

    def _of_closure(self, value: Value, function: Function, module: Module) -> Thing:
        inner = [self.of(part, function, module) for part in value.parts if not part.path or part.kind == "self"]
        for one in inner:
            if one.kind == "self" or (one.kind == "method"):
                return Thing("closure", one.ref)
        return Thing("function", name=value.name.rsplit(".", 1)[-1])

    def _of_global(self, value: Value, module: Module) -> Thing:
        if "[]" in value.path:
            return Thing("part", name=value.path[0])
        found = self.names.find(module.name, value.path)
        if found.kind in {"class", "function"} and not found.rest:
            return Thing("type")
        return PLAIN

    def _instance(self, ref: ClassRef) -> Thing:
        bases = {name.rsplit(".", 1)[-1] for name in self.names.external_bases(ref)}
        if bases & {"Enum", "IntEnum", "Flag", "IntFlag", "StrEnum", "EnumMeta", "NamedTuple", "TypedDict", "Protocol"}:
            return PLAIN
        if bases & {"str", "int", "float", "bytes"}:
            return PLAIN
        if bases & {"Exception", "BaseException"}:
            return Thing("exception", ref)
        return Thing("instance", ref, ref.name)

    def _of_call(self, value: Value, function: Function, module: Module, depth: int) -> Thing:
        callee, given = value.parts[0], value.parts[1:]
        name = callee.path[-1] if callee.path else ""
        if callee.kind == "cls" and not callee.path:
            owner = self.program.holders.owner_of(function, module)
            if owner is not None and self.names.is_metaclass(owner) and function.kind == "classmethod":
                return Thing("class")
            return Thing("instance", owner, owner.name if owner is not None else "")
        if callee.kind == "super" and name in {"__new__", "__call__"}:
            return self._made_by_super(name, function, module)
        if callee.kind == "self" and not callee.path:
            owner = self.program.holders.owner_of(function, module)
            return Thing("instance", None) if owner is not None and self.names.is_metaclass(owner) else Thing("made")
        if callee.kind == "param" and not callee.path:
            return Thing("instance" if callee.name in {"cls", "klass", "class_"} else "made")
        if callee.kind == "class" and not callee.path:
            return Thing("instance", None, callee.name.rsplit(".", 1)[-1])
        return self._of_named_call(callee, name, given, function, module, depth)

    def _of_step(self, value: Value, function: Function, module: Module, depth: int) -> Thing:
        """What is reached through a call's result: a method of an instance made here keeps that, another part does not."""
        made = self._of_call(Value("call", parts=value.parts), function, module, depth)
        if made.kind == "instance" and made.ref is not None and len(value.path) == 1:
            method = self.names.method(made.ref, value.path[0])
            if method is not None and method[1].kind == "method" and not method[1].decorators:
                return Thing("method", made.ref, value.path[0])
        return Thing("part", name=value.path[-1])

    def _made_by_super(self, name: str, function: Function, module: Module) -> Thing:
        owner = self.program.holders.owner_of(function, module)
        meta = owner is not None and self.names.is_metaclass(owner)
        if name == "__new__" and meta:
            return Thing("type")
        return Thing("instance", None if meta else owner, owner.name if owner is not None and not meta else "")

    def _of_named_call(
        self, callee: Value, name: str, given: tuple[Value, ...], function: Function, module: Module, depth: int
    ) -> Thing:
        if name == "__new__" or (name == "__call__" and callee.path[:1] == ("type",)):
            owner = self.program.holders.owner_of(function, module)
            meta = owner is not None and self.names.is_metaclass(owner)
            return Thing("type") if meta and name == "__new__" else Thing("instance", None if meta else owner)
        if name == "type" and len(given) == 3:
            return Thing("class", name="type(...)")
        if name == "partial" and given:
            inner = [self.of(one, function, module, depth + 1) for one in given]
            held = next((one for one in inner if one.kind in {"self", "method", "closure"}), None)
            return Thing("closure", held.ref) if held is not None else Thing("function", name="partial")
        if name in _WEAK_CALLS:
            return Thing("weak")
        if name == "exc_info":
            return Thing("exception")
        if name in _PLAIN_CALLS or name in _IMMORTAL_MAKERS:
            return PLAIN
        if name in _CONTAINERS:
            return PLAIN  # an empty container under a key; what is put into it is a store of its own
        if name in _CLASS_MAKERS:
            return Thing("class", name=name)
        found = (
            self.names.find(module.name, callee.path) if callee.kind == "global" and "[]" not in callee.path else None
        )
        if found is not None and found.kind == "class" and not found.rest:
            ref = ClassRef(found.module, found.name)
            return Thing("type") if self.names.is_metaclass(ref) else self._instance(ref)
        if depth < 3:
            returned = self._returned(callee, function, module, depth)
            if returned is not None:
                return returned
        if callee.kind == "global" and len(callee.path) <= 2 and _CAMEL.match(name) and name != "None":
            return Thing("instance", None, name)
        return Thing("made", name=name)

    def _returned(self, callee: Value, function: Function, module: Module, depth: int) -> Thing | None:
        found = self.program.callee(callee, function, module)
        if found is None or found.made is not None or found.function.yields:
            return None
        home = self.program.modules[found.module]
        things = [self.of(v, found.function, home, depth + 2) for way in found.function.returns for v in way]
        if not things:
            return PLAIN
        instance = next((one for one in things if one.kind in {"instance", "self", "class"}), None)
        if instance is not None:
            return Thing("instance" if instance.kind == "self" else instance.kind, instance.ref, instance.name)
        return PLAIN if all(one.kind in {"plain", "type", "weak"} for one in things) else Thing("made")

    def given(self, site: Site, param: str) -> list[Thing]:
        """Return what a call site gives for a parameter."""
        module = self.program.modules[site.module]
        return [self.of(value, site.caller, module) for value in self.program.argument(site, param)]
