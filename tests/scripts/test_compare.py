"""rainier compare of two and more files: verdicts and exit codes on files whose truth is known."""
import json
import shutil

import h5py
import numpy as np
import pytest

from program import MEASURED, MODELLED, refused, run, run_file

MATMUL = """
[measure.matmul]
datatypes = ["f32"]
shapes = [[64, 64, 64], [96, 96, 96]]
repetitions = 3
"""


@pytest.fixture(scope="module", name="measured")
def fixture_measured(really_measured, tmp_path_factory):
    """With samples whose law is known, whatever this machine did."""
    return again(really_measured, tmp_path_factory.mktemp("known") / "out.h5", 1000)


@pytest.fixture(scope="module", name="really_measured")
def fixture_really_measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    path = folder / "out.h5"
    text = MEASURED.replace("{samples}", "20") + "against_mpi = true\n" + MATMUL + MODELLED.replace("title", "# title")
    assert run("run", run_file(folder, 'title = "both"\n' + text), "-O", path, ranks=2).returncode == 0
    with h5py.File(path, "r+") as file:  # what else went on here is another test's matter
        for name in ("foreign_cpu_share", "stolen_cpu_share"):
            file["measured/host"].attrs[name] = 0.0
        for name in ("core_to_core_before", "core_to_core_after"):
            file["measured/collective"][name][:] = 60e-9
    return path


def again(measured, path, seed, slower=()):
    """As if measured once more: samples around the same medians, some kernels slowed down."""
    shutil.copy(measured, path)
    random = np.random.default_rng(seed)
    with h5py.File(path, "r+") as file:
        for table in ("measured/collective", "measured/matmul"):
            samples = file[table]["samples"][:]
            for row in samples:
                kept = ~np.isnan(row)
                row[kept] = np.median(row[kept]) * random.lognormal(0, 0.05, kept.sum())
            if table == "measured/collective":
                ours = file[table]["implementation"].asstr()[:] != "MPI"
            else:
                ours = file[table]["kernel"].asstr()[:] == "blocked"
            samples[ours] *= 1.2 if table in slower else 1
            file[table]["samples"][:] = samples
    return path


def compare(*arguments):
    result = run("compare", *arguments, "--json")
    assert result.returncode in (0, 1), result.stderr
    return result.returncode, json.loads(result.stdout)


def test_a_file_is_as_fast_as_itself(measured):
    code, compared = compare(measured, measured)
    assert code == 0 and not compared["slower"] and not compared["missing"] and compared["added"] == 0
    assert all(group["ratio"] == 1 for group in compared["groups"])
    names = {group["name"].split()[0] for group in compared["groups"]}
    assert names == {"all_reduce", "matmul", "modelled"}


def test_twenty_runs_of_the_same_program_are_the_same(measured, tmp_path):
    wrong = [seed for seed in range(20)
             if compare(measured, again(measured, tmp_path / "b.h5", seed))[0] != 0]
    assert wrong == []


@pytest.mark.parametrize("table, name", [("measured/collective", "all_reduce f32, 2 ranks"),
                                         ("measured/matmul", "matmul f32 blocked, 2 threads")])
def test_one_kernel_slowed_by_a_fifth_is_reported(measured, tmp_path, table, name):
    found = 0
    for seed in range(10):
        code, compared = compare(measured, again(measured, tmp_path / "b.h5", seed, slower=[table]))
        slower = [group["name"] for group in compared["groups"] if group["verdict"] == "slower"]
        assert set(slower) <= {name}
        found += code == 1 and slower == [name]
    assert found == 10


def test_a_guest_that_is_moved_while_it_measures_leaves_these_points_out(measured, tmp_path):
    slow = again(measured, tmp_path / "b.h5", 1, slower=["measured/collective"])
    with h5py.File(slow, "r+") as file:
        rows = file["measured/collective/core_to_core_after"]
        rows[4:] = 250e-9
        left = int((file["measured/collective/implementation"].asstr()[:4] != "MPI").sum())
        all_points = int((file["measured/collective/implementation"].asstr()[:] != "MPI").sum())
    code, compared = compare(measured, slow)
    assert code == 1 and 0 < left < all_points
    verdicts = [point["verdict"] for group in compared["groups"] if group["name"].startswith("all_reduce")
                for point in group["points"]]
    assert verdicts.count("not judged") == all_points - left
    assert f"{left}/{all_points}" in run("compare", measured, slow).stdout
    with h5py.File(slow, "r+") as file:
        file["measured/collective/core_to_core_after"][:] = 250e-9
    assert compare(measured, slow)[0] == 0


def test_files_that_say_only_how_cores_stood_around_the_run(measured, tmp_path):
    old = [shutil.copy(measured, tmp_path / "old.h5"),
           again(measured, tmp_path / "slow.h5", 1, slower=["measured/collective"])]
    for path in old:
        with h5py.File(path, "r+") as file:
            for name in ("core_to_core_before", "core_to_core_after"):
                del file["measured/collective"][name]
                file["measured/host"].attrs.modify(name, 60e-9)
            del file["measured/matmul/cpu_time"]
    assert compare(*old)[0] == 1
    with h5py.File(old[1], "r+") as file:
        file["measured/host"].attrs.modify("core_to_core_after", 250e-9)
    assert compare(*old)[0] == 0


def test_a_product_has_the_cpu_time_of_all_its_threads(really_measured):
    with h5py.File(really_measured) as file:
        rows = file["measured/matmul"]
        one = rows["kernel"].asstr()[:] == "reference"  # on one thread, which nothing makes wait
        assert one.any() and (rows["cpu_time"][:] > 0).all()
        assert (rows["cpu_time"][one] < 1.5 * rows["time"][one]).all()


def test_a_machine_that_was_slower_beside_a_product_is_not_the_kernel(measured, tmp_path):
    slow = again(measured, tmp_path / "b.h5", 1, slower=["measured/matmul"])
    assert compare(measured, slow)[0] == 1
    with h5py.File(slow, "r+") as file:
        assert (file["measured/matmul/control"][:] > 1e9).all()
        file["measured/matmul/control"][:] /= 1.2
    assert compare(measured, slow)[0] == 0


def test_wrong_elements_are_named_however_fast(measured, tmp_path):
    shutil.copy(measured, tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5", "r+") as file:
        file["measured/collective/wrong"][2:4] = 7
    result = run("compare", measured, tmp_path / "b.h5")
    assert result.returncode == 1 and "b.h5: elements of 2 points are wrong" in result.stderr
    assert run("compare", tmp_path / "b.h5", measured).returncode == 1
    theirs = {"args": ["./all_reduce_perf"], "results": [
        {"size": 1024, "type": "float", "out_of_place": {"time": 5, "alg_bw": 1, "bus_bw": 1, "nwrong": wrong},
         "in_place": {"time": 5, "alg_bw": 1, "bus_bw": 1, "nwrong": "N/A"}} for wrong in (0, 3)]}
    (tmp_path / "a.json").write_text(json.dumps(theirs))
    result = run("compare", tmp_path / "a.json", tmp_path / "a.json", "--json")
    assert result.returncode == 1 and "a.json: elements of 1 point are wrong" in json.loads(result.stdout)["wrong"][0]


def test_several_references_are_pooled(measured, tmp_path):
    references = [again(measured, tmp_path / f"a{seed}.h5", seed) for seed in range(3)]
    slow = again(measured, tmp_path / "b.h5", 7, slower=["measured/collective"])
    assert compare(slow, "--against", *references)[0] == 1
    assert compare(again(measured, tmp_path / "c.h5", 8), "--against", *references)[0] == 0


def test_the_table_names_what_is_slower(measured, tmp_path):
    slow = again(measured, tmp_path / "b.h5", 1, slower=["measured/matmul"])
    result = run("compare", measured, slow)
    assert result.returncode == 1 and "slower than before" in result.stderr
    [line] = [line for line in result.stdout.splitlines() if line.endswith("SLOWER") and not line.startswith(" ")]
    assert line.startswith("matmul f32 blocked")
    assert "modelled and the same: 26 points" in result.stdout
    assert "2^20" not in result.stdout and "1 KiB" in run("compare", measured, slow, "--all").stdout


def test_a_modelled_time_that_changed_is_shown(measured, tmp_path):
    shutil.copy(measured, tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5", "r+") as file:
        file["modelled/matmul/time"][:] *= 1.05
    result = run("compare", measured, tmp_path / "b.h5")
    assert result.returncode == 0 and "modelled matmul trainium2 bf16" in result.stdout and "1.050x" in result.stdout
    assert run("compare", measured, tmp_path / "b.h5", "--tolerance", "4").returncode == 1


def nccom(path, factor, table):
    """As nccom-test writes it, whose GB is 2^30; neither collective nor ranks are in it."""
    rows = [{"size(B)": int(size), "count(elems)": int(size) // 4, "type": "fp32",
             "algbw(GB/s)": size / (factor * time) / 2**30, "busbw(GB/s)": size / (factor * time) / 2**30,
             "time:avg(us)": factor * time * 1e6} for size, time in table]
    path.write_text(json.dumps(rows))
    return path


def test_results_of_others_are_compared_with_ours(really_measured, tmp_path):
    with h5py.File(really_measured) as file:
        table = file["measured/collective"]
        ours = (table["implementation"].asstr()[:] != "MPI") & (table["in_place"][:] == 0)
        points = list(zip(table["size"][ours].tolist(), table["time"][ours].tolist()))
    code, compared = compare(really_measured, nccom(tmp_path / "same.json", 1, points))
    [group] = compared["groups"]
    assert code == 0 and len(group["points"]) == len(points) and group["ratio"] == pytest.approx(1, rel=1e-6)
    code, compared = compare(really_measured, nccom(tmp_path / "slow.json", 1.3, points))
    [group] = compared["groups"]
    assert code == 1 and group["ratio"] == pytest.approx(1.3, rel=1e-6) and group["name"] == "f32"
    code, compared = compare(tmp_path / "slow.json", nccom(tmp_path / "slower.json", 1.5, points))
    assert code == 1 and compared["groups"][0]["ratio"] == pytest.approx(1.5 / 1.3, rel=1e-6)


def test_bad_input_is_one_error(measured, tmp_path):
    refused("compare", measured, tmp_path / "none.h5", code=3, says=["none.h5", "no such file"])
    refused("compare", measured, measured, "--size-tolerance", "1K=5", says=["FROM:TO=PERCENT"])
    refused("compare", measured, measured, "--size-tolerance", "1K:2K=x", says=["FROM:TO=PERCENT"])
    refused("compare", measured, measured, "--size-tolerance", "2K:1K=5", says=["FROM:TO=PERCENT"])
    refused("compare", measured, measured, "--tolerance", "-1", says=["--tolerance"])
    refused("compare", measured, tmp_path, code=3, says=["is not a file"])
    other = tmp_path / "other.h5"
    assert run("goodput", "--chips", "64", "--days", "1", "--runs", "2", "-O", other).returncode == 0
    refused("compare", measured, other, says=["no point in common"])


@pytest.mark.parametrize("files, flags, says", [
    (2, ["-O", "out.h5"], "--output goes with --model"), (2, ["--chips", "64"], "--chips goes with one"),
    (1, ["--json"], "--json goes with several"), (1, ["--tolerance", "5"], "--tolerance goes with several"),
    (1, ["--gbs", "64"], "--gbs goes with --model"), (0, ["--all"], "--all goes with several")])
def test_a_flag_of_another_kind_of_comparison_is_refused(measured, files, flags, says):
    what = [measured] * files or ["--model", "llama3-8b"]
    refused("compare", *what, *flags, says=[says])


def test_a_time_that_is_no_number_is_not_compared(measured, tmp_path):
    path = tmp_path / "modelled.h5"
    assert run("collective", "all_reduce", "--system", "trn2-ultraserver", "-b", "1M", "-e", "1M", "-O", path).returncode == 0
    with h5py.File(path, "r+") as file:
        file["modelled/collective/time"][0] = float("nan")
    refused("compare", path, path, code=3, says=["modelled.h5", "1 MiB", "takes nan s", "rainier check"])
