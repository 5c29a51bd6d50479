"""What a report says of a case: does it notice growth, and name the allocation, the holder and the line that stores?"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cases import LeakCase, Place
from reading import ToolReport


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a report says of a release that leaks. ``None``: the tool does not look for that. ``first``: before others."""

    growth: bool
    allocation: bool | None
    holder: bool | None
    first: bool | None
    store: bool

    def to_json(self) -> dict[str, bool | None]:
        """Return it as JSON."""
        return asdict(self)


def judged(case: LeakCase, report: ToolReport, tool: str) -> Judgement:
    """Compare a report with what is known of the case."""
    in_full = tool == "leaklint"  # a name of its own for each holder, while the chains of others are read part by part
    named = [
        case.holder_pattern().search(text) is not None if in_full else case.chain_named(text) for text in report.chains
    ]
    allocates = tool in ALLOCATION_TOOLS
    return Judgement(
        growth=bool(report.growth),
        allocation=any(in_program(case, file) for file, _ in report.places) if allocates else None,
        holder=None if allocates else any(named),
        first=None if allocates else named[:1] == [True],
        store=any(stores(case, place) for place in (*report.places, *report.stores)),
    )


#: They say where memory came from, and not what refers to it.
ALLOCATION_TOOLS = ("memray", "tracemalloc", "scalene")


def in_program(case: LeakCase, file: str) -> bool:
    """Tell whether a file is the driver or one of the package that leaks."""
    package = f"/site-packages/{case.check}"
    return f"{package}/" in file or file.endswith((f"{package}.py", f"/{case.driver_file.name}"))


def stores(case: LeakCase, place: Place) -> bool:
    """Tell whether a place, given with a full or a shortened path, is a line that stores into the case's holder."""
    file, line = place
    return any(number == line and (file == known or file.endswith(f"/{known}")) for known, number in case.stores)
