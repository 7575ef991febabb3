"""rainier compare --model: the best plan of each system, told apart by what changes; a search of one's own
finds the same."""
import json
import math
import os
import subprocess
import sys

import h5py
import pytest

from program import SOURCE, refused, run

TASK = ["--model", "llama3-8b", "--gbs", "128", "--chips", "64"]
PAIR = ["--systems", "rainier,rainier-trn4"]


def compare(*arguments):
    result = run("compare", *TASK, "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def best_step(system, *arguments, chips=64):
    result = run("train", "llama3-8b", "--system", system, "--chips", str(chips), "--gbs", "128", "--seq", "4096",
                 "--plan", "auto", "--keep", "1", "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["best"][0]["step_s"]


@pytest.fixture(scope="module")
def whole():
    return compare(*PAIR)


def test_each_system_stands_with_the_plan_that_a_search_finds(whole):
    steps = {s["system"]: s["plan"]["step_s"] for s in whole["terms"][0]["standings"]}
    assert steps == {system: best_step(system) for system in ("rainier", "rainier-trn4")}


def test_the_waterfall_multiplies_to_the_speedup(whole):
    steps = [s["plan"]["step_s"] for s in whole["terms"][0]["standings"]]
    [fall] = whole["waterfalls"]
    assert math.isclose(math.prod(s["factor"] for s in fall["steps"]), steps[0] / steps[1], rel_tol=1e-12)
    assert fall["steps"][-1]["plan"]["step_s"] == steps[1]
    # 4 x 4.9 TB/s, set by hand in Trainium2
    alone = next(s for s in fall["steps"] if s["group"] == "memory bandwidth")["alone"]
    assert math.isclose(alone, steps[0] / best_step("rainier", "--set", "chip.memory.bandwidth=19.6 TB/s"),
                        rel_tol=1e-12)


def test_a_resource_that_costs_nothing_is_the_bound(whole):
    steps = {s["system"]: s["plan"]["step_s"] for s in whole["terms"][0]["standings"]}
    free = best_step("rainier", "--set", "chip.memory.bandwidth=2.9e9 TB/s")
    assert math.isclose(whole["bounds"]["rainier"]["memory bandwidth"], steps["rainier"] / free, rel_tol=1e-6)
    free = best_step("rainier-trn4", "--set", "rack.bandwidth=1e15 GB/s")
    assert math.isclose(whole["bounds"]["rainier-trn4"]["scale-up links"], steps["rainier-trn4"] / free, rel_tol=1e-6)


def test_equal_power_and_cost_are_chips_times_figures(whole):
    chips, power, cost = whole["terms"]
    watts = {s["system"]: s["power_w"]["value"] for s in whole["systems"]}
    assert watts == {"rainier": 750, "rainier-trn4": 2200}
    # 64 x 750 W buy 21 of 2200 W
    steps = {count: best_step("rainier-trn4", chips=count) for count in (20, 16, 14, 12)}
    bought = power["standings"][1]
    assert bought["plan"]["step_s"] == min(steps.values()) == steps[bought["chips"]]
    for standing in chips["standings"]:
        joules = 64 * watts[standing["system"]] * standing["plan"]["step_s"] / (128 * 4096)
        assert math.isclose(standing["joule_per_token"], joules, rel_tol=1e-12)
    assert cost["missing"] == ["the cost of rainier-trn4 is not known: --price rainier-trn4=…"]
    assert chips["standings"][1]["usd_per_token"] is None
    priced = compare(*PAIR, "--quick", "--price", "rainier-trn4=4.47 USD/h")
    first, second = priced["terms"][2]["standings"]
    assert second["chips"] == 32  # twice the price of a Trainium2
    assert math.isclose(second["usd_per_token"], 32 * 4.47 / 3600 * second["plan"]["step_s"] / (128 * 4096),
                        rel_tol=1e-12)


def test_every_figure_has_an_origin(whole):
    for system in whole["systems"]:
        for figure in system["figures"]:
            assert figure["status"] in ("published", "derived", "assumed") and figure["source"], figure


def test_table_and_figure(whole, tmp_path):
    out = run("compare", *TASK, *PAIR).stdout
    [fall] = whole["waterfalls"]
    assert f"its step {fall['speedup']:.2f} times" in out
    assert "# equal power" in out and "how much shorter" in out
    (tmp_path / "g.json").write_text(json.dumps(whole))
    script = [sys.executable, os.path.join(SOURCE, "scripts", "plot_waterfall.py"), str(tmp_path / "g.json"),
              str(tmp_path / "g.svg")]
    subprocess.run(script, capture_output=True, check=True)
    assert (tmp_path / "g.svg").read_text().count(">scale-up links<") == 1
    bad = subprocess.run([*script, "--to", "nowhere"], capture_output=True, text=True)
    assert bad.returncode == 2 and "rainier-trn4" in bad.stderr


@pytest.mark.parametrize("arguments, says", [
    (["--price", "rainier=-1 USD/h"], ["more than 0"]),
    (["--power", "rainier=0 W"], ["more than 0"]),
    (["--power", "rainer=5 W"], ["did you mean 'rainier'"]),
    (["--chips", "3000000"], ["524288 chips"]),
    (["--chips", "65537"], ["65536, 131072"]),
    (["--systems", "rainier"], ["two or more"]),
    (["--gbs", "1", "--chips", "65536", "--seq", "127"], ["chips of rainier"]),
])
def test_bad_request(arguments, says):
    refused("compare", "--model", "llama3-8b", "--quick", *arguments, says=says)


def test_a_file_or_a_model():
    refused("compare", says=["--model"])


def test_the_file_holds_what_the_tables_say(tmp_path, whole):
    file = tmp_path / "generations.h5"
    again = compare(*PAIR, "--price", "rainier-trn4=3.6 USD/h", "-O", str(file))
    assert again["waterfalls"] == whole["waterfalls"]
    with h5py.File(file) as tables:
        generations, steps = tables["modelled/generation"], tables["modelled/training"]
        for terms, what in zip(again["terms"], ("chips", "power", "cost")):
            of = generations["equal"].asstr()[:] == what
            rows = generations["row"][of]
            standings = terms["standings"]
            assert steps["system"].asstr()[rows].tolist() == [s["system"] for s in standings]
            assert steps["time"][rows].tolist() == [s["plan"]["step_s"] for s in standings]
            assert steps["chips"][rows].tolist() == [s["chips"] for s in standings]
            times = [s["plan"]["step_s"] for s in standings]
            assert generations["speedup"][of].tolist() == [times[0] / t for t in times]
        [cost] = generations["cost"][(generations["equal"].asstr()[:] == "chips")
                                     & (steps["system"].asstr()[:][generations["row"][:]] == "rainier-trn4")]
        assert len(standings) == 2  # the price is known now
        step = again["terms"][0]["standings"][1]["plan"]["step_s"]
        assert cost == pytest.approx(64 * 0.001 * step / (128 * 4096), rel=1e-12)
        figure = [sys.executable, os.path.join(SOURCE, "scripts", "plot_waterfall.py"), str(file), str(tmp_path / "f.svg")]
        assert subprocess.run(figure, capture_output=True, check=False).returncode == 0
        assert (tmp_path / "f.svg").read_text().count(">scale-up links<") == 1
        other = subprocess.run([*figure[:2], os.path.join(SOURCE, "results/reference/modelled.h5"), figure[3]],
                               capture_output=True, text=True, check=False)
        assert other.returncode == 2 and "has no modelled/waterfall" in other.stderr
        [fall] = again["waterfalls"]
        stored = tables["modelled/waterfall"]
        assert stored["group"].asstr()[:].tolist() == [s["group"] for s in fall["steps"]]
        assert stored["factor"][:].tolist() == [s["factor"] for s in fall["steps"]]
        assert math.isclose(math.prod(stored["factor"][:]), times_at_equal_chips(again), rel_tol=1e-12)
        bounds = tables["modelled/free_resource"]
        for system, group, factor in zip(bounds["system"].asstr()[:], bounds["group"].asstr()[:], bounds["factor"][:]):
            assert again["bounds"][system][group] == factor
        figures = tables["systems/figures"]
        price = (figures["system"].asstr()[:] == "rainier-trn4") & (figures["key"].asstr()[:] == "price.hourly")
        assert figures["value"][price] == pytest.approx([0.001])
    refused("compare", *TASK, *PAIR, "-O", file, code=3, says=["exists"])


def times_at_equal_chips(compared):
    first, second = (s["plan"]["step_s"] for s in compared["terms"][0]["standings"])
    return first / second
