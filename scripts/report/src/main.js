// The page: one section after the other, each only where the files have what it shows.
import "./report.js";
import { element } from "./dom.js";
import { setPalette } from "./palette.js";
import { report } from "./report.js";
import { Table } from "./table.js";
import { themeButton } from "./theme.js";
import * as bestPlans from "./sections/best_plans.js";
import * as chips from "./sections/chips.js";
import * as collectives from "./sections/collectives.js";
import * as generations from "./sections/generations.js";
import * as goodput from "./sections/goodput.js";
import * as links from "./sections/links.js";
import * as measured from "./sections/measured.js";
import * as other from "./sections/other.js";
import * as overview from "./sections/overview.js";
import * as plans from "./sections/plans.js";
import * as provenance from "./sections/provenance.js";
import * as roofline from "./sections/roofline.js";
import * as step from "./sections/step.js";
import * as timeline from "./sections/timeline.js";

const SECTIONS = [
  overview,
  measured,
  collectives,
  generations,
  bestPlans,
  roofline,
  step,
  plans,
  timeline,
  goodput,
  links,
  chips,
  other,
  provenance,
];

function read() {
  const data = JSON.parse(document.getElementById("data").textContent);
  setPalette(data.palette);
  const opened = (tables) =>
    Object.fromEntries(Object.entries(tables).map(([path, table]) => [path, Table.from(table)]));
  const files = data.files.map((file) => ({ ...file, tables: opened(file.tables) }));
  for (const one of Object.values(data.extras)) one.table = Table.from(one.table);
  return { files, extras: data.extras };
}

function show(section, data) {
  const box = element(
    "section",
    { id: section.id, "aria-labelledby": `${section.id}-heading` },
    element("h2", { id: `${section.id}-heading` }, section.title),
    element("p", { class: "how" }, section.how),
  );
  document.getElementById("sections").append(box);
  document
    .getElementById("contents")
    .append(element("li", {}, element("a", { href: `#${section.id}` }, section.short ?? section.title)));
  const begin = performance.now();
  try {
    section.draw(box, data);
  } catch (error) {
    report.errors.push(`${section.id}: ${error.stack}`);
    box.append(element("p", { class: "problem" }, `This section could not be drawn: ${error.message}`));
    console.error(error);
  }
  report.timings[`section ${section.id}`] = performance.now() - begin;
  report.sections.push(section.id);
}

/** The section that is being read, in the table of contents. */
function follow() {
  const links = new Map([...document.querySelectorAll("#contents a")].map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) isIntersecting ? seen.add(target.id) : seen.delete(target.id);
      const first = [...links.keys()].find((id) => seen.has(id));
      for (const [id, link] of links)
        id === first ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    },
    { rootMargin: "-20% 0px -70% 0px" },
  );
  document.querySelectorAll("main section").forEach((section) => watcher.observe(section));
}

async function main() {
  themeButton(document.getElementById("theme"));
  const data = read();
  document.getElementById("reading").remove();
  for (const section of SECTIONS.filter((one) => one.needs(data))) {
    show(section, data);
    await new Promise((done) => setTimeout(done)); // what is drawn can be read while the next is
  }
  follow();
  report.opened = performance.now(); // since the navigation began
  report.ready = true;
  document.documentElement.dataset.ready = `${report.sections.length} sections, ${report.errors.length} errors`;
}

main();
