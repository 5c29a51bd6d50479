"""Objects are made without help, surest way first, and what made them is told truly."""

from __future__ import annotations

import abc
import asyncio
import collections
import dataclasses
import datetime
import enum
import gc
import logging
import pathlib
import typing
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, Optional, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint_runtime import act, domains, ladder, recipes, stubs
from leaklint_runtime.build import CannotBuildError, call, describe
from leaklint_runtime.wire import WireProbe


class Nothing:
    pass


class Defaults:
    def __init__(self, size: int = 3, *args: object, name: str = "", **kwargs: object) -> None:
        self.size = size


class Annotated:
    def __init__(self, path: pathlib.Path, size: int, when: datetime.datetime, log: logging.Logger) -> None:
        self.parent, self.more, self.year = path.parent, size + 1, when.year
        log.debug("made")


class Positional:
    def __init__(self, first: str, /, second: int, *, third: float) -> None:
        self.all = (first + "", second + 1, third + 1.0)


class Color(enum.Enum):
    RED = 1


T = TypeVar("T")


class Generics(Generic[T]):
    def __init__(
        self,
        color: Color,
        either: Union[int, str],  # noqa: UP007
        maybe: Optional[int],  # noqa: UP045
        word: Literal["a", "b"],
        items: list[T],
        table: Mapping[str, int],
        each: Iterable[T],
        done: Callable[[], None],
        kind: type[Nothing],
        inner: Nothing,
        modern: int | None,
    ) -> None:
        assert color is Color.RED and word in "ab" and maybe is None and modern is None
        assert isinstance(kind, type) and isinstance(inner, Nothing)
        self.all = [*items, *table, *each, done(), either]


class Textual:
    def __init__(self, later: Nothing, missing: NoSuchName) -> None:  # noqa: F821
        assert isinstance(later, Nothing)


class Named:
    def __init__(self, url, port, timeout, name, callback, items, options, is_open, data):
        self.all = [
            url.upper(),
            port + 1,
            timeout + 0.5,
            name.upper(),
            callback(1),
            len(items),
            options.get(1),
            data[:1],
        ]


class Guided:
    def __init__(self, a, b):
        if not isinstance(a, dict):
            raise TypeError("a must be a dict")
        if not isinstance(b, bytes):
            raise ValueError("b must be bytes")


class Variadic:
    def __init__(self, *parts):
        if len(parts) < 2:
            raise TypeError("Variadic takes at least 2 arguments (0 given)")


class Passing(Annotated):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self) -> None: ...

    @property
    @abc.abstractmethod
    def size(self) -> int: ...


class OnlyByClassMethod:
    _token = object()

    def __init__(self, token: object) -> None:
        if token is not self._token:
            raise RuntimeError("use from_nothing")

    @classmethod
    def from_nothing(cls) -> OnlyByClassMethod:
        return cls(cls._token)


class OnlyInALoop:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()


@dataclasses.dataclass
class Data:
    name: str
    size: int
    inner: Nothing = dataclasses.field(default_factory=Nothing)


class Tupled(NamedTuple):
    name: str
    size: int


Old = collections.namedtuple("Old", "name size")


class ByNew:
    def __new__(cls, name: str) -> ByNew:
        assert isinstance(name, str)
        return super().__new__(cls)


class ByMeta(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*args, **kwargs)


class WithMeta(metaclass=ByMeta):
    def __init__(self, number: int) -> None:
        self.number = number + 1


class Impossible:
    def __init__(self) -> None:
        raise RuntimeError("never")


@pytest.fixture(autouse=True)
def _closed_loop() -> Iterator[None]:
    yield
    act.close_loop()


SURE = [Nothing, Defaults, Annotated, Positional, Generics, Passing, Data, Tupled, ByNew, WithMeta]
GUESSED = [Textual, Named, Guided, Variadic, Abstract, OnlyByClassMethod, Old]


@pytest.mark.parametrize("kind", [*SURE, *GUESSED, OnlyInALoop], ids=lambda kind: kind.__name__)
def test_each_kind_of_class_is_made(kind: Any) -> None:
    recipe = ladder.construct(kind)
    first, second = recipe.call(3), recipe.call(4)
    assert isinstance(first, kind)
    assert first is not second
    assert recipe.sure == (kind in SURE or kind is OnlyInALoop)


@pytest.mark.parametrize(
    "kind", [*SURE, Named, Guided, Variadic, OnlyByClassMethod, Old], ids=lambda kind: kind.__name__
)
def test_the_recipe_makes_such_an_object(kind: Any) -> None:
    text = recipes.python(f"made = {ladder.construct(kind).source}")
    space: dict[str, Any] = {"number": 5}
    exec(text, space)
    assert isinstance(space["made"], kind)


def test_what_cannot_be_made_says_why() -> None:
    with pytest.raises(CannotBuildError, match="RuntimeError: never"):
        ladder.construct(Impossible)


class FaultMeta(type):
    codes: typing.ClassVar[list[str]] = []

    def __init__(cls, name: str, bases: tuple[Any, ...], body: dict[str, Any]) -> None:
        super().__init__(name, bases, body)
        if bases and not issubclass(bases[0], Exception):
            raise TypeError("no fault")
        if "CODE" in body:
            cls.codes.append(body["CODE"])


class FaultError(Exception, metaclass=FaultMeta):
    pass


class MissingError(FaultError):
    CODE = "missing"


def test_of_a_metaclass_classes_are_made_as_the_program_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "_scopes", [])
    domains.within("", __file__)
    first = ladder.construct(FaultMeta)
    made = first.call(7)
    assert (made.__name__, made.__bases__, first.how) == ("Made7", (FaultError,), "a class below FaultError")
    known = len(FaultMeta.codes)
    like = [recipe.call(8) for recipe in ladder.variants(FaultMeta, first) if recipe.how == "a class like MissingError"]
    assert [(item.__bases__, item.CODE) for item in like] == [((FaultError,), "missing")]
    assert len(FaultMeta.codes) == known + 1


def test_arguments_vary_from_round_to_round() -> None:
    (way, *_) = call(Tupled)
    assert len({way(number).args for number in range(50)}) == 50


def test_made_objects_are_not_kept() -> None:
    recipe = ladder.construct(Named)
    reference = weakref.ref(recipe.call(1))
    gc.collect()
    assert reference() is None


def test_a_stub_answers_everything_and_keeps_nothing() -> None:
    stub = stubs.Stub()
    thing = stubs.StandIn()
    reference = weakref.ref(thing)
    stub.name = thing
    stub.method(thing, key=thing).more[thing]
    stub[thing] = thing
    with stub as inside:
        inside(thing)
    assert [*stub] == [] and not list(stub) and len(stub) == 0 and stub
    assert stub + 1 and 1 + stub and -stub and int(stub) == 1 and f"{stub}" == "stub" and thing not in stub
    assert not stub < 1 and stub == stub and stub != stubs.Stub() and {stub: 1}[stub] == 1
    del stub.name, stub[0]
    del thing
    assert reference() is None
    with pytest.raises(AttributeError):
        stub.__special__  # noqa: B018


@given(
    st.sampled_from([int, str, bytes, float, list, dict, set, tuple, Nothing, Color, typing.Any, Callable[..., int]])
)
def test_any_annotation_gives_a_value_of_its_type(hint: Any) -> None:
    def function(given):
        return given

    function.__annotations__["given"] = hint
    (way, *_) = call(function)
    made = function(*way(7).args)
    assert hint in (typing.Any, Callable[..., int]) or isinstance(made, hint)


def test_the_constructor_that_names_its_parameters_speaks() -> None:
    assert [item.name for item in describe(Passing)[0]] == ["path", "size", "when", "log"]
    assert [item.name for item in describe(WithMeta)[0]] == ["number"]


EVENTS: list[Any] = []


class Acting:
    def method(self, given: object) -> str:
        EVENTS.append((self, given))
        return "result"

    async def later(self, given: int) -> Nothing:
        return Nothing()

    def __enter__(self) -> Acting:
        EVENTS.append("enter")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        EVENTS.append("exit" if kind is None else "exit by an error")


def resolved(trigger: str, track: str) -> act.Act:
    where = f"{__name__}:Acting"
    return act.resolve(WireProbe("LK101", "s", "f", "", __name__, "", "", "other", where, trigger, track))


def perform(trigger: str, track: str, **more: Any) -> Any:
    found = resolved(trigger, track)._replace(**more)
    (way, *_) = call(found.function, skip_self=found.skip_self)
    hand: list[Any] = [Acting()]
    EVENTS.clear()
    done = act.perform(found, hand, way(1), 1, track)
    assert hand == []
    return done


def test_acts_return_what_is_tracked() -> None:
    assert isinstance(perform("method:method", "subject"), Acting)
    assert perform("method:method", "result") == "result"
    assert isinstance(perform("method:method", "argument:0"), stubs.StandIn)
    assert isinstance(perform("method:later", "result"), Nothing)
    assert isinstance(perform("method:__enter__", "subject"), Acting)
    assert EVENTS == ["enter", "exit"]


def test_acts_are_left_early_or_done_again() -> None:
    assert isinstance(perform("method:__enter__", "subject", early=True), Acting)
    assert EVENTS == ["enter", "exit by an error"]
    assert isinstance(perform("method:__enter__", "subject", times=2), Acting)
    assert EVENTS == ["enter", "exit"] * 2
    assert act.other_ending(resolved("method:method", "result")) == ""


@pytest.mark.parametrize(
    ("subject", "trigger", "told"),
    [
        ("", "construct", "names no class"),
        (f"{__name__}:Missing", "construct", "there is no"),
        (f"{__name__}:Acting", "dance:now", "is none that is known"),
        (f"{__name__}:f.<locals>.C", "construct", "only inside a running function"),
    ],
)
def test_a_probe_that_leads_nowhere_says_so(subject: str, trigger: str, told: str) -> None:
    probe = WireProbe("LK101", "s", "f", "", __name__, "", "", "other", subject, trigger, "subject")
    with pytest.raises(act.UnreachableError, match=told):
        act.resolve(probe)
