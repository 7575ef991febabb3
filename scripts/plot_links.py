#!/usr/bin/env python3
"""How busy links are: a row per system, its levels from the chip up, a column per collective.

    scripts/plot_links.py results/rainier.h5
"""
import figures
import results
from palette import COLOURS

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch

NEEDS = "modelled/link_class"
SHAPES = {"ring": COLOURS[0], "all_to_all": COLOURS[2], "clos": COLOURS[4], "memory": COLOURS[3]}


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
        if shape == "memory":
            axis.plot(0.24, y, "s", ms=9, color=SHAPES[shape])
            axis.text(0.42, y + 0.12, "memory of a chip", va="center", fontsize=8)
            axis.text(0.42, y - 0.2, f"{rows['capacity'][0] / 1e9:g} GB/s", va="center", fontsize=7,
                      color="#555555")
            continue
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


def draw(run):
    """How busy each class of links is, from the rings inside a server up to the Clos tiers."""
    points, classes = run["modelled/collective"], run[NEEDS]
    points.columns["row"] = np.arange(len(points))
    systems, operations = points.values("system"), points.values("collective")
    shown, used = {}, {}
    for system in systems:
        part = points.where(system=system)
        shown[system] = one_size(part.where(chips=max(part["chips"])))
        used[system] = classes.where_in("row", shown[system]["row"])
    # as the file lists them, the chip itself (no level) first
    levels = {system: sorted((l for l in run["systems/figures"].where(system=system).values("level")
                              if l in used[system]["level"]), key=bool) for system in systems}
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
        axis.set_xlabel("busy (% of the time)")
    names = {"ring": "torus link, + and - direction", "all_to_all": "port of a switch",
             "clos": "port of a Clos tier", "memory": "memory: read and written"}
    figure.legend(handles=[Patch(color=SHAPES[s], label=names[s]) for s in names
                           if s in classes["shape"]] +
                  [Patch(facecolor="#bbbbbb", hatch="///", edgecolor="white",
                         label="rests on an assumed figure")],
                  loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=8, ncols=5)
    figure.suptitle("Links of a collective, modelled: how long the most loaded one of each kind is busy",
                    y=1)
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__)
