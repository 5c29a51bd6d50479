"""Pympler: the difference of two summaries, and the tree of referrers of a new object of a type that is named."""

import gc
import io

from looping import arguments, finish, repeat
from pympler import muppy, refbrowser, summary, tracker

work, rounds, warm_up, out, (named,) = arguments()
repeat(work, warm_up)
tracked = tracker.SummaryTracker()
tracked.diff()
tracked.diff()
known = {id(item) for item in gc.get_objects() if type(item).__name__ == named}
repeat(work, rounds)
rows = [row for row in tracked.diff() if row[1] > 0]
rows.sort(key=lambda row: row[1], reverse=True)
new = [item for item in muppy.get_objects() if type(item).__name__ == named and id(item) not in known]
text = io.StringIO()
if new:
    refbrowser.StreamBrowser(new[len(new) // 2], maxdepth=4, stream=text).print_tree()
finish({"rows": rows[:10], "table": list(summary.format_(rows, limit=10)), "tree": text.getvalue()}, out)
