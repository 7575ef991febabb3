"""Links in the results file against counts by hand."""
import re

import h5py
import pytest

from program import MODELLED, run, run_file


def link_loads(path):
    """{(size, link): {position: bytes}} of a results file."""
    found = {}
    with h5py.File(path) as file:
        sizes, table = file["modelled/collective/size"][:], file["modelled/link"]
        for row, link, position, load in zip(table["row"], table["link"].asstr(), table["position"],
                                             table["load"]):
            found.setdefault((sizes[row], link), {})[position] = load
    return found


def test_link_classes_in_the_file_carry_the_bytes_of_the_closed_form(tmp_path):
    # A ring per level, lowest first: level i carries (n_i - 1)/n_i of what the levels below left,
    # up in the reduce-scatter and down in the all-gather.
    out = tmp_path / "out.h5"
    assert run("collective", "all_reduce", "--system", "rainier", "--algorithm", "ring", "-b", "1G",
               "-e", "1G", "-O", out).returncode == 0
    # Memory: a read and a write for each byte that a chip receives, one read more to reduce it.
    wanted, left = {}, 2**30
    for level, extent in (("x", 4), ("y", 4), ("z", 4), ("pod", 8), ("building", 128), ("site", 8)):
        wanted[level] = left * (extent - 1) / extent
        left /= extent
    # Rings have a direction for each half; a port carries both, and what goes to the tiers above.
    loads = {f"{r}{s}": wanted[r] for r in "xyz" for s in "+-"}
    loads |= {"site": 2 * wanted["site"], "building": 2 * (wanted["site"] + wanted["building"]),
              "pod": 2 * (wanted["site"] + wanted["building"] + wanted["pod"]),
              "hbm": (3 + 2) * sum(wanted.values())}
    with h5py.File(out) as file:
        table = file["modelled/link_class"]
        got = dict(zip(table["link"].asstr(), table["load"]))
        assert got == pytest.approx(loads, rel=1e-12)
        time = file["modelled/collective/time"][0]
        assert list(table["utilisation"]) == pytest.approx(list(table["busy"] / time), rel=1e-12)
        busiest = max(table["utilisation"])
        assert file["modelled/collective/bottleneck_utilisation"][0] == busiest <= 1
        assert "modelled/link" not in file
        assert "inputs/systems/rainier/systems/rainier.toml" in file
        origins = dict(zip(table["link"].asstr(), table["evidence"].asstr()))
        assert origins["x+"] == "published" and origins["site"] == "assumed"


def test_single_links_in_the_file_are_those_of_a_count_by_hand(tmp_path):
    # xor halving over a ring of 16, nearest first: in step j rank i sends size / 2^(j+1) to i ^ 2^j,
    # the shorter way, half each way on a tie; the all-gather sends the same back.
    out = tmp_path / "out.h5"
    result = run("collective", "all_reduce", "--system", "tpu-v4", "--chips", "16", "--algorithm", "xor",
                 "-b", "1M", "-e", "1M", "--links", "-O", out)
    assert result.returncode == 0, result.stderr
    count = {"x+": [0] * 16, "x-": [0] * 16}
    for step in range(4):
        for rank in range(16):
            ahead = ((rank ^ 1 << step) - rank) % 16
            share = 1 if ahead < 8 else 0.5 if ahead == 8 else 0
            for hop in range(ahead):
                count["x+"][(rank + hop) % 16] += 2 * share * 2**20 / 2**(step + 1)
            for hop in range(16 - ahead):
                count["x-"][(rank - hop) % 16] += 2 * (1 - share) * 2**20 / 2**(step + 1)
    got = link_loads(out)
    for link, loads in count.items():
        assert len(set(loads)) > 1
        assert [got[2**20, link][i] for i in range(16)] == loads
    printed = [line.split() for line in result.stdout.splitlines() if re.search(r" x\+ +3 ", line)]
    assert float(printed[0][3]) == count["x+"][3]


def test_a_run_file_can_ask_for_single_links(tmp_path):
    text = MODELLED.replace('datatype = "bf16"', 'datatype = "bf16"\nlinks = true', 1)
    out = tmp_path / "out.h5"
    assert run("run", run_file(tmp_path, text), "--output", out).returncode == 0
    with h5py.File(out) as file:
        points = file["modelled/collective"].attrs["points"]
        assert set(file["modelled/link/row"]) == set(file["modelled/link_class/row"]) == set(range(points))
