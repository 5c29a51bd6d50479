"""Make text that comes from files harmless: for terminals, for GitHub's commands and for XML."""

from __future__ import annotations

import re

# Control characters, delete and C1; bidirectional marks and overrides, which reorder what is shown; separators that
# end a line; lone surrogates, which no encoding takes; tags, which are invisible.
_CONTROL = "\x00-\x1f\x7f-\x9f"
_FORMAT = "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_HIDDEN = f"[{_CONTROL}{_FORMAT}\ud800-\udfff]"
# What XML 1.0 has no place for, even as a character reference, and what its writer leaves as it is: delete, and the carriage
# return, which a reader takes for a line end.
_NOT_XML = "[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]"


def visible(text: str) -> str:
    """Return ``text`` on one line with every control or invisible character spelled as a Python escape."""
    if text.isprintable():  # as nothing hidden is
        return text
    return re.sub(_HIDDEN, lambda match: _spell(match[0]), text)


def for_xml(text: str) -> str:
    """Return ``text`` for an element tree: characters that XML cannot hold are spelled as Python escapes."""
    return re.sub(_NOT_XML, lambda match: _spell(match[0]), text)


def command_data(text: str) -> str:
    """Return ``text`` as the message of a GitHub workflow command; line ends stay line ends."""
    kept = "\n".join(visible(line) for line in text.split("\n"))
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return ``text`` as a property of a GitHub workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def _spell(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return {"\t": r"\t", "\n": r"\n", "\r": r"\r"}.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
