"""The program as a user meets it: tables, bad input, exit codes, crashes, the same bytes everywhere.

RAINIER_BUILD and RAINIER_SOURCE name the build and the source folder; Open MPI's environment is set
by CTest."""
import os
import pathlib
import re
import signal
import subprocess
import time

import h5py
import pytest

BUILD = pathlib.Path(os.environ["RAINIER_BUILD"])
SOURCE = pathlib.Path(os.environ["RAINIER_SOURCE"])
RAINIER = BUILD / "rainier"

MODELLED = """
title = "modelled only"
[model.collective]
systems = ["trn2-ultraserver", "rainier"]
collectives = ["all_reduce", "all_to_all"]
chips = [16, 64]
begin = "1K"
end = "1G"
factor = 1024
datatype = "bf16"
[model.matmul]
chips = ["trainium2", "trainium3"]
datatypes = ["bf16"]
shapes = [{ label = "cube", m = 4096, n = 4096, k = 4096 }]
"""

MEASURED = """
[measure.collective]
collectives = ["all_reduce"]
begin = "1K"
end = "64K"
factor = 4
datatype = "f32"
samples = {samples}
"""


def run(*arguments, ranks=None, timeout=120, **options):
    command = [str(a) for a in (RAINIER, *arguments)]
    if ranks:
        command = ["mpirun", "-np", str(ranks), *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)


def refused(*arguments, code=2, says=(), **options):
    """Exit code, one message, all of `says` in it, no output."""
    result = run(*arguments, **options)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    ours = [line for line in result.stderr.splitlines() if line.startswith("rainier: ")]
    assert len(ours) == 1, result.stderr
    for text in says:
        assert text in result.stderr
    return result.stderr


def run_file(folder, text):
    path = folder / "run.toml"
    path.write_text(text)
    return path


# --- what a user sees -----------------------------------------------------------------------------

def test_systems_lists_every_shipped_system():
    result = run("systems")
    assert result.returncode == 0
    names = {line.split()[0] for line in result.stdout.splitlines()[1:]}
    assert names == {p.stem for p in (SOURCE / "topology/systems").glob("*.toml")}
    assert re.search(r"^rainier +524288 ", result.stdout, re.M)


def test_show_gives_each_figure_its_origin():
    result = run("show", "rainier")
    assert result.returncode == 0
    for text in ("SemiAnalysis", "published", "derived", "assumed", "bisection", "compute.bf16.roof"):
        assert text in result.stdout, text


def test_every_shipped_system_shows():
    for path in (SOURCE / "topology/systems").glob("*.toml"):
        assert run("show", path.stem).returncode == 0, path


def rows(text):
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def test_collective_at_full_size_prints_time_bound_and_share():
    result = run("collective", "all_reduce", "--system", "rainier", "-b", "1M", "-e", "1G",
                 "--algorithm", "rhd")
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert len(table) == 11
    for row in table:
        time_us, bound_us, share = float(row[4]), float(row[7]), float(row[8].rstrip("%"))
        assert bound_us <= time_us
        assert share == pytest.approx(100 * bound_us / time_us, rel=0.02)


def test_a_clock_for_each_chip_tells_the_prediction_and_who_is_late():
    arguments = ["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-b", "1G",
                 "-e", "1G"]
    calm = run(*arguments)
    assert calm.returncode == 0, calm.stderr
    size, predicted, first, median, p99, last, ratio, *_ = rows(calm.stdout)[0]
    assert predicted == first == median == p99 == last and ratio == "1.000x"
    late = run(*arguments, "--noise", "exponential:1 us", "--slow", "17:1.5", "--seed", "7")
    values = [float(v) for v in rows(late.stdout)[0][1:6]]
    assert values == sorted(values) and values[0] < values[1]
    assert "among the last: chip 17 (x 1, y 0, z 1, pod 0, building 0, site 0)" in late.stdout
    assert run(*arguments, "--noise", "exponential:1 us", "--slow", "17:1.5", "--seed",
               "7").stdout == late.stdout


def test_a_degraded_link_costs_no_more_than_all_of_its_kind():
    def last(*extra):
        out = run("collective", "all_reduce", "--system", "trn2-ultraserver", "--algorithm", "ring",
                  "--reader", "clock", "-b", "1G", "-e", "1G", *extra)
        return float(rows(out.stdout)[0][5])
    whole, one = last(), last("--degrade", "z+@chip=5:0.5")
    every = last("--set", "z.bandwidth=32 GB/s")
    assert whole < one <= every * 1.0001


def test_set_changes_the_answer():
    def time_with(*extra):
        out = run("collective", "all_to_all", "--system", "trn2-ultraserver", "-b", "1G", "-e", "1G",
                  *extra)
        return float(rows(out.stdout)[0][4])
    assert time_with("--set", "z.bandwidth=128 GB/s") < 0.6 * time_with()


def test_measured_table_has_model_beside_every_size():
    result = run("collective", "all_reduce", "-b", "1K", "-e", "64K", "-f", "4", "-n", "3", ranks=2)
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert [int(r[0]) for r in table] == [1024, 4096, 16384, 65536]
    for row in table:
        assert row[7] == "0" and row[11] == "0"  # wrong elements
        assert float(row[12]) > 0 and row[13].endswith("%")


def test_fit_writes_a_machine_that_predicts_and_stands_beside_measurements(tmp_path):
    host = tmp_path / "host.toml"
    assert run("fit", "-O", host, ranks=2).returncode == 0
    assert run("show", host).returncode == 0
    predicted = run("collective", "all_reduce", "--system", host, "-b", "4K", "-e", "4K")
    measured = run("collective", "all_reduce", "--machine", host, "-b", "4K", "-e", "4K", "-n", "3",
                   ranks=2)
    assert float(rows(predicted.stdout)[0][4]) == float(rows(measured.stdout)[0][12])


def test_auto_explains_what_it_chose_among_which_candidates():
    result = run("collective", "all_reduce", "--system", "rainier", "-b", "1M", "-e", "1G", "-f", "1024",
                 "--explain")
    assert result.returncode == 0, result.stderr
    points, *explained = result.stdout.split("\n\n")
    assert len(explained) == 2
    for point, text, limit in zip(rows(points), explained, ("latency of", "transfer, longest on")):
        head, _, choice, *others = text.splitlines()
        assert limit in head
        assert choice.split()[-1] == point[-1] and point[-1] in head
        times = [float(line.split()[0]) for line in (choice, *others)]
        assert len(times) == 5 and times == sorted(times)
        for line, time in zip(others, times[1:]):
            total, latency, transfer = map(float, line.split()[:3])
            assert total == pytest.approx(latency + transfer, abs=0.02)
            reason = line.split(": ", 1)[1]
            first = [float(word) for word in choice.split()[:3]]
            longer = "latency" if latency - first[1] > transfer - first[2] else "transfer"
            assert reason.startswith(f"{longer} +") or (time == times[0] and "as fast" in reason)
            if busy := re.search(r"is busy ([\d.]+) (\w+) instead of ([\d.]+) (\w+)", reason):
                unit = {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
                assert float(busy[1]) * unit[busy[2]] > float(busy[3]) * unit[busy[4]]
        # each candidate really takes what the table says when it is asked for by name
        algorithm = re.search(r"  (\S+): ", others[-1])[1]
        again = run("collective", "all_reduce", "--system", "rainier", "-b", point[0], "-e", point[0],
                    "--algorithm", algorithm)
        assert float(rows(again.stdout)[0][4]) == pytest.approx(times[-1], rel=1e-3)


def test_a_tuning_table_is_saved_read_back_and_grows(tmp_path):
    table = tmp_path / "tuned.toml"
    sizes = ["-b", "2M", "-e", "1G", "-f", "8"]
    auto = {}
    for collective in ("all_reduce", "all_gather"):
        saved = run("collective", collective, "--system", "rainier", *sizes, "--save-tuning", table)
        assert saved.returncode == 0, saved.stderr
        auto[collective] = saved.stdout
    for collective, output in auto.items():
        again = run("collective", collective, "--system", "rainier", *sizes, "--algorithm",
                    f"file:{table}")
        assert again.stdout == output
    algorithms = [row[-1] for row in rows(auto["all_reduce"])]
    assert len(set(algorithms)) > 1

    def at(size):
        out = run("collective", "all_reduce", "--system", "rainier", "-b", str(size), "-e", str(size),
                  "--algorithm", f"file:{table}")
        return rows(out.stdout)[0][-1]
    assert at(2**10) == at(2**21) == algorithms[0]  # from the smallest on down as well
    assert at(2**24 - 4) == algorithms[0] and at(2**24) == algorithms[1]
    assert at(2**40) == algorithms[-1]


TUNED = """chips = 2
[[choice]]
collective = "all_reduce"
from = 1
algorithm = "ring"
[[choice]]
collective = "all_reduce"
from = 4096
algorithm = "direct"
"""


def test_measurements_run_what_the_tuning_table_says(tmp_path):
    table = tmp_path / "tuned.toml"
    table.write_text(TUNED)
    result = run("collective", "all_reduce", "-b", "1K", "-e", "16K", "-f", "4", "-n", "2", "--algorithm",
                 f"file:{table}", ranks=2)
    assert result.returncode == 0, result.stderr
    assert [row[-1] for row in rows(result.stdout)] == ["ring", "direct", "direct"]


@pytest.mark.parametrize("old, new, says", [
    ("chips = 2", "chips = 4", ["tuned.toml:1:", "4 chips", "expected 2"]),
    ("chips = 2", "", ["tuned.toml", "chips"]),
    ('"direct"', '"driect"', ["tuned.toml:9:", "did you mean 'direct'"]),
    ('"direct"', '"ring(q)"', ["tuned.toml:9:", "q"]),
    ("4096", "-5", ["tuned.toml:8:", "at least 1"]),
    ("4096", "1", ["tuned.toml:8:", "already"]),
    ("4096", '"4 KiB"', ["tuned.toml:8:"]),
    ('"all_reduce"', '"al_reduce"', ["tuned.toml:3:", "did you mean 'all_reduce'"]),
    ("algorithm", "algoritm", ["tuned.toml:5:", "did you mean 'algorithm'"]),
    (TUNED, "chips = 2", ["tuned.toml", "[[choice]]"]),
    (TUNED, "not toml", ["tuned.toml:1:"]),
    ("all_reduce", "all_gather", ["no choice for all_reduce"]),
])
def test_a_bad_tuning_table_names_file_line_and_what_was_expected(tmp_path, old, new, says):
    table = tmp_path / "tuned.toml"
    count = -1 if old == "all_reduce" else 1
    table.write_text(TUNED.replace(old, new, count))
    host = tmp_path / "two.toml"
    host.write_text(TWO)
    arguments = ["collective", "all_reduce", "--system", host, "-b", "1K", "-e", "1K"]
    refused(*arguments, "--algorithm", f"file:{table}", says=says)
    if old != "all_reduce":  # nor is it written over
        before = table.read_text()
        refused(*arguments, "--save-tuning", table, says=says)
        assert table.read_text() == before


TWO = """title = "two"
chip = "host"
[[level]]
name = "ranks"
domain = "job"
shape = "all_to_all"
extent = { value = 2, status = "assumed", source = "test" }
bandwidth = { value = "1 GB/s", status = "assumed", source = "test" }
latency = { value = "1 us", status = "assumed", source = "test" }
"""


# --- bad input ------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments, says", [
    (["collective", "all_reduce", "--system", "rainer"], ["did you mean 'rainier'"]),
    (["collective", "al_reduce", "--system", "rainier"], ["did you mean 'all_reduce'"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "rign"], ["'ring'"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "1G", "-e", "1M"], ["-e 1M", "-b 1G"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "-8"], ["-8"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "8Q"], ["8Q"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "10", "-e", "10"], ["10 B", "f32"]),
    (["collective", "all_to_all", "--system", "rainier", "-b", "1K", "-e", "1K"],
     ["does not divide", "524288", "2097152 B"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "q.bandwidth=1 GB/s"], ["q"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwith=1 GB/s"],
     ["did you mean 'bandwidth'"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwidth=1 GBps"], ["GB/s"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwidth=-1 GB/s"],
     ["more than 0"]),
    (["collective", "all_reduce", "--system", "rainier", "--chips", "100"], ["128"]),
    (["collective", "all_reduce", "--system", "rainier-trn3-gen2", "--algorithm", "rhd"],
     ["power of two"]),
    (["collective", "all_reduce", "--system", "rainier", "-d", "f31"], ["f32"]),
    (["collective", "all_reduce", "-d", "fp8"], ["f32, f64, i32, bf16"]),
    (["collective", "all_reduce"], ["at least two ranks"]),
    (["collective", "all_reduce", "--system", "rainier", "--bogus"], ["--bogus"]),
    (["collective", "all_reduce", "--system", "rainier", "--noise", "exponential:1 us"],
     ["--reader clock"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--noise",
      "exponential:-1 us"], ["negative"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--degrade",
      "q+@chip=1:0.5"], ["unknown level 'q'"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--slow",
      "524288:2"], ["524287"]),
    (["collective", "all_reduce", "--reader", "clock"], ["--system"]),
    (["collective", "all_reduce", "--system", "rainier", "--fail", "x+@chip=1"], ["--reader clock"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--fail",
      "pod@ultraserver=5"], ["--without"]),
    (["collective", "all_reduce", "--system", "rainier", "--without", "ultraserver=8192"],
     ["8191"]),
    (["collective", "all_reduce", "--system", "rainier", "--group", "x,x"], ["twice"]),
    (["collective", "broadcast"], ["--system"]),
    (["collective", "broadcast", "--system", "rainier", "--reader", "clock"], ["predicted only"]),
    (["collective", "gather", "--system", "rainier", "-b", "4M", "--algorithm", "ring"],
     ["no algorithm for gather", "binomial"]),
    (["collective", "all_gather", "--system", "rainier", "-b", "4M", "--algorithm", "doubling"],
     ["all_reduce"]),
    (["collective", "all_reduce", "--links"], ["--links", "--system"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-O", "x.h5"],
     ["--output", "predict"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "file:nowhere.toml"],
     ["nowhere.toml"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "ring", "--explain"],
     ["--explain", "auto"]),
    (["collective", "all_reduce", "--system", "rainier", "--csv", "--explain"], ["--csv"]),
    (["run", "nowhere.toml"], ["nowhere.toml"]),
])
def test_bad_request_is_one_message_and_exit_2(arguments, says):
    refused(*arguments, says=says)


@pytest.mark.parametrize("old, new, says", [
    ('systems =', 'sistems =', ["run.toml:4:", "did you mean 'systems'"]),
    ('[model.matmul]', '[modle.matmul]', ["run.toml:", "modle"]),
    ('end = "1G"', 'end = "1"', ["run.toml:", "below"]),
    ('end = "1G"', 'end = 5', ["run.toml:8:"]),
    ('"rainier"]', '"rainer"]', ["run.toml:4:", "did you mean 'rainier'"]),
    ('"all_to_all"', '"alltoal"', ["run.toml:5:"]),
    ('chips = [16, 64]', 'chips = [17]', ["run.toml:6:", "17"]),
    ('m = 4096', 'm = -4', ["run.toml:", "at least 1"]),
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
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
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


# --- results --------------------------------------------------------------------------------------

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


def link_loads(path):
    """{(size, link): {position: bytes}} of a results file."""
    found = {}
    with h5py.File(path) as file:
        sizes, table = file["modelled/collective/size"][:], file["modelled/link"]
        for row, link, position, load in zip(table["row"], table["link"].asstr(), table["position"],
                                             table["load"]):
            found.setdefault((sizes[row], link), {})[position] = load
    return found


def test_link_classes_in_the_file_carry_the_bytes_of_the_closed_form(tmp_path):
    # A ring per level, lowest first: level i carries (n_i - 1)/n_i of what the levels below left,
    # up in the reduce-scatter and down in the all-gather.
    out = tmp_path / "out.h5"
    assert run("collective", "all_reduce", "--system", "rainier", "--algorithm", "ring", "-b", "1G",
               "-e", "1G", "-O", out).returncode == 0
    # Memory: a read and a write for each byte that a chip receives, one read more to reduce it.
    wanted, left = {}, 2**30
    for level, extent in (("x", 4), ("y", 4), ("z", 4), ("pod", 8), ("building", 128), ("site", 8)):
        wanted[level] = left * (extent - 1) / extent
        left /= extent
    # Rings have a direction for each half; a port carries both, and what goes to the tiers above.
    loads = {f"{r}{s}": wanted[r] for r in "xyz" for s in "+-"}
    loads |= {"site": 2 * wanted["site"], "building": 2 * (wanted["site"] + wanted["building"]),
              "pod": 2 * (wanted["site"] + wanted["building"] + wanted["pod"]),
              "hbm": (3 + 2) * sum(wanted.values())}
    with h5py.File(out) as file:
        table = file["modelled/link_class"]
        got = dict(zip(table["link"].asstr(), table["load"]))
        assert got == pytest.approx(loads, rel=1e-12)
        time = file["modelled/collective/time"][0]
        assert list(table["utilisation"]) == pytest.approx(list(table["busy"] / time), rel=1e-12)
        busiest = max(table["utilisation"])
        assert file["modelled/collective/bottleneck_utilisation"][0] == busiest <= 1
        assert "modelled/link" not in file
        assert "inputs/systems/rainier/systems/rainier.toml" in file
        origins = dict(zip(table["link"].asstr(), table["evidence"].asstr()))
        assert origins["x+"] == "published" and origins["site"] == "assumed"


def test_single_links_in_the_file_are_those_of_a_count_by_hand(tmp_path):
    # xor halving over a ring of 16, nearest first: in step j rank i sends size / 2^(j+1) to i ^ 2^j,
    # the shorter way, half each way on a tie; the all-gather sends the same back.
    out = tmp_path / "out.h5"
    result = run("collective", "all_reduce", "--system", "tpu-v4", "--chips", "16", "--algorithm", "xor",
                 "-b", "1M", "-e", "1M", "--links", "-O", out)
    assert result.returncode == 0, result.stderr
    count = {"x+": [0] * 16, "x-": [0] * 16}
    for step in range(4):
        for rank in range(16):
            ahead = ((rank ^ 1 << step) - rank) % 16
            share = 1 if ahead < 8 else 0.5 if ahead == 8 else 0
            for hop in range(ahead):
                count["x+"][(rank + hop) % 16] += 2 * share * 2**20 / 2**(step + 1)
            for hop in range(16 - ahead):
                count["x-"][(rank - hop) % 16] += 2 * (1 - share) * 2**20 / 2**(step + 1)
    got = link_loads(out)
    for link, loads in count.items():
        assert len(set(loads)) > 1
        assert [got[2**20, link][i] for i in range(16)] == loads
    printed = [line.split() for line in result.stdout.splitlines() if re.search(r" x\+ +3 ", line)]
    assert float(printed[0][3]) == count["x+"][3]


def test_a_run_file_can_ask_for_single_links(tmp_path):
    text = MODELLED.replace('datatype = "bf16"', 'datatype = "bf16"\nlinks = true', 1)
    out = tmp_path / "out.h5"
    assert run("run", run_file(tmp_path, text), "--output", out).returncode == 0
    with h5py.File(out) as file:
        points = file["modelled/collective"].attrs["points"]
        assert set(file["modelled/link/row"]) == set(file["modelled/link_class/row"]) == set(range(points))


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


def test_compare_prints_ratios_and_what_binds(tmp_path):
    out = tmp_path / "out.h5"
    assert run("run", run_file(tmp_path, MODELLED), "--output", out).returncode == 0
    result = run("compare", out, "--baseline", "trainium2")
    assert result.returncode == 0, result.stderr
    assert "trainium3" in result.stdout and "1.00x" in result.stdout
    assert "compute" in result.stdout and "link" in result.stdout
