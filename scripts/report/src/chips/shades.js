// Values of all chips as colours, and those as one image.
import { shade } from "../palette.js";

const STEPS = 1024;

/** How many of sorted values are less. */
function below(sorted, value) {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const half = (from + to) >> 1;
    if (sorted[half] < value) from = half + 1;
    else to = half;
  }
  return from;
}

export const KINDS = { p99: "by value, up to 99 % of the chips", linear: "by value", rank: "by rank" };

/** value -> 0 to 1. By rank each shade holds as many chips; up to p99 the latest 1 % share the brightest. */
export function scale(values, kind) {
  const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
  const low = sorted[0],
    last = sorted.at(-1);
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1];
  const high = kind === "p99" && p99 > low ? p99 : last;
  const linear = (value) => (high > low ? Math.min(1, (value - low) / (high - low)) : 0);
  if (kind !== "rank") return { low, high, more: high < last, of: linear };
  const most = Math.max(1, below(sorted, last));
  const known = new Map(); // clocks without noise have few distinct values
  return {
    low,
    high,
    more: false,
    of: (value) => {
      let share = known.get(value);
      if (share === undefined) {
        share = below(sorted, value) / most;
        if (known.size < 1e4) known.set(value, share);
      }
      return share;
    },
  };
}

/** Dark between the servers of a pod, so that their gaps do not outshine them where the canvas is shrunk. */
function ground(pen, layout) {
  const level = Math.min(layout.server + 1, layout.levels.length);
  const { width, height } = layout.blocks[level - 1];
  pen.fillStyle = "#20262e";
  for (let chip = 0; chip < layout.count; chip += layout.sizes[level])
    pen.fillRect(...(level === layout.levels.length ? [0, 0] : layout.corner(chip, level)), width, height);
}

/** A canvas of the size of the layout, a pixel a chip. Gives the number of pixels that were set, too. */
export function image(layout, pixels, chips, values, shadeOf) {
  const canvas = Object.assign(document.createElement("canvas"), { width: layout.width, height: layout.height });
  const pen = canvas.getContext("2d");
  ground(pen, layout);
  const picture = pen.getImageData(0, 0, layout.width, layout.height);
  const words = new Uint32Array(picture.data.buffer);
  const colours = Uint32Array.from({ length: STEPS }, (_, i) => {
    const [red, green, blue] = shade(i / (STEPS - 1));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
  let painted = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    words[pixels[chips[i]]] = colours[Math.round(shadeOf(values[i]) * (STEPS - 1))];
    painted++;
  }
  pen.putImageData(picture, 0, 0);
  return { canvas, painted };
}
