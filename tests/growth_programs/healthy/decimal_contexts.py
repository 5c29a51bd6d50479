"""Divides with a precision that depends on the customer."""

# kind: decimal contexts

from __future__ import annotations

import decimal
import itertools

_precisions = itertools.cycle(range(5, 40, 3))


def work() -> None:
    with decimal.localcontext() as context:
        context.prec = next(_precisions)
        assert decimal.Decimal(1) / 3 < decimal.Decimal("0.34")
