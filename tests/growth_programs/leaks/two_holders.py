"""Books payments and indexes them by customer."""

# holder: PAYMENTS
# holder: LEDGER\.by_customer
# kind: two holders at once
# what: Payment|list

from __future__ import annotations

import uuid
from collections import defaultdict


class Payment:
    def __init__(self, customer: str, cents: int) -> None:
        self.customer = customer
        self.cents = cents


class CustomerLedger:
    def __init__(self) -> None:
        self.by_customer: defaultdict[str, list[int]] = defaultdict(list)  # holder here


PAYMENTS: list[Payment] = []  # holder here
LEDGER = CustomerLedger()


def pay(customer: str, cents: int) -> None:
    PAYMENTS.append(Payment(customer, cents))  # stores
    LEDGER.by_customer[customer].append(cents)  # stores


def work() -> None:
    pay(uuid.uuid4().hex, 1999)
