"""Our repairs of leaks that shipped beside what upstream did about them.

    python benchmarks/repairs/run.py --cache DIR [--cases FILE] [--only ID ...] [--write]

For each case of ``cases.jsonl`` that upstream repaired with a weak reference, a cache for each instance or a
``cached_property``, the release with the leak and the one after it are taken from DIR (``NAME-VERSION``, fetched with pip
if it is not there; nothing of them is run). The repair of the case's finding alone is worked out as ``leaklint fix
--unsafe-fixes`` does it, and set beside upstream's change of the same file. ``judged.jsonl`` keeps, for each case, what
a reader made of our diff and how it compares; a judgement holds only for the diff that it was made of (``digest``).
``--write`` keeps the page ``table.md``.

The exit status is 1 if fewer than three quarters are repaired, if a repair is judged wrong, or if one is not judged.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import unpacked

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.fixing import FixOptions, plan
from leaklint.model import Finding, Report
from leaklint.reports.diff import unified
from leaklint.reports.style import Style

HERE = Path(__file__).parent
LIKE = re.compile(r"weak|per.instance|cached_property", re.IGNORECASE)
NEAR = 3
SHARE = 0.75
ANY = Settings(confidence="low")
MOST = 60  # lines of a diff that are shown

Case = dict[str, Any]
Row = dict[str, Any]


def main() -> int:
    """Work out every repair, compare, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder with the unpacked releases")
    parser.add_argument("--cases", type=Path, default=HERE / "cases.jsonl", help="one JSON object a line")
    parser.add_argument("--only", action="append", metavar="ID", help="a case; may be repeated")
    parser.add_argument("--kept", action="store_true", help="use what an earlier run has kept below DIR")
    parser.add_argument("--write", action="store_true", help="write table.md")
    args = parser.parse_args()
    judged = {one["id"]: one for one in _json_lines(HERE / "judged.jsonl")}
    rows = []
    for case in _json_lines(args.cases):
        if LIKE.search(case["fix_kind"]) and not (args.only and case["id"] not in args.only):
            row = kept_row(case, args.cache.resolve(), again=not args.kept)
            rows.append({**row, **compared(row, judged.get(case["id"], {}))})
            print(brief(rows[-1]), flush=True)
    repaired = [row for row in rows if row["safety"] in {"safe", "unsafe"}]
    print(totals(rows))
    if args.write:
        (HERE / "table.md").write_text(page(rows))
    bad = [row for row in repaired if row["verdict"] != "right"]
    return 1 if bad or len(repaired) < SHARE * len(rows) else 0


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def kept_row(case: Case, cache: Path, *, again: bool) -> Row:
    """Return what the page says of one case, worked out now or kept from before."""
    file = cache / "repairs" / f"{case['id']}.json"
    if again or not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(row_of(case, cache), indent=1))
    row: Row = json.loads(file.read_text())
    return row


def compared(row: Row, judgement: dict[str, str]) -> Row:
    """Return what a reader made of the diff of a row, if it is the one that was read."""
    if judgement.get("digest") != row["digest"]:
        return {"verdict": "not judged", "same": "", "why": ""}
    return {name: judgement[name] for name in ("verdict", "same", "why")}


def row_of(case: Case, cache: Path) -> Row:
    """Return what was worked out of one case."""
    root = unpacked(f"{case['package']}=={case['version_before']}", cache)
    file = located(root, case["file"])
    with contextlib.chdir(root):
        top = package_of(file).relative_to(root)
        report = check([str(top)], ANY)
        finding = the_finding(case, file, root, report)
        done = (
            plan(report, ANY, FixOptions((str(top),), unsafe=True, only=frozenset({finding.fingerprint})))
            if finding
            else None
        )
    diffs = [unified(one.path, one.before, one.after, Style()) for one in done.changes] if done else []
    kept = done is not None and bool(done.repaired)
    why = finding.fix.reason if finding is not None else "no finding stands there"
    if done is not None and not kept:
        why = next((left.why for left in done.left if finding and left.finding.fingerprint == finding.fingerprint), why)
    digest = hashlib.sha256("".join(diffs).encode()).hexdigest()[:12]
    return {
        "id": case["id"],
        "release": f"{case['package']} {case['version_before']}",
        "after": case.get("version_after") or "",
        "container": case["container"],
        "code": finding.code if finding is not None else "",
        "ours": finding.fix.replacement if finding is not None else "",
        "safety": finding.fix.safety if finding is not None and kept else "none",
        "reason": why,
        "upstream": case["fix_kind"],
        "diff": "\n".join(diffs),
        "their_diff": "\n".join(their_diff(case, file, cache)),
        "digest": digest,
    }


def the_finding(case: Case, file: Path, root: Path, report: Report) -> Finding | None:
    """Return the finding of a case: at its line, or with its container's name, in its file."""
    here = [one for one in report.findings if (root / one.path).resolve() == file.resolve()]
    named = [one for one in here if set(re.split(r"[.:]", one.symbol)) & names_in(case["container"])]
    near = [one for one in here if abs(one.line - case["line_before"]) <= NEAR]
    found = sorted(near or named, key=lambda one: (one.fix.safety == "none", one.confidence == "low", one.line))
    return found[0] if found else None


def names_in(container: str) -> set[str]:
    """Return the names of code in the words that describe a container."""
    return {word for word in re.findall(r"\w+", container) if not re.fullmatch(r"\d+|\w{1,4}|[a-z]+", word)} or {
        container
    }


def located(root: Path, file: str) -> Path:
    """Return the file of a case below an unpacked release. Raises ``FileNotFoundError`` if it is not there."""
    found = sorted(path for path in root.rglob(Path(file).name) if str(path).endswith(f"/{file}"))
    if not found:
        raise FileNotFoundError(f"{file} is not in {root.name}")
    return found[0]


def package_of(file: Path) -> Path:
    """Return the outermost package around a file."""
    top = file.parent
    while (top / "__init__.py").exists() and (top.parent / "__init__.py").exists():
        top = top.parent
    return top


def their_diff(case: Case, file: Path, cache: Path) -> Iterator[str]:
    """Yield those hunks of upstream's change of the file that speak of the container or of what repairs it."""
    if not case.get("version_after"):
        return
    before, after = case["version_before"], case["version_after"]
    try:
        other = located(unpacked(f"{case['package']}=={after}", cache), case["file"].replace(before, after))
    except FileNotFoundError:
        yield f"the file is gone in {after}"
        return
    old, new = (path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (file, other))
    names = "".join(f"\\b{re.escape(name)}\\b|" for name in sorted(names_in(case["container"])))
    speaks = re.compile(rf"{names}weak|cached_property|lru_cache|memoize|finalize|atexit", re.IGNORECASE)
    for hunk in hunks(list(difflib.unified_diff(old, new, case["file"], case["file"], lineterm="", n=1))):
        changed = [line for line in hunk if line[:1] in "+-"]
        if any(speaks.search(line) for line in changed):
            yield from hunk


def hunks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Split a unified diff at its ``@@`` lines."""
    starts = [index for index, line in enumerate(lines) if line.startswith("@@")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield list(lines[start:end])


def brief(row: Row) -> str:
    """Return one line on a case."""
    return (
        f"{row['id']}: {row['safety']} {row['ours']} | upstream: {row['upstream']} | {row['verdict']} {row['digest']}"
    )


def totals(rows: Sequence[Row]) -> str:
    """Return the counts of all cases in one sentence."""
    safe = sum(row["safety"] == "safe" for row in rows)
    unsafe = sum(row["safety"] == "unsafe" for row in rows)
    wrong = sum(row["verdict"] == "wrong" for row in rows)
    same = sum(row["same"] == "same" for row in rows)
    return (
        f"{safe + unsafe} of {len(rows)} are repaired ({safe} safe, {unsafe} unsafe), {len(rows) - safe - unsafe} refused; "
        f"{wrong} of the repairs are wrong; {same} do what upstream did."
    )


def page(rows: Sequence[Row]) -> str:
    """Return the page: a table of all cases, then both diffs of each."""
    head = "| case | release | container | ours | safety | upstream | compared | why |"
    lines = [
        "# Repairs of leaks that shipped",
        "",
        "Written by `python benchmarks/repairs/run.py --cache DIR --write`; every diff was read and judged (`judged.jsonl`).",
        "",
        totals(rows),
        "",
        head,
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row["id"], row["release"], f"`{row['container']}`", row["ours"] or "-", row["safety"], row["upstream"],
                 f"{row['verdict']}, {row['same']}", row["why"]]  # fmt: skip
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    for row in rows:
        lines += ["", f"## {row['id']}", "", f"{row['code'] or 'No finding'}, {row['safety']}: {row['reason']}."]
        lines += _shown("Our edit:", row["diff"]) + _shown(f"Upstream's, in {row['after']}:", row["their_diff"])
    return "\n".join(lines) + "\n"


def _shown(title: str, text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines()]
    more = [f"... {len(lines) - MOST} more lines"] if len(lines) > MOST else []
    return ["", title, "", "```diff", *lines[:MOST], *more, "```"] if lines else []


if __name__ == "__main__":
    sys.exit(main())
