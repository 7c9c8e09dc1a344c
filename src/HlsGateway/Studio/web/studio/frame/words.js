import { load } from "words:sections";

/** Languages that the text exists in. */
export const languages = ["en", "de"];

/** Chosen on the page, else what the browser asks for first that we have. */
export const language = pick(localStorage.getItem("language")) ?? navigator.languages.map(pick).find(found => found !== null) ?? "en";

const sections = {};
const plural = new Intl.PluralRules(language);

function pick(tag) {
  const base = tag?.split("-")[0].toLowerCase();
  return languages.includes(base) ? base : null;
}

/** Makes texts ready: of the frame at the start, of a page before it is shown. */
export async function loadWords(names) {
  await Promise.all(names.filter(name => !(name in sections)).map(async name => {
    // A section may come with those that are read with it.
    Object.assign(sections, (await load[language][name]()).default);
  }));
}

/**
 * A text in the reader's language. {name} in it is replaced by what is given, as text; numbers as that language writes them.
 * A text with plural forms takes the one for `count`.
 */
export function t(key, values = {}) {
  const dot = key.indexOf(".");
  let text = sections[key.slice(0, dot)]?.[key.slice(dot + 1)];
  if (text === undefined) throw new Error(`No text ${key}: is its section among the page's words?`);
  if (typeof text !== "string") text = text[plural.select(values.count)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => !(name in values) ? whole
    : typeof values[name] === "number" ? values[name].toLocaleString(language) : String(values[name]));
}

/** Whether there is such a text: for names that come from the API and may be newer than this page. */
export const hasText = key => sections[key.slice(0, key.indexOf("."))]?.[key.slice(key.indexOf(".") + 1)] !== undefined;

export function speak(tag) {
  localStorage.setItem("language", tag);
  location.reload();
}
