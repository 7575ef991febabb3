// Builds bundle.js: `npm ci && npm run build`. Its first line carries the hash of what it was built from,
// which tests/scripts/test_report.py compares with the sources.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(`${folder}/${entry.name}`)
      : entry.name.endsWith(".js")
        ? [`${folder}/${entry.name}`]
        : [],
  );
}

const hash = createHash("sha256");
for (const path of [...sources("src"), "build.mjs", "package.json", "package-lock.json"].sort()) {
  hash.update(path + "\n");
  hash.update(readFileSync(path));
}

const result = await build({
  entryPoints: ["src/main.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2021",
  charset: "utf8",
  legalComments: "eof",
  write: false,
});
const code = result.outputFiles[0].text;
if (/<\/script|<!--/i.test(code)) throw new Error("the bundle would end its script element");
const first = `/* rainier report; Apache ECharts, see NOTICE; sources sha256 ${hash.digest("hex")} */\n`;
writeFileSync("bundle.js", first + code);

// The licences of what is in it, for the foot of the page.
const text = (path) => readFileSync(`node_modules/${path}`, "utf8").trim();
writeFileSync(
  "NOTICE",
  ["echarts/NOTICE", "echarts/LICENSE", "echarts/licenses/LICENSE-d3", "zrender/LICENSE", "tslib/LICENSE.txt"]
    .map((path) => `==== ${path} ====\n\n${text(path)}\n`)
    .join("\n"),
);
console.log(`bundle.js: ${(code.length / 1e3).toFixed(0)} kB`);
