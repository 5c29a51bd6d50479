"""What the documentation site holds beside the files of this folder: a page for each rule, and the changelog.

Nothing of it is written to the checkout; the pages exist while the site is built.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from leaklint.cli.rules import headline
from leaklint.rules import RULES

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the rules' pages into the navigation, and at its end the pages that it does not name."""
    nav: list[Any] = config.nav or []
    for entry in nav:
        if "Rules" in entry:
            pages = [{f"{code} {RULES[code].name}": f"rules/{code}.md"} for code in sorted(RULES)]
            entry["Rules"] = [{"All rules": "rules/index.md"}, *pages]
    named = str(nav)
    others = [path.name for path in sorted(Path(config.docs_dir).glob("*.md")) if f"'{path.name}'" not in named]
    if others:
        nav.append({"More": others})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {f"rules/{code}.md": rule_page(code) for code in RULES}
    pages["rules/index.md"] = rules_page()
    pages["changelog.md"] = CHANGELOG.read_text(encoding="utf-8")
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def rules_page() -> str:
    """Return the list of all rules."""
    rows = [f"| [{code}]({code}.md) | {RULES[code].name} | {headline(RULES[code].doc)} |" for code in sorted(RULES)]
    head = "# Rules\n\nOn the command line: `leaklint rules`, and `leaklint explain LK101` for a page.\n\n"
    return f"{head}| code | name | finds |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def rule_page(code: str) -> str:
    """Return the page of a rule: its docstring, with its code blocks marked as Python."""
    rule = RULES[code]
    return f"# {code}: {rule.name}\n\n{_fenced(rule.doc)}\n"


def _fenced(text: str) -> str:
    """Turn indented blocks into fenced ones, which say that they are Python."""
    blocks = re.sub(
        r"(?m)(?:^ {4}.*\n?|^\n(?= {4}))+",
        lambda match: "```python\n" + re.sub(r"(?m)^ {4}", "", match[0]).strip("\n") + "\n```\n",
        text + "\n",
    )
    return re.sub(r"\n?```python", "\n```python", blocks)
