"""One probe in the process at hand: import, find the holder, plan, run, judge. Never raises, always tells."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Any, NamedTuple

from . import (
    absent,
    closing,
    copies,
    domains,
    holder,
    judge,
    kept_objects,
    observe,
    reached,
    scenarios,
    seats,
    trial,
    trigger,
)
from .act import BoundedError, UnreachableError, resolve
from .build import CannotBuildError
from .case import ProofSetup
from .early import FunctionType, is_a
from .observe import ExperimentLimits
from .wire import BOUNDED, REFUTED, WireProbe, WireVerdict, unreached


class Options(NamedTuple):
    """What the caller asks for; memory in megabytes (0: no limit), times in seconds."""

    rounds: int = 8
    timeout: float = 20.0
    memory_limit: int = 2048
    jobs: int = 1
    allow_network: bool = False
    factories: tuple[tuple[str, str], ...] = ()
    scenarios: tuple[str, ...] = ()
    scratch: str = ""
    isolation: str = "fork"


def options_from(value: dict[str, Any]) -> Options:
    """Build options from their JSON form; unknown keys are ignored."""
    given = {name: value[name] for name in Options._fields if name in value}
    given["factories"] = tuple((str(name), str(spec)) for name, spec in given.get("factories", ()))
    given["scenarios"] = tuple(given.get("scenarios", ()))
    return Options(**given)


def prove(probe: WireProbe, options: Options) -> WireVerdict:
    """Return the verdict on one probe; where a package is missing, with a stand-in for it."""
    verdict = None
    while verdict is None:
        verdict = _proven(probe, options)
    return absent.told(verdict)


def _proven(probe: WireProbe, options: Options) -> WireVerdict | None:
    """Return the verdict on one probe, or None if there is a stand-in now for what it failed for want of."""
    try:
        return _prove(probe, options)
    except BaseException as error:
        return None if absent.stands_for(error, probe.module) else _failed(error, probe, options)


def _failed(error: BaseException, probe: WireProbe, options: Options) -> WireVerdict:
    """Return the verdict on a probe that came to nothing."""
    if isinstance(error, BoundedError):
        return WireVerdict(BOUNDED, str(error))
    if isinstance(error, (UnreachableError, scenarios.ScenarioError)):
        return unreached(str(error))
    if isinstance(error, CannotBuildError):
        return unreached(f"making {probe.subject.rpartition(':')[2]} failed ({error}); give a factory")
    if isinstance(error, SystemExit):
        return unreached(f"the target called sys.exit({error.code})")
    if isinstance(error, KeyboardInterrupt):
        return unreached("the target raised KeyboardInterrupt")
    if isinstance(error, MemoryError):
        return unreached(f"out of memory (limit {options.memory_limit} MB)")
    return unreached(f"{type(error).__name__}: {_message(error)}")


def _message(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except Exception:
        return "(no text)"


def _prove(probe: WireProbe, options: Options) -> WireVerdict:
    crashed = _watch_threads()
    load(probe)
    if hasattr(signal, "SIGPIPE") and signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python has it: writing to what is closed ends no process
    for path in options.scenarios:
        scenarios.load_file(path)
    other = closing.standby(lambda: closing.trials(_case(probe, options), judge.once))
    try:
        case = _case(probe, options)
        grows_alone = case.plan.kept is not None and case.probe.track == "growth"
        closable = bool(other is not None and not grows_alone and closing.names(_kind(case)))
        found = judge.verdict(case)
        if found.status == REFUTED and crashed:
            return unreached(f"a thread that was started ended with {crashed[0]}; give a factory")
        if judge.may_close(found) and other is not None and closable:
            found = judge.closed(found, other.ask(min(6.0, 0.3 * options.timeout)))
        return found
    finally:
        if other is not None:
            other.dismiss()


def _kind(case: ProofSetup) -> Any:
    """Return the type of what is watched."""
    try:
        return type(case.plan.make(0))
    except Exception:
        return type(None)


def _watch_threads() -> list[str]:
    """Return a list to which each exception is added that ends a thread."""
    crashed: list[str] = []

    def note(args: Any) -> None:
        if args.exc_type is not SystemExit:
            crashed.append(f"{args.exc_type.__name__}: {_message(args.exc_value)}")

    threading.excepthook = note
    return crashed


def _case(probe: WireProbe, options: Options) -> ProofSetup:
    """Return all that a probe comes down to, with the way to do it that was found by trying."""
    module = load(probe)
    domains.within(probe.root, probe.file)
    probe = seats.seated(as_method(probe), module)
    case = _case_in(sys.modules.get(probe.module, module), probe, options)
    copy = copies.filled(case)
    return case if copy is None else _case_in(copy.module, copy.probe, options)


def _case_in(module: Any, probe: WireProbe, options: Options) -> ProofSetup:
    act = resolve(probe)
    first, dot, _ = probe.container.partition(".")
    if dot and ":" not in first and holder.lookup(module, first) is None:
        kept_objects.set_up_variable(module, first)
    found = holder.find(module, probe.container, probe.container_kind, act.subject)
    if found is None and probe.container_kind == "closure" and act.function is not None:
        owner, name = (act.subject, act.name) if act.kind == "method" else _place(act.name)
        found = holder.of_function(owner, name)
    empty = observe.size_of(found)
    here = [f"{probe.file}:{place.rpartition(':')[2]}" for place in probe.stores]  # the file may have moved since
    lines = reached.lines_of(here) if here and _digest(module) == probe.digest else {}
    element = domains.element_of(module, probe.container)
    tried = trial.Trial(lines, found, empty, probe.track == "growth")
    try:
        plan = trigger.plan(probe, dict(options.factories), options.scratch, tried, element, module)
    except (UnreachableError, CannotBuildError):
        bound = found.bound() if found is not None else None
        if found is None or bound is None:
            raise
        raise BoundedError(f"{found.label} keeps at most {bound} entries") from None
    if dot and holder.lookup(module, first) is None:
        raise UnreachableError(f"{first} is None until the program sets it; give a factory that does")
    if found is None and dot and plan.kept is None:
        found = holder.find(module, probe.container, probe.container_kind, act.subject)
        empty = observe.size_of(found)
    if plan.track:
        probe = replace(probe, track=plan.track)
    if plan.kept is not None:
        found, empty = plan.kept.holder, plan.kept.empty
    limits = ExperimentLimits(options.rounds, min(0.3, options.timeout / 8), 0.4 * options.timeout)
    return ProofSetup(probe, module, found, plan, limits, lines, empty)


def as_method(probe: WireProbe) -> WireProbe:
    """Return the probe that calls a method through its class as one that calls it on an object of the class."""
    kind, _, place = probe.trigger.partition(":")
    if kind != "call" or "." not in place.partition(":")[2]:
        return probe
    owner, name = _place(place)
    if not isinstance(owner, type) or not is_a(holder.lookup(owner, name), FunctionType):
        return probe
    subject = f"{owner.__module__}:{owner.__qualname__}"
    return replace(probe, trigger=f"method:{name}", subject=subject)


def _place(name: str) -> tuple[Any, str]:
    """Return the module or class that a function named ``module:qualified.name`` sits on, and its name there."""
    home, _, path = name.partition(":")
    owner: Any = sys.modules.get(home)
    for part in path.split(".")[:-1]:
        owner = holder.lookup(owner, part)
    return owner, path.rpartition(".")[2]


def load(probe: WireProbe) -> Any:
    """Import the probe's module and make sure that it is the analysed file. Raises ``UnreachableError``."""
    if probe.root and probe.root not in sys.path[:1]:
        sys.path.insert(0, probe.root)
    _name_inside(probe)
    try:
        module = importlib.import_module(probe.module)
    except Exception as error:
        if not (isinstance(error, ModuleNotFoundError) and error.name in _parents(probe.module)):
            text = f"importing {probe.module} failed: {type(error).__name__}: {_message(error)}"
            raise UnreachableError(text) from error
        module = _from_file(probe)
    found = getattr(module, "__file__", None)
    if probe.file and not is_analysed(found, probe):
        text = f"imported {found}, but {probe.file} was analysed; is another version installed?"
        raise UnreachableError(text)
    return module


def _name_inside(probe: WireProbe) -> None:
    """Import a module by the name that users give it, where the folder that is said to be its root belongs to a package.

    A folder without an ``__init__.py`` in a package is part of it, too. The shorter names then mean the same modules.
    """
    outer = probe.root and os.path.dirname(probe.root)
    while outer and os.path.exists(os.path.join(outer, "__init__.py")):
        outer = os.path.dirname(outer)
    prefix = os.path.relpath(probe.root, outer).replace(os.sep, ".") if outer and probe.root else ""
    if "." not in prefix or probe.module in sys.modules:
        return
    if outer not in sys.path:
        sys.path.insert(0, outer)
    try:
        importlib.import_module(f"{prefix}.{probe.module}")
    except Exception:
        return  # the import by the shorter name says why
    for name in _parents(probe.module):
        sys.modules.setdefault(name, sys.modules[f"{prefix}.{name}"])


def _parents(name: str) -> tuple[str, ...]:
    parts = name.split(".")
    return tuple(".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _from_file(probe: WireProbe) -> Any:
    """Load a module that no import path leads to, such as a script."""
    spec = importlib.util.spec_from_file_location(probe.module, probe.file)
    if spec is None or spec.loader is None or not os.path.exists(probe.file):
        raise UnreachableError(f"no module {probe.module} and no file {probe.file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[probe.module] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[probe.module]
        text = f"importing {probe.file} failed: {type(error).__name__}: {_message(error)}"
        raise UnreachableError(text) from error
    return module


def is_analysed(file: Any, probe: WireProbe) -> bool:
    """Tell whether the imported file is the analysed one, by place or else by content."""
    if not isinstance(file, str) or not os.path.exists(file):
        return False
    if os.path.exists(probe.file) and os.path.samefile(file, probe.file):
        return True
    return bool(probe.digest) and _hash(file) == probe.digest


def _digest(module: Any) -> str:
    """Return the hash of the module's source, or nothing; a repaired copy has other lines than the analysed file."""
    file = getattr(module, "__file__", None)
    return _hash(file) if isinstance(file, str) and os.path.exists(file) else ""


def _hash(path: str) -> str:
    with open(path, "rb") as source:
        return hashlib.sha256(source.read()).hexdigest()
