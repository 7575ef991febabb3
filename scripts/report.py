#!/usr/bin/env python3
"""One page of results files that needs no network and can be mailed.

    scripts/report.py results/rainier.h5 --output results/rainier/report.html
    scripts/report.py run.h5 chips.h5 --plans plans.json --timeline step.json

It has a section for each table that the files hold. The page is scripts/report/template.html, filled
with the data and with scripts/report/bundle.js (built there by `npm ci && npm run build`).
"""
import argparse
import html
import json
import pathlib
import re
import sys

import results  # first: it says which Python has h5py
import report_data
import report_extras
from palette import COLOURS

HOME = pathlib.Path(__file__).resolve().parent / "report"


def as_json(data):
    """JSON that may stand in a script element: no `<` can end it or begin a comment."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def filled(parts):
    """The template in one pass, so that no text of a part is taken for a place to fill."""
    template = (HOME / "template.html").read_text(encoding="utf-8")
    return re.sub(r"<!--fill:(\w+)-->", lambda place: parts[place[1]], template)


def gathered(options):
    files = []
    for path in options.files:
        files.append(report_data.file(pathlib.Path(path).name, results.load(path), results.about(path)))
    extras = {}
    for name, read in (("plans", report_extras.plans), ("timeline", report_extras.timeline)):
        path = getattr(options, name)
        if path:
            found, title = read(path)
            extras[name] = {"name": pathlib.Path(path).name, "title": title, "table": report_data.table(found)}
    return {"palette": COLOURS, "files": files, "extras": extras}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="results files")
    parser.add_argument("--output", default="report.html", help="the page (default: report.html)")
    parser.add_argument("--plans", metavar="FILE", help="output of rainier train … --plan auto --json")
    parser.add_argument("--timeline", metavar="FILE", help="file of rainier train … --timeline FILE, or of rainier export trace")
    options = parser.parse_args()
    title = ", ".join(pathlib.Path(path).name for path in options.files)
    page = filled({"title": html.escape(title), "data": as_json(gathered(options)),
                   "style": (HOME / "src/style.css").read_text(encoding="utf-8"),
                   "notice": html.escape((HOME / "NOTICE").read_text(encoding="utf-8")),
                   "bundle": (HOME / "bundle.js").read_text(encoding="utf-8")})
    output = pathlib.Path(options.output)
    if output.resolve() in [pathlib.Path(path).resolve() for path in [*options.files, options.plans, options.timeline] if path]:
        results.refuse(f"{output} is read: choose another name for the page")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        print(f"{output}: the page cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(3)
    print(output)


if __name__ == "__main__":
    main()
