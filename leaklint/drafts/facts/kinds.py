"""Names that make containers, and of which kind, by contracts."""

from __future__ import annotations

from leaklint.contracts.library import of_nature

KINDS = {
    name: kind for kind in ("dict", "list", "set", "weak", "bounded", "local") for name in of_nature(f"makes {kind}")
}
