"""tracemalloc: two snapshots with tracebacks of 25 frames, and the differences, as ``Statistic``s print them."""

import gc
import tracemalloc

from looping import arguments, finish, repeat

work, rounds, warm_up, out, _ = arguments()
repeat(work, warm_up)
tracemalloc.start(25)
repeat(work, 2)
before = tracemalloc.take_snapshot()
repeat(work, rounds)
gc.collect()
after = tracemalloc.take_snapshot()
ours = [tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__)]
statistics = after.filter_traces(ours).compare_to(before.filter_traces(ours), "traceback")
rows = [
    {
        "count": item.count_diff,
        "size": item.size_diff,
        "frames": [[frame.filename, frame.lineno] for frame in item.traceback],
        "text": [str(item), *item.traceback.format()],
    }
    for item in statistics[:10]
]
finish({"rows": rows}, out)
