"""Learn what a callable keeps: hand it tracers, let them go, and see which are alive, for how long, and what frees them.

Every trial runs in a copy of the process, so that none sees what another left behind.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from . import build, clone, contract_claims, contract_drafts, early, wire
from .act import UnreachableError
from .contract_claims import BrokenError, ClaimTrial
from .contract_drafts import CONTAINERS, FUNCTION, METHOD, SHAPES, DraftedCallable, ExperimentDraft

SECONDS = 8.0  # for one trial
PATIENCE = 0.2  # seconds for what ends in threads of the library: most trials are of calls that take nothing back
ALIVE, DEAD, FAILED = "alive", "dead", "failed"
Fates = Dict[str, Tuple[ExperimentDraft, str]]


def learn(spec: str, code: str, seconds: float) -> dict[str, Any]:
    """Return a proposed entry for ``module:function``: its keys, and ``notes`` in words.

    ``code`` says how to call, with ``thing`` for what is handed over. After so many ``seconds`` no more is tried.
    ``failure`` stands alone where nothing could be tried.
    """
    contract_claims.PATIENCE = PATIENCE
    try:
        goal = contract_drafts.target(spec)
        contract_drafts.setup(goal)
        return _Learner(goal, early.perf_counter() + seconds).learn(code)
    except UnreachableError as error:
        return {"failure": str(error)}


class _Learner:
    def __init__(self, goal: DraftedCallable, end: float) -> None:
        self.goal, self.end = goal, end
        self.notes: list[str] = []

    def learn(self, code: str) -> dict[str, Any]:
        """Try every parameter; return the entry."""
        entry: dict[str, Any] = {"name": self.goal.name, "retains": [], "notes": self.notes}
        first: ExperimentDraft | None = None
        if code:
            first = self._by_call(code, entry)
        else:
            for place, parameter in enumerate(self.goal.parameters):
                draft = self._parameter(parameter.name, place, entry)
                first = first or draft
        if first is None and not code:
            first = self._registered(entry)
        if first is None:
            return entry
        text = first.text
        entry.setdefault("lifetime", self._lifetime(text))
        if _holds(lambda: contract_claims._replaced(ClaimTrial({"experiment": text}))):
            entry["slot"] = True
        text = self._undone(first, entry)
        entry["experiment"] = text + entry.pop("weak", "")
        return entry

    def _by_call(self, code: str, entry: dict[str, Any]) -> ExperimentDraft | None:
        draft = contract_drafts.by_call(self.goal, code)
        fate, text = _fate(draft.text)
        if fate != ALIVE:
            self.notes.append(f"{code}: {text or 'not kept'}")
            return None
        entry["retains"].append({"parameter": "*"})
        return draft

    def _parameter(self, name: str, place: int, entry: dict[str, Any]) -> ExperimentDraft | None:
        """Try one parameter in every shape; add the rows that describe it, and return the experiment that shows it."""
        fates = self._fates(name, SHAPES) or self._fates(name, CONTAINERS)
        if not fates:
            return None
        kept = [shape for shape, (_, fate) in fates.items() if fate == ALIVE]
        row: dict[str, Any] = {"parameter": name}
        if self.goal.parameters[place].kind in (0, 1):
            row["position"] = place
        if FUNCTION in kept and METHOD in fates and METHOD not in kept:
            entry["retains"].append({**row, "hold": "weak-methods"})
            entry["weak"] = _renamed(fates[METHOD][0])
            return fates[FUNCTION][0]
        if kept:
            entry["retains"].append(row)
            return fates[kept[0]][0]
        return self._switched(name, row, fates, entry) or self._outlived(name, row, fates, entry)

    def _fates(self, name: str, shapes: tuple[str, ...]) -> Fates:
        """Return what became of the tracer in each shape that the callable takes, with the experiment that showed it."""
        found: Fates = {}
        failure = ""
        for shape in shapes:
            for draft in contract_drafts.drafts(self.goal, name, shape):
                fate, text = _fate(draft.text)
                if fate != FAILED:
                    found[shape] = draft, fate
                    break
                failure = text
        if not found and shapes == CONTAINERS:
            self.notes.append(f"{name}: no call went through ({failure})")
        return found

    def _switched(self, name: str, row: dict[str, Any], fates: Fates, entry: dict[str, Any]) -> ExperimentDraft | None:
        """Try whether another argument makes the callable keep what it otherwise lets go."""
        shape = METHOD if METHOD in fates else next(iter(fates))
        for other in self.goal.parameters:
            if other.name == name or type(other.default) is not bool:
                continue
            for draft in contract_drafts.drafts(self.goal, name, shape, given=other.name):
                if _fate(draft.text)[0] == ALIVE:
                    entry["retains"] += [{**row, "when": {other.name: not other.default}}, {**row, "hold": "weak"}]
                    entry["weak_form"] = {"keyword": other.name, "value": other.default}
                    entry["weak"] = _renamed(fates[shape][0])
                    return draft
        return None

    def _outlived(self, name: str, row: dict[str, Any], fates: Fates, entry: dict[str, Any]) -> ExperimentDraft | None:
        """Try whether the callable keeps the tracer as long as one of the other arguments lives."""
        shape = METHOD if METHOD in fates else next(iter(fates))
        for other in build.required(self.goal.parameters):
            for draft in contract_drafts.drafts(self.goal, name, shape, outer=other.name) if other.name != name else ():
                if _fate(draft.text)[0] == ALIVE:
                    entry["retains"].append(row)
                    entry.setdefault("lifetime", f"argument {other.name}")
                    return draft
        return None

    def _registered(self, entry: dict[str, Any]) -> ExperimentDraft | None:
        """Try whether the library keeps what it returns."""
        for draft in contract_drafts.registered(self.goal):
            if _fate(draft.text)[0] == ALIVE:
                entry["returns"] = "registered"
                return draft
        return None

    def _lifetime(self, text: str) -> str:
        def work() -> dict[str, Any]:
            trial = ClaimTrial({"experiment": text})
            reference = trial.let_go("retain")
            trial.forget()
            return {"dead": contract_claims.died(reference)}

        answer = _apart(work)
        return "receiver" if answer.get("dead") else "process"

    def _undone(self, draft: ExperimentDraft, entry: dict[str, Any]) -> str:
        """Return the experiment with the first statement that takes the object back, if one does."""
        result = _result(draft)
        for name, statement in contract_drafts.undoings(self.goal, draft, result):
            if early.perf_counter() > self.end:
                break
            text = f"{draft.text}def undo(token):\n    {', '.join(draft.names)} = token\n    {statement}\n"
            if _takes_back(text):
                entry["undo"] = [name]
                if statement.startswith("result."):
                    entry["handle"] = True
                return text
        self.notes.append("no call was found that takes it back")
        return draft.text


def _renamed(draft: ExperimentDraft) -> str:
    """Return the ``retain`` of an experiment as its ``weak``."""
    return "def weak(thing):" + draft.text.partition("def retain(thing):")[2]


def _fate(text: str) -> tuple[str, str]:
    """Run an experiment; tell whether the tracer was kept, and where the call failed, how."""

    def work() -> dict[str, Any]:
        trial = ClaimTrial({"experiment": text})
        return {"alive": contract_claims.lives(trial.let_go("retain"))}

    answer = _apart(work)
    if "failure" in answer:
        return FAILED, str(answer["failure"])
    return (ALIVE if answer["alive"] else DEAD), ""


def _takes_back(text: str) -> bool:
    return _holds(lambda: contract_claims._undone(ClaimTrial({"experiment": text})))


def _holds(claim: Callable[[], None]) -> bool:
    """Tell whether a claim holds, tried apart."""

    def work() -> dict[str, Any]:
        claim()
        return {"holds": True}

    return bool(_apart(work).get("holds"))


def _apart(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work in a copy of this process where there can be one; return what it returned, or ``failure``."""

    def guarded() -> dict[str, Any]:
        try:
            return work()
        except BrokenError as error:
            return {"failure": str(error)}
        except BaseException as error:
            return {"failure": wire.unreached(f"{type(error).__name__}: {error}"[:200]).reason}

    if not clone.possible():
        return guarded()
    done = clone.run(guarded, SECONDS)
    return {"failure": done.failure} if done.failure else done.value


def _result(draft: ExperimentDraft) -> Any:
    """Return what the callable returned, to see which methods it has."""
    trial = ClaimTrial({"experiment": draft.text})
    try:
        token = trial.space["retain"](contract_claims.Thing())
    except BaseException:
        return None
    return token[-1]
