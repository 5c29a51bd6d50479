"""A site of twenty articles is built anew, as ``pelican --autoreload`` does after each change."""

import logging
import tempfile
from pathlib import Path

from pelican import Pelican
from pelican.settings import read_settings

logging.disable(logging.CRITICAL)
FOLDER = Path(tempfile.mkdtemp())
(FOLDER / "content").mkdir()
for number in range(20):
    (FOLDER / "content" / f"article_{number}.rst").write_text(
        f"Article {number}\n##########\n\n:date: 2026-01-01\n\n{'word ' * 1000}\n"
    )
SITE = Pelican(read_settings(override={"PATH": str(FOLDER / "content"), "OUTPUT_PATH": str(FOLDER / "output")}))


def work():
    SITE.run()
