"""An application with the default logging is made and dropped, as a test of it does."""

from litestar import Litestar, get


@get("/", sync_to_thread=False)
def index() -> str:
    return "hello"


def work():
    Litestar([index])
