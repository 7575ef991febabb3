// Elements without markup: texts of the file are only ever set as text, never parsed.
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (value === undefined || value === null) continue;
    else if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** A link that saves `make()`; the text is made when it is asked for. */
export function download(label, name, make) {
  return element(
    "button",
    {
      class: "plain",
      type: "button",
      onclick: () => {
        const address = URL.createObjectURL(new Blob([make()], { type: "text/csv" }));
        element("a", { href: address, download: name }).click();
        setTimeout(() => URL.revokeObjectURL(address), 1000);
      },
    },
    label,
  );
}
