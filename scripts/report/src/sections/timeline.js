// A step as rainier train --timeline draws it, or a collective of rainier export trace: a row per resource, to be zoomed into.
import * as echarts from "echarts/core";
import { axis, chart, rowAxis, tip } from "../chart.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { colour } from "../palette.js";
import { panel } from "../panel.js";
import { report } from "../report.js";
import { colours } from "../theme.js";

export const id = "timeline";
export const title = "Timeline";
export const how =
  "A row per resource, time to the right; zoom with the buttons, the handles beneath, or the wheel while Ctrl is held.";
export const needs = ({ extras }) => Boolean(extras.timeline?.table.length);

const FEW = 6; // kinds of events that colours can tell apart; with more of them a colour is a row

const end = (events) => Math.max(...events.map((event) => event.start + event.duration));

function bar(params, api, row) {
  const [left, y] = api.coord([api.value(1), api.value(0)]);
  const right = api.coord([api.value(2), api.value(0)])[0];
  const tall = api.size([0, 1])[1] * 0.72;
  const { x, y: top, width, height } = params.coordSys;
  const shape = echarts.graphic.clipRectByRect(
    { x: left, y: y - tall / 2, width: Math.max(right - left, 0.7), height: tall },
    { x, y: top, width, height },
  );
  if (!shape) return null;
  const rect = {
    type: "rect",
    shape,
    style: { fill: row.color, stroke: colours().paper, lineWidth: shape.width > 4 ? 1 : 0 },
  };
  if (shape.width < 46) return rect;
  const text = {
    text: row.name,
    fill: "#fff",
    stroke: "rgba(0,0,0,0.55)",
    lineWidth: 2,
    fontSize: 10,
    overflow: "truncate",
    width: shape.width - 8,
  };
  return { ...rect, textContent: { style: text }, textConfig: { position: "inside" } };
}

/** A series for each kind of event, or one for all. */
function seriesOf(events, resources, kinds, factor) {
  const value = (row) => [resources.indexOf(row.resource), row.start / factor, (row.start + row.duration) / factor];
  return (kinds.length ? kinds : [null]).map((kind, place) => {
    const mine = events.filter((row) => kind === null || row.name === kind);
    return {
      type: "custom",
      name: kind ?? "events",
      color: colour(place),
      encode: { x: [1, 2], y: 0 },
      renderItem: (params, api) => bar(params, api, mine[params.dataIndex]),
      data: mine.map((row) => ({ value: value(row), row })),
    };
  });
}

function zoom(factor) {
  return [
    {
      type: "slider",
      bottom: 4,
      height: 22,
      filterMode: "weakFilter",
      labelFormatter: (at) => format.time(at * factor),
      textStyle: { color: colours().quiet },
      borderColor: colours().line,
      showDataShadow: false,
      brushSelect: false,
    },
    { type: "inside", filterMode: "weakFilter", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false },
  ];
}

const told = ({ row }) => [
  row.name,
  row.resource,
  `from ${format.time(row.start)}, takes ${format.time(row.duration)}`,
  row.micro_batch >= 0 && `chunk ${row.chunk}, micro-batch ${row.micro_batch}`,
];

function option(events, resources, kinds) {
  const [factor, unit] = format.timeUnit(end(events) / 10);
  return {
    legend: kinds.length ? {} : false,
    grid: { left: 8, right: 20, bottom: 62 },
    xAxis: axis("value", `time (${unit})`, {
      nameGap: 26,
      min: 0,
      max: end(events) / factor,
      axisLabel: { formatter: format.number, showMaxLabel: false },
    }),
    yAxis: rowAxis(resources, resources.some((name) => name.length > 20) ? { width: 130, overflow: "truncate" } : {}),
    dataZoom: zoom(factor),
    tooltip: tip(told),
    series: seriesOf(events, resources, kinds, factor),
  };
}

/** Zoom without a mouse: by which share of the window each end moves. */
function zoomButtons() {
  const move = (left, right) => () => {
    const own = report.charts[id];
    const { start, end: stop } = own.getOption().dataZoom[0];
    const span = stop - start;
    own.dispatchAction({
      type: "dataZoom",
      start: Math.max(0, start + left * span),
      end: Math.min(100, stop + right * span),
    });
  };
  const button = (text, label, act) =>
    element("button", { class: "plain", type: "button", "aria-label": label, title: label, onclick: act }, text);
  return element(
    "div",
    { class: "controls" },
    button("+", "Zoom in", move(0.25, -0.25)),
    button("−", "Zoom out", move(-0.5, 0.5)),
    button("←", "Earlier", move(-0.25, -0.25)),
    button("→", "Later", move(0.25, 0.25)),
    button("All", "The whole", move(-1e6, 1e6)),
  );
}

export function draw(box, { extras: { timeline } }) {
  panel(
    box,
    id,
    [{ name: "process", label: "Show", values: () => timeline.table.values("process") }],
    (host, { process }) => {
      const table = timeline.table.where({ process });
      const resources = table.values("resource");
      const names = table.values("name");
      const kinds = names.length <= FEW ? names : [];
      const events = table.list().map((row) => ({
        ...row,
        color: colour(kinds.length ? kinds.indexOf(row.name) : resources.indexOf(row.resource)),
      }));
      host.append(zoomButtons());
      chart(host, {
        id,
        title: [timeline.title.model, process].filter(Boolean).join(": "),
        height: 120 + 28 * resources.length,
        option: () => option(events, resources, kinds),
        summary: `Timeline of ${process}: ${events.length} events on ${resources.length} resources in ${format.time(end(events))}.`,
      });
      details(host, id, "Numbers of the events", table);
    },
  );
}
