"""rainier matmul-distributed: what is measured is right, what is predicted keeps to its bound, and both
say what they cannot do."""
import json

import pytest

from program import refused, rows, run

SMALL = ["-m", "150", "-n", "130", "-k", "170", "--iters", "2", "-w", "1"]
LARGE = ["--system", "rainier", "-m", "1048576", "-n", "131072", "-k", "131072", "-d", "bf16"]


def changed(arguments, change):
    """An option may be given once."""
    keep = list(arguments)
    if change[0] in keep:
        at = keep.index(change[0])
        del keep[at:at + 2]
    return keep + change


def entries(*arguments, **options):
    result = run("matmul-distributed", *arguments, "--json", **options)
    assert result.returncode == 0, result.stderr
    return {entry["algorithm"]: entry for entry in json.loads(result.stdout)}


@pytest.mark.parametrize("ranks, algorithms", [
    (2, ["allgather", "reducescatter", "summa"]),
    (4, ["allgather", "reducescatter", "summa", "cannon", "2.5d"]),
])
def test_all_that_run_on_so_many_ranks_are_measured_and_right(ranks, algorithms):
    out = entries(*SMALL, ranks=ranks)
    assert list(out) == algorithms
    for entry in out.values():
        measured = entry["measured"]
        assert measured["wrong"] == 0 and measured["checked"] == 150 * 130
        assert len(measured["samples_s"]) == 2 and measured["time_s"] > 0
        assert measured["moved_bytes"] <= entry["wire_bytes"]
        assert entry["predicted"]["time_s"] > 0


def test_layers_are_measured_and_a_person_reads_the_same():
    result = run("matmul-distributed", *SMALL, "--algorithm", "2.5d", "--grid", "2x2x2", ranks=8)
    assert result.returncode == 0, result.stderr
    (row,) = rows(result.stdout)
    assert row[:3] == ["2.5d", "2x2x2", "1"]
    assert "150" in result.stdout and "%model" in result.stdout


def test_predicted_over_all_chips():
    """2 m n k / (P roof), roof 629.1 TFLOP/s of Trainium2."""
    out = entries(*LARGE, "--algorithm", "allgather,reducescatter,summa,2.5d")
    assert list(out) == ["allgather", "reducescatter", "summa", "2.5d"]
    assert out["allgather"]["grid"] == "8192x64"
    for entry in out.values():
        p = entry["predicted"]
        assert p["compute_bound_s"] == pytest.approx(2 ** 55 / (2 ** 19 * 629.1e12), rel=1e-3)
        assert p["time_s"] >= max(p["compute_bound_s"], p["wire_bound_s"])
        assert p["compute_s"] <= p["time_s"] <= p["compute_s"] + p["moving_s"] * (1 + 1e-12)
        assert p["exposed_s"] == pytest.approx(p["time_s"] - p["compute_s"])
        assert 0 < p["share_of_peak"] < 1


def test_the_default_grid_is_the_fastest():
    best = entries(*LARGE, "--algorithm", "summa")["summa"]
    for grid in ("256x2048", "512x1024", "1024x512", "64x8192"):
        other = entries(*LARGE, "--algorithm", "summa", "--grid", grid)["summa"]
        assert best["predicted"]["time_s"] <= other["predicted"]["time_s"]


def test_the_table_names_what_binds():
    result = run("matmul-distributed", *LARGE, "--chips", "65536")
    assert result.returncode == 0, result.stderr
    assert {row[0] for row in rows(result.stdout)} == {"allgather", "reducescatter", "summa", "cannon", "2.5d"}
    assert all(row[-1] in ("compute", "links") for row in rows(result.stdout))


@pytest.mark.parametrize("arguments, words", [
    (["--grid", "2x2"], ["2x2 is 4 ranks", "524288"]),
    (["--grid", "4294967296x4294967296x64"], ["rows x columns"]),
    (["--grid", "2by2"], ["2by2", "rows x columns"]),
    (["--algorithm", "cannon"], ["cannon", "524288", "s x s"]),
    (["--algorithm", "cannon", "--grid", "512x1024"], ["as many rows as columns"]),
    (["--algorithm", "strassen"], ["strassen", "allgather, reducescatter, summa, cannon, 2.5d"]),
    (["-m", "0"], ["expected a whole number from 1 to 1000000000, not 0"]),
    (["--machine", "host.toml"], ["--machine"]),
    (["-d", "float7"], ["float7"]),
])
def test_bad_predictions_are_refused(arguments, words):
    refused("matmul-distributed", *changed(LARGE, arguments), says=words)


@pytest.mark.parametrize("arguments, words", [
    (["--grid", "3x3"], ["3x3 is 9 ranks", "2"]),
    (["--algorithm", "cannon"], ["cannon", "2 ranks"]),
    (["-d", "fp8"], ["fp8", "bf16"]),
    (["--chips", "16"], ["--system"]),
])
def test_bad_measurements_are_refused(arguments, words):
    message = run("matmul-distributed", *changed(SMALL, arguments), ranks=2)
    assert message.returncode == 2
    for word in words:
        assert word in message.stderr


def test_measuring_takes_ranks():
    refused("matmul-distributed", *SMALL, says=["mpirun", "--system"])
