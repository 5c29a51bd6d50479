"""A loop of its own runs one coroutine and is closed, as a synchronous client does."""

from tornado import gen
from tornado.ioloop import IOLoop


@gen.coroutine
def answer():
    raise gen.Return(42)


def work():
    loop = IOLoop(make_current=False)
    assert loop.run_sync(answer) == 42
    loop.close()
