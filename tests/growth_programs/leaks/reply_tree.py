"""A discussion: each reply answers the last one."""

# holder: THREAD
# alone: yes
# kind: tree of objects that becomes deeper

from __future__ import annotations


class Comment:
    def __init__(self, text):
        self.text = text
        self.replies = []


THREAD = Comment("first")  # holder here
LAST = [THREAD]


def work() -> None:
    reply = Comment("more")  # stores
    LAST[0].replies.append(reply)  # stores
    LAST[0] = reply  # stores
