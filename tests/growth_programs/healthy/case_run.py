"""Runs one test case."""

# kind: unittest

from __future__ import annotations

import unittest


class ArithmeticCase(unittest.TestCase):
    def setUp(self) -> None:
        self.area = bytearray(100)
        self.addCleanup(self.area.clear)

    def check_sum(self) -> None:
        with self.subTest("addition"):
            self.assertEqual(1 + 1, 2)


def work() -> None:
    assert unittest.TestSuite([ArithmeticCase("check_sum")]).run(unittest.TestResult()).wasSuccessful()
