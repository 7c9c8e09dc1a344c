import { html, nothing, svg } from "../frame/element.js";
import { bounds, number, percent, seconds } from "../frame/format.js";
import { hasText, language, t } from "../frame/words.js";

/**
 * How buckets are named on an axis and in words. Their edges and what clocks showed then are the server's: nothing is shifted here, and the hour that a
 * zone repeats in autumn is there twice, with its offset.
 */
export function axisOf(buckets, unit, tz) {
  // The server's wall clock, taken as UTC so that no zone is applied to it again.
  const format = options => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
  const short = format(unit === "hour" ? { hour: "numeric", minute: "2-digit" } : unit === "month" ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" });
  const long = format(unit === "hour" ? { dateStyle: "medium", timeStyle: "short" } : unit === "month" ? { month: "long", year: "numeric" } : { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const exact = new Intl.DateTimeFormat(language, { timeZone: tz, dateStyle: "medium", timeStyle: "short" });
  const open = buckets.findIndex(bucket => !bucket.final);
  const name = (i, isShort) => {
    const local = buckets[i].from_local;
    const text = (isShort ? short : long).format(new Date(`${local.slice(0, 19)}Z`));
    return unit === "hour" && !isShort ? `${text} ${local.slice(19) === "Z" ? "UTC" : `UTC${local.slice(19)}`}` : text;
  };
  return {
    label: (i, isShort) => buckets[i] === undefined ? "" : name(i, isShort),
    unfinished: open < 0 ? null : open,
    moment: at => exact.format(new Date(at)),
    columns: [...["from", "to", "from_local", "to_local"].map(column => ({ name: column, value: i => buckets[i][column] })), { name: "tz", value: () => tz }, { name: "final", value: i => buckets[i].final }],
  };
}

/** The stretch of time of some buckets, for the address: dates where they are whole days, else the moments with their offset. */
export function stretchOf(buckets, { from, to }, unit) {
  const [first, end] = [buckets[from].from_local, buckets[to - 1].to_local];
  return unit === "hour" ? { from: first, to: end, range: null } : { from: first.slice(0, 10), to: end.slice(0, 10), range: null };
}

/** What was changed, at its place among the buckets. Words: "changes". */
export function flagsOf(changes, buckets) {
  if (buckets.length === 0) return [];
  return changes.filter(change => !["start", "stop"].includes(change.kind)).flatMap(change => {
    const at = Date.parse(change.at);
    const index = buckets.findIndex(bucket => at >= Date.parse(bucket.from) && at < Date.parse(bucket.to));
    if (index < 0) return [];
    const [from, to] = [Date.parse(buckets[index].from), Date.parse(buckets[index].to)];
    return [{ x: index - 0.5 + (at - from) / (to - from), at: change.at, kind: change.kind, text: sayChange(change), detail: change.kind === "note" ? change.actor : `${change.actor} · ${change.before ?? "–"} → ${change.after ?? "–"}` }];
  });
}

/** The time since a change and as long a time before it, for the address: cut at the quarter of an hour in which it happened, as figures are kept. */
export function aroundOf(at, { from, to }, now = Date.now()) {
  const quarter = 900e3;
  const begin = Math.floor(Date.parse(at) / quarter) * quarter;
  const end = Math.max(begin + quarter, Math.min(Date.parse(to), Math.ceil(now / quarter) * quarter, begin + (Date.parse(to) - Date.parse(from))));
  return { from: new Date(begin).toISOString(), to: new Date(end).toISOString(), range: null, compare: "1" };
}

/** What was done, in a few words; a kind that is newer than this page is told by its name. */
export function sayChange({ kind, subject, video, after }) {
  if (kind === "note") return [after, video].filter(Boolean).join(" · ");
  const what = hasText(`changes.${kind}`) ? t(`changes.${kind}`) : kind;
  return [`${what}${subject && kind !== "revision" ? ` ${subject}` : ""}`, video].filter(Boolean).join(" · ");
}

/** Sessions by their properties, as bars. Words: "shares". */
export function shares(report) {
  const groups = ["players", "renditions", "captions", "trailers"].filter(name => report[name].length > 0);
  return groups.length === 0 ? nothing : html`<div class="shares">${groups.map(name => html`
    <section class="card stack tight"><h2>${t(`shares.${name}`)}</h2>${report[name].slice(0, 8).map(share => html`
      <div class="share-row"><span class="name">${share.name}</span><span>${number(share.sessions)} <span class="soft">${percent(report.sessions > 0 ? share.sessions / report.sessions : 0)}</span></span>
        <div class="share-bar" title=${bounds(report.basis, share.watch_seconds_low, share.watch_seconds, seconds)}><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${svg`<rect width=${100 * share.sessions / Math.max(1, report.sessions)} height="8"></rect>`}</svg></div></div>`)}</section>`)}</div>`;
}
