"""A style guide manager with the options it reads."""

from argparse import Namespace

from flake8.style_guide import StyleGuideManager


def make():
    """Return a manager."""
    options = Namespace(
        per_file_ignores="",
        select=["E"],
        ignore=[],
        extended_default_ignore=[],
        extend_ignore=[],
        extend_select=[],
        extended_default_select=[],
        enable_extensions=[],
        disable_noqa=False,
        show_source=False,
        diff=False,
    )
    return StyleGuideManager(options, None)
