"""Whether what a memo returns may be worked out again: a second object, or the next number, is not the same."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.drafts.facts.model import FunctionFacts, ModuleFacts, Value
from leaklint.drafts.program import ClassRef
from leaklint.repairs.callees import wanted
from leaklint.repairs.escapes import results_of
from leaklint.repairs.files import Files
from leaklint.repairs.referents import compares_by_value
from leaklint.repairs.roles import Role
from leaklint.repairs.state import MAKING, changes

_HOPS = 5
_ANEW = of_nature("another each time")
_VALUES = (
    of_nature("plain") | of_nature("text") | of_nature("value") | of_nature("enum") | of_nature("not weakly referable")
)
_CONTAINERS = frozenset({"dict", "list", "set"})
_GROUPS = _CONTAINERS | {"tuple"}
_OUTER = frozenset({"global", "cell"})
_REPEATED = frozenset({"[]=", "setdefault"})  # stores that come to the same when they are done again


def not_again(files: Files, module: ModuleFacts, function: FunctionFacts) -> str:
    """Return why what a function returned is not as good when it is worked out again; nothing where nothing shows that.

    It is an object of its own that changes or that everybody has to get, the next one of a row, or callers change it.
    """
    results = _Again(files)
    return results.of_function(module, function, _HOPS) or _changed_by_callers(files, module, function)


class _Again:
    """Looks at what functions return, those that they call included, each once."""

    def __init__(self, files: Files) -> None:
        self.program = files.program
        self.seen: set[tuple[str, str]] = set()

    def of_function(self, module: ModuleFacts, function: FunctionFacts, hops: int) -> str:
        key = (module.name, function.qualname)
        if not hops or key in self.seen:
            return ""
        self.seen.add(key)
        values = [value for way in function.returns for value in way]
        found = (self._of_value(module, function, value, hops) for value in values)
        return next(filter(None, found), "") or self._drawn(module, function) or self._counted(function, values)

    def _of_value(self, module: ModuleFacts, function: FunctionFacts, value: Value, hops: int) -> str:
        if value.kind in _GROUPS:
            found = (self._of_value(module, function, part, hops) for part in value.parts)
            return next(filter(None, found), "")
        made = value.kind == "call" and value.parts and not value.path
        return self._of_call(module, function, value, hops) if made else ""

    def _drawn(self, module: ModuleFacts, function: FunctionFacts) -> str:
        """Return why a function that draws from a row that outlives it, or draws lots, would come to something else."""
        for call in function.calls:
            given = (value for argument in call.arguments for value in argument.values)
            if all(value.kind in _OUTER for value in given):
                for callee in call.callee:
                    if callee.kind == "global" and self._is_anew(module, callee):
                        return f"{function.name}() calls {'.'.join(callee.path)}(), which gives another one each time"
        return ""

    def _is_anew(self, module: ModuleFacts, callee: Value) -> bool:
        found = self.program.names.find(module.name, callee.path)
        last = (found.rest or (found.name,))[-1].rpartition(".")[2]
        return found.kind == "external" and last in _ANEW

    def _of_call(self, module: ModuleFacts, function: FunctionFacts, value: Value, hops: int) -> str:
        made = self._class_of(module, function, value.parts[0])
        if made is not None:
            return self._of_class(made, function.name)
        callee = self.program.callee(value.parts[0], function, module)
        if callee is not None:
            return self.of_function(self.program.modules[callee.module], callee.function, hops - 1)
        outside = self._outside(module, value.parts[0])
        return f"the {outside} that {function.name}() makes may be the one that everybody has to get" if outside else ""

    def _class_of(self, module: ModuleFacts, function: FunctionFacts, maker: Value) -> ClassRef | None:
        if maker.kind == "cls" and not maker.path:
            return self.program.holders.owner_of(function, module)
        return self.program.names.as_class(module.name, maker) if maker.kind == "global" else None

    def _outside(self, module: ModuleFacts, maker: Value) -> str:
        """Return the name of a class outside of the program whose instances are no plain values, as far as its name tells."""
        found = self.program.names.find(module.name, maker.path) if maker.kind == "global" and maker.path else None
        last = maker.path[-1] if maker.path else ""
        is_class = last[:1].isupper() and not last.isupper()
        return last if found is not None and found.kind == "external" and is_class and last not in _VALUES else ""

    def _of_class(self, ref: ClassRef, name: str) -> str:
        short = ref.name.rpartition(".")[2]
        if changes(self.program, ref):
            return f"the {short} that {name}() makes changes afterwards, and a second one would not know of it"
        if not self._is_value(ref):
            return f"the {short} that {name}() makes may be the one that everybody has to get"
        return ""

    def _is_value(self, ref: ClassRef) -> bool:
        """Tell whether one object of a class is as good as another: equal, or made of plain values and never compared."""
        outside = [base.rpartition(".")[2] for base in self.program.names.external_bases_of_bases(ref)]
        return bool(compares_by_value(self.program, ref)) or not _VALUES.isdisjoint(outside) or not self._has_parts(ref)

    def _has_parts(self, ref: ClassRef) -> bool:
        """Tell whether making an object makes others for it, which may be filled, locked or opened later."""
        for one in self.program.names.ancestors(ref):
            module = self.program.modules[one.module]
            for function in module.functions.values():
                if function.owner != one.name or function.name not in MAKING:
                    continue
                given = (value for event in function.events if event.op == "bind" for value in event.value)
                if any(self._is_part(module, function, value) for value in given):
                    return True
        return False

    def _is_part(self, module: ModuleFacts, function: FunctionFacts, value: Value) -> bool:
        if value.kind != "call" or not value.parts:
            return value.kind in _CONTAINERS
        made = self._class_of(module, function, value.parts[0])
        return made is not None or bool(self._outside(module, value.parts[0]))

    @staticmethod
    def _counted(function: FunctionFacts, values: list[Value]) -> str:
        """Return why a function that returns what it changes itself, as a count, would go on counting."""
        named = {part.path[0] if part.kind == "global" else part.name for one in values for part in _parts(one)
                 if part.kind in _OUTER and (part.path or part.name)}  # fmt: skip
        for event in function.events:
            again = event.op in {"bind", "remove"} or (event.op == "store" and event.how not in _REPEATED)
            for target in event.target if again else ():
                name = target.path[0] if target.kind == "global" and target.path else target.name
                if target.kind in _OUTER and name in named:
                    return f"{function.name}() returns what comes of {name}, which it changes each time"
        return ""


def _parts(value: Value) -> Iterator[Value]:
    yield value
    for part in value.parts:
        yield from _parts(part)


def _changed_by_callers(files: Files, module: ModuleFacts, function: FunctionFacts) -> str:
    """Return why what callers change, or know by its identity, has to be the same object for all."""
    for role in results_of(files, module, function):
        if role.kind == "identity" and not _is_with_none(role):
            return f"what {function.name}() returns is told by its identity at {role.place}"
        changed = wanted(files, role, _HOPS).changed or (role.place if _is_set(role) else "")
        if changed:
            return f"what {function.name}() returns is changed at {changed}, and the next caller counts on that"
    return ""


def _is_with_none(role: Role) -> bool:
    return isinstance(role.node, cst.Comparison) and "None" in role.file.code(role.node).split()


def _is_set(role: Role) -> bool:
    """Tell whether an attribute of an object is set."""
    above = role.file.parent(role.node)
    return role.kind == "method" and (
        isinstance(above, cst.AssignTarget) or (isinstance(above, cst.AugAssign) and above.target is role.node)
    )
