"""Reads a configuration from text."""

# kind: configparser

from __future__ import annotations

import configparser


def work() -> None:
    configuration = configparser.ConfigParser()
    configuration.read_string("[user]\ncolour = green\n[host]\nport = 80\n")
    assert configuration.getint("host", "port") == 80
