"""How to prove a finding at run time."""

from __future__ import annotations

from leaklint.drafts.facts.model import Function, Module
from leaklint.drafts.leaks import Context, Leak, Store
from leaklint.drafts.place import method_name
from leaklint.drafts.program import ClassRef, Program
from leaklint.model import Probe

_READABLE = {"class", "module", "object", "descriptor", "function"}  # of scopes: what an attribute path leads to


def probe_of(context: Context, leak: Leak, mark: str) -> Probe | None:
    """Return the experiment that proves or refutes a leaking container."""
    program, holder, store = context.program, leak.holder, leak.first
    trigger, track, subject = _trigger(program, store)
    root, file = program.places.get(holder.module, ("", ""))
    container = holder.name if holder.scope in _READABLE else ""
    kind = holder.kind if holder.scope not in {"closure", "default"} else "closure"
    return Probe(
        code=leak.code,
        symbol=holder.symbol,
        fingerprint=mark,
        root=root,
        module=holder.module,
        file=file,
        container=container,
        container_kind=kind if kind in {"dict", "list", "set", "closure"} else "other",
        subject=subject,
        trigger=trigger,
        track=track,
        stores=_lines(leak, file),
        digest=program.source(holder.module).digest,
    )


def _lines(leak: Leak, file: str) -> tuple[str, ...]:
    """Return the lines of the stores as ``path:line``, if all of them are in the container's own file."""
    if not file or any(store.touch.module.name != leak.holder.module for store in leak.stores):
        return ()
    spans = [store.touch.event.span for store in leak.stores]
    return tuple(sorted({f"{file}:{line}" for span in spans for line in range(span.line, span.end_line + 1)}))


def _trigger(program: Program, store: Store) -> tuple[str, str, str]:
    """Return (trigger, track, subject) for what fills the holder."""
    module = store.touch.module if store.site is None else program.modules[store.site.module]
    inner = store.touch.function if store.site is None else store.site.caller
    function = _outermost(inner, module)
    thing = store.thing
    owner = f"{module.name}:{function.owner}" if function.owner else ""
    subject = f"{thing.ref.module}:{thing.ref.name}" if thing.ref is not None else owner
    if function.owner and function.name in {"__init__", "__new__", "__post_init__"}:
        # what callers hand in must die, not the object that was made to hand it on
        handed = _tracked(store, function, inner)
        return "construct", handed if handed.startswith("argument:") else "subject", owner
    if function.owner and function.kind == "method":
        if program.names.is_metaclass(ClassRef(module.name, function.owner)):
            made = _of_metaclass(program, ClassRef(module.name, function.owner))
            return "construct", "subject", made
        track = "subject" if thing.kind in {"self", "method", "closure"} else _tracked(store, function, inner)
        return f"method:{method_name(function)}", track, owner
    track = "result" if thing.kind == "self" else _tracked(store, function, inner)
    return f"call:{module.name}:{function.qualname}", track, subject


def _tracked(store: Store, function: Function, inner: Function) -> str:
    kind = store.thing.kind
    if kind in {"param", "callback"} and store.site is None and inner is function:
        names = [param.name for param in function.params if param.kind == "pos"]
        shift = 1 if function.kind in {"method", "classmethod"} else 0
        if store.thing.name in names[shift:]:
            return f"argument:{names.index(store.thing.name) - shift}"
    returned = any(value.kind not in {"const", "unknown"} for way in function.returns for value in way)
    if kind in {"instance", "class", "function"} and returned:
        return "result"
    return "growth"


def _outermost(function: Function, module: Module) -> Function:
    """Return the nearest function that can be called from outside: an inner one runs when its outer one is called."""
    while ".<locals>." in function.qualname and function.parent in module.functions:
        function = module.functions[function.parent]
    return function


def _of_metaclass(program: Program, meta: ClassRef) -> str:
    """Return a class of the program that the metaclass makes, or the empty string."""
    for module in program.modules.values():
        for name in module.classes:
            if program.names.metaclass(ClassRef(module.name, name)) == meta:
                return f"{module.name}:{name}"
    return ""
