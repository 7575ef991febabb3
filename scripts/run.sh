#!/usr/bin/env bash
# The main job, end to end: install what is missing, build, measure this machine and model the
# clusters, compare the generations, plot, make the page that can be mailed.
#   scripts/run.sh [RUN.toml] [RANKS]      default: runs/rainier.toml on 2 ranks
set -euo pipefail
cd "$(dirname "$0")/.."
run=${1:-runs/rainier.toml}
ranks=${2:-2}

scripts/setup.sh
source scripts/environment.sh
cmake --preset release -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release

name=$(basename "$run" .toml)
result=results/$name.h5
mpirun -np "$ranks" build/release/rainier run "$run" --output "$result" --force
build/release/rainier compare "$result" --baseline trainium2
"$python" scripts/plot.py "$result" --output "results/$name"
report=$("$python" scripts/report.py "$result" --output "results/$name/report.html")
echo "results: $result, plots: results/$name/*.png, report: $report"
