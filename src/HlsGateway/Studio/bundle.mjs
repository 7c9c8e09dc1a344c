// Usage: node bundle.mjs OUTDIR PACKAGES
//
// Bundles the pages' scripts and styles into OUTDIR. Names with a hash may be kept for ever; the build gives the others one.
// PACKAGES is a file that is written: the npm packages of which something is in the bundle, as JSON [{name, version, license}].
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "sass";
import { picoOfOurs } from "./pico-parts.mjs";
import { uplotOfOurs } from "./uplot-parts.mjs";

const [out, packages] = process.argv.slice(2);
if (packages === undefined) {
  console.error("Usage: node bundle.mjs OUTDIR PACKAGES");
  process.exit(64);
}
const web = join(dirname(fileURLToPath(import.meta.url)), "web");
const common = {
  bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning", metafile: true,
  loader: { ".worker.js": "file" }, assetNames: "[name]-[hash]", outdir: out,
};

/** Names of the npm packages of which something is in the bundle. */
const used = new Set();
const use = path => {
  const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  if (name !== undefined) used.add(name);
};
// What esbuild left out of the bundle (a file of types, a branch that is never taken) is in its inputs too, with no bytes.
const note = ({ metafile }) => Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs)).forEach(([path, { bytesInOutput }]) => { if (bytesInOutput > 0) use(path); });

/** Sections that are read together come in one file: small files are compressed badly, one by one. */
const together = [["common", "frame", "pulse"], ["changes", "overview", "range", "chart", "figures", "shares"]];

/** `words:sections` is a table of loaders, language → section: a page fetches its own texts in the reader's language and no others. */
const words = {
  name: "words",
  setup({ onResolve, onLoad }) {
    const file = join(web, "studio", "text.json");
    const read = async () => JSON.parse(await readFile(file, "utf8"));
    onResolve({ filter: /^words:/ }, ({ path }) => ({ path, namespace: "words" }));
    onLoad({ filter: /^words:sections$/, namespace: "words" }, async () => {
      const text = await read();
      const source = (language, section) => `words:${language}/${(together.find(group => group.includes(section)) ?? [section]).join("+")}`;
      const table = ["en", "de"].map(language => `${language}: { ${Object.keys(text).map(section => `${JSON.stringify(section)}: () => import(${JSON.stringify(source(language, section))})`).join(", ")} }`);
      return { contents: `export const load = { ${table.join(", ")} };`, watchFiles: [file], resolveDir: web };
    });
    onLoad({ filter: /^words:\w+\//, namespace: "words" }, async ({ path }) => {
      const [language, names] = path.slice("words:".length).split("/");
      const text = await read();
      const told = {};
      for (const section of names.split("+")) {
        const missing = Object.keys(text[section]).filter(key => text[section][key][language] === undefined);
        if (missing.length > 0) return { errors: [{ text: `text.json: ${section}: no ${language} text for ${missing.join(", ")}` }] };
        told[section] = Object.fromEntries(Object.entries(text[section]).map(([key, words]) => [key, words[language]]));
      }
      return { contents: JSON.stringify(told), loader: "json" };
    });
  },
};

/** Modules that are fetched together anyway come in one file: the frame for all, what figures stand in for the pages that show charts. */
const frame = ["element", "address", "api", "format", "icons", "keys", "live", "me", "toast", "words"].map(name => `frame/${name}.js`).concat("parts/state-views.js");
const figures = ["buckets", "chart-frame", "copy-keys", "keeping", "pace", "zone-words"].map(name => `parts/${name}.js`);
const rooms = [
  [/\/studio\/(?:main|pages\/[\w-]+|parts\/(?:keep-dialog|studio-player|why-panel))\.js$/, frame],
  [/\/studio\/pages\/(?:analytics|overview|sessions|shared)\.js$/, figures],
];
const shared = {
  name: "shared",
  setup({ onLoad }) {
    onLoad({ filter: rooms[0][0] }, async ({ path }) => {
      const modules = rooms.filter(([pages]) => pages.test(path)).flatMap(([, names]) => names);
      return { contents: `${await readFile(path, "utf8")}\n${modules.map(name => `import ${JSON.stringify(join(web, "studio", name))};`).join("\n")}` };
    });
  },
};

/** Pico's own source, of which a page takes the parts that it names. */
const pico = {
  name: "pico",
  setup({ onLoad }) {
    onLoad({ filter: /\.scss$/ }, async ({ path }) => {
      const { css, loadedUrls } = compile(path, { loadPaths: [resolve("node_modules")], quietDeps: true });
      loadedUrls.forEach(({ pathname }) => use(pathname));
      return { contents: await picoOfOurs(css, join(web, "studio")), loader: "css" };
    });
  },
};

/** The library that draws charts, without what none of ours has. */
const charts = {
  name: "charts",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => ({ contents: uplotOfOurs(await readFile(path, "utf8")) }));
  },
};

/** A style sheet that a script imports is an object of the page's (CSSStyleSheet): it comes with its page, and needs no inline style. */
const sheets = {
  name: "sheets",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await build({ entryPoints: [path], bundle: true, minify: true, write: false, metafile: true, target: "es2022", logLevel: "warning" });
      note(made);
      return { contents: `const sheet = new CSSStyleSheet(); sheet.replaceSync(${JSON.stringify(made.outputFiles[0].text)}); export default sheet;`, resolveDir: dirname(path) };
    });
  },
};

note(await build({ ...common, entryPoints: ["home.js", "home.css", "demo.js", "demo.css"].map(name => join(web, name)) }));
note(await build({ ...common, entryPoints: [join(web, "studio", "studio.css")], outdir: join(out, "studio", "app"), plugins: [pico] }));
note(await build({
  ...common, entryPoints: [join(web, "studio", "main.js")], outdir: join(out, "studio", "app"), splitting: true, chunkNames: "[name]-[hash]", plugins: [words, sheets, charts, shared],
  nodePaths: [resolve("node_modules")],
}));

const facts = [...used].sort().map(async name => {
  const { version, license } = JSON.parse(await readFile(resolve("node_modules", name, "package.json"), "utf8"));
  return { name, version, license };
});
await mkdir(dirname(packages), { recursive: true });
await writeFile(packages, `${JSON.stringify(await Promise.all(facts), undefined, 2)}\n`);
