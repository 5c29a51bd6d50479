"""A test file is collected by a run of pytest in this process."""

import os
import tempfile

import pytest

_folder = tempfile.mkdtemp()
_path = os.path.join(_folder, "test_sample.py")
with open(_path, "w") as _file:
    _file.write("def test_one():\n    pass\n")


def work():
    assert pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", _folder, _path]) == 0
