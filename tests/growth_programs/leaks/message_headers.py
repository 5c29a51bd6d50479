"""Fills in a mail and sets its headers for each recipient."""

# holder: MAIL
# kind: headers of an email.message.Message
# what: tuple|str

from __future__ import annotations

import itertools
from email.message import Message

MAIL = Message()  # holder here
MAIL.set_payload("Dear customer, ...")
_recipients = itertools.count(1)


def address(recipient: str) -> str:
    MAIL["To"] = recipient  # stores
    return MAIL["To"]


def work() -> None:
    address(f"customer{next(_recipients)}@example.org")
