"""What the program measures under MPI, as a user meets it: tables, verdicts, bad requests."""
import os
import re
import subprocess

import pytest

from program import MODEL, RAINIER, patient, refused, rows, run


def test_measured_table_has_model_beside_every_size():
    result = run("collective", "all_reduce", "-b", "1K", "-e", "64K", "-f", "4", "-n", "3", ranks=2)
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert [int(r[0]) for r in table] == [1024, 4096, 16384, 65536]
    for row in table:
        assert row[7] == "0" and row[11] == "0"  # wrong elements
        assert float(row[12]) > 0 and row[13].endswith("%")


def test_ours_and_mpis_own_call_stand_side_by_side():
    result = run("collective", "all_reduce", "-b", "1K", "-e", "64K", "-f", "8", "-n", "5", "--against-mpi",
                 *MODEL, ranks=2)
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert [int(r[0]) for r in table] == [1024, 8192, 65536]
    for row in table:
        assert row[6] == row[15] == "0"  # wrong elements
        ratio, low, high = float(row[8]), float(row[9]), float(row[11])
        assert low <= ratio <= high
        if 1 not in (low, high):  # rounded
            assert row[12] == ("faster" if low > 1 else "slower" if high < 1 else "tie")
    assert re.search(r"# [\d.]+ times as fast as MPI in the geometric mean", result.stdout)
    assert re.search(r"# a cache line takes [\d.]+ [nu]s from core to core before", result.stdout)


@pytest.mark.parametrize("extra", [("--lowering", "host"), ("--lowering", "messages"),
                                   ("--buffers", "symmetric")])
def test_every_lowering_and_odd_sizes_are_right(extra):
    result = run("collective", "all_reduce", "-b", "1K", "-e", "2K", "-n", "2", "--odd", *extra, *MODEL, ranks=2)
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert [int(r[0]) for r in table] == [1024, 1028, 1536, 2044, 2048, 2052, 3072]
    assert all(row[7] == row[11] == "0" for row in table)


def test_several_hosts_use_shared_memory_and_messages(tmp_path, monkeypatch):
    monkeypatch.setenv("RAINIER_RANKS_PER_HOST", "2")
    host = tmp_path / "host.toml"
    assert run("fit", "-e", "64K", "-O", host, ranks=4).returncode == 0
    for model in ([], ["--machine", host]):
        result = run("collective", "all_reduce", "-b", "1K", "-e", "1K", "-n", "2", "--odd", "--lowering", "mixed",
                     "--algorithm", "ring(ranks)+ring(hosts)", *model, ranks=4)
        assert result.returncode == 0, result.stderr
        table = rows(result.stdout)
        assert [int(r[0]) for r in table] == [1024, 1028, 1536]
        assert all(row[7] == row[11] == "0" for row in table)
        assert result.stdout.count("ring(ranks)+ring(hosts) by shared memory and messages\n") == 3
    result = run("collective", "all_reduce", "-b", "1K", "-e", "1K", "-n", "2", ranks=4)
    assert result.returncode == 0, result.stderr
    assert "# model of shared memory and messages" in result.stdout and "# model of messages" in result.stdout
    refused("collective", "all_reduce", "--lowering", "host", ranks=4, says=["use --lowering mixed"])


def test_a_copy_is_measured_beside():
    result = run("collective", "all_reduce", "-b", "64K", "-e", "64K", "-n", "3", "--against-copy", *MODEL, ranks=2)
    assert result.returncode == 0, result.stderr
    row = rows(result.stdout)[0]
    assert row[6] == "0" and "MPI" not in result.stdout
    assert 0.1 < float(row[7]) / float(row[4]) / float(row[8]) < 10  # copy / ours, and their ratio
    assert "as fast as the copy in the geometric mean" in result.stdout


def test_collectives_with_a_root_are_measured():
    for collective in ("broadcast", "reduce", "gather", "scatter"):
        result = run("collective", collective, "-b", "3K", "-e", "3K", "-n", "2", *MODEL, ranks=3)
        assert result.returncode == 0, result.stderr
        assert rows(result.stdout)[0][7] == "0"


THROTTLED = """
"$0" health --seconds 0.5 &
child=$!
if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
  while kill -STOP $child 2> /dev/null; do sleep 0.1; kill -CONT $child; sleep 0.01; done
fi
wait $child
"""


def test_a_throttled_rank_is_named():
    for _ in range(3):  # other work on this machine slows the other rank down
        result = subprocess.run(["mpirun", "-np", "2", "bash", "-c", THROTTLED, str(RAINIER)],
                                capture_output=True, text=True, timeout=120)
        if re.search(r"^ +1 .* slow$", result.stdout, re.M):
            break
    else:
        pytest.fail(result.stdout)
    assert "rank 1 on " in result.stderr and "rank 0 on " not in result.stderr


def test_health_compares_ranks():
    result = run("health", "--seconds", "0.1", "--threshold", "0.01", "--per-rank", ranks=2)
    assert result.returncode == 0, result.stderr
    assert len(re.findall(r" good$", result.stdout, re.M)) == 3  # two ranks, one link
    assert "# nobody is slow" in result.stdout
    refused("health", says=["mpirun -np 2"])


def test_health_says_what_others_took():
    others = [subprocess.Popen(["bash", "-c", "while :; do :; done"]) for _ in range(os.cpu_count())]
    try:
        result = run("health", "--seconds", "0.5", "--threshold", "0", "--per-rank", ranks=2)
    finally:
        for other in others:
            other.kill()
    assert result.returncode == 0, result.stderr
    taken = [int(row) for row in re.findall(r"^ +\d .*\) +(\d+) %  good$", result.stdout, re.M)]
    # one on each core: half of two cores, more of more, but for what the ranks themselves took
    assert len(taken) == 2 and 20 < min(taken) and max(taken) < 98, result.stdout


def test_guidelines_are_checked_for_both():
    result = run("guidelines", "-b", "1K", "-e", "4K", "-f", "4", "-n", "5", ranks=2)
    assert result.returncode == 0, result.stderr
    summary = re.search(r"# of 25 checks each: rainier breaks (\d+), MPI (\d+)", result.stdout)
    for who, count in zip(("rainier", "MPI"), summary.groups()):
        assert len(re.findall(rf"^ +\d+  {who} ", result.stdout, re.M)) == int(count)
    refused("guidelines", says=["mpirun -np 2"])


def test_demands_give_a_verdict():
    arguments = ["collective", "all_reduce", "-b", "1K", "-e", "4K", "-n", "2", "--size-range", "1K:2K",
                 *MODEL]
    assert run(*arguments, "--min-busbw", "1e-9", ranks=2).returncode == 0
    failed = run(*arguments, "--min-busbw", "1e9", ranks=2, env=patient())  # the verdict is still on its way
    assert failed.returncode == 1
    assert "1024 B" in failed.stderr and "2048 B" in failed.stderr and "4096 B" not in failed.stderr
    assert failed.stderr.count("rainier:") == 1 and "ABORT" not in failed.stderr
    assert [int(r[0]) for r in rows(failed.stdout)] == [1024, 2048, 4096]  # nothing is lost
    assert run(*arguments, "--min-percent-of-model", "1e6", ranks=2).returncode == 1


@pytest.mark.parametrize("extra, says", [
    (["--lowering", "hots"], ["did you mean 'host'"]),
    (["--lowering", "mixed"], ["use --lowering host"]),
    (["--buffers", "symmetric", "--lowering", "messages"], ["--lowering host"]),
    (["--buffers", "symmetric", "--algorithm", "ring"], ["direct"]),
    (["--against-mpi", "-d", "bf16"], ["bf16"]),
    (["--against-copy", "--against-mpi"], ["--against-copy", "table"]),
    (["--against-copy", "-O", "copied.h5"], ["--against-copy", "table"]),
    (["--size-range", "1M"], ["FROM:TO"]),
    (["--min-busbw", "1e-9", "--size-range", "1M:2M"], ["none of the sizes"]),
    (["--set", "ranks.bandwidth=1 GB/s"], ["--set", "--machine"]),
])
def test_bad_request_to_measure(extra, says):
    refused("collective", "all_reduce", "-b", "1K", "-e", "1K", *extra, ranks=2, says=says)


def test_fit_writes_a_machine_that_predicts_and_stands_beside_measurements(tmp_path):
    host = tmp_path / "host.toml"
    assert run("fit", "-O", host, ranks=2).returncode == 0
    assert run("show", host).returncode == 0
    point = ["collective", "all_reduce", "--algorithm", "ring", "-b", "4K", "-e", "4K"]
    predicted = run(*point, "--system", host)
    measured = run(*point, "--machine", host, "-n", "3", ranks=2)
    assert float(rows(predicted.stdout)[0][4]) == float(rows(measured.stdout)[0][12])
