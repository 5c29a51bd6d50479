"""Source files that nobody would write: mutants of real ones, and programs drawn from a grammar of leaks.

Everything comes from one ``random.Random``, so a seed gives the same files again.
"""

from __future__ import annotations

import ast
import functools
import random
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import test

ROOT = Path(__file__).parents[2]
ODD = [b"\0", b"\x0c", b"\x1a", b"\r", b"\xef\xbb\xbf", b"\xff", b"\xed\xa0\x80", b"\xc2\x85", b"\xe2\x80\xa8", b"\\\n",
       b"\t", b"'''", b'"""', b"#", b"\x1b[2J", "\u202e".encode(), "\U000e0041".encode(), b"\xf4\x90\x80\x80"]  # fmt: skip
TOKENS = [b"self", b"cls", b"lambda", b"yield", b"await", b"async", b"(", b")", b"[", b"]", b"{", b"}", b":", b":=", b"*",
          b"**", b"@", b".", b",", b"=", b"if", b"else", b"not", b"global", b"nonlocal", b"del", b"print x", b"exec 'x'",
          b"except A, e", b"match x:\n case", b"type X =", b"def", b"class", b"f'{", b"0777", b"`x`", b"<>", b"->"]  # fmt: skip
COOKIES = ["utf-8", "utf8", "latin-1", "cp1252", "utf-16", "utf-7", "utf-32", "ascii", "idna", "punycode", "rot13", "hex",
           "zlib", "bz2", "base64", "uu", "undefined", "raw_unicode_escape", "unicode_escape", "mbcs", "euc_jp", "big5",
           "iso2022_jp", "hz", "utf-8-sig", "no-such", "../x", "x" * 400]  # fmt: skip


@functools.cache
def seeds() -> list[Path]:
    """Return CPython's own tests of the running interpreter, and fixtures, which leak."""
    tests = Path(test.__file__).parent.rglob("*.py")
    return sorted([*tests, *(ROOT / "fixtures").rglob("bad.py"), *(ROOT / "tests" / "programs").glob("*.py")])


def mutant(rng: random.Random, most: int = 60_000) -> bytes:
    """Return a mutant of one of the smaller seeds, every other one a file that leaks, with up to six changes."""
    data = _seed(rng, most)
    for _ in range(rng.randint(1, 8)):
        changed = rng.choice(MUTATIONS)(rng, data)
        if rng.random() < 0.15 or _parses(changed):  # what is no program any more is soon told, and tests little
            data = changed
    return data


def _parses(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _seed(rng: random.Random, most: int) -> bytes:
    leaking = rng.random() < 0.5
    while True:
        path = rng.choice(seeds())
        if path.stat().st_size <= most and (not leaking or ROOT in path.parents):
            return path.read_bytes()


def _byte(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + rng.randint(0, 1) :]


def _odd(rng: random.Random, data: bytes) -> bytes:
    at = rng.choice([0, len(data), rng.randrange(len(data) + 1)])
    return data[:at] + rng.choice(ODD) + data[at:]


def _token(rng: random.Random, data: bytes) -> bytes:
    words = list(re.finditer(rb"\w+|[^\w\s]", data))
    if not words:
        return data
    found = rng.choice(words)
    new = rng.choice(TOKENS) if rng.random() < 0.5 else rng.choice(words).group()
    return data[: found.start()] + new + data[found.end() :]


def _slice(rng: random.Random, data: bytes) -> bytes:
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + data[min(end, start + 400) :]


def _lines(rng: random.Random, data: bytes) -> bytes:
    """Drop, double, swap, indent or bring in a few lines."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    start = rng.randrange(len(lines))
    end = start + rng.randint(1, 8)
    part = lines[start:end]
    other = rng.randrange(len(lines))
    change: Callable[[], list[bytes]] = rng.choice([
        lambda: lines[:start] + lines[end:],
        lambda: lines[:end] + part + lines[end:],
        lambda: lines[:start] + lines[end:][:other] + part + lines[end:][other:],
        lambda: lines[:start] + [b"    " + line for line in part] + lines[end:],
        lambda: lines[:start] + [line[4:] if line[:4] == b"    " else line for line in part] + lines[end:],
        lambda: lines[:start] + _seed(rng, 60_000).splitlines(keepends=True)[:20] + lines[start:],
    ])  # fmt: skip
    return b"".join(change())


def _ends(rng: random.Random, data: bytes) -> bytes:
    ends = [b"\n", b"\r\n", b"\r", b"\n\x0c"]
    return b"".join(line.rstrip(b"\r\n") + rng.choice(ends) for line in data.splitlines(keepends=True))


def _cookie(rng: random.Random, data: bytes) -> bytes:
    return f"# -*- coding: {rng.choice(COOKIES)} -*-\n".encode() + data


def _nest(rng: random.Random, data: bytes) -> bytes:
    depth, (opened, closed) = rng.choice([5, 50, 100, 150]), rng.choice(["()", "[]", "{}", ("f(", ")"), ("a[", "]")])
    return data + f"\nnested = {opened * depth}{closed * depth}\n".encode()


MUTATIONS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _byte, _odd, _token, _token, _token, _slice, _lines, _lines, _lines, _ends, _cookie, _nest,
)  # fmt: skip

CONTAINERS = ["{}", "[]", "set()", "dict()", "deque()", "defaultdict(list)", "defaultdict(dict)", "OrderedDict()",
              "WeakValueDictionary()", "WeakKeyDictionary()", "{k: [] for k in range(3)}", "[None] * 8",
              "field(default_factory=list)",
              "Queue()", "ChainMap()", "Counter()", "make()", "()", "None", "{'a': {}}"]  # fmt: skip
HOLDERS = ["C.reg", "cls.reg", "self.reg", "type(self).reg", "self.__class__.reg", "REG", "mod.REG", "C.reg[k]", "REG['a']",
           "globals()['REG']", "getattr(C, 'reg')", "(C.reg or REG)", "C.inner.reg"]  # fmt: skip
VALUES = [
    "self",
    "x",
    "C()",
    "self.method",
    "lambda: self",
    "(self, x)",
    "[self]",
    "weakref.ref(self)",
    "partial(f, self)",
    "{'a': self}",
    "copy(self)",
    "id(self)",
    "sys.exc_info()",
    "error",
    "*self",
    "x if x else self",
    "(y := self)",
    "await_",
]
ACTS = ["{h}[{v}] = {v}", "{h}.append({v})", "{h}.add({v})", "{h}.setdefault({v}, []).append({v})", "{h}.update(a={v})",
        "{h} += [{v}]", "{h}[:] = [{v}]", "{h}.pop({v}, None)", "del {h}[{v}]", "{h}.clear()",
        "for k, v in {h}.items(): v.go({v})",
        "if len({h}) > 9: {h}.popitem()", "return {h}.get({v})", "with lock: {h}[x] = {v}", "json.dumps({h})",
        "{h} = {h} or {{}}", "atexit.register({v})", "weakref.finalize({v}, {v})", "signal.signal(2, {v})",
        "logging.getLogger(str({v})).addHandler(H())", "heappush({h}, {v})", "Thread(target={v}).start()",
        "try:\n{i}    {h}[1] = {v}\n{i}except E as error:\n{i}    {h}[2] = error", "assert {v} in {h}, {h}",
        "return [z for z in {h} if z is not {v}]", "yield from {h}", "a, *{h}[0], b = {v}, {v}, 1",
        "{h}.x.y = {v}"]  # fmt: skip
DECORATORS = ["", "", "", "@lru_cache", "@lru_cache(maxsize=None)", "@cache", "@property\n{i}@cache", "@staticmethod",
              "@classmethod\n{i}@lru_cache(9)", "@register(x)", "@app.route('/')", "@dataclass",
              "@cached_property"]  # fmt: skip
NAMES = ["__init__", "__new__", "__del__", "__enter__", "__exit__", "__post_init__", "__init_subclass__", "__set_name__",
         "__get__", "__call__", "__getattr__", "method", "close", "registered"]  # fmt: skip


def program(rng: random.Random) -> bytes:
    """Return a program of classes, containers and stores that parses (nearly always) and means next to nothing."""
    lines = [
        "import atexit, copy, json, logging, signal, sys, weakref",
        "from functools import *",
        "from other import mod, make",
    ]
    lines.append(f"REG = {rng.choice(CONTAINERS)}")
    for number in range(rng.randint(1, 4)):
        lines += _class(
            rng, f"C{number or ''}", rng.choice(["", "(C)", "(Enum)", "(dict)", "(metaclass=M)", "[T]"]), ""
        )
    lines += _function(rng, "make", "")
    return "\n".join(lines).encode("utf-8", "replace") + b"\n"


def _class(rng: random.Random, name: str, bases: str, indent: str) -> list[str]:
    inner = indent + "    "
    slots = rng.choice(["pass", "__slots__ = ('a',)", "__slots__ = ()", "a: int = 1", "'''text'''"])
    lines = [f"{indent}class {name}{bases if bases != '[T]' else ''}:", f"{inner}{slots}"]
    lines.append(f"{inner}reg{rng.choice(['', ': dict', ': ClassVar[dict[str, C]]'])} = {rng.choice(CONTAINERS)}")
    for _ in range(rng.randint(1, 4)):
        lines += _function(rng, rng.choice(NAMES), inner)
    if rng.random() < 0.15 and len(indent) < 12:
        lines += _class(rng, "Inner", "", inner)
    return lines


def _function(rng: random.Random, name: str, indent: str) -> list[str]:
    inner = indent + "    "
    decorator = rng.choice(DECORATORS).replace("{i}", indent)
    head = rng.choice(["self, x", "cls, x, *a, **k", "self", "self, x={}", "self, /, x, *, y=[]", "x, cache={}"])
    lines = [f"{indent}{decorator}"] if decorator else []
    lines.append(f"{indent}def {name}({head}){rng.choice(['', ' -> None'])}:")
    for _ in range(rng.randint(1, 4)):
        act = rng.choice(ACTS).format(h=rng.choice(HOLDERS), v=rng.choice(VALUES), i=inner)
        lines.append(inner + rng.choice(["", "", "", "if x: ", "while x: "] if "\n" not in act and "for " not in act[:4] and
                                        not act.startswith(("if ", "with ")) else [""]) + act)  # fmt: skip
    return lines
