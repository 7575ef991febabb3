"""What all figures share: their look, and the command line of each plot_*.py.

Solid is measured or rests on published figures; hatched or dotted rests on assumed ones.
"""
import argparse
import pathlib
import sys

import results
from palette import COLOURS

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

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


def has(run, table):
    return len(run.get(table, results.empty())) > 0


def drawn(draw, runs):
    """What `draw` makes of tables as the schema says they are; others are refused."""
    try:
        return draw(*runs)
    except KeyError as column:
        wrong = f"has no column {column}"
    except (TypeError, ValueError, IndexError) as error:
        wrong = f"cannot be drawn ({error})"
    results.refuse(f"{', '.join(run.name for run in runs)}: a table {wrong}; rainier check FILE says what else is wrong")


def save(figure, stem):
    """As STEM.png and STEM.svg."""
    stem = pathlib.Path(stem)
    figure.tight_layout()
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        for suffix in ("png", "svg"):
            figure.savefig(stem.with_name(f"{stem.name}.{suffix}"), bbox_inches="tight")
    except OSError as error:
        print(f"{stem}: the figure cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(3)
    plt.close(figure)
    print(f"{stem}.png")


def stem_of(output, name):
    """Where the figure goes, without a suffix; into a folder by its name."""
    path = pathlib.Path(output)
    if path.is_dir():
        return path / name
    return path.with_suffix("") if path.suffix in (".png", ".svg") else path


def main(draw, needs, words, many=False):
    """The command line of one figure: `draw` makes it of the tables of a file, or of many, which have `needs`."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+" if many else 1, help="results files" if many else "results file")
    name = pathlib.Path(sys.argv[0]).stem.removeprefix("plot_")
    parser.add_argument("--output", default=name, help="figure to write, PNG and SVG, or the folder for it")
    options = parser.parse_args()
    runs = [results.load(file) for file in options.files]
    for file, run in zip(options.files, runs):
        if not has(run, needs):
            results.refuse(f"{file}: has no {needs}")
    save(drawn(draw, runs), stem_of(options.output, name))
