"""Values to try for a parameter: those that calls and examples pass, texts that the code's own patterns match, usual forms."""

from __future__ import annotations

import datetime
import inspect
import os
import re
import string
import sys
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Iterator, Union

from . import build, documented, domains, fitting, patterns, sandbox, shown, values
from .early import FunctionType, ModuleType, contents, is_a
from .holder import mro_of
from .values import BuiltValue, Varied

PATTERNS = 12
NAMED = 4  # classes in one text
_CLASS = re.compile(r"\b[A-Z]\w*[a-z]\w*")
KNOWN, EACH, LARGEST = (
    40,
    4,
    200,
)  # values that the code knows: all, of one table, and entries of a table that is looked at
FORMS = (
    "{number}", "{date}", "{date}T{time}", "{time}", "localhost:{port}", "{address}", "/leaklint{number}",
    "http://localhost/{number}", "a{number}=b", "a{number},b", "a{number} b", "a{number} /b c", "a{number}.b", "a{number}:b",
    "a{number}-b", "a{number}/b", "a{number};b", "a{number}@localhost.org", "1.0.{number}", "#{hexadecimal}", "--a{number}",
    "A{number}", "os.path", "os:path", "utf-8", "{{}}", "[{number}]", "<a/>", "00000000-0000-0000-0000-{number:012}",
)  # fmt: skip
MANY = 10_000
Option = Union[BuiltValue, Varied]


def options(function: Any, parameter: str) -> Iterator[Option]:
    """Yield values for a parameter of a function or class, what its own program says first."""
    yield from _passed(function, parameter)
    yield from _known(function, parameter)
    for pattern in _patterns(function):
        yield _varied(partial(_matching, pattern))
    for form in FORMS:
        yield _varied(partial(_formed, form))
    if not sandbox.is_careful():
        return  # the working folder is the user's
    yield BuiltValue(a_file(), "leaklint_runtime.samples:a_file()", False, "a file that exists")
    yield BuiltValue(a_folder(), "leaklint_runtime.samples:a_folder()", False, "a folder that exists")


def of_classes(message: str, function: Any) -> Iterator[Option]:
    """Yield objects of the classes that a text names, such as the message of an error, and of those right below them,
    which come first: a class that has some may stand for them.

    They are of the program, or what the module of the function imports has them.
    """
    home: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    if not is_a(home, ModuleType):
        return
    spaces = [contents(home), *[contents(value) for value in list(contents(home).values()) if is_a(value, ModuleType)]]
    package = fitting.of_package(home.__name__.partition(".")[0])
    for word in list(dict.fromkeys(_CLASS.findall(message)))[:NAMED]:
        known = [space[word] for space in spaces if is_a(space.get(word), type)]
        for kind in [*known, *[kind for kind in package if kind.__name__ == word]][:1]:
            for option in [] if issubclass(kind, BaseException) else [*type.__subclasses__(kind), kind][:NAMED]:
                with suppress(build.CannotBuildError):
                    _object(option, 0)
                    yield Varied(partial(_object, option))


def _object(kind: Any, number: int) -> BuiltValue:
    return build.nested(kind, number, 0)._replace(sure=False, origin="a class that an error names")


def _varied(make: Callable[[int], BuiltValue]) -> Varied:
    return Varied(make)


def _passed(function: Any, parameter: str) -> Iterator[BuiltValue]:
    """Yield the constants that calls of the function pass, and those in examples."""
    parameters = _parameters(function)
    for given in domains.passed_to(function, parameters, examples=True).get(parameter, ()):
        made = domains.made_of(given)
        if made is not None:
            yield made._replace(sure=False, origin=f"{shown.SHOWN if given.test else shown.PASSED} at {given.place}")


def _parameters(function: Any) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _known(function: Any, parameter: str) -> Iterator[BuiltValue]:
    """Yield what the code compares the parameter with, has in tables that it names, or completes to names of attributes."""
    found: list[Any] = []
    for maker in _makers(function):
        found += documented.compared(maker, parameter)
        names = getattr(getattr(maker, "__code__", None), "co_names", ())
        spaces = [getattr(maker, "__globals__", {}), *_spaces(function)]
        for name in names:
            for space in spaces:
                found += _plain_entries(space.get(name))
        for prefix in documented.prefixes(maker):
            found += [name[len(prefix) :] for space in _spaces(function) for name in space if name.startswith(prefix)]
    for value in list(dict.fromkeys(found))[:KNOWN]:
        yield values.literal(value, sure=False)._replace(origin="code")


def _plain_entries(table: Any) -> list[Any]:
    """Return the first keys of a dictionary, or elements of a collection, if they are texts or numbers."""
    if type(table) not in (dict, list, tuple, set, frozenset) or len(table) > LARGEST:
        return []
    return [item for item in list(table) if type(item) in (str, int)][:EACH]


def _makers(function: Any) -> list[Any]:
    """Return the functions whose code meets the arguments: of a class, its constructors."""
    if not is_a(function, type):
        return [inspect.unwrap(function)] if callable(function) else []
    found = [space.get(name) for space in _spaces(function) for name in ("__init__", "__new__", "__post_init__")]
    return [maker for maker in found if is_a(maker, FunctionType)]


def _spaces(function: Any) -> list[Any]:
    """Return the namespaces of a class and its bases; of a method, those of its class."""
    kind = function if is_a(function, type) else domains.owner_of(function)
    return [contents(base) for base in mro_of(kind)[:-1]] if is_a(kind, type) else []


def _patterns(function: Any) -> list[Any]:
    """Return the compiled patterns that the module or class of a function has, and those that its code writes out."""
    found = [value for space in _spaces(function) for value in list(space.values()) if is_a(value, re.Pattern)]
    for maker in _makers(function):
        found += [value for value in list(maker.__globals__.values()) if is_a(value, re.Pattern)]
        found += _written(maker)
    return list(dict.fromkeys(found))[:PATTERNS]


def _written(function: Any) -> list[Any]:
    found = (_compiled(text) for text in documented.patterns(function))
    return [pattern for pattern in found if pattern is not None]


def _compiled(text: str) -> Any:
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError):
        return None


def _matching(pattern: Any, number: int) -> BuiltValue:
    text = patterns.matching(pattern, number)
    source = f"leaklint_runtime.patterns:matching(re:compile({values.quoted(pattern.pattern)}), number)"
    return BuiltValue(text, source, False, "a regular expression of the code")


def _formed(form: str, number: int) -> BuiltValue:
    """Return the text of a form for a number; there are more of each than any experiment makes."""
    seconds = number % 86_400
    text = form.format(
        number=number,
        date=datetime.date.fromordinal(737_425 + number % 100_000).isoformat(),
        time=f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        port=1024 + number % 60_000,
        address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        hexadecimal=f"{number % (1 << 24):06x}",
    )
    return values.literal(text, sure=False)._replace(origin="a text of a usual form")


def variations(text: str) -> Iterator[Callable[[int], str]]:
    """Yield ways to make other texts of the same form, of each more than any experiment makes.

    Another number in it, something after it, or other letters and digits in as many characters.
    """
    numbers = list(re.finditer(r"\d+", text))[::-1]
    for found in numbers:
        yield partial(_numbered, text, found.span())
    yield partial(_numbered, text, (len(text), len(text)))
    for found in [*numbers, *list(re.finditer(r"[a-z]{3,}|[A-Z]{3,}", text))[::-1]]:
        letters = "1234567890" if found[0].isdigit() else string.ascii_lowercase
        letters = letters.upper() if found[0].isupper() else letters
        if len(letters) ** len(found[0]) >= MANY:
            yield partial(_replaced, text, found.span(), letters)


def _numbered(text: str, span: tuple[int, int], number: int) -> str:
    return f"{text[: span[0]]}{number + 1}{text[span[1] :]}"


def _replaced(text: str, span: tuple[int, int], letters: str, number: int) -> str:
    """Return the text with the characters of a stretch told by a number."""
    made = ""
    for _ in range(*span):
        number, place = divmod(number, len(letters))
        made = letters[place] + made
    return text[: span[0]] + made + text[span[1] :]


def a_file() -> str:
    """Return the path of a file with a line of text in the working folder."""
    path = os.path.abspath("leaklint.txt")
    if not os.path.exists(path):
        with open(path, "w", encoding="ascii") as target:
            target.write("leaklint\n")
    return path


def a_folder() -> str:
    """Return the path of a folder in the working folder."""
    path = os.path.abspath("leaklint")
    os.makedirs(path, exist_ok=True)
    return path
