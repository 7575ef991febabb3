"""NAME.ranks.h5: what each rank's own clock said, written by all ranks at once beside the results."""
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from program import RAINIER, SANITIZED, SOURCE, refused, run, run_file

sys.path.insert(0, str(SOURCE / "scripts"))
import results  # noqa: E402 (from the scripts' folder)

RUN = """
title = "each rank"
[measure.collective]
collectives = ["all_reduce", "all_gather"]
begin = "1K"
end = "256K"
factor = 4
datatype = "f32"
warmup = 1
samples = {samples}
per_rank = true
against_mpi = {mpi}
"""
MODEL = ("--machine", "h100-dgx")  # whatever: a fit of this one takes its time
POINTS = 10  # two collectives of five sizes


@pytest.mark.parametrize("ranks, extra, rows", [(2, (), 2), (3, ("--against-mpi",), 4)])
def test_the_slowest_rank_of_each_sample_is_what_the_results_have(tmp_path, ranks, extra, rows):
    out = tmp_path / "a.h5"
    result = run("collective", "all_reduce", "-b", "1K", "-e", "64K", "-f", "8", "-n", "7", "-O", out, "--per-rank", *MODEL,
                 *extra, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert run("check", out).returncode == 0
    with h5py.File(out) as main, h5py.File(tmp_path / "a.ranks.h5") as beside:
        table = main["measured/collective"]
        assert table.attrs["rank_samples"] == "a.ranks.h5" and beside.attrs["results"] == "a.h5"
        samples = beside["samples"]
        assert samples.shape == (3 * rows, ranks, 7) and samples.attrs["units"] == "s"
        assert [samples.dims[i][0].name for i in range(3)] == ["/point", "/rank", "/sample"]
        assert np.isfinite(samples[:]).all() and (samples[:] > 0).all()
        assert np.array_equal(samples[:].max(axis=1), table["samples"][:])
        assert not np.array_equal(samples[:, 0], samples[:, 1]), "clocks of their own"
        assert main["measured/rank/host"].asstr()[:].tolist() == [os.uname().nodename[:63]] * ranks
    assert not list(tmp_path.glob("*.partial"))


def test_the_manifest_keeps_nothing_of_the_launchers_own(tmp_path):
    """Addresses, a key and folders of the job are nobody's business; how many ranks there were is."""
    out = tmp_path / "a.h5"
    assert run("collective", "all_gather", "-b", "1K", "-e", "1K", "-n", "2", "-O", out, *MODEL, ranks=2).returncode == 0
    with h5py.File(out) as file:
        kept = json.loads(file["provenance/manifest"].asstr()[()])["environment"]
        assert "end" in file["provenance"].attrs and file["measured/host"].attrs["ranks"] == 2
    assert kept["OMPI_COMM_WORLD_SIZE"] == "2"
    assert not [name for name, value in kept.items() if "orte" in name or "://" in value or "ompi." in value
                or os.getcwd() in value]


def test_other_tools_read_it(tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("netCDF4")
    out = tmp_path / "a.h5"
    assert run("collective", "all_gather", "-b", "1K", "-e", "2K", "-n", "3", "-O", out, "--per-rank", *MODEL,
               ranks=2).returncode == 0
    with xarray.open_dataset(tmp_path / "a.ranks.h5", engine="netcdf4") as data:
        assert data["samples"].dims == ("point", "rank", "sample")
    ours = results.rank_samples(out)
    assert ours["samples"].sizes == {"point": 4, "rank": 2, "sample": 3} and ours["host"].sizes == {"rank": 2}
    if shutil.which("ncdump"):
        said = subprocess.run(["ncdump", "-h", tmp_path / "a.ranks.h5"], capture_output=True, text=True, check=True)
        assert "double samples(point, rank, sample)" in said.stdout


def test_a_killed_run_leaves_what_was_measured_and_goes_on(tmp_path):
    samples = 200 if SANITIZED else 1000  # long enough to be caught alive
    path = run_file(tmp_path, RUN.format(samples=samples, mpi="false"))
    out, beside = tmp_path / "a.h5", tmp_path / "a.ranks.h5"
    partial = tmp_path / "a.ranks.h5.partial"
    with subprocess.Popen(["mpirun", "-np", "2", RAINIER, "run", path, "-O", out], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        finished = 0
        for _ in range(600):
            time.sleep(0.1)
            finished = points(out)
            if finished >= 4:
                break
        os.killpg(process.pid, signal.SIGKILL)
    subprocess.run(["pkill", "-9", "-f", f"{RAINIER} run {path}"], check=False)
    time.sleep(0.5)
    finished = points(out)
    assert 4 <= finished < 2 * POINTS
    with h5py.File(partial) as file:
        before = file["samples"][:]
    assert before.shape == (2 * POINTS, 2, samples)
    assert np.isfinite(before[:finished]).all()
    assert np.isnan(before[finished + 1:]).all()
    result = run("run", path, "-O", out, "--resume", ranks=2)
    assert result.returncode == 0, result.stderr
    assert not partial.exists()
    with h5py.File(out) as main, h5py.File(beside) as file:
        after = file["samples"][:]
        whole = finished // 2 * 2  # a point is both placements
        assert np.array_equal(after[:whole], before[:whole])
        assert np.array_equal(after.max(axis=1), main["measured/collective/samples"][:])


def points(out):
    """Finished rows of a run that writes: of a copy, for the file is locked."""
    partial = out.with_name(out.name + ".partial")
    if not partial.exists():
        return 0
    copy = out.with_name("copy.h5")
    shutil.copy(partial, copy)
    try:
        with h5py.File(copy) as file:
            return int(file["measured/collective"].attrs["points"])
    except (OSError, KeyError):
        return 0


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "a.ranks.h5").write_text("mine")
    command = ("collective", "all_reduce", "-b", "1K", "-e", "1K", "-n", "2", "-O", tmp_path / "a.h5", "--per-rank", *MODEL)
    result = run(*command, ranks=2)
    assert result.returncode == 3 and "a.ranks.h5: exists" in result.stderr
    assert (tmp_path / "a.ranks.h5").read_text() == "mine"
    assert run(*command, "--force", ranks=2).returncode == 0
    assert h5py.is_hdf5(tmp_path / "a.ranks.h5")


def test_without_a_results_file_there_is_nothing_beside(tmp_path):
    refused("collective", "all_reduce", "-b", "1K", "-e", "1K", "--per-rank", says=["--per-rank", "-O"])


def test_a_disk_that_is_too_small_says_so_before_anything_is_measured(tmp_path):
    path = run_file(tmp_path, RUN.format(samples=1000000, mpi="true"))
    result = run("run", path, "-O", tmp_path / "a.h5", ranks=2, timeout=100, preexec_fn=small_files)
    assert result.returncode == 3, result.stderr
    assert "cannot take 640 MB for the samples of all ranks" in result.stderr
    assert not (tmp_path / "a.ranks.h5.partial").exists()


def small_files():
    """As a disk with 100 MB left: no file grows beyond."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000_000, 100_000_000))


def test_the_loader_says_what_is_missing(tmp_path):
    out = tmp_path / "a.h5"
    assert run("collective", "all_gather", "-b", "1K", "-e", "2K", "-n", "3", "-O", out, *MODEL, ranks=2).returncode == 0
    code = f"import sys; sys.path.insert(0, {str(SOURCE / 'scripts')!r}); import results; results.rank_samples({str(out)!r})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.returncode == 2 and "--per-rank" in said.stderr
