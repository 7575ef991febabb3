"""What the program writes beside the results file, as tables: plans (--json) and a step's timeline."""
import json

import numpy as np

import results


def read_json(path, what):
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        results.refuse(f"{path}: not {what}: {error}")
    if not isinstance(found, dict):
        results.refuse(f"{path}: not {what}: the outermost value is no object")
    return found


def column(values):
    texts = any(isinstance(value, str) for value in values)
    return np.array(values, dtype=object if texts else float)


def as_table(rows, units=None):
    names = list(dict.fromkeys(name for row in rows for name in row))
    missing = {name: "" if any(isinstance(row.get(name), str) for row in rows) else np.nan for name in names}
    return results.Table({name: column([row.get(name, missing[name]) for row in rows]) for name in names},
                         units={name: (unit, "") for name, unit in (units or {}).items()})


def plans(path):
    """`rainier train … --plan auto --json`: the best plans and the best within less memory, each once."""
    what = "the plans of rainier train --plan auto --json"
    found = read_json(path, what)
    rows = []
    try:
        for kind in ("best", "front"):
            for plan in found.get(kind) or []:
                spent = {f"{part}_time": seconds for part, seconds in plan["spent_s"].items()}
                row = {**{name: value for name, value in plan.items() if name != "spent_s"}, **spent}
                if row not in rows:
                    rows.append(row)
        units = {"step_s": "s", "memory_bytes": "byte", **{name: "s" for name in spent}}
        title = {name: found[name] for name in ("model", "system", "chips")}
    except (KeyError, TypeError, AttributeError, NameError) as error:
        results.refuse(f"{path}: not {what}: {error!r}")
    return as_table(rows, units), {**title, "counts": found.get("counts", {})}


def timeline(path):
    """`rainier train … --timeline FILE` or `rainier export trace`: a row for each event, in seconds."""
    what = "a timeline of rainier train --timeline"
    found = read_json(path, what)
    process, resource, rows = {}, {}, []
    try:
        for event in found["traceEvents"]:
            if event["ph"] == "M":
                into = process if event["name"] == "process_name" else resource
                into[event["pid"], event["tid"]] = event["args"]["name"]
            elif event["ph"] == "X":
                where = event["pid"], event["tid"]
                rows.append({"process": process.get(where, str(where[0])), "resource": resource.get(where, str(where[1])),
                             "name": event["name"], "start": event["ts"] * 1e-6, "duration": event["dur"] * 1e-6,
                             **event.get("args", {})})
    except (KeyError, TypeError, AttributeError) as error:
        results.refuse(f"{path}: not {what}: {error!r}")
    if not rows:
        results.refuse(f"{path}: not {what}: it has no events")
    return as_table(rows, {"start": "s", "duration": "s"}), found.get("otherData", {})
