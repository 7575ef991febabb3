// What is known of a machine's levels and of a single chip.
import { element } from "../dom.js";
import * as format from "../format.js";

/** [{name, extent, shape}] of the levels that a group of so many chips has, the lowest first, as the file lists them. */
export function levelsOf(file, point, row) {
  const figures = file.tables["systems/figures"].where({ system: point.system, key: "extent" });
  const shapes = new Map(
    file.tables["modelled/link_class"]
      ?.where({ row })
      .list()
      .map((one) => [one.level, one.shape]),
  );
  let left = point.chips;
  const levels = [];
  for (const { level, value } of figures.list()) {
    const extent = Math.min(value, left);
    left /= extent;
    if (extent > 1) levels.push({ name: level, extent, shape: shapes.get(level) ?? "" });
  }
  const whole = levels.reduce((count, { extent }) => count * extent, 1) === point.chips;
  return whole ? levels : [{ name: "chip", extent: point.chips, shape: "" }]; // some are left out: no digits
}

/** What a chip may be coloured by: each time that the table holds, and its lateness. */
export function metrics(table) {
  const times = table.names.filter((name) => table.columns[name].units === "s");
  const all = times.map((name) => ({ name, values: table.column(name), text: format.time }));
  const finish = Float64Array.from(all.find(({ name }) => name === "finish").values);
  const middle = finish.slice().sort()[finish.length >> 1];
  return [...all, { name: "after the median", values: finish.map((value) => value - middle), text: format.time }];
}

/** {level, of}: how busy the links of a class are, by the member of the line that they leave. All lines are alike. */
function linkClasses(file, row, layout) {
  const rows = (path) => file.tables[path].where({ row }).list();
  const levels = new Map(rows("modelled/link_class").map((one) => [one.link, one.level]));
  const classes = new Map();
  for (const { link, position, utilisation } of rows("modelled/link")) {
    const level = layout.levels.findIndex(({ name }) => name === levels.get(link));
    if (level < 0) continue; // the memory
    if (!classes.has(link)) classes.set(link, { level, of: new Float64Array(layout.levels[level].extent) });
    const { of } = classes.get(link);
    if (position < 0) of.fill(utilisation);
    else of[position] = utilisation;
  }
  return classes;
}

/** Of the links of these classes that leave a chip, for each chip. */
function busiest(layout, classes) {
  const values = new Float64Array(layout.count);
  for (const { level, of } of classes)
    for (let chip = 0; chip < layout.count; chip++)
      values[chip] = Math.max(values[chip], of[layout.digit(chip, level)]);
  return values;
}

/** What a chip may be coloured by: how busy the links are that leave it, the busiest or those of one class. */
export function linkMetrics(file, row, layout) {
  const classes = linkClasses(file, row, layout);
  const metric = (name, some) => ({
    name,
    text: format.percent,
    get values() {
      this.all ??= busiest(layout, some);
      return this.all;
    },
  });
  const each = [...classes].map(([link, one]) => metric(`link ${link} busy`, [one]));
  return [metric("busiest link busy", [...classes.values()]), ...each];
}

const digits = (layout, chip) =>
  layout.levels
    .map(({ name }, level) => `${name} ${layout.digit(chip, level)}`)
    .reverse()
    .join(", ");

/** One line on a chip, or on the `many` chips of a block that begins with it. */
export function chipText({ layout, byChip, metric }, chip, many) {
  if (!many || many === 1)
    return `chip ${format.count(chip)} (${digits(layout, chip)}): ${metric.name} ${metric.text(byChip[chip])}`;
  let low = Infinity,
    high = -Infinity,
    latest = chip;
  for (let i = chip; i < chip + many; i++) {
    if (byChip[i] < low) low = byChip[i];
    if (byChip[i] > high) [high, latest] = [byChip[i], i];
  }
  return `chips ${format.count(chip)} to ${format.count(chip + many - 1)}: ${metric.name} from ${metric.text(low)} to ${metric.text(high)}, the most on chip ${format.count(latest)}`;
}

/** The chip's own tables: what it does and where it stands; its neighbours in the rings of its server. */
export function chipTables({ layout, byChip, metric, about }, chip) {
  const row = (name, value) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", { class: "number" }, value));
  const table = (caption, rows) => element("table", {}, element("caption", {}, caption), element("tbody", {}, rows));
  const levels = [...layout.levels.keys()].reverse();
  const own = table(
    `Chip ${format.count(chip)}`,
    [
      row(metric.name, metric.text(byChip[chip])),
      metric.name === "finish" ? row("after the median", format.time(byChip[chip] - about.clock.median)) : null,
      ...levels.map((level) =>
        row(layout.levels[level].name, `${layout.digit(chip, level)} of ${layout.levels[level].extent}`),
      ),
    ].filter(Boolean),
  );
  const others = layout
    .neighbours(chip)
    .map(({ level, chip: other }) =>
      row(`${layout.levels[level].name}: chip ${format.count(other)}`, metric.text(byChip[other])),
    );
  return others.length ? [own, table(`Its neighbours' ${metric.name}`, others)] : [own];
}
