"""An application with a handler for a data class is made and dropped, as a test does."""

from dataclasses import dataclass

from litestar import Litestar, post
from litestar.dto import DataclassDTO


@dataclass
class JournalEntry:
    name: str


def work():
    @post("/", dto=DataclassDTO[JournalEntry], sync_to_thread=False)
    def add(data: JournalEntry) -> JournalEntry:
        return data

    Litestar([add], logging_config=None)
