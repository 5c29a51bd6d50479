"""What holds for the whole suite."""

import os

from hypothesis import settings

# One revision always gives one result; a search for new examples is asked for: LEAKLINT_TESTS=search pytest
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("search" if os.environ.get("LEAKLINT_TESTS") == "search" else "repeatable")
