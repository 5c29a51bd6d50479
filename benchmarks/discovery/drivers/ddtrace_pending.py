"""A view is registered with a web framework while code origin is off."""

import os

os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
from ddtrace.debugging._origin.span import SpanCodeOriginProcessorEntry


def work():
    def view(request):
        return "hello"

    SpanCodeOriginProcessorEntry.instrument_view(view)
    assert view(None) == "hello"
