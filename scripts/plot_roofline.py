#!/usr/bin/env python3
"""Roofline per generation with the modelled matmuls on it; this host's, probed in the run, beside it.

    scripts/plot_roofline.py results/rainier.h5
"""
import figures
from palette import COLOURS

import matplotlib.pyplot as plt
import numpy as np

NEEDS = "modelled/matmul"


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


def draw(run):
    table, of_chip = run["modelled/matmul"], chip_figures(run)
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
            bandwidth, status = of_chip[chip, "memory.bandwidth"]
            roof, roof_status = (of_chip.get((chip, f"compute.{dtype}.roof")) or
                                 of_chip[chip, f"compute.{dtype}.peak"])
            style = "--" if "assumed" in (status, roof_status) else "-"
            axis.plot(intensity, np.minimum(roof, intensity * bandwidth) / 1e12, style,
                      color=figures.colour(chip, chips), label=chip)
            rows = table.where(chip=chip, dtype=dtype)
            axis.plot(rows["intensity"], rows["rate"] / 1e12, "o", ms=4, mec="white", mew=0.4,
                      color=figures.colour(chip, chips))
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_title(dtype, fontsize=9)
        axis.set_xlabel("FLOP per byte of memory traffic")
    axes[0][0].set_ylabel("TFLOP/s per chip")
    axes[0][0].plot([], [], "ko", ms=4, label="modelled matmul")
    axes[0][0].plot([], [], "k--", label="roof from assumed figures")
    figures.below_all(figure, axes[0][0])
    figure.suptitle("Roofline per generation")
    return figure


if __name__ == "__main__":
    figures.main(draw, NEEDS, __doc__)
