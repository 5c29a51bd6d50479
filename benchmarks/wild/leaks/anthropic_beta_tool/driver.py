"""Each conversation gets a tool of its own, a function that closes over the conversation's notes, and drops it with them."""

from anthropic import beta_tool


def work():
    notes = []

    @beta_tool
    def remember(text: str) -> str:
        """Keep a note of this conversation.

        Args:
            text: what to keep
        """
        notes.append(text)
        return "kept"

    remember.call({"text": "word " * 200})
    return remember.to_dict()["name"]
