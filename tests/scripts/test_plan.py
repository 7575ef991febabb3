"""rainier train --plan auto: the same list on any number of ranks, every plan of it a step that train
predicts alike; what no plan can do is refused."""
import json

import h5py
import pytest

from program import refused, run

JOB = ["llama3-8b", "--system", "trn2-ultraserver", "--gbs", "128", "--seq", "4096"]


def search(*arguments, ranks=None):
    result = run("train", *JOB, "--plan", "auto", "--json", *arguments, ranks=ranks)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_same_list_on_any_number_of_ranks():
    alone = search()
    assert len(alone["best"]) == 10
    for ranks in (2, 4):
        shared = search(ranks=ranks)
        assert shared["best"] == alone["best"] and shared["front"] == alone["front"]
        for count in ("plans", "misfits"):
            assert shared["counts"][count] == alone["counts"][count]


def test_each_plan_is_the_step_that_train_predicts():
    found = search("--keep", "3")
    for plan in found["best"] + found["front"]:
        flags = ["--tp", plan["tensor"], "--cp", plan["context"], "--dp", plan["data"],
                 "--pp", plan["pipeline"], "--vpp", plan["virtual_stages"],
                 "--ep", plan["expert"], "--schedule", plan["order"],
                 "--mbs", plan["micro_batch"], "--recompute", plan["recompute"],
                 "--zero", plan["zero"], "--shard", plan["shard"]] + (["--sp"] if plan["tensor"] > 1 else [])
        step = json.loads(run("train", *JOB, "--json", *map(str, flags)).stdout)
        assert step["step_s"] == plan["step_s"]
        assert step["memory_bytes"]["sum"] == plan["memory_bytes"]
    times = [plan["step_s"] for plan in found["best"]]
    assert times == sorted(times)


def test_flags_leave_less_open():
    free, fixed = search("--keep", "1"), search("--tp", "8", "--zero", "1", "--keep", "1")
    assert fixed["best"][0]["tensor"] == 8 and fixed["best"][0]["zero"] == 1
    assert fixed["counts"]["plans"] < free["counts"]["plans"]
    assert fixed["best"][0]["step_s"] >= free["best"][0]["step_s"]


def test_the_table_says_why_others_are_slower():
    out = run("train", *JOB, "--plan", "auto").stdout
    assert "against the first" in out and "need more memory than a chip has" in out
    rows = [line for line in out.splitlines() if line and not line.startswith("#")]
    first, last = (search()["best"][i] for i in (0, -1))
    more = {part: 100 * (last["spent_s"][part] - first["spent_s"][part]) / first["step_s"]
            for part in first["spent_s"]}
    largest = max(more, key=lambda part: abs(more[part]))
    slower = 100 * (last["step_s"] / first["step_s"] - 1)
    assert rows[9].endswith("%") and f"{slower:+.1f} %: {largest} {more[largest]:+.1f} %" in rows[9]
    assert len(rows[0].split()) == 14  # the first is the measure


def test_fewer_chips_are_searches_of_their_own():
    found = search("--fewer-chips", "--keep", "1")
    parts = found["parts"]
    chips = [part["chips"] for part in parts]
    assert chips == [64, 16, 4]  # no part of 32 or 8, and 2 chips have too little memory
    assert parts[0]["plan"] == found["best"][0]
    alone = search("--chips", "16", "--keep", "1")
    assert parts[1]["plan"] == alone["best"][0]
    for part in parts:
        expected = part["chips"] * part["plan"]["step_s"] / (128 * 4096)
        assert part["chip_s_per_token"] == pytest.approx(expected, rel=1e-12)


def test_the_price_of_a_token_follows_from_the_price_of_a_chip():
    part = search("--fewer-chips", "--keep", "1", "--set", "chip.price.hourly=3.6 USD/h")["parts"][1]
    assert part["usd_per_token"] == pytest.approx(0.001 * part["chip_s_per_token"], rel=1e-12)


def test_the_file_holds_each_list_as_steps(tmp_path):
    file = tmp_path / "plans.h5"
    flags = ("--fewer-chips", "--keep", "2", "-O", str(file))
    found = search(*flags)
    lists = {"time": found["best"], "memory": found["front"],
             "chips": [part["plan"] for part in found["parts"]]}
    with h5py.File(file) as tables:
        plans, steps = tables["modelled/plan"], tables["modelled/training"]
        names = plans["list"].asstr()[:]
        for name, expected in lists.items():
            rows = plans["row"][names == name]
            assert steps["time"][rows].tolist() == [plan["step_s"] for plan in expected]
            assert steps["tensor"][rows].tolist() == [plan["tensor"] for plan in expected]
        parts = names == "chips"
        assert steps["chips"][plans["row"][parts]].tolist() == [
            part["chips"] for part in found["parts"]]
        assert plans["chip_time"][parts].tolist() == [
            part["chip_s_per_token"] for part in found["parts"]]
    before = file.read_bytes()
    search(*flags, "--force", ranks=2)
    assert file.read_bytes() == before


@pytest.mark.parametrize("arguments, says", [
    (["llama3-8b", "--system", "trn2-ultraserver"], ["--gbs"]),
    (["llama3-8b", "--system", "trn2-ultraserver", "--gbs", "7", "--tp", "1", "--cp", "1", "--pp", "1"],
     ["--gbs"]),
    (["llama3.1-405b", "--system", "trn2-server", "--gbs", "16", "--seq", "8192"],
     ["need more memory", "more chips"]),
    (["llama3-8b", "--gbs", "128", "--chips", "65537"], ["65537"]),
    (["llama3-8b", "--system", "trn2-ultraserver", "--gbs", "128", "--tp", "64"],
     ["32 attention heads"]),
    (["llama3-8b", "--gbs", "128", "--dp", "8"], ["--dp"]),
    (["gpt2", "--system", "v100-dgx1", "--gbs", "256", "--seq", "1024"], ["bf16"]),
])
def test_what_no_plan_can_do_is_refused(arguments, says):
    refused("train", *arguments, "--plan", "auto", says=says)
