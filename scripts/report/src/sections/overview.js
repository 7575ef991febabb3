// What was measured and modelled, and whether it is good, in one number each.
import { element } from "../dom.js";
import * as format from "../format.js";
import { verdicts } from "../verdicts.js";

export const id = "overview";
export const title = "Overview";
export const how =
  "Each number is computed from the tables below; ✓ is as it should be, ! wants a look, no mark is no judgement.";
export const needs = () => true;

const MARKS = { good: "✓ ", bad: "! ", plain: "" };

function tile({ what, value, note, verdict = "plain" }) {
  return element(
    "li",
    { class: `verdict ${verdict}` },
    element("span", { class: "mark" }, `${MARKS[verdict]}${what}`),
    element("b", {}, value),
    element("small", {}, note),
  );
}

function manifest(file) {
  try {
    return JSON.parse(file.texts["provenance/manifest"] ?? "{}");
  } catch {
    return {};
  }
}

/** Whose file it is: what it says of itself, nothing where it says nothing. */
function facts(file) {
  const { attributes, host } = file;
  const { start, git, compiler } = manifest(file);
  const ranks = host.ranks && `${format.many(host.ranks, "rank")} on ${format.many(host.cores_of_ranks ?? host.cores, "core")}`;
  const others =
    host.foreign_cpu_share >= 0 && `other processes took ${format.percent(host.foreign_cpu_share)} of the CPU time`;
  return [
    ["Title", attributes.title],
    ["Created by", [attributes.creator, git, compiler].filter(Boolean).join(", ")],
    ["Schema", attributes.schema_version && String(attributes.schema_version)],
    ["Started", start],
    ["Host", host.name && [host.name, host.cpu, format.many(host.cores, "core")].filter(Boolean).join(", ")],
    ["Caches", host.caches],
    ["Run", [ranks, others].filter(Boolean).join("; ")],
  ].filter(([, value]) => value);
}

export function draw(box, { files }) {
  for (const file of files) {
    if (files.length > 1) box.append(element("h3", {}, file.name));
    const known = facts(file);
    box.append(element("ul", { class: "verdicts" }, verdicts(file).map(tile)));
    if (known.length > 2)
      box.append(
        element(
          "dl",
          { class: "plain-list" },
          known.flatMap(([what, value]) => [element("dt", {}, what), element("dd", {}, value)]),
        ),
      );
    else box.append(element("p", { class: "quiet" }, known.map(([what, value]) => `${what} ${value}`).join(", ")));
  }
}
