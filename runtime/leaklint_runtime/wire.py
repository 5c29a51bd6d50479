"""The plain data that crosses the process boundary: a ``WireProbe`` goes in, a ``WireVerdict`` comes out.

Both mirror the static side's classes, field by field, so that this package needs nothing of it.
``dumps`` is written out here because a target may replace the functions of the ``json`` module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from json.encoder import encode_basestring_ascii as _quoted
from math import isfinite
from typing import Any, Mapping

CONFIRMED, REFUTED, BOUNDED, GC_LAG, UNREACHED = "confirmed", "refuted", "bounded", "gc-lag", "unreached"
UNTIL_CLOSED = "until-closed"
STATUSES = (CONFIRMED, REFUTED, BOUNDED, GC_LAG, UNREACHED, UNTIL_CLOSED)


@dataclass(frozen=True)
class WireProbe:
    """How to prove a finding at run time.

    ``root`` is the folder to put first on the import path, ``module`` the dotted module that holds the container,
    ``file`` the analysed file and ``digest`` the SHA-256 of its bytes (hex, or empty if not known). ``container`` is
    the holder's attribute path inside the module, or empty. ``subject`` is ``module:Qualified.Name`` of the kept class.
    ``trigger`` is ``construct``, ``method:NAME``, ``property:NAME``, ``set:NAME``, ``call:module:qualified.name`` or
    ``factory`` (the factory does all of it); ``track`` is ``subject``, ``result``, ``argument:N`` or ``growth``. ``stores``
    are ``path:line`` of the statements that fill the holder: a run in which none of them was executed has shown nothing.
    ``factory`` is a ``module:callable``. ``path`` leads to a container that is an attribute of an object: ``pkg.mod.name`` of a
    variable, then attributes, ``[..]`` for any entry; empty where ``container`` says it.
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


@dataclass(frozen=True)
class WireRefcount:
    """``sys.getrefcount`` of a tracked object while its maker held it, after that, and of a control nobody keeps."""

    before: int | None = None
    after: int | None = None
    control: int | None = None


@dataclass(frozen=True)
class WireVerdict:
    """What the experiment showed; the fields up to ``seconds`` are the contract, the rest explains it.

    ``path`` alternates nodes and edges and starts and ends with a node; ``suspect`` is the index in it of the edge that
    most likely should not be there (-1: none), ``origins`` tells for each node ``app``, ``lib`` or nothing. ``cause``
    is what the counterfactual showed, ``made_by`` how the object was made and ``recipe`` the same as Python source
    where it can be written down. ``trace`` hashes the names along the path, and ``alike`` survivors share it.
    ``hidden`` counts references that no object visible to the collector accounts for. ``fit`` is ``constant``,
    ``bounded`` or ``linear``. ``python`` is the version that ran it,
    ``tracked`` how survivors were told.
    ``closing`` is what the same experiment showed with objects that are closed, ``values`` who says that users pass the
    arguments that were used.
    """

    status: str
    reason: str
    rounds: int = 0
    created: int = 0
    survivors: int = 0
    container_growth: float | None = None
    refcount: WireRefcount = field(default_factory=WireRefcount)
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


def unreached(reason: str, **more: Any) -> WireVerdict:
    """Return the verdict that says why nothing could be shown; addresses in memory say nothing to anybody."""
    return WireVerdict(UNREACHED, _ADDRESS.sub("", " ".join(reason.split())), **more)


_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def probe_from(value: Mapping[str, Any]) -> WireProbe:
    """Build a probe from its JSON form; unknown keys are ignored. Raises ``TypeError`` if one is missing."""
    known = {item.name for item in fields(WireProbe)}
    given: dict[str, Any] = {name: _tuple(item) for name, item in value.items() if name in known}
    return WireProbe(**given)


def verdict_from(value: Mapping[str, Any]) -> WireVerdict:
    """Build a verdict from its JSON form. Raises ``TypeError`` or ``ValueError`` if it is not one."""
    known = {item.name for item in fields(WireVerdict)}
    given: dict[str, Any] = {name: _tuple(item) for name, item in value.items() if name in known}
    given["refcount"] = WireRefcount(**(given.get("refcount") or {}))
    verdict = WireVerdict(**given)
    if verdict.status not in STATUSES:
        raise ValueError(f"unknown status {verdict.status!r}")
    return verdict


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def plain(value: Any) -> dict[str, Any]:
    """Turn a probe or verdict into what ``dumps`` takes."""
    shown = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: plain(item) if isinstance(item, WireRefcount) else item for name, item in shown.items()}


def to_json(value: Any) -> Any:
    """Turn named tuples, and tuples and lists of them, into what ``dumps`` takes."""
    if hasattr(value, "_fields"):
        return {name: to_json(item) for name, item in zip(value._fields, value)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    return value


def known_fields(kind: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the JSON form of a named tuple has for its fields; unknown keys are ignored."""
    return {name: value[name] for name in kind._fields if name in value}


def dumps(value: Any) -> str:
    """Write strings, numbers, None, and dicts, lists and tuples of them as JSON. Raises ``TypeError`` for the rest."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is int:
        return int.__repr__(value)
    if kind is float:
        return float.__repr__(value) if isfinite(value) else "null"
    if kind is dict:
        return "{" + ", ".join([_quoted(str(key)) + ": " + dumps(item) for key, item in value.items()]) + "}"
    if kind is list or kind is tuple:
        return "[" + ", ".join([dumps(item) for item in value]) + "]"
    raise TypeError(f"cannot write a {kind.__name__} as JSON")
