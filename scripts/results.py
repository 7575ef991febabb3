"""The scripts' only reader of results files: tables as dictionaries of NumPy columns.

    import results
    run = results.load("results/rainier.h5")
    table = run["modelled/collective"]
    big = table.where(chips=524288, collective="all_reduce")
    big["size"], big["time"]          # bytes, seconds
    table.frame(), table.dataset()    # for pandas, for xarray
    results.collected("all.h5")       # {name: run} of a file that rainier collect wrote
"""
import pathlib
import sys

try:
    import h5py
    import numpy as np
except ImportError as missing:  # a python3 without h5py often comes first on PATH
    sys.exit(f"{missing}: this script needs Debian's python3-h5py and python3-matplotlib "
             f"(/usr/bin/python3); this is {sys.executable}. scripts/setup.sh installs them.")


def refuse(message):
    """Ends the script as the program ends for a bad flag or file."""
    print(message, file=sys.stderr)
    sys.exit(2)


class Table:
    """Columns of equal length; rows can be selected by equality."""

    def __init__(self, columns, samples=None, units=None):
        self.columns = columns
        self.samples = samples  # (row, sample) in seconds, NaN padded, or None
        self.units = units or {}  # column -> (units, long name)

    def __len__(self):
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name):
        return self.columns[name]

    def _rows(self, mask):
        return Table({name: column[mask] for name, column in self.columns.items()},
                     None if self.samples is None else self.samples[mask], self.units)

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

    def frame(self):
        """As a pandas.DataFrame, without the raw samples; `attrs` has units and long names by column."""
        import pandas
        frame = pandas.DataFrame(self.columns)
        frame.attrs = {"units": {name: unit for name, (unit, _) in self.units.items()},
                       "long_name": {name: words for name, (_, words) in self.units.items()}}
        return frame

    def dataset(self):
        """As an xarray.Dataset on the dimension point; raw samples have the second dimension sample."""
        import xarray
        of = {name: ("point", column, dict(zip(("units", "long_name"), self.units.get(name, ("", "")))))
              for name, column in self.columns.items()}
        if self.samples is not None:
            of["samples"] = (("point", "sample"), self.samples, {"units": "s"})
        return xarray.Dataset(of)

    def quantiles(self, *percents):
        """Of the samples of each row; NaN where it has none."""
        out = np.full((len(percents), len(self)), np.nan)
        some = np.isfinite(self.samples).any(axis=1)
        if some.any():
            out[:, some] = np.nanpercentile(self.samples[some], percents, axis=1)
        return out


def _table(group):
    columns, samples, units = {}, None, {}
    points = int(group.attrs.get("points", len(group["point"])))  # a row cut off may stand behind them
    for name, dataset in group.items():
        if name in ("point", "sample"):
            continue
        if dataset is None:  # a link that leads nowhere, or a damaged object
            raise ValueError(f"{group.name}/{name} cannot be read")
        if len(dataset) < points:
            raise ValueError(f"{group.name}/{name} has {len(dataset)} of {points} points")
        if dataset.ndim == 2:
            samples = dataset[:points]
        else:
            data = dataset[:points]
            columns[name] = dataset.asstr()[:points].astype(object) if data.dtype == object else data
            units[name] = tuple(_plain(dataset.attrs.get(key, "")) for key in ("units", "long_name"))
    return Table(columns, samples, units)


def _plain(value):
    """An attribute as a text or number of Python's own."""
    value = value.item() if isinstance(value, (np.generic, np.ndarray)) and np.size(value) == 1 else value
    return value.decode() if isinstance(value, bytes) else value


def _read(path, read):
    """What `read` makes of the open file; a file that is none, or is damaged, is refused."""
    path = pathlib.Path(path)
    try:
        with h5py.File(path, "r") as file:
            if "runs" in file and _plain(file.attrs.get("format", "")) == "rainier-collection":
                refuse(f"{path}: links to the results of several runs, {', '.join(file['runs'])}: name one of them "
                       "(results.collected reads all)")
            if _plain(file.attrs.get("format", "")) != "rainier-results":
                refuse(f"{path}: not a results file of rainier")
            return read(file)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        refuse(f"{path}: not a readable results file: {error}")


def _tables(file):
    tables = {}
    file.visititems(lambda name, node: tables.update({name: _table(node)})
                    if isinstance(node, h5py.Group) and "point" in node else None)
    return tables


class Run(dict):
    """Tables of a results file by path; `name` is the file's."""

    def __init__(self, path, tables):
        super().__init__(tables)
        self.name = pathlib.Path(path).stem


def load(path):
    """Tables of a results file by path ("measured/collective", …)."""
    status, tables = _read(path, lambda file: (_plain(file.attrs["status"]), _tables(file)))
    if status != "complete":
        print(f"{path}: status is {status}, not complete: showing what is there", file=sys.stderr)
    return Run(path, tables)


def collected(path):
    """The runs that a file of `rainier collect` links to, by name, as `load` gives each."""
    path = pathlib.Path(path)
    try:
        with h5py.File(path, "r") as file:
            links = {name: file["runs"].get(name, getlink=True) for name in file["runs"]}
            return {name: load(path.parent / link.filename) for name, link in links.items()}
    except (OSError, KeyError, AttributeError) as error:
        refuse(f"{path}: not a file of rainier collect: {error}")


def _texts(file):
    texts = {}
    file.visititems(lambda name, node: texts.update({name: node.asstr()[()]})
                    if isinstance(node, h5py.Dataset) and node.ndim == 0 and h5py.check_string_dtype(node.dtype)
                    else None)
    return texts


def about(path):
    """What a results file says of itself: attributes, host, and its texts (inputs, manifest) by path."""
    def plain(node):
        return {name: _plain(value) for name, value in node.attrs.items()}

    return _read(path, lambda file: {
        "attributes": plain(file), "host": plain(file["measured/host"]) if "measured/host" in file else {},
        "texts": _texts(file)})


def rank_samples(path):
    """Each rank's own samples of the collectives in a results file, where the run kept them (--per-rank): an
    xarray.Dataset, samples (point, rank, sample) in seconds and host (rank)."""
    import xarray
    beside, hosts = _read(path, lambda file: (
        _plain(file["measured/collective"].attrs.get("rank_samples", "")) if "measured/collective" in file else "",
        _table(file["measured/rank"]) if "measured/rank" in file else empty()))
    if not beside:
        refuse(f"{path}: no samples of each rank (rainier collective … --per-rank keeps them)")
    try:
        with h5py.File(pathlib.Path(path).parent / beside, "r") as file:
            return xarray.Dataset({"samples": (("point", "rank", "sample"), file["samples"][:], {"units": "s"}),
                                   "host": ("rank", hosts["host"])})
    except (OSError, KeyError) as error:
        refuse(f"{beside}: not readable: {error}")


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
