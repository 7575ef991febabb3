// Colours of scripts/palette.py, which the data brings along; a chip generation has the same in all charts.
let all = [];
export const setPalette = (colours) => {
  all = colours;
};
export const colour = (i) => all[i % all.length];

const GENERATIONS = { trainium2: 0, trainium3: 2, trainium4: 1 };

/** Of the i-th of several chips or systems that are compared. */
export function generation(chip, i) {
  return colour(GENERATIONS[chip] ?? 3 + i);
}
export const dash = (assumed) => (assumed ? [8, 4] : "solid");

/** Stripes over what rests on an assumed figure. */
export const hatch = {
  symbol: "rect",
  dashArrayX: [1, 0],
  dashArrayY: [2, 5],
  rotation: -Math.PI / 4,
  color: "rgba(255,255,255,0.65)",
};

/** Lightness alone orders these for every reader (cividis, 9 stops). */
const CIVIDIS = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 107],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
];

export function shade(share) {
  const place = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1);
  const low = Math.min(Math.floor(place), CIVIDIS.length - 2);
  return CIVIDIS[low].map((value, i) => Math.round(value + (place - low) * (CIVIDIS[low + 1][i] - value)));
}
export const shadeCss = (share) => `rgb(${shade(share).join(",")})`;
export const shades = CIVIDIS.map((rgb) => `rgb(${rgb.join(",")})`);
