"""The sweep over configurations of MPI: what it takes for the best, and a real run of two sizes."""
import subprocess
import sys

import pytest

from program import RAINIER, SOURCE

sys.path.insert(0, str(SOURCE / "scripts"))
import baseline_sweep  # noqa: E402


def test_the_best_configuration_has_the_lowest_ratio_not_the_lowest_time():
    quiet = {(8, 0, "ours"): 1.0, (8, 0, "mpi"): 3.0, (64, 0, "ours"): 2.0, (64, 0, "mpi"): 4.0}
    busy = {(8, 0, "ours"): 10.0, (8, 0, "mpi"): 20.0, (64, 0, "ours"): 10.0, (64, 0, "mpi"): 50.0}
    best = baseline_sweep.best_of({"quiet": quiet, "busy": busy})
    assert best == {(8, 0): (2.0, "busy", 10.0, 20.0), (64, 0): (2.0, "quiet", 2.0, 4.0)}


def test_geometric_mean():
    assert baseline_sweep.geometric_mean([1, 4, 16]) == pytest.approx(4)


def test_a_sweep_runs():
    result = subprocess.run([sys.executable, str(SOURCE / "scripts/baseline_sweep.py"), "--rainier",
                             str(RAINIER), "--only", "no mmap", "all_reduce", "-b", "64", "-e", "128",
                             "-n", "2"], capture_output=True, text=True, timeout=200)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["# as it comes", "# no mmap"]
    table = [line.split() for line in lines if not line.startswith("#")]
    assert [(row[0], row[1]) for row in table] == [("64", "no"), ("64", "yes"), ("128", "no"), ("128", "yes")]
    assert "best configuration" in lines[-1]
