// The plans that rainier train --plan auto lists, on a map of tensor x pipeline ranks: the best of each cell.
import { axis, chart, lines } from "../chart.js";
import { details } from "../details.js";
import * as format from "../format.js";
import { shadeCss, shades } from "../palette.js";
import { panel } from "../panel.js";
import { tableOf } from "../table.js";
import { colours } from "../theme.js";

const PATH = "modelled/plan";
const STEPS = "modelled/training";
export const id = "plans";
export const title = "Map of the plans";
export const short = "Plan map";
export const how =
  "Each cell is the fastest listed plan with that many tensor and pipeline ranks; an empty cell is one the search lists no plan for, because others are faster or because none fits.";
const has = (file) => file.tables[PATH] && file.tables[STEPS];
export const needs = ({ files, extras }) => Boolean(extras.plans?.table.length) || files.some(has);

const VIEWS = {
  mfu: { label: "MFU (%)", of: (plan) => 100 * plan.mfu, write: (value) => value.toFixed(1) },
  time: {
    label: "time of a step (s)",
    of: (plan) => plan.time,
    write: (value) => format.number(Number(value.toPrecision(3))),
  },
  memory: { label: "memory of a chip (GB)", of: (plan) => plan.memory, write: (value) => value.toFixed(0) },
};

const MEMORIES = ["parameter", "gradient", "optimizer", "activation", "working"];

/** Of a results file: rows of modelled/training that the list of plans names. */
function ofFile(file) {
  const rows = [...new Set(file.tables[PATH].column("row"))].map((row) => file.tables[STEPS].row(row));
  const plans = rows.map((row) => ({
    ...row,
    memory: MEMORIES.reduce((sum, part) => sum + row[`${part}_memory`], 0) / 1e9,
  }));
  return {
    name: file.name,
    heading: `${rows[0].model} on ${format.count(Math.max(...rows.map((row) => row.chips)))} chips of ${rows[0].system}`,
    plans,
  };
}

/** Of the program's JSON, with the names that the results file has. */
function ofJson({ name, title: { model, system, chips, counts }, table }) {
  const searched = counts.plans
    ? `; ${format.count(counts.plans)} plans searched, ${format.count(counts.too_large)} of them need more memory than a chip has`
    : "";
  const plans = table.list().map(({ order, step_s, memory_bytes, ...plan }) => ({
    ...plan,
    schedule: order,
    time: step_s,
    memory: memory_bytes / 1e9,
  }));
  return { name, heading: `${model} on ${format.count(chips)} chips of ${system}${searched}`, plans };
}

function cells(plans) {
  const best = new Map();
  for (const plan of plans) {
    const key = `${plan.tensor},${plan.pipeline}`;
    if (!best.has(key) || plan.time < best.get(key).time) best.set(key, plan);
  }
  return [...best.values()];
}

const told = (plan) =>
  lines(
    `TP ${plan.tensor}, PP ${plan.pipeline}, CP ${plan.context}, DP ${plan.data}, EP ${plan.expert}`,
    `${plan.schedule}, ${format.many(plan.virtual_stages, "virtual stage")}, micro-batch ${plan.micro_batch}, recompute ${plan.recompute}, ZeRO ${plan.zero}`,
    `step ${format.time(plan.time)}, MFU ${format.percent(plan.mfu)}, ${format.number(plan.memory)} GB`,
  );

/** A cell with its number. (ECharts' heatmap draws on layers of its own, which do not print.) */
function cell(api, share, text) {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  const [width, height] = api.size([1, 1]);
  return {
    type: "rect",
    shape: { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2 },
    style: { fill: shadeCss(share) },
    textContent: { style: { text, fill: share < 0.5 ? "#fff" : "#000", fontSize: 13 } },
    textConfig: { position: "inside" },
  };
}

function option(plans, view) {
  const ranks = (name) => [...new Set(plans.map((plan) => plan[name]))].sort((a, b) => a - b).map(String);
  const values = plans.map(view.of);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = (value) => (high > low ? (value - low) / (high - low) : 1);
  return {
    legend: false,
    grid: { left: 8, right: 16, bottom: 86 },
    xAxis: axis("category", "tensor-parallel ranks", {
      data: ranks("tensor"),
      nameGap: 28,
      splitLine: { show: false },
    }),
    yAxis: axis("category", "pipeline ranks", { data: ranks("pipeline"), splitLine: { show: false } }),
    visualMap: {
      seriesIndex: [],
      min: low,
      max: high === low ? low + 1 : high,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      calculable: false,
      text: [view.write(high), `${view.label}   ${view.write(low)}`],
      inRange: { color: shades },
      textStyle: { color: colours().ink },
    },
    tooltip: { trigger: "item", formatter: ({ data }) => told(data.plan) },
    series: [
      {
        name: view.label,
        type: "custom",
        encode: { x: 0, y: 1 },
        renderItem: ({ dataIndex: i }, api) => cell(api, share(values[i]), view.write(values[i])),
        data: plans.map((plan) => ({ value: [String(plan.tensor), String(plan.pipeline), view.of(plan)], plan })),
      },
    ],
  };
}

export function draw(box, { files, extras }) {
  const sources = [...files.filter(has).map(ofFile), ...(extras.plans ? [ofJson(extras.plans)] : [])];
  panel(
    box,
    id,
    [
      { name: "source", label: "File", values: () => sources, text: (source) => source.name },
      { name: "view", label: "Colour", values: () => Object.keys(VIEWS), text: (name) => VIEWS[name].label },
    ],
    (host, { source, view }) => {
      const best = cells(source.plans);
      chart(host, {
        id,
        title: source.heading,
        height: 150 + 56 * new Set(best.map((plan) => plan.pipeline)).size,
        option: () => option(best, VIEWS[view]),
        summary: `Map of plans: the fastest takes ${format.time(Math.min(...best.map((plan) => plan.time)))} with MFU ${format.percent(Math.max(...best.map((plan) => plan.mfu)))}.`,
      });
      details(host, id, "All listed plans", tableOf(source.plans, { time: "s" }));
    },
  );
}
