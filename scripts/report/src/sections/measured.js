// Collectives measured here: median, band of the raw samples, MPI's own, model and bound, against size.
import { binaryAxis, chart, drawnValues, lines, logAxis } from "../chart.js";
import { details } from "../details.js";
import * as format from "../format.js";
import { colour } from "../palette.js";
import { columnChoice, fileChoice, panel } from "../panel.js";
import { colours } from "../theme.js";

const PATH = "measured/collective";
export const id = "measured";
export const title = "Collectives, measured";
export const short = "Measured collectives";
export const how =
  "Points are medians of the slowest rank's time and the band holds 80 % of the raw samples; points on the dashed line " +
  "are as fast as the model of this machine expects, and none can be above the dotted bound if the fitted figures hold.";
export const needs = ({ files }) => files.some((file) => file.tables[PATH]);

const VIEWS = {
  busbw: {
    label: "bus bandwidth",
    axis: "bus bandwidth (GB/s)",
    of: (bytes, seconds) => bytes / seconds / 1e9,
    tell: (value) => `${format.number(value)} GB/s`,
  },
  time: {
    label: "time",
    axis: "time (us)",
    of: (bytes, seconds) => seconds * 1e6,
    tell: (value) => format.time(value * 1e-6),
  },
};

/** A line per way: ours in place and not, MPI's. Column busbw x time is the bytes that count, so every second becomes a bandwidth. */
function ways(table) {
  const all = [];
  for (const theirs of [false, true])
    for (const place of [1, 0]) {
      const rows = table.filter(
        (i) => (table.at("implementation", i) === "MPI") === theirs && table.at("in_place", i) === place,
      );
      if (rows.length)
        all.push({
          name: `${theirs ? "MPI itself" : "rainier"}, ${place ? "in place" : "out of place"}`,
          theirs,
          place,
          rows: rows.sorted("size"),
        });
    }
  return all;
}

const points = (rows, view, of) =>
  Array.from({ length: rows.length }, (_, i) => {
    const bytes = rows.at("busbw", i) * rows.at("time", i);
    return [rows.at("size", i), view.of(bytes, of(i))];
  });

/** What lies between the quantiles; its corners are left in `corners` for the axis. */
function band(rows, view, corners) {
  const low = points(rows, view, (i) => rows.at("samples_p90", i));
  const high = points(rows, view, (i) => rows.at("samples_p10", i));
  corners.push(...[...low, ...high.reverse()].filter((corner) => corner.every(Number.isFinite)));
  return {
    name: "10 to 90 % of the samples",
    type: "custom",
    data: [corners.flat()],
    silent: true,
    clip: true,
    z: 1,
    color: colour(0),
    itemStyle: { opacity: 0.25 },
    renderItem: (_, api) => ({
      type: "polygon",
      shape: { points: corners.map((corner) => api.coord(corner)) },
      style: { fill: colour(0), opacity: 0.22 },
    }),
  };
}

/** A line per way. */
function measuredSeries(table, view, corners) {
  const series = [];
  for (const { name, theirs, place, rows } of ways(table)) {
    const tone = theirs ? colour(2) : colour(place ? 0 : 5);
    if (!theirs && !series.length && rows.has("samples_p10")) series.push(band(rows, view, corners));
    series.push({
      name,
      type: "line",
      data: points(rows, view, (i) => rows.at("time", i)),
      z: 3,
      symbol: theirs ? "diamond" : "circle",
      symbolSize: 7,
      lineStyle: { color: tone, width: place ? 2 : 1.2 },
      itemStyle: { color: place ? tone : colours().paper, borderColor: tone, borderWidth: 1.5 },
    });
  }
  return series;
}

/** What the model of this machine expects of us, and its bound. */
function expectedSeries(table, view) {
  const ours = ways(table).find((way) => !way.theirs)?.rows;
  if (!ours) return [];
  const line = (name, color, type, column) => ({
    name,
    type: "line",
    symbol: "none",
    color,
    lineStyle: { type, width: 2 },
    data: points(ours, view, (i) => ours.at(column, i)),
  });
  return [
    line("model, fitted to this machine", colour(1), "dashed", "model"),
    line("bound of the model", colours().black, "dotted", "bound"),
  ];
}

function option(table, view, narrow) {
  const corners = [];
  const series = [...measuredSeries(table, view, corners), ...expectedSeries(table, view)];
  const told = (item) => item.seriesType === "line" && `${item.seriesName}: ${view.tell(item.value[1])}`;
  return {
    series,
    xAxis: binaryAxis(table.column("size"), "size of the full vector", {
      nameGap: narrow ? 52 : 30,
      axisLabel: { formatter: format.size, ...(narrow ? { rotate: 40 } : {}) },
    }),
    yAxis: logAxis([...drawnValues(series, 1), ...corners.map(([, value]) => value)], view.axis),
    grid: { left: 8, right: 26, bottom: narrow ? 46 : 28 },
    tooltip: {
      trigger: "axis",
      formatter: (items) => lines(format.size(items[0].value[0]), ...items.map(told)),
    },
  };
}

const summarised = (table, collective) => {
  const ours = ways(table).find((way) => !way.theirs);
  if (!ours) return `${collective}, measured`;
  const best = Math.max(...ours.rows.column("busbw"));
  return `${collective}, measured on ${table.at("ranks", 0)} ranks: bus bandwidth against size; ${ours.name} reaches ${format.rate(best)}.`;
};

export function draw(box, { files }) {
  panel(
    box,
    id,
    [
      fileChoice(files.filter((file) => file.tables[PATH])),
      columnChoice(PATH, "collective", "Collective"),
      columnChoice(PATH, "dtype", "Data type", ["collective"]),
      columnChoice(PATH, "ranks", "Ranks", ["collective", "dtype"]),
      { name: "view", label: "Show", values: () => Object.keys(VIEWS), text: (name) => VIEWS[name].label },
    ],
    (host, { file, collective, dtype, ranks, view }) => {
      const table = file.tables[PATH].where({ collective, dtype, ranks });
      chart(host, {
        id,
        title: `${collective} of ${dtype} on ${ranks} ranks`,
        summary: summarised(table, collective),
        height: 430,
        option: (width) => option(table, VIEWS[view], width < 520),
      });
      details(host, id, `Numbers of ${collective}`, table);
    },
  );
}
