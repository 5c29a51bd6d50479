"""The options that commands share, and the settings that they and the configuration together make."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leaklint.cli.usage import UsageError, words
from leaklint.config import LEVELS, Settings, is_code, load, load_file
from leaklint.nearest import closest
from leaklint.records import replace

if TYPE_CHECKING:
    import argparse

    from leaklint.model import Finding


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Add the positional paths; none means the working directory."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the working directory)")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add what ``settings`` reads: which findings, which files, which configuration."""
    group = parser.add_argument_group("what to look for")
    group.add_argument("--select", action="append", metavar="CODES", help="codes or prefixes to report, instead of all")
    group.add_argument("--extend-select", action="append", metavar="CODES", help="codes to report beside the selected")
    group.add_argument("--ignore", action="append", metavar="CODES", help="codes or prefixes to leave out")
    group.add_argument("--confidence", choices=LEVELS, help="the lowest confidence to report (default: medium)")
    group.add_argument("--disable-noqa", action="store_true", help="report also what '# noqa' comments hide")
    group = parser.add_argument_group("where to look")
    group.add_argument(
        "--exclude", action="append", metavar="PATTERNS", help="patterns to pass over, not the default's"
    )
    group.add_argument("--extend-exclude", action="append", metavar="PATTERNS", help="patterns to pass over as well")
    group.add_argument("--force-exclude", action="store_true", help="apply the excludes to paths named here, too")
    group.add_argument("--no-respect-gitignore", action="store_true", help="read also the files that Git ignores")
    add_configuration(group)


def add_configuration(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add which configuration ``configured`` reads."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--config", metavar="FILE", help="the pyproject.toml to use, not the nearest one")
    choice.add_argument("--isolated", action="store_true", help="use no configuration file")


def add_observed(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add where ``settings`` reads what a run has shown."""
    text = "report also the holders that a run saw grow: FILE is what 'leaklint profile --output-format json' wrote"
    parser.add_argument("--findings", metavar="FILE", help=text)


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add how the work is done, on which no result depends."""
    group = parser.add_argument_group("how to work")
    group.add_argument("--jobs", "-j", type=_jobs, metavar="N", help="processes to use (default: 0, one a processor)")
    text = "do the work on a Dask cluster: dask=tcp://HOST:PORT (default: processes of this machine)"
    group.add_argument("--executor", type=_executor, metavar="WHERE", help=text)
    group.add_argument(
        "--no-cache", action="store_true", help="remember nothing between runs, and use nothing remembered"
    )
    add_cache_dir(group)


def add_cache_dir(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add where ``cache_path`` looks."""
    text = "where to remember (default: $LEAKLINT_CACHE_DIR, else .leaklint_cache beside the configuration)"
    parser.add_argument("--cache-dir", metavar="FOLDER", help=text)


def cache_path(args: argparse.Namespace, settings: Settings) -> str:
    """Return the cache folder that the options, the environment and the configuration's place ask for, in this order."""
    from leaklint.cache.keys import NAME, VARIABLE

    return args.cache_dir or os.environ.get(VARIABLE) or os.path.join(settings.root or os.getcwd(), NAME)


def _executor(text: str) -> str:
    kind, _, address = text.partition("=")
    if kind != "dask" or not address:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is no executor; write dask=tcp://HOST:PORT")
    return address


def _jobs(text: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        import argparse

        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes; 0 means one a processor")
    return int(text)


def settings(args: argparse.Namespace) -> Settings:
    """Return the settings of the configuration, changed by the options of ``add_selection``.

    The configuration is the nearest one to the deepest folder that holds all the named paths. Raises ``ConfigError``
    for a bad file and ``UsageError`` for codes that do not exist.
    """
    base = configured(args)
    changes: dict[str, object] = {
        "select": words(args.select) or base.select,
        "extend_select": (*base.extend_select, *words(args.extend_select)),
        "ignore": words(args.ignore) if args.ignore else base.ignore,
        "confidence": args.confidence or base.confidence,
        "exclude": words(args.exclude) if args.exclude else base.exclude,
        "extend_exclude": (*base.extend_exclude, *words(args.extend_exclude)),
        "force_exclude": args.force_exclude or base.force_exclude,
        "respect_gitignore": base.respect_gitignore and not args.no_respect_gitignore,
        "noqa": base.noqa and not args.disable_noqa,
        "observed": observed(args),
    }
    check_codes(words([*(args.select or ()), *(args.extend_select or ()), *(args.ignore or ())]))
    ignored = (code for _, codes in base.per_file_ignores for code in codes)
    check_codes((*base.select, *base.extend_select, *base.ignore, *ignored), f"{base.source}: ")
    return replace(base, **changes)  # type: ignore[arg-type]


def observed(args: argparse.Namespace, *, stale: bool = False) -> tuple[Finding, ...]:
    """Return what a run has shown, of the files that ``--findings`` and ``--profile`` name.

    Only findings of files that are as they were then; with ``stale`` those of the other files. Raises ``ConfigError``.
    """
    seen = {finding.fingerprint: finding for finding in named_findings(args) if finding.origin == "runtime"}
    if not seen:
        return ()
    from leaklint.discovered.document import is_stale

    return tuple(finding for finding in seen.values() if is_stale(finding) == stale)


def named_findings(args: argparse.Namespace) -> tuple[Finding, ...]:
    """Return the findings of the files that ``--findings`` and ``--profile`` name. Raises ``ConfigError``."""
    files = [file for file in (getattr(args, "findings", None), *getattr(args, "profile", ())) if file]
    if not files:
        return ()
    from pathlib import Path

    from leaklint.discovered.document import rebased
    from leaklint.reports.json_format import load as load_report

    return tuple(rebased(finding) for file in files for finding in load_report(Path(file)).findings)


def check_codes(codes: Sequence[str], where: str = "") -> None:
    """Raise ``UsageError``, opened by ``where``, for the first code or prefix that covers no rule."""
    unsure = [code for code in codes if code != "LK"]
    if not unsure:
        return
    from leaklint.rules import RULES

    for code in unsure:
        if not is_code(code) or not any(known.startswith(code) for known in RULES):
            raise UsageError(f"{where}unknown code {code}{closest(code, RULES)}; 'leaklint rules' lists them")


def configured(args: argparse.Namespace) -> Settings:
    """Return the settings of the configuration that the options and paths lead to. Raises ``ConfigError``."""
    if args.isolated:
        return Settings(root=os.getcwd())
    if args.config is not None:
        return load_file(args.config)
    return load(common_folder(args.paths))


def common_folder(paths: Sequence[str]) -> str:
    """Return the deepest folder that holds all ``paths``; the working directory where there is none."""
    folders = [_folder(path) for path in paths if path != "-"]
    try:
        return os.path.commonpath(folders) if folders else os.getcwd()
    except ValueError:  # different drives
        return os.getcwd()


def _folder(path: str) -> str:
    absolute = os.path.abspath(path)
    return absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
