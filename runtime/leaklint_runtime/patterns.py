"""Texts that match a regular expression: a constructor that checks its argument by one says what users pass."""

from __future__ import annotations

import re
import string
import sys
from typing import Any, Iterator

if sys.version_info >= (3, 11):
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_parse as parser

REPEATED = 5  # times, of what may be repeated as often or more often
LONGEST = 200
_DIGITS = "1234567890"  # the first ones make dates and times that exist
_ANY = string.ascii_lowercase + _DIGITS
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_WORD": string.ascii_lowercase + _DIGITS,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": string.ascii_lowercase,
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": string.ascii_lowercase,
}


def matching(pattern: Any, number: int) -> Any:
    """Return a text (or bytes) that a compiled pattern matches, another one for most numbers; None if none was found."""
    source = pattern.pattern
    text = source if type(source) is str else source.decode("latin-1") if type(source) is bytes else ""
    try:
        made = "".join(_Maker(number).sequence(parser.parse(text, pattern.flags & ~re.DEBUG)))
    except (re.error, RecursionError, OverflowError, ValueError, TypeError, KeyError, IndexError):
        return None
    found = made if type(source) is str else made.encode("latin-1", "replace")
    return found if len(found) <= LONGEST and pattern.search(found) else None


class _Maker:
    """Makes one text; ``number`` decides at each place where several characters fit."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.groups: dict[int, str] = {}

    def pick(self, characters: str) -> str:
        self.number, place = divmod(self.number, len(characters))
        return characters[place]

    def sequence(self, tokens: Any) -> Iterator[str]:
        for kind, value in tokens:
            yield from self.token(str(kind), value)

    def token(self, kind: str, value: Any) -> Iterator[str]:
        if kind == "LITERAL":
            yield chr(value)
        elif kind == "NOT_LITERAL":
            yield self.pick(_ANY.replace(chr(value), ""))
        elif kind == "ANY":
            yield self.pick(_ANY)
        elif kind == "IN":
            yield self.pick(_members(value))
        elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            for _ in range(min(int(most), max(int(least), REPEATED))):
                yield from self.sequence(inner)
        elif kind == "SUBPATTERN":
            made = "".join(self.sequence(value[-1]))
            if value[0] is not None:
                self.groups[value[0]] = made
            yield made
        elif kind == "ATOMIC_GROUP":
            yield from self.sequence(value)
        elif kind == "BRANCH":
            self.number, place = divmod(self.number, len(value[1]))
            yield from self.sequence(value[1][place])
        elif kind == "GROUPREF":
            yield self.groups[value]
        elif kind == "CATEGORY":
            yield self.pick(_CATEGORIES[str(value)])
        elif kind not in ("AT", "ASSERT", "ASSERT_NOT"):
            raise ValueError(kind)


def _members(tokens: Any) -> str:
    """Return characters of a class; of one that is told by what it is not, others."""
    found, negated = "", False
    for kind, value in tokens:
        word = str(kind)
        if word == "NEGATE":
            negated = True
        elif word == "LITERAL":
            found += chr(value)
        elif word == "RANGE":
            found += "".join(map(chr, range(value[0], min(value[1], value[0] + 60) + 1)))
        elif word == "CATEGORY":
            found += _CATEGORIES[str(value)]
    if negated:
        return "".join(character for character in _ANY + "-_ " if character not in found)
    return found
