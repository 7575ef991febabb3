"""A run: its file, its results, what ends it early, the same bytes everywhere."""
import os
import signal
import subprocess
import time

import h5py
import pytest

from program import MEASURED, MODELLED, RAINIER, patient, refused, run, run_file


@pytest.mark.parametrize("old, new, says", [
    ('systems =', 'sistems =', ["run.toml:4:", "did you mean 'systems'"]),
    ('[model.matmul]', '[modle.matmul]', ["run.toml:", "modle"]),
    ('end = "1G"', 'end = "1"', ["run.toml:", "below"]),
    ('end = "1G"', 'end = 5', ["run.toml:8:"]),
    ('"rainier"]', '"rainer"]', ["run.toml:4:", "did you mean 'rainier'"]),
    ('"all_to_all"', '"alltoal"', ["run.toml:5:"]),
    ('chips = [16, 64]', 'chips = [17]', ["run.toml:6:", "17"]),
    ('m = 4096', 'm = -4', ["run.toml:", "at least 1"]),
    ('m = 4096', 'm = 1000000000000', ["run.toml:", "at most 1000000000"]),
    ('datatypes = ["bf16"]', 'datatypes = ["i32"]', ["run.toml:13:", "i32"]),
    ('title = "modelled only"', 'title = ', ["run.toml:2:"]),
])
def test_bad_run_file_names_file_and_line(tmp_path, old, new, says):
    path = run_file(tmp_path, MODELLED.replace(old, new, 1))
    refused("run", path, "--output", tmp_path / "out.h5", says=says)
    assert not list(tmp_path.glob("out.h5*"))


def test_a_config_error_under_mpirun_is_said_once(tmp_path):
    result = run("run", run_file(tmp_path, MODELLED.replace("systems", "sistems")), ranks=3)
    assert result.returncode == 2
    assert result.stderr.count("did you mean") == 1


def test_results_that_cannot_be_read(tmp_path):
    good = tmp_path / "good.h5"
    assert run("run", run_file(tmp_path, MODELLED), "--output", good).returncode == 0
    for name, content, says in (("absent", None, "absent"), ("text", b"hello", "text"),
                                ("cut", good.read_bytes()[:5000], "cut")):
        path = tmp_path / f"{name}.h5"
        if content is not None:
            path.write_bytes(content)
        refused("compare", path, code=3, says=[says])
    refused("compare", good, "--baseline", "trainium22", says=["did you mean 'trainium2'"])


def test_earlier_results_are_not_overwritten(tmp_path):
    path, out = run_file(tmp_path, MODELLED), tmp_path / "out.h5"
    assert run("run", path, "--output", out).returncode == 0
    before = out.read_bytes()
    refused("run", path, "--output", out, code=3, says=["out.h5"])
    assert out.read_bytes() == before
    assert run("run", path, "--output", out, "--force").returncode == 0


def test_results_take_no_folders_place(tmp_path):
    refused("run", run_file(tmp_path, MODELLED), "--output", tmp_path, "--force", code=3, says=["is no file"])
    assert not list(tmp_path.parent.glob("*.partial"))


def test_a_full_disk_ends_with_one_message_and_no_file_that_looks_complete(tmp_path):
    # a limit on file size is the full disk that needs no root
    script = f"trap '' XFSZ; ulimit -f 16; exec {RAINIER} run {run_file(tmp_path, MODELLED)} --output {tmp_path}/out.h5"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert result.returncode == 3, result.stderr
    assert len([l for l in result.stderr.splitlines() if l.startswith("rainier: ")]) == 1
    assert not (tmp_path / "out.h5").exists()


def test_a_full_disk_on_one_of_two_ranks_ends_both(tmp_path):
    script = f"trap '' XFSZ; ulimit -f 16; exec {RAINIER} run {run_file(tmp_path, MODELLED)} --output {tmp_path}/out.h5"
    result = subprocess.run(["mpirun", "-np", "2", "bash", "-c", script], capture_output=True,
                            text=True, timeout=60)
    assert result.returncode == 3, result.stderr


def test_a_rank_that_dies_ends_the_others_and_keeps_the_finished_points(tmp_path):
    # Long enough to be caught alive, each point short enough for slow builds to finish two.
    text = MEASURED.format(samples=4000).replace('"64K"', '"1M"').replace("factor = 4", "factor = 2")
    path = run_file(tmp_path, text)
    out = tmp_path / "out.h5"
    with subprocess.Popen(["mpirun", "-np", "2", str(RAINIER), "run", str(path), "--output", str(out)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=patient()) as job:
        partial = tmp_path / "out.h5.partial"
        for _ in range(600):
            time.sleep(0.1)
            if partial.exists() and points(partial) >= 2:
                break
        victims = subprocess.run(["pgrep", "-f", f"^{RAINIER} run {path}"], capture_output=True,
                                 text=True).stdout.split()
        assert len(victims) == 2
        os.kill(int(victims[1]), signal.SIGKILL)
        job.communicate(timeout=30)
        assert job.returncode != 0
    assert not out.exists()
    assert points(partial) >= 2
    with h5py.File(partial) as file:
        assert file.attrs["status"] in ("running", "failed")


def points(path):
    try:
        with h5py.File(path, "r", locking=False) as file:
            return len(file["measured/collective/time"])
    except (OSError, KeyError, TypeError):
        return 0


def test_modelled_results_are_the_same_bytes_on_any_number_of_ranks_and_threads(tmp_path):
    path = run_file(tmp_path, MODELLED)
    images = set()
    for ranks, threads in ((None, 1), (1, 2), (2, 1), (4, 2)):
        out = tmp_path / f"{ranks}-{threads}.h5"
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        result = run("run", path, "--output", out, ranks=ranks, env=environment)
        assert result.returncode == 0, result.stderr
        images.add(out.read_bytes())
    assert len(images) == 1


def datasets(group):
    found = {}
    group.visititems(lambda name, node: found.update({name: (node[()].tobytes() if node.dtype != object
                                                            else tuple(node.asstr()[:]))})
                     if isinstance(node, h5py.Dataset) else None)
    return found


def test_modelled_parts_beside_measurements_are_the_same_too(tmp_path):
    path = run_file(tmp_path, MODELLED + MEASURED.format(samples=2))
    parts = []
    for ranks in (1, 2, 4):
        out = tmp_path / f"{ranks}.h5"
        assert run("run", path, "--output", out, ranks=ranks).returncode == 0
        with h5py.File(out) as file:
            parts.append((datasets(file["modelled"]), datasets(file["systems"])))
            assert ("measured/collective" in file) == (ranks > 1)
    assert parts[0] == parts[1] == parts[2]
