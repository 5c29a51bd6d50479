"""Counts the requests of each client address."""

# holder: HITS
# alone: yes
# kind: Counter
# what: str

from __future__ import annotations

import ipaddress
import itertools
from collections import Counter

HITS = Counter()  # holder here
_addresses = (str(ipaddress.ip_address(number)) for number in itertools.count(167772161))


def handle(address: str) -> int:
    HITS[address] += 1  # stores
    return HITS[address]


def work() -> None:
    address = next(_addresses)
    handle(address)
    handle(address)
