"""Retries a delivery and names the failure before as the cause of a failure."""

# holder: LAST_FAILURE
# alone: yes
# kind: chain of exceptions, rebound
# what: DeliveryError

from __future__ import annotations

LAST_FAILURE: BaseException | None = None  # holder here


class DeliveryError(Exception):
    pass


def deliver(address: str) -> bool:
    global LAST_FAILURE
    try:
        raise DeliveryError(f"no answer from {address}") from LAST_FAILURE
    except DeliveryError as failure:
        LAST_FAILURE = failure.with_traceback(None)  # stores
        return False


def work() -> None:
    assert not deliver("10.0.0.1")
