"""The program as a user meets it: tables, bad input, exit codes."""
import json
import os
import re
import subprocess

import pytest

from program import MODELLED, RAINIER, SOURCE, refused, rows, run, run_file

# --- what a user sees -----------------------------------------------------------------------------

def test_systems_lists_every_shipped_system():
    result = run("systems")
    assert result.returncode == 0
    names = {line.split()[0] for line in result.stdout.splitlines()[1:]}
    assert names == {p.stem for p in (SOURCE / "topology/systems").glob("*.toml")}
    assert re.search(r"^rainier +524288 ", result.stdout, re.M)


def test_show_gives_each_figure_its_origin():
    result = run("show", "rainier")
    assert result.returncode == 0
    for text in ("SemiAnalysis", "published", "derived", "assumed", "bisection", "compute.bf16.roof"):
        assert text in result.stdout, text


def test_every_shipped_system_shows():
    for path in (SOURCE / "topology/systems").glob("*.toml"):
        assert run("show", path.stem).returncode == 0, path


def test_models_lists_every_shipped_model():
    result = run("models")
    assert result.returncode == 0, result.stderr
    table = {line.split()[0]: line.split() for line in result.stdout.splitlines()[2:]}
    assert set(table) == {p.stem for p in (SOURCE / "models").glob("*.json")}
    assert table["llama3-8b"][1:7] == ["llama", "32", "4096", "8030261248", "8030261248", "4096"]
    assert [m["name"] for m in json.loads(run("models", "--json").stdout)] == list(table)


def test_models_takes_one_apart(tmp_path):
    shown = run("models", "deepseek-v3", "--seq", "4096").stdout
    for text in ("58 x 128 heads", "8 of 256 experts of 2048", "671026419200", "6 P"):
        assert text in shown, text
    model = json.loads(run("models", "deepseek-v3", "--seq", "4096", "--json").stdout)
    assert model["parameters"]["total"] == 671026419200
    for what in ("parameters", "active_parameters", "forward_flops_per_token"):
        parts = model[what]
        assert parts["total"] == sum(v for k, v in parts.items() if k != "total")
    layers = sum(k["count"] * k["parameters"]["total"] for k in model["kinds_of_layer"])
    assert layers == parts_of_layers(model["parameters"])
    (tmp_path / "config.json").write_text((SOURCE / "models/gpt2.json").read_text())
    assert tmp_path.name + ": gpt2, 12 layers" in run("models", tmp_path).stdout
    elsewhere = run("models", "gpt2", env={**os.environ, "RAINIER_DATA": str(tmp_path)})
    assert elsewhere.returncode == 3 and "RAINIER_DATA" in elsewhere.stderr


def parts_of_layers(parameters):
    """All but the tables and the norm behind the last layer of DeepSeek-V3."""
    return parameters["total"] - parameters["embedding"] - parameters["head"] - 7168


def test_models_refuses(tmp_path):
    refused("models", "lama3-8b", says=["did you mean 'llama3-8b'"])
    refused("models", "gpt2", "--seq", "2048", says=["--seq 2048", "1024 tokens"])
    bad = tmp_path / "bad.json"
    bad.write_text('{"model_type": "llama", "hidden_size": -1}')
    refused("models", bad, says=["bad.json", "hidden_size", "at least 1, not -1"])


def test_collective_at_full_size_prints_time_bound_and_share():
    result = run("collective", "all_reduce", "--system", "rainier", "-b", "1M", "-e", "1G",
                 "--algorithm", "rhd")
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert len(table) == 11
    for row in table:
        time_us, bound_us, share = float(row[4]), float(row[7]), float(row[8].rstrip("%"))
        assert bound_us <= time_us
        assert share == pytest.approx(100 * bound_us / time_us, rel=0.02)


def test_a_clock_for_each_chip_tells_the_prediction_and_who_is_late():
    arguments = ["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-b", "1G",
                 "-e", "1G"]
    calm = run(*arguments)
    assert calm.returncode == 0, calm.stderr
    size, predicted, first, median, p99, last, ratio, *_ = rows(calm.stdout)[0]
    assert predicted == first == median == p99 == last and ratio == "1.000x"
    late = run(*arguments, "--noise", "exponential:1 us", "--slow", "17:1.5", "--seed", "7")
    values = [float(v) for v in rows(late.stdout)[0][1:6]]
    assert values == sorted(values) and values[0] < values[1]
    assert "among the last: chip 17 (x 1, y 0, z 1, pod 0, building 0, site 0)" in late.stdout
    assert run(*arguments, "--noise", "exponential:1 us", "--slow", "17:1.5", "--seed",
               "7").stdout == late.stdout


def test_clocks_are_the_same_on_any_number_of_ranks():
    arguments = ["collective", "all_reduce", "--system", "rainier", "--chips", "4096", "--reader",
                 "clock", "-b", "1M", "-e", "1G", "-f", "1024", "--algorithm",
                 "rhd(x,y,z)+ring(pod)+doubling(building)", "--noise", "exponential:1 us",
                 "--skew", "normal:20 us:5 us", "--slow", "1000:2"]
    alone = run(*arguments)
    assert alone.returncode == 0, alone.stderr
    assert len(rows(alone.stdout)) == 2
    for ranks in (1, 2, 4):
        assert run(*arguments, ranks=ranks).stdout == alone.stdout, ranks


def test_eight_times_the_sites_are_four_million_chips():
    result = run("collective", "all_reduce", "--system", "rainier", "--set", "site.extent=64",
                 "--reader", "clock", "-b", "1G", "-e", "1G", "--algorithm", "rhd", ranks=2)
    assert result.returncode == 0, result.stderr
    assert "over 4194304 chips" in result.stdout
    predicted, *times = rows(result.stdout)[0][1:6]
    assert all(time == predicted for time in times)


def test_the_ultraserver_with_degraded_links_is_the_one_that_does_not_wait():
    result = run("collective", "all_reduce", "--system", "rainier", "--chips", "4096", "--reader",
                 "clock", "-b", "1G", "-e", "1G", "--algorithm", "rhd", "--degrade",
                 "z+@ultraserver=5:0.5")
    assert result.returncode == 0, result.stderr
    assert "least in ultraserver 5 (mean 0 s)" in result.stdout
    path = [line for line in result.stdout.splitlines() if "on a degraded link" in line]
    assert path and all("over z" in line for line in path)


def test_a_line_cut_both_ways_is_refused():
    refused("collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-b", "1G",
            "-e", "1G", "--algorithm", "ring", "--fail", "x+@chip=1", "--fail", "x-@chip=3",
            says=["no way from member 1 to member 2 of a ring x"])


def test_a_degraded_link_costs_no_more_than_all_of_its_kind():
    def last(*extra):
        out = run("collective", "all_reduce", "--system", "trn2-ultraserver", "--algorithm", "ring",
                  "--reader", "clock", "-b", "1G", "-e", "1G", *extra)
        return float(rows(out.stdout)[0][5])
    whole, one = last(), last("--degrade", "z+@chip=5:0.5")
    every = last("--set", "z.bandwidth=32 GB/s")
    assert whole < one <= every * 1.0001


def test_set_changes_the_answer():
    def time_with(*extra):
        out = run("collective", "all_to_all", "--system", "trn2-ultraserver", "-b", "1G", "-e", "1G",
                  *extra)
        return float(rows(out.stdout)[0][4])
    assert time_with("--set", "z.bandwidth=128 GB/s") < 0.6 * time_with()


# --- bad input ------------------------------------------------------------------------------------

def test_no_more_ranks_than_ultraservers():
    refused("collective", "all_reduce", "--system", "rainier", "--chips", "128", "--reader", "clock",
            ranks=3, says=["more ranks than ultraservers", "3 ranks, 2 ultraservers"])


@pytest.mark.parametrize("arguments, says", [
    (["collective", "all_reduce", "--system", "rainer"], ["did you mean 'rainier'"]),
    (["collective", "al_reduce", "--system", "rainier"], ["did you mean 'all_reduce'"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "rign"], ["'ring'"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "1G", "-e", "1M"], ["-e 1M", "-b 1G"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "-8"], ["-8"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "8Q"], ["8Q"]),
    (["collective", "all_reduce", "--system", "rainier", "-b", "10", "-e", "10"], ["10 B", "f32"]),
    (["collective", "all_to_all", "--system", "rainier", "-b", "1K", "-e", "1K"],
     ["does not divide", "524288", "2097152 B"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "q.bandwidth=1 GB/s"], ["q"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwith=1 GB/s"],
     ["did you mean 'bandwidth'"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwidth=1 GBps"], ["GB/s"]),
    (["collective", "all_reduce", "--system", "rainier", "--set", "z.bandwidth=-1 GB/s"],
     ["more than 0"]),
    (["collective", "all_reduce", "--system", "rainier", "--chips", "100"], ["128"]),
    (["collective", "all_reduce", "--system", "rainier-trn3-gen2", "--algorithm", "rhd"],
     ["power of two"]),
    (["collective", "all_reduce", "--system", "rainier", "-d", "f31"], ["f32"]),
    (["collective", "all_reduce", "-d", "fp8"], ["f32, f64, i32, bf16"]),
    (["collective", "all_reduce"], ["at least two ranks"]),
    (["collective", "all_reduce", "--system", "rainier", "--bogus"], ["--bogus"]),
    (["collective", "all_reduce", "--system", "rainier", "--noise", "exponential:1 us"],
     ["--reader clock"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--noise",
      "exponential:-1 us"], ["negative"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--degrade",
      "q+@chip=1:0.5"], ["unknown level 'q'"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--slow",
      "524288:2"], ["524287"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--noise",
      "normal:1 us:-1 us"], ["negative"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--degrade",
      "x+@ultraserver=8192:0.5"], ["0 to 8191"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--fail",
      "w+@chip=1"], ["unknown level 'w'"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--algorithm",
      "swing(x,y,z)+doubling(pod)"], ["building"]),
    (["collective", "all_reduce", "--system", "rainier", "--without", "ultraserver=5", "--reader",
      "clock", "--algorithm", "rhd(x,y,z)+rhd(network)"], ["power of two"]),
    (["collective", "all_reduce", "--reader", "clock"], ["--system"]),
    (["collective", "all_reduce", "--system", "rainier", "--fail", "x+@chip=1"], ["--reader clock"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--fail",
      "pod@ultraserver=5"], ["--without"]),
    (["collective", "all_reduce", "--system", "rainier", "--without", "ultraserver=8192"],
     ["8191"]),
    (["collective", "all_reduce", "--system", "rainier", "--group", "x,x"], ["twice"]),
    (["collective", "broadcast"], ["--system"]),
    (["collective", "broadcast", "--system", "rainier", "--reader", "clock"], ["predicted only"]),
    (["collective", "gather", "--system", "rainier", "-b", "4M", "--algorithm", "ring"],
     ["no algorithm for gather", "binomial"]),
    (["collective", "all_gather", "--system", "rainier", "-b", "4M", "--algorithm", "doubling"],
     ["doubling is no algorithm for all_gather", "known: ring"]),
    (["collective", "all_reduce", "--links"], ["--links", "--system"]),
    (["collective", "all_reduce", "--system", "rainier", "--imbalance", "2"], ["all_to_all"]),
    (["collective", "all_to_all", "--system", "rainier", "--chips", "16", "--imbalance", "17"], ["1 to", "16"]),
    (["collective", "all_to_all", "--system", "rainier", "-b", "4M", "--imbalance", "2", "--algorithm",
      "pairwise"],
     ["direct"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "neuron:kanga+ring"], ["kangaring"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--links"],
     ["--links", "predict"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "file:nowhere.toml"],
     ["nowhere.toml"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "ring", "--explain"],
     ["--explain", "auto"]),
    (["collective", "all_reduce", "--system", "rainier", "--csv", "--explain"], ["--csv"]),
    (["collective", "all_to_all", "--system", "rainier", "-b", "4M", "--imbalance", "nan"],
     ["--imbalance", "from 1 on, not nan"]),
    (["collective", "all_reduce", "--system", "rainier", "--min-busbw", "1"], ["--min-busbw", "measurements"]),
    (["collective", "all_reduce", "--system", ""], ["--system", "not ''"]),
    (["goodput", "--chips", "64", "-O", ""], ["--output", "expected FILE, not ''"]),
    (["collective", "all_reduce", "--system", "rainier", "--algorithm", "file:/dev/zero"], ["is a device"]),
    (["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "--noise", "file:/dev/zero"],
     ["is a device"]),
    (["run", "nowhere.toml"], ["nowhere.toml"]),
    (["run", "."], ["'.' is a folder"]),
])
def test_bad_request_is_one_message_and_exit_2(arguments, says):
    refused(*arguments, says=says)


def test_a_delay_that_is_none_is_named_with_file_and_line(tmp_path):
    (tmp_path / "delays").write_bytes(b"1 us\n\n\x7fELF\x00\n")
    refused("collective", "all_reduce", "--system", "trn2-ultraserver", "--reader", "clock", "--noise",
            f"file:{tmp_path}/delays", says=["delays:3: expected a delay such as '1.5 us'"])


def test_elements_of_half_a_byte_go_in_pairs():
    ask = ["collective", "all_gather", "--system", "trn2-ultraserver", "-d", "fp4"]
    [row] = rows(run(*ask, "-b", "127", "-e", "127").stdout)
    assert row[:3] == ["64", "128", "fp4"]
    refused(*ask, "-b", "63", "-e", "63", says=["two fp4 elements for each of 64 ranks", "is 64 B"])
    refused("export", "goal", "all_reduce", "-b", "1K", "-n", "8", "-d", "fp4", "-o", "none",
            says=["elements of 0.5 B"])


def test_compare_prints_ratios_and_what_binds(tmp_path):
    out = tmp_path / "out.h5"
    assert run("run", run_file(tmp_path, MODELLED), "--output", out).returncode == 0
    result = run("compare", out, "--baseline", "trainium2")
    assert result.returncode == 0, result.stderr
    assert "trainium3" in result.stdout and "1.00x" in result.stdout
    assert "compute" in result.stdout and "link" in result.stdout


@pytest.mark.parametrize("command", [["show", "rainier"], ["systems"], ["explain", "busbw"],
                                     ["collective", "all_reduce", "--system", "trn2-ultraserver", "-b", "1M", "-e", "1M"]])
def test_output_that_does_not_arrive_is_an_error_of_the_environment(command):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([RAINIER, *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("rainier: cannot write") and len(done.stderr.splitlines()) == 1
