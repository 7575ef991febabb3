"""rainier rerun: a results file is enough to run it again, also when what it was made of is gone or has
changed."""
import json
import os
import shutil

import h5py
import pytest

from program import MODELLED, RAINIER, SOURCE, refused, run, run_file

MEASURED = """
title = "measured"
[measure.collective]
collectives = ["all_reduce"]
begin = "1K"
end = "4K"
factor = 4
datatype = "f32"
samples = 5
"""


def again(path, **options):
    result = run("rerun", path, **options)
    assert result.returncode == 0, result.stderr
    return path.with_suffix(".rerun.h5"), result


JOBS = [
    ["collective", "all_reduce", "--system", "rainier", "--chips", "65536", "-b", "1M", "-e", "1G", "-f", "32"],
    ["collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-b", "1M", "-e", "1M",
     "--chips", "1024", "--noise", "exponential:1 us", "--seed", "7"],
    ["train", "llama3-8b", "--system", "trn2-ultraserver", "--tp", "8", "--gbs", "64",
     "--set", "chip.memory.bandwidth=3 TB/s"],
    ["train", "llama3-8b", "--system", "trn2-ultraserver", "--gbs", "64", "--plan", "auto", "--keep", "2"],
    ["compare", "--model", "llama3-8b", "--systems", "rainier,rainier-trn3", "--chips", "64", "--gbs", "64", "--quick"],
    ["goodput", "--system", "rainier", "--chips", "16384", "--days", "5", "--runs", "20"],
    ["matmul-distributed", "--system", "trn2-ultraserver", "-m", "4096", "-n", "4096", "-k", "4096"],
]


@pytest.mark.parametrize("job", JOBS, ids=[" ".join(job[:2]) for job in JOBS])
def test_every_kind_of_modelled_file_comes_out_to_the_byte(tmp_path, job):
    path = tmp_path / "out.h5"
    assert run(*job, "-O", path).returncode == 0
    new, result = again(path)
    assert new.read_bytes() == path.read_bytes()
    assert "identical" in result.stdout
    with h5py.File(path) as file:
        command = json.loads(file["inputs/command.json"].asstr()[()])
        assert command == job and str(tmp_path) not in json.dumps(command)


def test_the_reference_results_come_out_today(tmp_path):
    """Of the file in the repository: whoever changes the model does so knowingly, and writes it anew."""
    result = run("rerun", SOURCE / "results/reference/modelled.h5", "-O", tmp_path / "new.h5")
    assert result.returncode == 0, result.stderr
    assert "identical" in result.stdout
    with h5py.File(tmp_path / "new.h5") as file:
        assert (SOURCE / "results/reference/modelled.toml").read_text() == file["inputs/run.toml"].asstr()[()]


def test_the_inputs_of_the_file_are_used_not_those_that_lie_around(tmp_path):
    """Shipped data that has changed since, a run file that is gone."""
    data = tmp_path / "data"
    for folder in ("chips", "systems", "software", "failures"):
        shutil.copytree(SOURCE / "topology" / folder, data / folder)
    shutil.copytree(SOURCE / "models", data / "models")
    path = tmp_path / "out.h5"
    job = run_file(tmp_path, MODELLED)
    assert run("run", job, "-O", path).returncode == 0
    job.unlink()
    chip = data / "chips" / "trainium2.toml"
    chip.write_text(chip.read_text().replace("2.9 TB/s", "5.8 TB/s"))
    new, _ = again(path, env=dict(os.environ, RAINIER_DATA=str(data)))
    assert new.read_bytes() == path.read_bytes()


def test_a_system_of_ones_own_is_in_the_file(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('extends = "trn2-ultraserver"\ntitle = "mine"\n')
    path = tmp_path / "out.h5"
    result = run("collective", "all_reduce", "--system", mine, "-b", "1M", "-e", "1M", "-O", path)
    assert result.returncode == 0, result.stderr
    mine.unlink()
    new, _ = again(path)
    with h5py.File(path) as old, h5py.File(new) as now:
        assert old["modelled/collective/time"][:].tolist() == now["modelled/collective/time"][:].tolist()


def test_files_that_a_flag_names_are_in_the_file(tmp_path):
    delays = tmp_path / "delays.txt"
    delays.write_text("1 us\n3 us\n")
    xml = tmp_path / "ring.xml"
    assert run("export", "msccl", "all_reduce", "-n", "16", "-b", "1M", "--algorithm", "ring", "-o", xml).returncode == 0
    for name, job in (("noise", ["--reader", "clock", "--chips", "64", "--noise", f"file:{delays}"]),
                      ("msccl", ["--chips", "16", "--algorithm", f"msccl:{xml}"])):
        path = tmp_path / f"{name}.h5"
        done = run("collective", "all_reduce", "--system", "rainier", "-b", "1M", "-e", "1M", *job, "-O", path)
        assert done.returncode == 0, done.stderr
    texts = delays.read_text(), xml.read_text()
    delays.unlink(), xml.unlink()
    for name, text in zip(("noise", "msccl"), texts):
        path = tmp_path / f"{name}.h5"
        with h5py.File(path) as file:
            assert [file["inputs/files"][each].asstr()[()] for each in file["inputs/files"]] == [text]
            assert str(tmp_path) not in file["inputs/command.json"].asstr()[()]
        new, result = again(path)
        assert "identical" in result.stdout and new.read_bytes() == path.read_bytes()


def test_an_algorithm_of_a_run_file_is_beside_it_and_in_the_results(tmp_path):
    """Named from the run file's folder, wherever the run is started; gone, or another, when it is run again."""
    (tmp_path / "algorithms").mkdir()
    xml = tmp_path / "algorithms" / "ring.xml"
    export = ["export", "msccl", "all_reduce", "-n", "16", "-b", "1M", "-o", xml, "--algorithm"]
    assert run(*export, "ring").returncode == 0
    job = run_file(tmp_path, """
title = "a program"
[model.collective]
systems = ["rainier"]
collectives = ["all_reduce"]
chips = [16]
begin = "1M"
end = "1M"
factor = 2
datatype = "f32"
algorithm = "msccl:algorithms/ring.xml"
""")
    path = tmp_path / "out.h5"
    result = run("run", job, "-O", path)
    assert result.returncode == 0, result.stderr
    flag = tmp_path / "flag.h5"
    assert run("collective", "all_reduce", "--system", "rainier", "--chips", "16", "-b", "1M", "-e", "1M",
               "--algorithm", f"msccl:{xml}", "-O", flag).returncode == 0
    with h5py.File(path) as file, h5py.File(flag) as other:
        assert file["modelled/collective/time"][:].tolist() == other["modelled/collective/time"][:].tolist()
        assert file["inputs/files/ring.xml"].asstr()[()] == xml.read_text()
    assert run(*export, "rhd").returncode == 0
    new, result = again(path)
    assert "identical" in result.stdout and new.read_bytes() == path.read_bytes()
    xml.unlink()
    new.unlink()
    new, result = again(path)
    assert "identical" in result.stdout and new.read_bytes() == path.read_bytes()
    refused("run", job, says=["run.toml:", "algorithms/ring.xml"])


def test_an_algorithm_of_a_run_file_is_measured(tmp_path):
    xml = tmp_path / "ring.xml"
    assert run("export", "msccl", "all_reduce", "-n", "2", "-b", "1M", "--algorithm", "ring", "-o", xml).returncode == 0
    text = MEASURED + 'algorithm = "msccl:ring.xml"\n'
    result = run("run", run_file(tmp_path, text), "-O", tmp_path / "out.h5", ranks=2)
    assert result.returncode == 0, result.stderr
    with h5py.File(tmp_path / "out.h5") as file:
        algorithms = {each for each in file["measured/collective/algorithm"].asstr()}
        assert algorithms == {"msccl:ring.xml"} and file["inputs/files/ring.xml"].asstr()[()] == xml.read_text()
    result = run("run", run_file(tmp_path, text), "-O", tmp_path / "three.h5", ranks=3)
    assert result.returncode == 2 and "is for 2 ranks, not for 3" in result.stderr
    job = run_file(tmp_path, text.replace("all_reduce", "all_gather"))
    refused("run", job, says=["run.toml:", "this is an algorithm of all_reduce"])


def test_measured_runs_are_measured_again_on_as_many_ranks(tmp_path):
    path = tmp_path / "out.h5"
    assert run("run", run_file(tmp_path, MEASURED + MODELLED.replace("title", "# title")), "-O", path,
               ranks=2).returncode == 0
    new, result = again(path, ranks=2)
    assert "identical" in result.stdout
    with h5py.File(path) as old, h5py.File(new) as now:
        assert now["measured/collective"].attrs["points"] == old["measured/collective"].attrs["points"] > 0
        assert now["inputs/command.json"].asstr()[()] == old["inputs/command.json"].asstr()[()]


def test_what_does_not_come_out_again_is_a_verdict(tmp_path):
    path = tmp_path / "out.h5"
    assert run(*JOBS[0], "-O", path).returncode == 0
    with h5py.File(path, "r+") as file:
        file["modelled/collective/time"][0] *= 1.01
    result = run("rerun", path)
    assert result.returncode == 1 and "differ in modelled/collective" in result.stderr


@pytest.mark.parametrize("name", ["../escaped.txt", "systems/x/../../../escaped.txt", "systems/x/chips/../../../escaped.txt"])
def test_a_file_that_was_mailed_writes_nothing_outside(tmp_path, name):
    path = tmp_path / "out.h5"
    assert run(*JOBS[0], "-O", path).returncode == 0
    with h5py.File(path, "r+") as file:
        file["inputs"].create_dataset(name, data="hello")
    (tmp_path / "scratch").mkdir()
    refused("rerun", path, says=["leads out of the file's inputs"], env=dict(os.environ, TMPDIR=str(tmp_path / "scratch")))
    assert not list(tmp_path.rglob("escaped.txt"))


@pytest.mark.parametrize("flag", [["--timeline", "more.json"], ["--timeline=more.json"]])
def test_other_files_that_the_run_wrote_are_left_alone(tmp_path, flag):
    path = tmp_path / "out.h5"
    job = ["train", "llama3-8b", "--system", "trn2-ultraserver", "--tp", "8", "--gbs", "64"]
    assert run(*job, *flag, "-O", path, cwd=tmp_path).returncode == 0
    with h5py.File(path, "r+") as file:
        assert json.loads(file["inputs/command.json"].asstr()[()]) == job
        file["inputs/command.json"][()] = json.dumps([*job, *flag])  # as earlier versions, and others, may have it
    (tmp_path / "more.json").write_text("mine")
    assert run("rerun", path, cwd=tmp_path).returncode == 0
    assert (tmp_path / "more.json").read_text() == "mine"


def test_bad_input_is_one_error(tmp_path):
    path = tmp_path / "out.h5"
    assert run(*JOBS[0], "-O", path).returncode == 0
    again(path)
    refused("rerun", tmp_path / "none.h5", code=3, says=["no such file"])
    before = path.read_bytes()
    refused("rerun", path, "-O", path, "--force", says=["choose another name"])
    assert path.read_bytes() == before
    with h5py.File(path, "r+") as file:
        del file["inputs/command.json"]
    refused("rerun", path, says=["does not say how it was made"])
    assert RAINIER.exists()
