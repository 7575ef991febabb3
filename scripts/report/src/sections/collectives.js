// Collectives predicted on the modelled systems: against size, and against the number of chips.
import { axis, binaryAxis, chart, drawnValues, lines, logAxis } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { dash, generation } from "../palette.js";
import { ascending, columnChoice, descending, fileChoice, nearest, panel } from "../panel.js";

const PATH = "modelled/collective";
export const id = "collectives";
export const title = "Collectives, modelled";
export const short = "Modelled collectives";
export const how =
  "A line per system, dashed where the figure that binds is assumed; dotted lines are lower bounds that no algorithm " +
  "can beat on that machine.";
export const needs = ({ files }) => files.some((file) => file.tables[PATH]);

const assumed = (rows) => rows.column("evidence").includes("assumed");

/** Per system its curve and, with `bound`, the dotted limit of it. */
function curves(table, x, y, bound) {
  const systems = table.values("system");
  return systems.flatMap((system, place) => {
    const rows = table.where({ system }).sorted(x);
    const color = generation(rows.at("chip", 0), place);
    const data = (of) =>
      Array.from({ length: rows.length }, (_, i) => ({ value: [rows.at(x, i), of(rows, i)], row: rows.row(i) }));
    const all = [
      {
        name: system,
        type: "line",
        color,
        data: data(y),
        symbol: "circle",
        symbolSize: 6,
        lineStyle: { width: 2, type: dash(assumed(rows)) },
      },
    ];
    if (bound)
      all.push({
        name: `${system}, bound`,
        type: "line",
        color,
        data: data(bound),
        symbol: "none",
        lineStyle: { width: 1.3, type: "dotted" },
      });
    return all;
  });
}

function legend(table, bound) {
  return {
    data: [...table.values("system"), ...(bound ? table.values("system").map((system) => `${system}, bound`) : [])],
  };
}

const told = (row) =>
  lines(
    `${row.system}, ${format.count(row.chips)} chips, ${format.size(row.size)}`,
    `time ${format.time(row.time)}, bound ${format.time(row.bound)} (${format.percent(row.fraction_of_bound)})`,
    `bus bandwidth ${format.rate(row.busbw)}`,
    `most loaded: ${row.bottleneck} (${row.evidence})`,
    row.algorithm,
  );

const tooltip = {
  trigger: "item",
  formatter: (item) => told(item.data.row),
};
const sizeAxis = (table, width) =>
  binaryAxis(table.column("size"), "size of the full vector", {
    nameGap: width < 520 ? 52 : 30,
    axisLabel: { formatter: format.size, rotate: width < 520 ? 40 : 0 },
  });
const chipAxis = (table) =>
  binaryAxis(table.column("chips"), "chips", { nameGap: 30, axisLabel: { formatter: format.count } });

const bytes = (rows, i) => rows.at("busbw", i) * rows.at("time", i);

function bySize(table) {
  const series = curves(
    table,
    "size",
    (rows, i) => rows.at("busbw", i) / 1e9,
    (rows, i) => bytes(rows, i) / rows.at("bound", i) / 1e9,
  );
  return (width) => ({
    series,
    legend: legend(table, true),
    tooltip,
    grid: { left: 8, right: 26, bottom: width < 520 ? 46 : 28 },
    xAxis: sizeAxis(table, width),
    yAxis: logAxis(drawnValues(series, 1), "bus bandwidth (GB/s)"),
  });
}

function byChips(table) {
  const [factor, unit] = format.timeUnit(Math.min(...table.column("bound")));
  const series = curves(
    table,
    "chips",
    (rows, i) => rows.at("time", i) / factor,
    (rows, i) => rows.at("bound", i) / factor,
  );
  return () => ({
    series,
    legend: legend(table, true),
    tooltip,
    grid: { left: 8, right: 28, bottom: 28 },
    xAxis: chipAxis(table),
    yAxis: logAxis(drawnValues(series, 1), `time (${unit})`, { axisLabel: { formatter: format.number } }),
  });
}

function fraction(table) {
  return () => ({
    series: curves(table, "chips", (rows, i) => 100 * rows.at("fraction_of_bound", i)),
    legend: legend(table, false),
    tooltip,
    xAxis: chipAxis(table),
    yAxis: axis("value", "bound / time (%)", { min: 0, max: 100 }),
    grid: { left: 8, right: 28, bottom: 28 },
  });
}

function againstSize(box, having) {
  box.append(element("h3", {}, "Against size"));
  panel(
    box,
    `${id}-size`,
    [
      fileChoice(having),
      columnChoice(PATH, "collective", "Collective"),
      columnChoice(PATH, "dtype", "Data type", ["collective"]),
      columnChoice(PATH, "chips", "Chips", ["collective", "dtype"], { order: descending, text: format.count }),
    ],
    (host, { file, collective, dtype, chips }) => {
      const table = file.tables[PATH].where({ collective, dtype, chips });
      chart(host, {
        id: "collectives-size",
        title: `${collective} of ${dtype} over ${format.count(chips)} chips`,
        height: 420,
        option: bySize(table),
        summary: `Modelled ${collective} over ${chips} chips: bus bandwidth against size; most: ${format.rate(Math.max(...table.column("busbw")))}.`,
      });
      details(host, "collectives-size", "Numbers of this chart", table);
    },
  );
}

function againstChips(box, having) {
  const scaling = having.filter((file) => file.tables[PATH].values("chips").length > 1);
  if (!scaling.length) return;
  box.append(element("h3", {}, "Against chips"));
  panel(
    box,
    `${id}-chips`,
    [
      fileChoice(scaling),
      columnChoice(PATH, "collective", "Collective"),
      columnChoice(PATH, "dtype", "Data type", ["collective"]),
      columnChoice(PATH, "size", "Size", ["collective", "dtype"], {
        order: ascending,
        text: format.size,
        start: nearest(2 ** 30),
      }),
    ],
    (host, { file, collective, dtype, size }) => {
      const table = file.tables[PATH].where({ collective, dtype, size });
      const summary = (what) =>
        `Modelled ${collective} of ${format.size(size)}: ${what} against chips, up to ${format.count(Math.max(...table.column("chips")))}.`;
      const pair = element("div", { class: "pair" });
      host.append(pair);
      chart(pair, {
        id: "collectives-chips",
        title: `${collective} of ${format.size(size)}: time`,
        height: 380,
        option: byChips(table),
        summary: summary("time and bound"),
      });
      chart(pair, {
        id: "collectives-fraction",
        title: "Share of the bound",
        height: 380,
        option: fraction(table),
        summary: summary("share of the bound"),
      });
      details(host, "collectives-chips", "Numbers of these charts", table);
    },
  );
}

export function draw(box, { files }) {
  const having = files.filter((file) => file.tables[PATH]);
  againstSize(box, having);
  againstChips(box, having);
}
