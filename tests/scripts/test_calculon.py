"""The comparison with Calculon, against a stand-in that answers in its format: what is parsed, and the same plan."""
import json
import re
import subprocess
import sys

import pytest

from program import SOURCE, run

SCRIPT = [sys.executable, str(SOURCE / "scripts" / "calculon_side_by_side.py")]

EXECUTION = {"num_procs": 64, "tensor_par": 8, "pipeline_par": 8, "data_par": 1, "batch_size": 64, "microbatch_size": 1,
             "activation_recompute": "full", "pipeline_interleaving": 2, "optimizer_sharding": False,
             "tensor_par_comm_type": "rs_ag", "tensor_par_overlap": "none", "data_par_overlap": False}

STAND_IN = """
import json, sys
command, app, chips, batch, datatype, system, out = sys.argv[1:8]
assert command == "llm-optimal-execution" and datatype == "float16" and json.load(open(system))["mem2"]["GiB"] == 0
assert (chips, batch) == ("64", "64") and json.load(open(app))["num_blocks"] == 96
json.dump({{"0": {{"execution": {execution}, "stats": {{"sample_rate": 3.2}}}}}}, open(out, "w"))
print("Total executions: 5000\\nCalculation rate: 400.50 calcs/sec", file=sys.stderr)
"""


@pytest.fixture
def checkout(tmp_path):
    for folder in ("bin", "models", "systems"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin" / "calculon").write_text(STAND_IN.format(execution=EXECUTION))
    (tmp_path / "models" / "gpt3-175B.json").write_text('{"num_blocks": 96}')
    (tmp_path / "systems" / "a100_80g.json").write_text('{"mem2": {"GiB": 512}}')
    return tmp_path


def test_rates_and_the_same_plan_side_by_side(checkout):
    result = subprocess.run([*SCRIPT, "--calculon", checkout, "--case", "175b", "--chips", "64", "--batch", "64"],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    ours = float(re.search(r"^rainier +\d+ plans +(\d+) a second", result.stdout, re.M)[1])
    assert re.search(r"^calculon +5000 plans +400 a second, best step 20 s", result.stdout, re.M)
    ratio = float(re.search(r"^ratio (\d+)$", result.stdout, re.M)[1])
    assert ratio == pytest.approx(ours / 400.5, abs=0.51)
    step = json.loads(run("train", "gpt3-175b", "--system", "a100-selene", "--seq", "2048", "--dtype", "f16",
                          "--attention", "unfused", "--chips", "64", "--tp", "8", "--pp", "8", "--vpp", "2", "--mbs", "1",
                          "--gbs", "64", "--recompute", "full", "--zero", "0", "--sp", "--no-overlap-dp",
                          "--json").stdout)["step_s"]
    row = result.stdout.splitlines()[-1].split()
    assert row[:2] == ["tp", "8"] and float(row[-3]) == 20
    assert float(row[-2]) == pytest.approx(step, rel=1e-3) and float(row[-1]) == pytest.approx(step / 20, abs=0.006)


def test_what_is_no_checkout_is_said(tmp_path):
    result = subprocess.run([*SCRIPT, "--calculon", tmp_path], capture_output=True, text=True)
    assert result.returncode == 2 and "github.com/calculon-ai/calculon" in result.stderr and "bin/calculon" in result.stderr


def test_a_failing_calculon_is_said(checkout):
    (checkout / "bin" / "calculon").write_text("import sys; sys.exit('no psutil')")
    result = subprocess.run([*SCRIPT, "--calculon", checkout, "--case", "175b", "--chips", "64", "--batch", "64"],
                            capture_output=True, text=True, timeout=120)
    assert result.returncode == 2 and "no psutil" in result.stderr
