#!/usr/bin/env python3
"""Bus bandwidth against size: measured with its spread, model, bound; MPI's own beside it.

    scripts/plot_busbw.py today.h5 [yesterday.h5 …]
"""
import figures
from palette import COLOURS

import matplotlib.pyplot as plt
import numpy as np

NEEDS = "measured/collective"


def ours(run):
    everything = run[NEEDS]
    return everything.where_in("implementation", [i for i in everything.values("implementation") if i != "MPI"])


def draw(run, *others):
    """Of further files the medians in place, thinner."""
    library, table = run[NEEDS].where(implementation="MPI"), ours(run)
    operations = table.values("collective")
    figure, axes = plt.subplots(1, len(operations), figsize=(3.1 * len(operations), 3.4), sharey=True,
                                squeeze=False)
    for axis, operation in zip(axes[0], operations):
        rows, apart = (table.where(collective=operation, in_place=place).sorted("size")
                       for place in (1, 0))
        factor = rows["busbw"] * rows["time"]  # bytes that count, so factor / seconds is busbw
        low, high = np.nanpercentile(rows.samples, [10, 90], axis=1)
        axis.fill_between(rows["size"], factor / high / 1e9, factor / low / 1e9, color=COLOURS[0],
                          alpha=0.25, lw=0, label="in place, 10 to 90 %")
        axis.plot(rows["size"], rows["busbw"] / 1e9, "o-", ms=3, color=COLOURS[0],
                  label="in place, median")
        axis.plot(apart["size"], apart["busbw"] / 1e9, ".-", ms=3, lw=0.8, color=COLOURS[5],
                  label="out of place, median")
        if len(library):
            theirs = library.where(collective=operation, in_place=1).sorted("size")
            axis.plot(theirs["size"], theirs["busbw"] / 1e9, "x-", ms=3, lw=0.8, color=COLOURS[2],
                      label="MPI itself, in place")
        for mark, other in zip("sdv^<>", others):
            then = ours(other).where(collective=operation, in_place=1).sorted("size")
            axis.plot(then["size"], then["busbw"] / 1e9, marker=mark, ms=3, lw=0.8, color="#888888",
                      label=f"{other.name}, in place")
        axis.plot(rows["size"], factor / rows["model"] / 1e9, "--", color=COLOURS[1],
                  label="model, fitted to this machine")
        axis.plot(rows["size"], factor / rows["bound"] / 1e9, ":", color="black",
                  label="bound of the model")
        axis.set_title(operation, fontsize=9)
        axis.set_yscale("log")
        figures.size_axis(axis, rows["size"])
    axes[0][0].set_ylabel("bus bandwidth (GB/s)")
    figures.below_all(figure, axes[0][0])
    ranks = table["ranks"][0]
    figure.suptitle(f"Measured here, {ranks} ranks: bus bandwidth against size")
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__, many=True)
