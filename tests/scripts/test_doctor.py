"""rainier doctor on this machine, and in environments that lack something."""
import json
import os
import re
import resource
import shutil
import subprocess

from program import BUILD, run

SANITIZED = "-fsanitize" in (BUILD / "CMakeCache.txt").read_text()


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
    quiet = without("OMP_NUM_THREADS", "LD_LIBRARY_PATH", "RAINIER_FIT_MAXBYTES")
    loud = findings(code=0, env={**quiet, "OPENBLAS_CORETYPE": "Haswell", "RAINIER_RANKS_PER_HOST": "1",
                                  "RAINIER_FIT_MAXBYTES": "1M"})
    remedies = {check["remedy"] for check in loud if check["check"] == "environment"}
    assert remedies == {"unset OPENBLAS_CORETYPE", "unset RAINIER_RANKS_PER_HOST", "unset RAINIER_FIT_MAXBYTES"}
    assert one(findings(code=0, env=quiet), "environment")["grade"] == "good"


def test_doctor_of_a_job():
    checks = findings(code=0, ranks=2, env=without("OMPI_MCA_mpi_yield_when_idle"))
    assert re.fullmatch(r"2 ranks: 2 on \S+", one(checks, "job")["says"])
    assert one(checks, "same program")["grade"] == "good"
    assert one(checks, "oversubscribed")["grade"] == "good"
    for word, grade in ("1", "warn"), ("yes", "warn"), ("0", "good"):  # as Open MPI reads them
        yields = one(findings(code=0, ranks=2, env=without(OMPI_MCA_mpi_yield_when_idle=word)), "oversubscribed")
        assert yields["grade"] == grade and yields["remedy"] == ("unset OMPI_MCA_mpi_yield_when_idle" if grade == "warn" else "")
    crowd = len(os.sched_getaffinity(0)) + 1
    crowded = one(findings(code=0, ranks=crowd), "oversubscribed")
    assert crowded["grade"] == "warn" and f"{crowd} ranks on" in crowded["says"]
    assert one(findings(code=3, ranks=1), "job")["grade"] == "bad"
    alone = one(findings(code=3, env=without(SLURM_PROCID="0", SLURM_NTASKS="4")), "job")
    assert alone["says"].startswith("4 tasks") and alone["remedy"] == "srun --mpi=pmix …"
