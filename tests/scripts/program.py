"""The program under test, and how tests run it. RAINIER_BUILD and RAINIER_SOURCE name the build and the
source folder; Open MPI's environment is set by CTest."""
import os
import pathlib
import subprocess

BUILD = pathlib.Path(os.environ["RAINIER_BUILD"])
SOURCE = pathlib.Path(os.environ["RAINIER_SOURCE"])
RAINIER = BUILD / "rainier"
SANITIZED = "-fsanitize" in (BUILD / "CMakeCache.txt").read_text()
MODEL = ("--machine", "h100-dgx")  # whatever: a fit of this one takes its time

MODELLED = """
title = "modelled only"
[model.collective]
systems = ["trn2-ultraserver", "rainier"]
collectives = ["all_reduce", "all_to_all"]
chips = [16, 64]
begin = "1K"
end = "1G"
factor = 1024
datatype = "bf16"
[model.matmul]
chips = ["trainium2", "trainium3"]
datatypes = ["bf16"]
shapes = [{ label = "cube", m = 4096, n = 4096, k = 4096 }]
"""

MEASURED = """
[measure.collective]
collectives = ["all_reduce"]
begin = "1K"
end = "64K"
factor = 4
datatype = "f32"
samples = {samples}
"""


def patient():
    """An environment in which mpirun waits a second for the others after a rank has died, as users have it:
    their file is closed when mpirun ends."""
    return {**os.environ, "OMPI_MCA_odls_base_sigkill_timeout": "1"}


def run(*arguments, ranks=None, timeout=120, **options):
    command = [str(a) for a in (RAINIER, *arguments)]
    if ranks:
        command = ["mpirun", "-np", str(ranks), *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)


def refused(*arguments, code=2, says=(), **options):
    """Exit code, one message, all of `says` in it, no output."""
    result = run(*arguments, **options)
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    ours = [line for line in result.stderr.splitlines() if line.startswith("rainier: ")]
    assert len(ours) == 1, result.stderr
    for text in says:
        assert text in result.stderr
    return result.stderr


def run_file(folder, text):
    path = folder / "run.toml"
    path.write_text(text)
    return path


def rows(text):
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]
