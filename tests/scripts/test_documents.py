"""What the documents show is what the program says today: every command in a block is run; every line below it
that does not depend on the machine must come out, in that order. "…" and "# shortened" leave lines out."""
import os
import re
import shlex
import subprocess

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


def typed(folder, command):
    words = shlex.split(command, comments=True)
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=200, check=False,
                            env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("document, command, shown", blocks())
def test_a_command_says_what_the_document_shows(folder, document, command, shown):
    if "stopped half of the time" in command:
        pytest.skip("needs a rank that is stopped: test_measure does that")
    if "compare --model" in command and not os.environ.get("RAINIER_LONG_TESTS"):
        pytest.skip("takes up to a minute: RAINIER_LONG_TESTS=1 runs it")
    if RESULTS in command:
        modelled_results(folder)
    out = typed(folder, command).splitlines()
    if command.startswith("mpirun"):
        return  # other times on every machine
    at = 0
    for line in shown.splitlines():
        if not line.strip() or line == "…" or MACHINE.search(line) or line.startswith("#") and "cannot be among" in line:
            continue
        assert line in out[at:], f"{document} shows what is not said, or not in this order:\n{line}"
        at += out[at:].index(line) + 1


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
    assert sum(1 for _ in blocks()) > 10
