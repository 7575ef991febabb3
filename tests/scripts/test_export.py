"""Collectives for other tools, against readers of their formats that are written here from scratch."""
import json
import math
import re

import pytest

import goal_replay
import msccl_interpreter
from program import refused, rows, run

SIZE = 3 * 2**16  # divides into floats for each of 1, 2, 3, 4, 6, 8 ranks
RANKS = (2, 3, 4, 6, 8)
MODEL = ("--machine", "h100-dgx")  # whatever: a fit of this one takes its time

# Bytes that every rank sends, over the size.
CLOSED = {
    ("all_reduce", "ring"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "direct"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "rhd"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "swing"): lambda n: 2 * (n - 1) / n,
    ("all_reduce", "doubling"): lambda n: math.log2(n),
    ("all_reduce", "oneshot"): lambda n: n - 1,
    ("all_gather", "ring"): lambda n: (n - 1) / n,
    ("all_gather", "butterfly"): lambda n: (n - 1) / n,
    ("reduce_scatter", "ring"): lambda n: (n - 1) / n,
    ("reduce_scatter", "direct"): lambda n: (n - 1) / n,
    ("all_to_all", "direct"): lambda n: (n - 1) / n,
    ("all_to_all", "pairwise"): lambda n: (n - 1) / n,
    # A block at distance d makes a jump for each one in its binary digits.
    ("all_to_all", "bruck"): lambda n: sum(bin(d).count("1") for d in range(n)) / n,
}
ONLY_POWERS_OF_TWO = {"rhd", "swing", "doubling", "bruck"}  # bruck: its bases are 2 only there
CASES = [(c, a, n) for (c, a) in CLOSED for n in RANKS if a not in ONLY_POWERS_OF_TWO or n & (n - 1) == 0]


def export(tmp_path, kind, collective, algorithm, ranks, *more):
    path = tmp_path / f"{collective}.{kind}"
    result = run("export", kind, collective, "-b", SIZE, "-n", ranks, "--algorithm", algorithm, "-o", path, *more)
    assert result.returncode == 0, result.stderr
    return path


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


def predicted(*arguments):
    result = run("collective", *arguments, "--system", "trn2-ultraserver", "-b", "48M", "-e", "48M", "--csv")
    assert result.returncode == 0, result.stderr
    names, values = result.stdout.splitlines()
    return dict(zip(names.split(","), re.findall(r'"[^"]*"|[^,]+', values)))


@pytest.mark.parametrize("collective,algorithm", [
    ("all_reduce", "rhd(x,y,z)"), ("all_reduce", "ring"), ("all_gather", "bucket"), ("reduce_scatter", "ring"),
    ("all_to_all", "direct(x,y,z)")])
def test_what_is_imported_again_takes_the_same_time_as_the_schedule(tmp_path, collective, algorithm):
    path = tmp_path / "again.xml"
    assert run("export", "msccl", collective, "-b", "48M", "--system", "trn2-ultraserver", "--algorithm", algorithm,
               "-o", path).returncode == 0
    ours, imported = predicted(collective, "--algorithm", algorithm), predicted(collective, "--algorithm",
                                                                                f"msccl:{path}")
    for key in ("size", "bottleneck", "rounds"):
        assert imported[key] == ours[key]
    for key in ("time", "latency", "bound", "busbw"):
        assert float(imported[key]) == pytest.approx(float(ours[key]), rel=1e-8)


def test_bytes_survive_the_round_trip(tmp_path):
    for collective, algorithm in (("all_reduce", "rhd"), ("all_to_all", "bruck"), ("all_gather", "ring")):
        path = export(tmp_path, "msccl", collective, algorithm, 8)
        again = export(tmp_path, "goal", collective, f"msccl:{path}", 8)
        parsed = goal_replay.parse(again.read_text())
        goal_replay.replay(parsed)
        assert goal_replay.sent(parsed) == [pytest.approx(CLOSED[collective, algorithm](8) * SIZE)] * 8


@pytest.mark.parametrize("ranks", (2, 3, 4))
def test_imported_algorithms_run_and_every_element_is_right(tmp_path, ranks):
    for collective, algorithm in (("all_reduce", "ring"), ("all_reduce", "oneshot"), ("all_gather", "ring"),
                                  ("reduce_scatter", "direct"), ("all_to_all", "bruck")):
        path = export(tmp_path, "msccl", collective, algorithm, ranks)
        result = run("collective", collective, "-b", "12K", "-e", SIZE, "-f", "16", "-n", "2", "-w", "1",
                     "--algorithm", f"msccl:{path}", *MODEL, ranks=ranks)
        assert result.returncode == 0, result.stderr
        table = rows(result.stdout)
        assert [int(row[0]) for row in table] == [12288, SIZE]
        assert all(row[7] == row[11] == "0" for row in table)
        assert f"msccl:{path} by messages" in result.stdout


# Two GPUs add up a vector of two chunks: fused steps, as MSCCL's own compiler writes them.
FUSED = """<algo name="fused" proto="Simple" nchunksperloop="2" ngpus="2" coll="allreduce" inplace="1" nchannels="1">
  <gpu id="0" i_chunks="2" o_chunks="2" s_chunks="0">
    <tb id="0" send="1" recv="1" chan="0">
      <step s="0" type="s" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="1" type="rrcs" srcbuf="i" srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="2" type="r" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
    </tb>
  </gpu>
  <gpu id="1" i_chunks="2" o_chunks="2" s_chunks="0">
    <tb id="0" send="0" recv="0" chan="0">
      <step s="0" type="s" srcbuf="i" srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="1" type="rrcs" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="2" type="r" srcbuf="i" srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>
    </tb>
  </gpu>
</algo>
"""


def test_fused_steps_of_other_compilers_are_understood(tmp_path):
    path = tmp_path / "fused.xml"
    path.write_text(FUSED)
    msccl_interpreter.execute(path, order=0)
    result = run("collective", "all_reduce", "-b", "1K", "-e", "1M", "-f", "32", "-n", "2", "--algorithm",
                 f"msccl:{path}", *MODEL, ranks=2)
    assert result.returncode == 0, result.stderr
    assert all(row[7] == row[11] == "0" for row in rows(result.stdout))


# Three GPUs in a ring; what is only passed on is added up on the way and kept nowhere (rrs), scratch holds what
# comes before it is needed.
def relay():
    gpus = []
    for g in range(3):
        own, before, other = g, (g + 2) % 3, (g + 1) % 3
        steps = [("s", "i", own, "i", own), ("rrs", "i", before, "i", before), ("rcs", "i", other, "s", 0)]
        # Of each chunk: its owner sends it, the next adds and passes on, the third has all but its own part.
        lines = "".join(f'<step s="{s}" type="{t}" srcbuf="{sb}" srcoff="{so}" dstbuf="{db}" dstoff="{do}" cnt="1" '
                        'depid="-1" deps="-1" hasdep="0"/>\n' for s, (t, sb, so, db, do) in enumerate(steps))
        steps = [("rrcs", "i", other, "i", other), ("rcs", "i", own, "i", own), ("r", "i", before, "i", before)]
        lines = lines.split("\n", 2)
        fused = "".join(f'<step s="{s + 2}" type="{t}" srcbuf="{sb}" srcoff="{so}" dstbuf="{db}" dstoff="{do}" '
                        'cnt="1" depid="-1" deps="-1" hasdep="0"/>\n' for s, (t, sb, so, db, do) in enumerate(steps))
        gpus.append(f'<gpu id="{g}" i_chunks="3" o_chunks="3" s_chunks="1">\n<tb id="0" send="{(g + 1) % 3}" '
                    f'recv="{(g + 2) % 3}" chan="0">\n{lines[0]}\n{lines[1]}\n{fused}</tb>\n</gpu>\n')
    return ('<algo name="relay" proto="Simple" nchunksperloop="3" ngpus="3" coll="allreduce" inplace="1" '
            'nchannels="1">\n' + "".join(gpus) + "</algo>\n")


def test_what_is_added_up_and_passed_on_needs_no_place(tmp_path):
    path = tmp_path / "relay.xml"
    path.write_text(relay())
    msccl_interpreter.execute(path, order=0)
    result = run("collective", "all_reduce", "-b", "1200", "-e", "1200", "-n", "2", "--algorithm", f"msccl:{path}",
                 *MODEL, ranks=3)
    assert result.returncode == 0, result.stderr
    assert all(row[7] == row[11] == "0" for row in rows(result.stdout))


# GPU 1 receives late what GPU 0 has sent, and overwritten with the sum, before.
LATE = """<algo name="late" proto="Simple" nchunksperloop="1" ngpus="2" coll="allreduce" inplace="1" nchannels="1">
  <gpu id="0" i_chunks="1" o_chunks="1" s_chunks="0">
    <tb id="0" send="1" recv="1" chan="0">
      <step s="0" type="s" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="1" type="rrc" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
    </tb>
  </gpu>
  <gpu id="1" i_chunks="1" o_chunks="1" s_chunks="2">
    <tb id="0" send="0" recv="-1" chan="0">
      <step s="0" type="s" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="1"/>
    </tb>
    <tb id="1" send="-1" recv="0" chan="0">
      <step s="0" type="cpy" srcbuf="i" srcoff="0" dstbuf="s" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="1" type="cpy" srcbuf="s" srcoff="0" dstbuf="s" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>
      <step s="2" type="rrc" srcbuf="s" srcoff="1" dstbuf="i" dstoff="0" cnt="1" depid="0" deps="0" hasdep="0"/>
    </tb>
  </gpu>
</algo>
"""


def test_what_arrives_early_is_what_was_sent(tmp_path):
    path = tmp_path / "late.xml"
    path.write_text(LATE)
    for order in range(5):
        msccl_interpreter.execute(path, order)
    result = run("collective", "all_reduce", "-b", "1K", "-e", "1M", "-f", "32", "-n", "2", "--algorithm",
                 f"msccl:{path}", *MODEL, ranks=2)
    assert result.returncode == 0, result.stderr
    assert all(row[7] == row[11] == "0" for row in rows(result.stdout))


HOSTILE = {
    "missing attribute": (('type="rrcs" srcbuf="i" srcoff="1"', 'type="rrcs" srcbuf="i"'), 5, "has no attribute 'srcoff'"),
    "unknown type": (('type="rrcs"', 'type="rrx"'), 5, "unknown type 'rrx' of <step>; known: s, r, rrc"),
    "unknown buffer": (('srcbuf="i" srcoff="0"', 'srcbuf="x" srcoff="0"'), 4, 'srcbuf="x" of <step>: expected i, o or s'),
    "out of range": (('srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>\n      <step s="2" type="r" srcbuf="i" srcoff="0"',
                      'srcoff="7" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>\n      <step s="2" type="r" srcbuf="i" srcoff="0"'),
                     5, "buffer i has 2 chunks"),
    "no number": (('cnt="1"', 'cnt="one"'), 4, 'cnt="one" of <step>: expected a whole number'),
    "send without receive": (('      <step s="2" type="r" srcbuf="i" srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>\n', ""),
                             5, "gpu 0 sends to gpu 1 on channel 0, which does not receive it"),
    "receive without send": (('      <step s="0" type="s" srcbuf="i" srcoff="1" dstbuf="i" dstoff="1" cnt="1" depid="-1" deps="-1" hasdep="0"/>\n      <step s="1" type="rrcs" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0"',
                              '      <step s="0" type="nop" depid="-1" deps="-1" hasdep="0"/>\n      <step s="1" type="rrc" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0"'),
                             5, "deadlock: step 1 of thread block 0 of gpu 0 waits forever for a message of gpu 1"),
    "cyclic wait": (('type="s" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="-1" deps="-1" hasdep="0"/>',
                     'type="s" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1" depid="0" deps="2" hasdep="0"/>'),
                    4, "whose hasdep is not 1"),
    "wait for nobody": (('depid="-1" deps="-1"', 'depid="9" deps="0"'), 4, 'depid="9": its gpu has 1 thread blocks'),
    "other size": (('type="r" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="1"',
                    'type="r" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0" cnt="2"'),
                   6, "receives 2 chunks where gpu 1 sends 1 (line 12)"),
    "no peer": (('<tb id="0" send="1" recv="1" chan="0">', '<tb id="0" send="-1" recv="1" chan="0">'), 4,
                'its thread block has send="-1"'),
    "too few gpus": (('ngpus="2"', 'ngpus="3"'), 1, "2 <gpu>s; ngpus says 3"),
    "no xml": (("</algo>", ""), None, "expected an XML file of MSCCL"),
    "unknown collective": (('coll="allreduce"', 'coll="allreduse"'), 1, "did you mean 'allreduce'?"),
    "wrong result": (('type="rrcs" srcbuf="i" srcoff="0"', 'type="rcs" srcbuf="i" srcoff="0"'), None,
                     "this is no all_reduce"),
    "counted twice": (('type="r" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0"', 'type="rrc" srcbuf="i" srcoff="0" dstbuf="i" dstoff="0"'),
                      None, "a contribution counted twice"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_wrong_files_are_refused_before_anything_runs(tmp_path, what):
    (old, new), line, says = HOSTILE[what]
    assert old in FUSED
    path = tmp_path / "hostile.xml"
    path.write_text(FUSED.replace(old, new, 1))
    message = refused("collective", "all_reduce", "--system", "trn2-server", "--chips", "4", "-b", "1K", "-e", "1K",
                      "--algorithm", f"msccl:{path}", says=(f"{path}:{line}: " if line else f"{path}", says))
    assert message.count("hostile.xml") == 1
    if what in ("wrong result", "cyclic wait"):
        refused("collective", "all_reduce", "-b", "1K", "-e", "1K", "--algorithm", f"msccl:{path}", ranks=2,
                says=(says,))


def blocks(first, second):
    """Two thread blocks of GPU 0 beside each other; GPU 1 answers each on its own channel."""
    step = '<step s="0" type="{0}" srcbuf="i" srcoff="{1}" dstbuf="i" dstoff="{1}" cnt="1" depid="{2}" deps="{3}" hasdep="{4}"/>'
    lines = ['<algo name="x" nchunksperloop="2" ngpus="2" coll="allreduce" inplace="1">', '<gpu id="0" s_chunks="0">']
    for b, (kind, depid, deps, hasdep) in enumerate((first, second)):
        lines += [f'<tb id="{b}" send="1" recv="1" chan="{b}">', step.format(kind, 0, depid, deps, hasdep), "</tb>"]
    lines += ["</gpu>", '<gpu id="1" s_chunks="0">']
    for b, (kind, *_) in enumerate((first, second)):
        answer = {"s": "r", "r": "s", "rrc": "s"}[kind]
        lines += [f'<tb id="{b}" send="0" recv="0" chan="{b}">', step.format(answer, b, -1, -1, 0), "</tb>"]
    return "\n".join(lines + ["</gpu>", "</algo>"])


def test_thread_blocks_that_wait_for_each_other_or_share_a_chunk_in_no_order_are_refused(tmp_path):
    path = tmp_path / "blocks.xml"
    asked = ("export", "goal", "all_reduce", "-b", "1K", "-n", "2", "--algorithm", f"msccl:{path}", "-o",
             tmp_path / "out")
    path.write_text(blocks(("s", 1, 0, 1), ("s", 0, 0, 1)))
    refused(*asked, says=(f"{path}:4: deadlock: step 0 of thread block 0 of gpu 0 waits forever for step 0 of thread "
                          "block 1",))
    path.write_text(blocks(("s", -1, -1, 0), ("rrc", -1, -1, 0)))
    refused(*asked, says=("gpu 0: thread block 1 uses i0 and so does thread block 0 (line 4), in no order",))
    path.write_text(blocks(("s", -1, -1, 1), ("rrc", 0, 0, 0)))  # in order, though no all-reduce
    refused(*asked, says=("this is no all_reduce",))


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


def test_an_imported_algorithm_keeps_to_what_it_is_for(tmp_path):
    path = export(tmp_path, "msccl", "all_gather", "ring", 4)
    refused("collective", "all_reduce", "--system", "trn2-server", "--chips", "4", "-b", "1K", "-e", "1K",
            "--algorithm", f"msccl:{path}", says=("of all_gather, not of all_reduce",))
    refused("collective", "all_gather", "--system", "trn2-server", "-b", "1K", "-e", "1K", "--algorithm",
            f"msccl:{path}", says=("for 4 ranks, not for 16",))
    refused("collective", "all_gather", "-b", "1K", "-e", "1K", "--algorithm", f"msccl:{path}", "--lowering", "host",
            ranks=4, says=("by messages",))
    refused("collective", "all_gather", "--algorithm", f"msccl:{tmp_path / 'none.xml'}", "--system", "trn2-server",
            "-b", "1K", says=("cannot read", "none.xml", "MSCCL"))


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
