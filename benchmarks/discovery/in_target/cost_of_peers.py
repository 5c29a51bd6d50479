"""CPU seconds of a full collection and of one look of each peer at the heap, all in this process, in turns."""

import gc
import json
import sys
import time
import tracemalloc

import heap
import objgraph
from pympler import tracker

TURNS = int(sys.argv[1])


def seconds(look):
    """Return how long a call keeps the processor."""
    start = time.process_time()
    look()
    return time.process_time() - start


gc.disable()
summaries = tracker.SummaryTracker()
looks = {
    "gc.collect()": gc.collect,
    "objgraph.growth()": objgraph.growth,
    "Pympler SummaryTracker.diff()": summaries.diff,
}
times = {name: [] for name in looks}
for turn in range(TURNS + 1):
    for name, look in looks.items():
        spent = seconds(look)
        if turn:  # the first look of each fills memos
            times[name].append(spent)

heap.objects.clear()
gc.collect()
tracemalloc.start(25)
heap.objects.extend(heap.built())
snapshots = [tracemalloc.take_snapshot()]


def compared():
    """Take a snapshot and compare it with the one before."""
    snapshots.append(tracemalloc.take_snapshot())
    snapshots[1].compare_to(snapshots.pop(0), "traceback")


times["tracemalloc snapshot and compare_to"] = [seconds(compared) for _ in range(TURNS)]
times["gc.collect() with tracemalloc on"] = [seconds(gc.collect) for _ in range(TURNS)]
print(json.dumps({"objects": len(gc.get_objects()), "seconds": times}))
