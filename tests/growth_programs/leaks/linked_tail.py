"""Appends blocks to a chain and verifies the newest one."""

# holder: CHAIN
# alone: yes
# kind: linked list, tail appended
# what: MinedBlock

from __future__ import annotations

import hashlib


class MinedBlock:
    def __init__(self, digest: bytes) -> None:
        self.digest = digest
        self.following: MinedBlock | None = None


class BlockChain:
    def __init__(self) -> None:
        self.first = self.last = MinedBlock(b"genesis")  # holder here

    def append(self, payload: bytes) -> MinedBlock:
        block = MinedBlock(hashlib.sha256(self.last.digest + payload).digest())
        self.last.following = block  # stores
        self.last = block  # stores
        return block


CHAIN = BlockChain()  # holder here


def work() -> None:
    assert len(CHAIN.append(b"payment").digest) == 32
