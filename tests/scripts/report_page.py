"""Results files of all kinds, their page, and a browser for the tests of scripts/report.py."""
import subprocess
import sys

import pytest

from browser import Browser
from program import SOURCE, run
from script import run_script

REPORT = SOURCE / "scripts/report.py"
HOME = SOURCE / "scripts/report"
CHIPS = 524288

RUN = """
title = "a small run"
[measure.collective]
collectives = ["all_reduce", "all_gather", "reduce_scatter"]
begin = "1K"
end = "64K"
factor = 4
datatype = "f32"
samples = 5
against_mpi = true
[measure.matmul]
datatypes = ["f32"]
shapes = [[64, 64, 64], [128, 128, 128]]
repetitions = 1
[model.collective]
systems = ["rainier", "rainier-trn4"]
collectives = ["all_reduce", "all_to_all"]
chips = [16, 524288]
begin = "1M"
end = "1G"
factor = 32
datatype = "bf16"
links = true
[model.matmul]
chips = ["trainium2", "trainium4"]
datatypes = ["bf16"]
shapes = [{ label = "cube", m = 4096, n = 4096, k = 4096 }]
"""
TRAIN = ("train", "llama3-8b", "--system", "trn2-ultraserver", "--gbs", "64")


def report(*arguments):
    return run_script("report.py", *arguments)


def made(*arguments, **options):
    result = run(*arguments, **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder of results files, plans and a timeline."""
    at = tmp_path_factory.mktemp("report")
    (at / "run.toml").write_text(RUN)
    made("run", at / "run.toml", "--output", at / "run.h5", ranks=2)
    made(*TRAIN, "--tp", "4", "--pp", "4", "-O", at / "train.h5", "--timeline", at / "step.json")
    (at / "plans.json").write_text(made(*TRAIN, "--plan", "auto", "--json", "--keep", "20"))
    return at


@pytest.fixture(scope="module")
def folder(files):
    """That folder with results of each chip and the page of all, by a process as users start it."""
    at = files
    made("collective", "all_reduce", "--system", "rainier", "--reader", "clock", "-b", "64M", "-e", "64M",
         "--degrade", "z+@chip=70005:0.5", "--per-chip", "-O", at / "chips.h5")
    page = subprocess.run([sys.executable, REPORT, "run.h5", "train.h5", "chips.h5", "--plans", "plans.json", "--timeline",
                           "step.json", "--output", at / "out/report.html"], cwd=at, capture_output=True, text=True, check=False)
    assert page.returncode == 0, page.stderr
    assert page.stdout.strip() == str(at / "out/report.html")
    return at


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@pytest.fixture
def page(browser, folder):
    browser.open(folder / "out/report.html")
    return browser


@pytest.fixture
def seen(browser, folder):
    """The page for tests that leave alone what others of them look at: it stays for the next one."""
    path = folder / "out/report.html"
    if browser.untouched != path:
        browser.open(path)
        browser.untouched = path
    return browser


def drawn(browser):
    """Share of the pixels that are not empty, of each chart and of the map of chips."""
    return browser.evaluate("""[...document.querySelectorAll('.chart, .chips')].map((chart) => {
      const shares = [...chart.querySelectorAll('canvas')].map((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let some = 0;
        for (let i = 3; i < data.length; i += 4) some += data[i] > 0;
        return some / (data.length / 4);
      });
      return Math.max(...shares);
    })""")


def opened(browser, table):
    """Cells of an opened table as numbers or texts, by column."""
    return browser.evaluate(f"""(() => {{
      const box = document.getElementById('table-{table}');
      box.open = true;
      return new Promise((done) => setTimeout(() => {{
        const names = [...box.querySelectorAll('th')].map((one) => one.textContent.replaceAll(' ', '_'));
        const rows = [...box.querySelectorAll('tbody tr')].map((row) => [...row.cells].map((cell) => cell.dataset.value));
        done(Object.fromEntries(names.map((name, i) => [name, rows.map((row) => row[i])])));
      }}, 50));
    }})()""")
