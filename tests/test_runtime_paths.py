"""Chains of holders name every edge, whatever the holders are, and run none of their code."""

from __future__ import annotations

import collections
import functools
import gc
import subprocess
import sys
import threading
import types
import weakref
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklint_runtime import chains, draw, graphs, labels, paths, roots
from leaklint_runtime.wire import WireVerdict


class Target:
    """What is looked for."""


class Plain:
    """Holds in an attribute."""

    def __init__(self, inner: object) -> None:
        self.inner = inner


class Slotted:
    """Holds in a slot."""

    __slots__ = ("inner",)

    def __init__(self, inner: object) -> None:
        self.inner = inner


class Hostile(dict):  # type: ignore[type-arg]
    """Raises whenever it is asked anything."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("asked")

    __eq__ = __hash__ = __repr__ = __len__ = __iter__ = __getitem__ = __contains__ = __bool__ = _refuse  # type: ignore
    keys = values = items = get = _refuse  # type: ignore[assignment]


def closure_of(inner: object) -> Callable[[], object]:
    return lambda: inner


def default_of(inner: object) -> Callable[..., object]:
    def function(given: object = inner) -> object:
        return given

    return function


def generator_of(inner: object) -> Iterator[object]:
    def generate() -> Iterator[object]:
        yield 1
        yield inner

    running = generate()
    next(running)
    return running


def hostile_of(inner: object) -> Hostile:
    made = Hostile()
    dict.__setitem__(made, "kept", inner)
    return made


def keyed(inner: object) -> dict[object, int]:
    return {inner: 1}


HOLDERS: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "list": (lambda inner: [0, inner], ["[1]"]),
    "tuple": (lambda inner: (inner, 0), ["[0]"]),
    "deque": (lambda inner: collections.deque([inner]), ["[0]"]),
    "dict": (lambda inner: {"key": inner}, ["['key']"]),
    "key": (keyed, ["(key)"]),
    "set": (lambda inner: {inner}, ["(element)"]),
    "attribute": (Plain, [".inner"]),
    "slot": (Slotted, [".inner"]),
    "closure": (closure_of, [".cell_contents"]),
    "default": (default_of, ["[0]"]),
    "partial": (lambda inner: functools.partial(print, inner), ["[0]"]),
    "method": (lambda inner: types.MethodType(print, inner), [".__self__"]),
    "memo": (lambda inner: memo_of(inner), ["[0]"]),  # noqa: PLW0108
    "generator": (generator_of, []),
    "hostile": (hostile_of, ["['kept']"]),
    "weak value of strong key": (lambda inner: {(1, "a"): inner}, ["[(1, 'a')]"]),
    "nested": (lambda inner: {"a": [Plain((inner,))]}, ["['a']", "[0]", ".inner", "[0]"]),
}


def memo_of(inner: object) -> object:
    @functools.cache
    def remember(given: object) -> int:
        return 1

    remember(inner)
    return remember


@pytest.fixture(name="app")
def _app() -> Iterator[types.ModuleType]:
    module = types.ModuleType("chain_app")
    sys.modules["chain_app"] = module
    yield module
    del sys.modules["chain_app"]


def leak(app: types.ModuleType, make: Callable[[Any], object]) -> weakref.ref[Target]:
    """Put a target behind a holder in a list of the module and return a weak reference to it."""
    target = Target()
    app.HELD = [make(target)]
    return weakref.ref(target)


@pytest.mark.parametrize("name", HOLDERS)
@pytest.mark.parametrize("large", [False, True], ids=["by referrers", "by names"])
def test_each_holder_names_its_edge(
    name: str, large: bool, app: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, edges = HOLDERS[name]
    reference = leak(app, make)
    if not large:
        monkeypatch.setattr(paths, "_near", lambda *_: None)
    found = paths.backward(reference())
    text = chains.named(found.chain).text()
    assert found.named
    assert text[:3] == ("module chain_app", ".HELD", "list")
    assert text[3] == "[0]"
    assert text[-1] == "Target"
    inner = list(text[5::2])
    assert all(edge in inner for edge in edges), inner


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(sorted(set(HOLDERS) - {"hostile", "key", "set", "memo"})), min_size=1, max_size=6))
def any_nesting(names: list[str]) -> None:
    module = types.ModuleType("nested_app")
    sys.modules["nested_app"] = module
    try:
        target = Target()
        holder: object = target
        for name in names:
            holder = HOLDERS[name][0](holder)
        module.HELD = holder
        reference = weakref.ref(target)
        del target, holder
        index = roots.neighbours(reference(), module)
        near = paths._near(reference(), index, 1_000_000, (), {})
        glanced = paths._near(reference(), index, 1_000_000, (), None)
        whole = _without_near(reference)
        assert near is not None
        assert glanced is not None
        for found in (near, glanced, whole):
            assert found.named
            assert found.chain[0] is module
            assert found.chain[-1] is reference()
            assert all(_refers(left, right) for left, right in zip(found.chain, found.chain[1:], strict=False))
            found.chain.clear()
    finally:
        del sys.modules["nested_app"]


def test_any_nesting_of_holders_is_found_from_both_sides() -> None:
    """In a process of its own: the heap is searched, and that of a whole run of tests is large."""
    script = "import conftest, test_runtime_paths; test_runtime_paths.any_nesting()"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _without_near(reference: weakref.ref[Target]) -> paths.RetentionPath:
    original = paths._near
    paths._near = lambda *_: None  # type: ignore[assignment]
    try:
        return paths.backward(reference())
    finally:
        paths._near = original


def _refers(holder: object, held: object) -> bool:
    inner = gc.get_referents(holder)
    inner += [vars(holder)] if isinstance(holder, types.ModuleType) else []
    return any(child is held or (isinstance(child, dict) and _in_values(child, held)) for child in inner)


def _in_values(namespace: dict[Any, Any], held: object) -> bool:
    return any(value is held for value in dict.values(namespace))


def test_what_a_thread_still_uses_leads_to_its_frame() -> None:
    started, stop, references = threading.Event(), threading.Event(), []

    def work() -> None:
        target = Target()
        references.append(weakref.ref(target))
        started.set()
        stop.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    started.wait(10)
    try:
        text = chains.named(paths.backward(references[0]()).chain).text()
    finally:
        stop.set()
        thread.join()
    assert text == ("running frame of work()", "local target", "Target")


@pytest.mark.parametrize("kind", [list, dict], ids=["list", "dict"])
def test_the_youngest_entries_of_what_is_large_are_found_without_a_walk_over_the_heap(
    kind: type, app: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [Target() for _ in range(30_000)]
    app.HELD = targets if kind is list else {number: [target] for number, target in enumerate(targets)}
    place = len(targets) - 3
    target = targets[place]
    del targets
    with monkeypatch.context() as patched:
        patched.setattr(paths, "get_referrers", lambda *_: pytest.fail("the heap was walked"))
        text = chains.named(paths.backward(target).chain).text()
    assert text[:5] == ("module chain_app", ".HELD", kind.__name__, f"[{place}]", "Target" if kind is list else "list")


def test_an_older_entry_of_what_is_large_is_found_too(app: types.ModuleType) -> None:
    app.HELD = [[Target()] for _ in range(60_000)]
    target = app.HELD[30_000][0]
    text = chains.named(paths.backward(target).chain).text()
    assert text == ("module chain_app", ".HELD", "list", "[30000]", "list", "[0]", "Target")


def test_what_nobody_visible_holds_has_no_named_root() -> None:
    held = [Target()]
    found = paths.backward(held[0], ours=[held])
    assert not found.named
    assert found.chain == [held[0]]
    assert paths.references(held[0], ours=[held, found.chain]) == 0


def test_a_search_leaves_nothing_behind(app: types.ModuleType) -> None:
    reference = leak(app, Plain)
    paths.backward(reference())
    app.HELD.clear()
    assert reference() is None


def test_keys_are_shown_without_calling_their_repr() -> None:
    assert labels.key("short") == "'short'"
    assert labels.key(("a", 1, None)) == "('a', 1, None)"
    assert len(labels.key("x" * 1000)) == 40
    assert labels.key(Hostile()) == "<Hostile>"


def test_library_and_application_are_told_apart() -> None:
    assert labels.origin(functools) == "lib"
    assert labels.origin(pytest.raises) == "lib"
    assert labels.origin(Target) == "app"
    assert labels.origin(leak) == "app"
    assert labels.origin(1) == ""


def test_alike_chains_have_the_same_trace_and_others_do_not() -> None:
    first = ("module app", ".A", "dict", "[1]", "Target")
    assert chains.trace(first) == chains.trace((*first[:3], "['other']", "Target"))
    assert chains.trace(first) != chains.trace(("module app", ".B", "dict", "[1]", "Target"))


CHAIN = WireVerdict(
    "confirmed",
    "alive",
    path=("module app.core", ".Processor", "class Processor", ".instance_map", "dict", "[1]", 'Pro<"cess>or'),
    suspect=3,
    origins=("app", "app", "lib", ""),
    created=8,
    survivors=8,
)


def test_the_drawing_marks_the_suspect_and_the_library() -> None:
    lines = draw.text(CHAIN)
    assert lines[0] == "┬ root: module app.core"
    assert lines[-1].startswith("╰→ Pro")
    marked = [place for place, line in enumerate(lines) if "~~" in line]
    assert [lines[place - 1].split()[-1] for place in marked] == [".instance_map"]
    assert [line for line in lines if "(library)" in line] == ["├─ dict   (library)"]
    assert draw.text(WireVerdict("refuted", "gone")) == []


def test_the_picture_is_well_formed_and_whole() -> None:
    picture = ElementTree.fromstring(graphs.svg([("LK101 <app>", CHAIN), ("none", WireVerdict("refuted", ""))]))
    words = "".join(picture.itertext())
    assert all(name in words for name in CHAIN.path)
    assert "LK101 <app>" in words
    accused = [item for item in picture.iter() if "suspect" in (item.get("class") or "")]
    assert len(accused) == 1
    assert "http" not in graphs.svg([("a", CHAIN)]).replace("http://www.w3.org/2000/svg", "")


def test_the_picture_ends_as_far_below_the_last_box_as_it_begins_beside_the_first() -> None:
    picture = ElementTree.fromstring(graphs.svg([("a", CHAIN), ("b", CHAIN)]))
    boxes = list(picture.iter("{http://www.w3.org/2000/svg}rect"))
    lowest = max(float(box.get("y", 0)) + float(box.get("height", 0)) for box in boxes)
    assert float(picture.get("height", 0)) - lowest == min(float(box.get("x", 0)) for box in boxes)


@given(st.lists(st.text(), max_size=9), st.text())
def test_any_names_make_a_well_formed_picture_and_graph(path: list[str], title: str) -> None:
    drawable = "".join(letter for letter in title if letter.isprintable())
    names = tuple("".join(letter for letter in name if letter.isprintable()) for name in path)
    verdict = WireVerdict("confirmed", "", path=names[: len(names) // 2 * 2 + 1] if len(names) % 2 else names[:-1])
    ElementTree.fromstring(graphs.svg([(drawable, verdict)]))
    text = graphs.dot([(drawable, verdict)])
    assert (
        text.count("{") == text.count("}") or "{" in "".join([drawable, *names]) or "}" in "".join([drawable, *names])
    )
    assert text.count("->") >= len(graphs.links(verdict))
