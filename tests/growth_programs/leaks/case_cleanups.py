"""Checks a configuration with a test case whose class opens a scratch area."""

# holder: _class_cleanups
# kind: unittest class clean-ups
# what: tuple|bytearray

from __future__ import annotations

import unittest


class ConfigurationCase(unittest.TestCase):
    def runTest(self) -> None:  # noqa: N802
        area = bytearray(100)
        self.addClassCleanup(area.clear)  # stores
        self.assertEqual(len(area), 100)


def work() -> None:
    assert ConfigurationCase().run().wasSuccessful()
