"""Leases workers from a pool of which there is one in a process."""

# holder: leases
# kind: instance attribute of a class's own instance
# what: Lease

from __future__ import annotations

import uuid


class Lease:
    def __init__(self) -> None:
        self.key = uuid.uuid4()
        self.returned = False


class WorkerPool:
    _instance = None

    def __new__(cls) -> WorkerPool:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.leases = []  # holder here
        return cls._instance

    def lease(self) -> Lease:
        lease = Lease()
        self.leases.append(lease)  # stores
        return lease


def work() -> None:
    WorkerPool().lease().returned = True
