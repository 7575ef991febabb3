"""rainier train: what a person reads and what a program reads are one step; bad plans are refused."""
import json

import pytest

from program import refused, run

PLAN = ["llama3.1-405b", "--system", "rainier", "--chips", "65536", "--tp", "64", "--pp", "8",
        "--gbs", "8192", "--seq", "8192", "--sp"]


def step(*arguments):
    result = run("train", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_parts_add_up_to_the_step():
    out = step(*PLAN)
    assert sum(out["spent_s"].values()) == pytest.approx(out["step_s"], rel=1e-12)
    assert out["memory_bytes"]["sum"] == pytest.approx(
        sum(v for k, v in out["memory_bytes"].items() if k != "sum"), rel=1e-12)


def test_rates_are_those_of_the_step():
    """Model FLOPs of a token: 3 x 2 x 405.9e9 less the embedding, and causal attention
    6 x 126 layers x 8192 x 16384; MFU against 667 TFLOP/s."""
    out = step(*PLAN)
    assert out["tokens_per_s"] == pytest.approx(8192 * 8192 / out["step_s"], rel=1e-12)
    flops = 6 * (405_853_388_800 - 128256 * 16384) + 6 * 126 * 8192 * 16384
    assert out["mfu"] == pytest.approx(out["tokens_per_s"] * flops / (65536 * 667e12), rel=1e-3)
    assert out["hfu"] == out["mfu"]  # nothing is recomputed
    again = step(*PLAN, "--recompute", "full")
    assert again["step_s"] > out["step_s"] and again["hfu"] > again["mfu"]


def test_aliases_name_the_same_plan():
    aliases = ["llama3.1-405b", "--system", "rainier", "--chips", "65536",
               "--tensor-model-parallel-size", "64", "--pipeline-model-parallel-size", "8",
               "--global-batch-size", "8192", "--seq-length", "8192", "--sequence-parallel"]
    assert step(*aliases) == step(*PLAN)


def test_the_table_says_where_the_step_goes():
    out = run("train", *PLAN, "--sensitivity").stdout
    for words in ("tokens/s", "MFU", "tensor parallel", "bubble", "sum", "capacity", "binds:",
                  "d ln step / d ln figure"):
        assert words in out


def test_the_timeline_has_each_pass_once(tmp_path):
    path = tmp_path / "trace.json"
    assert run("train", *PLAN, "--timeline", path).returncode == 0
    passes = [e for e in json.loads(path.read_text())["traceEvents"] if e["ph"] == "X"]
    assert len(passes) == 8 * 64 * 2  # ranks x micro-batches x forward and backward
    assert len({(e["tid"], e["name"], e["args"]["micro_batch"]) for e in passes}) == len(passes)


@pytest.mark.parametrize("change, words", [
    (["--tp", "60"], ["does not divide the 65536 chips"]),
    (["--gbs", "1000"], ["choose a multiple of"]),
    (["--schedule", "2f2b"], ["unknown pipeline order", "1f1b"]),
    (["--recompute", "some"], ["none, selective, full"]),
    (["--zero", "4"], ["0, 1, 2 or 3"]),
    (["--ep", "2"], ["no experts"]),
    (["--software", "nosuch"], ["unknown software", "nemo"]),
    (["--vpp", "32"], ["126 layers", "virtual stages"]),
])
def test_bad_plans_are_refused(change, words):
    keep = list(PLAN)
    if change[0] in keep:
        at = keep.index(change[0])
        del keep[at:at + 2]
    message = refused("train", *keep, *change)
    for word in words:
        assert word in message
