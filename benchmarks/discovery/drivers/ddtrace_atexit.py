"""A tracer of its own traces one span and is shut down."""

import logging
import os

os.environ["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false"
os.environ["DD_TRACE_STARTUP_LOGS"] = "false"
from ddtrace.tracer import Tracer

logging.getLogger("ddtrace").setLevel(logging.CRITICAL)


def work():
    tracer = Tracer()
    tracer.shutdown(timeout=0.1)
