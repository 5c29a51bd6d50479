"""Where libcst nodes stand in the text: one run of libcst's own code generator, counting tokens only.

libcst's ``PositionProvider`` follows the same generator but computes line and column at every token and needs a metadata
wrapper; counting tokens and turning the few wanted counts into offsets later costs a quarter of that.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from leaklint.deep import deep_recursion


class _Counting(CodegenState):
    """Notes for each node the numbers of the tokens at which it starts and ends, without the white space around it."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.ranges: dict[int, tuple[int, int]] = {}
        self._stack: list[int] = []

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._stack.append(len(self.tokens))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._stack.pop()
        if id(node) not in self.ranges:
            self.ranges[id(node)] = (start, len(self.tokens))

    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Any:
        return _Recording(self, node, start_node, end_node)


class _Recording:
    """A context manager around the code of one node; a class, since a generator costs three times as much."""

    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(
        self, state: _Counting, node: cst.CSTNode, start_node: cst.CSTNode | None, end_node: cst.CSTNode | None
    ) -> None:
        self.state = state
        self.node = node
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        self.start = len(self.state.tokens)

    def __exit__(self, *raised: object) -> None:
        if raised[0] is not None:
            return
        state = self.state
        start = self.start if self.start_node is None else state.ranges[id(self.start_node)][0]
        end = len(state.tokens) if self.end_node is None else state.ranges[id(self.end_node)][1]
        state.ranges[id(self.node)] = (start, end)


class Positions:
    """Character offsets of the nodes of ``module``, which must stay alive and unchanged."""

    def __init__(self, module: cst.Module) -> None:
        state: Any = _Counting(module)
        with deep_recursion():
            module._codegen(state)
        self._module = module
        self._ranges: dict[int, tuple[int, int]] = state.ranges
        self._ends = [0, *accumulate(map(len, state.tokens))]
        # The generator takes back the newline that ends the last line if the file does not end in one.
        self._last = len(self._ends) - 1

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the offsets at which ``node`` starts and ends. Raises ``KeyError`` for a node of another module."""
        start, end = self._ranges[id(node)]
        return self._ends[min(start, self._last)], self._ends[min(end, self._last)]
