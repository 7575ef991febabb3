#!/usr/bin/env bash
# Installs what is missing, builds and tests.
#   scripts/test.sh        release build, all tests
#   scripts/test.sh --ci   what continuous integration runs: the README typed on a machine that may be bare,
#                          warnings as errors with gcc and clang (that one with sanitizers), formatter,
#                          clang-tidy, cppcheck, headers on their own
set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo "== $(date +%T) $*" >&2; }

build_and_test() {
  step "$1: build and test"
  cmake --preset "$1" -DBUILD_TESTING=ON >/dev/null
  cmake --build --preset "$1"
  ctest --preset "$1"
}

if [[ ${1:-} != --ci ]]; then
  scripts/setup.sh --test
  build_and_test release
  exit
fi

step "the README's commands"
mkdir -p build/release  # scripts/run.sh configures it without knowing of this
[[ -e build/release/CMakeCache.txt ]] ||
  echo "CMAKE_COMPILE_WARNING_AS_ERROR:BOOL=ON" > build/release/CMakeCache.txt
tests/newcomer.sh

scripts/setup.sh --test --lint
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
step "clang-format"
clang-format --dry-run --Werror "${sources[@]}"
step "cppcheck"
mkdir -p build/cppcheck  # without it two at a time would not look across files
cppcheck -j "$(nproc)" --cppcheck-build-dir=build/cppcheck --quiet --std=c++20 --language=c++ --enable=warning,performance,portability \
  --inline-suppr --error-exitcode=1 --suppressions-list=scripts/cppcheck.txt -I . topology kernels bench
build_and_test sanitize
step "clang-tidy"
scripts/tidy.py
step "headers on their own"
cmake --build --preset release --target all_verify_interface_header_sets
build_and_test release
