"""Questions that lead to each other: each has the same answer whichever is asked first, and none is asked for every other."""

from __future__ import annotations

from itertools import permutations

import pytest

from leaklint.flow.terms import Term
from leaklint.heap.evaluation import Evaluation
from leaklint.heap.points_to_values import Values


class Graph(Evaluation):
    """Terms are names: each denotes itself where it has a capital letter, and what the names behind it denote."""

    def __init__(self, edges: dict[str, str]) -> None:
        super().__init__()
        self.edges = edges
        self.asked_for: list[str] = []

    def _evaluate(self, term: Term) -> Values:
        name = term[0]
        self.asked_for.append(name)
        found = self.all_of((one,) for one in self.edges[name])
        return found | {(name,)} if name.isupper() else found


KNOT = {"a": "bc", "b": "aB", "c": "bC", "B": "", "C": "d", "d": "ac"}


@pytest.mark.parametrize("order", list(permutations("abcd")), ids="".join)
def test_a_knot_has_the_same_answers_in_any_order(order: tuple[str, ...]) -> None:
    graph = Graph(KNOT)
    for name in order:
        graph.evaluate((name,))
    assert {name: graph.evaluate((name,)) for name in "abcd"} == dict.fromkeys("abcd", frozenset({("B",), ("C",)}))


def test_a_ring_is_not_asked_once_for_each_of_its_members() -> None:
    names = [chr(0x4E00 + number) for number in range(60)]
    graph = Graph(dict(zip(names, [*names[1:], names[0]], strict=True)))
    for name in names:
        graph.evaluate((name,))
    assert len(graph.asked_for) <= 3 * len(names)


def test_what_is_deep_is_asked_again_from_above() -> None:
    names = [chr(0x4E00 + number) for number in range(300)]
    graph = Graph({**dict(zip(names, [*names[1:], "B"], strict=True)), "B": ""})
    assert graph.evaluate((names[0],)) == {("B",)}
    assert graph.evaluate((names[150],)) == {("B",)}


def test_a_later_round_asks_again_what_may_have_grown() -> None:
    graph = Graph({"a": "b", "b": "a"})
    assert graph.evaluate(("a",)) == frozenset()
    graph.edges["b"] = "aB"
    graph.edges["B"] = ""
    graph.forget()
    assert graph.evaluate(("a",)) == frozenset(), "it rests on nothing that could grow"
    graph.forget(settled=True)
    assert graph.evaluate(("a",)) == {("B",)}
