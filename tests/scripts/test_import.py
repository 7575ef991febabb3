"""Algorithms from files of MSCCL: they run, come out as written, and wrong ones are refused."""
import re

import pytest

import goal_replay
import msccl_interpreter
from exported import CLOSED, SIZE, export
from program import MODEL, refused, rows, run


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


def expect_right(path, *sizes, ranks=2):
    """The file read as a program of its own reads it, and run: every element of a sum over the ranks is right."""
    for order in range(5):
        msccl_interpreter.execute(path, order)
    result = run("collective", "all_reduce", *sizes, "-n", "2", "--algorithm", f"msccl:{path}", *MODEL, ranks=ranks)
    assert result.returncode == 0, result.stderr
    assert all(row[7] == row[11] == "0" for row in rows(result.stdout))


SEVERAL = ("-b", "1K", "-e", "1M", "-f", "32")


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
    expect_right(path, *SEVERAL)


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
    expect_right(path, "-b", "1200", "-e", "1200", ranks=3)


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
    expect_right(path, *SEVERAL)


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
