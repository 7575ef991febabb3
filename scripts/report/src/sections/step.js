// Where a predicted training step goes, what its communication waits for, and what fills the memory.
import { axis, barOf, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { partColour } from "../parts.js";
import { fileChoice, panel } from "../panel.js";
import { colours } from "../theme.js";

const PATH = "modelled/training";
export const id = "step";
export const title = "Training steps, predicted";
export const short = "Step time and memory";
export const how =
  "Computing is blue and green, communication that nothing hides is warm, waiting is grey; of the exposed communication, hatched parts rest on an assumed figure.";
export const needs = ({ files }) => files.some((file) => file.tables[PATH]);

const MOST = 12; // bars of a chart
const TIMES = [
  "matmul",
  "attention",
  "elementwise",
  "optimizer",
  "tensor",
  "context",
  "expert",
  "pipeline",
  "data",
  "launch",
  "bubble",
];
const EXPOSED = ["tensor", "context", "expert", "pipeline", "data"];
const MEMORIES = ["parameter", "gradient", "optimizer", "activation", "working"];
const AXES = [
  ["TP", "tensor"],
  ["CP", "context"],
  ["DP", "data"],
  ["PP", "pipeline"],
  ["EP", "expert"],
];

const MORE = [
  ["schedule", (order) => order],
  ["virtual_stages", (count) => (count > 1 ? `${count} chunks` : "")],
  ["micro_batch", (count) => `mbs ${count}`],
  ["zero", (stage) => `ZeRO ${stage}`],
  ["recompute", (kind) => `recompute ${kind}`],
  ["batch", (count) => `batch ${format.count(count)}`],
  ["sequence", (tokens) => `${format.count(tokens)} tokens`],
];

/** Model, chips and axes of a step, and in a last line what else tells it from `others`. */
function label(step, others = []) {
  const plan = AXES.filter(([, axis]) => step[axis] > 1)
    .map(([short, axis]) => `${short}${step[axis]}`)
    .join(" ");
  const apart = MORE.filter(([name]) => others.some((other) => other[name] !== step[name]))
    .map(([name, tell]) => tell(step[name]))
    .filter(Boolean);
  const lines = [apart.slice(0, 2).join(", "), apart.slice(2).join(", ")];
  return [step.model, `${format.count(step.chips)} x ${step.chip}`, plan, ...lines].filter(Boolean).join("\n");
}

/** Each once: a comparison has the step of its first system at equal chips, at equal power and at equal cost. */
function once(steps) {
  const known = new Set();
  return steps.filter(({ point, ...step }) => {
    const text = JSON.stringify(step);
    return known.has(text) ? false : known.add(text);
  });
}

function bars(steps, series, name, width, right) {
  const labels = steps.map((step) => label(step, steps));
  return {
    legend: { data: series.filter((one) => one.symbolSize !== 0).map((one) => one.name) },
    series,
    grid: { left: 8, right, bottom: 28 },
    xAxis: axis("value", name, { nameGap: 28 }),
    yAxis: rowAxis(
      labels.map((_, i) => i), // steps may have the same label
      { formatter: (_, i) => labels[i], fontSize: width < 520 ? 10 : 12, lineHeight: LINE },
    ),
  };
}

const bar = (name, color, data) => ({ name, type: "bar", stack: "all", barMaxWidth: 34, color, data });
const LINE = 15; // pixels of a line of a label
const height = (steps) => {
  const lines = Math.max(4, ...steps.map((step) => label(step, steps).split("\n").length));
  return 110 + (6 + LINE * lines) * steps.length;
};

/** A label behind the bars of each row, at the end of their sum. */
const sumLabels = (sums, text, color) => ({
  name: "sum",
  type: "scatter",
  symbolSize: 0,
  silent: true,
  data: sums.map((sum, i) => [sum, i]),
  label: { show: true, position: "right", color, formatter: ({ dataIndex }) => text(dataIndex) },
});

function timeOption(steps, width) {
  const series = TIMES.filter((part) => steps.some((step) => step[`${part}_time`] > 0.001 * step.time)).map((part) =>
    bar(
      EXPOSED.includes(part) ? `${part}, exposed` : part,
      partColour(part),
      steps.map((step) => ({ value: step[`${part}_time`], step })),
    ),
  );
  const total = (i) => {
    const { time, mfu, evidence } = steps[i];
    return format.time(time) + (width < 520 ? "" : `, MFU ${format.percent(mfu)}${evidence === "assumed" ? " *" : ""}`);
  };
  const sums = sumLabels(
    steps.map((step) => step.time),
    total,
    colours().ink,
  );
  return {
    ...bars(steps, [...series, sums], "time of a step (s)", width, width < 520 ? 50 : 140),
    tooltip: tip(({ step, value }, { seriesName }) => [
      label(step, steps).replaceAll("\n", ", "),
      `${seriesName}: ${format.time(value)}, ${format.percent(value / step.time)}`,
    ]),
  };
}

function exposedOption(rows) {
  const axes = [...new Set(rows.map((row) => row.axis))];
  const levels = [...new Set(rows.map((row) => row.level))];
  const sums = levels.map((level) => rows.filter((row) => row.level === level).reduce((sum, row) => sum + row.time, 0));
  const name = (level) => level || "calls, adding up";
  const of = (one) => levels.map((level) => rows.find((row) => row.axis === one && row.level === level));
  return {
    legend: { data: axes },
    grid: { left: 8, right: 70, bottom: 28 },
    xAxis: axis("value", "time of the step that nothing hides (s)", { nameGap: 28 }),
    yAxis: rowAxis(levels.map(name)),
    tooltip: tip(({ row }) => [
      `${row.axis}, waits for ${name(row.level)}`,
      format.time(row.time),
      `evidence: ${row.evidence}`,
    ]),
    series: [
      ...axes.map((one) =>
        bar(
          one,
          partColour(one),
          of(one).map((row) => barOf(row, row?.time)),
        ),
      ),
      sumLabels(sums, (i) => format.time(sums[i]), colours().quiet),
    ],
  };
}

function memoryOption(steps, width) {
  const series = MEMORIES.filter((part) => steps.some((step) => step[`${part}_memory`] > 0)).map((part) =>
    bar(
      part,
      partColour(`${part} memory`),
      steps.map((step) => ({ value: step[`${part}_memory`] / 1e9, step })),
    ),
  );
  const known = steps
    .map((step, i) => [step.memory_capacity / 1e9, i])
    .filter(([capacity]) => Number.isFinite(capacity));
  if (known.length)
    series.push({
      name: "capacity of a chip",
      type: "scatter",
      symbol: "rect",
      symbolSize: [3, 46],
      color: colours().black,
      data: known,
    });
  return {
    ...bars(steps, series, "memory of the chip that needs most (GB)", width, 24),
    tooltip: tip(({ step }, { seriesName, value }) => [
      step && label(step, steps).replaceAll("\n", ", "),
      `${seriesName}: ${format.number([value].flat()[0])} GB`,
    ]),
  };
}

function exposed(box, files) {
  const having = files.filter((file) => file.tables["modelled/exposed"]);
  if (!having.length) return;
  box.append(element("h3", {}, "Exposed communication, by the level it waits for"));
  panel(
    box,
    "exposed",
    [
      fileChoice(having),
      {
        name: "row",
        label: "Step",
        values: ({ file }) => file.tables["modelled/exposed"].values("row"),
        text: (row) => `${row + 1}`,
      },
    ],
    (host, { file, row }) => {
      const table = file.tables["modelled/exposed"].where({ row });
      const step = file.tables[PATH]?.row(row);
      chart(host, {
        id: "exposed",
        title: step ? label(step).replaceAll("\n", ", ") : "",
        height: 100 + 46 * table.values("level").length,
        option: () => exposedOption(table.list()),
        summary: `Exposed communication: ${table
          .list()
          .map((one) => `${one.axis} at ${one.level || "calls"} ${format.time(one.time)}`)
          .join("; ")}.`,
      });
      details(host, "exposed", "Numbers of this chart", table);
    },
  );
}

function notes(box, steps, all) {
  const say = (text) => box.append(element("p", { class: "quiet" }, text));
  if (all > steps.length) say(`The first ${steps.length} of ${format.count(all)} steps; the tables have all.`);
  if (steps.some((step) => step.evidence === "assumed")) say("* the largest part rests on an assumed figure");
}

export function draw(box, { files }) {
  const having = files.filter((file) => file.tables[PATH]);
  const all = having.flatMap((file) => once(file.tables[PATH].list()));
  const steps = all.slice(0, MOST);
  const summary = (what, of) =>
    `${what}: ${steps.map((step) => `${label(step).replaceAll("\n", ", ")}: ${of(step)}`).join("; ")}.`;
  chart(box, {
    id: "step",
    title: "Time",
    height: height(steps),
    option: (width) => timeOption(steps, width),
    summary: summary("Time of a step", (step) => `${format.time(step.time)}, MFU ${format.percent(step.mfu)}`),
  });
  notes(box, steps, all.length);
  chart(box, {
    id: "memory",
    title: "Memory",
    height: height(steps),
    option: (width) => memoryOption(steps, width),
    summary: summary("Memory of the chip that needs most", (step) =>
      format.memory(MEMORIES.reduce((sum, part) => sum + step[`${part}_memory`], 0)),
    ),
  });
  having.forEach((file, i) => details(box, `step-${i}`, `Numbers of the steps of ${file.name}`, file.tables[PATH]));
  exposed(box, having);
}
