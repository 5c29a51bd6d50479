"""Makes data classes from descriptions of forms."""

# holder: MODELS
# kind: list of data classes
# what: type

from __future__ import annotations

import dataclasses

MODELS = []  # holder here


def model(name: str, fields: dict[str, type]) -> type:
    made = dataclasses.make_dataclass(name, list(fields.items()))
    MODELS.append(made)  # stores
    return made


def work() -> None:
    assert model("Address", {"street": str, "number": int})("Main Street", 5).number == 5
