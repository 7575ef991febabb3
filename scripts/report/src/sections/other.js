// Tables that no section above draws: their numbers, so that nothing of a file is left out.
import { details } from "../details.js";
import { element } from "../dom.js";

const DRAWN = [
  "measured/collective",
  "measured/matmul",
  "measured/compute",
  "measured/memory",
  "modelled/collective",
  "modelled/matmul",
  "modelled/training",
  "modelled/exposed",
  "modelled/plan",
  "modelled/generation",
  "modelled/waterfall",
  "modelled/free_resource",
  "modelled/goodput",
  "modelled/goodput_lever",
  "modelled/goodput_run",
  "modelled/link",
  "modelled/link_class",
  "modelled/chip",
  "systems/figures",
];
const rest = ({ tables }) => Object.keys(tables).filter((path) => !DRAWN.includes(path));

export const id = "other";
export const title = "Other tables";
export const how =
  "Further tables of the files, as numbers only; results/README.md explains each column, and so does the tooltip of its heading.";
export const needs = ({ files }) => files.some((file) => rest(file).length);

export function draw(box, { files }) {
  for (const file of files) {
    const paths = rest(file);
    if (paths.length && files.length > 1) box.append(element("h3", {}, file.name));
    for (const path of paths)
      details(box, `other-${files.indexOf(file)}-${path.replaceAll(/\W/g, "-")}`, path, file.tables[path]);
  }
}
