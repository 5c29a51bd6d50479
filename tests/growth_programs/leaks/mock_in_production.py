"""A null client that was a test's mock once."""

# holder: CLIENT\.(_mock_)?(mock_calls|method_calls)
# kind: records of unittest.mock

from __future__ import annotations

from unittest.mock import MagicMock

CLIENT = MagicMock()  # holder here


def work() -> None:
    CLIENT.send("body" * 10)  # stores
