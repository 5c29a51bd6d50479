"""Terms: what an expression denotes within one file, as nested tuples whose first item is the kind.

("param", function, name)           a parameter of a function; ``function`` is ``module:qualname``
("name", module, name)              a module-level, imported or built-in name
("cell", function, name)            a local variable of an enclosing function
("attr", base, name)                an attribute
("elem", base, key)                 an element by key; ("iter", base) an element by iteration
("call", callee, arguments, keywords, site)   ``site`` is (module, line, column, end line, end column)
("dotted", name)                    what an import inside of a function stands for
("func", function) ("class", class) a function, lambda or class that is made here
("const", text, type)               a constant
("list" | "tuple" | "set" | "dict", parts, site)   a display; a dict's parts are keys and values in turn
("comp", kind, results, sources, conditions, site)  a comprehension
("text", parts, start)              a formatted string, and the constant text with which it starts
("op", operator, parts)             arithmetic, comparison, ``and``, ``or``, ``not``
("slice", base, text)               a slice, which is a new container
("union", terms)                    one of several
("enter", term)                     what a ``with`` statement binds
("exception", types)                what an ``except`` clause binds
("star", term)                      an unpacked argument or part
("fresh", function, name, place)    a local variable whose value is too large or too cyclic to be written out
("sent", function)                  what a generator is sent where it yields
("unknown",)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Term = tuple[Any, ...]

UNKNOWN: Term = ("unknown",)
NONE: Term = ("const", "None", "NoneType")
DISPLAYS = frozenset({"list", "tuple", "set", "dict"})
_LEAVES = frozenset({"param", "name", "cell", "const", "func", "class", "fresh", "dotted", "sent", "unknown"})
_WITH_ONE = frozenset({"attr", "iter", "enter", "star", "slice", "exception"})
_WITH_MANY = DISPLAYS | {"text", "union"}
_MOST = 60  # nodes of a term that is written out; larger ones are named
_MOST_UNION = 8


def children(term: Term) -> tuple[Term, ...]:
    """Return the terms directly inside of a term."""
    kind = term[0]
    if kind in _LEAVES:
        return ()
    if kind in _WITH_ONE:
        return (term[1],)
    if kind in _WITH_MANY:
        return term[1]  # type: ignore[no-any-return]
    if kind == "elem":
        return (term[1], term[2])
    if kind == "call":
        return (term[1], *term[2], *[value for _, value in term[3]])
    if kind == "op":
        return term[2]  # type: ignore[no-any-return]
    if kind == "comp":
        return (*term[2], *term[3])
    return ()


def walk(term: Term) -> Iterator[Term]:
    """Yield a term and all terms inside of it."""
    stack = [term]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(children(here))


def handed_out(term: Term) -> Iterator[Term]:
    """Yield a term and what it may have inside: not an object of which it only gives an attribute, or a method's result."""
    yield term
    inside = () if term[0] == "attr" else children(term)
    for part in inside[1:] if term[0] == "call" else inside:
        yield from handed_out(part)


def params_of(term: Term, function: str) -> frozenset[str]:
    """Return the names of a function's parameters that a term has inside."""
    return frozenset(part[2] for part in walk(term) if part[0] == "param" and part[1] == function)


def is_small(term: Term) -> bool:
    """Tell whether a term may be written out wherever its variable is used."""
    found = [term]
    for part in found:
        found.extend(children(part))
        if len(found) > _MOST:
            return False
    return True


def parts_of(value: Term, count: int, starred: int | None = None) -> tuple[Term, ...]:
    """Return what each of ``count`` targets is given where a value is unpacked; that of number ``starred`` takes the rest."""
    if value[0] == "union":
        each = zip(*(parts_of(option, count, starred) for option in value[1]), strict=True)
        return tuple(union(list(alike)) for alike in each)
    parts = value[1] if value[0] in {"tuple", "list"} else ()
    plain = all(part[0] != "star" for part in parts)
    if starred is None:
        return parts if plain and len(parts) == count else tuple(_by_number(value, number) for number in range(count))
    behind = count - starred - 1
    if plain and len(parts) >= count - 1:
        end = len(parts) - behind
        return (*parts[:starred], ("list", parts[starred:end], (*value[2], starred)), *parts[end:])
    after = (_by_number(value, number) for number in range(-behind, 0))
    return (*(_by_number(value, number) for number in range(starred)), ("slice", value, ""), *after)


def _by_number(value: Term, number: int) -> Term:
    return ("elem", value, ("const", str(number), "int"))


def union(terms: list[Term]) -> Term:
    """Return the term for one of several, flat and each once."""
    flat: dict[Term, None] = {}
    for term in terms:
        for part in term[1] if term[0] == "union" else (term,):
            flat[part] = None
    for part in list(flat):  # ``if not isclass(x): x = x.__class__``: after that it is a class in any case
        if part[0] == "attr" and part[2] == "__class__":
            flat.pop(part[1], None)
    if not flat:
        return UNKNOWN
    if len(flat) == 1:
        return next(iter(flat))
    return ("union", tuple(flat)[:_MOST_UNION])


def options(term: Term) -> tuple[Term, ...]:
    """Return the terms of a union, or the term itself."""
    return term[1] if term[0] == "union" else (term,)


def alternatives(term: Term) -> tuple[Term, ...]:
    """Return the terms of which an expression gives one: those of a union, the operands of ``x or y``."""
    parts = options(term)
    if not any(part[:2] == ("op", "or") for part in parts):
        return parts
    return tuple(dict.fromkeys(one for part in parts for one in _operands(part)))


def _operands(term: Term) -> tuple[Term, ...]:
    return tuple(one for part in term[2] for one in alternatives(part)) if term[:2] == ("op", "or") else (term,)


def rebuilt(term: Term, change: Callable[[Term], Term | None]) -> Term:
    """Return the term with parts replaced from the outside in: ``change`` gives a replacement, or None to go on inside."""
    new = change(term)
    if new is not None:
        return new
    kind = term[0]
    if kind in _LEAVES:
        return term
    if kind in {"attr", "iter", "enter", "star", "slice", "exception"}:
        return (kind, rebuilt(term[1], change), *term[2:])
    if kind == "elem":
        return (kind, rebuilt(term[1], change), rebuilt(term[2], change))
    if kind == "call":
        words = tuple([(name, rebuilt(value, change)) for name, value in term[3]])
        return (kind, rebuilt(term[1], change), _each(term[2], change), words, term[4])
    if kind in DISPLAYS:
        return (kind, _each(term[1], change), *term[2:])
    if kind == "text":
        return (kind, _each(term[1], change), term[2])
    if kind == "union":
        return union(list(_each(term[1], change)))
    if kind == "op":
        return (kind, term[1], _each(term[2], change))
    if kind == "comp":
        return (kind, term[1], _each(term[2], change), _each(term[3], change), *term[4:])
    return term


def _each(parts: tuple[Term, ...], change: Callable[[Term], Term | None]) -> tuple[Term, ...]:
    return tuple([rebuilt(part, change) for part in parts])


def written(term: Term) -> Term:
    """Return a term without the places of its calls and displays: what is written alike is equal."""

    def change(one: Term) -> Term | None:
        if one[0] == "call":
            words = tuple([(name, written(value)) for name, value in one[3]])
            return ("call", written(one[1]), tuple(map(written, one[2])), words, ())
        return (one[0], tuple(map(written, one[1])), ()) if one[0] in DISPLAYS else None

    return rebuilt(term, change)


def root(term: Term) -> Term:
    """Return what attributes and elements of a term start from."""
    while term[0] in {"attr", "elem", "iter", "slice", "enter"}:
        term = term[1]
    return term


def root_of_reads(term: Term) -> Term:
    """Return what elements of a term start from: a container's own accessors are looked through."""
    term = root(term)
    while term[0] == "call" and term[1][0] == "attr" and term[1][2] in {"setdefault", "get", "values", "pop"}:
        term = root(term[1][1])
    return term


def as_text(term: Term) -> str:
    """Return a term about as an author would write it, for messages."""
    kind = term[0]
    if kind in {"param", "cell", "name", "fresh"}:
        return str(term[2])
    if kind == "attr":
        return f"{as_text(term[1])}.{term[2]}"
    if kind == "elem":
        return f"{as_text(term[1])}[{as_text(term[2])}]"
    if kind == "call":
        parts = [as_text(part) for part in term[2]] + [f"{name}={as_text(value)}" for name, value in term[3]]
        return f"{as_text(term[1])}({', '.join(parts)})"
    if kind == "const":
        return str(term[1])
    if kind == "tuple":
        return f"({', '.join(as_text(part) for part in term[1])})"
    if kind == "op":
        parts = [as_text(part) for part in term[2]]
        return f" {term[1]} ".join(parts) if len(parts) > 1 else f"{term[1]} {parts[0]}"
    if kind in {"func", "class"}:
        return str(term[1]).rpartition(".")[2].rpartition(":")[2]
    if kind == "union":
        return as_text(term[1][0])
    return {"text": "a formatted text", "iter": "an element", "sent": "what is sent"}.get(kind, f"a {kind}")
