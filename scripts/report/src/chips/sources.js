// What a file tells of all chips: their clocks, and how busy their links are.
import * as format from "../format.js";
import { levelsOf, linkMetrics, metrics } from "./facts.js";
import { Layout } from "./layout.js";

const PATH = "modelled/chip";
const LINKS = "modelled/link";
export const hasClocks = (file) => file.tables[PATH] && file.tables["modelled/clock"];
const hasLinks = (file) => file.tables[LINKS] && file.tables["modelled/link_class"] && file.tables["systems/figures"];
export const has = (file) => hasClocks(file) || hasLinks(file);

const once = (make) => {
  let made;
  return () => (made ??= make());
};

/** The first chip with the most; null where all have the same. */
function last(chips, values) {
  let at = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[at]) at = i;
  return values.every((value) => value === values[0]) ? null : chips[at];
}

const disturbed = ({ noise, skew, faults }) =>
  [noise && `noise ${noise}`, skew && `skew ${skew}`, faults].filter(Boolean).join(", ");

const nameOf = (point) =>
  `${point.collective} of ${format.size(point.size)} on ${format.count(point.chips)} chips of ${point.system}`;

/** Clocks of all chips: what is drawn, named and told of them. */
function clocks(file, row) {
  const table = file.tables[PATH].where({ row });
  const clock = file.tables["modelled/clock"].row(row);
  const point = file.tables["modelled/collective"].row(clock.row);
  return {
    text: `clock ${row + 1}`,
    heading: [nameOf(point), disturbed(clock)].filter(Boolean).join(": "),
    layout: new Layout(levelsOf(file, point, clock.row)),
    chips: table.column("chip"),
    metrics: once(() => metrics(table)),
    about: () => ({ clock, most: "Last chip", last: last(table.column("chip"), table.column("finish")) }),
    table,
    caption: "Numbers of all chips",
  };
}

const all = new Map(); // chips 0, 1, … by how many, since points of a file share them
function firstChips(count) {
  if (!all.has(count)) all.set(count, Float64Array.from({ length: count }, (_, chip) => chip));
  return all.get(count);
}

/** Links of all chips. */
function links(file, row) {
  const point = file.tables["modelled/collective"].row(row);
  const layout = new Layout(levelsOf(file, point, row));
  const chips = firstChips(layout.count);
  return {
    text: `links, ${nameOf(point)}`,
    heading: `Links in a ${nameOf(point)}: share of the time that they are busy`,
    layout,
    chips,
    metrics: once(() => linkMetrics(file, row, layout)),
    about: (metric) => ({ clock: null, most: "Busiest chip", last: last(chips, metric.values) }),
    table: file.tables[LINKS].where({ row }),
    caption: "Numbers of the links of one line of each level",
  };
}

const known = new WeakMap(); // what a file shows is read once
export function sources(file) {
  if (!known.has(file))
    known.set(file, [
      ...(hasClocks(file) ? file.tables[PATH].values("row").map((row) => clocks(file, row)) : []),
      ...(hasLinks(file) ? file.tables[LINKS].values("row").map((row) => links(file, row)) : []),
    ]);
  return known.get(file);
}
