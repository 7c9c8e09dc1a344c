// Usage: node bundle.mjs OUTDIR
//
// Bundles the pages' scripts and styles into OUTDIR. Names with a hash may be kept for ever; the build gives the others one.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error("Usage: node bundle.mjs OUTDIR");
  process.exit(64);
}
const web = join(dirname(fileURLToPath(import.meta.url)), "web");
const common = {
  bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "none", logLevel: "warning",
  loader: { ".worker.js": "file" }, assetNames: "[name]-[hash]", outdir: out,
};

/** `words:sections` is a table of loaders, language → section: a page fetches its own texts in the reader's language and no others. */
const words = {
  name: "words",
  setup({ onResolve, onLoad }) {
    const file = join(web, "studio", "text.json");
    const read = async () => JSON.parse(await readFile(file, "utf8"));
    onResolve({ filter: /^words:/ }, ({ path }) => ({ path, namespace: "words" }));
    onLoad({ filter: /^words:sections$/, namespace: "words" }, async () => {
      const text = await read();
      const table = ["en", "de"].map(language => `${language}: { ${Object.keys(text).map(section => `${JSON.stringify(section)}: () => import("words:${language}/${section}")`).join(", ")} }`);
      return { contents: `export const load = { ${table.join(", ")} };`, watchFiles: [file], resolveDir: web };
    });
    onLoad({ filter: /^words:\w+\//, namespace: "words" }, async ({ path }) => {
      const [language, section] = path.slice("words:".length).split("/");
      const texts = (await read())[section];
      const missing = Object.keys(texts).filter(key => texts[key][language] === undefined);
      if (missing.length > 0) return { errors: [{ text: `text.json: ${section}: no ${language} text for ${missing.join(", ")}` }] };
      return { contents: JSON.stringify(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text[language]]))), loader: "json" };
    });
  },
};

/** A style sheet that a script imports is an object of the page's (CSSStyleSheet): it comes with its page, and needs no inline style. */
const sheets = {
  name: "sheets",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await build({ entryPoints: [path], bundle: true, minify: true, write: false, target: "es2022", logLevel: "warning" });
      return { contents: `const sheet = new CSSStyleSheet(); sheet.replaceSync(${JSON.stringify(made.outputFiles[0].text)}); export default sheet;`, resolveDir: dirname(path) };
    });
  },
};

await build({ ...common, entryPoints: ["home.js", "home.css", "demo.js", "demo.css"].map(name => join(web, name)) });
await build({ ...common, entryPoints: [join(web, "studio", "studio.css")], outdir: join(out, "studio", "app") });
await build({
  ...common, entryPoints: [join(web, "studio", "main.js")], outdir: join(out, "studio", "app"), splitting: true, chunkNames: "[name]-[hash]", plugins: [words, sheets],
  nodePaths: [resolve("node_modules")],
});
