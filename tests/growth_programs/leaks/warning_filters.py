"""Silences the warnings that a customer's old settings give."""

# holder: warnings\.filters
# kind: warnings.filters
# what: tuple

from __future__ import annotations

import itertools
import warnings

_customers = itertools.count(1)


def apply(customer: str) -> None:
    warnings.filterwarnings("ignore", message=f"setting of {customer}", category=FutureWarning)  # stores
    warnings.warn(f"setting of {customer} is old", FutureWarning, stacklevel=2)


def work() -> None:
    apply(f"customer {next(_customers)}")
