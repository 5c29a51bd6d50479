"""Opens connections as load rises, but no more than eight, and reuses them."""

# kind: pool that grows to a bound

from __future__ import annotations

import itertools


class PooledConnection:
    def __init__(self, number: int) -> None:
        self.number = number
        self.buffer = bytearray(1000)


class ConnectionPool:
    def __init__(self) -> None:
        self.idle: list[PooledConnection] = []
        self.opened = 0

    def take(self) -> PooledConnection:
        if self.idle:
            return self.idle.pop()
        self.opened += 1
        return PooledConnection(self.opened)

    def give_back(self, connection: PooledConnection) -> None:
        self.idle.append(connection)


POOL = ConnectionPool()
_calls = itertools.count()


def work() -> None:
    users = min(8, 1 + next(_calls) // 2)
    for connection in [POOL.take() for _ in range(users)]:
        connection.buffer[0] = 1
        POOL.give_back(connection)
