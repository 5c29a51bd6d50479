"""Makes widgets of two kinds, which their common base class numbers."""

# holder: (NumberedWidget|Button|Label)\.by_number
# kind: class attribute of a base class
# what: Button|Label

from __future__ import annotations


class NumberedWidget:
    by_number: dict[int, NumberedWidget] = {}  # holder here

    def __init__(self) -> None:
        self.number = len(self.by_number)
        self.by_number[self.number] = self  # stores


class Button(NumberedWidget):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Label(NumberedWidget):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def work() -> None:
    Button("OK")
    Label("ready")
