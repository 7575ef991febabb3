#!/usr/bin/env python3
"""Where predicted training steps go: one bar for each step of one or several files, its parts in a row.

    scripts/plot_steps.py one.h5 other.h5
"""
import figures
import results
from palette import COLOURS

import matplotlib.pyplot as plt
import numpy as np

NEEDS = "modelled/training"

# Computing is blue and green, communication warm, waiting grey.
PARTS = {"matmul": COLOURS[0], "attention": COLOURS[5], "elementwise": COLOURS[2], "optimizer": "#66c2a5",
         "tensor": COLOURS[1], "context": COLOURS[3], "expert": "#882255", "pipeline": COLOURS[4],
         "data": "#F0E442", "launch": "#888888", "bubble": "#cccccc"}
AXES = (("TP", "tensor"), ("CP", "context"), ("DP", "data"), ("PP", "pipeline"), ("EP", "expert"))


def label(step):
    plan = " ".join(f"{short}{step[axis]}" for short, axis in AXES if step[axis] > 1)
    return f"{step['model']}, {step['chips']:,} x {step['chip']}\n{plan}, {step['schedule']}"


def draw(*runs):
    """Bars from the top in the order of the files."""
    table = results.joined([run[NEEDS] for run in runs])
    rows = [{name: table[name][i] for name in table.columns} for i in range(len(table))]
    figure, axis = plt.subplots(figsize=(8, 1.1 + 0.55 * len(rows)))
    places = np.arange(len(rows))
    left = np.zeros(len(rows))
    for part, colour in PARTS.items():
        times = table[f"{part}_time"]
        if np.all(times < 0.001 * table["time"]):
            continue
        communicates = part in ("tensor", "context", "expert", "pipeline", "data")
        axis.barh(places, times, left=left, height=0.7, color=colour, edgecolor="white", linewidth=0.5,
                  label=f"{part}, exposed" if communicates else part)
        left += times
    for place, row in zip(places, rows):
        note = f" {row['time']:.3g} s, MFU {100 * row['mfu']:.0f} %"
        if row["evidence"] == "assumed":
            note += " *"
        axis.text(row["time"], place, note, va="center", fontsize=8)
    axis.set_yticks(places, [label(row) for row in rows], fontsize=8)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set_xlim(0, 1.25 * max(table["time"]))
    axis.set_xlabel("time of a step (s)")
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0.02), fontsize=8,
                  ncols=(len(labels) + 1) // 2)
    if "assumed" in table["evidence"]:
        figure.text(0.99, 0.0, "* rests on an assumed figure", ha="right", va="bottom", fontsize=7)
    axis.set_title("Training steps, predicted: where the time goes")
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__, many=True)
