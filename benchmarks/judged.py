"""What readers judged of findings: which finding a judgement is on, how right what is shown is, and which leaks were missed.

A judgement is an object of a file with one a line: ``package``, ``version``, ``place`` (``file:line``) and ``container`` or
``holder`` say what was read, ``judgement`` and ``why`` what came of it. So do cases of releases that leaked (with
``version_before``, ``file`` and ``line_before``), and look-alikes (with ``line``, and ``why_not_a_leak`` or ``why_arguable``).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LEAK, FALSE, OPEN = "leak", "false", "not judged"
LENIENT = ("arguable", "few by nature", "by design")
NEAR = 3  # lines between a finding and what was read

Judgement = dict[str, Any]


def judgements(files: Iterable[Path]) -> list[Judgement]:
    """Return the judgements of some files, in one form. A file that is not there has none."""
    texts = (path.read_text(encoding="utf-8") for path in files if path.exists())
    return [_one_form(json.loads(line)) for text in texts for line in text.splitlines()]


def _one_form(found: Judgement) -> Judgement:
    place = found.get("place") or f"{found['file']}:{found.get('line', found.get('line_before'))}"
    implied = next((word for name, word in _IMPLIED.items() if name in found), LEAK)
    return {
        "pin": f"{found['package']}=={found.get('version', found.get('version_before'))}",
        "place": place,
        "name": _last_name(found.get("holder", found.get("container", ""))),
        "judgement": found.get("judgement", implied),
        "why": next((found[name] for name in ("why", *_IMPLIED) if name in found), ""),
    }


_IMPLIED = {"why_not_a_leak": FALSE, "why_arguable": "arguable"}


def _last_name(container: str) -> str:
    """Return the last name of the expression that the description of a container begins with."""
    words = re.sub(r"^(module|CLS) ", "", container).split()
    return re.split(r"[.:]", words[0].partition("(")[0])[-1] if words else ""


def on(judgement: Judgement, finding: Judgement) -> bool:
    """Return whether a judgement is on a finding of its release: at most 3 lines away from it or a store, or of its name."""
    path, _, line = judgement["place"].rpartition(":")
    for place in (finding, *finding.get("related", ())):
        if _same_file(place["path"], path) and abs(place["line"] - int(line)) <= NEAR:
            return True
    name = re.split(r"[.:]", finding["symbol"])[-1]
    return _same_file(finding["path"], path) and name == judgement["name"]


def _same_file(path: str, other: str) -> bool:
    """Return whether two paths end alike; that of a source distribution has a folder more."""
    return f"/{path}".endswith(f"/{other}") or f"/{other}".endswith(f"/{path}")


def judge(findings: Iterable[Judgement], known: Iterable[Judgement]) -> Iterator[Judgement]:
    """Yield the findings of one release with the nearest judgement on each, of those on its release."""
    mine = list(known)
    for finding in findings:
        fits = [item for item in mine if on(item, finding)]
        best = min(fits, key=lambda item: abs(finding["line"] - int(item["place"].rpartition(":")[2])), default=None)
        yield {**finding, "judgement": best["judgement"] if best else OPEN, "why": best["why"] if best else ""}


def table(rows: Iterable[Judgement], by: str) -> list[str]:
    """Return a table of judgements, a line for each value of a column: strict precision counts leaks, lenient all but false."""
    counted: dict[str, Counter[str]] = {}
    for row in rows:
        for kind in (row[by] or "no verdict", "all"):
            counted.setdefault(kind, Counter())[row["judgement"]] += 1
    words = [word for word in (LEAK, *LENIENT, FALSE, OPEN) if any(count[word] for count in counted.values())]
    lines = [f"| {by} | {' | '.join(words)} | strict | lenient |", "|---" * (len(words) + 3) + "|"]
    for kind, count in sorted(counted.items(), key=lambda item: (item[0] == "all", item[0])):
        known = count.total() - count[OPEN]
        shares = [f"{100 * part / known:.0f} %" if known else "-" for part in (count[LEAK], known - count[FALSE])]
        lines.append(f"| {kind} | {' | '.join(str(count[word]) for word in words)} | {' | '.join(shares)} |")
    return lines


def recall(known: Iterable[Judgement], findings: dict[str, list[Judgement]]) -> dict[str, Any]:
    """Return how many of the leaks that were read are found at which confidence, and those that are not, by release."""
    best: Counter[str] = Counter()
    missed = []
    for item in known:
        if item["judgement"] == LEAK and item["pin"] in findings:
            hits = {finding["confidence"] for finding in findings[item["pin"]] if on(item, finding)}
            level = next((level for level in ("high", "medium", "low") if level in hits), "missed")
            best[level] += 1
            missed += [f"{item['pin']} {item['place']} {item['name']}"] * (level == "missed")
    return {"leaks": best.total(), **best, "which": missed}
