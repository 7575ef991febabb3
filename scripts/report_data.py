"""Tables as the page reads them: JSON in which long columns are base64 of little-endian numbers."""
import base64

import numpy as np

LONG = 100_000  # rows; from here on distinct numbers are kept in single precision
TYPES = {"f64": "<f8", "f32": "<f4", "u16": "<u2", "u32": "<u4"}


def packed(kind, numbers):
    data = np.ascontiguousarray(numbers, dtype=TYPES[kind])
    return {"type": kind, "data": base64.b64encode(data.tobytes()).decode("ascii")}


def codes(numbers, distinct):
    return packed("u16" if distinct <= 2**16 else "u32", numbers)


def words(column):
    """Texts: each distinct one once, in order of appearance."""
    places = {}
    where = [places.setdefault(str(text), len(places)) for text in column]
    return {"words": list(places), "codes": codes(where, len(places))}


def numbers(column):
    """As a range, as codes of the distinct values, or one after the other, whichever is shortest."""
    column = np.asarray(column, dtype=float)
    steps = np.diff(column)
    if len(column) > 1 and np.all(steps == steps[0]):
        return {"from": float(column[0]), "step": float(steps[0]), "length": len(column)}
    distinct, where = np.unique(column, return_inverse=True)
    if len(distinct) <= 2**16 and 8 * len(distinct) + 2 * len(column) < 4 * len(column):
        return {"values": packed("f64", distinct), "codes": codes(where, len(distinct))}
    return packed("f32" if len(column) > LONG else "f64", column)


def table(source):
    """Columns with their units and long names; of raw samples the quantiles that the page draws."""
    columns = {}
    for name, column in source.columns.items():
        encode = words if column.dtype == object else numbers
        units, about = source.units.get(name, ("1", ""))
        columns[name] = {**encode(column), "units": units, "about": about}
    if source.samples is not None and len(source):
        low, high = source.quantiles(10, 90)
        for name, column, about in (("samples_p10", low, "One of ten samples is faster."),
                                    ("samples_p90", high, "Nine of ten samples are faster.")):
            columns[name] = {**numbers(column), "units": "s", "about": about + " From the raw samples."}
    return {"points": len(source), "columns": columns}


def file(name, tables, about):
    return {"name": name, "attributes": about["attributes"], "host": about["host"], "texts": about["texts"],
            "tables": {path: table(source) for path, source in tables.items() if len(source)}}
