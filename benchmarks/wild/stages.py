"""The stages of one release: checked, proven, discovered. The result of each is a file, there whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import drivers
from checking import LEAKLINT, Report, RunLimits, check, reported, write
from fetching import PREFER_BINARY, MissingEnvironmentError, environment, unpacked

STAGES = ("check", "verify", "discover")
#: What is only read may be meant for a newer Python than this one.
FETCH = (*PREFER_BINARY, "--ignore-requires-python")
#: Seconds to start and to import, and then for each finding: an experiment has 20, and there may be a second one.
START, EACH = 120.0, 45.0
PROFILE = 120.0  # seconds for one driver
GROWS = 1  # the status of a profile that saw memory grow
RETRIED = ("not fetched", "not installed")  # the network may be back next time


@dataclass(frozen=True, slots=True)
class WildBench:
    """Where releases and results are, the limits of a check, and whether results and environments are made anew or kept."""

    cache: Path
    results: Path
    limits: RunLimits
    again: bool = False
    keeps: bool = False

    def file(self, stage: str, pin: str) -> Path:
        """Return the file for the result of a stage."""
        return self.results / stage / f"{plain(pin)}.json"

    def environment(self, pin: str) -> Path:
        """Return the folder of a release's environment."""
        return self.cache / "environments" / plain(pin)


def plain(pin: str) -> str:
    """Return ``name==version`` of ``name[extra]==version``."""
    return re.sub(r"\[.*\]", "", pin)


def run(pin: str, last: str, bench: WildBench) -> None:
    """Run the stages of a release up to ``last`` that have no result yet."""
    for stage in STAGES[: STAGES.index(last) + 1]:
        report = _saved(bench.file(stage, pin))
        if report is None or bench.again or any(report["run"].get(name) for name in RETRIED):
            report = {**_DO[stage](pin, bench), "pin": plain(pin)}
            write(bench.file(stage, pin), json.dumps(report))
            print(f"{stage} {pin}: {_brief(report)}", flush=True)
        if report["run"].get("not fetched"):
            break
    if not bench.keeps:
        shutil.rmtree(bench.environment(pin), ignore_errors=True)


def together(pin: str, results: Path) -> Report | None:
    """Return the report of a release's check, with the verdicts and with what was seen to grow; None if it has none."""
    found = [_saved(results / stage / f"{plain(pin)}.json") for stage in STAGES]
    checked, *later = found
    if checked is None:
        return None
    runs = {stage: report["run"] for stage, report in zip(STAGES[1:], later, strict=True) if report is not None}
    verified, discovered = later
    findings = (verified or checked)["findings"] or checked["findings"]
    driven = discovered or _empty()
    unnamed = [one for one in driven.get("drivers", ()) if one["status"] == GROWS and not one["holders"]]
    return {**checked, "findings": [*findings, *driven["findings"]], "later": runs, "unnamed": unnamed}


def _saved(path: Path) -> Report | None:
    """Return a result, if there is one."""
    if not path.exists():
        return None
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report


def _brief(report: Report) -> str:
    run = report["run"]
    failed = next((f"{name}: {str(run[name])[:200]}" for name in (*RETRIED, "crash") if run.get(name)), "")
    late = "not done in time, " if run.get("late") else ""
    return failed or f"{late}{len(report['findings'])} findings, {run['cpu']:.1f} CPU s, {run['memory']:.0f} MB"


def _empty(**why: str) -> Report:
    return {"findings": [], "problems": [], "run": {"cpu": 0.0, "wall": 0.0, "memory": 0.0, **why}}


def _checked(pin: str, bench: WildBench) -> Report:
    """Check a release as it was unpacked."""
    try:
        folder = unpacked(plain(pin), bench.cache, FETCH)
    except (subprocess.CalledProcessError, tarfile.TarError, zipfile.BadZipFile, OSError) as error:
        return _empty(**{"not fetched": (getattr(error, "stderr", "") or str(error))[-500:]})
    return check(folder, bench.limits, "--confidence", "low")


def _verified(pin: str, bench: WildBench) -> Report:
    """Prove what the check has found, in an environment with the release and what it needs."""
    findings = bench.file("check", pin)
    number = len((_saved(findings) or _empty())["findings"])
    if not number:
        return _empty()
    return _installed(
        pin, bench, ["verify", "--isolated", "--findings", str(findings)], bench.cache, RunLimits(START + EACH * number)
    )


def _installed(pin: str, bench: WildBench, words: list[str], folder: Path, limits: RunLimits) -> Report:
    """Run a command of leaklint with the interpreter of a release's environment."""
    try:
        python = environment(bench.environment(pin), sys.executable, [pin])
    except MissingEnvironmentError as error:
        shutil.rmtree(bench.environment(pin), ignore_errors=True)
        return _empty(**{"not installed": str(error)})
    return reported([*LEAKLINT, *words, "--python", str(python)], folder, limits)


def _discovered(pin: str, bench: WildBench) -> Report:
    """Call each driver of a release again and again, and tell which holders grow that no finding names already."""
    place = bench.cache / "drivers" / plain(pin)
    shutil.rmtree(place, ignore_errors=True)
    began, total, tried = time.monotonic(), _empty(), []
    known = {item["fingerprint"] for item in (_saved(bench.file("check", pin)) or _empty())["findings"]}
    for driver in drivers.written(unpacked(plain(pin), bench.cache, FETCH), place):
        words = [
            "profile",
            f"{driver}:work",
            "--findings",
            str(bench.file("check", pin)),
            "--timeout",
            f"{PROFILE:.0f}",
        ]
        report = _installed(pin, bench, words, place, RunLimits(PROFILE + 60))
        run = report["run"]
        if run.get("not installed"):
            return {**total, "run": {**total["run"], **run}}
        said = report.get("verdict", {}).get("sentences", [run["crash"][-300:]])
        outcome = {"driver": driver.name, "status": run["status"], "late": run["late"], "said": said}
        tried.append({**outcome, "holders": len(report["findings"])})
        total["findings"] += [_grown(finding, driver, report) for finding in report["findings"]]
        for name in ("cpu", "wall"):
            total["run"][name] += run[name]
        total["run"]["memory"] = max(total["run"]["memory"], run["memory"])
    for finding in total["findings"]:
        finding["seen_by_rules"] = finding["fingerprint"] in known
    return {**total, "drivers": tried, "seconds": time.monotonic() - began}


def _grown(finding: dict[str, Any], driver: Path, report: Report) -> dict[str, Any]:
    """Return the finding of a profile with what was measured as its verdict."""
    holder = next((one for one in report["holders"] if one["fingerprint"] == finding["fingerprint"]), {})
    verdict = {
        "status": "grows",
        "reason": finding["message"],
        "made_by": driver.name,
        "bytes_per_instance": holder.get("bytes_per_unit"),
    }
    return {**finding, "verdict": verdict}


_DO = {"check": _checked, "verify": _verified, "discover": _discovered}
