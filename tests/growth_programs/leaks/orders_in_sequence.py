"""Books orders and reports the oldest order that is open."""

# holder: ORDERS
# kind: OrderedDict
# what: Order

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

ORDERS: OrderedDict[int, Order] = OrderedDict()  # holder here


@dataclass
class Order:
    number: int
    article: str
    paid: bool = False


def book(article: str) -> Order:
    order = Order(len(ORDERS) + 1, article)
    ORDERS[order.number] = order  # stores
    return order


def work() -> None:
    book("lamp").paid = True
    next(iter(ORDERS.values()))
