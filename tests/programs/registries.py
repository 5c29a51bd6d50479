"""Registries of the standard library that keep what is handed to them, and look-alikes."""

from __future__ import annotations

import atexit
import codecs
import ctypes
import gc
import logging
import os
import signal
import threading
import time
import weakref


class AtExit:
    def __init__(self):
        atexit.register(self.close)

    def close(self):
        """Do nothing."""


class AtExitPaired:
    def __init__(self):
        atexit.register(self.close)

    def close(self):
        atexit.unregister(self.close)


def opened_and_closed():
    made = AtExitPaired()
    made.close()
    return made


class AtExitStatic:
    def __init__(self):
        atexit.register(print, "bye")


class FinalizedBySelf:
    def __init__(self):
        weakref.finalize(self, self.close)

    def close(self):
        """Do nothing."""


class FinalizedWithSelf:
    def __init__(self):
        weakref.finalize(self, print, self)


class FinalizedStatic:
    def __init__(self):
        weakref.finalize(self, print, "gone")


class OnSignal:
    def __init__(self):
        signal.signal(signal.SIGUSR1, self.handle)

    def handle(self, *_):
        """Do nothing."""


class OnFork:
    def __init__(self):
        os.register_at_fork(before=self.prepare)

    def prepare(self):
        """Do nothing."""


class OnCollection:
    def __init__(self):
        gc.callbacks.append(self.collected)

    def collected(self, *_):
        """Do nothing."""


class InCodecs:
    def __init__(self):
        codecs.register(self.search)

    def search(self, _):
        """Find nothing."""


class Counted:
    """Held by C code that forgot to give a reference back."""

    def __init__(self):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self))


class Worker:
    def __init__(self):
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while True:
            time.sleep(3600)


def wait(owner):
    while owner() is not None:
        time.sleep(3600)


class WeakWorker:
    def __init__(self):
        threading.Thread(target=wait, args=(weakref.ref(self),), daemon=True).start()


class ShortWorker:
    def __init__(self):
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        time.sleep(0.001)


class Rearmed:
    def __init__(self):
        self.again()

    def again(self):
        timer = threading.Timer(3600, self.again)
        timer.daemon = True
        timer.start()


class Handler(logging.Handler):
    """Another handler for each."""


class AddsHandler:
    def __init__(self):
        logging.getLogger("programs").addHandler(Handler())


class AddsOnce:
    def __init__(self):
        logger = logging.getLogger("programs.once")
        if not logger.handlers:
            logger.addHandler(Handler())


class OwnLogger:
    def __init__(self, name: str):
        self.logger = logging.getLogger(f"programs.{name}.{id(self)}")


class SharedLogger:
    def __init__(self):
        self.logger = logging.getLogger("programs.shared")


class HandlerOfSelf:
    def __init__(self):
        handler = Handler()
        handler.addFilter(self.keep)
        logging.getLogger("programs.filtered").addHandler(handler)

    def keep(self, _):
        return True


PROBES = [
    ("confirmed", "", "atexit", {"subject": "AtExit"}),
    ("until-closed", "", "atexit", {"subject": "AtExitPaired"}),
    ("refuted", "", "atexit", {"subject": "AtExitPaired", "factory": "{module}:opened_and_closed"}),
    ("refuted", "", "atexit", {"subject": "AtExitStatic"}),
    ("confirmed", "", "finalize", {"subject": "FinalizedBySelf"}),
    ("confirmed", "", "finalize", {"subject": "FinalizedWithSelf"}),
    ("refuted", "", "finalize", {"subject": "FinalizedStatic"}),
    ("bounded", "", "signal", {"subject": "OnSignal"}),
    ("confirmed", "", "fork", {"subject": "OnFork"}),
    ("confirmed", "", "other", {"subject": "OnCollection"}),
    ("confirmed", "", "other", {"subject": "InCodecs"}),
    ("confirmed", "", "other", {"subject": "Counted"}),
    ("confirmed", "", "thread", {"subject": "Worker"}),
    ("refuted", "", "thread", {"subject": "WeakWorker"}),
    ("refuted", "", "thread", {"subject": "ShortWorker"}),
    ("confirmed", "", "thread", {"subject": "Rearmed"}),
    ("confirmed", "", "logger", {"subject": "AddsHandler", "track": "growth"}),
    ("refuted", "", "logger", {"subject": "AddsOnce", "track": "growth"}),
    ("confirmed", "", "logger", {"subject": "OwnLogger", "track": "growth"}),
    ("refuted", "", "logger", {"subject": "SharedLogger", "track": "growth"}),
    ("confirmed", "", "logger", {"subject": "HandlerOfSelf"}),
]
