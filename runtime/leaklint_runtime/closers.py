"""By which methods users let an object go: one list for what is tried at run time and for what code is asked."""

from __future__ import annotations

NAMES = (
    "close", "aclose", "shutdown", "stop", "disconnect", "terminate", "dispose", "release", "cancel", "unregister",
    "detach", "quit", "destroy", "finish", "cleanup", "uninstall", "__exit__", "__aexit__", "join",
)  # fmt: skip
