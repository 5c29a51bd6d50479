"""Each request runs in a green thread of its own, keeps its user in a local and releases it."""

import eventlet
from werkzeug.local import Local, release_local

current = Local()


def serve():
    current.user = "x"
    assert current.user == "x"
    release_local(current)


def work():
    eventlet.spawn(serve).wait()
