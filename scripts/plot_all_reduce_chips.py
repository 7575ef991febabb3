#!/usr/bin/env python3
"""All-reduce time against chips, per generation, with the bound.

    scripts/plot_all_reduce_chips.py results/rainier.h5
"""
import figures
import results

import matplotlib.pyplot as plt

NEEDS = "modelled/collective"


def draw(run):
    table = run["modelled/collective"].where(collective="all_reduce")
    sizes = [s for s in (2**20, 2**26, 2**30, 2**34) if s in table["size"]]
    figure, axes = plt.subplots(1, len(sizes), figsize=(3.1 * len(sizes), 3.6), sharey=True,
                                squeeze=False)
    chips = table.values("chip")
    for axis, size in zip(axes[0], sizes):
        for chip in chips:
            rows = table.where(size=size, chip=chip).sorted("chips")
            assumed = "assumed" in rows["evidence"]
            axis.plot(rows["chips"], rows["time"] * 1e3, "o" + ("--" if assumed else "-"), ms=4,
                      color=figures.colour(chip, chips), label=chip)
            axis.plot(rows["chips"], rows["bound"] * 1e3, ":", lw=1, color=figures.colour(chip, chips))
        axis.set_title(results.size_label(size), fontsize=9)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        counts = sorted(set(table["chips"].tolist()))
        axis.set_xticks(counts, [f"{c:,}" for c in counts], rotation=40, ha="right")
        axis.set_xlabel("chips")
    axes[0][0].set_ylabel("time (ms)")
    axes[0][0].plot([], [], ":", color="black", label="lower bound")
    axes[0][0].plot([], [], "--", color="black", label="uses assumed figures")
    figures.below_all(figure, axes[0][0])
    figure.suptitle("All-reduce, modelled: time against chips")
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__)
