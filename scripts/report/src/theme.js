// Light or dark: what the system asks for, until the reader presses the button.
const listeners = [];
let printing = false;

export const isDark = () =>
  !printing &&
  (document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches);

export const onTheme = (listener) => listeners.push(listener);
const changed = () => listeners.forEach((listener) => listener());

/** Colours that charts need and that depend on the theme. */
export function colours() {
  return isDark()
    ? { ink: "#e8eaed", quiet: "#a3abb5", line: "#3a414b", paper: "#171b21", grid: "#2a3039", black: "#f4f4f4" }
    : { ink: "#1b2430", quiet: "#5a6572", line: "#c4cbd3", paper: "#ffffff", grid: "#e6e9ed", black: "#111111" };
}

export function themeButton(button) {
  const say = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  say();
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    say();
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    say();
    changed();
  });
  addEventListener("beforeprint", () => {
    printing = true;
    changed();
  });
  addEventListener("afterprint", () => {
    printing = false;
    changed();
  });
}
