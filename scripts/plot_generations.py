#!/usr/bin/env python3
"""Speed-up of each generation over the first, assumed figures hatched.

    scripts/plot_generations.py results/rainier.h5
"""
import figures
import results

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

NEEDS = "modelled/matmul"


def ratios(run, baseline="trainium2"):
    """[(label, {chip: (ratio to baseline, assumed?)})] of what a generation buys."""
    rows, matmul, comm = [], run["modelled/matmul"], run["modelled/collective"]
    chips = matmul.values("chip")
    for dtype in matmul.values("dtype"):
        base = matmul.where(chip=baseline, dtype=dtype)
        rows.append((f"matmul {dtype}\n(geometric mean)", {
            c: (float(np.exp(np.mean(np.log(base["time"] / matmul.where(chip=c, dtype=dtype)["time"])))),
                "assumed" in matmul.where(chip=c, dtype=dtype)["evidence"]) for c in chips}))
    most = max(comm["chips"])
    for operation in comm.values("collective"):
        for size in (2**20, 2**30):
            part = comm.where(collective=operation, chips=most, size=size)
            base = part.where(chip=baseline)
            if len(base):
                rows.append((f"{operation}\n{results.size_label(size)}", {
                    c: (base["time"][0] / part.where(chip=c)["time"][0],
                        part.where(chip=c)["evidence"][0] == "assumed")
                    for c in chips if len(part.where(chip=c))}))
    return rows, chips, most


def draw(run):
    rows, chips, most = ratios(run)
    figure, axis = plt.subplots(figsize=(1.25 * len(rows) + 1.5, 4))
    width = 0.8 / len(chips)
    for i, chip in enumerate(chips):
        for x, (_, values) in enumerate(rows):
            if chip not in values:
                continue
            ratio, assumed = values[chip]
            axis.bar(x + (i - (len(chips) - 1) / 2) * width, ratio, width * 0.92,
                     color=figures.colour(chip, chips), hatch="///" if assumed else None, edgecolor="white")
            axis.text(x + (i - (len(chips) - 1) / 2) * width, ratio, f"{ratio:.1f}", ha="center",
                      va="bottom", fontsize=7)
    axis.set_xticks(range(len(rows)), [label for label, _ in rows], fontsize=8)
    axis.set_ylabel("speed relative to trainium2")
    axis.grid(axis="x", visible=False)
    axis.legend(handles=[Patch(color=figures.colour(c, chips), label=c) for c in chips] +
                [Patch(facecolor="#bbbbbb", hatch="///", edgecolor="white",
                       label="rests on an assumed figure")], fontsize=8)
    axis.set_title(f"What a generation buys: modelled, collectives over {most:,} chips")
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__)
