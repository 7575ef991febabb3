// Generations by the best plan of each for one training job, and which figures make the difference.
import { axis, barOf, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { colour } from "../palette.js";
import { fileChoice, panel } from "../panel.js";
import { colours } from "../theme.js";

const PATH = "modelled/generation";
const FALL = "modelled/waterfall";
export const id = "best-plans";
export const title = "Generations by their best plans";
export const short = "Best plans";
export const how =
  "Each system trains with the best of all plans: the bar is the first system's step over its own, at as many chips, as much power or as much money; hatched bars rest on an assumed figure.";
const has = (file) => file.tables[PATH] && file.tables["modelled/training"];
export const needs = ({ files }) => files.some(has);

const ORIGIN = { power: "energy_evidence", cost: "cost_evidence" }; // what is equal may be assumed, too

/** Rows of the comparison with the step that each names. */
function comparison(file) {
  const steps = file.tables["modelled/training"];
  return file.tables[PATH].list().map((row) => {
    const step = steps.row(row.row);
    const assumed = [step.evidence, row[ORIGIN[row.equal]]].includes("assumed");
    return { ...row, step, system: step.system, evidence: assumed ? "assumed" : step.evidence };
  });
}

const label = (text) => ({
  show: true,
  position: "right",
  color: colours().quiet,
  fontSize: 11,
  formatter: ({ data: { row } }) => (row ? text(row) : ""),
});

function speedups(rows) {
  const equals = [...new Set(rows.map((row) => row.equal))];
  const systems = [...new Set(rows.map((row) => row.system))];
  const find = (system, equal) => rows.find((row) => row.system === system && row.equal === equal);
  return {
    grid: { left: 8, right: 70, bottom: 26 },
    xAxis: axis("value", `speed relative to ${systems[0]}`, { nameGap: 28 }),
    yAxis: rowAxis(equals.map((equal) => `equal ${equal}`)),
    tooltip: tip(({ row }) => [
      `${row.system}, equal ${row.equal}: ${format.ratio(row.speedup)}`,
      `${format.count(row.step.chips)} chips, step ${format.time(row.step.time)}, MFU ${format.percent(row.step.mfu)}`,
      `TP ${row.step.tensor}, PP ${row.step.pipeline}, CP ${row.step.context}, DP ${row.step.data}, EP ${row.step.expert}`,
      row.energy > 0 && `${format.number(row.energy)} J a token`,
      `evidence: ${row.evidence}`,
    ]),
    series: systems.map((system, place) => ({
      name: system,
      type: "bar",
      color: colour([0, 2, 1, 3, 4, 5][place % 6]),
      barGap: "12%",
      barCategoryGap: "26%",
      label: label((row) => format.ratio(row.speedup)),
      data: equals.map((equal) => barOf(find(system, equal), find(system, equal)?.speedup)),
    })),
  };
}

/** Systems that the comparison could not have at equal chips, power or cost. */
function absent(rows) {
  const systems = [...new Set(rows.map((row) => row.system))];
  const equals = [...new Set(rows.map((row) => row.equal))];
  return equals.flatMap((equal) =>
    systems
      .filter((system) => !rows.some((row) => row.system === system && row.equal === equal))
      .map((system) => ({ system, equal })),
  );
}

function waterfall(rows) {
  const least = Math.min(1, ...rows.flatMap((row) => [row.factor, row.alone])); // 1: no difference
  return {
    grid: { left: 8, right: 70, bottom: 26 },
    xAxis: axis("value", "factor by which the step is shorter", { nameGap: 28, min: least, minInterval: 0.1 }),
    yAxis: rowAxis(rows.map((row) => row.group)),
    tooltip: tip(({ row }) => [
      `${row.group} of ${row.to}: ${format.ratio(row.factor)}, alone ${format.ratio(row.alone)}`,
      `step with it and those before it ${format.time(row.time)}`,
      row.plan,
      `evidence: ${row.evidence}`,
    ]),
    series: [
      ["after those above it", "factor", 0],
      ["alone", "alone", 5],
    ].map(([name, column, tone]) => ({
      name,
      type: "bar",
      color: colour(tone),
      label: label((row) => format.ratio(row[column])),
      data: rows.map((row) => barOf(row, row[column])),
    })),
  };
}

function taken(box, files) {
  const ways = (file) => [...new Set(file.tables[FALL].list().map((row) => `${row.from} to ${row.to}`))];
  const choice = { name: "way", label: "From", values: ({ file }) => ways(file) };
  box.append(element("h3", {}, "Figures taken over group by group, with a new best plan each time"));
  panel(box, "waterfall", [fileChoice(files), choice], (host, { file, way }) => {
    const all = file.tables[FALL];
    const table = all.filter((i) => `${all.at("from", i)} to ${all.at("to", i)}` === way).sorted("place");
    const rows = table.list();
    chart(host, {
      id: "waterfall",
      title: way,
      height: 100 + 46 * rows.length,
      option: () => waterfall(rows),
      summary: `From ${way}: ${rows.map((row) => `${row.group} ${format.ratio(row.factor)}`).join("; ")}.`,
    });
    details(host, "waterfall", "Numbers of this chart", table);
  });
}

export function draw(box, { files }) {
  panel(box, id, [fileChoice(files.filter(has))], (host, { file }) => {
    const rows = comparison(file);
    const equals = new Set(rows.map((row) => row.equal)).size;
    const systems = new Set(rows.map((row) => row.system)).size;
    const { model, batch, sequence } = rows[0].step;
    chart(host, {
      id,
      title: `${model}, ${format.count(batch)} sequences of ${format.count(sequence)} tokens a step`,
      height: 90 + equals * (20 * systems + 16),
      option: () => speedups(rows),
      summary: `Best plans: ${rows.map((row) => `${row.system} at equal ${row.equal} ${format.ratio(row.speedup)}`).join("; ")}.`,
    });
    for (const { system, equal } of absent(rows))
      host.append(
        element("p", { class: "quiet" }, `No bar for ${system} at equal ${equal}: its ${equal} is not known, or no plan fits.`),
      );
    details(host, id, "Numbers of this chart", file.tables[PATH]);
    const free = file.tables["modelled/free_resource"];
    if (free) details(host, "free-resource", "How much shorter a step could be if one resource cost nothing", free);
  });
  const having = files.filter((file) => file.tables[FALL]);
  if (having.length) taken(box, having);
}
