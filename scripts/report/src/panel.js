// Selectors and what they choose: drawn at once and again after each change.
import { clear } from "./chart.js";
import { element } from "./dom.js";

/**
 * `choices`: [{name, label, values: (chosen) => [...], text, start}] in order; the values of one may depend on those
 * before it, and one that has a single value is not shown. `draw(host, chosen)` fills an empty element.
 */
export function panel(parent, id, choices, draw) {
  const chosen = {},
    values = [];
  const bar = element("div", { class: "controls" });
  const host = element("div");
  const redraw = () => {
    clear(host);
    draw(host, chosen);
  };
  const selects = choices.map((choice, i) =>
    element("select", {
      id: `${id}-${choice.name}`,
      onchange: ({ target }) => {
        chosen[choice.name] = values[i][target.selectedIndex];
        fill(i + 1);
        redraw();
      },
    }),
  );
  const labels = choices.map((choice, i) => element("label", { htmlFor: selects[i].id }, choice.label, selects[i]));
  const fill = (from) => {
    for (let i = from; i < choices.length; i++) {
      const { name, values: offered, text = String, start } = choices[i];
      values[i] = offered(chosen);
      if (!values[i].includes(chosen[name])) chosen[name] = start?.(values[i]) ?? values[i][0];
      selects[i].replaceChildren(
        ...values[i].map((value) => element("option", { selected: value === chosen[name] }, text(value))),
      );
      labels[i].hidden = values[i].length < 2;
    }
    bar.hidden = values.every((offered) => offered.length < 2);
  };
  bar.append(...labels);
  parent.append(bar, host);
  fill(0);
  redraw();
}

/** The file is a choice only where several have what a section shows. */
export const fileChoice = (files) => ({ name: "file", label: "File", values: () => files, text: (file) => file.name });

/** Values of a column of the file's table among rows that agree with the earlier choices named in `given`. */
export const columnChoice = (path, name, label, given = [], more = {}) => ({
  name,
  label,
  ...more,
  values: (chosen) => {
    const rows = chosen.file.tables[path].where(Object.fromEntries(given.map((one) => [one, chosen[one]])));
    const values = rows.values(name);
    return more.order ? values.sort(more.order) : values;
  },
});

export const nearest = (wanted) => (values) =>
  values.reduce((best, value) =>
    Math.abs(Math.log(value / wanted)) < Math.abs(Math.log(best / wanted)) ? value : best,
  );
export const ascending = (a, b) => a - b;
export const descending = (a, b) => b - a;
