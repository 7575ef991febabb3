"""What `auto` says of its choice, and tuning tables: kept, read back, refused."""
import re

import pytest

from program import refused, rows, run


def test_auto_explains_what_it_chose_among_which_candidates():
    result = run("collective", "all_reduce", "--system", "rainier", "-b", "1M", "-e", "1G", "-f", "1024",
                 "--explain")
    assert result.returncode == 0, result.stderr
    points, *explained = result.stdout.split("\n\n")
    assert len(explained) == 2
    for point, text, limit in zip(rows(points), explained, ("latency of", "transfer, longest on")):
        head, _, choice, *others = text.splitlines()
        assert limit in head
        assert choice.split()[-1] == point[-1] and point[-1] in head
        times = [float(line.split()[0]) for line in (choice, *others)]
        assert len(times) == 5 and times == sorted(times)
        for line, time in zip(others, times[1:]):
            total, latency, transfer = map(float, line.split()[:3])
            assert total == pytest.approx(latency + transfer, abs=0.02)
            reason = line.split(": ", 1)[1]
            first = [float(word) for word in choice.split()[:3]]
            longer = "latency" if latency - first[1] > transfer - first[2] else "transfer"
            assert reason.startswith(f"{longer} +") or (time == times[0] and "as fast" in reason)
            if busy := re.search(r"is busy ([\d.]+) (\w+) instead of ([\d.]+) (\w+)", reason):
                unit = {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
                assert float(busy[1]) * unit[busy[2]] > float(busy[3]) * unit[busy[4]]
        # each candidate really takes what the table says when it is asked for by name
        algorithm = re.search(r"  (\S+): ", others[-1])[1]
        again = run("collective", "all_reduce", "--system", "rainier", "-b", point[0], "-e", point[0],
                    "--algorithm", algorithm)
        assert float(rows(again.stdout)[0][4]) == pytest.approx(times[-1], rel=1e-3)


def test_a_link_explains_what_it_causes_only():
    """Pairwise exchanges on a torus keep no link busier for long: their rounds use one direction at a time."""
    result = run("collective", "all_to_all", "--system", "trn2-ultraserver", "-b", "448M", "-e", "448M", "--explain")
    pairwise, = (line for line in result.stdout.splitlines() if "pairwise(x)" in line)
    assert "rounds in which only some of the links work" in pairwise


def test_a_tuning_table_is_saved_read_back_and_grows(tmp_path):
    table = tmp_path / "tuned.toml"
    sizes = ["-b", "2M", "-e", "1G", "-f", "8"]
    auto = {}
    for collective in ("all_reduce", "all_gather"):
        saved = run("collective", collective, "--system", "rainier", *sizes, "--save-tuning", table)
        assert saved.returncode == 0, saved.stderr
        auto[collective] = saved.stdout
    for collective, output in auto.items():
        again = run("collective", collective, "--system", "rainier", *sizes, "--algorithm",
                    f"file:{table}")
        assert again.stdout == output
    algorithms = [row[-1] for row in rows(auto["all_reduce"])]
    assert len(set(algorithms)) > 1

    def at(size):
        out = run("collective", "all_reduce", "--system", "rainier", "-b", str(size), "-e", str(size),
                  "--algorithm", f"file:{table}")
        return rows(out.stdout)[0][-1]
    assert at(2**10) == at(2**21) == algorithms[0]  # from the smallest on down as well
    assert at(2**24 - 4) == algorithms[0] and at(2**24) == algorithms[1]
    assert at(2**40) == algorithms[-1]


def test_a_barrier_has_a_choice_as_well_and_devices_have_no_table(tmp_path):
    ask = ["collective", "barrier", "--system", "trn2-ultraserver"]
    saved = run(*ask, "--save-tuning", tmp_path / "tuned.toml")
    assert saved.returncode == 0, saved.stderr
    assert run(*ask, "--algorithm", f"file:{tmp_path}/tuned.toml").stdout == saved.stdout
    refused(*ask, "--save-tuning", "/dev/full", code=3, says=["cannot write /dev/full"], timeout=20)


TUNED = """chips = 2
[[choice]]
collective = "all_reduce"
from = 1
algorithm = "ring"
[[choice]]
collective = "all_reduce"
from = 4096
algorithm = "direct"
"""


def test_measurements_run_what_the_tuning_table_says(tmp_path):
    table = tmp_path / "tuned.toml"
    table.write_text(TUNED)
    result = run("collective", "all_reduce", "-b", "1K", "-e", "16K", "-f", "4", "-n", "2", "--algorithm",
                 f"file:{table}", ranks=2)
    assert result.returncode == 0, result.stderr
    assert [row[-1] for row in rows(result.stdout)] == ["ring", "direct", "direct"]


@pytest.mark.parametrize("old, new, says", [
    ("chips = 2", "chips = 4", ["tuned.toml:1:", "4 chips", "expected 2"]),
    ("chips = 2", "", ["tuned.toml", "chips"]),
    ('"direct"', '"driect"', ["tuned.toml:9:", "did you mean 'direct'"]),
    ('"direct"', '"ring(q)"', ["tuned.toml:9:", "q"]),
    ("4096", "-5", ["tuned.toml:8:", "at least 0"]),
    ("4096", "1", ["tuned.toml:8:", "already"]),
    ("4096", '"4 KiB"', ["tuned.toml:8:"]),
    ('"all_reduce"', '"al_reduce"', ["tuned.toml:3:", "did you mean 'all_reduce'"]),
    ("algorithm", "algoritm", ["tuned.toml:5:", "did you mean 'algorithm'"]),
    (TUNED, "chips = 2", ["tuned.toml", "[[choice]]"]),
    (TUNED, "not toml", ["tuned.toml:1:"]),
    ("all_reduce", "all_gather", ["no choice for all_reduce"]),
])
def test_a_bad_tuning_table_names_file_line_and_what_was_expected(tmp_path, old, new, says):
    table = tmp_path / "tuned.toml"
    count = -1 if old == "all_reduce" else 1
    table.write_text(TUNED.replace(old, new, count))
    host = tmp_path / "two.toml"
    host.write_text(TWO)
    arguments = ["collective", "all_reduce", "--system", host, "-b", "1K", "-e", "1K"]
    refused(*arguments, "--algorithm", f"file:{table}", says=says)
    if old != "all_reduce":  # nor is it written over
        before = table.read_text()
        refused(*arguments, "--save-tuning", table, says=says)
        assert table.read_text() == before


TWO = """title = "two"
chip = "host"
[[level]]
name = "ranks"
domain = "job"
shape = "all_to_all"
extent = { value = 2, status = "assumed", source = "test" }
bandwidth = { value = "1 GB/s", status = "assumed", source = "test" }
latency = { value = "1 us", status = "assumed", source = "test" }
"""
