"""The methods of texts: those that give one text for each, those that give text at all, and those that give several."""

ONE_FOR_ONE = frozenset(
    "strip lstrip rstrip lower upper casefold swapcase title capitalize replace removeprefix removesuffix encode decode".split()
)
GIVING_TEXT = ONE_FOR_ONE | {"join", "format", "format_map", "hexdigest", "read_text"}
GIVING_PARTS = frozenset("split rsplit splitlines partition rpartition".split())
