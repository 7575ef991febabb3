// What a chip generation buys: speed relative to the first, with what binds; hatched on an assumed figure.
import { axis, barOf, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import * as format from "../format.js";
import { generation } from "../palette.js";
import { fileChoice, panel } from "../panel.js";
import { tableOf } from "../table.js";
import { colours } from "../theme.js";

export const id = "generations";
export const title = "What a generation buys";
export const short = "Chip generations";
export const how =
  "Speed relative to the first chip at equal work and equal chips, with what binds; hatched bars rest on an assumed " +
  "figure, solid ones on published and derived figures only.";

const chipsOf = (table) => table?.values("chip") ?? [];
const chipsOfFile = ({ tables }) => [
  ...new Set([...chipsOf(tables["modelled/matmul"]), ...chipsOf(tables["modelled/collective"])]),
];
const has = (file) => chipsOfFile(file).length > 1;
export const needs = ({ files }) => files.some(has);

/** As rainier compare says it: latency where that is most of the time, else the busiest link. */
const binding = (row) =>
  row.latency_part > row.time / 2
    ? "latency"
    : row.bottleneck === "hbm"
      ? "HBM"
      : row.bottleneck.endsWith("message rate")
        ? row.bottleneck
        : `link ${row.bottleneck}`;
const most = (words) =>
  words.sort((a, b) => words.filter((w) => w === b).length - words.filter((w) => w === a).length)[0];

function matmulRows(table, chips) {
  return table.values("dtype").flatMap((dtype) => {
    const base = new Map(
      table
        .where({ dtype, chip: chips[0] })
        .list()
        .map((row) => [[row.label, row.m, row.n, row.k].join(), row.time]),
    );
    return chips.flatMap((chip) => {
      const rows = table
        .where({ dtype, chip })
        .list()
        .filter((row) => base.has([row.label, row.m, row.n, row.k].join()));
      if (!rows.length) return [];
      return [
        {
          work: `matmul ${dtype}`,
          chip,
          ratio: format.geometricMean(rows.map((row) => base.get([row.label, row.m, row.n, row.k].join()) / row.time)),
          binds: most(rows.map((row) => (row.bound_by === "memory" ? "HBM" : row.bound_by))),
          evidence: rows.some((row) => row.evidence === "assumed") ? "assumed" : "derived",
          points: rows.length,
          time: NaN,
        },
      ];
    });
  });
}

function collectiveRows(table, chips) {
  const counts = Math.max(...table.column("chips"));
  const rows = table
    .where({ chips: counts })
    .list()
    .filter((row) => [2 ** 20, 2 ** 30].includes(row.size));
  const base = new Map(
    rows.filter((row) => row.chip === chips[0]).map((row) => [[row.collective, row.dtype, row.size].join(), row.time]),
  );
  return rows
    .filter((row) => base.has([row.collective, row.dtype, row.size].join()))
    .map((row) => ({
      work: `${row.collective} ${format.size(row.size)}`,
      chip: row.chip,
      ratio: base.get([row.collective, row.dtype, row.size].join()) / row.time,
      binds: binding(row),
      evidence: row.evidence,
      points: 1,
      time: row.time,
    }));
}

function rowsOf({ tables }, chips) {
  return [
    ...(tables["modelled/matmul"] ? matmulRows(tables["modelled/matmul"], chips) : []),
    ...(tables["modelled/collective"] ? collectiveRows(tables["modelled/collective"], chips) : []),
  ];
}

const told = ({ row }) => [
  `${row.work}, ${row.chip}: ${format.ratio(row.ratio)}`,
  `binds: ${row.binds}`,
  `evidence: ${row.evidence}`,
  row.points > 1 && `geometric mean of ${row.points} shapes`,
  row.time > 0 && `time ${format.time(row.time)}`,
];

function option(rows, chips, work, width) {
  const find = (one, chip) => rows.find((row) => row.work === one && row.chip === chip);
  const label = {
    show: true,
    position: "right",
    color: colours().quiet,
    fontSize: 11,
    formatter: ({ data: { row } }) => (row ? `${format.ratio(row.ratio)} ${row.binds}` : ""),
  };
  return {
    grid: { left: 8, right: width < 520 ? 90 : 120, bottom: 26 },
    xAxis: axis("value", `speed relative to ${chips[0]}`, { nameGap: 28 }),
    yAxis: rowAxis(work, width < 520 ? { formatter: (one) => one.replace(" ", "\n") } : {}),
    tooltip: tip(told),
    series: chips.map((chip, place) => ({
      name: chip,
      type: "bar",
      color: generation(chip, place),
      barGap: "12%",
      barCategoryGap: "26%",
      label,
      data: work.map((one) => barOf(find(one, chip), find(one, chip)?.ratio)),
    })),
  };
}

export function draw(box, { files }) {
  panel(box, id, [fileChoice(files.filter(has))], (host, { file }) => {
    const chips = chipsOfFile(file);
    const rows = rowsOf(file, chips);
    const work = [...new Set(rows.map((row) => row.work))];
    const collective = file.tables["modelled/collective"];
    const where = collective ? `; collectives over ${format.count(Math.max(...collective.column("chips")))} chips` : "";
    chart(host, {
      id,
      title: `Modelled${where}`,
      height: 80 + work.length * (18 * chips.length + 14),
      option: (width) => option(rows, chips, work, width),
      summary: `Speed of ${chips.join(", ")} relative to ${chips[0]}: ${rows
        .filter((row) => row.chip !== chips[0])
        .map((row) => `${row.work} on ${row.chip} ${format.ratio(row.ratio)}`)
        .join("; ")}.`,
    });
    details(host, id, "Numbers of this chart", tableOf(rows, { time: "s" }));
  });
}
