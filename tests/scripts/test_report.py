"""The page of results files in a real browser, offline: what it draws, and that its numbers are the file's."""
import csv
import hashlib
import io
import json
import re

import h5py
import numpy as np
import pytest

from report_page import CHIPS, HOME, browser, drawn, files, folder, made, opened, page, report, seen  # noqa: F401 (fixtures)


def test_it_opens_offline_and_draws_every_section(seen, folder):
    print("milliseconds:", seen.evaluate("rainierReport.timings"))
    assert seen.evaluate("rainierReport.errors") == [] and seen.errors() == []
    assert seen.requests() == [(folder / "out/report.html").as_uri()]
    assert seen.evaluate("rainierReport.sections") == [
        "overview", "measured", "collectives", "generations", "roofline", "step", "plans", "timeline", "links",
        "chips", "other", "provenance"]
    shares = drawn(seen)
    assert len(shares) == 15 and min(shares) > 0.01, shares
    assert seen.evaluate("""Object.values(rainierReport.charts).every((chart) => chart.getOption().series.every((one) =>
      one.data.some((point) => [point.value ?? point].flat().some(Number.isFinite))))""")
    assert seen.evaluate("[...document.querySelectorAll('.chart')].every((one) => one.getAttribute('aria-label').length > 20)")
    assert seen.evaluate("[...document.querySelectorAll('select')].every((one) => one.labels.length === 1)")
    tables = seen.evaluate("[...document.querySelectorAll('section')].map((one) => [one.id, one.querySelectorAll('details').length])")
    assert all(count > 0 for name, count in tables if name != "overview"), tables


def test_it_is_small_beside_its_data(folder):
    text = (folder / "out/report.html").read_text()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1]
    assert len(text) - len(data) < 1_000_000
    assert "Apache License" in text and "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", text.replace(data, ""))


def test_it_says_how_long_it_took_to_open(seen):
    opened, chips = seen.evaluate("[rainierReport.opened, rainierReport.timings.chips]")
    print(f"from the start of navigation to the last chart {opened} ms, for the chips {chips} ms")
    assert 0 < chips < opened


def test_the_map_of_plans_has_the_best_of_each_cell(seen, folder):
    best = {}
    found = json.loads((folder / "plans.json").read_text())
    for plan in found["best"] + found["front"]:
        key = str(plan["tensor"]), str(plan["pipeline"])
        best[key] = min(best.get(key, np.inf), plan["step_s"])
    cells = seen.evaluate("rainierReport.charts.plans.getOption().series[0].data")
    assert len(best) > 1 and {tuple(cell["value"][:2]): cell["plan"]["time"] for cell in cells} == best


def test_the_parts_of_a_step_are_the_file_s(seen, folder):
    bars = seen.evaluate("rainierReport.charts.step.getOption().series.filter((one) => one.type === 'bar').map((one) => [one.name, one.data[0].value])")
    with h5py.File(folder / "train.h5") as file:
        table = file["modelled/training"]
        for name, value in bars:
            assert value == table[name.removesuffix(", exposed") + "_time"][0]
        assert sum(value for _, value in bars) == pytest.approx(table["time"][0], rel=0.01)


def test_bars_are_hatched_where_the_evidence_is_assumed(seen):
    rows = seen.evaluate("""rainierReport.charts.generations.getOption().series.flatMap((one) => one.data)
      .filter((one) => one.row).map((one) => [one.row.evidence, Boolean(one.itemStyle.decal)])""")
    assert {evidence == "assumed" for evidence, _ in rows} == {True, False}
    assert all(hatched == (evidence == "assumed") for evidence, hatched in rows)


def test_the_numbers_under_a_chart_are_the_file_s(seen, folder):
    with h5py.File(folder / "run.h5") as file:
        table = file["measured/collective"]
        rows = np.flatnonzero(table["collective"].asstr()[:] == "all_reduce")
        shown = opened(seen, "measured")
        for name in ("size", "time", "busbw", "bound"):
            assert [float(value) for value in shown[name]] == table[name][:][rows].tolist()
        assert shown["algorithm"] == table["algorithm"].asstr()[:][rows].tolist()
        low, high = np.nanpercentile(table["samples"][:][rows], [10, 90], axis=1)
        assert [float(value) for value in shown["samples_p10"]] == pytest.approx(low)
        assert [float(value) for value in shown["samples_p90"]] == pytest.approx(high)
        ours = np.flatnonzero((table["implementation"].asstr()[:][rows] != "MPI") & (table["in_place"][:][rows] == 1))
        series = seen.evaluate("rainierReport.charts.measured.getOption().series.find((one) => one.name === 'rainier, in place').data")
        assert np.array(series) == pytest.approx(np.array([table["size"][:][rows][ours], table["busbw"][:][rows][ours] / 1e9]).T)


def test_a_selector_chooses_rows_and_csv_has_all_of_them(seen, folder):
    seen.evaluate("""(() => { const select = document.getElementById('collectives-size-collective');
      select.value = 'all_to_all'; select.dispatchEvent(new Event('change')); })()""")
    text = seen.evaluate("rainierReport.tables['collectives-size'].csv()")
    rows = list(csv.DictReader(io.StringIO(text)))
    with h5py.File(folder / "run.h5") as file:
        table = file["modelled/collective"]
        wanted = np.flatnonzero((table["collective"].asstr()[:] == "all_to_all") & (table["chips"][:] == CHIPS))
        assert len(wanted) > 2 and list(rows[0]) == [name for name in table if name != "point"]
        for name in ("time", "bound", "size"):
            assert [float(row[name]) for row in rows] == table[name][:][wanted].tolist()
        assert [row["algorithm"] for row in rows] == table["algorithm"].asstr()[:][wanted].tolist()


def test_the_timeline_zooms_by_its_buttons(seen):
    seen.evaluate("document.querySelector('#timeline button').click()")
    zoom = seen.evaluate("rainierReport.charts.timeline.getOption().dataZoom.map((one) => [one.start, one.end])")
    assert zoom[0] == [25, 75]


def test_all_chips_are_drawn_and_the_last_one_where_the_file_says(page, folder):
    with h5py.File(folder / "chips.h5") as file:
        finish, last = file["modelled/chip/finish"][:], int(file["modelled/clock/last_chip"][0])
    assert last == finish.argmax() and last // 64 == 70005 // 64
    page.evaluate("(() => { const one = document.getElementById('chips-kind'); one.selectedIndex = 1; one.dispatchEvent(new Event('change')); })()")
    found = page.evaluate("""(() => {
      const { painted, map, layout } = rainierReport.chips;
      const { data, width } = map.image.getContext('2d').getImageData(0, 0, layout.width, layout.height);
      const pixels = layout.pixels();
      const bright = [];
      pixels.forEach((place, chip) => { if (data[4 * place] === 254 && data[4 * place + 1] === 232) bright.push(chip); });
      const apart = [0, 1, 4, 16, 64, 512, 70005, 524287].filter((chip) => {
        const [x, y] = layout.corner(chip);
        return pixels[chip] !== y * width + x || layout.at(x, y) !== chip;
      });
      return { painted, apart, distinct: new Set(pixels).size, bright, last: map.last, back: layout.at(...layout.corner(map.last)), width: width === layout.width };
    })()""")
    assert found["painted"] == found["distinct"] == CHIPS and found["width"]
    assert found["apart"] == []
    assert found["last"] == found["back"] == last
    assert found["bright"] == np.flatnonzero(finish == finish.max()).tolist()
    with h5py.File(folder / "chips.h5") as file:
        assert page.evaluate("Array.from(rainierReport.chips.map.byChip.slice(70000, 70100))") == finish[70000:70100].tolist()


def test_the_load_of_the_links_is_drawn_chip_by_chip(browser, tmp_path):
    """A broadcast loads the links near its root most: by the file's table, with the chips' places counted here."""
    made("collective", "broadcast", "--system", "rainier", "-b", "1G", "-e", "1G", "--links", "-O", tmp_path / "links.h5")
    with h5py.File(tmp_path / "links.h5") as file:
        text = lambda path: file[path].asstr()[:].tolist()
        extents = [(level, int(value)) for level, key, value in zip(
            text("systems/figures/level"), text("systems/figures/key"), file["systems/figures/value"][:]) if key == "extent"]
        level_of = dict(zip(text("modelled/link_class/link"), text("modelled/link_class/level")))
        links = list(zip(text("modelled/link/link"), file["modelled/link/position"][:], file["modelled/link/utilisation"][:]))
    places = dict(zip([level for level, _ in extents],
                      np.unravel_index(np.arange(CHIPS), [extent for _, extent in extents][::-1])[::-1]))
    busy = np.zeros(CHIPS)
    for link, position, share in links:
        if level_of[link]:
            leaves = places[level_of[link]] == position if position >= 0 else np.full(CHIPS, True)
            busy = np.maximum(busy, np.where(leaves, share, 0))
    assert len(set(busy)) > 3
    assert report(tmp_path / "links.h5", "--output", tmp_path / "page.html").returncode == 0
    browser.open(tmp_path / "page.html")
    assert browser.errors() == [] and "chips" in browser.evaluate("rainierReport.sections")
    assert browser.evaluate("rainierReport.chips.painted") == CHIPS
    for begin in (0, 65500, CHIPS - 3000):
        assert browser.evaluate(f"Array.from(rainierReport.chips.map.byChip.slice({begin}, {begin + 3000}))") == busy[begin:begin + 3000].tolist()
    assert browser.evaluate("rainierReport.chips.map.last") == busy.argmax()
    assert re.search(r"busiest link busy .* %", browser.evaluate("document.querySelector('.chips .said').textContent"))
    print("milliseconds:", browser.evaluate("rainierReport.timings"))


def where(browser):
    return browser.evaluate("document.querySelector('.chips .path').textContent.split('›').slice(1).map((one) => one.trim()).filter((one) => !one.startsWith('chips'))")


def test_the_keyboard_zooms_to_a_chip_and_back(page, folder):
    with h5py.File(folder / "chips.h5") as file:
        finish = file["modelled/chip/finish"][:]
    page.evaluate("document.querySelector('.chips canvas').focus()")
    assert where(page) == []
    for steps in (["site 1"], ["site 1", "building 8"], ["site 1", "building 8", "pod 5"]):
        page.press("Enter")  # the cursor begins on the block of the last chip, then on the first one of a block
        if len(steps) == 1:
            for _ in range(8):
                page.press("ArrowRight")
        if len(steps) == 2:
            page.press("ArrowRight"), page.press("ArrowDown"), page.press("ArrowDown")
        assert where(page) == steps
    page.press("ArrowRight"), page.press("ArrowDown"), page.press("Enter")
    chip = 65536 + 8 * 512 + 5 * 64 + 5
    said = page.evaluate("document.querySelector('.chips .tables').textContent")
    shown = f"{finish[chip] * 1e3:.4g} ms" if finish[chip] >= 1e-3 else f"{finish[chip] * 1e6:.4g} us"
    assert said.startswith(f"Chip {chip:,}finish{shown}"), said
    for depth in (3, 2, 1, 0):
        page.press("Escape")
        assert len(where(page)) == depth
    assert page.errors() == []


def test_a_click_zooms_and_the_pointer_tells_the_chip(page):
    page.evaluate("document.querySelector('.chips canvas').scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = page.evaluate("(() => { const r = document.querySelector('.chips canvas').getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()")
    x, y = box[0] + 0.9 * box[2], box[1] + 0.8 * box[3]
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    said = page.evaluate("document.querySelector('.chips .said').textContent")
    assert re.match(r"chip [\d,]+ \(site 7, .*\): finish ", said), said
    page.click(x, y)
    assert where(page) == ["site 7"]


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_its_window_in_both_themes(browser, folder, width, dark):
    browser.open(folder / "out/report.html", width=width, dark=dark)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((sum, one) => sum + Number(one), 0) < 200"
    assert browser.evaluate(ground) == dark
    browser.evaluate("document.getElementById('theme').click()")
    assert browser.evaluate(ground) != dark
    assert min(drawn(browser)) > 0.01 and browser.errors() == []


def test_the_first_key_reaches_the_skip_link(page):
    page.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_the_bundle_was_built_from_these_sources():
    """Else: cd scripts/report && npm ci && npm run build. The hash is that of build.mjs."""
    paths = sorted([*(str(path.relative_to(HOME)) for path in HOME.glob("src/**/*.js")), "build.mjs", "package.json", "package-lock.json"])
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path}\n".encode() + (HOME / path).read_bytes())
    with open(HOME / "bundle.js", encoding="utf-8") as file:
        assert digest.hexdigest() in file.readline()
    locked = json.loads((HOME / "package-lock.json").read_text())
    assert not [name for name, one in locked["packages"].items() if "resolved" in one]


def test_hover_texts_fit_a_phone_and_tell_which_step(browser, folder):
    browser.open(folder / "out/report.html", width=390)
    sides = browser.evaluate("""(async () => {
      const found = {}, names = ['measured', 'collectives-size', 'generations', 'step', 'plans', 'timeline', 'roofline-chips'];
      for (const name of names) rainierReport.charts[name].dispatchAction({ type: 'showTip', seriesIndex: 0, dataIndex: 0 });
      await new Promise((done) => setTimeout(done, 300));
      for (const name of names) {
        const tip = [...document.querySelectorAll(`#chart-${name} > div`)].find((one) => one.style.position === 'absolute' && one.innerText);
        if (tip) found[name] = [tip.getBoundingClientRect().left, tip.getBoundingClientRect().right, tip.innerText];
      }
      return found; })()""")
    assert len(sides) >= 5, sides
    assert all(left >= 0 and right <= 390 for left, right, _ in sides.values()), sides
    assert sides["step"][2].startswith("llama3-8b, 64 x trainium2, TP4 DP4 PP4"), sides["step"]
