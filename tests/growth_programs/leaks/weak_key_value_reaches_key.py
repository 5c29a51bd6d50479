"""Attaches layouts to windows, which a layout can move."""

# holder: LAYOUTS
# kind: WeakKeyDictionary whose values reach their keys
# what: Layout|EditorWindow

from __future__ import annotations

import weakref


class EditorWindow:
    def __init__(self, title: str) -> None:
        self.title = title


class Layout:
    def __init__(self, window: EditorWindow) -> None:
        self.window = window
        self.columns = 2


LAYOUTS: weakref.WeakKeyDictionary[EditorWindow, Layout] = weakref.WeakKeyDictionary()  # holder here


def layout_of(window: EditorWindow) -> Layout:
    if window not in LAYOUTS:
        LAYOUTS[window] = Layout(window)  # stores
    return LAYOUTS[window]


def work() -> None:
    window = EditorWindow("editor")
    assert layout_of(window) is layout_of(window)
