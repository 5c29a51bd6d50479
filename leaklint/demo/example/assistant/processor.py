"""The base of everything that processes a query."""

from .resources import ResourceLoader


class Processor:
    """One part of an assistant."""

    # worker processes are sent a number and look the part up here
    instance_map = {}

    def __init__(self, app_path, resource_loader=None):
        self.app_path = app_path
        self.resource_loader = resource_loader or ResourceLoader(app_path)
        Processor.instance_map[id(self)] = self


def call_in_worker(instance_id, name, *args):
    """Call a method of the part with this number, in a process that was forked after the part was made."""
    return getattr(Processor.instance_map[instance_id], name)(*args)
