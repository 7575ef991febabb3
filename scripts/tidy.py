#!/usr/bin/env python3
"""Runs clang-tidy over what was built. Usage: tidy.py [--build build/sanitize] [FILE…]

A unity build's files are joined for it: most of its time goes into the headers, once per file. They are
joined by text, not by #include: the analyzer looks at functions of the main file only. Findings are
printed with the file and line that they come from. Exit code 1 if there are any.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = tuple(str(ROOT / layer) + "/" for layer in ("topology", "kernels", "bench"))
# What is checked together: as little as keeps two cores busy, since headers, once each time, take longer than
# our lines do. Names must not clash within it. First rows first.
UNITS = (("models", r"(topology|kernels)\.dir/"),
         ("commands", r"bench_program\.dir/"),
         ("plans", r"bench\.dir/.*unity_(clock|distributed|exchange|training)_|/provenance\.cpp"),
         ("runs and programs", ""))
# Each on its own: compiled once per set of instructions, by including itself or with target options.
ALONE = r"/(block|dot|quads|clock_kernels)\.cpp$"
# The analyzer follows 15,000 states of a function in place of 225,000: all checks take a third of the time
# (40,000: a half).
# Joined files repeat each other's includes.
OPTIONS = ["--quiet", f"--config-file={ROOT}/.clang-tidy", "--checks=-readability-duplicate-include",
           *(f"--extra-arg={a}" for a in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=15000"))]


def sources(command):
    """Files that a command of the database compiles, as far as they are ours."""
    file = pathlib.Path(command["file"])
    if file.parent.name == "Unity":
        names = re.findall(r'#include "([^"]+)"', file.read_text())
    else:
        names = [str(file)]
    return [pathlib.Path(name) for name in names if name.startswith(LAYERS)]


def unit_of(command):
    """The unit that files of a command of the database are checked in."""
    file = command["file"]
    return file if re.search(ALONE, file) else next(unit for unit, pattern in UNITS if re.search(pattern, file))


def units(commands):
    """Commands, each with the files that it is to check and the definitions and folders of all that build them."""
    of_unit, files = {}, {}
    for command in filter(sources, commands):
        unit = unit_of(command)
        options = re.findall(r"-D\S+|-I\S+|-isystem \S+", command["command"])
        known = of_unit.setdefault(unit, command)["command"]
        missing = [option for option in options if f" {option} " not in known]
        of_unit[unit] = {**of_unit[unit], "command": known.replace(" -c ", " ".join(["", *missing, "-c", ""]))}
        files[unit] = files.get(unit, []) + sources(command)
    return [(of_unit[unit], files[unit]) for unit in of_unit]


def apart(lines, number):
    """A program's lines, as many: its unnamed namespace, and main with it, becomes one of its own."""
    if not any(line.startswith("int main(") for line in lines):
        return lines
    first, last = lines.index("namespace {"), len(lines) - 1 - lines[::-1].index("}  // namespace")
    return [f"namespace program_{number} {{" if at == first else "" if at == last else line
            for at, line in enumerate(lines)][:-1] + [lines[-1] + " }"]


def join(files, path):
    """Writes `files` one after another. Returns the file and line of each line written."""
    origin, text = [], []
    for file in files:
        lines = apart(file.read_text().splitlines(), len(origin))
        origin += [(file.relative_to(ROOT), number + 1) for number in range(len(lines))]
        text += lines
    path.write_text("\n".join(text) + "\n")
    return origin


def check(path, origin, folder):
    """Findings in one joined file, as text with the places they come from."""
    done = subprocess.run(["clang-tidy", "-p", str(folder), *OPTIONS, str(path)], capture_output=True, text=True)
    place = lambda match: "{}:{}".format(*origin[int(match[1]) - 1])
    text = re.sub(re.escape(str(path)) + r":(\d+)", place, done.stdout)
    return text if done.returncode == 0 else text or done.stderr, done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "sanitize")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="only these, and what they are joined with")
    arguments = parser.parse_args()
    wanted = {file.resolve() for file in arguments.files}
    folder = arguments.build.resolve() / "tidy"
    folder.mkdir(exist_ok=True)
    commands, joined = [], []
    for command, files in units(json.loads((arguments.build / "compile_commands.json").read_text())):
        if not wanted or wanted & set(files):
            path = folder / f"{len(joined)}.cpp"
            joined.append((path, join(files, path)))
            commands.append({**command, "file": str(path), "command": command["command"].replace(command["file"], str(path))})
    (folder / "compile_commands.json").write_text(json.dumps(commands))
    joined.sort(key=lambda one: -len(one[1]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda one: check(*one, folder), joined))
    print("".join(text for text, _ in results), end="")
    print(f"clang-tidy: {sum(len(origin) for _, origin in joined)} lines in {len(joined)} joined files", file=sys.stderr)
    sys.exit(any(code for _, code in results))


if __name__ == "__main__":
    main()
