// Pico without rules for what no page of ours has.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import postcss from "postcss";

/** Elements and attributes that stand nowhere in the pages: the build looks whether that is so. */
const elements = [
  "abbr", "address", "area", "aside", "audio", "blockquote", "del", "fieldset", "h4", "h5", "h6", "hgroup", "hr", "iframe", "ins", "legend", "optgroup", "samp", "sub", "sup", "template",
];
const attributes = ["aria-disabled", "aria-label=\"breadcrumb\"", "dir", "rel=\"prev\"", "role=\"link\"", "type=\"month\"", "type=\"radio\"", "type=\"week\""];

/** Browsers that the pages are made for know none of these; a field that is wrong looks as studio.css says. */
const others = /\[aria-invalid|::-ms-|:-ms-|:-moz-ui-invalid|::-moz-focus-inner|:-moz-focusring|::-moz-list-bullet|:host\b/;

/** What a selector asks for in any case: neither what it excludes nor what is one of several. */
const certain = selector => selector.replace(/:(?:not\((?:[^()]|\([^()]*\))*|(?:is|where|has)\((?:[^(),]|\([^()]*\))*,(?:[^()]|\([^()]*\))*)\)/g, "");
const escaped = text => text.replaceAll("\"", "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** A selector that asks for one of them. */
const unused = new RegExp([
  others.source,
  ...elements.map(name => `(?<![\\w.#[-])${name}(?![\\w=-])`),
  ...attributes.map(name => `\\[${escaped(name)}\\b`),
].join("|"));

/**
 * @param {string} css Pico's
 * @param {string} pages folder of the scripts that make elements
 * @returns {Promise<string>} the same without selectors that nothing of theirs can match
 */
export async function picoOfOurs(css, pages) {
  const files = (await readdir(pages, { recursive: true })).filter(file => /\.(?:js|html)$/.test(file));
  const sources = (await Promise.all(files.map(file => readFile(join(pages, file), "utf8")))).join("\n");
  const used = [...elements.filter(name => new RegExp(`<${name}[\\s>]`).test(sources)), ...attributes.filter(name => new RegExp(`[\\s?.]${name}(?=[=\\s>])`).test(sources))];
  if (used.length > 0) throw new Error(`pico-parts.mjs: pages have ${used.join(", ")}: let Pico keep its rules for that.`);
  const root = postcss.parse(css);
  root.walkRules(rule => {
    if (rule.parent.type === "atrule" && rule.parent.name === "keyframes") return;
    const kept = rule.selectors.filter(selector => !unused.test(certain(selector)));
    if (kept.length === 0) rule.remove();
    else if (kept.length < rule.selectors.length) rule.selectors = kept;
  });
  return root.toString();
}
