"""Terminal colours, or none."""

from __future__ import annotations

from leaklint.records import dataclass

_STATUS = {
    "confirmed": "1;31",
    "refuted": "1;32",
    "bounded": "1;33",
    "gc-lag": "1;33",
    "until-closed": "1;33",
    "unreached": "1;35",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Wrap text in colours if ``color``; with it off every method returns its argument."""

    color: bool = False

    def paint(self, text: str, sgr: str) -> str:
        """Return ``text`` between the select-graphic-rendition codes ``sgr`` and a reset."""
        return f"\x1b[{sgr}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str) -> str:
        """Emphasise a name."""
        return self.paint(text, "1")

    def dim(self, text: str) -> str:
        """Put furniture in the background."""
        return self.paint(text, "2")

    def code(self, text: str) -> str:
        """Show a rule's code or the mark under what is wrong."""
        return self.paint(text, "1;31")

    def note(self, text: str) -> str:
        """Show a label or a mark under a second place."""
        return self.paint(text, "1;36")

    def good(self, text: str) -> str:
        """Show a repair."""
        return self.paint(text, "32")

    def status(self, text: str) -> str:
        """Show a verdict's status."""
        return self.paint(text, _STATUS.get(text, "1"))
