"""``leaklint rules``: list the rules."""

from __future__ import annotations

import argparse
import json
import sys

from leaklint.cli import output
from leaklint.reports.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="default: text")
    output.add_color(parser)


def run(args: argparse.Namespace) -> int:
    """Print code, name and first sentence of every rule, sorted by code."""
    from leaklint.rules import RULES

    ordered = [RULES[code] for code in sorted(RULES)]
    heads = [(rule.code, rule.name, headline(rule.doc)) for rule in ordered]
    if args.output_format == "json":
        listed = [{"code": code, "name": name, "summary": summary} for code, name, summary in heads]
        output.write(json.dumps(listed, indent=2) + "\n")
        return output.CLEAN
    style = Style(output.wants_color(args.color, sys.stdout))
    width = max(len(name) for _, name, _ in heads)
    for code, name, summary in heads:
        output.write(f"{style.code(code)} {style.bold(f'{name:<{width}}')}  {summary}\n")
    return output.CLEAN


def headline(doc: str) -> str:
    """Return the first paragraph of a rule's docstring on one line."""
    return " ".join(doc.strip().split("\n\n", 1)[0].split())
