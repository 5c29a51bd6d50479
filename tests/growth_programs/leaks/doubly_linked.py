"""Lists the songs that were played, so that one can go back and forth among them."""

# holder: PLAYED
# alone: yes
# kind: doubly linked list
# what: Song

from __future__ import annotations


class Song:
    def __init__(self, title: str) -> None:
        self.title = title
        self.left: Song = self
        self.right: Song = self


class Played:
    def __init__(self) -> None:
        self.middle = Song("silence")  # holder here

    def add(self, song: Song) -> None:
        song.left, song.right = self.middle.left, self.middle
        song.left.right = song  # stores
        self.middle.left = song  # stores

    def latest(self) -> str:
        return self.middle.left.title


PLAYED = Played()  # holder here


def work() -> None:
    PLAYED.add(Song("Clair de lune"))
    assert PLAYED.latest() == "Clair de lune"
