"""``dataclass(frozen=True, slots=True)`` without its cost at start-up; type checkers take it for the standard library's own.

That one imports ``inspect`` and compiles six functions for each class, together a quarter of what a check of one small file
takes. Here ``__init__`` alone is compiled, for the first instance. Instances behave the same: equality, hash, ``repr``,
pickling, ``match``, and what ``dataclasses`` itself makes of them (``fields``, ``replace``, ``asdict``), which describes a
class when it is first asked.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from typing import Any
else:

    def dataclass(*, frozen, slots, eq=True):
        """Return a decorator for classes without bases; both ``frozen`` and ``slots`` have to be asked for.

        A method of such a class cannot call ``super()`` without arguments.
        """
        if not (frozen and slots):
            raise TypeError("only frozen classes with slots are made here")
        return lambda kind: _made(kind, eq)

    def field(**given):
        """Tell more of a field than its default: ``default_factory`` and ``metadata`` as in ``dataclasses``."""
        return _FieldOptions(given)

    def replace(instance, /, **changes):
        """Return a copy of an instance with other values for some of its fields."""
        for name in instance.__match_args__:
            if name not in changes:
                changes[name] = getattr(instance, name)
        return instance.__class__(**changes)


class _FieldOptions:
    """What ``field`` was given."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given


class _Fields:
    """What ``dataclasses`` reads off a class; read off a class of its own that is like the one here."""

    def __init__(self, options: Mapping[str, _FieldOptions]) -> None:
        self.options = options

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses

        rows = [
            (name, kind, dataclasses.field(**self.options[name].given)) for name, kind in owner.__annotations__.items()
        ]
        described: Any = dataclasses.make_dataclass(owner.__name__, rows)
        owner.__dataclass_fields__ = described.__dataclass_fields__
        return owner.__dataclass_fields__


class _Init:
    """Compiles ``__init__`` and puts it in its own place when it is first asked for: many a class has no instance in a run."""

    def __init__(self, options: Mapping[str, _FieldOptions]) -> None:
        self.options = options

    def __set_name__(self, owner: Any, name: str) -> None:
        self.owner = owner

    def __get__(self, instance: object, kind: Any) -> Any:
        self.owner.__init__ = _initialiser(self.owner, self.options)
        return self.owner.__init__ if instance is None else self.owner.__init__.__get__(instance)


def _made(kind: Any, eq: bool) -> Any:
    """Return a class like ``kind`` with slots for its annotations, and what they bring."""
    names = tuple(kind.__annotations__)
    space = {name: value for name, value in kind.__dict__.items() if name not in {"__dict__", "__weakref__"}}
    fields = {}
    for name in names:
        value = space.pop(name, None) if name in space else _FieldOptions({})
        fields[name] = value if isinstance(value, _FieldOptions) else _FieldOptions({"default": value})
    space |= {**_SHARED, **(_compared(names) if eq else {})}
    space |= {
        "__slots__": names,
        "__match_args__": names,
        "__dataclass_fields__": _Fields(fields),
        "__init__": _Init(fields),
    }
    made = type(kind)(kind.__name__, kind.__bases__, space)
    made.__qualname__ = kind.__qualname__
    return made


def _initialiser(kind: Any, fields: Mapping[str, _FieldOptions]) -> Callable[..., None]:
    """Return an ``__init__`` that puts each argument into its slot."""
    known: dict[str, Any] = {}
    head, body = ["self"], []
    for name, one in fields.items():
        known[f"_set_{name}"] = kind.__dict__[name].__set__
        if "default_factory" in one.given:
            known[f"_make_{name}"], known["_NONE"] = one.given["default_factory"], _NONE
            head.append(f"{name}=_NONE")
            body.append(f" _set_{name}(self, _make_{name}() if {name} is _NONE else {name})\n")
        elif "default" in one.given:
            known[f"_default_{name}"] = one.given["default"]
            head.append(f"{name}=_default_{name}")
            body.append(f" _set_{name}(self, {name})\n")
        else:
            head.append(name)
            body.append(f" _set_{name}(self, {name})\n")
    exec(f"def __init__({', '.join(head)}):\n{''.join(body) or ' pass'}", known)
    done: Callable[..., None] = known["__init__"]
    done.__qualname__, done.__module__ = f"{kind.__qualname__}.__init__", kind.__module__
    done.__annotations__ = {**kind.__annotations__, "return": None}
    return done


class _Nothing:
    """Stands for an argument that was not given."""

    def __repr__(self) -> str:
        return "<factory>"


_NONE = _Nothing()


def _compared(names: tuple[str, ...]) -> dict[str, Any]:
    """Return equality and hash by the values of the fields ``names``."""
    values: Callable[[Any], object] = attrgetter(*names) if names else lambda instance: ()

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return {"__eq__": equal, "__hash__": lambda self: hash(values(self))}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{self.__class__.__qualname__}({shown})"


def _setattr(self: object, name: str, value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: object, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__match_args__]


def _setstate(self: Any, state: list[object]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


_SHARED = {
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
    "__replace__": replace,
}
