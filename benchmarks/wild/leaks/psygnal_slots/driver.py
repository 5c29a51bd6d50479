"""An object with events and slots is made, changed and let go."""

from dataclasses import dataclass
from typing import ClassVar

from psygnal import SignalGroupDescriptor


@dataclass(slots=True)
class Point:
    x: int
    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()


def work():
    point = Point(1)
    point.events.x.connect(print)
    point.events.x.disconnect()
