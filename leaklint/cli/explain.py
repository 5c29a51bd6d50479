"""``leaklint explain CODE``: print the page of a rule, which is its docstring."""

from __future__ import annotations

import argparse
import inspect
import re
import sys

from leaklint.cli import output
from leaklint.cli.usage import UsageError
from leaklint.nearest import closest
from leaklint.reports.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("codes", nargs="+", metavar="CODE", help="LK101, or the name of a rule")
    output.add_color(parser)


def run(args: argparse.Namespace) -> int:
    """Print the page of each code. Raises ``UsageError`` for a code that is no rule's."""
    from leaklint.rules import RULES

    names = {rule.name: rule.code for rule in RULES.values()}
    codes = [names.get(word, word.upper()) for word in args.codes]
    for code, word in zip(codes, args.codes, strict=True):
        if code not in RULES:
            raise UsageError(f"unknown code {word}{closest(word.upper(), RULES)}; 'leaklint rules' lists them")
    style = Style(output.wants_color(args.color, sys.stdout))
    pages = (page(RULES[code].code, RULES[code].name, RULES[code].doc, style) for code in codes)
    output.write("\n".join(pages))
    return output.CLEAN


def page(code: str, name: str, doc: str, style: Style) -> str:
    """Return a rule's page: a title line, then its docstring with headings (``## What it does``) set off."""
    body = re.sub(r"^#+ +(.+)$", lambda match: style.bold(match[0]), inspect.cleandoc(doc), flags=re.MULTILINE)
    return f"{style.code(code)} {style.bold(name)}\n\n{body.rstrip()}\n"
