"""Reads the part of TOML that leaklint's own files keep to: tables, lists of tables, and values of few kinds.

``tomllib`` reads the same. Its import alone costs a check of a small project more than all contracts that the project needs.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'\s+|#[^\n]*|"((?:[^"\\\n]|\\.)*)"|([\[\]{},=])|([A-Za-z0-9_.-]+)')
_STRING = re.compile(r'"([^"\\\n]*)"')
_STRINGS = re.compile(r'\[\s*"[^"\\\n]*"(?:,\s*"[^"\\\n]*")*,?\s*\]')
_CONSTANTS = {"true": True, "false": False}
_HEADER = re.compile(r"(\[\[?)([a-z]+)\]\]?\n")
_KEY = re.compile(r'(?:"([^"\n]+)"|([a-z_]+)) = ')


class UnknownFormError(ValueError):
    """The text has a form that is not read here; ``tomllib`` has to look at it."""


def read(text: str) -> dict[str, Any]:
    """Return the tables of a text. Raises ``UnknownFormError`` for whatever is written unlike leaklint's own files."""
    found: dict[str, Any] = {}
    table, place = found, 0
    while place < len(text):
        if text[place] == "\n":
            place += 1
        elif text[place] == "#":
            place = text.find("\n", place) + 1 or len(text)
        elif header := _HEADER.match(text, place):
            table, place = {}, header.end()
            if header[1] == "[[":
                found.setdefault(header[2], []).append(table)
            else:
                found[header[2]] = table
        elif key := _KEY.match(text, place):
            table[key[1] or key[2]], place = _value(text, key.end())
        else:
            raise UnknownFormError(text[place : place + 40])
    return found


def _token(text: str, place: int) -> tuple[str, Any, int]:
    """Return the next token's kind (a sign, a word, ``value``), its value, and where it ends."""
    while match := _TOKEN.match(text, place):
        place = match.end()
        if match[2]:
            return match[2], None, place
        if match[1] is not None:
            if "\\" in match[1].replace('\\"', ""):
                raise UnknownFormError(match[0])
            return "value", match[1].replace('\\"', '"'), place
        if match[3]:
            return "word", match[3], place
    raise UnknownFormError(text[place : place + 40])


def _value(text: str, place: int) -> tuple[Any, int]:
    if plain := _STRING.match(text, place):
        return plain[1], plain.end()
    if strings := _STRINGS.match(text, place):
        return _STRING.findall(strings[0]), strings.end()
    kind, value, place = _token(text, place)
    if kind == "value":
        return value, place
    if kind == "[":
        return _list(text, place)
    if kind == "{":
        return _inline(text, place)
    if kind == "word" and (value in _CONSTANTS or value.isdecimal()):
        return _CONSTANTS.get(value) if value in _CONSTANTS else int(value), place
    raise UnknownFormError(text[place : place + 40])


def _list(text: str, place: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    while True:
        kind, _, after = _token(text, place)
        if kind == "]":
            return found, after
        if kind == ",":
            place = after
        else:
            value, place = _value(text, place)
            found.append(value)


def _inline(text: str, place: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while True:
        kind, word, after = _token(text, place)
        if kind == "}":
            return found, after
        if kind == ",":
            place = after
            continue
        sign, _, after = _token(text, after)
        if kind not in {"word", "value"} or sign != "=":
            raise UnknownFormError(text[place : place + 40])
        found[word], place = _value(text, after)
