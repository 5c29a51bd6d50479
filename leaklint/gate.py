"""One cheap walk over the ast: can this file hold or feed a leak, and through which names?

The gate may only over-approximate. A container leaks only if a function fills it that does not own it, so a file needs a
name that holds a container and is filled in a function (here or in a file that imports or inherits it), or a word that speaks
of a memoiser, a registry of the standard library, or a weak container.
"""

from __future__ import annotations

import ast

from leaklint.gate_notes import BUSY, FUNCTIONS, PLANS, Notes, plan
from leaklint.records import dataclass

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any


@dataclass(frozen=True, slots=True)
class Gate:
    """What one file can do, in names that are compared and not resolved.

    ``speaks``: a word that is reason enough occurs. ``holds`` are names that may hold a container, ``fills`` those filled
    inside functions: of these ``reaches`` through something that is imported, ``inherits`` through ``self`` or a class.
    ``own`` are (class, name) for names assigned through ``self``: they hold for good where the object does, so only if the
    class is instantiated at module or class level (``made``, perhaps by another file). ``takes`` are functions that fill
    what they are given, ``hands`` what is given to which function, ``.name`` for an attribute. ``drops`` are names of
    which something is removed; ``bases`` those that classes derive from; ``mentions`` every name read; ``imports`` the
    parts of imported dotted names.
    """

    speaks: bool
    holds: frozenset[str]
    own: frozenset[tuple[str, str]]
    classes: frozenset[str]
    made: frozenset[str]
    bases: frozenset[str]
    fills: frozenset[str]
    reaches: frozenset[str]
    inherits: frozenset[str]
    takes: frozenset[str]
    hands: frozenset[tuple[str, str]]
    drops: frozenset[str]
    mentions: frozenset[str]
    imports: frozenset[str]

    @property
    def offering(self) -> frozenset[str]:
        """Return the names through which another file reaches what this one offers: its classes and objects."""
        return self.holds | self.classes

    def kept(self, made: Container[str]) -> set[str]:
        """Return the names that hold for good if instances of the classes ``made`` do."""
        return {name for owner, name in self.own if owner in made}.union(self.holds)

    @property
    def admits(self) -> bool:
        """Tell whether the file can hold a leak by itself."""
        if self.speaks:
            return True
        kept = self.kept(self.made)
        return not kept.isdisjoint(self.fills) or any(
            name in kept and function.lstrip(".") in self.takes for function, name in self.hands
        )


def admits(tree: ast.AST) -> bool:
    """Tell whether the file of this tree is worth reading in full."""
    return scan(tree).admits


def scan(tree: ast.AST) -> Gate:
    """Walk ``tree`` once, without recursion. No result depends on the order, so a function's body waits for its turn."""
    notes = Notes()
    mentions, plans, name_kind, attribute_kind = notes.mentions, PLANS, ast.Name, ast.Attribute
    bodies: list[tuple[Any, int]] = [(tree, -1)]
    while bodies:
        top, depth = bodies.pop()
        stack = [getattr(top, name) for name in plan(top.__class__)[1]] if depth >= 0 else [top]
        depth += depth < 0
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is list:
                stack += node
            elif kind is name_kind:
                mentions[node.id] = None
            elif kind is attribute_kind:
                mentions[node.attr] = None
                if depth and node.attr in BUSY:
                    notes.method(node, depth)
                stack.append(node.value)
            else:
                handler, names = plans.get(kind) or plan(kind)
                if handler is not None:
                    handler(notes, node, depth)
                if kind in FUNCTIONS:
                    bodies.append((node, depth + 1))
                else:
                    for name in names:
                        stack.append(getattr(node, name))
    return _told(notes)


def _told(notes: Notes) -> Gate:
    filled = notes.filled()
    bound = notes.imported_names()
    own = notes.own()
    hands = notes.handed(filled.holds.union(bound, (name for _, name in own)))
    return Gate(
        speaks=notes.speaks(),
        holds=frozenset(filled.holds),
        own=frozenset(own),
        classes=frozenset(notes.classes),
        made=frozenset(notes.made),
        bases=frozenset().union(*notes.bases.values()),
        fills=frozenset(filled.fills),
        reaches=frozenset(filled.reaches),
        inherits=frozenset(filled.inherits),
        takes=frozenset(notes.takes()),
        hands=frozenset(hands),
        drops=frozenset(notes.drops),
        mentions=frozenset(notes.mentions),
        imports=frozenset(notes.imports),
    )
