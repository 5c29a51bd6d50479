"""Draw the sheet as PNG with matplotlib, on white: ``python picture.py MEASURED.json PICTURE.png``.

Runs in an environment that the benchmark makes for it; the tool itself has no use for matplotlib.
"""

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLORS = {"before": "#b93815", "after": "#0969da"}
LINES = {"before": "-", "after": "--"}


def main(source: str, target: str) -> None:
    """Read what was measured and write the picture."""
    with open(source, encoding="utf-8") as stream:
        measured = json.load(stream)
    figure, panels = plt.subplots(1, len(measured["cases"]), figsize=(10, 4.4), dpi=150, layout="constrained")
    figure.suptitle(measured["title"], fontweight="bold")
    for panel, case in zip(panels, measured["cases"], strict=True):
        for name in ("before", "after"):
            sizes = [item["rss"] / 1e6 for item in case[name]["rounds"]]
            grown = [size - sizes[0] for size in sizes]
            text = f"{name}: {grown[-1]:+.1f} MB"
            panel.plot(range(1, len(grown) + 1), grown, LINES[name], color=COLORS[name], linewidth=2.2, label=text)
        panel.set_title(case["title"], fontsize=10, loc="left")
        panel.set_xlabel("loads, each deleted and collected")
        panel.set_ylabel("RSS above that after the first load, MB")
        panel.set_ylim(bottom=min(0.0, panel.get_ylim()[0]))
        panel.grid(axis="y", color="#d8dee4")
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False)
    figure.savefig(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
