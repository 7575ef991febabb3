// How busy the links are: of each class the most loaded one, from the memory of a chip up to the Clos tiers.
import { axis, barOf, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import * as format from "../format.js";
import { colour } from "../palette.js";
import { ascending, columnChoice, descending, fileChoice, nearest, panel } from "../panel.js";
import { colours } from "../theme.js";

const POINTS = "modelled/collective";
const CLASSES = "modelled/link_class";
const SINGLE = "modelled/link";
export const id = "links";
export const title = "Load of the links";
export const short = "Link load";
export const how =
  "A bar is the share of the collective's time that the most loaded link of a kind is busy; the longest one limits the collective, and hatched ones rest on an assumed figure.";
const has = (file) => file.tables[CLASSES] && file.tables[POINTS];
export const needs = ({ files }) => files.some(has);

const SHAPES = {
  memory: ["memory of a chip", 3],
  ring: ["link of a torus ring", 0],
  all_to_all: ["port of a switch", 2],
  clos: ["port of a Clos tier", 4],
};
const nameOf = (shape) => (SHAPES[shape] ?? [shape])[0];

const told = ({ row }) => [
  `${row.link}: ${nameOf(row.shape)}`,
  `busy ${format.time(row.busy)}, ${format.percent(row.utilisation)}`,
  `${format.memory(row.load)} at ${format.rate(row.capacity)}`,
  row.issue_bound && "the message rate keeps it busy",
  `evidence: ${row.evidence}`,
];

function option(rows, width) {
  const shapes = [...new Set(rows.map((row) => row.shape))];
  const label = {
    show: width >= 520,
    position: "right",
    color: colours().quiet,
    fontSize: 11,
    formatter: ({ data: { row, value } }) =>
      row ? `${value.toFixed(1)} %, ${format.memory(row.load)} at ${format.rate(row.capacity)}` : "",
  };
  return {
    grid: { left: 8, right: width < 520 ? 20 : 190, bottom: 26 },
    xAxis: axis("value", "busy (% of the time)", { min: 0, max: 100, nameGap: 28 }),
    yAxis: rowAxis(rows.map((row) => row.link)),
    tooltip: tip(told),
    series: shapes.map((shape) => ({
      name: nameOf(shape),
      type: "bar",
      stack: "all",
      barMaxWidth: 22,
      color: colour((SHAPES[shape] ?? [shape, 5])[1]),
      data: rows.map((row) => barOf(row.shape === shape ? row : null, 100 * row.utilisation)),
      label,
    })),
  };
}

function singleOption(rows) {
  const kinds = [...new Set(rows.map((row) => row.link))];
  const places = [...new Set(rows.map((row) => row.position))].sort((a, b) => a - b);
  const name = (place) => (place < 0 ? "all alike" : `member ${place}`);
  return {
    grid: { left: 8, right: 16, bottom: 28 },
    xAxis: axis("category", "member of the line that the link leaves", {
      data: places.map(name),
      nameGap: 28,
      splitLine: { show: false },
    }),
    yAxis: axis("value", "busy (% of the time)", { min: 0, max: 100 }),
    tooltip: tip(({ row }) => [
      `${row.link}, ${name(row.position)}`,
      `${format.memory(row.load)}, busy ${format.percent(row.utilisation)}`,
    ]),
    series: kinds.map((link, place) => ({
      name: link,
      type: "bar",
      barMaxWidth: 22,
      color: colour(place),
      itemStyle: { opacity: place < 6 ? 1 : 0.6 },
      data: places.map((position) => {
        const row = rows.find((one) => one.link === link && one.position === position);
        return row ? { value: 100 * row.utilisation, row } : { value: null };
      }),
    })),
  };
}

export function draw(box, { files }) {
  const given = ["system", "collective", "chips"];
  panel(
    box,
    id,
    [
      fileChoice(files.filter(has)),
      columnChoice(POINTS, "system", "System"),
      columnChoice(POINTS, "collective", "Collective", ["system"]),
      columnChoice(POINTS, "chips", "Chips", given.slice(0, 2), { order: descending, text: format.count }),
      columnChoice(POINTS, "size", "Size", given, { order: ascending, text: format.size, start: nearest(2 ** 30) }),
    ],
    (host, { file, system, collective, chips, size }) => {
      const point = file.tables[POINTS].where({ system, collective, chips, size });
      const row = point.rows[0];
      const classes = file.tables[CLASSES].where({ row });
      const memoryFirst = [...classes.list()].sort((a, b) => (a.level === "" ? -1 : 0) - (b.level === "" ? -1 : 0));
      if (!memoryFirst.length) return;
      const busiest = memoryFirst.reduce((most, one) => (one.utilisation > most.utilisation ? one : most));
      chart(host, {
        id,
        title: `${collective} of ${format.size(size)} over ${format.count(chips)} chips of ${system}: ${format.time(point.at("time", 0))}`,
        height: 90 + 30 * memoryFirst.length,
        option: (width) => option(memoryFirst, width),
        summary: `Links: ${memoryFirst.map((one) => `${one.link} busy ${format.percent(one.utilisation)}`).join("; ")}; most: ${busiest.link}.`,
      });
      details(host, id, "Numbers of this chart", classes);
      const single = file.tables[SINGLE]?.where({ row });
      if (!single?.length) return;
      chart(host, {
        id: "link",
        title: "Single links of one line of each level",
        height: 320,
        option: () => singleOption(single.list()),
        summary: `${single.length} single links, the busiest ${format.percent(Math.max(...single.column("utilisation")))}.`,
      });
      details(host, "link", "Numbers of the single links", single);
    },
  );
}
