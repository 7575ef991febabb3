"""The first hour: doctor, explain, help, suggestions, man pages, completion, dry runs."""
import json
import os
import re
import resource
import shutil
import subprocess
import tomllib

import pytest

from program import BUILD, MEASURED, RAINIER, SOURCE, refused, rows, run, run_file

TERMS = tomllib.loads((SOURCE / "docs/terms.toml").read_text())["term"]
SANITIZED = "-fsanitize" in (BUILD / "CMakeCache.txt").read_text()
WIDTH = 96  # of a line of an explanation


# --- doctor ---------------------------------------------------------------------------------------

def findings(*arguments, code, **options):
    result = run("doctor", "--json", *arguments, **options)
    assert result.returncode == code, result.stdout + result.stderr
    report = json.loads(result.stdout)
    grades = [check["grade"] for check in report["checks"]]
    worst = max(grades, key=["good", "warn", "bad"].index)
    assert report["verdict"] == worst and (code == 3) == (worst == "bad")
    for check in report["checks"]:  # whatever is not well has a remedy
        assert check["grade"] == "good" or check["remedy"], check
    return report["checks"]


def one(checks, name):
    found = [check for check in checks if check["check"] == name]
    assert len(found) == 1, (name, checks)
    return found[0]


def without(*variables, **more):
    return {**{k: v for k, v in os.environ.items() if k not in variables}, **more}


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_doctor_finds_a_machine_that_runs_the_tests_ready(tmp_path):
    checks = findings("--results", tmp_path, code=0)
    assert {"MPI", "launcher", "ranks", "cores", "CPU limit", "binding", "vector units", "frequency",
            "other load", "memory", "address space", "shared memory", "HDF5", "results folder", "disk",
            "Python", "environment"} <= {check["check"] for check in checks}
    assert list(tmp_path.iterdir()) == []
    lines = run("doctor", "--results", tmp_path).stdout.splitlines()
    assert all(re.match(r"(good|warn|bad ) |# \d+ good, \d+ warn, 0 bad$", line) for line in lines)


def test_doctor_says_the_same_as_the_libraries():
    checks = findings(code=0)
    mpirun = subprocess.run(["mpirun", "--version"], capture_output=True, text=True).stdout
    version = re.search(r"\d+\.\d+\.\d+", mpirun)[0]
    assert version in one(checks, "MPI")["says"] and version in one(checks, "launcher")["says"]
    threads = len(os.sched_getaffinity(0))
    assert f"{threads} hardware thread" in one(checks, "cores")["says"]


def test_doctor_misses_a_launcher(tmp_path):
    launcher = one(findings(code=3, env=without(PATH=str(tmp_path))), "launcher")
    assert launcher["grade"] == "bad" and launcher["remedy"] == "apt-get install openmpi-bin"


def test_doctor_tells_a_launcher_of_another_library(tmp_path):
    program(tmp_path, "mpirun", "echo 'mpirun (Open MPI) 9.8.7'")
    path = f"{tmp_path}:{os.environ['PATH']}"
    launcher = one(findings(code=3, env=without(PATH=path)), "launcher")
    assert "9.8.7" in launcher["says"] and "alone" in launcher["says"]


def test_doctor_knows_that_mpirun_refuses_root():
    variables = ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")
    if os.geteuid() != 0:
        checks = findings(code=0, env=without(*variables))
        assert "root" not in {check["check"] for check in checks}
        return
    root = one(findings(code=3, env=without(*variables)), "root")
    assert root["remedy"] == "source scripts/environment.sh"
    assert one(findings(code=0), "root")["grade"] == "good"


def test_doctor_counts_the_ranks_without_oversubscription():
    checks = findings(code=0 if os.cpu_count() > 1 else 3, env=without("OMPI_MCA_rmaps_base_oversubscribe"))
    ranks = one(checks, "ranks")
    assert re.match(r"mpirun -np \d+ at most", ranks["says"]) and "environment.sh" in ranks["says"]


def test_doctor_names_a_python_that_lacks_modules(tmp_path):
    program(tmp_path, "python3", 'exec /usr/bin/python3 -I -S "$@"')
    python = one(findings(code=0, env=without(PATH=f"{tmp_path}:{os.environ['PATH']}")), "Python")
    assert python["grade"] == "warn" and "lacks h5py numpy matplotlib" in python["says"]
    shutil.copy(program(tmp_path, "fine", 'exec /usr/bin/python3 "$@"'), tmp_path / "python3")
    python = one(findings(code=0, env=without(PATH=f"{tmp_path}:{os.environ['PATH']}")), "Python")
    assert python["grade"] == "good" and str(tmp_path) in python["says"]


def test_doctor_knows_limits_and_folders(tmp_path):
    def small():
        resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))
    if not SANITIZED:  # its shadow memory takes terabytes of addresses
        space = one(findings(code=3, preexec_fn=small), "address space")
        assert "0.88 GiB" in space["says"] and space["remedy"] == "ulimit -v unlimited"
    folder = one(findings("--results", "/proc/none", code=3), "results folder")
    assert "/proc" in folder["says"] and "-O" in folder["remedy"]
    (tmp_path / "file").write_text("")
    one(findings("--results", tmp_path / "file/below", code=3), "results folder")
    assert one(findings("--results", tmp_path / "a/b/c", code=0), "results folder")["grade"] == "good"


def test_doctor_tries_locks(tmp_path):
    (tmp_path / "flock.c").write_text("int flock(int file, int how) { (void)file; (void)how; return -1; }")
    library = tmp_path / "flock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "flock.c"], check=True)
    fake = without("HDF5_USE_FILE_LOCKING", LD_PRELOAD=str(library), ASAN_OPTIONS="verify_asan_link_order=0")
    folder = one(findings("--results", tmp_path, code=3, env=fake), "results folder")
    assert "locked" in folder["says"] and folder["remedy"] == "export HDF5_USE_FILE_LOCKING=FALSE"
    fake["HDF5_USE_FILE_LOCKING"] = "FALSE"
    folder = one(findings("--results", tmp_path, code=0, env=fake), "results folder")
    assert folder["grade"] == "good" and "without locking" in folder["says"]


def test_doctor_lists_variables_that_steer_the_speed():
    quiet = without("OMP_NUM_THREADS", "LD_LIBRARY_PATH")
    loud = findings(code=0, env={**quiet, "OPENBLAS_CORETYPE": "Haswell", "RAINIER_RANKS_PER_HOST": "1"})
    remedies = {check["remedy"] for check in loud if check["check"] == "environment"}
    assert remedies == {"unset OPENBLAS_CORETYPE", "unset RAINIER_RANKS_PER_HOST"}
    assert one(findings(code=0, env=quiet), "environment")["grade"] == "good"


def test_doctor_of_a_job():
    checks = findings(code=0, ranks=2)
    assert re.fullmatch(r"2 ranks: 2 on \S+", one(checks, "job")["says"])
    assert one(checks, "same program")["grade"] == "good"
    crowd = len(os.sched_getaffinity(0)) + 1
    crowded = one(findings(code=0, ranks=crowd), "oversubscribed")
    assert crowded["grade"] == "warn" and f"{crowd} ranks on" in crowded["says"]
    assert one(findings(code=3, ranks=1), "job")["grade"] == "bad"
    alone = one(findings(code=3, env=without(SLURM_PROCID="0", SLURM_NTASKS="4")), "job")
    assert alone["says"].startswith("4 tasks") and alone["remedy"] == "srun --mpi=pmix …"


# --- explain --------------------------------------------------------------------------------------

def folded(text):
    return re.sub("[-_]", " ", text.lstrip("-") if len(text.lstrip("-")) > 0 else text).lower()


KNOWN = {folded(name) for term in TERMS for name in (term["name"], *term.get("also", []))}


def test_explain_lists_all_terms_and_tells_each():
    listed = " ".join(run("explain").stdout.split())
    for term in TERMS:
        assert term["name"] in listed and term["group"] in listed
        told = run("explain", term["name"].lstrip("-"))
        assert told.returncode == 0, told.stderr
        assert term["read"] in told.stdout and " ".join(term["text"].split()) in " ".join(told.stdout.split())
    assert len({term["name"] for term in TERMS}) == len(TERMS)


def test_explanations_are_short_and_lead_to_pages_that_exist():
    for term in TERMS:
        assert 60 < len(term["text"]) <= 6 * WIDTH, term["name"]
        page, anchor = term["read"].split("#")
        headings = re.findall(r"^#+ (.*)", (SOURCE / page).read_text(), re.M)
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        assert anchor in slugs, term["read"]


def test_explain_takes_several_words_and_spellings_and_suggests():
    for words in (["recursive", "halving"], ["recursive_halving"], ["Recursive Halving"]):
        assert run("explain", *words).stdout.startswith("rhd\n")
    assert run("explain", "mfu").stdout.startswith("MFU\n")
    refused("explain", "busbandwith", says=["did you mean 'bus bandwidth'"])


def is_heading(line):
    """Column names or their units: a comment without a sentence, or names over rows that begin with a label."""
    names = line.lstrip("#").replace("95 %", "").replace("p99", "")
    if re.search(r"[=:;,\d]", names):
        return False
    return re.match(r"#? {6,}\S|#  time", line) is not None or re.match(r"# ( *|rank|link|tp|chips)\S+  ", line) is not None


def headings(text):
    """Column names of all tables: a known one of several words counts as one."""
    several = sorted((n for n in KNOWN if " " in n), key=len, reverse=True)
    found = set()
    for line in filter(is_heading, text.splitlines()):
        line = folded(line.lstrip("#"))
        for name in several:
            pattern = rf"(?<!\S){re.escape(name)}(?!\S)"
            if re.search(pattern, line):
                found.add(name)
                line = re.sub(pattern, " ", line)
        found.update(line.split())
    return found


def labels(text):
    """Of rows: what stands before two blanks and a number."""
    return {folded(m) for m in re.findall(r"^([a-z][a-z \-]*[a-z])  +[+\-\d]", text, re.M)}


COLUMNS = [
    (2, "collective all_reduce -b 1K -e 1K -n 2"),
    (2, "collective all_reduce -b 1K -e 1K -n 2 --against-mpi"),
    (2, "health --seconds 0.1 --per-rank"),
    (None, "collective all_reduce --system trn2-ultraserver -b 1M -e 1M --links --explain"),
    (None, "collective all_reduce --system trn2-ultraserver -b 1M -e 1M --reader clock"),
    (None, "train llama3-8b --chips 64 --tp 4 --gbs 64"),
    (None, "train llama3-8b --chips 64 --gbs 64 --plan auto --fewer-chips"),
    (None, "goodput --chips 4096 --days 2 --runs 10"),
]


@pytest.mark.parametrize("ranks, line", COLUMNS)
def test_every_heading_has_a_term(ranks, line):
    result = run(*line.split(), ranks=ranks)
    assert result.returncode in (0, 1), result.stderr
    found = headings(result.stdout)
    if line.startswith(("train", "goodput")):
        figures = result.stdout.partition("# where the figures come from")[0]
        figures = re.sub(r"# what would help.*?\n\n", "", figures, flags=re.S)  # rows: figures of the run
        found |= labels(figures)
    assert len(found) > 4, found
    assert found - KNOWN - {"-", "sum"} == set()


def word_lists():
    """Of flags, as bash completes them: {"collective --algorithm": [words]}."""
    lists = {}
    for patterns, words in re.findall(r"^\s+((?:'[^']+'(?: \| )?)+)\) words='([^']*)'",
                                      run("reference", "--bash").stdout, re.M):
        for pattern in re.findall("'([^']+)'", patterns):
            lists[pattern] = words.split()
    return lists


def test_every_word_that_can_be_typed_has_a_term():
    lists = word_lists()
    for flag in ("collective --algorithm", "collective --datatype", "collective --op", "collective --reader",
                 "collective --buffers", "collective --start", "matmul-distributed --algorithm",
                 "train --schedule", "train --recompute", "train --attention", "train --context-kind",
                 "goodput --recovery"):
        assert len(lists[flag]) > 1, flag
        assert {folded(word) for word in lists[flag]} - KNOWN == set(), flag
    for kind in ("collective", "algorithm"):
        arguments = ["collective", "zzzz"] if kind == "collective" else \
            ["collective", "all_reduce", "--system", "trn2-ultraserver", "--algorithm", "zzzz"]
        known = re.search(r"known: (.*)", run(*arguments).stderr)[1].split(", ")
        assert {folded(word) for word in known} - KNOWN == set()


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
    refused("train", "llama3-8b", "--tp", "0", says=["from 1 on, not 0"])


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
        if command in ("run", "check", "collect", "compare", "fit", "rerun") or "host.toml" in line or "/usr/local" in line:
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
    assert completed("rainier", "col") == {"collective", "collect"}
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


# --- dry runs -------------------------------------------------------------------------------------

def dry(*arguments, **options):
    result = run(*arguments, "--dry-run", **options)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("# dry run of rainier ")
    lines = (line.split(None, 1) for line in result.stdout.splitlines()[1:])
    return {what: text for what, text in lines}


def megabytes(text):
    return float(re.search(r"about ([\d.]+) MB", text)[1])


def test_a_dry_run_of_a_measurement():
    plan = dry("collective", "all_reduce", "-b", "1K", "-e", "16M", "-f", "4", ranks=2)
    assert plan["ranks"] == "2, 2 on this host" and plan["sizes"] == "8 from 1024 to 16777216 B"
    assert "0.0503 GB a rank (3 vectors)" in plan["memory"] and plan["memory"].endswith(": fits")
    assert re.match(r"about \d+ s: .*no model", plan["time"])
    few, many = (float(dry("collective", "all_reduce", "-b", "1M", "-e", "1M", "-n", n, ranks=2)["time"].split()[1])
                 for n in ("1", "100000"))
    assert many > few + 5
    assert "too much" in dry("collective", "all_reduce", "-b", "1024G", "-e", "1024G", ranks=2)["memory"]
    assert dry("collective", "all_reduce")["ranks"].startswith("1: collectives take two")


def test_a_dry_run_of_predictions_writes_nothing_and_knows_the_size(tmp_path):
    arguments = ["collective", "all_reduce", "--system", "trn2-ultraserver", "-b", "1M", "-e", "1G", "-i", "1M",
                 "-O", tmp_path / "a.h5"]
    plan = dry(*arguments)
    assert list(tmp_path.iterdir()) == [] and plan["sizes"].startswith("1024 from ")
    assert run(*arguments).returncode == 0
    assert megabytes(plan["output"]) == pytest.approx((tmp_path / "a.h5").stat().st_size / 1e6, rel=0.3)
    assert "would be refused" in dry(*arguments)["output"]


def test_a_dry_run_of_a_run_file(tmp_path):
    path = run_file(tmp_path, 'title = "t"\n' + MEASURED.format(samples=40))
    output = tmp_path / "out.h5"
    plan = dry("run", path, "-O", output, ranks=2)
    assert plan["points"].startswith("4 of 1 collective") and not output.exists()
    result = run("run", path, "-O", output, ranks=2)
    assert result.returncode == 0, result.stderr
    assert len(rows(result.stdout)) >= 4
    assert megabytes(plan["output"]) == pytest.approx(output.stat().st_size / 1e6, rel=0.3, abs=0.06)


def test_a_dry_run_counts_the_plans_of_the_search():
    arguments = ["train", "llama3-8b", "--chips", "64", "--gbs", "64", "--plan", "auto"]
    plans = dry(*arguments)["plans"].split()[0]
    assert f"# {plans} plans in " in run(*arguments).stdout
    refused("train", "llama3-8b", "--chips", "64", "--dry-run", says=["--plan auto"])
