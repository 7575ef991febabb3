#!/usr/bin/env python3
"""Ours against MPI's own collective in the configurations of Open MPI that may be its best.

    scripts/baseline_sweep.py all_reduce -b 4 -e 64M -f 4        # 2 ranks; --ranks for more

Each configuration is a launch of its own, in which ours and MPI's call take turns, so that ratios
can be compared where seconds cannot: the machine may be slower from one launch to the next. For each
size the best configuration is the one with the lowest ratio of MPI's time to ours.
"""
import argparse
import csv
import math
import os
import subprocess
import sys
from pathlib import Path

# Name, options of mpirun, environment.
CONFIGURATIONS = [
    ("as it comes", [], {}),
    ("coll sm", ["--mca", "coll_sm_priority", "100"], {}),
    ("coll basic", ["--mca", "coll", "^tuned"], {}),
    ("eager 64 KiB", ["--mca", "btl_vader_eager_limit", "65536",
                      "--mca", "btl_vader_max_send_size", "131072"], {}),
    ("no single copy", ["--mca", "btl_vader_single_copy_mechanism", "none"], {}),
    ("no mmap", [], {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "8589934592"}),
    ("pml ucx", ["--mca", "pml", "ucx", "--mca", "pml_ucx_tls", "any",
                 "--mca", "pml_ucx_devices", "any"], {}),
]


def measure(rainier, ranks, configuration, arguments):
    """Seconds of (size, in place, who), or None where the configuration does not run."""
    _, options, extra = configuration
    exports = [word for name in extra for word in ("-x", name)]
    command = ["mpirun", "-np", str(ranks), *options, *exports, str(rainier), "collective", *arguments,
               "--against-mpi", "--csv"]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **extra})
    if result.returncode != 0:
        return None
    seconds = {}
    for row in csv.DictReader(result.stdout.splitlines()):
        who = "mpi" if row["algorithm"] == "MPI" else "ours"
        seconds[int(row["size"]), int(row["in_place"]), who] = float(row["time"])
    return seconds


def best_of(runs):
    """By (size, in place): the lowest ratio, its configuration, ours and MPI's seconds, and the ratio
    to MPI as it comes."""
    best = {}
    for name, seconds in runs.items():
        for (size, in_place, who), ours in seconds.items():
            if who != "ours":
                continue
            mpi = seconds[size, in_place, "mpi"]
            if (size, in_place) not in best or mpi / ours < best[size, in_place][0]:
                best[size, in_place] = (mpi / ours, name, ours, mpi)
    return best


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def print_table(runs):
    stock, best = best_of({"as it comes": runs["as it comes"]}), best_of(runs)
    print(f"#{'size':>11} {'in place':>9} {'ours':>10} {'best MPI':>10}  {'configuration':<15} {'ratio':>6}"
          f" {'as it comes':>12}")
    print(f"#{'(B)':>11} {'':>9} {'(us)':>10} {'(us)':>10}")
    for key in sorted(best):
        ratio, name, ours, mpi = best[key]
        print(f"{key[0]:>12} {'yes' if key[1] else 'no':>9} {ours * 1e6:>10.2f} {mpi * 1e6:>10.2f}  {name:<15}"
              f" {ratio:>6.2f} {stock[key][0]:>12.2f}")
    print(f"# times as fast as MPI, geometric mean and worst: as it comes "
          f"{geometric_mean(v[0] for v in stock.values()):.2f}, {min(v[0] for v in stock.values()):.2f}; "
          f"best configuration {geometric_mean(v[0] for v in best.values()):.2f}, "
          f"{min(v[0] for v in best.values()):.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0],
                                     epilog="Further options go to rainier collective: -b -e -f -n -d …")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--rainier", type=Path, default=Path("build/release/rainier"))
    parser.add_argument("--only", action="append", choices=[c[0] for c in CONFIGURATIONS[1:]],
                        help="a configuration beside the one as it comes; again for more; default: all")
    arguments, rest = parser.parse_known_args()
    runs = {}
    for configuration in CONFIGURATIONS:
        if arguments.only and configuration[0] not in (CONFIGURATIONS[0][0], *arguments.only):
            continue
        seconds = measure(arguments.rainier, arguments.ranks, configuration, rest)
        state = "does not run here" if seconds is None else f"{len(seconds) // 4} sizes"
        print(f"# {configuration[0]}: {' '.join(configuration[1])} "
              f"{' '.join(f'{k}={v}' for k, v in configuration[2].items())}: {state}", flush=True)
        if seconds is not None:
            runs[configuration[0]] = seconds
    if "as it comes" not in runs:
        sys.exit("MPI as it comes does not run: try mpirun -np 2 rainier collective … --against-mpi")
    print_table(runs)


if __name__ == "__main__":
    main()
