import { api } from "../frame/api.js";
import { adopt, html, nothing, StudioElement, styleMap } from "../frame/element.js";
import { moment, zone } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { say, tell } from "../frame/toast.js";
import { language, t } from "../frame/words.js";
import { dateOf } from "./range-bar.js";
import { momentOf } from "./wall-clock.js";
import sheet from "./week-strip.css";

adopt(sheet);

/** What plays when, a week at a time, in the chosen zone. Words: "trailers". Fires "changed". */
class WeekStrip extends StudioElement {
  static properties = { entries: { attribute: false }, can: { attribute: false }, trailers: { attribute: false }, video: { attribute: false }, week: { state: true }, adding: { state: true }, refusal: { state: true } };

  constructor() {
    super();
    this.entries = [];
    this.trailers = [];
    this.can = false;
    this.week = 0;
    this.adding = null;
    this.refusal = null;
  }

  connectedCallback() {
    super.connectedCallback();
    keys.on(this, { n: { does: t("trailers.plan"), run: () => this.#begin(dateOf(0), "00:00", dateOf(1), "00:00"), when: () => this.can } });
  }

  get #days() {
    const today = new Date(`${dateOf(0)}T00:00:00Z`);
    const monday = new Date(today.getTime() - (today.getUTCDay() + 6) % 7 * 86400e3 + this.week * 7 * 86400e3);
    return Array.from({ length: 8 }, (_, i) => new Date(monday.getTime() + i * 86400e3).toISOString().slice(0, 10));
  }

  #begin(from, fromTime, to, toTime) {
    this.refusal = null;
    this.adding = { from, fromTime, to, toTime };
    this.updateComplete.then(() => this.querySelector("dialog").showModal());
  }

  /** Dragging over a row of hours chooses them. */
  #drag(event, date) {
    if (!this.can || event.button !== 0) return;
    const place = event.currentTarget.getBoundingClientRect();
    const hourOf = x => Math.max(0, Math.min(24, Math.floor((x - place.left) / place.width * 24)));
    const first = hourOf(event.clientX);
    const end = up => {
      removeEventListener("pointerup", end);
      const last = hourOf(up.clientX);
      const [from, to] = [Math.min(first, last), Math.max(first, last) + 1];
      const text = hour => `${String(hour % 24).padStart(2, "0")}:00`;
      const next = new Date(Date.parse(`${date}T00:00:00Z`) + 86400e3).toISOString().slice(0, 10);
      this.#begin(date, text(Math.min(from, 23)), to >= 24 ? next : date, to >= 24 ? "00:00" : text(to));
    };
    addEventListener("pointerup", end);
  }

  async #add(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const tz = zone();
    const json = {
      trailer: form.get("trailer") || null, from: momentOf(`${form.get("from")}T${form.get("fromTime")}`, tz), to: momentOf(`${form.get("to")}T${form.get("toTime")}`, tz),
      ...form.get("videos") ? { videos: form.get("videos") } : {},
    };
    try {
      // First as it should be: what overlaps is refused, with the reason; the second time it is meant so.
      const { data } = await api.send("POST", "api/trailers/schedule", { json, query: { strict: this.refusal ? null : "true" } });
      this.querySelector("dialog").close();
      say(t("trailers.planned"), { undo: async () => { await api.send("DELETE", `api/trailers/schedule/${data.entry.id}`, {}); this.#tell(); } });
      this.#tell();
    } catch (problem) {
      this.refusal = problem;
    }
  }

  async #remove(entry) {
    try {
      await api.send("DELETE", `api/trailers/schedule/${entry.id}`, {});
      const { trailer, videos, from, to, position } = entry;
      say(t("trailers.unplanned"), { undo: async () => { await api.send("POST", "api/trailers/schedule", { json: { trailer, position, ...videos ? { videos } : {}, ...from ? { from } : {}, ...to ? { to } : {} } }); this.#tell(); } });
      this.#tell();
    } catch (problem) {
      tell(problem);
    }
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("changed"));
  }

  render() {
    const tz = zone();
    const days = this.#days;
    const starts = days.map(date => Date.parse(momentOf(`${date}T00:00`, tz)));
    const name = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
    const now = Date.now();
    return html`
      <section class="card stack tight"><div class="row apart"><h2>${t("trailers.week")} <small class="soft">${tz}</small></h2>
          <div class="row"><button type="button" class="plain" @click=${() => { this.week--; }}>${t("trailers.week-before")}</button><button type="button" class="plain" ?disabled=${this.week === 0} @click=${() => { this.week = 0; }}>${t("trailers.week-now")}</button><button type="button" class="plain" @click=${() => { this.week++; }}>${t("trailers.week-after")}</button>
            ${this.can ? html`<button type="button" @click=${() => this.#begin(dateOf(0), "00:00", dateOf(1), "00:00")}>${t("trailers.plan")} <kbd>n</kbd></button>` : nothing}</div></div>
        <div class="week" role="list">${days.slice(0, 7).map((date, i) => {
          const [from, to] = [starts[i], starts[i + 1]];
          const inside = this.entries.filter(entry => (entry.from === null || Date.parse(entry.from) < to) && (entry.to === null || Date.parse(entry.to) > from));
          return html`<div class="day" role="listitem"><span class="day-name">${name.format(new Date(`${date}T00:00:00Z`))}${(to - from) / 3600e3 === 24 ? nothing : html` <small>${(to - from) / 3600e3} h</small>`}</span>
            <div class="hours ${to <= now ? "over" : ""}" @pointerdown=${event => this.#drag(event, date)}>
              ${inside.map(entry => {
                const left = Math.max(0, (entry.from === null ? from : Date.parse(entry.from)) - from) / (to - from);
                const right = Math.min(1, ((entry.to === null ? to : Date.parse(entry.to)) - from) / (to - from));
                return html`<span class="entry ${entry.state}" title="${entry.trailer ?? t("trailers.nothing")} ${entry.videos ?? ""}" style=${styleMap({ left: `${left * 100}%`, width: `${Math.max(0.5, (right - left) * 100)}%` })}>${entry.trailer ?? t("trailers.nothing")}${entry.videos ? ` · ${entry.videos}` : ""}</span>`;
              })}
              ${from <= now && now < to ? html`<span class="now" style=${styleMap({ left: `${(now - from) / (to - from) * 100}%` })}></span>` : nothing}
            </div></div>`;
        })}</div>
        <ul class="entries">${this.entries.map(entry => html`<li data-entry=${entry.id}><strong class="name">${entry.version ?? entry.trailer ?? t("trailers.nothing")}</strong>
          <span>${entry.from ? moment(entry.from, tz, "short") : t("trailers.always")} – ${entry.to ? moment(entry.to, tz, "short") : t("trailers.for-ever")}</span> <span class="soft name">${entry.videos ?? t("trailers.for-all")}</span>
          ${this.can && entry.created_at !== null ? html`<button type="button" class="plain" aria-label=${t("trailers.unplan", { name: entry.trailer ?? t("trailers.nothing") })} @click=${() => this.#remove(entry)}>×</button>` : nothing}</li>`)}</ul>
        <dialog aria-labelledby="plan-title" @close=${() => { this.adding = null; }}>${this.adding === null ? nothing : html`<article><h2 id="plan-title">${t("trailers.plan")}</h2>
          <form class="plan" @submit=${this.#add}>
            <label>${t("trailers.trailer")} <select name="trailer"><option value="">${t("trailers.nothing")}</option>${this.trailers.map((trailer, i) => html`<option ?selected=${i === 0}>${trailer.name}</option>`)}</select></label>
            <label>${t("trailers.from")} <span class="row"><input type="date" name="from" required .value=${this.adding.from}><input type="time" name="fromTime" required .value=${this.adding.fromTime}></span></label>
            <label>${t("trailers.to")} <span class="row"><input type="date" name="to" required .value=${this.adding.to}><input type="time" name="toTime" required .value=${this.adding.toTime}></span></label>
            <label>${t("trailers.only")} <input name="videos" placeholder="shows/*" .value=${this.video && this.adding.video ? this.video : ""}></label>
            ${this.refusal ? html`<p class="wrong" role="alert">${this.refusal.detail || this.refusal.title} ${this.refusal.slug === "schedule-refused" ? t("trailers.again") : ""}</p>` : nothing}
            <div class="row"><button type="button" @click=${() => this.querySelector("dialog").close()}>${t("common.cancel")} <kbd>Esc</kbd></button><button type="submit" class="primary">${t(this.refusal?.slug === "schedule-refused" ? "trailers.plan-anyway" : "common.save")}</button></div>
          </form></article>`}</dialog></section>`;
  }
}
customElements.define("week-strip", WeekStrip);
