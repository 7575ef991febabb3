"""What the documents show is what the program says today: every command in a block is run; every line below it
that does not depend on the machine must come out, in that order. "…" and "# shortened" leave lines out. Commands
that are shown without their output are run as well, on two ranks and with smaller vectors."""
import os
import re
import shlex
import subprocess
import sys

import pytest

from program import BUILD, SOURCE

DOCUMENTS = ["README.md", "results/README.md", *sorted(str(p.relative_to(SOURCE)) for p in (SOURCE / "docs").glob("*.md"))]
MACHINE = re.compile(r"plans in [\d.]+ s")  # lines that tell how fast this machine was
RESULTS = "results/rainier.h5"


def blocks():
    for name in DOCUMENTS:
        text = (SOURCE / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```[a-z]*\n(\$ .*?)^```$", text, re.M | re.S):
            for typed_there in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, shown = typed_there.partition("\n")
                yield pytest.param(name, command, shown, id=f"{name}: {command[:58]}")


def commands():
    """Those that stand in a block without what they print."""
    for name in DOCUMENTS:
        text = (SOURCE / name).read_text(encoding="utf-8")
        for block in re.findall(r"^```[a-z]*\n(.*?)^```$", text, re.M | re.S):
            if name == "docs/reference.md" or re.search(r"^\$ ", block, re.M):
                continue
            for command in re.findall(r"^(?:rainier|mpirun|scripts/|/usr/bin/python3)(?:'[^']*'|[^'\n])*$", block, re.M):
                yield pytest.param(name, command, id=f"{name}: {command.splitlines()[0][:58]}")


# What commands find, as a reader would have made it before.
MADE_BY = {"mine.xml": "rainier export msccl all_reduce -b 1M -n 4 --algorithm ring -o mine.xml",
           "step.h5": "rainier train llama3-8b --system trn2-ultraserver --gbs 64 --fsdp -O step.h5",
           "step.json": "rainier train llama3-8b --system trn2-ultraserver --gbs 64 --fsdp --timeline step.json",
           "chips.h5": "rainier collective all_reduce --system rainier --chips 64 --reader clock -b 64M -e 64M --per-chip -O chips.h5"}
MADE_BY["run.h5"] = "mpirun -np 2 rainier collective all_reduce -b 1K -e 64K -n 3 -O run.h5"
MADE_BY |= {f"{day}.h5": f"cp run.h5 {day}.h5" for day in ("before", "after", "monday", "tuesday", "wednesday")}
SMALLER = {"-np 16": "-np 2", "-b 32M -e 128M": "-b 1M -e 4M", "-e 1G": "-e 1M", "-e 64M": "-e 1M", "-e 16M": "-e 1M",
           "16M:1G": "64K:1M"}
VERDICT = ("--min-", "compare ", "health ")  # of this machine: exit code 1 is an answer


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory):
    """Where a command may be typed as it stands."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "build").mkdir()
    (folder / "build" / "release").symlink_to(BUILD)
    for part in ("scripts", "runs", "models", "topology"):
        (folder / part).symlink_to(SOURCE / part)
    return folder


def modelled_results(folder):
    """The main job without its measurements."""
    if not (folder / RESULTS).exists():
        text = re.sub(r"^\[measure.*?(?=^\[model)", "", (SOURCE / "runs/rainier.toml").read_text(), flags=re.M | re.S)
        (folder / "modelled.toml").write_text(text)
        typed(folder, f"build/release/rainier run modelled.toml -O {RESULTS}")


def smaller(command):
    """The same of smaller sizes."""
    for large, small in SMALLER.items():
        command = command.replace(large, small)
    return command


def prepare(folder, command):
    for name, maker in MADE_BY.items():
        makes = command == maker or f"-O {name}" in command or f"-o {name}" in command
        if re.search(rf"\b{name}", command) and not makes and not (folder / name).exists():
            prepare(folder, maker)
            typed(folder, maker)
    if "plans.json" in command:
        plans = typed(folder, "rainier train llama3-8b --system trn2-ultraserver --gbs 64 --plan auto --keep 2 --json")
        (folder / "plans.json").write_text(plans)


def typed(folder, command, codes=(0,)):
    words = shlex.split(command, comments=True)
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=200, check=False,
                            env=dict(os.environ, LC_ALL="C.UTF-8", PATH=f"{BUILD}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"))
    assert result.returncode in codes, result.stderr
    return result.stdout


@pytest.mark.parametrize("document, command, shown", blocks())
def test_a_command_says_what_the_document_shows(folder, document, command, shown):
    if "stopped half of the time" in command:
        pytest.skip("needs a rank that is stopped: test_measure does that")
    if "rainier doctor" in command:
        pytest.skip("tells of this machine: test_first_hour has others")
    if "compare --model" in command and not os.environ.get("RAINIER_LONG_TESTS"):
        pytest.skip("takes up to a minute: RAINIER_LONG_TESTS=1 runs it")
    if RESULTS in command:
        modelled_results(folder)
    if command.startswith("mpirun"):
        typed(folder, smaller(command))  # other times on every machine
        return
    out = typed(folder, command).splitlines()
    at = 0
    for line in shown.splitlines():
        if not line.strip() or line == "…" or MACHINE.search(line) or line.startswith("#") and "cannot be among" in line:
            continue
        assert line in out[at:], f"{document} shows what is not said, or not in this order:\n{line}"
        at += out[at:].index(line) + 1


@pytest.mark.parametrize("document, command", commands())
def test_a_command_that_is_only_mentioned_works(folder, document, command):
    if command.startswith(("scripts/run.sh", "scripts/test.sh")):
        pytest.skip("tests/newcomer.sh types the one, the other is what runs this")
    if RESULTS in command:
        modelled_results(folder)
    command = command.replace("~", str(folder))
    if "mpirun" in command or "--per-chip" not in command and "rainier collective" in command:
        command = smaller(command)
    prepare(folder, command)
    if "-O " in command:
        command += " --force"
    typed(folder, command, codes=(0, 1) if any(word in command for word in VERDICT) else (0,))


def anchors(text):
    """Of headings, as mkdocs and GitHub make them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head)).strip().lower().replace(" ", "-")
            for head in heads}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    source = SOURCE / name
    text = re.sub(r"^```.*?^```$", "", source.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path = (source.parent / target).resolve() if target else source
        assert path.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{name}: {target}#{anchor}"


def test_the_pages_are_built_strictly():
    subprocess.run([SOURCE / "scripts" / "docs.py"], check=True, timeout=120)


def test_there_is_something_to_check():
    assert sum(1 for _ in blocks()) > 10 and sum(1 for _ in commands()) > 20
