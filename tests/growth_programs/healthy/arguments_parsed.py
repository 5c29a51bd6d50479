"""Parses command lines by a parser that is built for each."""

# kind: argparse

from __future__ import annotations

import argparse


def work() -> None:
    parser = argparse.ArgumentParser(prog="tool")
    parser.add_argument("--level", type=int, default=1)
    parser.add_argument("files", nargs="*")
    assert parser.parse_args(["--level", "3", "a", "b"]).level == 3
