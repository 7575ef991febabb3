"""rainier train: what a person reads and what a program reads are one step; bad plans are refused."""
import json

import h5py
import pytest

from program import SOURCE, refused, run

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


def test_hardware_flops_count_the_scores_that_selective_recomputation_computes_again():
    """Queries times keys, causal: s / 2 keys a query, 2 x hidden a pair and layer; with flash attention no score is kept,
    so none comes again."""
    out = step(*PLAN, "--attention", "unfused", "--recompute", "selective")
    again = 126 * 8192 * 16384
    flops = 6 * (405_853_388_800 - 128256 * 16384) + 6 * 126 * 8192 * 16384
    assert out["hfu"] / out["mfu"] == pytest.approx(1 + again / flops, rel=1e-4)
    for plan in (("--attention", "unfused"), ("--recompute", "selective")):
        out = step(*PLAN, *plan)
        assert out["hfu"] == out["mfu"]


def test_one_chip_trains_alone():
    """Nothing is sent: the step is that of any data-parallel replica, less what it sends and what others share of the
    optimizer."""
    plan = ["gpt2", "--system", "trn2-ultraserver", "--seq", "1024", "--zero", "0"]
    alone, both = step(*plan, "--chips", "1"), step(*plan, "--chips", "64", "--no-overlap-dp")
    assert not any(sum(levels.values()) for levels in alone["exposed_s"].values())
    assert both["spent_s"]["data parallel"] > 0
    assert alone["step_s"] == pytest.approx(both["step_s"] - both["spent_s"]["data parallel"], rel=1e-9)
    found = run("train", *plan[:-2], "--chips", "1", "--gbs", "8", "--plan", "auto")
    assert found.returncode == 0 and "gpt2 on 1 chip of" in found.stdout
    refused("train", *plan, "--chips", "1", "--tp", "2", says=["tensor 2", "does not divide the 1 chip"])


def test_a_search_blames_the_flag_that_leaves_no_plan():
    search = ["--system", "trn2-ultraserver", "--seq", "1024", "--gbs", "64", "--plan", "auto"]
    refused("train", "gpt2", *search, "--ep", "2", says=["gpt2 has no experts", "--ep"])
    refused("train", "mixtral-8x7b", *search, "--ep", "3", says=["expert parallelism 3 does not divide the 8 experts"])
    refused("train", "deepseek-v3", *search, "--chips", "16", "--ep", "32", says=["--ep 32", "16 chips"])
    found = run("train", "deepseek-v3", "--chips", "4096", "--seq", "4096", "--gbs", "4096", "--plan", "auto", "--ep-groups",
                "--keep", "1", "--tp", "1", "--cp", "1", "--mbs", "1")
    assert found.returncode == 0, found.stderr


def test_without_a_batch_each_replica_fills_its_pipeline_once():
    plan = ["llama3-8b", "--system", "trn2-ultraserver", "--pp", "4", "--mbs", "2", "--seq", "2048"]
    assert step(*plan) == step(*plan, "--gbs", str(16 * 4 * 2))


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


def test_what_nothing_hides_is_shared_among_levels():
    """405B over UltraServers: tensor ranks meet on the torus, replicas and stages above it."""
    out = step(*PLAN, "--no-overlap-dp")
    for axis, levels in out["exposed_s"].items():
        assert sum(levels.values()) == pytest.approx(out["spent_s"][axis], rel=1e-12, abs=1e-15)
    tensor, data = out["exposed_s"]["tensor parallel"], out["exposed_s"]["data parallel"]
    assert sum(tensor[level] for level in "xyz") == pytest.approx(
        out["spent_s"]["tensor parallel"] - tensor["chip"], rel=1e-12)
    assert tensor["z"] > 0 and tensor["pod"] == 0
    assert data["pod"] + data["building"] > 0 and data["x"] == data["y"] == data["z"] == 0
    table = run("train", *PLAN).stdout
    assert "by the level that it waits for" in table and " building" in table


def trace(path, *arguments):
    assert run("train", *arguments, "--timeline", path).returncode == 0
    events = json.loads(path.read_text())["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    return names, [e for e in events if e["ph"] == "X"]


def end(event):
    return event["ts"] + event["dur"]


def test_the_timeline_has_each_pass_once(tmp_path):
    names, events = trace(tmp_path / "trace.json", *PLAN)
    passes = [e for e in events if "args" in e]
    assert len(passes) == 8 * 64 * 2  # ranks x micro-batches x forward and backward
    assert len({(e["tid"], e["name"], e["args"]["micro_batch"]) for e in passes}) == len(passes)
    assert {names[e["pid"], e["tid"]] for e in passes} == {f"rank {r}" for r in range(8)}


def test_a_sequence_beyond_the_models_context_is_said():
    plan = ["--system", "trn2-ultraserver", "--tp", "16", "--gbs", "64", "--fsdp"]
    assert run("train", "llama3-8b", *plan, "--seq", "8192").stderr == ""
    note = run("train", "llama3-8b", *plan, "--seq", "16384")
    assert note.returncode == 0
    assert note.stderr == "rainier: note: sequences of 16384 tokens are longer than the context of llama3-8b, 8192\n"
    refused("train", "gpt3-175b", *plan, "--seq", "4096", says=["positions for 2048 tokens"])


MORE = [["llama3-8b", "--system", "trn2-ultraserver", "--tp", "4", "--pp", "4", "--gbs", "64", "--fsdp"],
        ["mixtral-8x7b", "--system", "trn2-ultraserver", "--tp", "2", "--ep", "8", "--cp", "2",
         "--seq", "8192", "--gbs", "64", "--overlap-ep"],
        ["llama3-8b", "--system", "trn2-ultraserver", "--tp", "4", "--pp", "4", "--schedule", "zb-h1",
         "--gbs", "64", "--recompute", "full", "--overlap-tp"]]


@pytest.mark.parametrize("plan", [PLAN, *MORE])
def test_the_timeline_is_the_step(plan, tmp_path):
    """Each resource does one thing at a time; the last event ends with the step; the operations of the
    first micro-batch fill its passes."""
    names, events = trace(tmp_path / "trace.json", *plan)
    seconds = step(*plan)["step_s"]
    assert max(map(end, events)) == pytest.approx(1e6 * seconds, rel=1e-9)
    tracks = {}
    for event in events:
        tracks.setdefault((event["pid"], event["tid"]), []).append(event)
    assert set(tracks) == set(names)
    for track in tracks.values():
        track.sort(key=lambda e: e["ts"])
        for before, after in zip(track, track[1:]):
            assert after["ts"] >= end(before) - 1e-6 * seconds
    operations = [e for e in events if e["pid"] == 1]
    kinds = {names[e["pid"], e["tid"]] for e in operations}
    assert {"engines", "memory"} < kinds and any(k.startswith("ports of ") for k in kinds)
    process = next(e["args"]["name"] for e in json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
                   if e["name"] == "process_name" and e["pid"] == 1)
    rank = process.split(",")[0]
    passes = [e for e in events if names[e["pid"], e["tid"]] == rank and e["pid"] == 0
              and e.get("args", {}).get("micro_batch") == 0 and e["args"]["chunk"] == int(process.split()[-1])]
    for one in passes:
        inside = sorted((e for e in operations if one["ts"] - 1e-3 <= e["ts"] < end(one) - 1e-3),
                        key=lambda e: e["ts"])
        at = one["ts"]
        for event in inside:
            assert event["ts"] <= at + 1e-6 * one["dur"], (event, at)  # no gap
            at = max(at, end(event))
        assert at == pytest.approx(end(one), rel=1e-9, abs=1e-3)


def test_steps_go_into_a_results_file(tmp_path):
    path = tmp_path / "step.h5"
    out = step(*PLAN)
    assert run("train", *PLAN, "-O", path).returncode == 0
    with h5py.File(path) as file:
        row = {name: data.asstr()[0] if data.dtype == object else data[0]
               for name, data in file["modelled/training"].items() if name != "point"}
        assert (row["time"], row["mfu"], row["tokens_rate"]) == (out["step_s"], out["mfu"], out["tokens_per_s"])
        assert (row["tensor"], row["pipeline"], row["data"], row["chips"]) == (64, 8, 128, 65536)
        assert (row["model"], row["schedule"], row["batch"]) == ("llama3.1-405b", "1f1b", 8192)
        parts = [name for name in row if name.endswith("_time")]
        assert sum(row[p] for p in parts) == pytest.approx(row["time"], rel=1e-12)
        assert row["parameter_memory"] == out["memory_bytes"]["parameters"]
        exposed = file["modelled/exposed"]
        axes = exposed["axis"].asstr()[:]
        for axis in ("tensor", "data"):
            assert exposed["time"][:][axes == axis].sum() == pytest.approx(row[f"{axis}_time"], rel=1e-12)
        keys = file["systems/figures/key"].asstr()[:]
        assert "memory.bandwidth" in keys and any(k.startswith("software.") for k in keys)
        assert "hidden_size" in file["inputs/models/llama3.1-405b.json"].asstr()[()]
        assert file["inputs/software/default.toml"].asstr()[()]
    assert "exists" in refused("train", *PLAN, "-O", path, code=3)
    before = path.read_bytes()
    assert run("train", *PLAN, "-O", path, "--force").returncode == 0
    assert path.read_bytes() == before


def test_tokens_cross_once_to_each_group_of_experts():
    """DeepSeek-V3 chooses 8 experts in 4 of 8 groups; 256 ranks are 8 groups of half an UltraServer."""
    plan = ["deepseek-v3", "--system", "rainier", "--chips", "1024", "--pp", "4", "--ep", "256",
            "--gbs", "1024", "--seq", "4096", "--zero", "2", "--recompute", "full"]
    alone, grouped = step(*plan), step(*plan, "--ep-groups")
    assert grouped["exposed_s"]["expert parallel"]["pod"] < 0.6 * alone["exposed_s"]["expert parallel"]["pod"]
    assert "groups" in refused("train", "mixtral-8x7b", "--ep", "8", "--chips", "64", "--ep-groups")


def test_a_plan_over_the_capacity_is_said_not_to_fit():
    plan = ["llama3.1-405b", "--system", "trn2-ultraserver", "--gbs", "64", "--zero", "0"]
    result = run("train", *plan, "--json")
    out = json.loads(result.stdout)
    assert result.returncode == 1 and "needs" in result.stderr and "--plan auto" in result.stderr
    assert not out["fits"] and out["memory_bytes"]["sum"] > out["capacity_bytes"]
    assert "does not fit" in run("train", *plan).stdout
    assert step(*PLAN)["fits"]


def test_bad_configs_are_refused_with_the_place(tmp_path):
    config = json.loads((SOURCE / "models/llama3-8b.json").read_text())
    del config["hidden_size"]
    (tmp_path / "cut.json").write_text(json.dumps(config))
    refused("train", tmp_path / "cut.json", "--chips", "64", says=["cut.json", "hidden_size", "missing"])
    (tmp_path / "typo.json").write_text('{"model_type": "llama",\n "hidden_size" 64}')
    refused("train", tmp_path / "typo.json", "--chips", "64", says=["typo.json", "line 2"])
    refused("train", "nosuchmodel", says=["unknown model", "llama"])


@pytest.mark.parametrize("arguments, words", [
    (["--system", "trn2-ultraserver", "--tp", "64"], ["tensor parallelism 64", "32 attention heads"]),
    (["--system", "trn2-ultraserver", "--chips", "128"], ["trn2-ultraserver", "128"]),
    (["--chips", "1048576"], ["1048576", "524288"]),
    (["--chips", "100"], ["100"]),
    (["--system", "trn2-ultraserver", "--cp", "3"], ["does not divide the 64 chips"]),
    (["--system", "trn2-ultraserver", "--dp", "8", "--gbs", "64"], ["are 8 chips", "has 64"]),
])
def test_what_a_machine_or_a_model_cannot_take_is_refused(arguments, words):
    refused("train", "llama3-8b", *arguments, says=words)


@pytest.mark.parametrize("change, words", [
    (["--tp", "60"], ["does not divide the 65536 chips"]),
    (["--gbs", "1000"], ["choose a multiple of"]),
    (["--schedule", "2f2b"], ["expected one of gpipe", "not 2f2b", "1f1b"]),
    (["--recompute", "some"], ["none, selective, full"]),
    (["--zero", "4"], ["expected one of 0, 1, 2, 3, not 4"]),
    (["--ep", "2"], ["no experts"]),
    (["--software", "nosuch"], ["unknown software", "nemo"]),
    (["--vpp", "32"], ["126 layers", "virtual stages"]),
    (["--seq", "9223372036854775807"], ["--seq", "from 1 to 1000000000"]),
    (["--tp", "4294967296"], ["--tp", "from 1 to 1000000"]),
    (["--gbs", "655360000"], ["are more passes than can be timed", "larger micro-batches"]),
    (["--imbalance", "1.5"], ["--imbalance 1.5", "--ep 1"]),
    (["--chakra-ranks", "all"], ["--chakra-ranks goes with --chakra"]),
    (["--keep", "3"], ["--keep goes with --plan auto"]),
    (["--fsdp", "--zero", "1"], ["--zero excludes --fsdp"]),
])
def test_bad_plans_are_refused(change, words):
    keep = list(PLAN)
    if change[0] in keep:
        at = keep.index(change[0])
        del keep[at:at + 2]
    message = refused("train", *keep, *change)
    for word in words:
        assert word in message
