import { address } from "./address.js";
import { language, t } from "./words.js";

const made = new Map();

/** Formats are costly to make and cheap to use. */
function format(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!made.has(key)) made.set(key, new kind(language, options));
  return made.get(key);
}

/** The zone in which days begin and times are shown: chosen in the address, else the browser's. */
export const zone = () => address.get("tz") ?? localStorage.getItem("zone") ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";

export const number = (value, digits = 0) => value === null || value === undefined ? "–" : format(Intl.NumberFormat, { maximumFractionDigits: digits }).format(value);

/** Whole from 10,000 on is hard to read at a glance: 1.2M. */
export const short = value => value === null || value === undefined ? "–" : format(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: 1 }).format(value);

/** @param share 0 to 1 */
export const percent = (share, digits = 0) => share === null || share === undefined ? "–" : format(Intl.NumberFormat, { style: "percent", maximumFractionDigits: digits }).format(share);

/** A length of time in its two largest units: 42 s, 3 min 5 s, 7 h 2 min. */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 60) return `${number(value, value < 10 ? 1 : 0)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${number(Math.floor(whole / 60))} min${whole % 60 > 0 ? ` ${whole % 60} s` : ""}`;
  const minutes = Math.round(whole / 60);
  return `${number(Math.floor(minutes / 60))} h${minutes % 60 > 0 ? ` ${minutes % 60} min` : ""}`;
}

/** A place in a video: 0:42, 1:02:03. */
export function clock(value, digits = 0) {
  const scale = 10 ** digits;
  const all = Math.round(value * scale) / scale;
  const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
  const rest = (all % 60).toFixed(digits).padStart(digits > 0 ? 3 + digits : 2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

export function bytes(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let at = 0;
  while (value >= 1000 && at < units.length - 1) [value, at] = [value / 1000, at + 1];
  return format(Intl.NumberFormat, { style: "unit", unit: units[at], maximumFractionDigits: value < 10 && at > 0 ? 1 : 0 }).format(value);
}

/** @param value bytes a second */
export const rate = value => `${bytes(value)}/s`;

/**
 * A figure with two bounds, for people: the proven one where the player told of its playing, else both in words.
 * @param basis measured, buffered or fetched, or a report's sessions by kind.
 * @param show how one of them is written.
 */
export function bounds(basis, low, high, show = number) {
  const isProven = typeof basis === "string" ? basis !== "fetched" : basis !== null && basis !== undefined && basis.fetched === 0;
  return isProven || show(low) === show(high) ? show(isProven ? low : high) : t("common.range", { low: show(low), high: show(high) });
}

export const day = (at, tz = zone()) => format(Intl.DateTimeFormat, { timeZone: tz, dateStyle: "medium" }).format(new Date(at));

export const moment = (at, tz = zone(), timeStyle = "medium") => format(Intl.DateTimeFormat, { timeZone: tz, dateStyle: "medium", timeStyle }).format(new Date(at));

export const time = (at, tz = zone()) => format(Intl.DateTimeFormat, { timeZone: tz, timeStyle: "medium" }).format(new Date(at));

/** How long ago: 3 minutes ago. */
export function ago(at, now = Date.now()) {
  const past = (new Date(at).getTime() - now) / 1000;
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, length]) => Math.abs(past) >= length) ?? ["second", 1];
  return format(Intl.RelativeTimeFormat, { numeric: "auto" }).format(Math.trunc(past / size), unit);
}
