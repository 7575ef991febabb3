// What failures leave of a run of days, and which figure would help most.
import { axis, barOf, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { colour } from "../palette.js";
import { fileChoice, panel } from "../panel.js";
import { colours } from "../theme.js";

const PATH = "modelled/goodput";
const LEVER = "modelled/goodput_lever";
export const id = "goodput";
export const title = "Goodput of a long run";
export const short = "Goodput";
export const how =
  "The bar is the whole run: useful work is blue, and the rest is what failures and the guard against them cost; the mean of the runs that were drawn at random.";
export const needs = ({ files }) => files.some((file) => file.tables[PATH]);

const PARTS = { useful: 0, straggler: 3, checkpoint: 5, lost: 1, recovery: 4, regroup: 2, waiting: null };
const tone = (part) => (PARTS[part] === null ? "#888888" : colour(PARTS[part]));

const label = (row) => {
  const who = row.recovery === "restart" ? "all restart" : `replicas of ${format.count(row.replica)}`;
  return `${format.count(row.chips)} x ${row.chip}\n${who}, ${format.number(row.duration / 86400)} days`;
};

function option(rows, width) {
  const labels = rows.map(label);
  const parts = Object.keys(PARTS).filter((part) => rows.some((row) => row[`${part}_time`] > 0));
  return {
    grid: { left: 8, right: 24, bottom: 28 },
    xAxis: axis("value", "share of the run (%)", { nameGap: 28, min: 0, max: 100 }),
    yAxis: rowAxis(
      labels.map((_, i) => i), // jobs may have the same label
      { formatter: (_, i) => labels[i], fontSize: width < 520 ? 10 : 12, lineHeight: 15 },
    ),
    tooltip: tip(({ row, value }, { seriesName }) => [
      `${seriesName}: ${value.toFixed(2)} %`,
      `goodput ${format.percent(row.goodput)}, 5 to 95 % of the runs ${format.percent(row.goodput_q05)} to ${format.percent(row.goodput_q95)}`,
      `closed form ${format.percent(row.closed_form)}, ${format.number(row.interruptions)} failures of a run`,
    ]),
    series: parts.map((part) => ({
      name: part,
      type: "bar",
      stack: "all",
      barMaxWidth: 34,
      color: tone(part),
      data: rows.map((row) => ({ value: (100 * row[`${part}_time`]) / row.duration, row })),
    })),
  };
}

function leverOption(rows) {
  return {
    grid: { left: 8, right: 20, bottom: 28 },
    xAxis: axis("value", "change of the goodput (points)", { nameGap: 28 }),
    yAxis: rowAxis(rows.map((row) => row.figure)),
    tooltip: tip(({ row, value }, { seriesName }) => [
      `${row.figure}, ${seriesName}: ${value.toFixed(2)} points`,
      `evidence: ${row.evidence}`,
    ]),
    series: ["half", "twice"].map((change, place) => ({
      name: `${change} of it`,
      type: "bar",
      stack: "all",
      barMaxWidth: 22,
      color: colour(place),
      data: rows.map((row) => barOf(Number.isFinite(row[change]) ? row : null, 100 * row[change])),
    })),
  };
}

function levers(host, file, row) {
  const table = file.tables[LEVER].where({ row });
  const rows = table.list();
  host.append(element("h3", {}, "What would help: half and twice of each figure"));
  chart(host, {
    id: "levers",
    title: label(file.tables[PATH].row(row)).replace("\n", ", "),
    height: 90 + 32 * rows.length,
    option: () => leverOption(rows),
    summary: `Change of the goodput with half of each figure: ${rows.map((one) => `${one.figure} ${(100 * one.half).toFixed(2)} points`).join("; ")}.`,
  });
  details(host, "levers", "Numbers of this chart", table);
}

export function draw(box, { files }) {
  panel(box, id, [fileChoice(files.filter((file) => file.tables[PATH]))], (host, { file }) => {
    const table = file.tables[PATH];
    const rows = table.list();
    chart(host, {
      id,
      title: `${rows[0].system}, failures as ${rows[0].failures} counted them`,
      height: 100 + 60 * rows.length,
      option: (width) => option(rows, width),
      summary: `Goodput: ${rows.map((row) => `${label(row).replace("\n", ", ")}: ${format.percent(row.goodput)}`).join("; ")}.`,
    });
    details(host, id, "Numbers of this chart", table);
    if (file.tables["modelled/goodput_run"])
      details(host, "goodput-run", "Numbers of each run", file.tables["modelled/goodput_run"]);
    if (!file.tables[LEVER]) return;
    const choice = {
      name: "row",
      label: "Job",
      values: () => file.tables[LEVER].values("row"),
      text: (row) => label(table.row(row)).replace("\n", ", "),
    };
    panel(host, "levers", [choice], (inner, { row }) => levers(inner, file, row));
  });
}
