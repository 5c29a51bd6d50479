"""A program that leaks, and reports made by hand for tests of what comes after the analysis."""

from __future__ import annotations

from leaklint.model import Edit, Finding, Fix, Probe, Problem, Refcount, Related, Report, Summary, Verdict

SOURCE = """\
import os

class Processor:
    instance_map = {}

    def __init__(self, app):
        Processor.instance_map[id(self)] = self
"""

LEAKY = """\
class Processor:
    instance_map = {}

    def __init__(self, name):
        self.name = name
        Processor.instance_map[id(self)] = self
"""

VERDICT = Verdict(
    status="confirmed",
    reason="every Processor outlives its last user",
    rounds=8,
    created=8,
    survivors=8,
    container_growth=1.0,
    refcount=Refcount(2, 3, 2),
    bytes_per_instance=412,
    path=("module pkg.mod", ".Processor", "class Processor", ".instance_map", "dict", "[*]", "Processor"),
    seconds=0.3,
    suspect=3,
)

PROBE = Probe(
    code="LK101",
    symbol="pkg.mod:Processor.instance_map",
    fingerprint="0123456789abcdef",
    root="/project",
    module="pkg.mod",
    file="/project/pkg/mod.py",
    container="Processor.instance_map",
    container_kind="dict",
    subject="pkg.mod:Processor",
    trigger="construct",
    track="subject",
)

FINDING = Finding(
    code="LK101",
    name="class-registry-of-self",
    path="pkg/mod.py",
    line=4,
    column=5,
    end_line=4,
    end_column=22,
    symbol="pkg.mod:Processor.instance_map",
    message="Processor.instance_map keeps every Processor; hold them in a WeakValueDictionary",
    confidence="high",
    fingerprint="0123456789abcdef",
    retention=(
        "pkg.mod:Processor.instance_map (class attribute, lives as long as the process)",
        "Processor",
        "resource_loader",
    ),
    related=(
        Related("pkg/mod.py", 7, 9, "self is stored here"),
        Related("pkg/other.py", 3, 1, "removed here, but only in __del__"),
    ),
    fix=Fix(
        "safe",
        "weakref.WeakValueDictionary",
        "every use is known",
        (Edit("pkg/mod.py", 47, 49, "weakref.WeakValueDictionary()"),),
    ),
    probe=PROBE,
    verdict=VERDICT,
)

REPORT = Report(
    findings=(FINDING,),
    problems=(Problem("pkg/bad.py", 3, "syntax error: invalid syntax"),),
    summary=Summary(files=120, gated=4, findings=1, seconds=0.42),
)

CLEAN = Report(summary=Summary(files=3, gated=0, findings=0, seconds=0.01))


def lines(path: str) -> list[str]:
    """Return the sources of the sample report."""
    return {"pkg/mod.py": SOURCE.split("\n"), "pkg/other.py": ["a", "b", "del x"]}.get(path, [])
