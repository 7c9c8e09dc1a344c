import { day } from "../frame/format.js";
import { t } from "../frame/words.js";

const offset = (tz, at) => new Intl.DateTimeFormat("en", { timeZone: tz, timeZoneName: "shortOffset" }).formatToParts(at).find(part => part.type === "timeZoneName").value.replace("GMT", "UTC").replace(/^UTC[+-]0$/, "UTC");

/** A zone said aloud: Europe/Berlin, UTC+2 until 25 Oct 2026, then UTC+1. One change of the clocks is told, the first after the beginning. */
export function sayZone(tz, from, to) {
  let [low, high] = [Date.parse(from), Date.parse(to)];
  const [first, end] = [offset(tz, low), offset(tz, high)];
  if (first === "UTC" || (first === end && high - low < 150 * 86400e3)) return first === "UTC" && end === "UTC" ? tz : t("range.zone-plain", { zone: tz, offset: first });
  // The first step of days that ends in another offset holds the change; halving finds its day.
  for (let at = low; at <= high; at += 7 * 86400e3) {
    if (offset(tz, at) !== first) { high = at; break; }
    low = at;
  }
  if (offset(tz, high) === first) return t("range.zone-plain", { zone: tz, offset: first });
  while (high - low > 1000) {
    const middle = (low + high) / 2;
    if (offset(tz, middle) === first) low = middle;
    else high = middle;
  }
  return t("range.zone-changes", { zone: tz, offset: first, until: day(high, tz), then: offset(tz, high) });
}
