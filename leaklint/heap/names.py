"""What names stand for across files: Python's import rules on the modules that were read."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from functools import cached_property

from leaklint.flow.model import Class, Function, Module
from leaklint.flow.terms import Term
from leaklint.heap.search_path import bare_names, stem

_BUILTINS = frozenset(dir(builtins))


class Names:
    """The modules of a program and what their names stand for.

    Answers are terms: ``("class", key)``, ``("func", key)``, ``("module", name)``, ``("ext", dotted)`` for what lies
    outside of the program, ``("global", module, name)`` for a variable.
    """

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, Class] = {}
        self._endings: dict[str, list[str]] = {}
        self._packages: set[str] = set()
        for name, module in modules.items():
            self.functions.update(module.functions)
            self.classes.update(module.classes)
            parts = name.split(".")
            self._packages.update(".".join(parts[:n]) for n in range(1, len(parts)))
            pieces = [piece for piece in stem(module.path).split("/") if piece not in {"", ".", ".."}]
            for n in range(len(pieces)):
                self._endings.setdefault(".".join(pieces[n:]), []).append(name)
        self._bare = bare_names(modules)  # of modules in folders that are put on the import path
        self._dotted: dict[str, Term] = {}
        self._words: dict[tuple[str, str], Term | None] = {}  # what words in modules stand for
        self._searched: set[tuple[str, str]] = set()  # without success, within the outermost question that is open
        self._resolving = 0  # dotted names that are not resolved yet

    @cached_property
    def imported(self) -> frozenset[str]:
        """Return the dotted names that the modules import, at the top or inside of functions of theirs."""
        return frozenset(dotted for module in self.modules.values() for dotted in module.imports.values())

    def module_of(self, key: str) -> Module:
        """Return the module of a function's or class's key."""
        return self.modules[key.partition(":")[0]]

    def in_module(self, name: str, word: str) -> Term | None:
        """Return what an attribute of a module of the program stands for; None if there is none."""
        asked = (name, word)
        if asked in self._words:
            return self._words[asked]
        outermost = not self._searched and not self._resolving
        found = self._search(name, word)
        if outermost:
            self._words[asked] = found
            self._searched.clear()
        return found

    def _search(self, name: str, word: str) -> Term | None:
        module = self.modules[name]
        if word in module.names:
            return ("global", name, word)
        if word in module.imports:
            return self.dotted(module.imports[word])
        if (name, word) in self._searched:
            return None
        self._searched.add((name, word))
        for star in module.stars:
            home = self.dotted(star)
            found = self.in_module(home[1], word) if home[0] == "module" and home[1] in self.modules else None
            if found is not None:
                self._searched.discard((name, word))
                return found
        inner = self._module(f"{name}.{word}")
        if inner is not None:
            self._searched.discard((name, word))
            return ("module", inner)
        return None

    def getter(self, name: str, word: str) -> str | None:
        """Return the key of the ``__getattr__`` that a module of the program has for names that it does not define."""
        key = f"{name}:__getattr__"
        return key if key in self.functions and not word.startswith("__") else None

    def name(self, module: str, word: str) -> Term:
        """Return what a name in a module stands for."""
        found = self.in_module(module, word)
        if found is not None and not (found[0] == "module" and word not in self.modules[module].imports):
            return found
        return ("ext", f"builtins.{word}") if word in _BUILTINS else ("ext", f"?.{word}")

    def assigned_to(self, variable: Term) -> tuple[Term, ...]:
        """Return what is assigned to a variable of a module, by what its name stands for; nothing for what is no variable."""
        values = self.modules[variable[1]].names.get(variable[2], ()) if variable[0] == "global" else ()
        return tuple(value for value, _, _ in values)

    def dotted(self, dotted: str) -> Term:
        """Return what a dotted name of an import stands for."""
        if dotted in self._dotted:
            return self._dotted[dotted]
        self._dotted[dotted] = ("ext", dotted)  # what an import that leads back to itself sees
        self._resolving += 1
        self._dotted[dotted] = found = self._find(dotted)
        self._resolving -= 1
        return found

    def _module(self, dotted: str) -> str | None:
        if dotted in self.modules or dotted in self._packages:
            return dotted
        if dotted in self._bare:
            return self._bare[dotted]
        ending = self._endings.get(dotted, ()) if "." in dotted else ()
        return ending[0] if len(ending) == 1 else None

    def below(self, dotted: str) -> Term:
        """Return what stands below a folder without ``__init__.py``, where a program names it in full."""
        found = self._module(dotted)
        return ("module", found) if found is not None else ("ext", dotted)

    def _find(self, dotted: str) -> Term:
        parts = dotted.split(".")
        for n in range(len(parts), 0, -1):
            name = self._module(".".join(parts[:n]))
            if name is None:
                continue
            if n == len(parts):
                package, _, word = name.rpartition(".")
                if package in self.modules and word in self.modules[package].names:
                    return ("global", package, word)
                if package in self.modules and self.modules[package].imports.get(word, name) != name:
                    return self.dotted(self.modules[package].imports[word])
                return ("module", name)
            term: Term = ("module", name)
            for word in parts[n:]:
                found = self.in_module(term[1], word) if term[0] == "module" and term[1] in self.modules else None
                if found is None:
                    lazy = term[0] == "module" and self.getter(term[1], word) is not None
                    term = ("attr", term, word) if lazy or term[0] in {"global", "attr", "class"} else ("ext", dotted)
                else:
                    term = found
            return term
        return ("ext", dotted)
