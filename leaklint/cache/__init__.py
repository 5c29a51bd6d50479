"""What is remembered between runs; see ``leaklint.cache.runs``."""
