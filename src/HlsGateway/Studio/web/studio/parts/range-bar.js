import { address } from "../frame/address.js";
import { adopt, html, StudioElement } from "../frame/element.js";
import { percent, zone } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { t } from "../frame/words.js";
import sheet from "./range-bar.css";

adopt(sheet);

const spans = { d: 1, w: 7, m: 28, y: 365, a: 800 };

/** A bare date in the chosen zone, so many days from today. */
export function dateOf(days, tz = zone(), now = new Date()) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: tz, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
  const date = new Date(`${today}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** A bare date moves by calendar days; a moment, which links from figures bring, by so many times 24 hours. */
const shift = (date, days) => date.includes("T") ? new Date(Date.parse(date) + days * 86400e3).toISOString() : new Date(Date.parse(`${date}T00:00:00Z`) + days * 86400e3).toISOString().slice(0, 10);

/** The day of a moment in the zone, for a field that shows days. */
const dayOf = (date, tz) => date.includes("T") ? new Intl.DateTimeFormat("en-CA", { timeZone: tz, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(date)) : date;

/** What the address says: bare dates in the zone, the end exclusive; the stretch of the same length before; the bucket that suits it. */
export function range() {
  const tz = zone();
  const days = spans[address.get("range", "m")] ?? spans.m;
  const to = address.get("to") ?? dateOf(1, tz);
  const from = address.get("from") ?? shift(to, -days);
  const length = (Date.parse(to) - Date.parse(from)) / 86400e3;
  return { from, to, tz, length, bucket: address.get("bucket") ?? (length <= 2 ? "hour" : length <= 120 ? "day" : length <= 400 ? "week" : "month"), before: { from: shift(from, -length), to: from } };
}

const filters = ["player", "rendition", "captions", "basis", "completed", "trailer", "audience", "left_from", "left_to", "watched_from", "watched_to"];

/** The filters in the address, for the API. */
export const filter = () => Object.fromEntries(filters.map(name => [name, address.get(name)]).filter(([, value]) => value !== null));

/** The question that the address asks, for the API. */
export function question(path, more = {}) {
  const { from, to, tz, bucket } = range();
  return { path, query: { from, to, tz, bucket, ...filter(), ...more } };
}

/** Range, zone, comparison and audience: one bar for all pages with figures. Words: "range". */
class RangeBar extends StudioElement {
  static properties = { compares: { type: Boolean }, least: { state: true } };

  constructor() {
    super();
    // Where the slider is being moved to: the address follows when it is let go.
    this.least = null;
  }

  connectedCallback() {
    super.connectedCallback();
    // A link that is copied shows the same days wherever it is opened.
    if (address.get("tz") === null) address.set({ tz: zone() }, { replace: true });
    address.addEventListener("change", () => this.requestUpdate(), { signal: this.gone });
    const move = way => {
      const { from, to, length } = range();
      address.set({ from: shift(from, way * length), to: shift(to, way * length), range: null });
    };
    keys.on(this, {
      ...Object.fromEntries(Object.keys(spans).map(key => [key, { does: t(`range.${key}`), run: () => this.#take(key) }])),
      ArrowLeft: { does: t("range.earlier"), run: () => move(-1) },
      ArrowRight: { does: t("range.later"), run: () => move(1) },
      x: { does: t("range.compare"), run: () => this.#compare() },
      Escape: { does: t("range.clear"), run: () => address.set(Object.fromEntries(filters.map(name => [name, null]))), when: () => Object.keys(filter()).length > 0 },
    });
  }

  #take(key) {
    address.set({ range: key === "m" ? null : key, from: null, to: null, bucket: null });
  }

  #compare() {
    address.set({ compare: address.get("compare") ? null : "1" });
  }

  render() {
    const { from, to, tz } = range();
    const chosen = address.get("from") ? null : address.get("range", "m");
    const active = Object.entries(filter());
    const least = this.least ?? Math.round(Number(address.get("watched_from", "0")) * 100);
    const share = percent(least / 100);
    return html`
      <section class="range row" aria-label=${t("range.label")}>
        <div class="segments">${Object.keys(spans).map(key => html`<button type="button" aria-pressed=${chosen === key} @click=${() => this.#take(key)}>${t(`range.${key}`)} <kbd>${key}</kbd></button>`)}</div>
        <label>${t("range.from")} <input type="date" .value=${dayOf(from, tz)} @change=${event => event.target.value && address.set({ from: event.target.value, to, range: null })}></label>
        <label>${t("range.to")} <input type="date" .value=${to.includes("T") ? dayOf(new Date(Date.parse(to) - 1).toISOString(), tz) : shift(to, -1)} @change=${event => event.target.value && address.set({ from, to: shift(event.target.value, 1), range: null })}></label>
        <label>${t("range.zone")} <select @change=${event => { localStorage.setItem("zone", event.target.value); address.set({ tz: event.target.value }); }}>
          ${[...new Set([tz, Intl.DateTimeFormat().resolvedOptions().timeZone, "UTC", ...Intl.supportedValuesOf("timeZone")])].map(name => html`<option ?selected=${name === tz}>${name}</option>`)}</select></label>
        ${this.compares ? html`<button type="button" aria-pressed=${address.get("compare") === "1"} @click=${() => this.#compare()}>${t("range.compare")} <kbd>x</kbd></button>` : ""}
        <label>${t("range.audience")} <select @change=${event => address.set({ audience: event.target.value === "all" ? null : event.target.value })}>
          ${["all", "people", "tools"].map(name => html`<option value=${name} ?selected=${address.get("audience", "all") === name}>${t(`range.audience-${name}`)}</option>`)}</select></label>
        <label class="least">${t("range.least")} <input type="range" min="0" max="100" step="5" aria-valuetext=${share} .value=${String(least)} @input=${event => { this.least = Number(event.target.value); }}
          @change=${event => { this.least = null; address.set({ watched_from: Number(event.target.value) === 0 ? null : Number(event.target.value) / 100 }); }}> <output>${share}</output></label>
      </section>
      ${active.length === 0 ? "" : html`<div class="row chips">${active.map(([name, value]) => html`<span class="chip">${t(`range.filter-${name}`)}: ${value}
        <button type="button" class="plain" aria-label=${t("range.drop", { name: t(`range.filter-${name}`) })} @click=${() => address.set({ [name]: null })}>×</button></span>`)} <small class="soft"><kbd>Esc</kbd> ${t("range.clear")}</small></div>`}`;
  }
}
customElements.define("range-bar", RangeBar);
