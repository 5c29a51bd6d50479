"""Each request runs in a thread of its own, and keeps its user in a local of the application."""

import threading

from asgiref.local import Local

current = Local()


def serve():
    current.user = "x"
    assert current.user == "x"


def work():
    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()
