"""Names that make containers, and of which kind."""

from __future__ import annotations

KINDS = {
    "dict": "dict", "OrderedDict": "dict", "defaultdict": "dict", "Counter": "dict", "ChainMap": "dict", "UserDict": "dict",
    "list": "list", "deque": "list", "UserList": "list", "set": "set", "OrderedSet": "set", "SimpleQueue": "list",
    "WeakValueDictionary": "weak", "WeakKeyDictionary": "weak", "WeakSet": "weak", "WeakIdKeyDictionary": "weak",
    "WeakMethod": "weak",
    "LRUCache": "bounded", "TTLCache": "bounded", "LFUCache": "bounded", "FIFOCache": "bounded", "RRCache": "bounded",
    "TLRUCache": "bounded", "LRUDict": "bounded", "LRU": "bounded", "ContextVar": "local", "local": "local",
}  # fmt: skip
