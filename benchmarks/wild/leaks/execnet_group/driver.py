"""A group of interpreters is opened, asked and ended, as a session of tests does."""

import execnet


def work():
    group = execnet.Group()
    channel = group.makegateway("popen").remote_exec("channel.send(6 * 7)")
    assert channel.receive() == 42
    group.terminate(timeout=1)
