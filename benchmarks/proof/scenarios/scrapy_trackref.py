"""Classes that are made at run time and tracked by instance."""

from scrapy.utils.trackref import object_ref


def make(number):
    """Return a class of which one instance was made."""
    kind = type(f"Kind{number}", (object_ref,), {})
    kind()
    return kind
