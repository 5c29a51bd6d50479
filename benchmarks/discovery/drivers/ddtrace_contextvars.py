"""A view that is defined at run time is registered with a web framework while code origin is on, and called."""

import os

os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_CODE_ORIGIN_FOR_SPANS_ENABLED"] = "true"
from ddtrace.debugging._origin.span import SpanCodeOriginProcessorEntry

SpanCodeOriginProcessorEntry.enable()


def work():
    def view(request):
        return "hello"

    SpanCodeOriginProcessorEntry.instrument_view(view)
    assert view(None) == "hello"
