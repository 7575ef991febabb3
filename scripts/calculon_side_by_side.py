#!/usr/bin/env python3
"""Searches plans with rainier and with Calculon (Isaev et al., SC'23), same model, chips and batch, and prints the
plans a second of each and their ratio; then Calculon's best plans as both predict them.

Usage: calculon_side_by_side.py --calculon CHECKOUT [--case 1t|175b] [--chips 3072] [--batch 3072]

CHECKOUT is a clone of github.com/calculon-ai/calculon (it needs Python's psutil). Its A100 has a second memory tier,
which is left out here: rainier moves nothing to the host. One core of Calculon takes 9 to 18 minutes for a case.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RAINIER = pathlib.Path(os.environ.get("RAINIER_BUILD", ROOT / "build" / "release")) / "rainier"
# Calculon's file and our preset: the same layers.
CASES = {"1t": ("models/megatron-1T.json", "gpt-1t"), "175b": ("models/gpt3-175B.json", "gpt3-175b")}
JOB = ["--system", "a100-selene", "--seq", "2048", "--dtype", "f16"]
RECOMPUTE = {"none": "none", "attn_only": "selective", "full": "full"}


def stop(message):
    print(f"calculon_side_by_side: {message}", file=sys.stderr)
    sys.exit(2)


def files_of(checkout, case):
    """Program, model and system of a checkout."""
    wanted = [checkout / name for name in ("bin/calculon", CASES[case][0], "systems/a100_80g.json")]
    for file in wanted:
        if not file.exists():
            stop(f"{checkout} is no checkout of github.com/calculon-ai/calculon: it has no {file.relative_to(checkout)}")
    return wanted


def calculon(arguments):
    """(plans, plans a second, the best as (execution, seconds a step))."""
    program, model, system = files_of(arguments.calculon, arguments.case)
    with tempfile.TemporaryDirectory() as folder:
        one_tier = json.loads(system.read_text())
        one_tier["mem2"]["GiB"] = 0
        (pathlib.Path(folder) / "system.json").write_text(json.dumps(one_tier))
        out = pathlib.Path(folder) / "best.json"
        done = subprocess.run(
            [sys.executable, str(program), "llm-optimal-execution", str(model), str(arguments.chips), str(arguments.batch),
             "float16", f"{folder}/system.json", str(out), "-m", "-c", str(os.cpu_count()), "-t", str(arguments.keep)],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(arguments.calculon)})
        said = done.stdout + done.stderr
        count = re.search(r"Total executions: (\d+)", said)
        rate = re.search(r"Calculation rate: ([\d.]+)", said)
        if done.returncode != 0 or not count or not rate:
            stop("Calculon failed:\n" + said[-2000:])
        best = [(found["execution"], found["execution"]["batch_size"] / found["stats"]["sample_rate"])
                for found in json.loads(out.read_text()).values()]
    return int(count[1]), float(rate[1]), best


def rainier(*arguments):
    done = subprocess.run([str(RAINIER), "train", *map(str, arguments), "--json"], capture_output=True,
                          text=True)
    if done.returncode not in (0, 1):  # 1: does not fit the memory
        stop(done.stderr.strip() or "rainier failed")
    return json.loads(done.stdout)


def same_plan(execution):
    """Calculon's execution in our flags."""
    flags = ["--tp", execution["tensor_par"], "--pp", execution["pipeline_par"], "--dp", execution["data_par"],
             "--vpp", execution["pipeline_interleaving"], "--mbs", execution["microbatch_size"],
             "--recompute", RECOMPUTE[execution["activation_recompute"]], "--attention", "unfused",
             "--zero", 1 if execution["optimizer_sharding"] else 0, "--chips", execution["num_procs"],
             "--gbs", execution["batch_size"]]
    if execution["tensor_par"] > 1 and execution["tensor_par_comm_type"] != "ar":
        flags.append("--sp")
    if execution["tensor_par_overlap"] != "none":
        flags.append("--overlap-tp")
    return flags if execution["data_par_overlap"] else [*flags, "--no-overlap-dp"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calculon", type=pathlib.Path, required=True, help="a checkout")
    parser.add_argument("--case", choices=CASES, default="1t")
    parser.add_argument("--chips", type=int, default=3072)
    parser.add_argument("--batch", type=int, default=3072)
    parser.add_argument("--keep", type=int, default=3, help="of Calculon's best plans to predict with both")
    arguments = parser.parse_args()
    files_of(arguments.calculon, arguments.case)
    model = CASES[arguments.case][1]
    begin = time.monotonic()
    found = rainier(model, *JOB, "--attention", "unfused", "--chips", arguments.chips, "--gbs", arguments.batch,
                    "--plan", "auto", "--keep", arguments.keep)
    ours = found["counts"]["plans"] / (time.monotonic() - begin)
    plans, theirs, best = calculon(arguments)
    print(f"# {model}, {arguments.chips} A100, {arguments.batch} sequences of 2048 tokens, {os.cpu_count()} cores")
    print(f"rainier   {found['counts']['plans']:>9} plans {ours:>12.0f} a second, best step {found['best'][0]['step_s']:.4g} s")
    print(f"calculon  {plans:>9} plans {theirs:>12.0f} a second, best step {best[0][1]:.4g} s")
    print(f"ratio {ours / theirs:.0f}")
    print("# Calculon's best plans: its step, ours of the same plan (s), ours over its")
    for execution, seconds in best:
        step = rainier(model, *JOB, *same_plan(execution))["step_s"]
        print(f"tp {execution['tensor_par']:>3} pp {execution['pipeline_par']:>3} x {execution['pipeline_interleaving']:<3}"
              f" dp {execution['data_par']:>4} mbs {execution['microbatch_size']:<3}"
              f" {seconds:>9.4g} {step:>9.4g} {step / seconds:>6.2f}")


if __name__ == "__main__":
    main()
