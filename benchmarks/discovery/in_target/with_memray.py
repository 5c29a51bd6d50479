"""memray: the rounds after the warm-up tracked, with Python's allocator, into a file that memray's reporters read."""

import memray
from looping import arguments, finish, repeat

work, rounds, warm_up, out, (results,) = arguments()
repeat(work, warm_up)
with memray.Tracker(results, trace_python_allocators=True):
    repeat(work, rounds)
finish({"version": memray.__version__}, out)
