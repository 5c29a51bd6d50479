"""Contracts by dotted name: the file of a package is read when a name of that package is first asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache

from leaklint.contracts.containers import ADDERS, REMOVERS
from leaklint.contracts.model import ClassEntry, Contract, Object, Package, Retains
from leaklint.contracts.reader import parsed

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
_NONE = Package()
_ROUNDS = 8  # names of names of names that are followed


@cache
def tops() -> frozenset[str]:
    """Return the import packages that have a file of contracts."""
    return frozenset(name.removesuffix(".toml") for name in os.listdir(FOLDER) if name.endswith(".toml"))


@cache
def shipped(top: str) -> Package:
    """Return what leaklint itself knows of an import package. Raises ``ContractError``."""
    if top not in tops():
        return _NONE
    path = os.path.join(FOLDER, f"{top}.toml")
    with open(path, encoding="utf-8") as stream:
        return parsed(_without_experiments(stream.read()), path, top)


def _without_experiments(text: str) -> str:
    """Leave out what only ``leaklint contracts verify`` runs: most of the text, and most of the time that reading takes."""
    parts = text.split("\nexperiment = '''")
    return parts[0] + "".join(part.partition("'''")[2] for part in parts[1:])


@cache
def of_nature(nature: str) -> frozenset[str]:
    """Return the classes and functions, of any package, that are by nature such ones, by the last parts of their names."""
    return frozenset(name.rpartition(".")[2] for name, given in shipped("builtins").natures if given == nature)


@cache
def named_by_nature(nature: str) -> frozenset[str]:
    """Return the whole names of the classes and functions that are by nature such ones."""
    return frozenset(name for name, given in shipped("builtins").natures if given == nature)


@cache
def storing(*tops: str) -> frozenset[str]:
    """Return the functions of packages that put one argument into another, by the last parts of their names."""
    every = (one for top in tops for one in shipped(top).callables if one.kind == "store")
    return frozenset(name.rpartition(".")[2] for one in every for name in (one.name, *one.aliases))


class Contracts:
    """All contracts that hold for one program: the project's own first, then those of packages."""

    def __init__(self, declared: Iterable[Package] = ()) -> None:
        """Take what a project, and packages installed beside it, declare."""
        self._loaded: set[str] = set()
        self._callables: dict[str, Contract] = {}
        self._objects: dict[str, Object] = {}
        self._classes: dict[str, ClassEntry] = {}
        self._aliases: dict[str, str] = {}
        self._returns: dict[str, str] = {}
        self._takes: dict[str, set[str]] = {}
        self._keys: dict[str, str] = {}
        self._natures: dict[
            str, set[str]
        ] = {}  # by last name, under which other packages hand classes and functions on
        self._methods: dict[tuple[str, str], list[Contract]] = {}  # by package and last name, of classes
        self._owners: set[str] = set()  # the classes of these methods
        self._undoing: set[tuple[str, str]] = set()  # class and name of the methods that undo what another has done
        self._homes: dict[tuple[str, str], set[str]] = {}  # classes and constants by package and last name
        self._canonical: dict[str, str] = {}
        self._found: dict[str, Contract | None] = {}
        self._of_calls: dict[str, tuple[Contract | None, str]] = {}
        self.declared: set[str] = set()
        self._load("builtins")
        for one in declared:
            self._add(one)
            self.declared.update(entry.name for entry in one.callables)
            self.declared.update(entry.name for entry in one.classes)

    def distribution(self, top: str) -> str:
        """Return the name that pip knows an import package by; its own where no contract says."""
        return shipped(top).distribution or top

    def read(self, tops: Iterable[str]) -> None:
        """Read the contracts of the packages that a program imports."""
        for top in sorted(set(tops)):
            self._load(top)

    def _add(self, package: Package) -> None:
        self._of_calls.clear()  # what was unknown may be known now
        for contract in package.callables:
            if self._callables.setdefault(contract.name, contract) is contract:
                self._alias(contract.name, contract.aliases)
                for name in (contract.name, *contract.aliases):
                    self._method(name, contract)
                self._home(contract.name.rpartition(".")[0])
        for entry in package.objects:
            self._objects.setdefault(entry.name, entry)
            self._home(entry.name)
        for klass in package.classes:
            self._classes.setdefault(klass.name, klass)
            self._home(klass.name)
            self._alias(klass.name, klass.aliases)
        for name, given in package.returns:
            self._returns.setdefault(name, given)
        for name, taken in package.takes:
            self._takes.setdefault(name, set()).add(taken)
        for name, given in package.keys:
            self._keys.setdefault(name, given)
        for name, nature in package.natures:
            self._natures.setdefault(name.rpartition(".")[2], set()).add(nature)

    def _home(self, name: str) -> None:
        last = name.rpartition(".")[2]
        if last[:1].isupper():
            self._homes.setdefault((name.partition(".")[0], last), set()).add(name)

    def _method(self, name: str, contract: Contract) -> None:
        owner, _, last = name.rpartition(".")
        if owner.rpartition(".")[2][:1].isupper():
            self._owners.add(owner)
            same = self._methods.setdefault((name.partition(".")[0], last), [])
            same += [contract] if contract not in same else []
            self._undoing.update((owner, undo[1:]) for undo in contract.undo if undo.startswith("."))

    def _alias(self, name: str, aliases: tuple[str, ...]) -> None:
        for alias in aliases:
            self._aliases.setdefault(alias, name)

    def _load(self, name: str) -> None:
        top = name.partition(".")[0]
        if top not in self._loaded:
            self._loaded.add(top)
            self._add(shipped(top))

    def retains(self, top: str) -> bool:
        """Tell whether anything in an import package keeps what it is handed, or what it returns."""
        return shipped(top).retains

    def canonical(self, name: str) -> str:
        """Return a dotted name as contracts spell it: aliases are undone, objects stand for their classes."""
        known = self._canonical.get(name)
        if known is None:
            known = name
            for _ in range(_ROUNDS):
                found = self._renamed(known)
                if found == known:
                    break
                known = found
            self._canonical[name] = known
        return known

    def _renamed(self, name: str) -> str:
        self._load(name)
        if name in self._callables:
            return name
        for prefix, rest in _prefixes(name):
            alias = self._aliases.get(prefix)
            if alias is not None:
                return alias + rest
            entry = self.object(prefix) if rest else None
            if entry is not None and entry.cls:
                return entry.cls + rest
        return self._handed_on(name)

    def _handed_on(self, name: str) -> str:
        """Return a name as contracts spell it where another module of its package hands the class or constant on.

        That is so if the package has one of that name in its contracts; a function's name says less.
        """
        for prefix, rest in _prefixes(name):
            top, last = prefix.partition(".")[0], prefix.rpartition(".")[2]
            homes = self._homes.get((top, last), set()) if prefix not in self._classes else set()
            if len(homes) == 1 and prefix not in homes:
                return next(iter(homes)) + rest
        return name

    def object(self, name: str) -> Object | None:
        """Return what is known of an attribute of a module or class by its own name."""
        self._load(name)
        return self._objects.get(name) or self._objects.get(f"{name.rpartition('.')[0]}.*")

    def klass(self, name: str) -> ClassEntry | None:
        """Return what is known of a class: by its name, or with all classes of its module."""
        return self._class(self.canonical(name))

    def _class(self, name: str) -> ClassEntry | None:
        owner, _, last = name.rpartition(".")
        return self._classes.get(name) or (self._classes.get(f"{owner}.*") if last[:1].isupper() else None)

    def callable(self, name: str) -> Contract | None:
        """Return the contract of a callable: of a method, by the class of its receiver or a base of that class."""
        if name not in self._found:
            self._found[name] = None  # what bases that lead back to themselves see
            self._found[name] = self._callable(self.canonical(name))
        return self._found[name]

    def _callable(self, name: str) -> Contract | None:
        found = self._callables.get(name)
        if found is not None:
            return found
        owner, _, last = name.rpartition(".")
        entry = self._objects.get(owner)
        if entry is not None and entry.container and last in ADDERS:
            return _filling(entry, last)
        klass = self._class(owner)
        for base in klass.bases if klass is not None else ():
            found = self.callable(f"{base}.{last}")
            if found is not None:
                return found
        return None

    def assumed(self, name: str) -> Contract | None:
        """Return the only contract that a package has for a method of that name, whatever the class is.

        Nothing is assumed of a class whose methods contracts speak of: what they do not speak of keeps nothing.
        """
        self._load(name)
        owner = self.canonical(name).rpartition(".")[0]
        if owner in self._owners or owner.rpartition(".")[0] in self._owners:  # ``Loop.current().start()``
            return None
        found = self._methods.get((name.partition(".")[0], name.rpartition(".")[2]), [])
        return found[0] if len(found) == 1 else None

    def of_call(self, name: str) -> tuple[Contract | None, str]:
        """Return the contract that holds for a call, and what that assumes, in words.

        ``?.name`` is a method that is called on something unknown.
        """
        known = self._of_calls.get(name)
        if known is None:
            known = self._of_calls[name] = self._of_call(name)
        return known

    def _of_call(self, name: str) -> tuple[Contract | None, str]:
        found = self.callable(name)
        if found is not None:
            return found, ""
        last = name.rpartition(".")[2]
        if name.startswith("?."):
            return self.by_name(last), ""
        found = self.assumed(name)
        if found is None or found.by_name:
            return found, ""
        owner = name.rpartition(".")[0]
        return found, f"assumes that {last}() of {owner} is that of {found.name.rpartition('.')[0]}"

    def speaks_of(self, owner: str, last: str) -> bool:
        """Tell whether a contract is known for a method of a class of a package, or names it as one that undoes another."""
        if "." not in owner or self.of_call(f"{owner}.{last}")[0] is not None:
            return "." in owner
        klass = self._class(owner)
        return any(
            (base, last) in self._undoing for base in (owner, self.canonical(owner), *(klass.bases if klass else ()))
        )

    def is_thread(self, name: str) -> bool:
        """Tell whether a call of that name starts a thread or a task, or a class of that name is one."""
        contract, _ = self.of_call(name)
        return contract is not None and contract.kind == "thread"

    def is_a(self, name: str, nature: str) -> bool:
        """Tell whether a class or a function is by nature such a one, by the last part of its name."""
        return nature in self._natures.get(name.rpartition(".")[2], ())

    def by_name(self, last: str) -> Contract | None:
        """Return the contract of a method whose name says enough, whatever it is called on, in packages read so far."""
        found = [one for (_, word), every in self._methods.items() if word == last for one in every if one.by_name]
        return found[0] if len(found) == 1 else None

    def all(self) -> Iterator[Contract]:
        """Yield the contracts of callables of the packages read so far."""
        yield from self._callables.values()

    def is_declared(self, name: str) -> bool:
        """Tell whether the project itself declares a callable or a class of this name."""
        return name in self.declared

    def returned(self, name: str) -> str:
        """Return what a callable gives, in the words of contracts; nothing where that is not known."""
        contract = self.callable(name)
        if contract is not None and contract.returns:
            return contract.returns
        name = self.canonical(name)
        return self._returns.get(name) or self._returns.get(f"{name.rpartition('.')[0]}.*", "")

    def takes_plain(self, name: str, position: int) -> bool:
        """Tell whether a callable takes only a text, a number or a path at a position."""
        name = self.canonical(name)
        every = (name, f"{name.rpartition('.')[0]}.*")
        return any(f"plain {position}" in self._takes.get(one, ()) for one in every)

    def keys(self, name: str) -> str:
        """Return how many different values calls of a callable give, as far as that is known."""
        return self._keys.get(self.canonical(name), "")


def _prefixes(name: str) -> Iterator[tuple[str, str]]:
    """Yield each beginning of a dotted name with its rest, the longest first."""
    yield name, ""
    end = name.rfind(".")
    while end > 0:
        yield name[:end], name[end:]
        end = name.rfind(".", 0, end)


def _filling(entry: Object, last: str) -> Contract:
    """Return the contract of a method that puts something into an object that is a container."""
    _, place = ADDERS[last]
    undo = entry.undo or tuple(
        f"{entry.name}.{one}" for one in ("remove", "pop", "clear", "discard") if one in REMOVERS
    )
    return Contract(
        f"{entry.name}.{last}", retains=(Retains("", place),), undo=undo, holder=entry.holder or entry.name, why=entry.why,
        advice=entry.advice,
    )  # fmt: skip
