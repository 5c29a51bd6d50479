"""The keys of contracts: what each may be set to, how that is read, and how a JSON schema says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_args

from leaklint.contracts.model import Hold, Key, Kind, Memoises, Off, Retains, WeakForm

CONTAINERS = (
    "dict list set tuple frozenset bytearray deque queue counter defaultdict bounded local contextvar namespace exitstack "
    "plain abstract weak:WeakValueDictionary weak:WeakKeyDictionary weak:WeakSet"
).split()
_LIVES = ("owner", "process", "handed out", "receiver")
LIFETIMES = ("process", "receiver", "result", "thread", "loop", "call")
_ONE_WORD = (
    "plain fresh nothing receiver registered weak exception count identity super attribute members namespace partial unknown"
).split()
_WITH_MORE = ("plain", "argument", "element", "copy", "instance", "field")
RETURNS = (*_ONE_WORD, "deep copy 0", "class of", "new class", "named tuple", "protocol")
TAKES = ("plain 0", "plain 1")
NAMES = ("returns", "takes", "keys", "natures")
KEYS = ("fresh", "finite", "inner", "input", "own", "text")
NATURES = (
    "copies the context", "makes a context variable",
    "enum", "metaclass", "model", "value", "compared by value", "property", "kept property", "same function", "plain", "text",
    "environment", "makes dict", "makes list", "makes set", "makes weak", "makes bounded", "makes local", "makes a class",
    "not weakly referable", "of variable size", "slotted base", "data class", "attrs class", "attrs class by its name",
    "slotted class", "field", "constructor", "leads back", "marker", "makes a copy",
    "chooses by the type", "writes by the type", "asks by name", "copies objects", "makes objects anew",
    "frees a resource", "another each time", "gives a number", "lives by who holds it", "waits", "goes on", "limited",
    "not found", "runs with its class",
    "suppresses", "runs coroutines", "the one that runs", "takes a coroutine", "ends the process", "process",
    "canonical form", "digest", "reads what a file is now", "reads row by row", "joins rows", "numbers rows", "one of few",
    "sets up tests", "calls for each", "calls with the rest",
)  # fmt: skip
_SCHEMA_TEXT = {"type": "string"}


class Field(NamedTuple):
    """One key: what turns its value into one of the model (raises ``ValueError`` in words), and its JSON schema."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number, 0 for the first")
    return value


def _of(known: tuple[str, ...] | list[str]) -> Field:
    def read(value: Any) -> str:
        if value not in known:
            from leaklint.nearest import closest

            raise ValueError(f"must be one of {', '.join(known)}{closest(str(value), known)}")
        return str(value)

    return Field(read, {"enum": list(known)})


def constant(value: Any) -> str:
    """Return a value of TOML as Python writes it. Raises ``ValueError`` for tables and lists."""
    if not isinstance(value, (str, bool, int, float)):
        raise ValueError("must be a string, a number, true or false")
    return repr(value)


def _when(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of keyword arguments to their values, { absent = true } or { name = 'NAME' }")
    return tuple((word, _asked_for(one)) for word, one in value.items())


def _asked_for(value: Any) -> str:
    """Return the text that an argument must have: of a constant, of a name; nothing for one that must be absent."""
    if isinstance(value, dict) and isinstance(value.get("name"), str) and len(value) == 1:
        return str(value["name"])
    return "" if value == {"absent": True} else constant(value)


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise ValueError("must be a table of names to texts")
    return tuple(value.items())


def _off(value: Any) -> tuple[Off, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of tables")
    return tuple(Off(**table(one, OFF, "a row of off")) for one in value)


def _or_argument(known: tuple[str, ...]) -> Field:
    def read(value: Any) -> str:
        if value not in known and not (isinstance(value, str) and value.startswith("argument ")):
            raise ValueError(f"must be one of {', '.join(known)}, or 'argument NAME'")
        return str(value)

    return Field(read, _SCHEMA_TEXT)


def _until(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("argument "):
        raise ValueError("must be 'argument NAME'")
    return value


def returned(value: Any) -> str:
    """Return what a callable returns, checked."""
    first, _, more = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if value not in RETURNS and not (first in _WITH_MORE and more):
        raise ValueError(f"must be one of {', '.join(RETURNS)}, or {', '.join(f'{one} ..' for one in _WITH_MORE)}")
    return str(value)


def table(value: Any, fields: Mapping[str, Field], what: str) -> dict[str, Any]:
    """Return a table's values as the model has them. Raises ``ValueError`` that begins with the key."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be a table")
    found = {}
    for key, one in value.items():
        if key not in fields:
            from leaklint.nearest import closest

            raise ValueError(f"{key}: no key of {what}{closest(key, fields)}")
        try:
            found[key] = fields[key].read(one)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from error
    return found


def _rows(value: Any) -> tuple[Retains, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of tables")
    return tuple(Retains(**table(one, RETAINS, "a row of retains")) for one in value)


def _memoises(value: Any) -> Memoises:
    return Memoises(**table(value, MEMOISES, "memoises"))


def _key(value: Any) -> Key:
    return Key(**table(value, KEY, "key"))


def _weak_form(value: Any) -> WeakForm:
    found = table(value, WEAK_FORM, "weak_form")
    if set(found) != set(WEAK_FORM):
        raise ValueError("needs keyword and value")
    return WeakForm(**found)


def _object(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: dict(one.schema) for key, one in fields.items()},
        "additionalProperties": False,
    }


_LIST = {"type": "array", "items": _SCHEMA_TEXT}
_CONSTANT = {"type": ["string", "boolean", "number"]}
TEXT, FLAG, TEXTS = Field(_text, _SCHEMA_TEXT), Field(_flag, {"type": "boolean"}), Field(_texts, _LIST)
NUMBER = Field(_number, {"type": "integer", "minimum": 0})
_NAMED = {"type": "object", "properties": {"name": _SCHEMA_TEXT}, "required": ["name"], "additionalProperties": False}
WHEN = Field(
    _when,
    {"type": "object", "additionalProperties": {"anyOf": [_CONSTANT, {"const": {"absent": True}}, _NAMED]}},
)
RETAINS = {"parameter": TEXT, "position": NUMBER, "hold": _of(get_args(Hold)), "when": WHEN}
OFF = {"call": TEXT, "when": WHEN}
MEMOISES = {"bound": NUMBER, "parameter": TEXT, "bare": FLAG}
KEY = {"parameter": TEXT, "position": NUMBER}
WEAK_FORM = {"keyword": TEXT, "value": Field(constant, _CONSTANT)}
_PROSE = {"why": TEXT, "advice": TEXT, "holder": TEXT, "versions": TEXT, "experiment": TEXT}
CALLABLE: dict[str, Field] = {
    "name": TEXT,
    "aliases": TEXTS,
    "parameters": TEXTS,
    "retains": Field(_rows, {"type": "array", "items": _object(RETAINS)}),
    "lifetime": _or_argument(LIFETIMES),
    "until": Field(_until, _SCHEMA_TEXT),
    "takes_out": Field(_until, _SCHEMA_TEXT),
    "undo": TEXTS,
    "same": TEXTS,
    "off": Field(_off, {"type": "array", "items": {**_object(OFF), "required": ["call"]}}),
    "attributes": Field(_pairs, {"type": "object", "additionalProperties": _SCHEMA_TEXT}),
    "passes": _of(["receiver"]),
    "handle": FLAG,
    "used_by": TEXTS,
    "by_name": FLAG,
    "slot": FLAG,
    "key": Field(_key, _object(KEY)),
    "previous": TEXTS,
    "returns": Field(returned, _SCHEMA_TEXT),
    "memoises": Field(_memoises, _object(MEMOISES)),
    "kind": _of(get_args(Kind)),
    "attribute": TEXT,
    "where": TEXT,
    "freed": TEXT,
    "weak_form": Field(_weak_form, {**_object(WEAK_FORM), "required": list(WEAK_FORM)}),
    **_PROSE,
}
OBJECT: dict[str, Field] = {
    "name": TEXT,
    "class": TEXT,
    "container": _of(CONTAINERS),
    "slot": FLAG,
    "table": _of(["any key", "names"]),
    "previous": TEXTS,
    "undo": TEXTS,
    **_PROSE,
}
CLASS: dict[str, Field] = {
    "name": TEXT,
    "aliases": TEXTS,
    "bases": TEXTS,
    "container": _of(CONTAINERS),
    "inside": Field(_pairs, {"type": "object", "additionalProperties": _SCHEMA_TEXT}),
    "longer_copies": TEXTS,
    "singleton": FLAG,
    "fields": _of(["copied"]),
    "lives": _or_argument(_LIVES),
    "why": TEXT,
    "versions": TEXT,
    "experiment": TEXT,
}


def schema() -> dict[str, Any]:
    """Return the JSON schema of a file of contracts."""
    entries = {"callable": CALLABLE, "object": OBJECT, "class": CLASS}
    properties: dict[str, Any] = {
        name: {"type": "array", "items": {**_object(fields), "required": ["name"]}} for name, fields in entries.items()
    }
    names = {"type": "object", "additionalProperties": _LIST}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Retention contracts of leaklint",
        "type": "object",
        "properties": {"distribution": _SCHEMA_TEXT, **properties, **dict.fromkeys(NAMES, names)},
        "additionalProperties": False,
    }
