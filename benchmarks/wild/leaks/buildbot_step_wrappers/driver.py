"""A configuration with a step of its own is read, as ``buildbot reconfig`` does it."""

import tempfile
from pathlib import Path

from buildbot.config.master import FileLoader
from twisted.python import log

log.startLoggingWithObserver(lambda event: None, setStdout=False)
CONFIGURATION = Path(tempfile.mkdtemp(), "master.cfg")
CONFIGURATION.write_text(
    """
from buildbot.plugins import schedulers, steps, util, worker

class Deploy(steps.ShellCommand):
    name = "deploy"

c = BuildmasterConfig = {"buildbotURL": "http://localhost/", "protocols": {"pb": {"port": 9989}}}
c["buildbotNetUsageData"] = None
c["workers"] = [worker.Worker("w", "secret")]
c["schedulers"] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
factory = util.BuildFactory([Deploy(command=["true"])])
c["builders"] = [util.BuilderConfig(name="b", workernames=["w"], factory=factory)]
"""
)


def work():
    master = FileLoader(str(CONFIGURATION.parent), CONFIGURATION.name).loadConfig()
    assert master.builders[0].name == "b"
