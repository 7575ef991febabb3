"""Figures of a real (small) run: drawn, labelled, assumed figures hatched; and the Slurm script."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from script import run_script

BUILD = pathlib.Path(os.environ["RAINIER_BUILD"])
SOURCE = pathlib.Path(os.environ["RAINIER_SOURCE"])

RUN = """
[measure.collective]
collectives = ["all_reduce"]
begin = "1K"
end = "16K"
factor = 4
datatype = "f32"
samples = 3
against_mpi = true
{matmul}
[model.collective]
systems = [{systems}]
collectives = ["all_reduce", "all_to_all"]
chips = [16, 64]
begin = "1M"
end = "1G"
factor = 1024
datatype = "bf16"
[model.matmul]
chips = [{chips}]
datatypes = ["bf16"]
shapes = [{{ label = "cube", m = 4096, n = 4096, k = 4096 }}]
"""


MATMULS = """
[model.matmul]
chips = ["trainium3", "trainium4"]
datatypes = ["bf16"]
shapes = [{ label = "cube", m = 4096, n = 4096, k = 4096 }]
"""
MATMUL = """[measure.matmul]
datatypes = ["f32"]
shapes = [[64, 64, 64]]
repetitions = 1"""


def results(folder, systems, chips, ranks):
    path = folder / "run.toml"
    path.write_text(RUN.format(matmul=MATMUL if ranks > 1 else "",
                               systems=", ".join(f'"{s}"' for s in systems),
                               chips=", ".join(f'"{c}"' for c in chips)))
    command = [BUILD / "rainier", "run", path, "--output", folder / "run.h5"]
    subprocess.run([*(["mpirun", "-np", str(ranks)] if ranks > 1 else []), *command], check=True,
                   capture_output=True, timeout=120)
    return folder / "run.h5"


def plot(*arguments):
    return run_script("plot.py", *arguments)


@pytest.fixture(scope="module")
def modelled(tmp_path_factory):
    """A small results file, without measurements: tests change copies of it."""
    return results(tmp_path_factory.mktemp("modelled"), ["rainier"], ["trainium2"], ranks=1)


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plots")
    file = results(folder, ["rainier", "rainier-trn4"], ["trainium2", "trainium4"], ranks=2)
    run = plot(file, "--output", folder)
    assert run.returncode == 0, run.stderr
    return folder


def texts(path):
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", path.read_text()))


@pytest.mark.parametrize("name, says", [
    ("busbw", ["all_reduce", "bus bandwidth (GB/s)", "in place, median", "MPI itself, in place", "model", "bound", "1 KiB"]),
    ("all_reduce_chips", ["1 GiB", "trainium2", "trainium4", "lower bound", "time (ms)", "64"]),
    ("roofline", ["bf16", "TFLOP/s per chip", "FLOP per byte", "trainium4", "this host, ", "f32"]),
    ("generations", ["trainium4", "relative to trainium2", "assumed", "all_to_all"]),
    ("links", ["64 chips", "x: ring of 4", "128 GB/s per link and direction", "busy (%", "memory of a chip",
               "all_reduce of 1 GiB", "rhd(x,y,z", "rack: switch of"]),
])
def test_each_figure_is_drawn_and_labelled(figures, name, says):
    png = (figures / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) > 10_000
    written = texts(figures / f"{name}.svg")
    for text in says:
        assert text in written, text


@pytest.mark.parametrize("name", ["busbw", "all_reduce_chips", "roofline", "generations", "links"])
def test_each_has_a_script_of_its_own(figures, tmp_path, name):
    done = subprocess.run([sys.executable, SOURCE / f"scripts/plot_{name}.py", figures / "run.h5"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert texts(tmp_path / f"{name}.svg") == texts(figures / f"{name}.svg")


def test_runs_of_several_days_are_one_figure(figures, tmp_path):
    shutil.copy(figures / "run.h5", tmp_path / "yesterday.h5")
    done = run_script("plot_busbw.py", figures / "run.h5", "yesterday.h5", "--output", "new/both", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "yesterday, in place" in texts(tmp_path / "new/both.svg")


@pytest.mark.parametrize("output, written", [(".", "busbw"), ("folder", "folder/busbw"), ("mine.png", "mine"), ("v1.7", "v1.7")])
def test_a_figure_goes_into_a_folder_or_where_it_is_told(figures, tmp_path, output, written):
    (tmp_path / "folder").mkdir()
    done = run_script("plot_busbw.py", figures / "run.h5", "--output", output, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{written}.png\n"
    assert (tmp_path / f"{written}.png").exists() and (tmp_path / f"{written}.svg").exists()


@pytest.mark.parametrize("arguments, says", [(("links", "modelled.h5", "modelled.h5"), "unrecognized arguments"),
                                             (("busbw", "modelled.h5"), "modelled.h5: has no measured/collective")])
def test_a_figure_says_what_it_takes(modelled, tmp_path, arguments, says):
    shutil.copy(modelled, tmp_path / "modelled.h5")
    done = run_script(f"plot_{arguments[0]}.py", *arguments[1:], cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_steps_of_several_files_are_one_figure(tmp_path):
    files = []
    for tensor in (4, 16):
        files.append(tmp_path / f"{tensor}.h5")
        subprocess.run([BUILD / "rainier", "train", "llama3-8b", "--system", "trn2-ultraserver", "--gbs", "64",
                        "--tp", str(tensor), "--pp", "4", "-O", files[-1]], check=True, capture_output=True)
    assert plot(*files, "--output", tmp_path).returncode == 0
    written = texts(tmp_path / "steps.svg")
    for text in ("llama3-8b, 64 x trainium2", "TP4 DP4 PP4, 1f1b", "TP16 PP4, 1f1b", "matmul", "bubble",
                 "tensor, exposed", "MFU", "time of a step (s)"):
        assert text in written, text


def test_mpi_itself_is_measured_into_the_file(figures):
    with h5py.File(figures / "run.h5") as file:
        table = file["measured/collective"]
        theirs = table["implementation"].asstr()[:] == "MPI"
        assert 2 * theirs.sum() == len(theirs)
        assert not table["wrong"][:].any()
        assert np.isfinite(table["samples"][:]).all()
        assert np.isnan(table["model"][:][theirs]).all() and np.isfinite(table["model"][:][~theirs]).all()
        host = dict(file["measured/host"].attrs)
        assert host["ranks"] == 2 and 0 <= host["foreign_cpu_share"] <= 1 and host["core_to_core_before"] > 0


def hatched_bars(path):
    """Bars whose fill is a pattern; the legend has one such patch of its own."""
    return len(re.findall(r'style="fill: url\(#', path.read_text())) - 1


def test_bars_are_hatched_where_they_rest_on_assumed_figures(tmp_path):
    # Matmul on Trainium2 and 3 rests on published and derived figures, on Trainium4 on assumed ones.
    firm, soft = tmp_path / "firm", tmp_path / "soft"
    firm.mkdir(), soft.mkdir()
    counts = []
    for folder, chip in ((firm, "trainium3"), (soft, "trainium4")):
        file = results(folder, ["rainier"], ["trainium2", chip], ranks=1)
        assert plot(file, "--output", folder, "--only", "generations").returncode == 0
        counts.append(hatched_bars(folder / "generations.svg"))
    assert counts[1] == counts[0] + 1


def test_other_files_are_refused_in_one_line(tmp_path):
    (tmp_path / "text.h5").write_text("hello")
    run = plot(tmp_path / "text.h5")
    assert run.returncode != 0
    assert run.stderr.startswith(f"{tmp_path}/text.h5: not a readable results file")
    assert "Traceback" not in run.stderr


def test_damaged_tables_are_refused_in_one_line(modelled, tmp_path):
    for name, says in (("gone", "has no column 'time'; rainier check"), ("short", "collective/time has 1 of ")):
        shutil.copy(modelled, tmp_path / f"{name}.h5")
        with h5py.File(tmp_path / f"{name}.h5", "r+") as file:
            table = file["modelled/collective"]
            kept = table["time"][:1]
            del table["time"]
            if name == "short":
                table["time"] = kept
        run = plot(tmp_path / f"{name}.h5", "--output", tmp_path / "figures")
        assert run.returncode == 2 and says in run.stderr and run.stderr.count("\n") == 1, run.stderr


def test_texts_where_numbers_should_be_are_refused_in_one_line(modelled, tmp_path):
    path = shutil.copy(modelled, tmp_path / "run.h5")
    with h5py.File(path, "r+") as file:
        table = file["modelled/matmul"]
        points = len(table["time"])
        del table["time"]
        table["time"] = ["soon"] * points
    run = plot(path, "--output", tmp_path / "figures", "--only", "generations")
    assert run.returncode == 2 and "cannot be drawn" in run.stderr and run.stderr.count("\n") == 1, run.stderr


def test_a_folder_that_is_none_is_an_error_of_the_environment(modelled):
    run = plot(modelled, "--output", modelled)
    assert run.returncode == 3 and "cannot be written" in run.stderr and run.stderr.count("\n") == 1, run.stderr


@pytest.mark.parametrize("text, says", [
    ("[]", "expected the JSON of rainier compare"), ("{}", "no waterfall"), ("{", "waterfall.json")])
def test_a_waterfall_of_other_json_is_refused_in_one_line(tmp_path, text, says):
    (tmp_path / "waterfall.json").write_text(text)
    run = run_script("plot_waterfall.py", tmp_path / "waterfall.json", tmp_path / "w.png")
    assert run.returncode == 2 and says in run.stderr and run.stderr.count("\n") == 1, run.stderr


def test_the_slurm_script_runs_where_srun_has_no_pmix(tmp_path):
    """Slurm itself is not needed: the script falls back to mpirun, and is told what sbatch tells."""
    shutil.copytree(SOURCE / "scripts", tmp_path / "scripts")
    run = tmp_path / "small.toml"
    run.write_text(MATMULS.replace("trainium3", "trainium2"))  # which the script compares with
    done = subprocess.run(["bash", tmp_path / "scripts/rainier.sbatch", run], timeout=120,
                          capture_output=True, text=True,
                          env={**os.environ, "SLURM_SUBMIT_DIR": str(tmp_path), "SLURM_NTASKS": "2",
                               "SLURM_JOB_ID": "7", "RAINIER": str(BUILD / "rainier")})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/small-7.h5").exists()
    assert (tmp_path / "results/small-7/generations.png").exists()


def test_matmuls_alone_are_drawn_from_any_first_chip_on_and_the_rest_is_left_out_and_said(tmp_path):
    (tmp_path / "run.toml").write_text(MATMULS)
    subprocess.run([BUILD / "rainier", "run", tmp_path / "run.toml", "-O", tmp_path / "run.h5"], check=True, capture_output=True)
    done = plot(tmp_path / "run.h5", "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    written = texts(tmp_path / "generations.svg")
    assert "speed relative to trainium3" in written and "What a generation buys: modelled" in written
    assert "busbw: left out, the file has no measured/collective" in done.stdout
    assert not (tmp_path / "busbw.png").exists()
