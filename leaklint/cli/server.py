"""``leaklint server``: the language server, which editors start and speak to over standard input and output."""

from __future__ import annotations

import argparse
import os
from functools import partial
from importlib.util import find_spec

from leaklint.cli import options, output
from leaklint.cli.usage import UsageError
from leaklint.cli.verify import add_experiment, experiment
from leaklint.config import ConfigError, Settings
from leaklint.proof import VerifyOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.epilog = "The experiment's options are for proofs that the editor asks for; nothing is run before that."
    options.add_selection(parser)
    options.add_observed(parser)
    add_experiment(parser)


def run(args: argparse.Namespace) -> int:
    """Serve until the client leaves. Raises ``UsageError`` where the extra ``lsp`` is not installed."""
    if find_spec("pygls") is None:
        raise UsageError("the language server needs pygls: pip install 'flake8-leaklint[lsp]'")
    from leaklint.server.analysis import CommandLine
    from leaklint.server.app import make

    if args.findings:
        args.findings = os.path.abspath(args.findings)  # the server goes to the editor's folder
    make(CommandLine(partial(_settings, args), partial(_experiment, args))).start_io()
    return output.CLEAN


def _settings(args: argparse.Namespace, path: str) -> Settings:
    try:
        return options.settings(argparse.Namespace(**{**vars(args), "paths": [path]}))
    except UsageError as error:
        raise ConfigError(str(error)) from None


def _experiment(args: argparse.Namespace, settings: Settings) -> VerifyOptions:
    try:
        return experiment(args, settings)
    except UsageError as error:
        raise ConfigError(str(error)) from None
