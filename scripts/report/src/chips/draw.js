// Puts a view on the canvas: a part of the image, or one server with its links.
import { shadeCss } from "../palette.js";
import { colours } from "../theme.js";

export const EDGE = 18; // around the whole, so that what marks a chip at its border is not cut

/** Scale and place that fit a box into the canvas; whole pixels where they are many. */
export function fit(view, area) {
  const { x, y, width, height } = view.box;
  const most = Math.min((area.width - 2 * EDGE) / width, (area.height - 2 * EDGE) / height);
  const scale = most >= 2 ? Math.floor(most) : most;
  return {
    scale,
    left: Math.floor((area.width - width * scale) / 2),
    top: Math.floor((area.height - height * scale) / 2),
    x,
    y,
  };
}

function outline(pen, x, y, width, height, ink, paper) {
  for (const [colour, wide] of [
    [paper, 6],
    [ink, 3],
  ]) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.strokeRect(x - 3, y - 3, width + 6, height + 6);
  }
}

/** A ring around the place of the last chip: one pixel is easily overlooked. */
function mark(pen, x, y, radius, ink, paper) {
  for (const [colour, wide] of [
    [paper, 6],
    [ink, 2.5],
  ]) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
  }
}

export function drawBlocks(pen, area, view, image, last) {
  const ink = colours();
  const { scale, left, top, x, y } = fit(view, area);
  const { width, height } = view.box;
  pen.imageSmoothingEnabled = scale < 1;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, x, y, width, height, left, top, width * scale, height * scale);
  const [lx, ly] = view.layout.corner(last ?? 0);
  const inside = last !== null && lx >= x && ly >= y && lx < x + width && ly < y + height;
  if (inside)
    mark(pen, left + (lx - x + 0.5) * scale, top + (ly - y + 0.5) * scale, Math.max(15, scale), ink.black, ink.paper);
  const block = view.layout.blocks[view.below];
  const [cx, cy] = view.layout.corner(view.cursor, view.below);
  outline(
    pen,
    left + (cx - x) * scale,
    top + (cy - y) * scale,
    block.childWidth * scale,
    block.childHeight * scale,
    ink.black,
    ink.paper,
  );
}

/** Distance between chips if `across` planes of so many columns and rows stand beside each other. */
const pitchOf = (area, cols, rows, planes, across) =>
  Math.min(area.width / (across * (cols + 0.7) + 0.3), area.height / (Math.ceil(planes / across) * (rows + 1) + 0.6));

/** Places of the chips of a server on the canvas: [x, y, side]. Its planes stand so that chips are largest. */
export function serverPlaces({ layout, count }, area) {
  const grid = Array.from({ length: count }, (_, i) => layout.inServer(i));
  const rows = Math.max(...grid.map((place) => place[1])) + 1;
  const all = Math.max(...grid.map((place) => place[0])) + 1;
  const cols = layout.levels[0].shape === "ring" ? layout.levels[0].extent : all;
  const planes = all / cols;
  let across = planes;
  for (let fewer = 1; fewer < planes; fewer++)
    if (pitchOf(area, cols, rows, planes, fewer) > 1.1 * pitchOf(area, cols, rows, planes, across)) across = fewer;
  const pitch = pitchOf(area, cols, rows, planes, across);
  const left = (area.width - (across * (cols + 0.7) - 0.7) * pitch) / 2;
  const top = (area.height - (Math.ceil(planes / across) * (rows + 1) - 1.6) * pitch) / 2;
  return grid.map(([col, row]) => {
    const plane = Math.floor(col / cols);
    const [x, y] = [(col % cols) + (plane % across) * (cols + 0.7), row + Math.floor(plane / across) * (rows + 1)];
    return [left + (x + 0.5) * pitch, top + (y + 0.2) * pitch, pitch * 0.64];
  });
}

function link(pen, from, to, bow) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  pen.beginPath();
  pen.moveTo(from[0], from[1]);
  pen.quadraticCurveTo((from[0] + to[0]) / 2 - dy * bow, (from[1] + to[1]) / 2 + dx * bow, to[0], to[1]);
  pen.stroke();
}

/** How far a link is bent: between planes a little, where it closes a ring around the members of that. */
function bow(layout, level, from, to) {
  if (level > 1) return 0.12;
  const far = layout.digit(to, level) - layout.digit(from, level);
  return Math.abs(far) < 2 ? 0 : (Math.sign(far) * (level === 0 ? -0.9 : 0.9)) / layout.levels[level].extent;
}

/** All links of the planes; those that close a ring are bowed around its members. */
function links(pen, view, places) {
  const { layout, first, count } = view;
  for (let i = 0; i < count; i++)
    for (const { level, chip } of layout.neighbours(first + i)) {
      const other = chip - first;
      if (level < 2 && other > i) link(pen, places[i], places[other], bow(layout, level, first + i, chip));
    }
}

export function drawServer(pen, area, view, valueOf, shadeOf, last) {
  const ink = colours();
  const places = serverPlaces(view, area);
  pen.strokeStyle = ink.line;
  pen.lineWidth = 2.5;
  links(pen, view, places);
  pen.strokeStyle = ink.black;
  pen.lineWidth = 3;
  const here = view.cursor - view.first;
  for (const { level, chip } of view.layout.neighbours(view.cursor))
    link(pen, places[here], places[chip - view.first], bow(view.layout, level, view.cursor, chip));
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  places.forEach(([x, y, side], i) => {
    const value = valueOf(view.first + i);
    const share = Number.isFinite(value) ? shadeOf(value) : NaN;
    pen.fillStyle = Number.isNaN(share) ? ink.grid : shadeCss(share);
    pen.fillRect(x - side / 2, y - side / 2, side, side);
    pen.fillStyle = share > 0.5 ? "#000" : "#fff";
    pen.font = `${Math.max(9, Math.round(Math.min(side * 0.3, 18)))}px system-ui, sans-serif`;
    const number = String(view.first + i);
    if (side > 22) pen.fillText(pen.measureText(number).width < side - 2 ? number : `+${i}`, x, y); // from the first
    if (view.first + i === last) mark(pen, x, y, 0.78 * side, ink.black, ink.paper);
  });
  const [x, y, side] = places[here];
  outline(pen, x - side / 2, y - side / 2, side, side, ink.black, ink.paper);
  planeNames(pen, view, places, ink);
}

function planeNames(pen, view, places, ink) {
  const { layout, count } = view;
  if (layout.server < 3 || layout.levels[0].shape !== "ring") return;
  const perPlane = layout.sizes[2];
  pen.fillStyle = ink.ink;
  pen.font = "13px system-ui, sans-serif";
  for (let i = 0; i < count; i += perPlane) {
    const [from, to] = [places[i], places[i + layout.levels[0].extent - 1]];
    pen.fillText(`${layout.levels[2].name} ${layout.digit(i, 2)}`, (from[0] + to[0]) / 2, from[1] - from[2] * 1.15);
  }
}
