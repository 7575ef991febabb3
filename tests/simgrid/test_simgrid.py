"""Our predictions against SimGrid, which shares no code with us: its own collectives, flow by flow,
on its own torus and fat tree. Skipped only where SimGrid is not installed.

Pinned: CM02 (max-min sharing, no TCP window, all factors 1), no overhead of MPI, no time for
computing; each link 10 GB/s and 1 us, full duplex. A message takes the latencies of the links on its
way, so a hop is 1 us here; through a switch of the fat tree it is two links.

What differs by design and is therefore not among the cases: where both ways round a ring are equally
short SimGrid takes one of them and we half each; exchanges there are compared on rings of odd size.
"""
import math
import shutil
import subprocess

import pytest

from program import BUILD, SOURCE, run

SETTINGS = ["network/model:CM02", "network/TCP-gamma:0", "network/bandwidth-factor:1",
            "network/latency-factor:1", "network/weight-S:0", "network/crosstraffic:0",
            "smpi/os:0:0:0", "smpi/or:0:0:0", "smpi/ois:0:0:0", "smpi/simulate-computation:0"]

CLUSTER = """<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="n" suffix="" radical="0-{last}" speed="1Tf" bw="10GBps" lat="1us"
           topology="{kind}" topo_parameters="{parameters}" sharing_policy="SPLITDUPLEX"/>
</platform>
"""

LEVEL = """
[[level]]
name = "{name}"
domain = "{name}"
shape = "{shape}"
extent = {{ value = {extent}, status = "assumed", source = "test" }}
bandwidth = {{ value = "{bandwidth} GB/s", status = "assumed", source = "test" }}
latency = {{ value = "{latency} us", status = "assumed", source = "test" }}
hop = {{ value = "{hop} us", status = "assumed", source = "test" }}
"""


def torus(*extents):
    levels = [LEVEL.format(name="xyz"[d], shape="ring", extent=n, bandwidth=10, latency=1, hop=1)
              for d, n in enumerate(extents)]
    return "TORUS", ",".join(map(str, extents)), levels, extents


def star(ranks):
    """A fat tree of one switch."""
    level = LEVEL.format(name="pod", shape="clos", extent=ranks, bandwidth=10, latency=2, hop=0)
    return "FAT_TREE", f"1;{ranks};1;1", [level], (ranks,)


def fat_tree(leaves, ports, uplinks):
    """Two tiers; with fewer uplinks than ports a chip gets that share of the upper one."""
    share = 10 * uplinks / ports
    levels = [
        LEVEL.format(name="pod", shape="clos", extent=ports, bandwidth=10, latency=2, hop=0),
        LEVEL.format(name="site", shape="clos", extent=leaves, bandwidth=share, latency=4, hop=0)]
    return "FAT_TREE", f"2;{ports},{leaves};1,{uplinks};1,1", levels, (ports, leaves)


# platform, collective, SimGrid's algorithm, ours, bytes, do messages of a step share a link?
CASES = [
    (torus(8), "all_reduce", "lr", "ring", 4 << 20, False),
    (torus(16), "all_reduce", "lr", "ring", 1 << 20, False),
    (torus(64), "all_reduce", "lr", "ring", 1 << 20, False),
    (torus(9), "all_gather", "NTSLR", "ring", 9 << 18, False),
    (star(16), "all_reduce", "lr", "ring", 4 << 20, False),
    (star(64), "all_reduce", "rdb", "doubling", 1 << 20, False),
    (star(16), "all_to_all", "ring", "pairwise", 4 << 20, False),
    (star(32), "broadcast", "binomial_tree", "binomial", 1 << 20, False),
    (fat_tree(4, 4, 4), "all_reduce", "rdb", "doubling(pod,site)", 1 << 20, False),
    (torus(7), "all_to_all", "ring", "pairwise", 7 << 18, True),
    (torus(9), "all_to_all", "ring", "pairwise", 9 << 18, True),
    (torus(33), "all_to_all", "ring", "pairwise", 33 << 15, True),
    (torus(9), "all_to_all", "basic_linear", "direct", 9 << 18, True),
    (torus(3, 3), "all_to_all", "basic_linear", "direct", 9 << 18, True),
    (torus(5, 5), "all_to_all", "basic_linear", "direct", 25 << 17, True),
    (torus(3, 5), "all_to_all", "basic_linear", "direct", 15 << 17, True),
    (torus(3, 3, 3), "all_to_all", "basic_linear", "direct", 27 << 17, True),
    (torus(7, 7), "all_to_all", "basic_linear", "direct", 49 << 16, True),
    (fat_tree(4, 4, 2), "all_reduce", "rdb", "doubling(pod,site)", 1 << 20, True),
    (fat_tree(4, 4, 1), "all_reduce", "rdb", "doubling(pod,site)", 1 << 20, True),
    (fat_tree(4, 4, 2), "all_to_all", "basic_linear", "direct(pod,site)", 4 << 20, True),
]

SELECTOR = {"all_reduce": "allreduce", "all_gather": "allgather", "all_to_all": "alltoall",
            "broadcast": "bcast"}

MODULE = BUILD / "tests" / "simgrid" / "libmeasure_smpi.so"
needs_simgrid = pytest.mark.skipif(shutil.which("smpirun") is None, reason="no SimGrid here")


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    program = tmp_path_factory.mktemp("smpi") / "peer"
    subprocess.run(["smpicc", "-O1", str(SOURCE / "tests/simgrid/peer.c"), "-o", str(program)],
                   check=True)
    return program


def simulated(program, folder, platform, arguments, selected=()):
    kind, parameters, _, extents = platform
    ranks = math.prod(extents)
    (folder / "platform.xml").write_text(
        CLUSTER.format(kind=kind, parameters=parameters, last=ranks - 1))
    (folder / "hosts").write_text("".join(f"n{i}\n" for i in range(ranks)))
    settings = [f"--cfg={s}" for s in (*SETTINGS, *selected)]
    out = subprocess.run(
        ["smpirun", "-np", str(ranks), "-platform", str(folder / "platform.xml"), "-hostfile",
         str(folder / "hosts"), *settings, "--log=root.thres:critical", str(program), *arguments],
        capture_output=True, text=True, timeout=120)
    assert out.returncode == 0, out.stderr
    return out.stdout


def predicted(folder, platform, collective, algorithm, size):
    system = folder / "system.toml"
    system.write_text('title = "as SimGrid has it"\nchip = "host"\n' + "".join(platform[2]))
    out = run("collective", collective, "--system", system, "--algorithm", algorithm, "-b", size,
              "-e", size, "--csv")
    assert out.returncode == 0, out.stderr
    header, row = out.stdout.splitlines()[-2:]
    return 1e6 * float(row.split(",")[header.split(",").index("time")])


@needs_simgrid
def test_predictions_are_within_5_percent_of_simgrid(peer, tmp_path, capsys):
    lines, far = [], []
    for platform, collective, theirs, ours, size, shared in CASES:
        simgrid = float(simulated(peer, tmp_path, platform, [collective, str(size)],
                                  [f"smpi/{SELECTOR[collective]}:{theirs}"]))
        rainier = predicted(tmp_path, platform, collective, ours, size)
        name = f"{platform[0].lower()} {platform[1]}, {collective}, {theirs}"
        lines.append(f"{name:<46} {math.prod(platform[3]):>5} {size:>9} {simgrid:>10.2f} "
                     f"{rainier:>10.2f} {rainier / simgrid:>7.4f}  {'yes' if shared else 'no'}")
        if not abs(rainier / simgrid - 1) <= 0.05:
            far.append(lines[-1])
    with capsys.disabled():
        print(f"\n{'platform, collective, algorithm of SimGrid':<46} ranks   size (B) "
              f"SimGrid us rainier us   ratio  shared links")
        print("\n".join(lines))
    assert not far
    assert sum(case[5] for case in CASES) >= 6 and len(CASES) >= 12


# Schedules of ours, run by our own measuring code: also those that SimGrid does not have. Ranks leave
# the barrier before a sample up to 4 us apart, so samples are of 200 us and more.
MEASURED = [
    (star(8), "all_reduce", "doubletree", 4 << 20),
    (star(16), "all_reduce", "butterfly(pod;radix=4)", 4 << 20),
    (torus(4, 4), "all_reduce", "rhd(x,y)", 4 << 20),
    (torus(9), "all_to_all", "pairwise", 9 << 19),
    (fat_tree(4, 4, 2), "all_gather", "rhd(pod,site;ports=1)", 4 << 20),
]


@pytest.mark.skipif(not MODULE.exists(), reason="no SimGrid here, or a build with sanitizers")
def test_our_measuring_code_runs_on_simgrid_as_it_is(tmp_path, capsys):
    with capsys.disabled():
        print(f"\n{'platform, collective, our algorithm':<62} size (B)  SMPI us rainier us   ratio")
        for platform, collective, algorithm, size in MEASURED:
            rainier = predicted(tmp_path, platform, collective, algorithm, size)
            time, wrong = simulated(MODULE, tmp_path, platform,
                                    [str(tmp_path / "system.toml"), collective, algorithm,
                                     str(size)]).split()
            name = f"{platform[0].lower()} {platform[1]}, {collective}, {algorithm}"
            print(f"{name:<62} {size:>8} {float(time):>8.2f} {rainier:>10.2f} "
                  f"{rainier / float(time):>7.4f}")
            assert int(wrong) == 0
            assert rainier / float(time) == pytest.approx(1, abs=0.05)
