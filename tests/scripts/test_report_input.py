"""What goes into the page of scripts/report.py: hostile texts, runs that were cut off, and what is refused."""
import shutil

import h5py
import pytest

from report_page import browser, files, made, opened, report  # noqa: F401 (fixtures)

HOSTILE = '</script><script>window.broken = 1</script><!-- <img src=x onerror="window.broken = 2"> \' " & {{ <!--fill:data-->'


def test_hostile_texts_stay_texts(browser, files, tmp_path):
    shutil.copy(files / "run.h5", tmp_path / "run.h5")
    with h5py.File(tmp_path / "run.h5", "r+") as file:
        file.attrs["title"] = HOSTILE
        for path, names in (("measured/collective", ("collective", "algorithm")), ("modelled/collective", ("algorithm", "system")),
                            ("modelled/matmul", ("label",)), ("systems/figures", ("source", "system"))):
            for name in names:
                file[path][name][:] = [HOSTILE] * len(file[path][name])
    odd = tmp_path / "<b>odd & 'quoted'.h5"
    (tmp_path / "run.h5").rename(odd)
    assert report(odd, "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    for chart in ("measured", "collectives-size", "roofline-chips"):
        browser.evaluate(f"rainierReport.charts['{chart}'].dispatchAction({{ type: 'showTip', seriesIndex: 1, dataIndex: 0 }})")
    assert browser.evaluate("document.body.textContent").count(HOSTILE) >= 3
    assert odd.name in browser.evaluate("document.title")
    assert odd.name in browser.evaluate("document.querySelector('.name').textContent")
    assert browser.evaluate("[typeof window.broken, document.images.length, rainierReport.errors.length]") == ["undefined", 0, 0]
    assert browser.evaluate("[...document.querySelectorAll('.chart')].some((one) => one.innerText.includes('onerror'))")
    assert browser.errors() == [] and len(browser.requests()) == 1


def test_what_the_file_does_not_hold_is_left_out(browser, files, tmp_path):
    assert report(files / "train.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    assert browser.evaluate("rainierReport.sections") == ["overview", "step", "provenance"]


def test_plans_of_a_results_file_are_mapped(browser, files, tmp_path):
    shutil.copy(files / "train.h5", tmp_path / "plans.h5")
    with h5py.File(tmp_path / "plans.h5", "r+") as file:
        table = file.require_group("modelled/plan")
        table.attrs["points"] = 1
        table["point"], table["row"] = [0], [0]
        time = file["modelled/training/time"][0]
    assert report(tmp_path / "plans.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    cells = browser.evaluate("rainierReport.charts.plans.getOption().series[0].data")
    assert [(cell["value"][:2], cell["plan"]["time"]) for cell in cells] == [(["4", "4"], time)]


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """The best plans of two generations."""
    path = tmp_path_factory.mktemp("generations") / "plans.h5"
    made("compare", "--model", "llama3-8b", "--systems", "rainier,rainier-trn4", "--chips", "64", "--gbs", "64", "-O", path)
    return path


def test_best_plans_of_generations_and_goodput_are_drawn(browser, plans, tmp_path):
    goodput = tmp_path / "goodput.h5"
    made("goodput", "--chips", "16384", "--days", "2", "--runs", "50", "-O", goodput)
    assert report(plans, goodput, "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    assert browser.evaluate("rainierReport.sections") == ["overview", "best-plans", "step", "goodput", "provenance"]
    assert browser.errors() == [] and browser.evaluate("rainierReport.errors") == []
    series = {name: browser.evaluate(f"rainierReport.charts['{name}'].getOption().series.map((one) => [one.name, one.data.map((point) => point.value)])")
              for name in ("best-plans", "waterfall", "goodput", "levers")}
    with h5py.File(plans) as file:
        table, fall = file["modelled/generation"], file["modelled/waterfall"]
        faster = dict(zip(table["equal"].asstr()[:][1::2], table["speedup"][:][1::2]))
        assert series["best-plans"][1][0] == "rainier-trn4" and series["best-plans"][1][1][:2] == [faster["chips"], faster["power"]]
        assert series["waterfall"][0][1] == fall["factor"][:].tolist()
    with h5py.File(goodput) as file:
        table = file["modelled/goodput"]
        for part, values in series["goodput"]:
            assert values == pytest.approx(100 * table[part + "_time"][:] / table["duration"][:])
        assert sum(values[0] for _, values in series["goodput"]) == pytest.approx(100)
        assert series["levers"][0][1] == pytest.approx(100 * file["modelled/goodput_lever/half"][:])
        tile = browser.evaluate("[...document.querySelectorAll('.verdict')].find((one) => one.textContent.startsWith('Goodput')).textContent")
        assert float(tile.removeprefix("Goodput").split(" %")[0]) == pytest.approx(100 * table["goodput"][0], abs=0.06)


def test_a_run_that_was_cut_off_is_said_and_its_half_row_not_read(browser, files, tmp_path):
    shutil.copy(files / "run.h5", tmp_path / "run.h5.partial")
    with h5py.File(tmp_path / "run.h5.partial", "r+") as file:
        file.attrs["status"] = "running"
        whole = len(file["modelled/matmul/point"])
        file["modelled/matmul"].attrs["points"] = whole - 1
    page = report(tmp_path / "run.h5.partial", "--output", tmp_path / "page.html")
    assert page.returncode == 0 and "status is running, not complete" in page.stderr
    browser.open(tmp_path / "page.html")
    assert browser.evaluate("document.querySelector('.verdict.bad').textContent").startswith("! Filerunning")
    assert len(opened(browser, "roofline-chips")["time"]) == whole - 1
    assert browser.evaluate("document.querySelector('.verdict.bad').textContent").endswith(f"; missing: 1 of {whole} in modelled/matmul")


@pytest.mark.parametrize("name", ["train.h5", "step.json", "plans.json"])
def test_the_page_replaces_nothing_that_it_is_made_of(files, name):
    before = (files / name).read_bytes()
    page = report(files / "train.h5", "--plans", files / "plans.json", "--timeline", files / "step.json", "--output", files / name)
    assert page.returncode == 2 and "is read: choose another name" in page.stderr
    assert (files / name).read_bytes() == before


def other_hdf5(path, files):
    with h5py.File(path, "w") as file:
        file["numbers"] = [1, 2, 3]


@pytest.mark.parametrize("make, says", [
    (lambda path, files: None, "not a readable results file"),
    (lambda path, files: path.write_text("hello"), "not a readable results file"),
    (lambda path, files: path.write_bytes((files / "run.h5").read_bytes()[:5000]), "not a readable results file"),
    (other_hdf5, "not a results file of rainier")])
def test_other_files_are_refused_in_one_line(files, tmp_path, make, says):
    make(tmp_path / "run.h5", files)
    page = report(tmp_path / "run.h5", "--output", tmp_path / "page.html")
    assert page.returncode == 2 and page.stdout == "" and not (tmp_path / "page.html").exists()
    assert page.stderr.startswith(f"{tmp_path}/run.h5: {says}") and len(page.stderr.splitlines()) == 1


@pytest.mark.parametrize("flag", ["--plans", "--timeline"])
@pytest.mark.parametrize("text", ["hello", "[1, 2]", "{}", '{"best": 3, "traceEvents": 7}', '{"best": [{"tensor": 1}], "traceEvents": [{"ph": "X"}]}'])
def test_other_json_is_refused_in_one_line(files, tmp_path, flag, text):
    (tmp_path / "other.json").write_text(text)
    page = report(files / "train.h5", flag, tmp_path / "other.json", "--output", tmp_path / "page.html")
    assert page.returncode == 2
    assert page.stderr.startswith(f"{tmp_path}/other.json: not ") and len(page.stderr.splitlines()) == 1


def test_one_size_is_seen_in_the_middle_with_its_bound(browser, tmp_path):
    made("collective", "all_reduce", "--system", "trn2-ultraserver", "-b", "1M", "-e", "1M", "-O", tmp_path / "one.h5")
    assert report(tmp_path / "one.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    found = browser.evaluate("""(() => { const chart = rainierReport.charts['collectives-size'], option = chart.getOption();
      return { ends: [option.xAxis[0].min, option.xAxis[0].max], bound: option.series.find((one) => one.name.endsWith(', bound')).symbol,
               place: chart.convertToPixel({ xAxisIndex: 0 }, 2 ** 20) / chart.getWidth() }; })()""")
    assert found["ends"] == [2**19, 2**21] and found["bound"] == "rect" and 0.4 < found["place"] < 0.6, found


def test_roofs_have_their_bend(browser, tmp_path):
    (tmp_path / "run.toml").write_text('[model.matmul]\nchips = ["trainium2", "trainium4"]\ndatatypes = ["bf16"]\nshapes = [{ label = "cube", m = 4096, n = 4096, k = 4096 }]\n')
    made("run", tmp_path / "run.toml", "--output", tmp_path / "run.h5")
    assert report(tmp_path / "run.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    roofs = browser.evaluate("rainierReport.charts['roofline-chips'].getOption().series.filter((one) => one.type === 'line').map((one) => one.data)")
    assert len(roofs) == 2
    for roof in roofs:
        assert [roof[0][0], roof[-1][0]] == [100, 10000] and roof[0][1] < roof[-1][1]


def test_plans_of_the_same_axes_have_labels_of_their_own(browser, tmp_path):
    made("train", "llama3-8b", "--system", "trn2-ultraserver", "--gbs", "64", "--plan", "auto", "--keep", "6", "-O", tmp_path / "plans.h5")
    assert report(tmp_path / "plans.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    labels = browser.evaluate("""(() => { const axis = rainierReport.charts.step.getOption().yAxis[0];
      return axis.data.map((one, i) => axis.axisLabel.formatter(one.value ?? one, i)); })()""")
    assert len(labels) >= 6 and len(set(labels)) == len(labels), labels


def test_a_comparison_s_step_is_drawn_once_and_what_is_not_known_is_said(browser, plans, tmp_path):
    assert report(plans, "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    with h5py.File(plans) as file:
        table = file["modelled/training"]
        steps = {tuple(table[name][row] for name in table if name != "point") for row in range(len(table["point"]))}
        assert len(steps) < len(table["point"])
    assert browser.evaluate("rainierReport.charts.step.getOption().yAxis[0].data.length") == len(steps)
    assert "No bar for rainier-trn4 at equal cost" in browser.evaluate("document.getElementById('best-plans').textContent")


def test_a_missing_column_and_a_link_that_leads_nowhere_are_said(browser, files, tmp_path):
    shutil.copy(files / "run.h5", tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        del file["measured/collective/busbw"]
    assert report(tmp_path / "old.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    assert "could not be drawn: the file has no column busbw here" in browser.evaluate("document.getElementById('measured').textContent")
    assert "generations" in browser.evaluate("Object.keys(rainierReport.charts)")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        file["measured/collective/busbw"] = h5py.ExternalLink("nowhere.h5", "/busbw")
    page = report(tmp_path / "old.h5", "--output", tmp_path / "page.html")
    assert page.returncode == 2 and "measured/collective/busbw cannot be read" in page.stderr and "Traceback" not in page.stderr


def test_a_collective_has_a_timeline_that_fits_a_phone(browser, files, tmp_path):
    made("export", "trace", "all_reduce", "--system", "rainier", "--chips", "2048", "-b", "1G", "-o", tmp_path / "trace.json",
         "--algorithm", "rhd(x,y,z;balanced)+rhd(pod,building;ports=1)*16")
    assert report(files / "train.h5", "--timeline", tmp_path / "trace.json", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html", width=390)
    assert browser.evaluate("document.getElementById('timeline-heading').textContent") == "Timeline"
    assert "rhd(x,y,z;balanced)+rhd(pod,building;ports=1)*16" in browser.evaluate("document.querySelector('#timeline figcaption').textContent")
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
