"""Sorts messages into the boxes of a mail store by the name of the box."""

# holder: MAIL\.inbox
# kind: instance attribute through getattr
# what: Letter

from __future__ import annotations


class Letter:
    def __init__(self, subject: str) -> None:
        self.subject = subject


class MailStore:
    def __init__(self) -> None:
        self.inbox: list[Letter] = []  # holder here
        self.spam: list[Letter] = []


MAIL = MailStore()


def sort(letter: Letter) -> None:
    box = "spam" if "win" in letter.subject else "inbox"
    getattr(MAIL, box).append(letter)  # stores


def work() -> None:
    sort(Letter("the minutes of today"))
