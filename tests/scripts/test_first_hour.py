"""The first hour: terms, and dry runs."""
import re
import tomllib

import pytest

from program import MEASURED, SOURCE, refused, rows, run, run_file

TERMS = tomllib.loads((SOURCE / "docs/terms.toml").read_text())["term"]
WIDTH = 96  # of a line of an explanation


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


@pytest.mark.parametrize("typed, says", [
    (["--links"], ["--links prints each link", "of: rainier collective"]), (["--tp"], ["Tensor parallel", "of: rainier", "train"]),
    (["--min-busbw"], ["--min-busbw", "of: rainier collective"]), (["-b"], ["-b, --minbytes"]), (["nccl-json"], ["--nccl-json FILE"]),
    (["--min-busbw=5"], ["--min-busbw"]), (["--plan", "auto"], ["--plan auto"]), (["error", "codes"], ["4 a bug of ours"])])
def test_explain_takes_flags_as_they_are_typed(typed, says):
    told = run("explain", *typed)
    assert told.returncode == 0, told.stderr
    for text in says:
        assert text in told.stdout


def test_every_flag_of_every_command_is_explained():
    for flag in sorted(set(re.findall(r"^\| `(?:-\w, )?(--[\w-]+)", (SOURCE / "docs/reference.md").read_text(), re.M)) - {"--help", "--version"}):
        assert run("explain", flag).returncode == 0, flag
    refused("explain", "--min-buzbw", says=["did you mean '--min-busbw'"])


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
    # What the run would refuse ends as the run would, with the plan on the screen all the same.
    too_much = run("collective", "all_reduce", "-b", "1024G", "-e", "1024G", "--dry-run", ranks=2)
    assert "too much, choose a smaller -e" in too_much.stdout
    assert too_much.returncode == 3 and too_much.stderr.count("choose a smaller -e") == 1, too_much.stderr
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
