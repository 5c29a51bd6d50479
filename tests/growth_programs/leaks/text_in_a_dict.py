"""A transcript in a dict of dicts."""

# holder: STATE.*(log|session)
# kind: text that grows as the value of a nested dict

from __future__ import annotations

STATE = {"session": {"log": ""}}  # holder here


def work() -> None:
    session = STATE["session"]
    session["log"] = session["log"] + "one more line of the log\n" * 8  # stores
