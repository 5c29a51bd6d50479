"""Objects of other packages that the package itself keeps until it is told to let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leaklint.flow.terms import walk
from leaklint.heap.kept import Kept
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.registration import Registration
    from leaklint.heap.retention import Heap


def kept_results(heap: Heap) -> Iterator[Registration]:
    """Yield calls whose result the callee keeps, in modules that never let it go."""
    from leaklint.heap.registration import Registration

    called = {(heap.points_to.names.module_of(function).name, name) for function, _, _, name in heap.effects.external}
    for function, event, term, name in heap.effects.external:
        contract = heap.points_to.contracts.callable(name)
        module = heap.points_to.names.module_of(function).name
        if (
            contract is None
            or not contract.registers
            or heap.multiplicity.event_runs(function, event) != MANY
            or any((module, one) in called for one in contract.undo)
        ):
            continue
        returns = (one for one in heap.points_to.functions[function].events if one.kind in {"return", "yield"})
        returned = any(term in walk(top) for one in returns for top in one.terms)
        if not returned:
            kept = Kept("instance", "", name.rpartition(".")[2])
            yield Registration("package", function, event, name, kept, term, "medium", (), contract)
