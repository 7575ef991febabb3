// All chips of the machine on one canvas, from the whole down to a single chip.
import { drawBlocks, drawServer, EDGE, fit, serverPlaces } from "../chips/draw.js";
import { image, KINDS, scale } from "../chips/shades.js";
import { chipTables, chipText } from "../chips/facts.js";
import { has, hasClocks, sources } from "../chips/sources.js";
import { View } from "../chips/view.js";
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { shades } from "../palette.js";
import { fileChoice, panel } from "../panel.js";
import { report } from "../report.js";
import { onTheme } from "../theme.js";

export const id = "chips";
export const title = "All chips, one by one";
export const short = "All chips";
export const how =
  "A pixel is a chip, a tile a server, a block a pod or building, brighter is later or busier; the ring marks the first of all with the most. Click, or press Enter, to zoom in; Escape goes back; arrows move the cursor.";
export const needs = ({ files }) => files.some(has);

function parts() {
  const canvas = element("canvas", { tabIndex: 0, role: "application", "aria-roledescription": "map of chips" });
  const said = element("p", { class: "said", "aria-live": "polite" });
  const path = element("div", { class: "path" });
  const legend = element("div", { class: "legend" });
  const table = element("div", { class: "tables" });
  const box = element(
    "div",
    { class: "chips" },
    path,
    canvas,
    element("div", { class: "beneath" }, element("div", {}, said, table), legend),
  );
  return { box, canvas, said, path, legend, table };
}

/** The map of one set of values: what is drawn, said and done. */
class ChipMap {
  constructor(host, layout, chips, metric, kind, about) {
    const begin = performance.now();
    Object.assign(this, parts(), { layout, chips, metric, about, view: new View(layout) });
    this.scale = scale(metric.values, kind);
    const { canvas, painted } = image(layout, layout.pixels(), chips, metric.values, this.scale.of);
    this.image = canvas;
    this.byChip = new Float64Array(layout.count).fill(NaN);
    chips.forEach((chip, i) => {
      this.byChip[chip] = metric.values[i];
    });
    this.last = about.last; // null where all finish together
    this.view.cursor = this.last - (this.last % this.view.step);
    this.pen = this.canvas.getContext("2d");
    host.append(this.box);
    this.resize();
    report.timings.chips = performance.now() - begin;
    Object.assign(report, { chips: { painted, map: this, layout } });
    this.listen();
    this.explain();
    this.legend.append(
      metric.text(this.scale.low),
      element("span", { class: "ramp", style: `background: linear-gradient(90deg, ${shades.join(",")})` }),
      `${metric.text(this.scale.high)}${this.scale.more ? " and more" : ""}`,
    );
  }

  /** As many pixels as the screen has where the canvas stands. */
  resize() {
    const { canvas, layout, pen } = this;
    const width = this.box.clientWidth;
    const whole = Math.round(((width - 2 * EDGE) * layout.height) / layout.width) + 2 * EDGE;
    this.area = { width, height: Math.max(200, Math.min(whole, 720), this.view.inServer ? Math.min(width, 400) : 0) };
    const dense = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [this.area.width * dense, this.area.height * dense];
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    this.draw();
  }

  draw() {
    const { pen, area, view } = this;
    pen.clearRect(0, 0, area.width, area.height);
    if (view.inServer) drawServer(pen, area, view, (chip) => this.byChip[chip], this.scale.of, this.last);
    else drawBlocks(pen, area, view, this.image, this.last);
  }

  /** Chip, or first chip of the block, under the pointer. */
  under(event) {
    const { canvas, view } = this;
    const at = canvas.getBoundingClientRect();
    const x = event.clientX - at.left,
      y = event.clientY - at.top;
    if (view.inServer) {
      const near = serverPlaces(view, this.area).findIndex(
        ([cx, cy, side]) => Math.abs(x - cx) <= side / 2 && Math.abs(y - cy) <= side / 2,
      );
      return near < 0 ? null : { chip: view.first + near, block: view.first + near };
    }
    const { scale, left, top, x: dx, y: dy } = fit(view, this.area);
    const place = [(x - left) / scale + dx, (y - top) / scale + dy];
    const block = this.layout.at(...place, view.below);
    const inside = block !== null && block >= view.first && block < view.first + this.layout.sizes[view.level];
    return inside ? { chip: this.layout.at(...place) ?? block, block } : null;
  }

  listen() {
    const { canvas, view } = this;
    const act = (what) => {
      what();
      this.resize();
      this.explain();
    };
    const keys = {
      ArrowLeft: () => view.move(-1, 0),
      ArrowRight: () => view.move(1, 0),
      ArrowUp: () => view.move(0, -1),
      ArrowDown: () => view.move(0, 1),
      Enter: () => view.enter(),
      Escape: () => view.leave(),
      Backspace: () => view.leave(),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act(keys[event.key]);
    });
    canvas.addEventListener("mousemove", (event) => {
      const found = this.under(event);
      if (found) this.said.textContent = chipText(this, found.chip);
    });
    canvas.addEventListener("click", (event) => {
      const found = this.under(event);
      if (found)
        act(() => {
          view.cursor = found.block;
          view.enter();
        });
    });
    this.act = act;
  }

  /** Buttons, and the blocks that are shown, from the whole down. */
  trail() {
    const { view, layout } = this;
    const button = (text, act, disabled) =>
      element("button", { class: "plain", type: "button", disabled, onclick: () => this.act(act) }, text);
    const here = view.path().map(({ name, digit }) => `${name} ${digit}`);
    if (view.inServer && here.length) here.push(`chips from ${format.count(view.first)} on`);
    return [
      button("← Back", () => view.leave(), view.level === layout.levels.length && !view.chosen),
      ...(this.last === null ? [] : [button(`${this.about.most}: ${format.count(this.last)}`, () => view.show(this.last))]),
      element("span", {}, [`all ${format.count(layout.count)} chips`, ...here].join(" › ")),
    ];
  }

  /** Where we are, and what stands under the cursor. */
  explain() {
    const { view, path } = this;
    path.replaceChildren(...this.trail());
    this.said.textContent = chipText(this, view.cursor, !view.inServer && view.step);
    this.canvas.setAttribute(
      "aria-label",
      `Map of ${format.count(this.layout.count)} chips: ${this.metric.name}. ${this.said.textContent}`,
    );
    this.table.replaceChildren(...(view.chosen ? chipTables(this, view.cursor) : []));
  }
}

const sourceChoice = {
  name: "source",
  label: "Shown",
  values: ({ file }) => sources(file),
  text: ({ text }) => text,
};
const metricChoice = {
  name: "metric",
  label: "Colour",
  values: ({ source }) => source.metrics(),
  text: (one) => one.name,
};
const kindChoice = { name: "kind", label: "Shades", values: () => Object.keys(KINDS), text: (kind) => KINDS[kind] };

export function draw(box, { files }) {
  let map;
  const clocksFirst = files.filter(has).sort((a, b) => Boolean(hasClocks(b)) - Boolean(hasClocks(a)));
  panel(
    box,
    id,
    [fileChoice(clocksFirst), sourceChoice, metricChoice, kindChoice],
    (host, { source, metric, kind }) => {
      host.append(element("h3", {}, source.heading));
      map = new ChipMap(host, source.layout, source.chips, metric, kind, source.about(metric));
      details(host, id, source.caption, source.table);
    },
  );
  onTheme(() => map.draw());
  addEventListener("resize", () => map.box.clientWidth !== map.area.width && map.resize());
}
