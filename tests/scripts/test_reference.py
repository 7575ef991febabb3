"""What can be typed: suggestions, limits, help, man pages, completion, the page of all commands and flags."""
import os
import re
import shutil
import subprocess

import pytest

from program import RAINIER, SOURCE, refused, run


# --- suggestions ----------------------------------------------------------------------------------

def test_what_was_meant_is_suggested():
    refused("colective", "all_reduce", says=["unknown command 'colective'; did you mean 'collective'?"])
    refused("colective", "-b", "8", says=["did you mean 'collective'?"])
    refused("collective", "all_reduce", "--sytem", "rainier", "-x",
            says=["has no flag --sytem; did you mean --system?", "has no flag -x"])
    refused("collective", "all_reduce", "--maxbyte=8", says=["has no flag --maxbyte; did you mean --maxbytes?"])
    refused("collective", "all_reduce", "--warmup", "3", says=["did you mean --warmup_iters?"])
    refused("--verson", says=["rainier has no flag --verson; did you mean --version?"])
    refused("collective", "all_redduce", "--system", "rainier", says=["did you mean 'all_reduce'?"])
    refused("collective", "all_reduce", "--system", "rainier", "-d", "bf61", says=["did you mean 'bf16'?"])
    refused("train", "llama3-8b", "--schedule", "zbh1", says=["not zbh1; did you mean zb-h1?"])
    refused("train", "llama3-8b", "--recompute", "ful", says=["did you mean full?"])
    refused("matmul-distributed", "--system", "rainier", "--algorithm", "suma", says=["did you mean 'summa'?"])
    assert "did you mean" not in refused("collective", "all_reduce", "--zzzzzzzzz")


def test_words_that_nobody_takes_are_told_in_order():
    refused("systems", "one", "two", "three", says=["rainier systems does not take 'one two three'"])
    refused(says=["expected a command: collective, compare"])
    refused("collective", says=["rainier collective COLLECTIVE [flags]", "Try rainier collective --help."])


def test_limits_are_told_in_words():
    refused("collective", "all_reduce", "-n", "0", says=["--iters: expected a whole number from 1 to 1000000, not 0"])
    refused("collective", "all_reduce", "-n", "2.5", says=["not 2.5"])
    refused("goodput", "--days", "-1", says=["--days: expected a number above 0, not -1"])
    refused("goodput", "--days", "nan", says=["not nan"])
    refused("health", "--threshold", "65", says=["expected a number from 0 to 1, not 65"])
    refused("train", "llama3-8b", "--tp", "0", says=["from 1 to 1000000, not 0"])


# --- help, man pages, completion, the page --------------------------------------------------------

COMMANDS = re.findall(r"^## rainier (\S+)", (SOURCE / "docs/reference.md").read_text(), re.M)


def examples(command):
    text = run(command, "--help").stdout
    part = re.search(r"\nExamples:\n((?:  .*\n)+)\nUsage: ", text)
    assert part, f"{command} --help has no examples before its usage"
    assert text.index("\nExamples:\n") < text.index("\nFlags:\n")
    return part[1].split("\n  ")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_that_the_program_understands(command):
    lines = [line.strip() for line in examples(command)]
    assert lines and all(f"rainier {command}" in line for line in lines if "host.toml -b" not in line)
    for line in lines:
        words = re.search(r"rainier (.*?)(?: > \S+|\))?$", line)[1]
        if command in ("check", "collect", "compare", "export", "fit", "rerun", "run") or "host.toml" in line or "/usr/local" in line:
            continue  # need files of a run
        shell = f'{RAINIER} {words}'
        result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=SOURCE, timeout=120)
        alone = "mpirun" in line and result.returncode in (2, 3)  # it wants more ranks than one
        assert result.returncode == 0 or (alone and "Try rainier" not in result.stderr), (line, result.stderr)


def test_help_names_every_flag_with_kind_and_default():
    text = run("collective", "--help").stdout
    for part in ("-n, --iters N ", "[from 1 to 1000000; default: 20]", "--op sum|max", "-b, --minbytes SIZE",
                 "[above 0; default: 2]"):
        assert part in text, part
    assert max(len(line) for line in text.splitlines()) <= 100
    page = (SOURCE / "docs/reference.md").read_text()
    assert not re.findall(r"`-[^`]* (?:TEXT|X)`", page), "flags without a kind of value"
    assert "e+" not in page.replace("e+06", ""), "limits of machine numbers"


def test_the_page_is_what_the_program_says():
    assert run("reference", "--markdown").stdout == (SOURCE / "docs/reference.md").read_text(), \
        "stale: rainier reference --markdown > docs/reference.md"


def test_man_pages_are_clean(tmp_path):
    assert run("reference", "--man", tmp_path).returncode == 0
    pages = {path.name for path in tmp_path.iterdir()}
    assert pages == {"rainier.1", *(f"rainier-{command}.1" for command in COMMANDS)}
    for page in sorted(tmp_path.iterdir()):
        text = page.read_text()
        assert re.search(r"^\.SH EXAMPLES$", text, re.M) and re.search(r"^\.SH EXIT STATUS$", text, re.M)
    if not shutil.which("man"):
        pytest.skip("no man: apt-get install man-db")
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}
    for page in sorted(tmp_path.iterdir()):
        result = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True,
                                env=environment)
        assert result.returncode == 0 and result.stderr == "", result.stderr
        assert "rainier" in result.stdout
    shown = subprocess.run(["man", "-l", tmp_path / "rainier-collective.1"], capture_output=True, text=True,
                           env=environment).stdout
    assert "-n, --iters N" in shown and "z.bandwidth=\"200 GB/s\"" in shown


def completed(*words):
    script = (f'source <({RAINIER} reference --bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rainier; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, cwd=SOURCE)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return set(result.stdout.split())


def test_bash_completes():
    assert completed("rainier", "coll") == {"collect", "collective"}
    assert completed("rainier", "") == {*COMMANDS, "--help", "--version"}
    assert completed("rainier", "collective", "all_") == {"all_reduce", "all_gather", "all_to_all"}
    assert completed("rainier", "train", "--sch") == {"--schedule"}
    assert completed("rainier", "train", "--schedule", "z") == {"zb-h1", "zb-v"}
    assert completed("rainier", "train", "--schedule", "=", "z") == {"zb-h1", "zb-v"}
    assert completed("rainier", "collective", "all_reduce", "--system", "trn2-u") == {"trn2-ultraserver"}
    assert completed("rainier", "collective", "all_reduce", "--system", "topology/sy") == {"topology/systems"}
    assert completed("rainier", "run", "runs/rai") == {"runs/rainier.toml"}
    assert completed("rainier", "train", "llama3.1") == {"llama3.1-405b"}
    assert completed("rainier", "explain", "busb") == {"busbw"}
    assert completed("rainier", "collective", "all_reduce", "-n", "") == set()


@pytest.mark.parametrize("flags", [["--bash", "--zsh"], ["--fish", "--markdown"], ["--man", "pages", "--bash"]])
def test_two_kinds_at_once_are_refused(flags, tmp_path):
    refused("reference", *flags, says=["expected only one of --man FOLDER, --bash"], cwd=tmp_path)
    assert not (tmp_path / "pages").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_parse(shell, tmp_path):
    script = run("reference", f"--{shell}").stdout
    for command in COMMANDS:
        assert command in script
    assert "--schedule" in script or "-l schedule" in script
    (tmp_path / "script").write_text(script)
    if shutil.which(shell):
        result = subprocess.run([shell, "-n", tmp_path / "script"], capture_output=True, text=True)
        assert result.returncode == 0 and result.stderr == "", result.stderr
