"""leaklint: find leak-prone patterns in Python, prove each at run time, repair it, and prove the repair."""

__version__ = "0.1.0"
