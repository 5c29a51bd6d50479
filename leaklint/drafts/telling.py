"""A leaking container told as a finding: message, retention path, related places, repair and probe."""

from __future__ import annotations

from leaklint.drafts.facts.model import Span, Value
from leaklint.drafts.leaks import Context, Leak, Store
from leaklint.drafts.mending import mend
from leaklint.drafts.observed import advice, placed
from leaklint.drafts.program import Holder, Touch
from leaklint.drafts.program.removal import Removal
from leaklint.model import Finding, Related, fingerprint

_LIFETIME = {
    "class": "class attribute, lives as long as the process",
    "metaclass": "made on each class by its metaclass, lives as long as the class",
    "descriptor": "held by a descriptor that sits on a class, lives as long as the process",
    "module": "module global, lives as long as the process",
    "default": "default argument, made once, lives as long as the function",
    "closure": "local of a function that its inner function keeps, lives as long as that",
    "function": "attribute of a function, lives as long as the function",
    "object": "attribute of an object made at module or class level, lives as long as the process",
}
_MOST_RELATED = 8


def tell(context: Context, leak: Leak, name: str) -> Finding:
    """Return the finding of a leaking container."""
    holder = leak.holder
    span = holder.binding.span
    fix = mend(context, leak)
    short = short_name(holder)
    kept = thing_text(leak.first)
    where = f"{leak.first.touch.function.qualname} (line {leak.first.touch.event.span.line})"
    if leak.first.touch.module.path != holder.path:
        where = (
            f"{leak.first.touch.function.qualname} ({leak.first.touch.module.path}:{leak.first.touch.event.span.line})"
        )
    message = (
        f"{short} ({_LIFETIME[holder.scope].split(',')[0]}) keeps {kept} alive for as long as the process lives: "
        f"stored by {where}, {removal_text(leak.removal)}; {advice(fix)}"
    )
    symbol = holder.symbol
    finding = Finding(
        code=leak.code,
        name=name,
        path=holder.path,
        line=span.line,
        column=span.column,
        end_line=span.end_line,
        end_column=span.end_column,
        symbol=symbol,
        message=message,
        confidence=leak.confidence,
        fingerprint=fingerprint(leak.code, symbol, holder.kind),
        retention=retention(leak),
        related=related(leak),
        fix=fix,
    )
    return finding if leak.observed is None else placed(leak.observed, finding, leak.hint)


def short_name(holder: Holder) -> str:
    """Return how people call a holder: without the function around a closure's variable."""
    return holder.name.replace(".<locals>.", "()." if holder.scope == "closure" else "(..).")


def thing_text(store: Store) -> str:
    """Return what is kept, in words: ``every Processor``."""
    thing = store.thing
    name = thing.ref.name.rsplit(".", 1)[-1] if thing.ref is not None else thing.name
    if thing.kind in {"self", "instance"}:
        return f"every {name}" if name else "every instance"
    if thing.kind == "method":
        return f"every {name} through its bound method"
    if thing.kind == "closure":
        return f"every {name} through a closure"
    if thing.kind == "class":
        return "every class made at run time"
    if thing.kind == "exception":
        return "every exception with its traceback and frames"
    if thing.kind == "function":
        return "every function made at run time"
    if thing.kind in {"param", "callback"}:
        return f"every '{thing.name}' that is passed in"
    return "every entry"


def removal_text(removal: Removal) -> str:
    """Return why nothing lets go of the entries."""
    return removal.why


def retention(leak: Leak) -> tuple[str, ...]:
    """Return the path from the holder to what is kept, one step a line."""
    holder, store = leak.holder, leak.first
    touch = store.touch
    step = {"key": "as key", "value": "as value", "element": "as element"}[store.side]
    if store.side == "value" and touch.event.key:
        step += f" under {value_text(touch.event.key[0])}"
    nested = " of an inner container" if touch.depth else ""
    lines = [
        f"{holder.symbol} ({_LIFETIME[holder.scope]})",
        f"{step}{nested}, stored by {touch.function.qualname} at {touch.module.path}:{touch.event.span.line}",
    ]
    if store.site is not None:
        path = store_path(store)
        lines.append(f"handed in by {store.site.caller.qualname or 'the module'} at {path}:{store.site.span.line}")
    name = store.thing.ref.name if store.thing.ref is not None else store.thing.name
    lines.append(f"{name or thing_text(store)} (still alive after its last user let go)")
    return tuple(lines)


def store_path(store: Store) -> str:
    """Return the path of the file that hands the thing in."""
    return store.touch.module.path if store.site is None else store.site.module.replace(".", "/") + ".py"


def value_text(value: Value) -> str:
    """Return a value as a reader would write it."""
    path = ".".join(value.path).replace(".[]", "[..]")
    if value.kind == "call" and value.parts:
        return f"{value_text(value.parts[0])}({', '.join(value_text(part) for part in value.parts[1:])})"
    if value.kind in {"self", "cls"}:
        return f"{value.kind}.{path}" if path else value.kind
    if value.kind == "param":
        return f"{value.name}.{path}" if path else value.name
    if value.kind == "global":
        return path
    if value.kind == "tuple":
        return f"({', '.join(value_text(part) for part in value.parts)})"
    return value.name if value.kind == "const" else f"a {value.kind}"


def related(leak: Leak) -> tuple[Related, ...]:
    """Return the stores, each once, and the removal that does not help."""
    found: dict[tuple[str, int], Related] = {}
    for store in leak.stores:
        touch = store.touch
        span = touch.event.span
        what = {"self": "self is stored here", "exception": "the exception is stored here"}
        text = what.get(store.thing.kind, f"{thing_text(store).removeprefix('every ')} is stored here")
        found.setdefault((touch.module.path, span.line), Related(touch.module.path, span.line, span.column, text))
    if leak.removal.touch is not None:
        place = leak.removal.touch
        span = place.event.span
        found.setdefault((place.module.path, span.line), _removal_note(place, span, leak.removal))
    return tuple(list(found.values())[:_MOST_RELATED])


def _removal_note(place: Touch, span: Span, removal: Removal) -> Related:
    return Related(place.module.path, span.line, span.column, removal.why)
