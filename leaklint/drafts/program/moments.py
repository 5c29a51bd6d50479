"""When does code run: while modules are imported, once in a process, or whenever somebody calls it?"""

from __future__ import annotations

from leaklint.drafts.facts.model import Event, Function, Guard, Module, Value
from leaklint.drafts.program import ClassRef, Maker, Program, Site, Touch
from leaklint.paths import is_test

_DEPTH = 3  # how many callers are followed, one through another
AT_IMPORT = frozenset(
    {"", "__init_subclass__", "__set_name__"}
)  # a module's own code, and what runs as classes are made
_CACHES = frozenset({"cache", "lru_cache"})


def at_import(program: Program, function: Function, module: Module, depth: int = 0) -> bool:
    """Tell whether ``function`` runs only while modules are imported."""
    if function.name in AT_IMPORT:
        return True
    if function.kind in {"method", "classmethod"} and function.name.startswith("__"):
        return False
    sites = program.sites.get((module.name, function.qualname), [])
    if not sites or depth > _DEPTH:
        return False
    return all(
        (depth < _DEPTH and at_import(program, site.caller, program.modules[site.module], depth + 1))
        if site.caller.name
        else not (_is_script(site) and _repeats(site))
        for site in sites
    )


def _is_import(site: Site) -> bool:
    """Tell whether a call stands at module level, and not where only a script gets to that is run by itself."""
    return not site.caller.name and not _is_script(site)


def _is_script(site: Site) -> bool:
    return site.call is not None and any("__main__" in guard.text for guard in site.call.guards)


def _repeats(site: Site) -> bool:
    return site.call is not None and any(guard.kind == "loop" for guard in site.call.guards)


def once(program: Program, touch: Touch) -> bool:
    """Tell whether a touch happens once in a process: where a flag or table is still unset, and is set by it."""
    return _guarded(program, touch.guards, touch.function, touch.module, touch)


def _guarded(
    program: Program, guards: tuple[Guard, ...], function: Function, module: Module, touch: Touch, depth: int = 0
) -> bool:
    if any(_sets(program, value, function, module, touch) for guard in guards for value in guard.unset):
        return True
    sites = program.sites.get((module.name, function.qualname), []) if depth < _DEPTH else []
    return bool(sites) and all(
        _is_import(site)
        or (
            site.call is not None
            and _guarded(program, site.call.guards, site.caller, program.modules[site.module], touch, depth + 1)
        )
        for site in sites
    )


def _sets(program: Program, value: Value, function: Function, module: Module, touch: Touch) -> bool:
    """Tell whether what ``value`` names lives as long as the process, is set by ``function``, and never unset again."""
    meant = program.holders.meant(value, function, module)
    if meant is not None and meant[1]:
        return False
    if meant is not None and meant[0].key == touch.holder.key:
        return True
    if meant is not None and any(
        other.function is function and other.event.op == "store" for other in program.touches.get(meant[0].key, ())
    ):
        return True
    shared = value.kind == "cls" or (value.kind == "global" and "[]" not in value.path) or meant is not None
    if not shared or not value.path or not any(_binds(event, value) for event in function.events):
        return False
    return not any(
        _binds(event, value) and other is not function
        for other in module.functions.values()
        for event in other.events
        if other.name != "__init__"
    )


def _binds(event: Event, value: Value) -> bool:
    return event.op == "bind" and any(target.path[-1:] == value.path[-1:] for target in event.target)


def is_constant(program: Program, ref: ClassRef) -> bool:
    """Tell whether only module and class bodies make instances of a class: a fixed set, often one."""
    makers = _makers(program, ref)
    return bool(makers) and all(_at_import(program, maker) for maker in makers)


def is_singleton(program: Program, ref: ClassRef) -> bool:
    """Tell whether a process makes one instance of a class or of one below it: in one place, which runs once."""
    makers = _makers(program, ref)
    return len(makers) == 1 and (_at_import(program, makers[0]) or _makes_one(program, makers[0]))


def _makers(program: Program, ref: ClassRef) -> list[Maker]:
    refs = (ref, *program.names.subclasses(ref))
    program.asked.update(one.name.rpartition(".")[2] for one in refs)
    return [maker for one in refs for maker in program.makers.get(one, ()) if not is_test(maker.module.path)]


def _at_import(program: Program, maker: Maker) -> bool:
    special = maker.function.kind in {"method", "classmethod"} and maker.function.name.startswith("__")
    if maker.function.name and not special:  # whoever calls a special method, it does not run at import alone
        program.asked.add(maker.function.name)
    return at_import(program, maker.function, maker.module)


def _makes_one(program: Program, maker: Maker, depth: int = 0) -> bool:
    """``if cls._instance is None: cls._instance = cls()``, and a function without parameters whose result is cached."""
    function = maker.function
    if not function.params and any(d.value.path[-1:] and d.value.path[-1] in _CACHES for d in function.decorators):
        return True
    unset = [value for guard in maker.guards for value in guard.unset if value.kind in {"cls", "global"} and value.path]
    if any(_binds(event, value) for value in unset for event in function.events):
        return True
    sites = program.sites.get((maker.module.name, function.qualname), []) if depth < _DEPTH else []
    callers = [Maker(program.modules[one.module], one.caller, one.call.guards) for one in sites if one.call is not None]
    return len(sites) == len(callers) == 1 and _makes_one(program, callers[0], depth + 1)
