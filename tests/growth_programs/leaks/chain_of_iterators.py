"""Schedules reminders behind those that are scheduled already."""

# holder: REMINDERS
# alone: yes
# kind: itertools.chain, rebound
# what: chain|tuple

from __future__ import annotations

import itertools

REMINDERS = iter(())  # holder here


def remind(text: str) -> None:
    global REMINDERS
    REMINDERS = itertools.chain(REMINDERS, (text,))  # stores


def work() -> None:
    remind("water the plants")
