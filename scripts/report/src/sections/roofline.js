// Rooflines: matmuls predicted on each chip, and those measured on this host under its own probed roofs.
import { axis, chart, lines } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { colour, dash, generation } from "../palette.js";
import { columnChoice, fileChoice, panel } from "../panel.js";
import { colours } from "../theme.js";

const PATH = "modelled/matmul";
const HOST = ["measured/matmul", "measured/compute", "measured/memory"];
export const id = "roofline";
export const title = "Roofline";
export const how =
  "A matmul under the slanted part of its roof waits for memory, under the flat part for the engines; dashed roofs rest on an assumed figure, hollow points are the plain reference kernel.";
const onHost = (file) => HOST.every((path) => file.tables[path]);
export const needs = ({ files }) => files.some((file) => file.tables[PATH] || onHost(file));

const STEPS = 120;

/** min(peak, intensity x bandwidth) from one intensity to another, in TFLOP/s. */
function roof(peak, bandwidth, from, to) {
  const ridge = peak / bandwidth;
  return [...Array.from({ length: STEPS + 1 }, (_, i) => from * (to / from) ** (i / STEPS)), ridge]
    .sort((a, b) => a - b)
    .map((intensity) => [intensity, Math.min(peak, intensity * bandwidth) / 1e12]);
}

/** Decades of the matmuls and of the bends of their roofs: without these a roof has no slope. */
const span = (table, bends) => {
  const all = [...table.column("intensity"), ...bends];
  return [10 ** Math.floor(Math.log10(Math.min(...all))), 10 ** Math.ceil(Math.log10(Math.max(...all)))];
};

/** A matmul; hollow where the plain reference kernel ran. */
function pointOf(row, color) {
  const hollow = { color: colours().paper, borderColor: color, borderWidth: 1.5 };
  return { value: [row.intensity, row.rate / 1e12], row, itemStyle: row.kernel === "reference" ? hollow : {} };
}

function option(curves, told) {
  return {
    series: curves.flatMap(({ name, color, assumed, line, points }) => [
      {
        name,
        type: "line",
        symbol: "none",
        color,
        data: line,
        lineStyle: { width: 2, type: dash(assumed) },
        silent: true,
      },
      {
        name,
        type: "scatter",
        color,
        symbolSize: 9,
        itemStyle: { borderColor: "#fff", borderWidth: 1 },
        data: points.map((row) => pointOf(row, color)),
      },
    ]),
    legend: { data: curves.map(({ name }) => name) },
    tooltip: { trigger: "item", formatter: ({ data }) => told(data.row) },
    xAxis: axis("log", "FLOP per byte of memory traffic", {
      nameGap: 30,
      min: "dataMin",
      max: "dataMax",
      axisLabel: { formatter: format.count },
    }),
    yAxis: axis("log", "TFLOP/s", {
      axisLabel: { formatter: (value) => (value >= 1 ? format.count(value) : format.number(value)) },
    }),
    grid: { left: 8, right: 20, bottom: 28 },
  };
}

function figure(file, chip, key) {
  const rows = file.tables["systems/figures"]?.where({ chip, level: "", key });
  return rows?.length ? { value: rows.at("value", 0), status: rows.at("status", 0) } : null;
}

function modelledCurves(file, table) {
  const chips = table.values("chip").map((chip) => {
    const rows = table.where({ chip });
    const dtype = rows.at("dtype", 0);
    const bandwidth = figure(file, chip, "memory.bandwidth");
    const peak = figure(file, chip, `compute.${dtype}.roof`) ?? figure(file, chip, `compute.${dtype}.peak`);
    return { chip, points: rows.list(), roof: bandwidth && peak && { peak, bandwidth } };
  });
  const roofs = chips.flatMap(({ roof }) => roof ?? []);
  const [from, to] = span(
    table,
    roofs.map(({ peak, bandwidth }) => peak.value / bandwidth.value),
  );
  return chips.map(({ chip, points, roof: of }, place) => ({
    name: chip,
    color: generation(chip, place),
    points,
    assumed: of && [of.bandwidth.status, of.peak.status].includes("assumed"),
    line: of ? roof(of.peak.value, of.bandwidth.value, from, to) : [],
  }));
}

function modelled(host, file, dtype) {
  const table = file.tables[PATH].where({ dtype });
  const told = (row) =>
    lines(
      `${row.chip}, ${row.label}`,
      `${row.m} x ${row.n} x ${row.k}: ${format.time(row.time)}`,
      format.flops(row.rate),
      `${format.percent(row.fraction_of_peak)} of the peak, ${format.percent(row.fraction_of_roof)} of the roof`,
      `bound by ${row.bound_by} (${row.evidence})`,
    );
  chart(host, {
    id: "roofline-chips",
    title: `Modelled chips, ${dtype}`,
    height: 400,
    option: () => option(modelledCurves(file, table), told),
    summary: `Roofline of ${table.values("chip").join(", ")} in ${dtype}: ${table.length} modelled matmuls, at most ${format.flops(Math.max(...table.column("rate")))}.`,
  });
}

function measured(host, file) {
  const [table, compute, memory] = HOST.map((path) => file.tables[path]);
  const threads = Math.max(...table.column("threads"));
  const bandwidth = Math.max(...memory.where({ threads }).column("rate"));
  const dtypes = table.values("dtype").map((dtype) => {
    const peaks = compute.where({ dtype, threads }).column("rate");
    return { dtype, peak: peaks.length ? Math.max(...peaks) : null };
  });
  const [from, to] = span(
    table,
    dtypes.flatMap(({ peak }) => (peak === null ? [] : peak / bandwidth)),
  );
  const curves = dtypes.map(({ dtype, peak }, place) => ({
    name: dtype,
    color: colour(place),
    points: table.where({ dtype }).list(),
    line: peak === null ? [] : roof(peak, bandwidth, from, to),
  }));
  const told = (row) =>
    lines(
      `${row.dtype}, ${row.kernel}`,
      `${row.m} x ${row.n} x ${row.k}, ${row.threads} threads: ${format.time(row.time)}`,
      format.flops(row.rate),
    );
  chart(host, {
    id: "roofline-host",
    title: `This host, ${threads} threads, measured`,
    height: 400,
    option: () => option(curves, told),
    summary: `Roofline of this host: ${table.length} measured matmuls, at most ${format.flops(Math.max(...table.column("rate")))}.`,
  });
}

export function draw(box, { files }) {
  const choices = [fileChoice(files.filter((file) => file.tables[PATH] || onHost(file)))];
  choices.push({
    ...columnChoice(PATH, "dtype", "Data type of the chips"),
    values: ({ file }) => file.tables[PATH]?.values("dtype") ?? [null],
  });
  panel(box, id, choices, (host, { file, dtype }) => {
    const both = dtype !== null && onHost(file);
    const place = element("div", { class: both ? "pair" : "" });
    host.append(place);
    if (dtype !== null) modelled(place, file, dtype);
    if (onHost(file)) measured(place, file);
    if (dtype !== null)
      details(host, "roofline-chips", "Numbers of the modelled matmuls", file.tables[PATH].where({ dtype }));
    const names = {
      "measured/matmul": "this host's matmuls",
      "measured/compute": "this host's peak",
      "measured/memory": "this host's memory",
    };
    for (const path of HOST)
      if (file.tables[path]) details(host, path.replace("/", "-"), `Numbers of ${names[path]}`, file.tables[path]);
  });
}
