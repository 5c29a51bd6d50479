"""Maps a function over numbers in an executor that is shut down afterwards."""

# kind: executor, shut down

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


def work() -> None:
    with ThreadPoolExecutor(max_workers=2) as executor:
        assert list(executor.map(str, range(3))) == ["0", "1", "2"]
