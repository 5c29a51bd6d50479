"""Events go to a file that is opened anew each time, as after a rotation."""

import os
import tempfile

import structlog

_path = os.path.join(tempfile.mkdtemp(), "events.log")


def work():
    with open(_path, "w") as file:
        log = structlog.wrap_logger(structlog.PrintLogger(file))
        log.info("opened", number=1)
