"""rainier goodput: the run's parts, closed form and quantiles agree; the same on any number of ranks;
what cannot be is refused."""
import json

import pytest

from program import refused, run

LLAMA = ["--chips", "16384", "--days", "54"]
REPLICA = ["--recovery", "replica", "--replica", "1024", "--regroup", "10 s"]


def goodput(*arguments, ranks=None):
    result = run("goodput", *arguments, "--json", ranks=ranks)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_llama_3_keeps_about_nine_tenths():
    """Meta reports more than 90 %; Daly's formula gives 0.88 for 10 min a failure and 30 s a checkpoint."""
    out = goodput(*LLAMA)
    assert out["mean_time_between_failures_s"] == pytest.approx(54 * 86400 / 419, rel=1e-9)
    assert out["goodput"]["closed_form"] == pytest.approx(0.88, abs=0.002)
    assert out["goodput"]["mean"] == pytest.approx(out["goodput"]["closed_form"], rel=0.01)
    assert out["failures"] == pytest.approx(419, rel=0.02)
    assert out["goodput"]["q05"] < out["goodput"]["q50"] < out["goodput"]["q95"]


@pytest.mark.parametrize("flags", [
    LLAMA, [*LLAMA, "--spares", "0"], [*LLAMA, "--asynchronous", "--shape", "0.7"],
    ["--days", "2", *REPLICA], ["--days", "2", *REPLICA, "--spares", "40", "--repair", "24 h"],
    [*LLAMA, "--step", "5 s", "--noise", "exponential:10 ms"]])
def test_the_parts_add_up_to_the_run(flags):
    out = goodput(*flags, "--runs", "50")
    assert sum(out["spent_s"].values()) == pytest.approx(out["duration_s"], rel=1e-9)
    assert out["spent_s"]["useful"] / out["duration_s"] == pytest.approx(out["goodput"]["mean"], rel=1e-9)
    assert all(part >= 0 for part in out["spent_s"].values())


@pytest.mark.parametrize("flags", [LLAMA, ["--days", "2", *REPLICA, "--spares", "40"]])
def test_ranks_make_no_difference(flags):
    alone = goodput(*flags, "--runs", "50")
    for ranks in (1, 2, 4):
        assert goodput(*flags, "--runs", "50", ranks=ranks) == alone


def test_a_run_shorter_than_its_interval_keeps_the_closed_form_of_a_run_without_end():
    """It writes no checkpoint, and mostly sees no failure; a closed form with a checkpoint in it would be of another."""
    short, long = (goodput("--chips", "512", "--days", days) for days in ("0.01", "3000"))
    assert short["interval_s"] == long["interval_s"] > short["duration_s"]
    assert short["goodput"]["closed_form"] == long["goodput"]["closed_form"]
    assert short["levers"] == long["levers"]
    assert short["spent_s"]["checkpoints"] == 0
    out = run("goodput", "--chips", "512", "--days", "0.01").stdout
    assert "; the run ends before one" in out and " % of a run without end\n" in out
    out = run("goodput", *LLAMA).stdout
    assert "the run ends" not in out and "without end" not in out


def test_replicas_keep_more_of_the_whole_machine():
    restart = goodput("--days", "2", "--runs", "50")
    replica = goodput("--days", "2", "--runs", "50", *REPLICA)
    assert restart["goodput"]["mean"] < 0.2 < 0.7 < replica["goodput"]["mean"]
    assert replica["spent_s"]["lost work"] == 0 < replica["spent_s"]["regrouping"]


def test_stragglers_take_the_expected_maximum():
    """H_16384 = 10.28 means of 10 ms in each step of 5 s."""
    out = goodput(*LLAMA, "--step", "5 s", "--noise", "exponential:10 ms")
    assert out["straggling"] == pytest.approx(10.2813 * 0.01 / 5, rel=1e-4)
    assert out["spent_s"]["stragglers"] / out["spent_s"]["useful"] == pytest.approx(out["straggling"])


def test_levers_are_sorted_and_figures_tell_their_origin():
    out = goodput(*LLAMA, "--detect", "2 min")
    gains = [max(lever["half"] or 0, lever["twice"] or 0) for lever in out["levers"]]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0
    assert out["figures"]["detection"]["origin"] == "given"
    assert out["figures"]["restart"]["origin"] == "derived"
    assert "Llama 3" in out["figures"]["failures of a chip"]["source"]


def test_rate_and_time_between_failures_are_two_ways_to_say_it():
    rate = goodput("--chips", "16384", "--rate", "1e-4", "--runs", "20")
    mean = goodput("--chips", "16384", "--mtbf", f"{3600 / (1e-4 * 16384)} s", "--runs", "20")
    assert rate["goodput"] == pytest.approx(mean["goodput"], rel=1e-9)


def test_the_table_says_where_the_time_goes():
    out = run("goodput", *LLAMA).stdout
    for words in ("goodput ", "closed form", "useful", "lost work", "checkpoints", "recovery", "sum",
                  "what would help", "where the figures come from", "derived", "assumed"):
        assert words in out


@pytest.mark.parametrize("flags, words", [
    (["--rate", "-1e-5"], ["--rate"]),
    (["--rate", "1e-5", "--mtbf", "3 h"], ["--mtbf", "--rate"]),
    (["--mtbf", "0 s"], ["--mtbf must be more than 0"]),
    (["--days", "0"], ["--days"]),
    (["--days", "nan"], ["expected a number above 0, not nan"]),
    (["--days", "1e12"], ["too long", "--days"]),
    (["--chips", "100"], ["chips"]),
    (["--recovery", "replica", "--replica", "1000"], ["1000 chips does not divide the 524288 chips"]),
    (["--recovery", "replica", "--replica", "32"], ["whole number of units of 64"]),
    (["--recovery", "replica", "--replica", "524288"], ["one replica alone"]),
    (["--recovery", "replica"], ["--replica CHIPS"]),
    (["--replica", "1024"], ["--recovery replica"]),
    (["--recovery", "hope"], ["expected one of restart, replica, not hope"]),
    ([*REPLICA[:-1], "20 min"], ["regrouping takes", "recovery restart"]),
    (["--interval", "31 d"], ["--interval 31 d is longer than the run of 30 d"]),
    (["--interval", "0 s"], ["--interval must be more than 0"]),
    (["--interval", "often"], ["--interval", "expected a time"]),
    (["--asynchronous", "--interval", "20 s"], ["to write, longer than"]),
    (["--snapshot", "1 s"], ["--asynchronous"]),
    (["--checkpoint-cost", "0 s"], ["no best interval", "--interval"]),
    (["--detect", "-5 s"], ["detection", "no time"]),
    (["--repair", "8h"], ["--repair", "one space", "min, h, d"]),
    (["--spares", "-1"], ["--spares -1", "auto"]),
    (["--spares", "999999999999"], ["--spares 999999999999", "up to 1000000"]),
    (["--spares", "few"], ["--spares few", "auto"]),
    (["--shape", "0"], ["--shape", "from 0.1 to 100"]),
    (["--noise", "exponential:1 us"], ["--step"]),
    (["--noise", "pink:1 us", "--step", "5 s"], ["exponential:MEAN"]),
    (["--failures", "nosuch"], ["unknown failures", "llama3"]),
    (["--runs", "0"], ["--runs"]),
])
def test_what_cannot_be_is_refused(flags, words):
    message = refused("goodput", *flags)
    for word in words:
        assert word in message
