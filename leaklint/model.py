"""The plain data that every stage hands to the next, and its JSON form.

Nothing here knows syntax trees, files or processes. Every class is a frozen dataclass whose fields are strings, numbers,
tuples of these, or another class of this module, so that a finding can cross a process boundary or a week on disk.

Lines and columns count from 1 and columns count characters; an end is exclusive. Offsets count characters from 0 in the
decoded text of the file.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from leaklint.records import dataclass, field

Confidence = Literal["high", "medium", "low"]
Safety = Literal["safe", "unsafe", "none"]
Status = Literal["confirmed", "refuted", "bounded", "gc-lag", "unreached", "until-closed"]
Origin = Literal["static", "runtime"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Location:
    """A stretch of one file. ``path`` is relative to the working directory wherever that is possible."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that a finding speaks of: a store, a removal that never runs, the class that is kept.

    ``function`` is the qualified name of the function that stores at this place, empty where nothing is stored.
    """

    path: str
    line: int
    column: int
    message: str
    function: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters ``start:end`` of the decoded text of ``path`` by ``text``."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What would repair a finding.

    ``safety`` is ``safe`` (cannot change what the program does but for the leak), ``unsafe`` (something is assumed, and
    ``reason`` names it) or ``none`` (no edit is offered, and ``reason`` says why). ``edits`` is not part of the JSON form.
    """

    safety: Safety
    replacement: str
    reason: str
    edits: tuple[Edit, ...] = field(default=(), metadata={"json": False})


@dataclass(frozen=True, slots=True)
class Probe:
    """How to prove a finding at run time; the only thing of a finding that the target's interpreter gets to see.

    ``root`` is the folder to put first on the import path, ``module`` the dotted module that holds the container,
    ``file`` the file that was analysed (absolute, so that the child can tell whether it imported that very file).

    ``container`` is the attribute path of the holder inside ``module`` (``Processor.instance_map``, private names
    already mangled), ``other.module:path`` where it is another module's, or empty where no expression reaches it (a closure,
    a registry inside the interpreter).
    ``container_kind`` is ``dict``, ``list``, ``set``, ``memo`` (an ``lru_cache``-like callable), ``atexit``,
    ``finalize``, ``thread``, ``signal``, ``fork``, ``logger``, ``closure`` or ``other``.

    ``subject`` is ``module:Qualified.Name`` of the class whose instances are kept, or empty if that is not known.
    ``trigger`` says what fills the holder: ``construct`` (making the subject does), ``method:NAME`` (make the subject,
    call that method), ``property:NAME`` (read it), ``call:module:qualified.name`` (call that function or classmethod),
    ``factory`` (``factory``, a ``module:callable`` or ``file.py:callable``, does all of it).
    ``track`` says what must die: ``subject``, ``result`` (what the call returned), ``argument:N`` (the N-th argument, an
    object made for the purpose), or ``growth`` (nothing can be tracked; only the holder's size tells).
    ``path`` leads to a container that is an attribute of an object: a module's variable (``pkg.mod.name``), then attributes,
    ``[..]`` for any entry; empty where ``container`` says it.
    """

    code: str
    symbol: str
    fingerprint: str
    root: str
    module: str
    file: str
    container: str
    container_kind: str
    subject: str
    trigger: str
    track: str
    factory: str = ""
    stores: tuple[str, ...] = ()
    digest: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refcount:
    """``sys.getrefcount`` of the tracked object before the trigger's holder was dropped, after it, and of a control."""

    before: int | None = None
    after: int | None = None
    control: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the experiment showed.

    ``survivors`` of ``created`` objects were alive after ``del`` and a full collection. ``container_growth`` is in
    entries an object, ``bytes_per_instance`` in bytes (shallow plus what only that object keeps), ``path`` the shortest
    chain of holders from a root to a survivor as alternating nodes and edges, ``seconds`` the wall time of the probe.

    ``suspect`` is the index in ``path`` of the edge that most likely should not be there (-1: none), ``origins`` tells
    for each node of the path ``app``, ``lib`` or nothing. ``cause`` is what the counterfactual showed, ``made_by`` how
    the object was made and ``recipe`` the same as Python text where it can be written down. ``trace`` hashes the names
    along the path, and ``alike`` survivors share it. ``hidden`` counts references that no object visible to the
    collector accounts for. ``fit`` is ``constant``, ``bounded`` or ``linear``. ``python`` is the version that ran it,
    ``tracked`` how survivors were told.
    ``closing`` is what the same experiment showed with objects that are closed, ``values`` who says that users pass the
    arguments that were used.
    """

    status: Status
    reason: str
    rounds: int = 0
    created: int = 0
    survivors: int = 0
    container_growth: float | None = None
    refcount: Refcount = field(default_factory=Refcount)
    bytes_per_instance: int | None = None
    path: tuple[str, ...] = ()
    seconds: float = 0.0
    suspect: int = -1
    origins: tuple[str, ...] = ()
    cause: str = ""
    made_by: str = ""
    recipe: str = ""
    trace: str = ""
    alike: int = 0
    hidden: int | None = None
    fit: str = ""
    python: str = ""
    tracked: str = ""
    closing: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One leak-prone pattern. It stands at the container, the decorator or the registering call; stores are related.

    ``origin`` tells whether the rules see it in the source (``static``) or a run alone has shown it (``runtime``).
    ``hint`` then tells authors of rules which rule would have to see it, and what kept it from that.
    """

    code: str
    name: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    symbol: str
    message: str
    confidence: Confidence
    fingerprint: str
    retention: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    fix: Fix = field(default_factory=lambda: Fix("none", "", ""))
    probe: Probe | None = None
    verdict: Verdict | None = None
    origin: Origin = "static"
    hint: str = ""

    @property
    def place(self) -> tuple[str, int, int, str]:
        """Return the sort key that every output uses."""
        return (self.path, self.line, self.column, self.code)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read or done. ``line`` is 0 where no line is meant."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a run; ``gated`` is the number of files in which something may be kept."""

    files: int = 0
    gated: int = 0
    findings: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run found. ``findings`` are sorted by place, ``problems`` by path and line."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    summary: Summary = field(default_factory=Summary)


def fingerprint(code: str, symbol: str, container_kind: str) -> str:
    """Return 16 hex digits that stay when lines move: a hash of code, symbol and container kind."""
    import hashlib  # loads OpenSSL, which takes longer than a run without findings needs for most other things

    return hashlib.sha256("\0".join((code, symbol, container_kind)).encode()).hexdigest()[:16]


def to_json(value: Any) -> Any:
    """Turn an instance of this module's classes, or a tuple of them, into what ``json.dumps`` takes."""
    from dataclasses import fields, is_dataclass

    if is_dataclass(value) and not isinstance(value, type):
        shown = (item for item in fields(value) if item.metadata.get("json", True))
        return {item.name: to_json(getattr(value, item.name)) for item in shown}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], value: dict[str, Any]) -> T:
    """Rebuild an instance of ``kind`` from what ``to_json`` gave; unknown keys are ignored, missing ones take defaults.

    Raises ``TypeError`` if a field without a default is missing.
    """
    from dataclasses import fields

    hints = get_type_hints(kind)
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _revive(hints[name], item) for name, item in value.items() if name in known})


def _revive(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    options = [hint, *get_args(hint)]
    if get_origin(hint) is tuple:
        return tuple(_revive(get_args(hint)[0], item) for item in value)
    for option in options:
        if hasattr(option, "__dataclass_fields__"):
            return from_json(option, value)
    return value
