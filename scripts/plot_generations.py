#!/usr/bin/env python3
"""Speed-up of each generation over the file's first, assumed figures hatched.

    scripts/plot_generations.py results/rainier.h5
"""
import figures
import results

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

NEEDS = "modelled/matmul"


def matmul_ratios(of_chip, base):
    """{chip: (geometric mean over the shapes that both did, assumed?)}"""
    rows = {}
    for chip, table in of_chip.items():
        times, reference = (dict(zip(zip(one["m"], one["n"], one["k"]), one["time"])) for one in (table, base))
        both = [reference[shape] / times[shape] for shape in times if shape in reference]
        if both:
            rows[chip] = float(np.exp(np.mean(np.log(both)))), "assumed" in table["evidence"]
    return rows


def ratios(run, baseline):
    """[(label, {chip: (ratio to baseline, assumed?)})] of what a generation buys."""
    rows, matmul, comm = [], run["modelled/matmul"], run.get("modelled/collective", results.empty())
    chips = matmul.values("chip")
    for dtype in matmul.values("dtype"):
        of_chip = {chip: matmul.where(chip=chip, dtype=dtype) for chip in chips}
        rows.append((f"matmul {dtype}\n(geometric mean)", matmul_ratios(of_chip, of_chip[baseline])))
    if not len(comm):
        return rows, chips, None
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
    baseline = run["modelled/matmul"]["chip"][0]
    rows, chips, most = ratios(run, baseline)
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
    axis.set_ylabel(f"speed relative to {baseline}")
    axis.grid(axis="x", visible=False)
    axis.legend(handles=[Patch(color=figures.colour(c, chips), label=c) for c in chips] +
                [Patch(facecolor="#bbbbbb", hatch="///", edgecolor="white",
                       label="rests on an assumed figure")], fontsize=8)
    axis.set_title("What a generation buys: modelled" + (f", collectives over {most:,} chips" if most else ""))
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__)
