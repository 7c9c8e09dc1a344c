import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";

/** Ways out of a page: the clipboard and files. */

export async function copy(text) {
  await navigator.clipboard.writeText(text);
  say(t("common.copied"));
}

export function keep(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has its own hold on the data from its start on.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** RFC 4180; a cell that a spreadsheet would take for a formula gets an apostrophe in front. */
export const csvOf = (head, rows) => [head, ...rows].map(row => row.map(cell).join(",")).join("\r\n") + "\r\n";

function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}

/** Table, what it is of, days and zone, as the API names its exports: views_clip15_2026-11-01_2026-11-07_Europe-Berlin. */
export const fileName = (...parts) => parts.filter(part => part !== null && part !== undefined && part !== "").map(part => String(part).slice(0, 80).replace(/[^A-Za-z0-9.-]/g, "-")).join("_");
