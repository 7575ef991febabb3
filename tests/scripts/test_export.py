"""Collectives for other tools, against readers of their formats that are written here from scratch."""
import json
import re

import pytest

import goal_replay
import msccl_interpreter
from exported import CASES, CLOSED, RANKS, SIZE, export
from program import MODEL, refused, run


@pytest.mark.parametrize("collective,algorithm,ranks", CASES)
def test_goal_moves_the_bytes_of_the_closed_form_and_everybody_hears_of_everybody(tmp_path, collective, algorithm,
                                                                                   ranks):
    parsed = goal_replay.parse(export(tmp_path, "goal", collective, algorithm, ranks).read_text())
    goal_replay.replay(parsed)
    assert goal_replay.sent(parsed) == [pytest.approx(CLOSED[collective, algorithm](ranks) * SIZE)] * ranks
    assert goal_replay.heard(parsed) == [ranks] * ranks


@pytest.mark.parametrize("ranks", RANKS)
def test_a_replay_takes_the_time_of_the_formula(tmp_path, ranks):
    parsed = goal_replay.parse(export(tmp_path, "goal", "all_reduce", "ring", ranks).read_text())
    time = goal_replay.replay(parsed, latency=2e-6, bandwidth=1e9)
    assert time == pytest.approx(2 * (ranks - 1) * (2e-6 + SIZE / ranks / 1e9), rel=1e-9)


def test_roots_lanes_and_slices_are_replayed_as_well(tmp_path):
    for collective, algorithm in (("broadcast", "binomial"), ("reduce", "chain"), ("gather", "binomial"),
                                  ("scatter", "binomial"), ("all_reduce", "doubletree")):
        goal_replay.replay(goal_replay.parse(export(tmp_path, "goal", collective, algorithm, 6).read_text()))
    lanes = export(tmp_path, "goal", "all_reduce", "rhd(x,y,z)*4", 64, "--system", "trn2-ultraserver")
    parsed = goal_replay.parse(lanes.read_text())
    goal_replay.replay(parsed)
    assert goal_replay.sent(parsed) == [pytest.approx(2 * 63 / 64 * SIZE, rel=1e-3)] * 64
    assert goal_replay.heard(parsed) == [64] * 64


def test_adding_up_takes_the_time_that_the_system_says(tmp_path):
    system = tmp_path / "slow.toml"
    text = ('extends = "trn2-ultraserver"\n[reduction]\nvalue = "1 GB/s"\nstatus = "assumed"\nsource = "test"\n')
    system.write_text(text)
    path = export(tmp_path, "goal", "all_reduce", "ring", 64, "--system", system)
    first = re.search(r"recv (\d+)b from .*\nl\d+: calc (\d+)\n", path.read_text())
    assert int(first.group(2)) == int(first.group(1))  # a byte a nanosecond


XML_CASES = [c for c in CASES if c[0] != "broadcast"]


@pytest.mark.parametrize("collective,algorithm,ranks", XML_CASES)
def test_xml_gives_the_right_vectors_whatever_the_order_of_its_thread_blocks(tmp_path, collective, algorithm, ranks):
    path = export(tmp_path, "msccl", collective, algorithm, ranks)
    chunks = int(re.search(r'nchunksperloop="(\d+)"', path.read_text()).group(1))
    for order in range(5):
        sent = msccl_interpreter.execute(path, order)
        assert sent == [pytest.approx(CLOSED[collective, algorithm](ranks) * chunks)] * ranks


def test_hierarchies_lanes_and_slices_come_out_right_as_xml(tmp_path):
    for collective, algorithm in (("all_reduce", "rhd(x,y)"), ("all_reduce", "ring(x)+direct(y)"),
                                  ("all_reduce", "bucket(x,y)*2"), ("all_reduce", "biring"),
                                  ("all_gather", "bucket"), ("all_to_all", "direct(x)+direct(y)")):
        path = export(tmp_path, "msccl", collective, algorithm, 16, "--system", "trn2-server")
        msccl_interpreter.execute(path, order=1)


def slices_of(path):
    return [e for e in json.loads(path.read_text())["traceEvents"] if e["ph"] == "X"]


@pytest.mark.parametrize("system,algorithm", [("trn2-ultraserver", "auto"), ("trn2-ultraserver", "rhd(x,y,z)*4"),
                                              ("trn2-ultraserver", "ring"), ("rainier", "ring"),
                                              ("rainier", "direct(x,y,z)+direct(pod)")])
def test_a_trace_has_one_slice_at_a_time_on_a_track_and_ends_when_predicted(tmp_path, system, algorithm):
    chips = 64 if system == "trn2-ultraserver" else 128
    path = tmp_path / "trace.json"
    asked = ("--system", system, "--chips", chips, "-b", "48M", "--algorithm", algorithm)
    assert run("export", "trace", "all_reduce", *asked, "-o", path).returncode == 0
    csv = run("collective", "all_reduce", *asked, "-e", "48M", "--csv").stdout.splitlines()[1]
    time = float(csv.split(",")[6]) * 1e6
    tracks = {}
    for event in slices_of(path):
        tracks.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
    for track in tracks.values():
        track.sort()
        assert all(end <= start + 1e-6 for (_, end), (start, _) in zip(track, track[1:]))
    last = max(end for track in tracks.values() for _, end in track)
    assert last == pytest.approx(time, rel=1e-8)
    names = [e["args"]["name"] for e in json.loads(path.read_text())["traceEvents"] if e["name"] == "process_name"]
    assert {f"rank {r}" for r in range(chips)} | {"collective"} == set(names)


def test_the_busiest_link_of_a_trace_is_busy_for_its_bytes(tmp_path):
    # A ring over x of 4 chips at 128 GB/s: each sends 2 * 3/4 of 48 MiB upwards and downwards in turn.
    path = tmp_path / "trace.json"
    assert run("export", "trace", "all_reduce", "-b", "48M", "--system", "trn2-server", "--chips", "4", "--algorithm",
               "ring", "--set", "x.bandwidth=100 GB/s", "--set", "x.efficiency=1", "-o", path).returncode == 0
    names = {e["tid"]: e["args"]["name"] for e in json.loads(path.read_text())["traceEvents"]
             if e["name"] == "thread_name"}
    busy = {}
    for event in slices_of(path):
        key = event["pid"], names[event["tid"]]
        busy[key] = busy.get(key, 0) + event["dur"]
    ups = [value for (pid, name), value in busy.items() if name == "x+"]
    assert len(ups) == 4 and ups == [pytest.approx(3 / 4 * 48 * 2**20 / 100e9 * 1e6)] * 4


def test_too_much_is_refused_with_the_number(tmp_path):
    out = tmp_path / "out"
    for kind in ("goal", "msccl", "trace"):
        refused("export", kind, "all_reduce", "-b", "1M", "--system", "rainier", "-o", out,
                says=("524288 ranks", "up to 4096 ranks"))
    refused("export", "goal", "all_reduce", "-b", "1M", "-n", "4096", "-o", out, says=("33546240 messages",))
    refused("export", "msccl", "all_reduce", "-b", "64M", "--system", "rainier", "--chips", "4096", "--algorithm",
            "rhd(x,y,z)+direct(pod,building)", "-o", out, says=("more than 4000000 pieces",))
    refused("export", "trace", "all_reduce", "-b", "1M", "-n", "8", "-o", out, says=("add --system",))
    refused("export", "goal", "all_reduce", "-b", "1M", "-n", "8", "--set", "x.links=2", "-o", out, says=("--system",))
    refused("export", "goal", "barrier", "-b", "1M", "-n", "8", "-o", out, says=("moves no data",))
    refused("export", "goal", "all_reduce", "-b", "1M", "-o", out, says=("-n RANKS",))
    refused("export", "goal", "all_reduce", "-b", "1M", "-n", "8", "-o", tmp_path / "no/such/folder", code=3,
            says=("cannot be written",))
    assert not out.exists()


@pytest.mark.parametrize("ranks", (2, None))
def test_results_in_the_formats_of_others(tmp_path, ranks):
    path = tmp_path / "out.json"
    asked = ("collective", "all_reduce", "-b", "1K", "-e", "64K", "-f", "8", "-d", "bf16",
             *(MODEL if ranks else ("--system", "trn2-server")))
    osu = run(*asked, "-n", "3", "--osu", "--nccl-json", path, ranks=ranks)
    assert osu.returncode == 0, osu.stderr
    lines = osu.stdout.splitlines()
    assert re.fullmatch(r"# Size +Avg Latency\(us\)", lines[1])
    table = [line.split() for line in lines[2:]]
    data = json.loads(path.read_text())
    assert {"version", "start_time", "args", "env", "nccl_version", "config", "devices", "results", "out_of_bounds",
            "average_bus_bandwidth", "errors", "end_time"} <= set(data)
    assert [int(size) for size, _ in table] == [row["size"] for row in data["results"]] == [1024, 8192, 65536]
    for (_, us), row in zip(table, data["results"]):
        assert set(row) >= {"size", "count", "type", "redop", "root", "out_of_place", "in_place", "model"}
        assert row["type"] == "bfloat16" and row["count"] * 2 == row["size"]
        placed = row["out_of_place"]
        assert float(us) == pytest.approx(placed["time"], abs=0.006)
        assert placed["alg_bw"] == pytest.approx(row["size"] / placed["time"] / 1e3)
        assert placed["bus_bw"] == pytest.approx(placed["alg_bw"] * (1 if ranks else 2 * 15 / 16))
        assert placed["nwrong"] == (0 if ranks else "N/A")
        if ranks:
            assert len(row["in_place_per_iter"]["times_us"]) == 3
    assert len(data["devices"]) == (ranks or 0)
    alone = run(*asked, "--nccl-json", "-", ranks=ranks)
    before = path.read_bytes()
    again = run(*asked, "-n", "3", "--nccl-json", path, ranks=ranks)
    assert f"{path} exists: written to {path}.1" in again.stderr and path.read_bytes() == before
    assert json.loads(path.with_name("out.json.1").read_text())["results"][0]["size"] == 1024
    assert [row["size"] for row in json.loads(alone.stdout)["results"]] == [1024, 8192, 65536]
