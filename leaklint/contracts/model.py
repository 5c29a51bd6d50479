"""Contracts as frozen values: what callables, objects and classes of other packages keep, make and let go."""

from __future__ import annotations

import sys
from typing import Literal, NamedTuple

Hold = Literal["strong", "weak", "weak-methods"]
Kind = Literal[
    "callback", "atexit", "finalize", "fork", "signal", "timer", "thread", "slot", "handler", "filter", "logger", "registrar",
    "store", "values", "entries",
]  # fmt: skip


class Retains(NamedTuple):
    """One row of what a callable keeps: a parameter, how, and under which arguments the row applies.

    ``parameter`` is ``*`` for every argument that no other row names; ``position`` counts from 0, without the receiver, and
    is -1 where the parameter has none. ``when`` pairs keywords with the texts of the constants that they must have, ``""``
    for a keyword that must be absent.
    """

    parameter: str = "*"
    position: int = -1
    hold: Hold = "strong"
    when: tuple[tuple[str, str], ...] = ()


class Off(NamedTuple):
    """A call that, anywhere in the program, keeps a callable from keeping anything: under which arguments, as for a row."""

    call: str
    when: tuple[tuple[str, str], ...] = ()


class Key(NamedTuple):
    """The argument under which something is registered: the next under the same key replaces it."""

    parameter: str = ""
    position: int = -1


class Memoises(NamedTuple):
    """What keeps the results of a function under its arguments: how many by default (None: no bound)."""

    bound: int | None = None
    parameter: str = ""
    bare: bool = True


class WeakForm(NamedTuple):
    """The keyword argument by which a callable holds weakly, and the text of its value."""

    keyword: str
    value: str


class Contract(NamedTuple):
    """What is known of a callable, by its dotted name; docs/contracts.md says what each key means."""

    name: str
    aliases: tuple[str, ...] = ()
    versions: str = ""
    parameters: tuple[str, ...] = ()
    retains: tuple[Retains, ...] = ()
    lifetime: str = "process"
    until: str = ""
    takes_out: str = ""
    undo: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    off: tuple[Off, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    passes: str = ""
    handle: bool = False
    used_by: tuple[str, ...] = ()
    by_name: bool = False
    slot: bool = False
    key: Key | None = None
    previous: tuple[str, ...] = ()
    returns: str = ""
    memoises: Memoises | None = None
    kind: Kind = "callback"
    holder: str = ""
    freed: str = ""
    why: str = ""
    advice: str = ""
    weak_form: WeakForm | None = None
    attribute: str = ""
    where: str = ""
    experiment: str = ""

    @property
    def is_standard(self) -> bool:
        """Tell whether it is a callable of the standard library."""
        return self.name.partition(".")[0] in sys.stdlib_module_names

    @property
    def is_constructor(self) -> bool:
        """Tell whether it makes an object, which is then what keeps."""
        return self.name.rpartition(".")[2].lstrip("_")[:1].isupper()

    @property
    def called(self) -> str:
        """Return the name without its modules: ``Signal.connect``."""
        parts = self.name.split(".")
        first = next((n for n, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
        return ".".join(parts[first:])

    @property
    def keeper(self) -> str:
        """Return how long it is kept, as what comes after ``as long as its``."""
        return self.lifetime.removeprefix("argument ")

    @property
    def registers(self) -> bool:
        """Tell whether the package keeps what the call returns."""
        return self.returns == "registered"


class Object(NamedTuple):
    """A module attribute, or an attribute of a class's objects: which class it is of, or what it holds by itself."""

    name: str
    cls: str = ""
    container: str = ""
    slot: bool = False
    table: str = ""
    previous: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    versions: str = ""
    holder: str = ""
    why: str = ""
    advice: str = ""
    experiment: str = ""


class ClassEntry(NamedTuple):
    """A class of another package: what its objects are, and what its methods are inherited from."""

    name: str
    aliases: tuple[str, ...] = ()
    versions: str = ""
    bases: tuple[str, ...] = ()
    container: str = ""
    inside: tuple[tuple[str, str], ...] = ()
    longer_copies: tuple[str, ...] = ()
    singleton: bool = False
    fields: str = ""
    lives: str = ""
    why: str = ""
    experiment: str = ""

    @property
    def holder_argument(self) -> str:
        """Return the argument of its constructor that names what holds an object; nothing if that is not said."""
        return self.lives.removeprefix("argument ") if self.lives.startswith("argument ") else ""


class Package(NamedTuple):
    """All that one file says. ``returns`` and ``keys`` pair dotted names, or ``package.*``, with what calls give, ``takes``
    with which of their arguments are texts, numbers or paths.

    ``problem`` tells of a file that could not be used: its path, and what is wrong with it.
    """

    top: str = ""
    distribution: str = ""
    callables: tuple[Contract, ...] = ()
    objects: tuple[Object, ...] = ()
    classes: tuple[ClassEntry, ...] = ()
    returns: tuple[tuple[str, str], ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    natures: tuple[tuple[str, str], ...] = ()
    takes: tuple[tuple[str, str], ...] = ()
    problem: tuple[str, str] = ("", "")

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that the package speaks of."""
        entries = [one.name for one in self.callables] + [one.name for one in self.objects]
        entries += [one.name for one in self.classes]
        return (*entries, *(name for name, _ in (*self.returns, *self.takes, *self.keys, *self.natures)))

    @property
    def retains(self) -> bool:
        """Tell whether anything in the package keeps what it is handed, or what it returns, or memoises."""
        return any(
            one.retains or one.registers or one.memoises or one.kind != "callback" for one in self.callables
        ) or any(one.container or one.slot or one.table for one in self.objects)
