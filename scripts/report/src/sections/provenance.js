// Where the numbers come from: the manifest, the inputs word for word, and each figure of a machine with its source.
import { details } from "../details.js";
import { element } from "../dom.js";
import * as format from "../format.js";
import { fileChoice, panel } from "../panel.js";

export const id = "provenance";
export const title = "Provenance";
export const how =
  "What was run and on what, the input files word for word, and the origin of every figure of the modelled machines.";
export const needs = ({ files }) =>
  files.some((file) => Object.keys(file.texts).length || file.tables["systems/figures"]);

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const folded = (name, text) =>
  element(
    "details",
    {},
    element("summary", {}, name, element("span", { class: "quiet" }, ` (${format.count(text.length)} characters)`)),
    element("pre", { tabIndex: 0 }, text),
  );

export function draw(box, { files }) {
  panel(box, id, [fileChoice(files)], (host, { file }) => {
    const manifest = file.texts["provenance/manifest"];
    if (manifest) host.append(folded("Manifest", pretty(manifest)));
    const inputs = Object.entries(file.texts).filter(([path]) => path !== "provenance/manifest");
    if (inputs.length)
      host.append(
        element("h3", {}, "Inputs"),
        ...inputs.map(([path, text]) => folded(path.replace(/^inputs\//, ""), text)),
      );
    const figures = file.tables["systems/figures"];
    if (!figures) return;
    host.append(element("h3", {}, "Figures of the modelled machines"));
    details(host, "figures", "All figures with origin and source", figures);
    const assumed = figures.where({ status: "assumed" });
    if (assumed.length) details(host, "assumed", "Assumed figures only", assumed);
  });
}
