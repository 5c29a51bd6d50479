"""A service computes the graph of a recipe whose conanfile imports a helper module that lies beside it."""

import os
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp())
os.environ["CONAN_HOME"] = str(FOLDER / "home")

from conan.api.conan_api import ConanAPI  # noqa: E402 -- its home is set first

(FOLDER / "helper.py").write_text('LICENSES = {"name": "MIT"}\n')
(FOLDER / "conanfile.py").write_text(
    "from conan import ConanFile\nimport helper\n\n\n"
    'class Package(ConanFile):\n    name = "package"\n    version = "1.0"\n    license = helper.LICENSES["name"]\n'
)
API = ConanAPI()


def work():
    API.local.inspect(str(FOLDER / "conanfile.py"), remotes=[], lockfile=None)
