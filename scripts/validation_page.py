#!/usr/bin/env python3
"""docs/validation.md and its plot, from the published tables and the program.

    scripts/validation_page.py                 # writes docs/validation.md, docs/images/validation.png
    scripts/validation_page.py --output DIR    # there instead
"""
import argparse
import json
import statistics
import subprocess
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from palette import COLOURS  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"training": "training steps", "collectives": "collectives", "matmul": "matmuls"}

HEAD = """# Against published measurements

Written by `scripts/validation_page.py` from `rainier validate --json` and the tables of [results/published](../results/published/README.md). Errors are |predicted / measured - 1|. Quality A: complete and timed directly; B: one thing assumed; C: for orientation. What is fitted, on which
rows, stands with each constant in `topology/chips`, `topology/systems` and `topology/software`, at most three for a chip, a system or a framework on a chip
(clouds have a fourth, the latency of their network); the errors are of the rows that they are fitted on, too.

![Predicted against measured](images/validation.png)
"""


def rows_of(rainier, kind):
    out = subprocess.run([rainier, "validate", kind, "--json"], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def ranking_of(rainier):
    out = subprocess.run([rainier, "validate", "training", "--ranking", "--json"],
                         capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def ranking_section(ranking):
    groups = ranking["groups"]
    right = sum(g["right"] for g in groups)
    wrong = [f"| {g['group']} | {g['faster']} | {g['slower']} | {g['measured']:.2f} |"
             f" {g['predicted']:.2f} |" for g in groups if not g["right"]]
    return "\n".join([
        "\n### Which plan is faster\n",
        "Pairs of rows of quality A and B that train the same model on as many of the same chips, and"
        " whose measured speeds (tokens a second) are more than 10 % apart:"
        f" {ranking['right']} of {ranking['pairs']}"
        f" ({100 * ranking['right'] / ranking['pairs']:.1f} %) are ranked right. Of the two that"
        f" differ most in each of {len(groups)} groups, {right}"
        f" ({100 * right / len(groups):.1f} %); the others:\n",
        "| group | faster | slower | measured, times | predicted |",
        "| --- | --- | --- | --- | --- |", *wrong])


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def summary(name, rows):
    errors = [(abs(r["error"]), r) for r in rows if r["error"] is not None]
    if not errors:
        return f"| {name} | {len(rows)} | 0 | | | | | |"
    sizes = [e for e, _ in errors]
    worst = max(errors, key=lambda e: e[0])[1]
    return (f"| {name} | {len(rows)} | {len(errors)} | {100 * statistics.median(sizes):.1f} % |"
            f" {100 * statistics.fmean(sizes):.1f} % | {100 * quantile(sizes, 0.9):.1f} % |"
            f" {100 * worst['error']:+.1f} % | {worst['id']}: {worst['reason']} |")


def table(title, groups):
    head = f"| {title} | rows | compared | median | mean | 90 % below | worst | that row |"
    return "\n".join([head, "|" + " --- |" * 8, *(summary(n, r) for n, r in groups)])


def section(kind, rows):
    by_quality = [(q, [r for r in rows if r["quality"] == q]) for q in "ABC"]
    sets = {}
    for row in rows:
        sets.setdefault(f"{row['set']}, {row['quality']}", []).append(row)
    missing = "\n".join(f"- {r['id']}: {r['reason']}" for r in rows if r["predicted"] is None)
    return "\n".join([f"\n## {kind.capitalize()}\n", table("quality", by_quality), "",
                      table("set, quality", sets.items()), "\nNot predicted:\n",
                      missing or "- none"])


def draw(tables, path):
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
    for axis, (kind, rows) in zip(axes, tables.items()):
        for colour, quality in zip(COLOURS, "CBA"):
            some = [r for r in rows if r["quality"] == quality and r["error"] is not None]
            axis.plot([r["measured"] for r in some], [r["predicted"] for r in some], ".",
                      markersize=4, alpha=0.7, color=colour, label=f"{quality}, {len(some)} rows")
        ends = [min(r["measured"] for r in rows if r["error"] is not None),
                max(r["measured"] for r in rows if r["error"] is not None)]
        axis.plot(ends, ends, color="grey", linewidth=0.8)
        axis.fill_between(ends, [0.8 * e for e in ends], [1.2 * e for e in ends], color="grey",
                          alpha=0.15, linewidth=0, label="20 % off")
        axis.set(xscale="log", yscale="log", xlabel="measured (s)", ylabel="predicted (s)",
                 title=KINDS[kind])
        axis.legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rainier", default=ROOT / "build/release/rainier", type=Path)
    parser.add_argument("--output", default=ROOT / "docs", type=Path)
    arguments = parser.parse_args()
    tables = {kind: rows_of(arguments.rainier, kind) for kind in KINDS}
    sections = [section(kind, rows) for kind, rows in tables.items()]
    sections.insert(1, ranking_section(ranking_of(arguments.rainier)))
    page = HEAD + "\n".join(sections) + "\n"
    (arguments.output / "images").mkdir(parents=True, exist_ok=True)
    (arguments.output / "validation.md").write_text(page.replace(str(ROOT) + "/", ""))
    draw(tables, arguments.output / "images/validation.png")


if __name__ == "__main__":
    main()
