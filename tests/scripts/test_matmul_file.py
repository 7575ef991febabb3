"""Matmuls in the results file: raw samples, closed forms, and what the terminal says."""
import json
import os

import h5py
import numpy as np
import pytest

from program import refused, run, run_file

SMALL = ["matmul-distributed", "-m", "96", "-n", "80", "-k", "64", "--iters", "5", "-w", "1"]
LARGE = ["matmul-distributed", "--system", "rainier", "-m", "1048576", "-n", "131072", "-k", "131072", "-d", "bf16"]


def columns(path, name):
    with h5py.File(path) as file:
        assert file.attrs["status"] == "complete"
        return {key: data.asstr()[:] if data.dtype == object and data.ndim == 1 and h5py.check_string_dtype(data.dtype)
                else data[:] for key, data in file[name].items()}


def test_matmuls_that_take_turns_end_in_their_own_rows(tmp_path):
    """Ten benchmarks take turns in two rounds; some 4,000 times the work, on one core, tells whose time is whose."""
    sizes = [16, 256, 17, 257, 18]
    shapes = ", ".join(f"[{n}, {n}, {n}]" for n in sizes)
    job = run_file(tmp_path, f'title = "turns"\n[measure.matmul]\ndatatypes = ["f32"]\nshapes = [{shapes}]\nrepetitions = 3\n')
    core = {min(os.sched_getaffinity(0))}
    result = run("run", job, "-O", tmp_path / "out.h5", preexec_fn=lambda: os.sched_setaffinity(0, core))
    assert result.returncode == 0, result.stderr
    table = columns(tmp_path / "out.h5", "measured/matmul")
    assert table["m"].tolist() == [n for n in sizes for _ in range(2)]
    assert table["kernel"].tolist() == ["blocked", "reference"] * 5
    assert table["samples"].shape == (10, 3) and np.allclose(table["time"], np.median(table["samples"], axis=1))
    for kernel in ("blocked", "reference"):
        time = {n: t for n, k, t in zip(table["m"], table["kernel"], table["time"]) if k == kernel}
        assert max(time[n] for n in (16, 17, 18)) < min(time[n] for n in (256, 257))
    with h5py.File(tmp_path / "out.h5") as file:
        shares = [file["measured/matmul"].attrs[name] for name in ("foreign_cpu_share", "stolen_cpu_share")]
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("section, table", [('[measure.matmul]\nrepetitions = 1', "measured/matmul"),
                                            ('[model.matmul]\nchips = ["trainium3"]', "modelled/matmul")])
@pytest.mark.parametrize("shapes, label", [('[[8, 16, 24]]', ""),
                                            ('[{ label = "cube", m = 8, n = 16, k = 24 }]', "cube")])
def test_shapes_are_lists_or_tables_with_a_label(tmp_path, section, table, shapes, label):
    job = run_file(tmp_path, f'title = "t"\n{section}\ndatatypes = ["bf16"]\nshapes = {shapes}\n')
    result = run("run", job, "-O", tmp_path / "out.h5")
    assert result.returncode == 0, result.stderr
    rows = columns(tmp_path / "out.h5", table)
    assert set(zip(rows["label"], rows["m"], rows["n"], rows["k"])) == {(label, 8, 16, 24)}


@pytest.mark.parametrize("shapes", ["[[8, 16]]", "[[8, 16, 0]]", "[8, 16, 24]", "[{ m = 8, n = 16 }]", "[[8, 16, 24], { m = 8, n = 8, k = 8 }]"])
def test_other_shapes_are_refused(tmp_path, shapes):
    for section in ('[measure.matmul]', '[model.matmul]\nchips = ["trainium3"]'):
        job = run_file(tmp_path, f'title = "t"\n{section}\ndatatypes = ["bf16"]\nshapes = {shapes}\n')
        assert "run.toml" in refused("run", job, "-O", tmp_path / "out.h5")


def test_measured_rows_are_medians_of_their_samples(tmp_path):
    out = tmp_path / "out.h5"
    result = run(*SMALL, "--json", "-O", out, ranks=4)
    assert result.returncode == 0, result.stderr
    said = json.loads(result.stdout)
    table = columns(out, "measured/distributed_matmul")
    assert table["algorithm"].tolist() == [entry["algorithm"] for entry in said]
    for i, entry in enumerate(said):
        samples = np.asarray(table["samples"][i])
        assert samples.tolist() == entry["measured"]["samples_s"] and len(samples) == 5
        assert table["time"][i] == pytest.approx(np.median(samples))
        assert table["time_min"][i] == samples.min()
        assert table["rate"][i] == pytest.approx(2 * 96 * 80 * 64 / (4 * np.median(samples)))
        assert (table["checked"][i], table["wrong"][i]) == (96 * 80, 0)
        assert table["bytes"][i] <= table["closed_form_bytes"][i]
    # Cannon on 2 x 2 in f32: A and B take one more step each from a neighbour, blocks of 48 x 32 and 32 x 40,
    # after both were lined up.
    cannon = table["algorithm"].tolist().index("cannon")
    assert table["closed_form_bytes"][cannon] == 4 * 2 * (48 * 32 + 32 * 40)


def test_predicted_rows_are_what_the_terminal_says(tmp_path):
    out = tmp_path / "out.h5"
    result = run(*LARGE, "--algorithm", "summa,2.5d", "--json", "-O", out)
    assert result.returncode == 0, result.stderr
    table = columns(out, "modelled/distributed_matmul")
    for i, entry in enumerate(json.loads(result.stdout)):
        predicted = entry["predicted"]
        assert (table["algorithm"][i], table["grid"][i]) == (entry["algorithm"], entry["grid"])
        assert table["time"][i] == predicted["time_s"]
        assert table["bound"][i] == max(predicted["compute_bound_s"], predicted["wire_bound_s"])
        assert table["evidence"][i] in ("published", "derived", "assumed")


def test_earlier_results_stay(tmp_path):
    out = tmp_path / "out.h5"
    assert run(*SMALL, "-O", out, ranks=2).returncode == 0
    before = out.read_bytes()
    refused(*SMALL, "-O", out, ranks=2, code=3, says=["exists"])
    refused(*LARGE, "-O", out, code=3, says=["exists"])
    assert out.read_bytes() == before
    assert run(*SMALL, "-O", out, "--force", ranks=2).returncode == 0
