// Numbers as people read them: SI prefixes for rates and times, KiB for sizes of vectors.
const digits = (value, most = 4) => Number(value.toPrecision(most)).toString();

function scaled(value, steps, unit = "") {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return `0 ${unit || steps.at(-1)[1]}`;
  const [factor, prefix] = steps.find(([factor]) => Math.abs(value) >= factor * 0.9999) ?? steps.at(-1);
  return `${digits(value / factor)} ${prefix}${unit}`;
}

const SI = [
  [1e18, "E"],
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
];
const TIMES = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "us"],
  [1e-9, "ns"],
];
const BINARY = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "B"],
];

/** [seconds, name] of the unit in which a time reads well. */
export const timeUnit = (seconds) => TIMES.find(([factor]) => seconds >= factor) ?? TIMES.at(-1);
export const time = (seconds) => scaled(seconds, TIMES);
export const rate = (bytes) => scaled(bytes, SI, "B/s");
export const flops = (rate) => scaled(rate, SI, "FLOP/s");
export const memory = (bytes) => scaled(bytes, SI, "B");
export const size = (bytes) => scaled(bytes, BINARY);
export const count = (value) => value.toLocaleString("en-US");
/** "1 point", "2 points" */
export const many = (value, what) => `${count(value)} ${what}${value === 1 ? "" : "s"}`;
export const percent = (share) => `${digits(100 * share, 3)} %`;
export const number = (value) => (Number.isFinite(value) ? digits(value, 5) : "–");
export const ratio = (value) => `${value.toFixed(2)}×`;

/** A cell of a table, by the units of its column. */
export function cell(value, units, name) {
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return "–";
  if (units === "s") return time(value);
  if (units === "byte s-1") return rate(value);
  if (name === "rate" && units === "s-1") return flops(value);
  if (name === "size") return size(value);
  if (units === "byte") return memory(value);
  return Number.isInteger(value) ? count(value) : number(value);
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
