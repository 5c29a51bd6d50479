"""Registers devices at a registry that the whole program shares."""

# holder: REGISTRY\.items
# kind: instance attribute
# what: Device

from __future__ import annotations

import uuid


class Device:
    def __init__(self, address: str) -> None:
        self.address = address
        self.online = True


class DeviceRegistry:
    def __init__(self) -> None:
        self.name = "devices"
        self.items: dict[str, Device] = {}  # holder here

    def register(self, device: Device) -> None:
        self.items[device.address] = device  # stores


REGISTRY = DeviceRegistry()


def work() -> None:
    REGISTRY.register(Device(uuid.uuid4().hex))
