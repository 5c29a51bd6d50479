"""Where a word stands in a text, and as what, told without a parser: most files are only looked through."""

from __future__ import annotations

import re
from collections.abc import Iterator

CONTROLS = ("cache_clear", "cache_info", "cache_parameters", "__wrapped__")  # of what ``functools`` caches
_AFTER = (*CONTROLS, "setter", "deleter", "getter")
_CONTROLS = rf"[\s\\]*\.[\s\\]*(?:{'|'.join(_AFTER)})\b"
_CONTROL, _CONTROLLED = re.compile(_CONTROLS), re.compile(rf"(\w+){_CONTROLS}")
_SPOKEN = re.compile(r"\.[\s\\]*(\w+)|['\"](\w+)(?=['\"])")
_MANGLED = re.compile(r"\A_[A-Za-z0-9]\w*?(?=__)")
_SPACE = " \t\n\r\f\v\\"  # what may stand around the dot of an attribute
_QUOTES = ("'", '"')
_NEAR = 200  # characters before a word in which its dot is looked for


def places_of(text: str, word: str) -> Iterator[int]:
    """Yield the offsets at which ``word`` stands as a whole word."""
    size = len(word)
    at = text.find(word)
    while at >= 0:
        if not (_is_of_word(text[at - 1 : at]) or _is_of_word(text[at + size : at + size + 1])):
            yield at
        at = text.find(word, at + size)


def is_attribute(text: str, at: int) -> bool:
    """Tell whether what begins at the offset ``at`` follows a dot."""
    return text[max(0, at - _NEAR) : at].rstrip(_SPACE).endswith(".")


def before_dot(text: str, at: int) -> str:
    """Return what stands before the dot of the attribute at the offset ``at``, at most some hundred characters of it."""
    return text[max(0, at - _NEAR) : at].rstrip(_SPACE)[:-1].rstrip(_SPACE)


def has_word(text: str, word: str) -> bool:
    """Tell whether ``word`` occurs as a whole word."""
    return next(places_of(text, word), None) is not None


def speaks_of(text: str, word: str) -> bool:
    """Tell whether ``word`` occurs as an attribute, as a text of its own, or as what is controlled: ``word.cache_clear``."""
    size = len(word)
    return any(
        is_attribute(text, at) or _is_quoted(text, at, word) or _CONTROL.match(text, at + size) is not None
        for at in places_of(text, word)
    )


def spoken_words(text: str) -> set[str]:
    """Return the words of which ``speaks_of`` is true."""
    found = {word for words in _SPOKEN.findall(text) for word in words}
    return found.union(_CONTROLLED.findall(text)) if any(name in text for name in _AFTER) else found


def has_attribute(text: str, word: str) -> bool:
    """Tell whether ``word`` occurs as an attribute."""
    return any(is_attribute(text, at) for at in places_of(text, word))


def _is_quoted(text: str, at: int, word: str) -> bool:
    return text.endswith(_QUOTES, 0, at) and text.startswith(_QUOTES, at + len(word))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def unmangled(name: str) -> str:
    """Return a private name as it is written in its class: ``__x`` for ``_C__x``."""
    return _MANGLED.sub("", name)
