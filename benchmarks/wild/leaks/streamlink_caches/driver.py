"""The streams of a page are asked for, as a program does that watches many; nothing is cached."""

from streamlink import Streamlink
from streamlink.plugin import Plugin

SESSION = Streamlink()


class Channel(Plugin):
    def _get_streams(self):
        return {}


def work():
    assert Channel(SESSION, "http://example.org").streams() == {}
