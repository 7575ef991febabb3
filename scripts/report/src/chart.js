// One ECharts canvas with a heading, a text for those who do not see it, and a legend that overlaps nothing.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { element, escaped } from "./dom.js";
import { hatch } from "./palette.js";
import { report } from "./report.js";
import { colours, onTheme } from "./theme.js";

echarts.use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  CustomChart,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  LineChart,
  ScatterChart,
  TooltipComponent,
  VisualMapComponent,
]);

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const drawn = [];

/** Rows of a legend that wraps: measured, as the canvas will. */
function legendHeight(names, width) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `12px ${FONT}`;
  let rows = 1,
    left = 0;
  for (const name of names) {
    const wide = pen.measureText(name).width + 25 + 5 + 14;
    if (left && left + wide > width) {
      rows++;
      left = 0;
    }
    left += wide;
  }
  return rows * 24;
}

/** A line of one point is nothing to see unless the point is drawn: a dash across. */
const seen = (one) =>
  one.type === "line" && one.symbol === "none" && one.data.length === 1
    ? { ...one, symbol: "rect", symbolSize: [30, 2] }
    : one;

/** What all charts share, around the option of one. */
function common(option, width) {
  const ink = colours();
  const names = option.legend === false ? [] : (option.legend?.data ?? option.series.map((one) => one.name));
  const legend = [...new Set(names.filter(Boolean))];
  const bare = new Set(option.series.filter((one) => one.symbol === "none").map((one) => one.name)); // lines without points
  const top = (legend.length ? legendHeight(legend, width - 10) : 0) + (option.yAxis.name ? 30 : 10);
  const textStyle = { fontFamily: FONT, color: ink.ink, fontSize: 12 };
  return {
    animation: false,
    textStyle,
    backgroundColor: "transparent",
    aria: { enabled: true, label: { enabled: false } },
    ...option,
    series: option.series.map(seen),
    legend: {
      show: legend.length > 0,
      left: 0,
      top: 0,
      itemGap: 14,
      textStyle,
      inactiveColor: ink.line,
      data: legend.map((name) => (bare.has(name) ? { name, itemStyle: { opacity: 0 } } : { name })),
    },
    yAxis: {
      ...option.yAxis,
      nameLocation: "end",
      nameGap: 12,
      nameTextStyle: { color: ink.quiet, align: "left", padding: [0, 0, 0, -8] },
    },
    grid: { left: 8, right: 16, bottom: 8, containLabel: true, ...option.grid, top: option.grid?.top ?? top },
    tooltip: {
      confine: true,
      backgroundColor: ink.paper,
      borderColor: ink.line,
      textStyle,
      transitionDuration: still ? 0 : 0.1,
      extraCssText: "max-width: min(340px, 84vw); white-space: normal; overflow-wrap: anywhere;",
      ...option.tooltip,
    },
  };
}

/** An axis with quiet lines. (The name of an upright one stands above it: no text is turned.) */
export function axis(type, name, more = {}) {
  const ink = colours();
  return {
    type,
    name,
    nameLocation: "middle",
    nameTextStyle: { color: ink.quiet, fontSize: 12 },
    axisLine: { lineStyle: { color: ink.line } },
    axisTick: { lineStyle: { color: ink.line } },
    splitLine: { lineStyle: { color: ink.grid } },
    minorSplitLine: { show: false },
    ...more,
    axisLabel: { color: ink.quiet, hideOverlap: true, lineHeight: 14, ...more.axisLabel },
  };
}

/** Labelled rows from the top down, for bars that lie. */
export const rowAxis = (labels, more) =>
  axis("category", "", {
    data: labels,
    inverse: true,
    splitLine: { show: false },
    axisLabel: { color: colours().ink, interval: 0, hideOverlap: false, ...more },
  });

/** A bar of a row of a table, hatched where that rests on an assumed figure; none without a row. */
export const barOf = (row, value) =>
  row ? { value, row, itemStyle: row.evidence === "assumed" ? { decal: hatch } : {} } : { value: null };

/** The tooltip of a point: lines that `told` makes of its data. */
export const tip = (told) => ({ trigger: "item", formatter: (item) => lines(...told(item.data, item)) });

/** Powers of two that are not too many: sizes and chips. A single one stands in the middle. */
export function binaryAxis(values, name, more) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) return axis("log", name, { logBase: 2, min: low / 2, max: 2 * high, ...more });
  const logBase = 2 ** Math.max(1, Math.ceil(Math.log2(high / low) / 8));
  return axis("log", name, { logBase, min: "dataMin", max: "dataMax", ...more });
}

/** Decades, or powers of two where all values are within two decades. */
export function logAxis(values, name, more) {
  const all = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (!(high / low < 100)) return axis("log", name, more);
  return axis("log", name, {
    logBase: 2,
    min: 2 ** Math.floor(Math.log2(low)),
    max: 2 ** Math.ceil(Math.log2(high * 1.0001)),
    ...more,
  });
}

/** All numbers that series draw in one direction: 0 across, 1 up. */
export const drawnValues = (series, direction) =>
  series
    .filter((one) => one.type === "line")
    .flatMap((one) => one.data.map((point) => (point.value ?? point)[direction]));

/** Lines of a tooltip; every text of the file is escaped here. */
export const lines = (...all) => all.filter(Boolean).map(escaped).join("<br>");

/** `option(width)` gives the chart for a width in pixels; it is asked again when theme or width change. */
export function chart(parent, { id, title, summary, height, option }) {
  const canvas = element("div", { class: "chart", role: "img", "aria-label": summary, id: `chart-${id}` });
  const figure = element("figure", {}, title ? element("figcaption", {}, title) : null, canvas);
  parent.append(figure);
  const own = echarts.init(canvas, null, {
    height: typeof height === "function" ? height(canvas.clientWidth) : height,
  });
  let width = 0;
  const draw = () => {
    width = canvas.clientWidth;
    own.resize({ width, height: typeof height === "function" ? height(width) : height });
    own.setOption(common(option(width), width), true);
    own.getZr().flush(); // painted now, not with the next frame: a printer does not wait for one
  };
  const begin = performance.now();
  draw();
  report.timings[id] = performance.now() - begin;
  report.charts[id] = own;
  drawn.push({ canvas, own, draw, resized: () => canvas.clientWidth !== width && draw() });
}

/** Empties an element and lets go of the charts in it. */
export function clear(host) {
  for (const one of drawn.filter(({ canvas }) => host.contains(canvas))) {
    one.own.dispose();
    drawn.splice(drawn.indexOf(one), 1);
  }
  host.replaceChildren();
}

onTheme(() => drawn.forEach((one) => one.draw()));
let waiting = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => drawn.forEach((one) => one.resized()));
});
