"""Keeps what users set in the sections of a configuration."""

# holder: CONFIGURATION
# kind: configparser sections
# what: dict|SectionProxy

from __future__ import annotations

import configparser
import itertools

CONFIGURATION = configparser.ConfigParser()  # holder here
_users = itertools.count(1)


def configure(user: str, colour: str) -> str:
    CONFIGURATION.read_dict({user: {"colour": colour}})  # stores
    return CONFIGURATION[user]["colour"]


def work() -> None:
    assert configure(f"user {next(_users)}", "green") == "green"
