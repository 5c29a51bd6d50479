"""Answers questions from a table of earlier answers."""

# holder: ANSWERS
# kind: UserDict
# what: list

from __future__ import annotations

import itertools
from collections import UserDict


class AnswerTable(UserDict):
    def __missing__(self, question: int) -> list[int]:
        self[question] = [factor for factor in range(1, question + 1) if question % factor == 0]  # stores
        return self[question]


ANSWERS = AnswerTable()  # holder here
_questions = itertools.count(1000)


def work() -> None:
    assert ANSWERS[next(_questions)][0] == 1
