"""An application with a handler for a data class is made and dropped, as a test does."""

from dataclasses import dataclass

from litestar import Litestar, post
from litestar.dto import DataclassDTO


@dataclass
class Entry:
    name: str


def work():
    @post("/", dto=DataclassDTO[Entry], sync_to_thread=False)
    def add(data: Entry) -> Entry:
        return data

    Litestar([add], logging_config=None)
