"""``python -m leaklint``."""

import os
import sys

# ``-m`` puts the working directory first on the import path: the code to be read would be imported in the place of the
# standard library's modules of the same name. It stays only where leaklint itself is run from there.
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if sys.path and sys.path[0] in {"", os.getcwd()} and os.path.abspath(sys.path[0]) != _HERE:
    del sys.path[0]

from leaklint.cli import main  # noqa: E402

sys.exit(main())
