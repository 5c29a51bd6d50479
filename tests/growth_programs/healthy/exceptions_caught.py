"""Raises an exception a few calls down and reports it."""

# kind: exceptions

from __future__ import annotations


class ConversionError(Exception):
    pass


def convert(text: str, depth: int) -> int:
    if depth:
        return convert(text, depth - 1)
    try:
        return int(text)
    except ValueError as error:
        raise ConversionError(text) from error


def work() -> None:
    try:
        convert("twelve", 10)
    except ConversionError as error:
        assert isinstance(error.__cause__, ValueError)
