// The numbers beneath a chart: a table that opens, the first rows of it, and all of them as CSV.
import { download, element } from "./dom.js";
import * as format from "./format.js";
import { report } from "./report.js";

const MOST = 200;

function rowsOf(table, names) {
  const shown = Math.min(table.length, MOST);
  return Array.from({ length: shown }, (_, i) =>
    element(
      "tr",
      {},
      names.map((name) => {
        const value = table.at(name, i);
        const text = typeof value === "string";
        return element(
          "td",
          {
            class: text ? (value === "assumed" ? "assumed" : "") : "number",
            title: text ? "" : String(value),
            "data-value": String(value),
          },
          format.cell(value, table.columns[name].units, name),
        );
      }),
    ),
  );
}

function tableElement(table, names, label) {
  const text = (name) => table.length > 0 && typeof table.at(name, 0) === "string";
  const head = names.map((name) =>
    element(
      "th",
      { scope: "col", class: text(name) ? "" : "number", title: table.columns[name].about },
      name.replaceAll("_", " "),
    ),
  );
  return element(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": label },
    element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rowsOf(table, names))),
  );
}

const opened = new Set(); // stay open when a selector draws them anew

/** Beneath the charts of `parent`. Rows are made when it is opened. */
export function details(parent, id, title, table, names = table.names) {
  const more = table.length > MOST ? `The first ${MOST} of ${format.count(table.length)} rows; the CSV has all.` : "";
  const save = download("Save all rows as CSV", `${id}.csv`, () => table.csv());
  const box = element(
    "details",
    { class: "numbers", id: `table-${id}`, open: opened.has(id) },
    element(
      "summary",
      {},
      title,
      element("span", { class: "quiet" }, ` (${format.many(table.length, "row")})`),
    ),
  );
  const show = () => {
    if (box.open) opened.add(id);
    else opened.delete(id);
    if (box.open && box.children.length === 1)
      box.append(element("p", { class: "quiet" }, save, ` ${more}`), tableElement(table, names, title));
  };
  box.addEventListener("toggle", show);
  show();
  parent.append(box);
  report.tables[id] = table;
}
