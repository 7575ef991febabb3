"""rainier check: each way in which a file can differ from its schema is found and named."""
import shutil
import sys

import h5py
import numpy as np
import pytest

from program import MODELLED, SOURCE, refused, run, run_file

sys.path.insert(0, str(SOURCE / "scripts"))
import results  # noqa: E402


@pytest.fixture(scope="module", name="good")
def fixture_good(tmp_path_factory):
    folder = tmp_path_factory.mktemp("good")
    path = folder / "good.h5"
    assert run("run", run_file(folder, MODELLED), "-O", path).returncode == 0
    return path


def test_a_good_file_is_good(good):
    result = run("check", good)
    assert result.returncode == 0 and "is what schema" in result.stdout


def test_an_older_file_may_lack_what_came_later(good, tmp_path):
    shutil.copy(good, tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        del file["modelled/collective/rounds"]
        file.attrs.modify("schema_version", "1.0")
    result = run("check", tmp_path / "old.h5")
    assert result.returncode == 0, result.stdout
    assert "of schema 1.0 is what schema" in result.stdout
    assert result.stdout.strip().endswith("but for what came later: modelled/collective/rounds")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        file.attrs.modify("schema_version", "1.99")
    result = run("check", tmp_path / "old.h5")
    assert result.returncode == 1 and "modelled/collective/rounds is missing" in result.stdout


def replace(file, path, values):
    attributes = dict(file[path].attrs)
    del file[path]
    dataset = file.create_dataset(path, data=values)
    for name in ("units", "long_name"):
        dataset.attrs[name] = attributes[name]


def faster_than_its_bound(file):
    file["modelled/collective/time"][3] = file["modelled/collective/bound"][3] / 2


def no_origin(file):
    file["modelled/collective/evidence"][0] = "guessed"


def another_type(file):
    replace(file, "modelled/collective/chips", file["modelled/collective/chips"][:].astype(float))


def shorter(file):
    replace(file, "modelled/collective/busbw", file["modelled/collective/busbw"][:-1])


def negative(file):
    file["modelled/matmul/time"][1] = -1.0


def one_more_column(file):
    file.create_dataset("modelled/matmul/extra", data=np.zeros(len(file["modelled/matmul/point"])))


BREAKS = [
    (lambda file: file["modelled/collective"].pop("bound"), "modelled/collective/bound is missing"),
    (another_type, "modelled/collective/chips is float64, not int64"),
    (lambda file: file["modelled/matmul/time"].attrs.modify("units", "ms"),
     "modelled/matmul/time has not the units 's'"),
    (lambda file: file["modelled/matmul/time"].attrs.pop("long_name"), "modelled/matmul/time has not the long_name"),
    (shorter, "modelled/collective/busbw has 23 of 24 points"),
    (no_origin, "modelled/collective/evidence says 'guessed'"),
    (faster_than_its_bound, "modelled/collective/time is below its bound in point 3"),
    (negative, "modelled/matmul/time is -1 in point 1"),
    (one_more_column, "modelled/matmul/extra is no column"),
    (lambda file: file.move("modelled/matmul", "modelled/other"), "modelled/other is no table"),
    (lambda file: file.attrs.modify("last_point", np.int64(7)), "last_point is 7"),
    (lambda file: file.attrs.modify("status", "running"), "status is running"),
    (lambda file: file["modelled/matmul"].attrs.modify("signal", "label"), "modelled/matmul has not the signal 'rate'"),
    (lambda file: file["modelled/matmul/point"].__setitem__(1, 5), "modelled/matmul/point does not count"),
]


@pytest.mark.parametrize("broken, says", BREAKS, ids=[says for _, says in BREAKS])
def test_each_difference_is_named(good, tmp_path, broken, says):
    path = tmp_path / "bad.h5"
    shutil.copy(good, path)
    with h5py.File(path, "r+") as file:
        broken(file)
    result = run("check", path)
    assert result.returncode == 1, result.stderr
    assert f"{path}: {says}" in result.stdout
    assert "1 problem" in result.stderr or result.stdout.count("\n") > 1
    both = run("check", good, path)
    assert both.returncode == 1 and "1 of 2 files" in both.stderr and f"{good} is what schema" in both.stdout


def test_what_is_no_results_file_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("no")
    refused("check", tmp_path / "text.h5", code=3, says=["not an HDF5 file"])
    refused("check", tmp_path / "none.h5", code=3, says=["no such file"])
    refused("show", tmp_path / "none.h5", code=3, says=["no such file"])


def test_many_files_are_one_that_links_to_them(good, tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("a", "b"):
        shutil.copy(good, tmp_path / "deep" / f"{name}.h5")
    result = run("collect", "deep/a.h5", "deep/b.h5", "-O", "all.h5", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    shutil.move(tmp_path, moved := tmp_path.with_name("elsewhere"))  # links are relative
    with h5py.File(moved / "all.h5") as everything, h5py.File(good) as file:
        assert sorted(everything["runs"]) == ["a", "b"]
        times = everything["runs/b/modelled/collective/time"][:]
        assert times.tolist() == file["modelled/collective/time"][:].tolist()
    runs = results.collected(moved / "all.h5")
    assert list(runs) == ["a", "b"] and runs["b"]["modelled/collective"]["time"].tolist() == times.tolist()
    with pytest.raises(SystemExit):
        results.load(moved / "all.h5")
    with pytest.raises(SystemExit):
        results.collected(good)
    moved.rename(tmp_path)
    refused("collect", good, tmp_path / "deep" / "a.h5", good, "-O", tmp_path / "x.h5", says=["two files are called"])
    refused("collect", good, "-O", tmp_path / "all.h5", code=3, says=["exists"])
    before = good.read_bytes()
    refused("collect", good, "-O", good, "--force", says=["choose another name"])
    assert good.read_bytes() == before
    for command in ("show", "check", "rerun"):
        refused(command, tmp_path / "all.h5", code=3, says=["links to the results of several runs"])
    refused("collect", tmp_path / "none.h5", "-O", tmp_path / "x.h5", code=3, says=["no such file"])


@pytest.mark.parametrize("version", ["banana", "", 3.0, None])
def test_a_file_without_a_schema_version_is_damaged(good, tmp_path, version):
    shutil.copy(good, tmp_path / "bad.h5")
    with h5py.File(tmp_path / "bad.h5", "r+") as file:
        del file.attrs["schema_version"]
        if version is not None:
            file.attrs["schema_version"] = version
    for command in ("show", "check"):
        refused(command, tmp_path / "bad.h5", code=3, says=["has no schema version"])


def another_text(file, path, text):
    del file[path]
    file[path] = text


@pytest.mark.parametrize("text", ["[1,", "\x12", "[3]", '{"modelled/matmul": "six"}'])
def test_damaged_plans_and_manifests_are_one_error(good, tmp_path, text):
    for place in ("inputs/plan.json", "provenance/manifest"):
        path = tmp_path / "bad.h5"
        shutil.copy(good, path)
        with h5py.File(path, "r+") as file:
            file.require_group("provenance").pop("manifest", None)
            another_text(file, place, text) if place in file else file.create_dataset(place, data=text)
        if text.startswith("{") and place == "provenance/manifest":
            continue  # a manifest that says nothing of host and start is one
        refused("show", path, code=3, says=[f"{path}: {place} is damaged"])
        path.unlink()


def test_what_is_no_json_is_named(good, tmp_path):
    shutil.copy(good, tmp_path / "bad.h5")
    with h5py.File(tmp_path / "bad.h5", "r+") as file:
        another_text(file, "inputs/command.json", '["run"')
    result = run("check", tmp_path / "bad.h5")
    assert result.returncode == 1 and "inputs/command.json is no JSON" in result.stdout
    refused("rerun", tmp_path / "bad.h5", code=3, says=["inputs/command.json is damaged"])
