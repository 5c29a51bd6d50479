"""The findings a project already had: recorded once, so that from then on only new ones show.

Entries are compared by fingerprint, which holds no line. A fingerprint does hold the module's name, so where the file
of an entry is gone, a finding of the same code and qualified name elsewhere is taken for the same, renamed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from leaklint.config import ConfigError
from leaklint.model import Finding, from_json, to_json
from leaklint.records import dataclass

VERSION = 1
DEFAULT_NAME = "leaklint-baseline.json"


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """One recorded finding; ``path`` is relative to the folder of the baseline, with slashes."""

    code: str
    symbol: str
    path: str
    fingerprint: str


def record(findings: Iterable[Finding], folder: Path) -> tuple[BaselineEntry, ...]:
    """Return an entry a finding, sorted, for a baseline that is to stand in ``folder``."""
    entries = (
        BaselineEntry(item.code, item.symbol, _relative(item.path, folder), item.fingerprint) for item in findings
    )
    return tuple(sorted(entries, key=lambda entry: (entry.path, entry.code, entry.symbol, entry.fingerprint)))


def dump(entries: Sequence[BaselineEntry]) -> str:
    """Return the baseline's JSON text, an entry a line, so that version control merges and shows it well."""
    rows = ",\n".join(f"  {json.dumps(to_json(entry))}" for entry in entries)
    return f'{{"version": {VERSION}, "findings": [\n{rows}\n]}}\n'


def load(path: Path) -> tuple[BaselineEntry, ...]:
    """Read a baseline. Raises ``ConfigError`` if it is missing or no baseline of this version."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise ConfigError(f"{path}: baseline version {document['version']!r} is not known; record it again")
        return tuple(from_json(BaselineEntry, item) for item in document["findings"])
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such baseline; 'leaklint baseline' records one") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the baseline: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path}: not a baseline; 'leaklint baseline' records one") from error


def compare(
    findings: Sequence[Finding], entries: Sequence[BaselineEntry], folder: Path
) -> tuple[tuple[Finding, ...], tuple[BaselineEntry, ...]]:
    """Return the findings that no entry covers and the entries that cover none; an entry covers one finding.

    ``folder`` is where the baseline stands.
    """
    new, left = _unmatched(findings, entries, lambda item: item.fingerprint)
    gone = [entry for entry in left if not os.path.lexists(folder / entry.path)]
    new, unmoved = _unmatched(new, gone, lambda item: (item.code, item.symbol.partition(":")[2]))
    kept = [entry for entry in left if entry not in gone]
    return tuple(new), (*kept, *unmoved)


def _unmatched(
    findings: Sequence[Finding], entries: Sequence[BaselineEntry], key: Callable[[Finding | BaselineEntry], object]
) -> tuple[list[Finding], list[BaselineEntry]]:
    """Pair findings and entries of the same key one to one, in order, and return those left over."""
    waiting: dict[object, list[BaselineEntry]] = {}
    for entry in reversed(entries):
        waiting.setdefault(key(entry), []).append(entry)
    new = []
    for finding in findings:
        alike = waiting.get(key(finding))
        if alike:
            alike.pop()
        else:
            new.append(finding)
    return new, [entry for alike in waiting.values() for entry in reversed(alike)]


def _relative(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
