#!/usr/bin/env bash
# Installs the Debian packages that are missing, from the one list (scripts/packages.txt).
#   scripts/setup.sh [--test] [--lint] [--peers]
set -euo pipefail
cd "$(dirname "$0")/.."

purposes=run
for argument in "$@"; do
  case $argument in
    --test) purposes+="|test" ;;
    --lint) purposes+="|lint" ;;
    --peers) purposes+="|peers" ;;
    *) echo "setup.sh: unknown argument '$argument'; known: --test --lint --peers" >&2; exit 2 ;;
  esac
done

mapfile -t wanted < <(awk -v purposes="^($purposes)$" '$1 ~ purposes { print $2 }' scripts/packages.txt)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "setup: installing ${missing[*]}" >&2
as_root=()
if ((EUID)); then
  command -v sudo >/dev/null || {
    echo "setup.sh: need root or sudo to install: ${missing[*]}" >&2
    exit 3
  }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
