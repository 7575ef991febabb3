"""Results files as users meet them: h5py, xarray, h5dump, ncdump, and the files of runs cut short."""
import os
import pathlib
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest

BUILD = pathlib.Path(os.environ.get("RAINIER_BUILD", "build"))
SOURCE = pathlib.Path(os.environ.get("RAINIER_SOURCE", pathlib.Path(__file__).parents[2]))
TABLES = ["systems/figures", "modelled/collective", "modelled/link_class", "modelled/link",
          "modelled/clock", "modelled/chip", "modelled/matmul", "modelled/training", "modelled/exposed",
          "modelled/plan", "modelled/generation", "modelled/waterfall", "modelled/free_resource", "modelled/goodput", "modelled/goodput_lever", "modelled/goodput_run", "modelled/distributed_matmul",
          "measured/collective", "measured/rank", "measured/clock", "measured/matmul", "measured/distributed_matmul",
          "measured/compute", "measured/memory"]
KINDS = {"f": "float64", "i": "int64", "O": "text"}


def write(path, *arguments, expect=0):
    run = subprocess.run([BUILD / "write_example", path, *map(str, arguments)],
                         capture_output=True, text=True, timeout=60)
    assert run.returncode == expect, run.stderr
    return run


def partial(path):
    return path.with_name(path.name + ".partial")


def tool(*command):
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "run.h5"
    write(path, 5)
    return path


def columns(table):
    return {name: data for name, data in table.items() if name not in ("point", "sample")}


def test_root_says_what_it_is(example):
    with h5py.File(example) as file:
        assert dict(file.attrs) == {
            "format": "rainier-results", "schema_version": "1.8", "Conventions": "CF-1.8",
            "creator": "rainier example", "status": "complete", "last_point": 5 * len(TABLES),
            "NX_class": "NXroot", "default": "modelled"}
        assert file["inputs/systems/example.toml"].asstr()[()] == 'title = "µ"\n'
        assert file["measured/host"].attrs["cores"] == 2
    assert not partial(example).exists()


@pytest.mark.parametrize("name", TABLES)
def test_columns_stand_on_the_scale_point(example, name):
    with h5py.File(example) as file:
        table = file[name]
        assert table.attrs["points"] == 5
        assert table["point"].attrs["CLASS"] == b"DIMENSION_SCALE"
        assert table["point"][:].tolist() == [0, 1, 2, 3, 4]
        for column in columns(table).values():
            assert len(column) == 5
            assert column.dims[0][0] == table["point"]
            assert column.attrs["units"]
            assert column.attrs["long_name"].endswith(".")


def default_plot(file):
    """As NeXus says: from the root along `default` to the first NXdata; its signal over its axes."""
    group = file
    while group.attrs["NX_class"] != "NXdata":
        group = group[group.attrs["default"]]
    return group


def test_a_viewer_of_nexus_finds_what_to_draw(example):
    with h5py.File(example) as file:
        assert default_plot(file).name == "/modelled/collective"
        assert file["measured"].attrs["default"] == "collective"
        texts = ("systems/figures", "measured/rank")
        for name in (name for name in TABLES if name not in texts):
            table = file[name]
            assert file[name.split("/", maxsplit=1)[0]].attrs["NX_class"] == "NXentry"
            assert table.attrs["NX_class"] == "NXdata" and table.attrs["title"]
            signal, axis = table[table.attrs["signal"]], table[table.attrs["axes"]]
            assert signal.dtype.kind == "f" and signal.shape == axis.shape
        assert not [name for name in texts if "NX_class" in file[name].attrs], "nothing to draw"


def test_silx_draws_it(example):
    nxdata = pytest.importorskip("silx.io.nxdata")
    with h5py.File(example) as file:
        plot = nxdata.get_default(file)
        assert plot.is_valid and plot.is_curve
        assert plot.title == "Collectives, predicted" and plot.signal_dataset_name == "busbw"


def test_cells_arrive(example):
    with h5py.File(example) as file:
        table = file["measured/collective"]
        assert table["collective"].asstr()[:2].tolist() == ["collective µ0", "collective1"]
        assert table["size"].dtype == np.int64
        assert np.isnan(table["time"][3]) and table["time"][4] == 2.0
        samples = table["samples"]
        assert samples.shape == (5, 4)
        assert [np.isfinite(row).sum() for row in samples] == [0, 1, 2, 3, 4]
        assert samples.dims[1][0] == table["sample"]


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_xarray_reads_tables(example, engine):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip({"netcdf4": "netCDF4"}.get(engine, engine))
    with xarray.open_dataset(example, group="modelled/collective", engine=engine) as data:
        assert set(data["time"].dims) == {"point"}
        frame = data.to_dataframe()
        assert frame.index.name == "point"
        assert frame["size"].tolist() == [0, 1, 2, 3, 4]
        assert frame["time"].dtype == np.float64 and frame["chips"].dtype == np.int64
        assert frame["algorithm"][0] == "algorithm µ0"
    with xarray.open_dataset(example, group="measured/collective", engine=engine) as data:
        assert data["samples"].dims == ("point", "sample")
        assert len(data.drop_dims("sample").to_dataframe()) == 5


def test_tools_read_it(example):
    dump = tool("h5dump", "-d", "/modelled/collective/size", str(example))
    assert "(0): 0, 1, 2, 3, 4" in dump and '"byte"' in dump
    header = tool("ncdump", "-h", str(example))
    assert 'string :format = "rainier-results"' in header
    assert 'string busbw:units = "byte s-1"' in header
    assert header.index("string kernel(point)") < header.rindex("int64 threads(point)")


def test_h5diff_finds_what_differs(example, tmp_path):
    if shutil.which("h5diff") is None:
        pytest.skip("no h5diff")
    other = tmp_path / "other.h5"
    shutil.copy(example, other)
    assert subprocess.run(["h5diff", example, other], check=False).returncode == 0
    with h5py.File(other, "r+") as file:
        file["modelled/collective/time"][2] = 7.0
    found = subprocess.run(["h5diff", "-v", example, other, "/modelled/collective/time"], capture_output=True,
                           text=True, check=False)
    assert found.returncode == 1 and "1 differences found" in found.stdout


def test_the_loader_gives_pandas_and_xarray(example):
    script = f"""
import sys; sys.path.insert(0, {str(SOURCE / "scripts")!r}); sys.path.remove("") if "" in sys.path else None
import results
tables = results.load({str(example)!r})
frame = tables["modelled/collective"].frame()
print(type(frame).__module__.split(".")[0], frame["size"].tolist(), frame.attrs["units"]["time"], len(frame.columns))
data = tables["measured/collective"].dataset()
print(type(data).__module__.split(".")[0], data["samples"].dims, data["time"].attrs["units"], data.sizes["point"])
"""
    pytest.importorskip("pandas")
    pytest.importorskip("xarray")
    out = subprocess.run(["/usr/bin/python3", "-c", script], capture_output=True, text=True, check=True).stdout
    with h5py.File(example) as file:
        count = len(columns(file["modelled/collective"]))
    assert out.splitlines() == [f"pandas [0, 1, 2, 3, 4] s {count}",
                                "xarray ('point', 'sample') s 5"]


def test_units_are_udunits(example):
    with h5py.File(example) as file:
        units = {column.attrs["units"] for name in TABLES for column in columns(file[name]).values()}
    assert {"1", "s", "byte s-1"} <= units
    for unit in units:
        known = subprocess.run(["udunits2", "-H", unit, "-W", ""], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert known.returncode == 0, known.stderr


def test_same_run_same_bytes(example, tmp_path):
    write(tmp_path / "run.h5", 5)
    assert (tmp_path / "run.h5").read_bytes() == example.read_bytes()
    for name in ("a.h5", "b.h5"):
        write(tmp_path / name, 700, "samples")  # more than a chunk of rows
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize("end, code", [("stop", 0), ("kill", -9)])
def test_run_cut_off_leaves_its_points(tmp_path, end, code):
    path = tmp_path / "run.h5"
    write(path, 7, end, expect=code)
    assert not path.exists()
    with h5py.File(partial(path)) as file:
        assert file.attrs["status"] == "running"
        assert file.attrs["last_point"] == 7 * len(TABLES)
        assert file["measured/matmul/m"][:].tolist() == list(range(7))


@pytest.mark.parametrize("after", [30, 300, 1100])
def test_killed_at_any_time_loses_no_finished_point(tmp_path, after):
    """The program says a point after it is saved; whatever was said must be there."""
    path = tmp_path / "run.h5"
    with subprocess.Popen([BUILD / "write_example", path, "400"], stdout=subprocess.PIPE,
                          text=True) as run:
        said = [run.stdout.readline() for _ in range(after)]
        run.kill()
    table, points = said[-1].split()
    with h5py.File(partial(path) if partial(path).exists() else path) as file:
        finished = file[table].attrs["points"]
        assert finished >= int(points)
        for name, column in columns(file[table]).items():
            cells = column[:finished]
            if column.dtype == object:
                assert cells[-1].decode().startswith(name)
            elif column.dtype == np.int64:
                assert cells.tolist() == list(range(finished))


def test_full_disk_is_one_error_and_keeps_the_points(tmp_path):
    path = tmp_path / "run.h5"
    run = write(path, 3000, "full", expect=3)
    assert run.stderr == f"write_example: {partial(path)}: cannot write: File too large\n"
    table, points = run.stdout.splitlines()[-1].split()
    with h5py.File(partial(path)) as file:
        assert file[table].attrs["points"] == int(points) > 0
        assert len(columns(file[table])["key"][:]) >= int(points)


def test_finished_points_are_not_overwritten(tmp_path):
    path = tmp_path / "run.h5"
    write(path, 2, "stop")
    assert f"holds {2 * len(TABLES)} finished points" in write(path, 2, expect=3).stderr
    partial(path).unlink()
    write(path, 2)
    assert "exists" in write(path, 2, expect=3).stderr


def test_readme_is_the_schema(example):
    """results/README.md has a row for every column, and no other: | name | type | units | … |"""
    text = (SOURCE / "results" / "README.md").read_text(encoding="utf-8")
    described = {}
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        name = re.match(r"`/(.+?)`", section)
        if name:
            described[name[1]] = re.findall(
                r"^\| `(\w+)` \| (\w+) \| (.+?) \| (.+?) \|$", section, flags=re.M)
    with h5py.File(example) as file:
        written = {
            name: [(column, "samples" if data.ndim == 2 else KINDS[data.dtype.kind],
                    data.attrs["units"], data.attrs["long_name"])
                   for column, data in columns(file[name]).items()]
            for name in TABLES}
    for name in TABLES:
        assert sorted(described[name]) == sorted(written[name]), name
    assert set(described) == set(TABLES)
