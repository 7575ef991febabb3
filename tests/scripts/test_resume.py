"""rainier run --resume: whatever a kill has left is kept to the byte, nothing is measured twice, and the end
is as complete as a run that nobody stopped."""
import fcntl
import os
import pathlib
import random
import signal
import subprocess
import time

import h5py
import numpy as np
import pytest

from program import RAINIER, patient, run

RUN = """
title = "small"
[measure.collective]
collectives = ["all_reduce", "all_gather"]
begin = "1K"
end = "256K"
factor = 4
datatype = "f32"
algorithm = "auto"
warmup = 1
samples = 10
against_mpi = true
[measure.matmul]
datatypes = ["f32"]
shapes = [[64, 64, 64], [96, 96, 96]]
repetitions = 2
[model.collective]
systems = ["rainier", "trn2-ultraserver"]
collectives = ["all_reduce"]
chips = [64]
begin = "1M"
end = "1G"
factor = 4
datatype = "bf16"
[model.matmul]
chips = ["trainium2"]
datatypes = ["bf16"]
shapes = [{ label = "a", m = 8192, n = 6144, k = 4096 }]
"""
MODELLED = ("systems/figures", "modelled/collective", "modelled/link_class", "modelled/matmul")


@pytest.fixture(name="job")
def fixture_job(tmp_path):
    (tmp_path / "small.toml").write_text(RUN)
    return tmp_path


@pytest.fixture(scope="module", name="whole")
def fixture_whole(tmp_path_factory):
    """Of a run that nobody stopped: rows by table, and how long it took."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.toml").write_text(RUN)
    begin = time.monotonic()
    assert run("run", folder / "small.toml", "-O", folder / "out.h5", ranks=2).returncode == 0
    took = time.monotonic() - begin
    return tables(folder / "out.h5"), took


def tables(path):
    """Every column, to its `points`."""
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, node: found.update({name: {
            column: node[column][:node.attrs["points"]] for column in node if column != "sample"}})
            if "points" in node.attrs else None)
        return found


def killed(job, after, *flags):
    """A run of which all processes are killed."""
    with subprocess.Popen(["mpirun", "-np", "2", RAINIER, "run", "small.toml", "-O", "out.h5", *flags], cwd=job,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pid in ranks_in(job):  # a rank may outlive its launcher for a moment
        os.kill(pid, signal.SIGKILL)
    while locked(job / "out.h5.partial"):
        time.sleep(0.01)


def locked(path):
    """A process that ends closes its files last."""
    if not path.exists():
        return False
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def ranks_in(folder):
    """Ours that run there."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder and (process / "exe").readlink() == RAINIER:
                found.append(int(process.name))
        except OSError:  # has ended
            continue
    return sorted(found)


def same(left, right):
    if left.dtype.kind == "f":
        return np.array_equal(left, right, equal_nan=True)
    return left.tolist() == right.tolist()


def left(job):
    """Of a run that was cut off; empty where it had not begun."""
    partial = job / "out.h5.partial"
    return tables(partial) if partial.exists() and partial.stat().st_size > 0 else {}


def kept(before, after):
    """Whole points of a collective: out of place, in place, and MPI's both."""
    for name, table in before.items():
        rows = len(table["point"]) // (4 if name == "measured/collective" else 1)
        rows *= 4 if name == "measured/collective" else 1
        for column, values in table.items():
            now = after[name][column][:rows]
            assert same(now[..., :values.shape[-1]] if values.ndim == 2 else now, values[:rows])


def test_ten_kills_at_random_moments(job, whole):
    """Of a run and what goes on with it: nothing is lost, nothing is measured twice."""
    expected, took = whole
    moments = random.Random(time.time_ns())
    before = {}
    cut_off = 0
    for _ in range(10):
        killed(job, moments.uniform(0.3, took), "--resume")
        if (job / "out.h5").exists():  # it was through: begin again
            kept(before, tables(job / "out.h5"))
            (job / "out.h5").unlink()
            before = {}
            continue
        after = left(job)
        kept(before, after)
        before = after
        cut_off += sum(len(table["point"]) for table in before.values()) > 0
    assert cut_off > 0
    result = run("run", job / "small.toml", "-O", job / "out.h5", "--resume", ranks=2)
    assert result.returncode == 0, result.stderr
    after = tables(job / "out.h5")
    kept(before, after)
    for name, table in expected.items():
        assert after[name]["point"].tolist() == table["point"].tolist()
        assert all(len(column) == len(table["point"]) for column in after[name].values())
    for name in MODELLED:
        assert all(same(after[name][column], values) for column, values in expected[name].items())


def stopped(job, whole):
    """Cut off while it measures."""
    for share in (0.6, 0.7, 0.8, 0.5, 0.4):
        for path in job.glob("out.h5*"):
            path.unlink()
        killed(job, whole[1] * share)
        if (job / "out.h5.partial").exists() and "measured/collective" in tables(job / "out.h5.partial"):
            return
    pytest.fail("no kill came in time")


def test_another_run_is_refused_and_harms_nothing(job, whole):
    stopped(job, whole)
    before = (job / "out.h5.partial").read_bytes()
    (job / "small.toml").write_text(RUN.replace("samples = 10", "samples = 11"))
    result = run("run", job / "small.toml", "-O", job / "out.h5", "--resume", ranks=2)
    assert result.returncode == 2 and "another inputs/run.toml" in result.stderr
    (job / "small.toml").write_text(RUN)
    result = run("run", job / "small.toml", "-O", job / "out.h5", "--resume", ranks=3)
    assert result.returncode == 2 and "2 ranks, not 3" in result.stderr
    assert (job / "out.h5.partial").read_bytes() == before


def test_show_says_what_is_missing(job, whole):
    stopped(job, whole)
    said = run("show", job / "out.h5.partial").stdout
    rows = len(tables(job / "out.h5.partial")["measured/collective"]["point"])
    assert "running" in said.splitlines()[0]
    assert "go on with it: rainier run RUN.toml --resume, as it was started" in said
    if rows < 40:  # five sizes of two collectives, four rows each
        assert f"missing: {40 - rows} of 40 in measured/collective; 4 of 4 in measured/matmul" in said
    assert run("check", job / "out.h5.partial").returncode == 1
    assert run("run", job / "small.toml", "-O", job / "out.h5", "--resume", ranks=2).returncode == 0
    said = run("show", job / "out.h5").stdout
    assert "complete" in said.splitlines()[0] and "missing:" not in said and "all elements right" in said
    assert run("check", job / "out.h5").returncode == 0


def test_show_of_what_cannot_go_on_says_how_to_begin_anew(job, whole):
    stopped(job, whole)
    path = job / "out.h5.partial"
    with h5py.File(path, "r+") as file:
        del file["inputs/command.json"]
        file["inputs/command.json"] = '["collective", "all_reduce"]'
    said = run("show", path).stdout
    assert f"begin anew, on as many ranks: rainier rerun {path}\n" in said and "--resume" not in said


def test_a_rank_that_aborts_leaves_what_can_be_finished(job):
    with subprocess.Popen(["mpirun", "-np", "2", RAINIER, "run", "small.toml", "-O", "out.h5"], cwd=job,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=patient()) as process:
        for line in process.stdout:
            if "all_gather" in line:
                break
        os.kill(ranks_in(job)[-1], signal.SIGABRT)  # Open MPI ends the other
        process.stdout.read()
    assert process.returncode != 0
    before = tables(job / "out.h5.partial")
    assert len(before["measured/collective"]["point"]) > 0
    result = run("run", job / "small.toml", "-O", job / "out.h5", "--resume", ranks=2)
    assert result.returncode == 0 and "going on with" in result.stdout
    after = tables(job / "out.h5")
    rows = len(before["measured/collective"]["point"])
    rows -= rows % 4
    assert same(after["measured/collective"]["time"][:rows], before["measured/collective"]["time"][:rows])


def test_nothing_to_resume_is_a_run_and_a_complete_one_is_left_alone(job):
    assert run("run", job / "small.toml", "-O", job / "out.h5", "--resume").returncode == 0
    content = (job / "out.h5").read_bytes()
    again = run("run", job / "small.toml", "-O", job / "out.h5", "--resume")
    assert again.returncode == 0 and "is complete" in again.stdout
    assert (job / "out.h5").read_bytes() == content


def test_a_file_that_cannot_be_read_is_said_to_begin_anew(job):
    (job / "out.h5.partial").write_text("damaged")
    result = run("run", job / "small.toml", "-O", job / "out.h5", "--resume")
    assert result.returncode == 0 and "out.h5.partial had no points that can be read: the run begins anew" in result.stdout
    assert "begins anew" not in run("run", job / "small.toml", "-O", job / "new.h5", "--resume").stdout
