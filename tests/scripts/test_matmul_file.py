"""Distributed matmuls in the results file: raw samples, closed forms, and what the terminal says."""
import json

import h5py
import numpy as np
import pytest

from program import refused, run

SMALL = ["matmul-distributed", "-m", "96", "-n", "80", "-k", "64", "--iters", "5", "-w", "1"]
LARGE = ["matmul-distributed", "--system", "rainier", "-m", "1048576", "-n", "131072", "-k", "131072", "-d", "bf16"]


def columns(path, name):
    with h5py.File(path) as file:
        assert file.attrs["status"] == "complete"
        return {key: data.asstr()[:] if data.dtype == object and data.ndim == 1 and h5py.check_string_dtype(data.dtype)
                else data[:] for key, data in file[name].items()}


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
