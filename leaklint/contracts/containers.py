"""What methods do to containers: which put in, which take out. Here alone it is decided that a method is a removal."""

from __future__ import annotations

# What methods of containers put in: (place of the key or -1, place of the value).
ADDERS: dict[str, tuple[int, int]] = {
    "append": (-1, 0), "appendleft": (-1, 0), "add": (-1, 0), "insert": (-1, 1), "setdefault": (0, 1), "extend": (-1, 0),
    "extendleft": (-1, 0), "update": (-1, 0), "__setitem__": (0, 1), "put": (-1, 0), "put_nowait": (-1, 0), "push": (-1, 0),
    "callback": (-1, 0), "push_async_callback": (-1, 0), "enter_context": (-1, 0), "enter_async_context": (-1, 0),
    "push_async_exit": (-1, 0),
    "__ior__": (-1, 0), "__iadd__": (-1, 0), "set": (-1, 0),
}  # fmt: skip
MAPPINGS = frozenset({"dict", "defaultdict", "counter"})  # kinds of containers with keys
LONGER = frozenset({"union"})  # return a copy that has more
BULK = frozenset({"extend", "extendleft", "update", "__ior__", "__iadd__"})
REMOVERS = frozenset(
    "pop popitem popleft remove discard clear __delitem__ get_nowait get close pop_all aclose difference_update "
    "intersection_update reset delete".split()
)
QUEUES = {"queue": {"get", "get_nowait"}, "exitstack": {"close", "pop_all", "aclose"}, "contextvar": {"set", "reset"}}
ONLY = {
    "get",
    "get_nowait",
    "close",
    "pop_all",
    "aclose",
    "set",
    "reset",
    "delete",
    "put",
    "put_nowait",
    "callback",
    "enter_context",
    "push",
}
