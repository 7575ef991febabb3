"""The scripts' only reader of results files: tables as dictionaries of NumPy columns.

    import results
    run = results.load("results/rainier.h5")
    table = run["modelled/collective"]
    big = table.where(chips=524288, collective="all_reduce")
    big["size"], big["time"]          # bytes, seconds
"""
import pathlib
import sys

try:
    import h5py
    import numpy as np
except ImportError as missing:  # a python3 without h5py often comes first on PATH
    sys.exit(f"{missing}: this script needs Debian's python3-h5py and python3-matplotlib "
             f"(/usr/bin/python3); this is {sys.executable}. scripts/setup.sh installs them.")


class Table:
    """Columns of equal length; rows can be selected by equality."""

    def __init__(self, columns, samples=None):
        self.columns = columns
        self.samples = samples  # (row, sample) in seconds, NaN padded, or None

    def __len__(self):
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name):
        return self.columns[name]

    def _rows(self, mask):
        return Table({name: column[mask] for name, column in self.columns.items()},
                     None if self.samples is None else self.samples[mask])

    def where(self, **wanted):
        mask = np.ones(len(self), dtype=bool)
        for name, value in wanted.items():
            mask &= self[name] == value
        return self._rows(mask)

    def where_in(self, name, wanted):
        return self._rows(np.isin(self[name], wanted))

    def sorted(self, name):
        return self._rows(np.argsort(self[name], kind="stable"))

    def values(self, name):
        """Distinct values in order of appearance."""
        return list(dict.fromkeys(self[name].tolist()))


def _table(group):
    columns, samples = {}, None
    for name, dataset in group.items():
        if name in ("point", "sample"):
            continue
        if dataset.ndim == 2:
            samples = dataset[:]
        else:
            data = dataset[:]
            columns[name] = dataset.asstr()[:].astype(object) if data.dtype == object else data
    return Table(columns, samples)


def load(path):
    """Tables of a results file by path ("measured/collective", …)."""
    path = pathlib.Path(path)
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        sys.exit(f"{path}: not a readable results file: {error}")
    with file:
        if file.attrs.get("format") != "rainier-results":
            sys.exit(f"{path}: not a results file of rainier")
        if file.attrs["status"] != "complete":
            print(f"{path}: status is {file.attrs['status']}, not complete: showing what is there",
                  file=sys.stderr)
        tables = {}
        file.visititems(lambda name, node: tables.update({name: _table(node)})
                        if isinstance(node, h5py.Group) and "point" in node else None)
        return tables


def empty():
    return Table({})


def joined(tables):
    """Rows of tables with the same columns, one after the other."""
    return Table({name: np.concatenate([table[name] for table in tables]) for name in tables[0].columns})


def size_label(size):
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size:g} B"
