"""rainier validate: every published row is there, once, and its error is what its times say."""
import csv
import json
import os
import subprocess
import sys

import pytest

from program import RAINIER, SOURCE, refused, run

PUBLISHED = SOURCE / "results/published"
MATMUL = PUBLISHED / "matmul.csv"


def table(path):
    with open(path, newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def published():
    return table(MATMUL)


def as_json(*arguments, **options):
    result = run("validate", *arguments, "--json", **options)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", ["collectives", "matmul", "training"])
def test_every_row_once_with_consistent_errors(kind):
    published, rows = table(PUBLISHED / f"{kind}.csv"), as_json(kind)
    assert [row["id"] for row in rows] == list(published)
    for row in rows:
        origin = published[row["id"]]
        assert (row["set"], row["quality"]) == (origin["set"], origin["quality"])
        if row["predicted"] is None:
            assert row["error"] is None and row["reason"]
        elif row["error"] is not None:
            assert row["predicted"] > 0 and row["measured"] > 0
            assert row["error"] == pytest.approx(row["predicted"] / row["measured"] - 1, abs=1e-9)


def test_times_of_matmuls_are_those_of_the_table(published):
    for row in as_json("matmul"):
        assert row["measured"] == (
            pytest.approx(1e-6 * float(published[row["id"]]["time_us"]))
            if published[row["id"]]["time_us"] else None)


def test_the_model_is_as_good_as_we_say():
    errors = sorted(abs(r["error"]) for r in as_json("matmul", "--quality", "A")
                    if r["error"] is not None)
    assert errors[len(errors) // 2] < 0.08


def test_rows_are_chosen_by_set_and_quality(published):
    chosen = as_json("matmul", "--set", "stas-mamf", "--quality", "A")
    assert {r["id"] for r in chosen} == {i for i, r in published.items()
                                         if (r["set"], r["quality"]) == ("stas-mamf", "A")}
    assert refused("validate", "matmul", "--set", "nobody")


def test_tables_tell_sets_qualities_and_what_is_not_predicted(published):
    result = run("validate", "matmul", "--rows")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    for name in {row["set"] for row in published.values()}:
        assert any(line.startswith(name + " ") for line in lines), name
    assert sum(line.startswith("M-") for line in lines) == len(published)
    assert "Not compared" in lines


def test_a_file_tells_its_kind_and_may_lie_elsewhere(tmp_path):
    head, first = MATMUL.read_text().splitlines()[0], MATMUL.read_text().splitlines()[2]
    (tmp_path / "matmul.csv").write_text(f"{head}\n{first}\n")
    assert len(as_json(tmp_path / "matmul.csv")) == 1
    assert len(as_json("matmul", tmp_path / "matmul.csv")) == 1
    assert len(as_json("matmul", env={**os.environ, "RAINIER_PUBLISHED": str(tmp_path)})) == 1
    (tmp_path / "other.csv").write_text("id,what\n1,2\n")
    assert "other.csv" in refused("validate", tmp_path / "other.csv")
    assert "nowhere" in refused("validate", "matmul", "/nowhere.csv")
    refused("validate", "matmul", tmp_path, says=["is a folder, not a file; expected a table"])
    refused("validate", "matmul", "--ranking", says=["nothing to rank"])
    (tmp_path / "short.csv").write_text(f"{head}\nM-1,s\n")
    assert "short.csv:2" in refused("validate", "matmul", tmp_path / "short.csv")


def test_pairs_of_plans_are_ranked(tmp_path):
    """Three steps of one model on 64 chips that differ in the batch and in the time: by hand,
    speeds of 1, 2 and 1.05 times the first; one pair lies within 10 %. Predicted, a step of twice
    the sequences takes less than twice as long."""
    with open(PUBLISHED / "training.csv", newline="") as file:
        reader = csv.DictReader(file)
        row = next(r for r in reader if r["id"] == "T-dgxc-h100-001")
    gbs, step = int(row["gbs"]), float(row["step_s"])
    rows = [{**row, "id": name, "gbs": gbs * times, "step_s": step * longer}
            for name, times, longer in [("one", 1, 1), ("two", 2, 1), ("near", 1, 1 / 1.05)]]
    path = tmp_path / "training.csv"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(row))
        writer.writeheader()
        writer.writerows(rows)
    result = run("validate", "training", path, "--ranking", "--json")
    assert result.returncode == 0, result.stderr
    ranking = json.loads(result.stdout)
    assert (ranking["pairs"], ranking["right"]) == (2, 2)
    group, = ranking["groups"]
    assert (group["faster"], group["slower"], group["right"]) == ("two", "one", True)
    assert group["measured"] == pytest.approx(2)
    times = {r["id"]: r["predicted"] for r in as_json("training", path)}
    assert group["predicted"] == pytest.approx(2 * times["one"] / times["two"])
    assert "2 of 2 ranked right" in run("validate", "training", path).stdout


@pytest.mark.parametrize("kind", ["matmul", "collectives", "training"])
def test_a_table_with_a_wrong_column_is_refused_with_file_and_line(kind, tmp_path):
    lines = (PUBLISHED / f"{kind}.csv").read_text().splitlines()
    path = tmp_path / f"{kind}.csv"
    path.write_text("\n".join([lines[0].replace("quality", "grade"), *lines[1:3]]) + "\n")
    refused("validate", kind, path, says=[f"{path}:2: the table has no column quality"])


def test_the_page_is_what_the_program_says_today(tmp_path):
    subprocess.run([sys.executable, SOURCE / "scripts/validation_page.py", "--rainier", RAINIER, "--output", tmp_path],
                   check=True, timeout=120)
    assert (tmp_path / "validation.md").read_text() == (SOURCE / "docs/validation.md").read_text(), \
        "stale: scripts/validation_page.py"
