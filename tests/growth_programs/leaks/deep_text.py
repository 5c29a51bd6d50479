"""A transcript, far down in the state of an application."""

# holder: APP\.state\.session\.transcript
# kind: text that is replaced, three objects deep

from __future__ import annotations


class Session:
    def __init__(self):
        self.transcript = ""  # holder here


class State:
    def __init__(self):
        self.session = Session()


class App:
    def __init__(self):
        self.state = State()


APP = App()


def work() -> None:
    APP.state.session.transcript += "someone said something\n" * 6  # stores
