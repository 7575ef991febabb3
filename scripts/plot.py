#!/usr/bin/env python3
"""Figures of a results file, PNG and SVG.

    scripts/plot.py results/rainier.h5 --output results/rainier

Solid is measured or rests on published figures; hatched or dotted rests on assumed ones.
"""
import argparse
import pathlib

import results

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

# Okabe-Ito: distinct for colour-blind readers and in print
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
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
    table = run["measured/collective"]
    operations = table.values("collective")
    figure, axes = plt.subplots(1, len(operations), figsize=(3.1 * len(operations), 3.4), sharey=True,
                                squeeze=False)
    for axis, operation in zip(axes[0], operations):
        # Out of place the input is copied first, but for an all-to-all, which copies in place: the
        # model charges neither copy.
        both = {place: table.where(collective=operation, in_place=place).sorted("size")
                for place in (0, 1)}
        plain = 0 if operation == "all_to_all" else 1
        rows, copying = both[plain], both[1 - plain]
        factor = rows["busbw"] * rows["time"]  # bytes that count, so factor / seconds is busbw
        low, high = np.nanpercentile(rows.samples, [10, 90], axis=1)
        axis.fill_between(rows["size"], factor / high / 1e9, factor / low / 1e9, color=COLOURS[0],
                          alpha=0.25, lw=0, label="measured, 10 to 90 %")
        axis.plot(rows["size"], rows["busbw"] / 1e9, "o-", ms=3, color=COLOURS[0],
                  label="measured, median")
        axis.plot(copying["size"], copying["busbw"] / 1e9, ".-", ms=3, lw=0.8, color=COLOURS[5],
                  label="measured, with a copy of the input")
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


def roofline(run):
    """Roofline per generation with the modelled matmuls on it."""
    table, figures = run["modelled/matmul"], chip_figures(run)
    chips, types = table.values("chip"), table.values("dtype")
    figure, axes = plt.subplots(1, len(types), figsize=(4.6 * len(types), 3.8), sharey=True,
                                squeeze=False)
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


SHAPES = {"ring": COLOURS[0], "all_to_all": COLOURS[2], "clos": COLOURS[4]}


def level_sketch(axis, y, level, extent, shape, rate, colour):
    """One level at height y: its members, joined the way the level joins them, and its figures."""
    shown = min(extent, 4)
    xs = np.linspace(0.12, 0.36, shown)
    axis.plot(xs, [y] * shown, "s", ms=4, color=colour, clip_on=False)
    if shape == "ring":
        axis.plot(xs, [y] * shown, "-", lw=1.2, color=colour)
        back = np.linspace(0, np.pi, 30) if extent > 2 else []  # two members have one link
        axis.plot(0.24 - 0.12 * np.cos(back), y + 0.3 * np.sin(back), "-", lw=1.2, color=colour)
    else:  # members below their switch, or below the tier of a Clos network
        for x in xs:
            axis.plot([x, 0.24], [y, y + 0.3], "-", lw=1, color=colour)
        axis.plot([0.19, 0.29], [y + 0.3] * 2, "-", lw=3, color=colour, solid_capstyle="butt")
    kind = {"ring": "ring of", "all_to_all": "switch of", "clos": "Clos tier of"}[shape]
    axis.text(0.42, y + 0.12, f"{level}: {kind} {extent}", va="center", fontsize=8)
    axis.text(0.42, y - 0.2, rate, va="center", fontsize=7, color="#555555")


def sketch(axis, run, system, chips, heights, classes):
    """The levels of a system, those that are left in a group of `chips`, from the chip up."""
    figures = run["systems/figures"].where(system=system)
    value = {(l, k): v for l, k, v in zip(figures["level"], figures["key"], figures["value"])}
    below = 1
    for level, y in heights.items():
        rows = classes.where(level=level)
        shape = rows["shape"][0]
        extent = int(min(value[level, "extent"], chips // below))
        below *= extent
        per = "per link and direction" if shape == "ring" else "per chip and direction"
        level_sketch(axis, y, level, extent, shape, f"{rows['capacity'][0] / 1e9:g} GB/s {per}",
                     SHAPES[shape])
    axis.set_xlim(0, 1.25)
    axis.set_axis_off()


def link_bars(axis, rows, heights):
    """A bar for each class of links: two on a ring, one direction each."""
    for level, y in heights.items():
        classes = rows.where(level=level)
        for i in range(len(classes)):
            height = y + (0.19 * (1 - 2 * i) if len(classes) > 1 else 0)
            share, name = 100 * classes["utilisation"][i], classes["link"][i]
            axis.barh(height, share, 0.34, color=SHAPES[classes["shape"][i]], edgecolor="white",
                      hatch="///" if classes["evidence"][i] == "assumed" else None)
            sign = f"{name[-1]} " if len(classes) > 1 else ""
            limit = ", message rate" if classes["issue_bound"][i] else ""
            axis.text(share + 1.5, height, f"{sign}{share:.3g} %{limit}", va="center", fontsize=7)
    axis.set_xlim(0, 138)
    axis.set_axisbelow(True)
    axis.set_xticks(range(0, 101, 25))
    axis.set_yticks(list(heights.values()), [""] * len(heights))
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y", visible=False)


def seconds_label(time):
    for unit, factor in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if time >= factor:
            break
    return f"{time / factor:.4g} {unit}"


def one_size(table):
    """Rows of the size nearest to 1 GiB, over the most chips of the system."""
    sizes = table["size"]
    size = min(set(sizes.tolist()), key=lambda s: abs(np.log2(s / 2**30)))
    return table.where(size=size)


def links(run):
    """How busy each class of links is, from the rings inside a server up to the Clos tiers."""
    points, classes = run["modelled/collective"], run["modelled/link_class"]
    points.columns["row"] = np.arange(len(points))
    systems, operations = points.values("system"), points.values("collective")
    shown, used = {}, {}
    for system in systems:
        part = points.where(system=system)
        shown[system] = one_size(part.where(chips=max(part["chips"])))
        used[system] = classes.where_in("row", shown[system]["row"])
    levels = {system: [l for l in run["systems/figures"].where(system=system).values("level")
                       if l in used[system]["level"]] for system in systems}
    figure, axes = plt.subplots(
        len(systems), 1 + len(operations), squeeze=False, sharey="row",
        figsize=(2.6 + 2.7 * len(operations), 0.9 + sum(0.55 * len(l) + 1.1 for l in levels.values())),
        gridspec_kw={"height_ratios": [len(l) + 2 for l in levels.values()]})
    for line, system in zip(axes, systems):
        heights = {level: y for y, level in enumerate(levels[system])}
        part = shown[system]
        sketch(line[0], run, system, part["chips"][0], heights, used[system])
        line[0].set_ylim(-0.6, len(heights) - 0.4)
        line[0].set_title(f"{system}\n{part['chips'][0]:,} chips", fontsize=9, loc="left",
                          fontweight="bold")
        for axis, operation in zip(line[1:], operations):
            rows = part.where(collective=operation)
            if not len(rows):
                axis.set_axis_off()
                continue
            link_bars(axis, classes.where(row=rows["row"][0]), heights)
            algorithm = rows["algorithm"][0].replace("+", "\n+ ")
            axis.set_title(f"{operation} of {results.size_label(rows['size'][0])}: "
                           f"{seconds_label(rows['time'][0])}\n{algorithm}", fontsize=7.5, loc="left")
    for axis in axes[-1][1:]:
        axis.set_xlabel("link busy (% of the time)")
    names = {"ring": "torus link, + and - direction", "all_to_all": "port of a switch",
             "clos": "port of a Clos tier"}
    figure.legend(handles=[Patch(color=SHAPES[s], label=names[s]) for s in names
                           if s in classes["shape"]] +
                  [Patch(facecolor="#bbbbbb", hatch="///", edgecolor="white",
                         label="bandwidth or message rate is assumed")],
                  loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=8, ncols=4)
    figure.suptitle("Links of a collective, modelled: how long the most loaded link of each kind is busy",
                    y=1)
    return figure


FIGURES = {"busbw": (measured_busbw, "measured/collective"),
           "all_reduce_chips": (all_reduce_chips, "modelled/collective"),
           "roofline": (roofline, "modelled/matmul"),
           "generations": (generations, "modelled/matmul"),
           "links": (links, "modelled/link_class")}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="results file")
    parser.add_argument("--output", default=".", help="folder for the figures")
    parser.add_argument("--only", choices=FIGURES, help="one figure")
    options = parser.parse_args()
    run = results.load(options.file)
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
