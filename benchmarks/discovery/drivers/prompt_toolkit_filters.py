"""A prompt for one connection of a telnet server is made, and not yet shown."""

from prompt_toolkit import PromptSession
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput


def work():
    session = PromptSession("> ", input=DummyInput(), output=DummyOutput())
    assert session.message == "> "
