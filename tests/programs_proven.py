"""Programs of one file each, checked and proven in one run."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Verdict
from leaklint.proof import VerifyOptions, verify


def proven(folder: Path, programs: Mapping[str, str]) -> dict[str, Verdict]:
    """Write programs by their names into ``folder``; return a verdict on each, that on its private container first."""
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    found = verify(check([str(folder)], Settings(confidence="low")).findings, VerifyOptions(timeout=60))
    found = sorted(found, key=lambda item: item.symbol.rpartition(":")[2].startswith("_"))
    return {Path(item.path).stem: item.verdict for item in found if item.verdict is not None}
