"""Goodput in the results file: against numpy on the runs that are kept, Daly's formula, a second run with
another figure, and what the terminal says."""
import json
import os
import subprocess

import h5py
import numpy as np
import pytest

from program import RAINIER, refused, run

LLAMA = ["goodput", "--chips", "16384", "--days", "54"]
REPLICA = ["goodput", "--days", "2", "--runs", "50", "--recovery", "replica", "--replica", "1024", "--regroup", "10 s"]
TIMES = [f"{part}_time" for part in
         ("useful", "straggler", "checkpoint", "lost", "recovery", "regroup", "waiting")]


def recorded(path, *arguments, **options):
    """The row of the job, and the columns of its levers and runs."""
    result = run(*arguments, "-O", path, **options)
    assert result.returncode == 0, result.stderr
    assert f"results: {path}" in result.stderr
    with h5py.File(path) as file:
        assert file.attrs["status"] == "complete" and "provenance" not in file
        job, levers, runs = (
            {name: data.asstr()[:] if data.dtype == object else data[:]
             for name, data in file["modelled/" + table].items()}
            for table in ("goodput", "goodput_lever", "goodput_run"))
    assert len(job["chips"]) == 1
    return {name: column[0] for name, column in job.items()}, levers, runs


def close(value, expected):
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("flags", [
    LLAMA, [*LLAMA, "--asynchronous", "--shape", "0.7", "--runs", "101"], [*LLAMA, "--spares", "0", "--runs", "2"],
    [*LLAMA, "--step", "5 s", "--noise", "exponential:10 ms", "--runs", "1"], REPLICA,
    [*REPLICA, "--spares", "40", "--repair", "24 h"]])
def test_mean_quantiles_and_times_are_those_of_the_runs(tmp_path, flags):
    job, _, runs = recorded(tmp_path / "out.h5", *flags)
    goodput = runs["goodput"]
    assert len(goodput) == job["runs"] and runs["run"].tolist() == list(range(job["runs"]))
    assert set(runs["row"]) == {0}
    for name, q in (("goodput_q05", 0.05), ("goodput_q50", 0.5), ("goodput_q95", 0.95)):
        close(job[name], np.quantile(goodput, q))
    close(job["goodput"], goodput.mean())
    close(job["interruptions"], runs["interruptions"].mean())
    for time in TIMES:
        close(job[time], runs[time].mean())
    close(sum(runs[time] for time in TIMES), np.full(len(goodput), job["duration"]))
    close(goodput, runs["useful_time"] / job["duration"])


def test_the_file_says_what_the_terminal_says(tmp_path):
    out = tmp_path / "out.h5"
    result = run(*LLAMA, "--json", "-O", out)
    said = json.loads(result.stdout)
    with h5py.File(out) as file:
        job, levers = file["modelled/goodput"], file["modelled/goodput_lever"]
        for column, value in (("goodput", said["goodput"]["mean"]), ("goodput_q05", said["goodput"]["q05"]),
                              ("goodput_q95", said["goodput"]["q95"]), ("interval", said["interval_s"]),
                              ("closed_form", said["goodput"]["closed_form"]), ("spares", said["spares"]),
                              ("mtbf", said["mean_time_between_failures_s"]), ("unit", said["unit_chips"])):
            assert job[column][0] == value, column
        assert [list(row) for row in zip(levers["figure"].asstr()[:], levers["half"][:], levers["twice"][:])] == [
            [lever["figure"], lever["half"], lever["twice"]] for lever in said["levers"]]


def test_the_closed_form_is_dalys(tmp_path):
    """tau / (M e^(R/M) (e^((tau + d)/M) - 1)), at the interval where (1 - x) e^(x + d/M) = 1; no waits for spares."""
    job, _, _ = recorded(tmp_path / "out.h5", *LLAMA, "--spares", "unlimited")
    mean = 54 * 86400 / 419  # as Meta counted
    close(job["mtbf"], mean)
    assert job["spares"] == -1 and job["replica"] == -1 and np.isnan(job["regrouping"])
    down, save, tau = job["detection"] + job["restart"] + job["reload"], job["saving"], job["interval"]
    assert (down, save, job["best_interval"]) == (600, 30, 1)
    close(job["closed_form"], tau / (mean * np.exp(down / mean) * np.expm1((tau + save) / mean)))
    close((1 - tau / mean) * np.exp((tau + save) / mean), 1)
    assert job["closed_form"] == pytest.approx(job["goodput"], abs=0.002)


@pytest.mark.parametrize("figure, flags, half, evidence", [
    ("failure rate", ["--rate", "2e-5"], ["--rate", "1e-5"], "assumed"),
    ("failure rate", [], ["--mtbf", f"{2 * 54 * 86400 / 419!r} s"], "derived"),
    ("restart", [], ["--restart", "240 s"], "derived"),
    ("detection", [], ["--detect", "30 s"], "assumed"),
    ("cost of a checkpoint", [], ["--checkpoint-cost", "15 s"], "assumed"),
])
def test_a_lever_is_what_a_run_with_another_figure_gives(tmp_path, figure, flags, half, evidence):
    fixed = [*LLAMA, "--spares", "unlimited", "--runs", "2"]
    job, levers, _ = recorded(tmp_path / "out.h5", *fixed, *flags)
    other, _, _ = recorded(tmp_path / "half.h5", *fixed, *half)
    at = levers["figure"].tolist().index(figure)
    assert levers["half"][at] == pytest.approx(other["closed_form"] - job["closed_form"], abs=1e-9)
    assert levers["evidence"][at] == evidence


@pytest.mark.parametrize("status, evidence", [("published", "derived"), ("derived", "derived"), ("assumed", "assumed")])
def test_evidence_is_the_weakest_behind_the_largest_loss(tmp_path, status, evidence):
    """20 h of restart are what most is lost to. What a checkpoint costs is assumed, and does not count; the
    rate, a count over an exposure, is derived."""
    def figure(value, origin):
        return f'{{ value = {value}, status = "{origin}", source = "a test" }}'

    loss = {"detection": '"60 s"', "restart": '"20 h"', "reload": '"60 s"'}
    rest = {"regrouping": '"60 s"', "checkpoint": '"30 s"', "snapshot": '"2 s"', "repair": '"8 h"'}
    text = f'title = "a test"\nexposure = {figure(884736, "published")}\n'
    for key, time in {**loss, **rest}.items():
        text += f"{key} = {figure(time, 'assumed' if key in rest else status if key == 'reload' else 'published')}\n"
    text += f'[[class]]\nname = "all"\ncount = {figure(419, "published")}\nreplaced = false\n'
    (tmp_path / "own.toml").write_text(text)
    job, levers, _ = recorded(tmp_path / "out.h5", *LLAMA, "--failures", tmp_path / "own.toml", "--runs", "20")
    assert job["recovery_time"] > job["duration"] / 2
    assert job["evidence"] == evidence
    assert dict(zip(levers["figure"], levers["evidence"]))["restart"] == "published"


def test_figures_and_the_file_of_failures_are_kept(tmp_path):
    out = tmp_path / "out.h5"
    job, _, _ = recorded(out, *LLAMA, "--detect", "2 min", "--set", "z.bandwidth=128 GB/s", "--runs", "2")
    with h5py.File(out) as file:
        table = {name: data.asstr()[:] if data.dtype == object else data[:]
                 for name, data in file["systems/figures"].items()}
        at = {key: i for i, key in enumerate(table["key"])}
        for key, value, units, status in (
                ("rate", 419 / (884736 * 86400), "s-1", "derived"), ("detection", 120, "s", "assumed"),
                ("restart", 480, "s", "derived"), ("repair", 28800, "s", "assumed")):
            row = at["failures." + key]
            assert table["value"][row] == pytest.approx(value) and table["units"][row] == units
            assert table["status"][row] == status and table["source"][row]
        assert table["source"][at["failures.detection"]] == "set on the command line"
        assert "memory.bandwidth" in at
        assert "[[class]]" in file["inputs/failures/llama3.toml"].asstr()[()]
        assert file["inputs/overrides"].asstr()[()] == "z.bandwidth=128 GB/s\n"
    assert (job["failures"], job["detection"], job["seed"]) == ("llama3", 120, 1)


def test_any_number_of_ranks_and_threads_leaves_the_same_bytes(tmp_path):
    images = set()
    for ranks, threads in ((None, 1), (1, 2), (2, 1), (4, 2)):
        out = tmp_path / f"{ranks}-{threads}.h5"
        recorded(out, *LLAMA, "--runs", "70", ranks=ranks, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
        images.add(out.read_bytes())
    assert len(images) == 1


def test_many_runs_are_kept_in_order(tmp_path):
    """More than are written together; a part of the same seed is the same runs."""
    few = [*LLAMA[:-1], "1", "--runs", "70000"]
    _, _, runs = recorded(tmp_path / "many.h5", *few)
    _, _, first = recorded(tmp_path / "few.h5", *few[:-1], "5")
    assert runs["run"].tolist() == list(range(70000))
    assert runs["goodput"][:5].tolist() == first["goodput"].tolist()


@pytest.mark.parametrize("ranks", [None, 2])
def test_earlier_results_are_refused_before_the_runs_are_made(tmp_path, ranks):
    out = tmp_path / "out.h5"
    recorded(out, *LLAMA, "--runs", "2")
    before = out.read_bytes()
    long = [*LLAMA[:-1], "540", "--runs", "1000000"]  # minutes, that are not spent
    result = run(*long, "-O", out, ranks=ranks, timeout=20)
    assert result.returncode == 3 and result.stdout == ""
    assert [line for line in result.stderr.splitlines() if line.startswith("rainier: ")] == [
        f"rainier: {out} exists; choose another name, or overwrite it with --force"]
    assert out.read_bytes() == before
    recorded(out, *LLAMA, "--runs", "3", "--force")
    assert out.read_bytes() != before


def test_a_path_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    refused(*LLAMA, "--runs", "2", "-O", tmp_path / "file" / "out.h5", code=3, says=["file", "folder"])
    refused(*LLAMA, "--runs", "2", "-O", "/proc/out.h5", code=3, says=["/proc/out.h5"])


@pytest.mark.parametrize("blocks", [16, 600])
def test_a_full_disk_is_one_error_and_no_file_that_looks_complete(tmp_path, blocks):
    """At the figures of the system, and at the runs."""
    out = tmp_path / "out.h5"
    script = f"trap '' XFSZ; ulimit -f {blocks}; exec {RAINIER} {' '.join(LLAMA)} --runs 20000 -O {out}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert result.returncode == 3, result.stderr
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("rainier: ")]
    assert f"{out}.partial: cannot write: File too large" in error
    assert not out.exists()
    if blocks > 16:
        with h5py.File(f"{out}.partial") as file:
            assert file.attrs["status"] in ("running", "failed")
            assert file["modelled/goodput"].attrs["points"] == 0
            assert file["systems/figures"].attrs["points"] == len(file["systems/figures/key"]) > 0
