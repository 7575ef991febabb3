#!/usr/bin/env python3
"""Draws what `rainier compare --model …` says: where the speed-up of a system over the first comes from.

Usage: rainier compare --model llama3.1-405b --json > generations.json        or -O generations.h5
       scripts/plot_waterfall.py generations.json figure.png [--to SYSTEM]

Left, the step after each group of figures is taken over, with what it goes into (which only the JSON tells); right,
the factors, which multiply to the speed-up. Hatched: a group with an assumed figure.
"""
import argparse
import json
import math
import sys

import results  # first: it says which Python has h5py
import h5py
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from palette import COLOURS
from plot_steps import PARTS

NAMES = {"element-wise": "elementwise", "tensor parallel": "tensor", "context parallel": "context",
         "expert parallel": "expert", "data parallel": "data", "pipeline transfer": "pipeline"}
OVER_THE_LINE = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}


def stages(fall):
    """(label, plan, assumed) from the first system on."""
    yield fall["from"], fall["begin"], False
    for step in fall["steps"]:
        yield "+ " + step["group"], step["plan"], step["origin"] == "assumed"


def degrees(plan):
    if "tensor" not in plan:
        return f", {plan['text']}" if plan["text"] else ""
    return f", TP {plan['tensor']} CP {plan['context']} PP {plan['pipeline']} DP {plan['data']}"


def draw_steps(axis, fall):
    rows = list(stages(fall))
    places = np.arange(len(rows))
    left = np.zeros(len(rows))
    if "spent_s" not in rows[0][1]:
        axis.barh(places, [plan["step_s"] for _, plan, _ in rows], height=0.7, color=COLOURS[0])
    for part in rows[0][1].get("spent_s", []):
        times = np.array([plan["spent_s"][part] for _, plan, _ in rows])
        if np.all(times < 0.002 * rows[0][1]["step_s"]):
            continue
        axis.barh(places, times, left=left, height=0.7, color=PARTS[NAMES.get(part, part)], edgecolor="white",
                  linewidth=0.5, label=part)
        left += times
    for place, (_, plan, _) in zip(places, rows):
        axis.text(plan["step_s"], place, f" {plan['step_s']:.3g} s{degrees(plan)}", va="center", fontsize=7)
    axis.set_yticks(places, [label for label, _, _ in rows], fontsize=8)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.set_xlim(0, 1.45 * max(plan["step_s"] for _, plan, _ in rows))
    axis.set_xlabel("time of a step (s)")
    if "spent_s" in rows[0][1]:
        axis.legend(loc="lower right", fontsize=7)
    axis.set_title("the best plan's step, figures taken over from above", fontsize=9)


def draw_factors(axis, fall):
    places = np.arange(len(fall["steps"]) + 1)
    so_far = 1.0
    for place, step in zip(places, fall["steps"]):
        axis.barh(place, step["factor"] * so_far - so_far, left=so_far, height=0.7, edgecolor="white",
                  color=COLOURS[2 if step["factor"] >= 1 else 1], hatch="///" if step["origin"] == "assumed" else "")
        so_far *= step["factor"]
        axis.text(so_far, place, f" {step['factor']:.2f}x", va="center", fontsize=8, bbox=OVER_THE_LINE)
    axis.barh(places[-1], fall["speedup"] - 1, left=1, height=0.7, color=COLOURS[0])
    axis.text(fall["speedup"], places[-1], f" {fall['speedup']:.2f}x", va="center", fontsize=8, weight="bold",
              bbox=OVER_THE_LINE)
    if "compute" in fall:
        axis.axvline(fall["compute"], color="#888888", linestyle="--", linewidth=1)
        axis.text(fall["compute"], -0.72, f"engines {fall['compute']:.2f}x", ha="center", va="center", fontsize=7,
                  bbox=OVER_THE_LINE)
    axis.set_xscale("log")
    top = 1.6 * max(fall["speedup"], fall.get("compute", 1))
    axis.set_xlim(0.9, top)
    ticks = [t for t in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32) if t < top]
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.minorticks_off()
    axis.set_yticks(places, [step["group"] for step in fall["steps"]] + ["speed-up"], fontsize=8)
    axis.set_ylim(places[-1] + 0.6, -1.1)
    axis.grid(axis="y", visible=False)
    axis.set_xlabel(f"times as fast as {fall['from']}")
    axis.set_title("factors (hatched: rests on an assumed figure)", fontsize=9)


def refuse(message, code=2):
    print(f"plot_waterfall: {message}", file=sys.stderr)
    sys.exit(code)


def chips_of(data):
    return data["chips"] if "chips" in data else data["terms"][0]["standings"][0]["chips"]


def of_results(path):
    """The same of a results file."""
    run = results.load(path)
    table = run.get("modelled/waterfall", results.empty())
    if not len(table):
        refuse(f"{path}: has no modelled/waterfall")
    first = int(run["modelled/generation"]["row"][0])
    steps = run["modelled/training"]
    falls = []
    for to in table.values("to"):
        rows = table.where(to=to).sorted("place")
        falls.append({
            "from": rows["from"][0], "to": to, "speedup": math.prod(rows["factor"]),
            "begin": {"step_s": rows["time"][0] * rows["factor"][0], "text": ""},
            "steps": [{"group": group, "factor": factor, "origin": evidence, "plan": {"step_s": time, "text": plan}}
                      for group, factor, evidence, time, plan in zip(*(rows[name] for name in (
                          "group", "factor", "evidence", "time", "plan")))]})
    return {"model": steps["model"][first], "chips": int(steps["chips"][first]), "waterfalls": falls}


def of_json(path):
    try:
        with open(path, encoding="utf-8") as stream:
            data = json.load(stream)
    except (OSError, ValueError) as error:
        refuse(f"{path}: {error}")
    if not isinstance(data, dict):
        refuse(f"{path}: expected the JSON of rainier compare --model … --json")
    return data


def draw(data, to):
    falls = {fall["to"]: fall for fall in data.get("waterfalls", [])}
    if not falls:
        refuse("no waterfall in this file: it was made with --quick")
    name = to or list(falls)[-1]
    if name not in falls:
        refuse(f"no waterfall to {name}; there are: {', '.join(falls)}")
    fall = falls[name]
    assert math.isclose(math.prod(step["factor"] for step in fall["steps"]), fall["speedup"], rel_tol=1e-9)
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), width_ratios=(3, 2), layout="constrained")
    draw_steps(left, fall)
    draw_factors(right, fall)
    figure.suptitle(f"{data['model']} on {chips_of(data):,} chips: from {fall['from']} to {fall['to']}, predicted", fontsize=11)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="JSON or results file of rainier compare --model")
    parser.add_argument("figure", help="PNG, SVG or PDF to write")
    parser.add_argument("--to", help="system; default: the last")
    arguments = parser.parse_args()
    data = of_results(arguments.file) if h5py.is_hdf5(arguments.file) else of_json(arguments.file)
    try:
        draw(data, arguments.to).savefig(arguments.figure, dpi=150)
    except OSError as error:
        refuse(f"{arguments.figure}: the figure cannot be written: {error.strerror}", 3)
    except ValueError as error:  # a suffix that is none
        refuse(f"{arguments.figure}: {error}")
    print(arguments.figure)


if __name__ == "__main__":
    main()
