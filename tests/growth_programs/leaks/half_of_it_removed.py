"""Opens tickets and closes those that are answered at once."""

# holder: TICKETS
# alone: yes
# kind: dict, of which a part is removed again
# what: Ticket

from __future__ import annotations

import itertools


class Ticket:
    def __init__(self, number: int) -> None:
        self.number = number
        self.lines: list[str] = []


TICKETS: dict[int, Ticket] = {}  # holder here
_numbers = itertools.count(1)


def ask(question: str) -> None:
    ticket = Ticket(next(_numbers))
    ticket.lines.append(question)
    TICKETS[ticket.number] = ticket  # stores
    if ticket.number % 3:
        del TICKETS[ticket.number]


def work() -> None:
    ask("Where is my parcel?")
    ask("May I send it back?")
