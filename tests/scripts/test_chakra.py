"""Execution traces for ASTRA-sim, against a reader of their format that is written from scratch. What can be
known without that simulator: that all that is waited for comes, with one message at a time, too; that bytes are
the closed form, and that a step's operations take the times that rainier train names."""
import json
import re
import shutil
import subprocess

import pytest

import chakra_reader as chakra
from program import SOURCE, refused, run
from test_export import CASES, CLOSED, SIZE

probe = run("export", "chakra", "all_reduce", "-b", "1K", "-n", "1", "-o", "/dev/null/none")
if "built without Protobuf" in probe.stderr:
    assert probe.returncode == 3 and "libprotobuf-dev" in probe.stderr
    pytest.skip("built without Protobuf", allow_module_level=True)


def export(tmp_path, collective, algorithm, ranks, *more):
    name = tmp_path / collective
    result = run("export", "chakra", collective, "-b", SIZE, "-n", ranks, "--algorithm", algorithm, "-o", name, *more)
    assert result.returncode == 0, result.stderr
    traces = chakra.read_all(name)
    assert sorted(traces) == list(range(ranks))
    return traces


@pytest.mark.parametrize("collective,algorithm,ranks", [case for case in CASES if case[2] in (3, 8)])
def test_a_collective_moves_the_bytes_of_the_closed_form_and_everybody_hears_of_everybody(tmp_path, collective,
                                                                                           algorithm, ranks):
    traces = export(tmp_path, collective, algorithm, ranks)
    chakra.replay(traces, one_message=True)
    assert chakra.sent(traces) == {r: pytest.approx(CLOSED[collective, algorithm](ranks) * SIZE) for r in range(ranks)}
    assert chakra.heard(traces) == {r: ranks for r in range(ranks)}


def test_roots_lanes_and_slices_are_replayed_as_well(tmp_path):
    for collective, algorithm in (("broadcast", "binomial"), ("reduce", "chain"), ("gather", "binomial"),
                                  ("all_reduce", "ring*2")):
        traces = export(tmp_path, collective, algorithm, 8)
        chakra.replay(traces, one_message=True)
        assert sum(chakra.sent(traces).values()) > 0


def test_what_is_added_up_is_work_after_its_message(tmp_path):
    """Each rank of a ring adds up (n - 1) / n of the vector, at 1 GB/s as the system says, in whole microseconds."""
    ranks, elements = 4, SIZE // 4
    traces = export(tmp_path, "all_reduce", "ring", ranks, "--system", "trn2-server", "--set", "reduction=1 GB/s")
    for nodes in traces.values():
        sums = [each for each in nodes.values() if each.name == "sum"]
        assert all(nodes[each.after[0]].type == chakra.RECEIVE and not each.is_cpu_op for each in sums)
        assert sum(each.num_ops for each in sums) == elements * (ranks - 1) // ranks
        assert sum(each.tensor_size for each in sums) == 3 * SIZE * (ranks - 1) // ranks
        assert abs(sum(each.micros for each in sums) - SIZE * (ranks - 1) / ranks / 1e9 * 1e6) <= 0.5
    free = export(tmp_path, "all_reduce", "ring", ranks)
    assert sum(each.micros for nodes in free.values() for each in nodes.values()) == 0


@pytest.mark.skipif(not shutil.which("protoc"), reason="no protoc")
def test_protobuf_s_own_compiler_reads_a_node(tmp_path):
    export(tmp_path, "all_reduce", "ring", 4)
    data = (tmp_path / "all_reduce.3.et").read_bytes()
    size, at = chakra.varint(data, 0)
    size, at = chakra.varint(data, at + size)
    decoded = subprocess.run(["protoc", "--decode_raw"], input=data[at:at + size], capture_output=True, check=True)
    assert '1: "comm_size"\n  9: %d' % (SIZE // 4) in decoded.stdout.decode()


def test_too_much_is_refused_with_the_number(tmp_path):
    out = tmp_path / "out"
    refused("export", "chakra", "all_reduce", "-b", "1M", "--system", "rainier", "-o", out,
            says=("524288 ranks", "up to 4096 ranks"))
    refused("export", "chakra", "all_reduce", "-b", "1M", "-n", "2", "-o", tmp_path / "no/such/folder", code=3,
            says=("folder.0.et cannot be written",))
    refused("train", "llama3-8b", "--system", "rainier", "--chips", "8192", "--tp", "4", "--chakra", out,
            "--chakra-ranks", "all", says=("8192 ranks", "--force"))
    refused("train", "llama3-8b", "--chips", "64", "--gbs", "64", "--plan", "auto", "--chakra", out,
            says=("--chakra goes with one plan",))
    assert not list(tmp_path.iterdir())


class Step:
    """A step's JSON, its traces and their groups."""

    def __init__(self, tmp_path, *arguments, ranks="all"):
        name = tmp_path / "step"
        result = run("train", *arguments, "--json", "--chakra", name, "--chakra-ranks", ranks)
        assert result.returncode == 0, result.stderr
        self.json = json.loads(result.stdout)
        self.traces, self.groups = chakra.read_all(name), chakra.groups_of(name)

    def micros(self, rank, wanted):
        return sum(each.micros for each in self.traces[rank].values() if wanted(each))

    def of_group(self, rank, stride, size):
        """Collectives of the group of a rank whose members are so many, and so far apart."""
        wanted = tuple(range(rank % stride + rank // (stride * size) * stride * size, rank + stride * size, stride))[:size]
        return [each for each in self.traces[rank].values()
                if each.type == chakra.COLLECTIVE and self.groups[each.pg_name] == wanted]


# 8 layers on a rank of the pipeline; nothing is hidden, so that all that communicates is waited for.
PLAIN = ("llama3-8b", "--system", "trn2-server", "--tp", "2", "--pp", "4", "--gbs", "8", "--seq", "2048", "--zero", "0",
         "--no-overlap-dp")
LAYERS, HIDDEN, VOCABULARY, PARAMETERS = 32, 4096, 128256, 8_030_261_248


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return Step(tmp_path_factory.mktemp("plain"), *PLAIN)


def test_durations_of_a_step_are_those_that_rainier_train_names(plain):
    spent = plain.json["spent_s"]
    last = 4 * int(re.search(r"on rank (\d+) of 4 of the pipeline", run("train", *PLAIN).stdout)[1])
    computes = plain.micros(last, lambda each: each.type == chakra.COMP and not each.is_cpu_op)
    launches = plain.micros(last, lambda each: each.type == chakra.COMP and each.is_cpu_op)
    assert computes == pytest.approx(1e6 * sum(spent[part] for part in ("matmul", "attention", "element-wise",
                                                                        "optimizer")), abs=1)
    assert launches == pytest.approx(1e6 * spent["launch"], abs=1)
    tensor, data = plain.of_group(last, 1, 2), plain.of_group(last, 2, 2)
    assert sum(each.micros for each in tensor) == pytest.approx(1e6 * spent["tensor parallel"], rel=1e-4)
    assert sum(each.micros for each in data) == pytest.approx(1e6 * spent["data parallel"], rel=1e-4)


def test_bytes_and_operations_of_a_step_are_the_closed_form(plain):
    """An all-reduce forward and one backward for attention and for the MLP of each layer, of a micro-batch's
    activations in 16 bits; gradients of a rank's parameters in 32. Work is 6 FLOPs for each parameter but the
    table and token, and causal attention: element-wise work, too, has operations, but few."""
    micro_batches, activations = 4, 2048 * HIDDEN * 2
    for rank in range(4, 12):  # with neither the table nor the head
        tensor, data = plain.of_group(rank, 1, 2), plain.of_group(rank, 2, 2)
        assert [each.comm_size for each in tensor] == [activations] * (4 * LAYERS // 4 * micro_batches)
        assert {each.comm_type for each in tensor + data} == {chakra.ALL_REDUCE}
        held = (PARAMETERS - 2 * VOCABULARY * HIDDEN - HIDDEN) / 2 / 4
        assert sum(each.comm_size for each in data) == pytest.approx(4 * held, rel=1e-3)
    assert sum(chakra.sent(plain.traces).values()) == 2 * 3 * 4 * micro_batches * activations
    flops = 8 * 2048 * (6 * (PARAMETERS - VOCABULARY * HIDDEN) + 6 * LAYERS * 2048 * HIDDEN)
    done = sum(each.num_ops for nodes in plain.traces.values() for each in nodes.values() if each.type == chakra.COMP)
    assert done == pytest.approx(flops, rel=0.03)


def test_a_replay_of_a_step_takes_its_time(plain):
    assert chakra.replay(plain.traces, plain.groups) == pytest.approx(plain.json["step_s"], rel=1e-4)


def small(tmp_path, model):
    """A model with 8 of its layers."""
    config = json.loads((SOURCE / f"models/{model}.json").read_text())
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**config, "num_hidden_layers": 8}))
    return path, "--system", "trn2-server", "--seq", "2048"


@pytest.mark.parametrize("flags", [
    ("--tp", "4", "--pp", "2", "--sp", "--overlap-tp", "--gbs", "16", "--zero", "0"),
    ("--tp", "2", "--cp", "4", "--context-kind", "ulysses", "--gbs", "2", "--zero", "0"),
    ("--fsdp", "--shard", "8", "--gbs", "32"),
    ("--fsdp", "--no-overlap-dp", "--pp", "2", "--gbs", "16"),
    ("--tp", "4", "--pp", "4", "--recompute", "full", "--gbs", "8"),
    ("--tp", "4", "--pp", "4", "--vpp", "2", "--gbs", "16"),
    ("--tp", "4", "--pp", "4", "--schedule", "zb-h1", "--gbs", "16"),
    ("--tp", "4", "--pp", "4", "--vpp", "2", "--schedule", "zb-v", "--gbs", "16"),
    ("--tp", "4", "--pp", "4", "--vpp", "2", "--schedule", "dualpipe", "--gbs", "16"),
    ("--tp", "4", "--ep", "4", "--overlap-ep", "--gbs", "16"),
    ("--ep", "4", "--overlap-ep", "--gbs", "16", "--set", "x.bandwidth=2 GB/s"),  # too slow to hide
])
def test_every_kind_of_plan_comes_to_its_end_in_the_time_of_the_step(tmp_path, flags):
    step = Step(tmp_path, *small(tmp_path, "mixtral-8x7b" if "--ep" in flags else "llama3-8b"), *flags, ranks="pipeline")
    time = chakra.replay(step.traces, step.groups)
    assert time == pytest.approx(step.json["step_s"], rel=1e-4)


@pytest.mark.parametrize("flags", [("--tp", "2", "--pp", "4", "--gbs", "8", "--sp", "--overlap-tp", "--zero", "0"),
                                   ("--tp", "4", "--cp", "4", "--gbs", "1"), ("--fsdp", "--pp", "4", "--gbs", "16")])
def test_one_message_at_a_time_is_no_deadlock(tmp_path, flags):
    step = Step(tmp_path, *small(tmp_path, "llama3-8b"), *flags)
    time = chakra.replay(step.traces, step.groups)
    assert time == pytest.approx(step.json["step_s"], rel=1e-4)
    assert chakra.replay(step.traces, step.groups, one_message=True) >= time


def test_one_of_each_stage_is_what_all_of_it_do(tmp_path, plain):
    few = Step(tmp_path, *PLAIN, ranks="pipeline")
    assert sorted(few.traces) == [0, 4, 8, 12]
    for rank, nodes in few.traces.items():
        assert [(each.name, each.after, each.micros) for each in nodes.values()] == [
            (each.name, each.after, each.micros) for each in plain.traces[rank + 3].values()]
    assert chakra.replay(few.traces, few.groups) == pytest.approx(few.json["step_s"], rel=1e-4)


def test_an_all_gather_counts_what_a_rank_has_before(tmp_path):
    step = Step(tmp_path, "llama3-8b", "--system", "trn2-server", "--tp", "8", "--sp", "--gbs", "2", "--seq", "2048")
    tensor = step.of_group(0, 1, 8)
    sizes = {kind: {each.comm_size for each in tensor if each.comm_type == kind}
             for kind in (chakra.ALL_GATHER, chakra.REDUCE_SCATTER)}
    activations = 2048 * HIDDEN * 2
    assert sizes == {chakra.ALL_GATHER: {activations // 8}, chakra.REDUCE_SCATTER: {activations}}
