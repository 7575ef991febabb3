#!/usr/bin/env python3
"""Figures of a results file, PNG and SVG.

    scripts/plot.py results/rainier.h5 --output results/rainier
    scripts/plot.py one.h5 other.h5 --only steps     # training steps of several files in one figure

Solid is measured or rests on published figures; hatched or dotted rests on assumed ones.
"""
import argparse
import pathlib

import results
from link_figure import links
from palette import COLOURS
from step_figure import steps

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

GENERATIONS = {"trainium2": COLOURS[0], "trainium3": COLOURS[2], "trainium4": COLOURS[1]}

plt.rcParams.update({"figure.dpi": 130, "font.size": 9, "axes.grid": True, "grid.alpha": 0.3,
                     "axes.spines.top": False, "axes.spines.right": False,
                     "svg.hashsalt": "rainier", "svg.fonttype": "none", "legend.frameon": False})


def colour(chip, others):
    return GENERATIONS.get(chip, COLOURS[(3 + others.index(chip)) % len(COLOURS)])


def size_axis(axis, sizes):
    axis.set_xscale("log", base=2)
    lowest, highest = np.log2(min(sizes)), np.log2(max(sizes))
    ticks = [2.0**p for p in range(int(lowest), int(highest) + 1) if p % 4 == 2]
    axis.set_xticks(ticks, [results.size_label(t) for t in ticks], rotation=30, ha="right")
    axis.set_xlabel("size of the full vector")


def below_all(figure, axis):
    """One legend for all panels, under them: inside it would hide curves."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0.02), fontsize=8,
                  ncols=len(labels))


def measured_busbw(run):
    """Bus bandwidth against size: measured with its spread, model, bound."""
    everything = run["measured/collective"]
    library = everything.where(implementation="MPI")
    table = everything.where_in("implementation", [i for i in everything.values("implementation") if i != "MPI"])
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
        axis.plot(rows["size"], factor / rows["model"] / 1e9, "--", color=COLOURS[1],
                  label="model, fitted to this machine")
        axis.plot(rows["size"], factor / rows["bound"] / 1e9, ":", color="black",
                  label="bound of the model")
        axis.set_title(operation, fontsize=9)
        axis.set_yscale("log")
        size_axis(axis, rows["size"])
    axes[0][0].set_ylabel("bus bandwidth (GB/s)")
    below_all(figure, axes[0][0])
    ranks = table["ranks"][0]
    figure.suptitle(f"Measured here, {ranks} ranks: bus bandwidth against size")
    return figure


def all_reduce_chips(run):
    """All-reduce time against chips, per generation, with the bound."""
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
                      color=colour(chip, chips), label=chip)
            axis.plot(rows["chips"], rows["bound"] * 1e3, ":", lw=1, color=colour(chip, chips))
        axis.set_title(results.size_label(size), fontsize=9)
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        counts = sorted(set(table["chips"].tolist()))
        axis.set_xticks(counts, [f"{c:,}" for c in counts], rotation=40, ha="right")
        axis.set_xlabel("chips")
    axes[0][0].set_ylabel("time (ms)")
    axes[0][0].plot([], [], ":", color="black", label="lower bound")
    axes[0][0].plot([], [], "--", color="black", label="uses assumed figures")
    below_all(figure, axes[0][0])
    figure.suptitle("All-reduce, modelled: time against chips")
    return figure


def chip_figures(run):
    """(chip, key) -> (value, status) of the chips in the file."""
    table = run["systems/figures"].where(level="")
    return {(c, k): (v, s) for c, k, v, s in
            zip(table["chip"], table["key"], table["value"], table["status"])}


def host_roofline(run, axis):
    """This host's own roofs, probed in the run, with the matmuls measured in it."""
    table, compute, memory = (run[f"measured/{name}"] for name in ("matmul", "compute", "memory"))
    threads = max(table["threads"])
    bandwidth = max(memory.where(threads=threads)["rate"])
    intensity = np.logspace(0, 3, 200)
    for colour_of, dtype in zip(COLOURS, table.values("dtype")):
        roof = max(compute.where(dtype=dtype, threads=threads)["rate"])
        axis.plot(intensity, np.minimum(roof, intensity * bandwidth) / 1e12, color=colour_of, label=dtype)
        rows = table.where(dtype=dtype, kernel="blocked")
        axis.plot(rows["intensity"], rows["rate"] / 1e12, "o", ms=4, mec="white", mew=0.4, color=colour_of)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_title(f"this host, {threads} threads, measured", fontsize=9)
    axis.set_xlabel("FLOP per byte of memory traffic")
    axis.legend(fontsize=8, loc="lower right")
    axis.set_ylabel("TFLOP/s")


def roofline(run):
    """Roofline per generation with the modelled matmuls on it; this host's beside it."""
    table, figures = run["modelled/matmul"], chip_figures(run)
    chips, types = table.values("chip"), table.values("dtype")
    host = "measured/compute" in run
    figure, axes = plt.subplots(1, len(types) + host, figsize=(4.6 * (len(types) + host), 3.8),
                                squeeze=False)
    if host:
        host_roofline(run, axes[0][-1])
    for axis in axes[0][1:len(types)]:
        axis.sharey(axes[0][0])
    intensity = np.logspace(0, 5, 200)
    for axis, dtype in zip(axes[0], types):
        for chip in chips:
            bandwidth, status = figures[chip, "memory.bandwidth"]
            roof, roof_status = (figures.get((chip, f"compute.{dtype}.roof")) or
                                 figures[chip, f"compute.{dtype}.peak"])
            style = "--" if "assumed" in (status, roof_status) else "-"
            axis.plot(intensity, np.minimum(roof, intensity * bandwidth) / 1e12, style,
                      color=colour(chip, chips), label=chip)
            rows = table.where(chip=chip, dtype=dtype)
            axis.plot(rows["intensity"], rows["rate"] / 1e12, "o", ms=4, mec="white", mew=0.4,
                      color=colour(chip, chips))
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(dtype, fontsize=9)
        axis.set_xlabel("FLOP per byte of memory traffic")
    axes[0][0].set_ylabel("TFLOP/s per chip")
    axes[0][0].plot([], [], "ko", ms=4, label="modelled matmul")
    axes[0][0].plot([], [], "k--", label="roof from assumed figures")
    below_all(figure, axes[0][0])
    figure.suptitle("Roofline per generation")
    return figure


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


def generations(run):
    """Speed-up of each generation over the first, assumed figures hatched."""
    rows, chips, most = ratios(run)
    figure, axis = plt.subplots(figsize=(1.25 * len(rows) + 1.5, 4))
    width = 0.8 / len(chips)
    for i, chip in enumerate(chips):
        for x, (_, values) in enumerate(rows):
            if chip not in values:
                continue
            ratio, assumed = values[chip]
            axis.bar(x + (i - (len(chips) - 1) / 2) * width, ratio, width * 0.92,
                     color=colour(chip, chips), hatch="///" if assumed else None, edgecolor="white")
            axis.text(x + (i - (len(chips) - 1) / 2) * width, ratio, f"{ratio:.1f}", ha="center",
                      va="bottom", fontsize=7)
    axis.set_xticks(range(len(rows)), [label for label, _ in rows], fontsize=8)
    axis.set_ylabel("speed relative to trainium2")
    axis.grid(axis="x", visible=False)
    axis.legend(handles=[Patch(color=colour(c, chips), label=c) for c in chips] +
                [Patch(facecolor="#bbbbbb", hatch="///", edgecolor="white",
                       label="rests on an assumed figure")], fontsize=8)
    axis.set_title(f"What a generation buys: modelled, collectives over {most:,} chips")
    return figure


FIGURES = {"busbw": (measured_busbw, "measured/collective"),
           "all_reduce_chips": (all_reduce_chips, "modelled/collective"),
           "roofline": (roofline, "modelled/matmul"),
           "generations": (generations, "modelled/matmul"),
           "links": (links, "modelled/link_class"),
           "steps": (steps, "modelled/training")}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="results file; of further ones the training steps")
    parser.add_argument("--output", default=".", help="folder for the figures")
    parser.add_argument("--only", choices=FIGURES, help="one figure")
    options = parser.parse_args()
    runs = [results.load(file) for file in options.files]
    run = runs[0]
    if any("modelled/training" in each for each in runs):
        run["modelled/training"] = results.joined(
            [each["modelled/training"] for each in runs if "modelled/training" in each])
    folder = pathlib.Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (draw, needs) in FIGURES.items():
        if options.only not in (None, name):
            continue
        if not len(run.get(needs, results.empty())):
            print(f"{name}: left out, the file has no {needs}")
            continue
        figure = draw(run)
        figure.tight_layout()
        for suffix in ("png", "svg"):
            figure.savefig(folder / f"{name}.{suffix}", bbox_inches="tight")
        plt.close(figure)
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()
