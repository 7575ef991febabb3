"""The files for other people's tools, as far as they can be checked without these tools."""
import importlib.util
import py_compile
import re
import sys
import types

import pytest

from program import SOURCE, run

FOLDER = SOURCE / "scripts" / "integrations"


@pytest.fixture(scope="module", name="table")
def fixture_table():
    """What they parse: as many rows, and one size of each."""
    result = run("collective", "all_reduce", "-b", "1K", "-e", "32K", "-f", "32", "-n", "3", ranks=2)
    assert result.returncode == 0, result.stderr
    return result.stdout


def stand_in(monkeypatch):
    """Just what the check of ReFrame uses."""
    reframe = types.ModuleType("reframe")
    reframe.simple_test = lambda cls: cls
    reframe.RunOnlyRegressionTest = type("RunOnlyRegressionTest", (), {})
    sanity = types.ModuleType("reframe.utility.sanity")
    sanity.extractall = lambda pattern, text, tag, cast: [cast(m[tag]) for m in re.finditer(pattern, text, re.M)]
    sanity.extractsingle = lambda *a: sanity.extractall(*a)[0]
    sanity.len, sanity.sum, sanity.all = len, sum, all
    sanity.assert_gt, sanity.assert_eq = (lambda a, b: a > b), (lambda a, b: a == b)
    utility = types.ModuleType("reframe.utility")
    utility.sanity = sanity
    for name, module in (("reframe", reframe), ("reframe.utility", utility), ("reframe.utility.sanity", sanity)):
        monkeypatch.setitem(sys.modules, name, module)


def test_the_reframe_check_reads_the_table(table, monkeypatch):
    stand_in(monkeypatch)
    spec = importlib.util.spec_from_file_location("check", FOLDER / "reframe_rainier.py")
    module = importlib.util.module_from_spec(spec)
    decorators = {"variable": lambda _, value: value, "run_before": lambda _: lambda f: f,
                  "sanity_function": lambda f: f, "performance_function": lambda _: lambda f: f}
    module.__dict__.update(decorators)
    spec.loader.exec_module(module)
    check = module.RainierAllReduce()
    check.stdout = table
    check.command()
    assert check.executable_opts[:2] == ["collective", "all_reduce"]
    assert check.all_elements_are_right()
    rows = [line.split() for line in table.splitlines() if line and not line.startswith("#")]
    assert check.time_1K() == float(rows[0][4])
    check.stdout = table.replace("32768 ", f"{2**30} ")
    assert check.busbw_1G() == float(rows[1][6])
    wrong = re.sub(r"^(\s+1024(?:\s+\S+){6}\s+)0", r"\g<1>7", table, flags=re.M)
    assert wrong != table
    check.stdout = wrong
    assert not check.all_elements_are_right()


def test_ramble_s_expressions_match_the_table(table):
    text = (FOLDER / "ramble" / "application.py").read_text()
    row = "".join(re.findall(r'r"([^"]*)"', re.search(r"row = \((.*?)\)\n    figure", text, re.S)[1]))
    found = [m.groupdict() for m in re.finditer(row, table, re.M)]
    rows = [line.split() for line in table.splitlines() if line and not line.startswith("#")]
    assert [m["size"] for m in found] == [r[0] for r in rows] == ["1024", "32768"]
    assert [m["busbw"] for m in found] == [r[6] for r in rows]
    assert [m["percent"] + "%" for m in found] == [r[13] for r in rows]


@pytest.mark.parametrize("path", ["reframe_rainier.py", "spack/package.py", "ramble/application.py"])
def test_python_compiles(path, tmp_path):
    py_compile.compile(str(FOLDER / path), cfile=str(tmp_path / "x.pyc"), doraise=True)


def test_spack_depends_on_what_the_build_finds():
    package = (FOLDER / "spack" / "package.py").read_text()
    wanted = set(re.findall(r'depends_on\("([\w-]+)', package))
    cmake = (SOURCE / "CMakeLists.txt").read_text() + (SOURCE / "bench" / "CMakeLists.txt").read_text()
    found = {name.lower() for name in re.findall(r"find_package\((\w+) REQUIRED", cmake)}
    names = {"hdf5": "hdf5", "mpi": "mpi", "cli11": "cli11", "fmt": "fmt", "tomlplusplus": "tomlplusplus",
             "nlohmann_json": "nlohmann-json", "benchmark": "benchmark", "pkgconfig": "pkgconfig", "pugixml": "pugixml"}
    for package_name in found - {"openmp"}:
        assert names[package_name] in wanted


def test_containers_use_files_that_are_there():
    for name in ("Dockerfile", "rainier.def", "github-workflow.yml"):
        text = (FOLDER / name).read_text()
        for path in re.findall(r"(?:^|[\s/])((?:scripts|\.ci)/[\w./-]+)", text):
            assert (SOURCE / path).exists(), f"{name}: {path}"
        for preset in re.findall(r"--preset (\w+)", text):
            assert f'"name": "{preset}"' in (SOURCE / "CMakePresets.json").read_text()


def test_the_workflow_is_yaml():
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load((FOLDER / "github-workflow.yml").read_text())["jobs"]
    assert any(step.get("run") == "bash .ci/run" for step in jobs["ci"]["steps"])


def test_the_readme_names_every_file():
    text = (FOLDER / "README.md").read_text()
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.name != "README.md" and path.suffix != ".pyc":
            assert f"({path.relative_to(FOLDER)})" in text, path
