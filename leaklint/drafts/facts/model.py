"""What one file says: plain data, no syntax nodes, so that trees can be dropped and facts be kept.

Named tuples, since there are many: they are made, compared and handed to other processes several times faster than dataclasses.
"""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a file: lines and columns in characters from 1, end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


COPY = "copy()"  # the step from a container to a new one with the same elements


class Value(NamedTuple):
    """What an expression denotes, as far as one file tells.

    ``kind`` is a root that ``path`` (attribute names, ``[]`` for an element) starts from: ``self``, ``cls``, ``super``,
    ``param`` (``name``), ``global`` (``path[0]`` is the name), ``cell`` (``name`` is ``function:variable``, a local of
    an enclosing function); or a made thing: ``call`` (``parts[0]`` is the callee, the rest its arguments), ``lambda`` and
    ``function`` (``parts`` are the captured values), ``class`` (``name``: defined inside a function), ``exception``,
    ``const`` (``name`` is its repr), ``tuple``, ``dict``, ``list``, ``set``, ``text`` (a formatted string), ``weak``,
    ``unknown``.
    """

    kind: str
    path: tuple[str, ...] = ()
    name: str = ""
    parts: tuple[Value, ...] = ()

    def child(self, step: str) -> Value:
        """Return the value one attribute (or ``[]``) further: a copy's elements are those of the original."""
        kind, path, name, parts = self
        if step == "[]" and path[-1:] == (COPY,):
            path = path[:-1]
        return Value(kind, (*path, step), name, parts)


UNKNOWN = Value("unknown")


class EnclosingBlock(NamedTuple):
    """A block around an access. ``kind``: ``if``, ``else``, ``loop``, ``try``, ``except``, ``finally``, ``with``, ``past``.

    ``past`` is what follows ``if test: return`` (or ``raise``, ``continue``, ``break``) in the same block.

    ``mentions`` are the values that the block's test or header names; ``text`` is the test's source, shortened.
    ``unset`` is what is None, false or empty where the block runs: ``if not X``, past ``if X is not None: return``.
    """

    kind: str
    mentions: tuple[Value, ...] = ()
    text: str = ""
    unset: tuple[Value, ...] = ()


class Access(NamedTuple):
    """Something done to a container, to an attribute, or to a name from an outer scope.

    ``op`` is ``store`` (``how``: ``[]=``, ``append``, ``add``, ``setdefault``, ``update``, ``|=``, ...), ``remove``
    (``how``: ``del``, ``pop``, ``clear``, ``rebind``, ...), ``bind`` (an attribute or outer name is assigned), ``len``
    (its length is compared), ``read`` (an element is read by key), ``call`` (an element is called).
    """

    op: str
    how: str
    target: tuple[Value, ...]
    key: tuple[Value, ...]
    value: tuple[Value, ...]
    span: Span
    guards: tuple[EnclosingBlock, ...]


class Argument(NamedTuple):
    """One argument of a call; ``name`` is empty for a positional one, ``*`` or ``**`` for unpacking."""

    name: str
    values: tuple[Value, ...]


class CallFact(NamedTuple):
    """A call that stands in a function, class body or module; ``result`` is the attribute path that it is bound to."""

    callee: tuple[Value, ...]
    arguments: tuple[Argument, ...]
    span: Span
    guards: tuple[EnclosingBlock, ...]
    result: tuple[Value, ...] = ()


class Parameter(NamedTuple):
    """A parameter: its name, annotation source, default, and kind (``pos``, ``kw``, ``*``, ``**``)."""

    name: str
    annotation: str
    default: str
    kind: str


class DecoratorFact(NamedTuple):
    """A decorator: what is named, what it is called with, and where the ``@`` stands."""

    value: Value
    arguments: tuple[Argument, ...]
    called: bool
    span: Span


class Allocation(NamedTuple):
    """A container where it is made.

    ``kind``: ``dict``, ``list``, ``set``, ``weak``, ``bounded``, ``object`` (a call that may make one), ``none``.
    ``maker`` is the called value for anything but a literal; ``text`` the source of the expression, shortened;
    ``inner`` what a ``defaultdict`` makes; ``entries`` how many it starts with, -1 if unknown.
    """

    kind: str
    maker: Value | None
    text: str
    inner: str
    entries: int
    grows_on_read: bool
    span: Span


class Binding(NamedTuple):
    """A name or attribute (``target``) assigned a container, or something that may make one, in a scope."""

    name: str
    target: Value
    made: Allocation
    annotation: str
    span: Span
    guards: tuple[EnclosingBlock, ...]


class FunctionFacts(NamedTuple):
    """A function: where it stands, what it takes, what it does. ``kind``: function, method, classmethod, staticmethod."""

    qualname: str
    name: str
    kind: str
    owner: str
    parent: str
    params: tuple[Parameter, ...]
    decorators: tuple[DecoratorFact, ...]
    events: tuple[Access, ...]
    calls: tuple[CallFact, ...]
    locals: tuple[Binding, ...]
    returns: tuple[tuple[Value, ...], ...]
    is_async: bool
    yields: bool
    span: Span


class ClassFacts(NamedTuple):
    """A class: bases, keywords, decorators, class attributes, instance attributes (``self.x = ..`` in its methods)."""

    qualname: str
    name: str
    parent: str
    bases: tuple[Value, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[DecoratorFact, ...]
    attributes: tuple[Binding, ...]
    names: frozenset[str]
    instance_names: frozenset[str]
    slots: tuple[str, ...] | None
    slots_span: Span | None
    span: Span


class ModuleFacts(NamedTuple):
    """All facts of one file. ``imports`` maps a local name to a dotted one; star imports are in ``stars``.

    ``mark`` is that of the source that they were read from.
    """

    path: str
    name: str
    imports: dict[str, str]
    stars: tuple[str, ...]
    bindings: tuple[Binding, ...]
    names: frozenset[str]
    aliases: dict[str, tuple[Value, ...]]
    functions: dict[str, FunctionFacts]
    classes: dict[str, ClassFacts]
    body: FunctionFacts
    mark: str
