"""A file is checked with a style guide of its own, as an editor plugin does."""

import os
import tempfile

from flake8.api import legacy

_path = os.path.join(tempfile.mkdtemp(), "sample.py")
with open(_path, "w") as _file:
    _file.write("x = 1\n")


def work():
    guide = legacy.get_style_guide()
    guide.check_files([_path])
