import { html, nothing, svg } from "../frame/element.js";
import { bounds, number, percent, seconds } from "../frame/format.js";
import { language, t } from "../frame/words.js";

/** How buckets are named on an axis and in words. Their edges are the server's: nothing is shifted here. */
export function axisOf(buckets, unit, tz) {
  const format = options => new Intl.DateTimeFormat(language, { timeZone: tz, ...options });
  const short = format(unit === "hour" ? { hour: "2-digit", minute: "2-digit" } : unit === "month" ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" });
  const long = format(unit === "hour" ? { dateStyle: "medium", timeStyle: "short" } : unit === "month" ? { month: "long", year: "numeric" } : { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const exact = format({ dateStyle: "medium", timeStyle: "short" });
  const open = buckets.findIndex(bucket => !bucket.final);
  return {
    label: (i, isShort) => buckets[i] === undefined ? "" : (isShort ? short : long).format(new Date(buckets[i].from)),
    unfinished: open < 0 ? null : open,
    moment: at => exact.format(new Date(at)),
  };
}

/** What was changed, at its place among the buckets. */
export function flagsOf(changes, buckets) {
  if (buckets.length === 0) return [];
  return changes.filter(change => !["start", "stop"].includes(change.kind)).flatMap(change => {
    const at = Date.parse(change.at);
    const index = buckets.findIndex(bucket => at >= Date.parse(bucket.from) && at < Date.parse(bucket.to));
    if (index < 0) return [];
    const [from, to] = [Date.parse(buckets[index].from), Date.parse(buckets[index].to)];
    return [{ x: index - 0.5 + (at - from) / (to - from), text: `${change.actor}: ${change.kind} ${change.subject} ${change.after ?? ""}`.trim() }];
  });
}

/** Sessions by their properties, as bars. Words: "shares". */
export function shares(report) {
  const groups = ["players", "renditions", "captions", "trailers"].filter(name => report[name].length > 0);
  return groups.length === 0 ? nothing : html`<div class="shares">${groups.map(name => html`
    <section class="card stack tight"><h2>${t(`shares.${name}`)}</h2>${report[name].slice(0, 8).map(share => html`
      <div class="share-row"><span class="name">${share.name}</span><span>${number(share.sessions)} <span class="soft">${percent(report.sessions > 0 ? share.sessions / report.sessions : 0)}</span></span>
        <div class="share-bar" title=${bounds(report.basis, share.watch_seconds_low, share.watch_seconds, seconds)}><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${svg`<rect width=${100 * share.sessions / Math.max(1, report.sessions)} height="8"></rect>`}</svg></div></div>`)}</section>`)}</div>`;
}
