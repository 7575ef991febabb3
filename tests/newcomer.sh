#!/usr/bin/env bash
# A newcomer's path: the first command of the README, then every one that it shows with its output, typed
# word for word and in that order. On a bare machine the first installs what all of them need, so continuous
# integration begins with this; it leaves results/rainier.h5 as the README says.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t commands < <(awk '/^```/ { inside = !inside } inside && /^scripts\/run\.sh/
                             inside && /^\$ / { print substr($0, 3) }' README.md)
if ((${#commands[@]} < 10)); then
  echo "newcomer.sh: the README shows ${#commands[@]} commands, expected more than 10" >&2
  exit 1
fi

typed=$(mktemp)
trap 'rm -f "$typed"' EXIT
for command in "${commands[@]}"; do
  start=$SECONDS
  status=0
  # As the README says of examples with mpirun as root.
  bash -c "source scripts/environment.sh; $command" >"$typed" 2>&1 || status=$?
  # Its verdict is about this machine, which others may use.
  if ((status > 1)) || { ((status)) && [[ $command != *"rainier health "* ]]; }; then
    echo "newcomer.sh: \$ $command" >&2
    tail -n 40 "$typed" >&2
    exit 1
  fi
  printf '%4d s  %s\n' $((SECONDS - start)) "$command"
done
for file in results/rainier.h5 results/rainier/report.html results/rainier/busbw.png; do
  [[ -s $file ]] || { echo "newcomer.sh: scripts/run.sh has left no $file" >&2; exit 1; }
done
