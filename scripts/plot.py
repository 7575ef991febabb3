#!/usr/bin/env python3
"""All figures of a results file, PNG and SVG: what each plot_*.py draws that finds its table.

    scripts/plot.py results/rainier.h5 --output results/rainier
    scripts/plot.py one.h5 other.h5 --only steps     # training steps of several files in one figure
"""
import argparse
import pathlib

import figures
import plot_all_reduce_chips
import plot_busbw
import plot_generations
import plot_links
import plot_roofline
import plot_steps
import results

FIGURES = {"busbw": plot_busbw, "all_reduce_chips": plot_all_reduce_chips, "roofline": plot_roofline,
           "generations": plot_generations, "links": plot_links, "steps": plot_steps}
OF_MANY = ("busbw", "steps")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help=f"results file; further ones for {' and '.join(OF_MANY)}")
    parser.add_argument("--output", default=".", help="folder for the figures")
    parser.add_argument("--only", choices=FIGURES, help="one figure")
    options = parser.parse_args()
    runs = [results.load(file) for file in options.files]
    for name, plot in FIGURES.items():
        if options.only not in (None, name):
            continue
        with_data = [run for run in (runs if name in OF_MANY else runs[:1]) if figures.has(run, plot.NEEDS)]
        if not with_data:
            print(f"{name}: left out, the file has no {plot.NEEDS}")
            continue
        figures.save(figures.drawn(plot.draw, with_data), pathlib.Path(options.output) / name)


if __name__ == "__main__":
    main()
