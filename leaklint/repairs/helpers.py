"""Functions that a repair adds to a file, once for all repairs of it: before the file's first definition."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile

BY_INSTANCE = "_cached_by_instance"


def add(draft: Draft, file: ParsedFile, name: str, lines: Sequence[str]) -> str:
    """Return the name of a helper, whose lines (indented by ``\\t`` a level) are added unless the file has it."""
    if name in file.tree.module.bound:
        return name
    definitions = (one for one in file.source.module.body if isinstance(one, (cst.ClassDef, cst.FunctionDef)))
    top: cst.CSTNode = next(definitions, file.source.module.body[0])
    decorators = getattr(top, "decorators", ())
    start = file.start(decorators[0] if decorators else top)
    unit, newline = file.source.module.default_indent, file.newline
    before = file.text[:start].replace("\r\n", "\n").replace("\r", "\n")
    gap = newline * max(0, 2 - (len(before) - len(before.rstrip("\n")) - 1)) if before else ""
    text = newline.join([line.replace("\t", unit) for line in (*lines, "", "", "")])
    draft.insert(file, start, gap + text)
    return name


def by_instance(draft: Draft, file: ParsedFile) -> str:
    """Return the name of a decorator that caches a method's results beside its instances, which it does not keep."""
    module = file.tree.module
    weak = draft.name(file, "WeakKeyDictionary", module)
    wraps = draft.name(file, "wraps", module, module="functools")
    lines = (
        f"def {BY_INSTANCE}(limit=None):",
        '\t"""Cache up to ``limit`` results of a method for each instance, for as long as that lives."""',
        "",
        "\tdef decorate(method):",
        f"\t\tcaches = {weak}()",
        "",
        f"\t\t@{wraps}(method)",
        "\t\tdef cached(self, *args, **kwargs):",
        "\t\t\tknown = caches.setdefault(self, {})",
        "\t\t\tkey = (args, tuple(kwargs.items()))",
        "\t\t\ttry:",
        "\t\t\t\treturn known[key]",
        "\t\t\texcept KeyError:",
        "\t\t\t\tresult = method(self, *args, **kwargs)",
        "\t\t\twhile limit is not None and len(known) >= limit:",
        "\t\t\t\tknown.pop(next(iter(known)))",
        "\t\t\tknown[key] = result",
        "\t\t\treturn result",
        "",
        "\t\treturn cached",
        "",
        "\treturn decorate",
    )
    return add(draft, file, BY_INSTANCE, lines)
