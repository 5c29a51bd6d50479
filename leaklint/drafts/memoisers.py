"""What memoises: which names, how many entries, and methods that a call wraps instead of a decorator."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

from leaklint.drafts.facts.model import Argument, Decorator, Function, Module, Span, Value
from leaklint.drafts.place import dotted
from leaklint.drafts.program import ClassRef, Program
from leaklint.model import Finding

_MEMOISERS = frozenset(
    [
        "lru_cache",
        "cache",
        "alru_cache",
        "ttl_cache",
        "lfu_cache",
        "rr_cache",
        "fifo_cache",
        "mru_cache",
        "memoize",
        "memoized",
        "memoise",
        "memo",
        "async_lru_cache",
    ]
)
_PER_INSTANCE = (
    "methodtools",
    "cached_property",
    "cachedmethod",
    "werkzeug",
    "django",
    "celery",
    "flask_caching",
    "functools.cached_property",
)


def memoises(name: str, decorator: Decorator) -> bool:
    """Tell whether what goes by the dotted ``name`` keeps the arguments of what it decorates."""
    if not name or any(word in name for word in _PER_INSTANCE):
        return False
    last = name.rsplit(".", 1)[-1]
    if name == "cachetools.cached" or name == "cachetools.func":
        return not any(argument.name == "key" for argument in decorator.arguments)
    return last in _MEMOISERS and not (last == "cache" and not name.startswith("functools"))


def bound(decorator: Decorator, name: str) -> int | None:
    """Return the memoiser's bound: 128 by default for ``lru_cache``, None for none."""
    last = name.rsplit(".", 1)[-1]
    if last == "cache" or last.startswith("memo"):
        return None
    if name == "cachetools.cached":
        texts = [v for a in decorator.arguments for v in a.values]
        return None if not texts or texts[0].kind == "dict" else 128
    for place, argument in enumerate(decorator.arguments):
        if argument.name == "maxsize" or (argument.name == "" and place == 0):
            text = argument.values[0].name if argument.values else ""
            if text == "None":
                return None
            return int(text) if re.fullmatch(r"\d+", text) else 128
    return 128


def spelled_out(program: Program, decorator: Decorator, module: Module) -> Decorator:
    """Return a decorator that goes by a name (``memo = lru_cache(maxsize=None)``) with the arguments it was made with."""
    found = program.names.find(module.name, decorator.value.path) if decorator.value.kind == "global" else None
    if decorator.called or found is None or found.kind != "binding" or found.rest:
        return decorator
    made = next(iter(program.modules[found.module].aliases.get(found.name, ())), None)
    if made is None or made.kind != "call" or made.path or made.parts[0].path[-1:] == ("partial",):
        return decorator
    given = tuple(Argument("", (part,)) for part in made.parts[1:])
    return Decorator(decorator.value, given, decorator.called, decorator.span)


def memoiser_of(program: Program, finding: Finding) -> tuple[Module, Function, Decorator] | None:
    """Return the function that a finding names, and what of functools memoises it without a bound; None if nothing does."""
    file = os.path.abspath(finding.path)
    module = next((program.modules[name] for name, (_, place) in program.places.items() if place == file), None)
    function = module.functions.get(finding.symbol.partition(":")[2]) if module is not None else None
    if module is None or function is None:
        return None
    for decorator in function.decorators:
        name = dotted(program, decorator.value, module)
        if name in {"functools.cache", "functools.lru_cache"}:
            unbounded = bound(spelled_out(program, decorator, module), name) is None
            return (module, function, decorator) if unbounded else None
    return None


def wrapped_by_calls(program: Program, module: Module) -> Iterator[tuple[ClassRef, str, Decorator]]:
    """Yield (class, method name, memoiser as a decorator) of ``name = lru_cache(..)(method)`` and ``C.name = ..``."""
    for klass in module.classes.values():
        for binding in klass.attributes:
            maker = binding.made.maker
            if binding.made.kind == "object" and maker is not None and dotted(program, maker, module):
                yield from _wrapped(
                    program, module, maker, ClassRef(module.name, klass.qualname), binding.name, binding.span
                )
    for event in module.body.events:
        if event.op != "bind" or event.how != "=" or not event.value or event.value[0].kind != "call":
            continue
        for target in event.target:
            owner = (
                program.names.as_class(module.name, Value(target.kind, target.path[:-1])) if target.path[1:] else None
            )
            if owner is not None and dotted(program, event.value[0], module):
                yield from _wrapped(program, module, event.value[0].parts[0], owner, target.path[-1], event.span)


def _wrapped(
    program: Program, module: Module, maker: Value, owner: ClassRef, name: str, span: Span
) -> Iterator[tuple[ClassRef, str, Decorator]]:
    called = dotted(program, maker, module)
    call = _call_at(program, module, span) if memoises(called, Decorator(maker, (), False, span)) else None
    if call is None or len(call.args) != 1 or call.keywords or not _takes_self(program, module, owner, call.args[0]):
        return
    given = call.func if isinstance(call.func, ast.Call) else None
    arguments = [*given.args, *(keyword.value for keyword in given.keywords)] if given is not None else []
    names = ["" for _ in given.args] + [keyword.arg or "**" for keyword in given.keywords] if given is not None else []
    read = tuple(Argument(word, (_value(node),)) for word, node in zip(names, arguments, strict=True))
    decorator = Decorator(maker, read, given is not None, span)
    if memoises(called, decorator):
        yield owner, name, decorator


def _call_at(program: Program, module: Module, span: Span) -> ast.Call | None:
    """Return the call whose result the assignment at ``span`` binds."""
    source = program.source(module.name)
    starts = source.line_starts
    text = source.text[starts[span.line - 1] + span.column - 1 : starts[span.end_line - 1] + span.end_column - 1]
    statement = ast.parse(text).body[0]
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
    return value if isinstance(value, ast.Call) else None


def _value(node: ast.expr) -> Value:
    return Value("dict") if isinstance(node, ast.Dict) else Value("const", name=ast.unparse(node))


def _takes_self(program: Program, module: Module, owner: ClassRef, node: ast.expr) -> bool:
    """Tell whether what is memoised is given the object: a method, or a function whose first parameter is ``self``."""
    if isinstance(node, ast.Lambda):
        return any(argument.arg == "self" for argument in node.args.args[:1])
    path = ast.unparse(node).split(".") if isinstance(node, (ast.Name, ast.Attribute)) else []
    function: Function | None = None
    if len(path) == 1 and owner.module == module.name:
        function = module.functions.get(f"{owner.name}.{path[0]}")
    if function is None and path and all(path):
        found = program.names.find(module.name, tuple(path))
        function = program.modules[found.module].functions[found.name] if found.kind == "function" else None
    if function is None or not function.params:
        return False
    return function.kind == "method" or function.params[0].name == "self"
