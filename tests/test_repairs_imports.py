"""Where an import goes, and how a name is written: in the file's own style, never twice, never over another name."""

from __future__ import annotations

import pytest
from repairing import applied, program_of

from leaklint.repairs.files import Files
from leaklint.repairs.imports import Imports

WVD = "WeakValueDictionary"


def added(text: str, *names: str, inside: str = "") -> tuple[str, list[str]]:
    """Ask for names of weakref, at the top or inside a function or class; return the new text and how each is written."""
    file = Files(program_of(text))["mod"]
    scope = next((one for one in file.tree.scopes if one.qualname == inside), file.tree.module)
    imports = Imports(file)
    written = [imports.use("weakref", name, scope) for name in names]
    return applied(text, imports.edits), written


@pytest.mark.parametrize(
    ("text", "after", "written"),
    [
        ("import weakref\nx = 1\n", "import weakref\nx = 1\n", f"weakref.{WVD}"),
        ("import weakref as wr\n", "import weakref as wr\n", f"wr.{WVD}"),
        (f"from weakref import {WVD}\n", f"from weakref import {WVD}\n", WVD),
        (f"from weakref import {WVD} as W\n", f"from weakref import {WVD} as W\n", "W"),
        ("from weakref import ref\n", f"from weakref import {WVD}, ref\n", WVD),
        ("from weakref import WeakMethod\n", f"from weakref import WeakMethod, {WVD}\n", WVD),
        (
            "from weakref import (\n    WeakSet,\n    ref,\n)\n",
            f"from weakref import (\n    WeakSet,\n    {WVD},\n    ref,\n)\n",
            WVD,
        ),
        ("from weakref import *\n", f"from weakref import *\nfrom weakref import {WVD}\n", WVD),
        ("import os\nx = 1\n", "import os\nimport weakref\nx = 1\n", f"weakref.{WVD}"),
        ("import os\nimport zlib\n", "import os\nimport weakref\nimport zlib\n", f"weakref.{WVD}"),
        ("import zlib\n", "import weakref\nimport zlib\n", f"weakref.{WVD}"),
        ("import os\nfrom abc import ABC\n", f"import os\nfrom abc import ABC\nfrom weakref import {WVD}\n", WVD),
        (
            "import os\nfrom abc import ABC\nfrom copy import copy\nfrom tqdm import tqdm\n",
            f"import os\nfrom abc import ABC\nfrom copy import copy\nfrom weakref import {WVD}\nfrom tqdm import tqdm\n",
            WVD,
        ),
        (
            "from abc import ABC\nimport os\nfrom zipfile import Path\n",
            f"from abc import ABC\nimport os\nfrom weakref import {WVD}\nfrom zipfile import Path\n",
            WVD,
        ),
        ("import numpy as np\n", "import weakref\n\nimport numpy as np\n", f"weakref.{WVD}"),
        ("# head\nimport numpy\n", "# head\nimport weakref\n\nimport numpy\n", f"weakref.{WVD}"),
        ("# head\n\n# numbers\nimport numpy\n", "# head\n\nimport weakref\n\n# numbers\nimport numpy\n", f"weakref.{WVD}"),
        ('"""Doc."""\n\nx = {}\n', '"""Doc."""\n\nimport weakref\n\nx = {}\n', f"weakref.{WVD}"),
        ('"""Doc."""\nx = {}\n', '"""Doc."""\n\nimport weakref\n\nx = {}\n', f"weakref.{WVD}"),
        (
            '"""Doc."""\nfrom __future__ import annotations\n\nimport numpy\n',
            '"""Doc."""\nfrom __future__ import annotations\n\nimport weakref\n\nimport numpy\n',
            f"weakref.{WVD}",
        ),
        ("from __future__ import annotations\n", "from __future__ import annotations\n\nimport weakref\n", f"weakref.{WVD}"),
        ('"""Doc."""', '"""Doc."""\n\nimport weakref\n', f"weakref.{WVD}"),
        ("x = {}", "import weakref\n\nx = {}", f"weakref.{WVD}"),
        ("#!/usr/bin/python\nx = {}", "#!/usr/bin/python\nimport weakref\n\nx = {}", f"weakref.{WVD}"),
        ("class A: pass\n", "import weakref\n\n\nclass A: pass\n", f"weakref.{WVD}"),
        ("", "import weakref\n\n", f"weakref.{WVD}"),
        ("import os\r\nx = 1\r\n", "import os\r\nimport weakref\r\nx = 1\r\n", f"weakref.{WVD}"),
        ("import os; import sys\n", "import os; import sys\nimport weakref\n", f"weakref.{WVD}"),
        ("import os", "import os\nimport weakref\n", f"weakref.{WVD}"),
        ("import os  # why\n", "import os  # why\nimport weakref\n", f"weakref.{WVD}"),
        ("from typing import (\n    Any,\n)\n", f"from typing import (\n    Any,\n)\nfrom weakref import {WVD}\n", WVD),
        ("from typing import Any, \\\n    Dict\n", f"from typing import Any, \\\n    Dict\nfrom weakref import {WVD}\n", WVD),
        ("if 1:\n    import weakref\n", "import weakref\n\nif 1:\n    import weakref\n", f"weakref.{WVD}"),
        ("from . import other\n", f"from weakref import {WVD}\n\nfrom . import other\n", WVD),
        (f"from abc import ABC\n\n{WVD} = dict\n", f"import weakref\nfrom abc import ABC\n\n{WVD} = dict\n", f"weakref.{WVD}"),
        ("import os\n\nweakref = 1\n", "import os\nimport weakref as _weakref\n\nweakref = 1\n", f"_weakref.{WVD}"),
    ],
)  # fmt: skip
def test_one_name(text: str, after: str, written: str) -> None:
    assert added(text, WVD) == (after, [written])


def test_several_names_share_their_imports() -> None:
    assert added("import os\n", WVD, "ref", WVD) == (
        "import os\nimport weakref\n",
        [f"weakref.{WVD}", "weakref.ref", f"weakref.{WVD}"],
    )
    text, written = added("from abc import ABC\n", WVD, "ref")
    assert sorted(text.splitlines()) == ["from abc import ABC", f"from weakref import {WVD}, ref"]
    assert written == [WVD, "ref"]


def test_a_name_that_a_scope_hides_is_reached_another_way() -> None:
    text = "from weakref import ref\n\ndef f(ref):\n    pass\n"
    assert added(text, "ref", inside="f")[1] == ["weakref.ref"]
    text = "import weakref\n\ndef f(weakref):\n    pass\n"
    after, written = added(text, "ref", inside="f")
    assert written == ["_weakref.ref"] and "import weakref as _weakref\n" in after
