import { address } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { bounds, moment, percent, seconds, zone } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { copyKeys } from "../parts/copy-keys.js";
import "../parts/figure-value.js";
import { isOpen } from "../parts/is-open.js";
import { keepButtons, keepKeys } from "../parts/keeping.js";
import { filter, range } from "../parts/range-bar.js";
import "../parts/session-grid.js";
import "../parts/session-strip.js";
import { empty, failed, loading } from "../parts/state-views.js";
import { listMarks } from "../parts/trace.js";
import { momentOf } from "../parts/wall-clock.js";
import sheet from "./sessions.css";

const PerPage = 100;

/** Rows beyond the window's edges that are drawn as well, so that scrolling meets no gap. */
const Spare = 12;

/** So few rows are all drawn: a page that is printed has them too. */
const Few = 60;

/** Fewer rows than these left below the window: the next page is asked for. */
const Low = 40;

/** The figures cost more than the rows, and are asked for again no more often. */
const FiguresMs = 5000;

const signs = { seek: "▾", switch: "⇅", captions: "cc" };

/**
 * The sessions behind figures, newest first, each as a strip. They come in pages as one goes on, never all; only the rows in the window
 * are on the page.
 */
export default class SessionsPage extends StudioElement {
  static title = "sessions.title";
  static words = ["sessions", "basis", "range", "figures", "chart"];
  static styles = sheet;
  static properties = {
    params: { attribute: false }, sessions: { state: true }, report: { state: true }, cursor: { state: true }, problem: { state: true }, fresh: { state: true }, at: { state: true }, busy: { state: true },
    shown: { state: true }, trailers: { state: true },
  };

  constructor() {
    super();
    this.sessions = this.report = this.problem = this.cursor = null;
    this.fresh = new Set();
    this.at = 0;
    this.busy = false;
    this.shown = { from: 0, to: Few };
    this.trailers = [];
    this.rowHeight = 40;
    this.growing = new Set();
  }

  connectedCallback() {
    super.connectedCallback();
    const { path } = address;
    address.addEventListener("change", () => { if (address.path === path) this.#ask(); }, { signal: this.gone });
    live.on(this, "request", request => this.#heard(request));
    // Sessions end by time passing alone.
    live.on(this, "heartbeat", () => { if (this.sessions?.some((session, i) => i < this.shown.to && isOpen(session) !== this.open?.has(session.session_id))) this.requestUpdate(); });
    for (const name of ["scroll", "resize"]) addEventListener(name, () => this.#window(), { passive: true, signal: this.gone });
    keys.on(this, {
      j: { does: t("sessions.next"), run: () => this.#move(1) },
      k: { does: t("sessions.previous"), run: () => this.#move(-1) },
      Enter: { does: t("sessions.opens"), run: () => this.#open(), when: () => (this.sessions?.length ?? 0) > 0 },
      g: { does: t("sessions.go"), run: () => this.querySelector("#moment")?.focus() },
      v: { does: t("sessions.grid"), run: () => this.#turn() },
      ...keepKeys(),
      ...copyKeys(() => this.#question, () => api.url("api/export/sessions.csv", this.#question.query).href),
    });
    this.#ask();
    api.get("api/trailers", {}, { signal: this.gone }).then(({ trailers }) => { this.trailers = trailers.map(({ name }) => name); }, () => {});
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.soon);
  }

  get #video() {
    return this.params?.[0] ?? address.get("video");
  }

  get #isGrid() {
    return address.get("view") === "tenths" && this.#video !== null;
  }

  get #question() {
    const { from, to, tz } = range();
    return { path: "api/sessions", query: { from, to, tz, video: this.#video, ...filter() } };
  }

  /** The report whose figures are the sums of the list. */
  get #figures() {
    const { query } = this.#question;
    const { video, ...rest } = query;
    return video ? { path: `api/videos/${encodeURIComponent(video)}/analytics`, query: rest } : { path: "api/analytics", query: rest };
  }

  #page(cursor) {
    const { path, query } = this.#question;
    return api.get(path, { ...query, limit: PerPage, cursor }, { signal: this.gone });
  }

  async #ask() {
    // Strips or tenths: the same sessions.
    const asked = JSON.stringify(this.#question);
    if (asked === this.asked && this.problem === null) return this.requestUpdate();
    this.asked = asked;
    this.fresh = new Set();
    this.growing.clear();
    const figures = this.#figures;
    try {
      const [page, report] = await Promise.all([this.#page(), api.get(figures.path, figures.query, { signal: this.gone })]);
      if (asked !== this.asked) return;
      [this.sessions, this.cursor, this.report, this.problem, this.at, this.reportAt] = [page.sessions, page.next_cursor, report, null, 0, performance.now()];
    } catch (problem) {
      if (problem.name !== "AbortError" && asked === this.asked) this.problem = problem;
    }
  }

  #again() {
    this.asked = null;
    return this.#ask();
  }

  /** What is on the page stays when the next page cannot be had: the button asks for it again. */
  async #more() {
    if (this.cursor === null || this.busy) return;
    this.busy = true;
    this.isStuck = false;
    const { asked } = this;
    try {
      const page = await this.#page(this.cursor);
      if (asked !== this.asked) return;
      const known = new Set(this.sessions.map(({ session_id: id }) => id));
      this.sessions = [...this.sessions, ...page.sessions.filter(({ session_id: id }) => !known.has(id))];
      this.cursor = page.next_cursor;
    } catch (problem) {
      this.isStuck = true;
      if (problem.name !== "AbortError") tell(problem);
    } finally {
      this.busy = false;
    }
  }

  /** Whether a request's session is on this list is for the API to say: it knows the range and the filters. */
  #heard({ session_id: session, video }) {
    if (session === null || this.sessions === null || (this.#video !== null && this.#video !== video)) return;
    this.growing.add(session);
    this.soon ??= setTimeout(() => this.#refresh(), 250);
  }

  /** A session on the list grows where it stands; new ones are told of, so that nothing jumps under the pointer, and come by themselves where one has not moved. */
  async #refresh() {
    const { asked } = this;
    const growing = new Set(this.growing);
    this.growing.clear();
    try {
      const page = await this.#page();
      const now = new Map(page.sessions.map(session => [session.session_id, session]));
      const known = new Set(this.sessions.map(({ session_id: id }) => id));
      const older = [...growing].filter(id => known.has(id) && !now.has(id)).slice(0, 20);
      for (const session of await Promise.all(older.map(id => api.get(`api/sessions/${id}`, {}, { signal: this.gone }).catch(() => null)))) {
        if (session !== null) now.set(session.session_id, session);
      }
      if (asked !== this.asked) return;
      const added = page.sessions.filter(({ session_id: id }) => !known.has(id));
      this.sessions = this.sessions.map(session => now.get(session.session_id) ?? session);
      if (added.length > 0 && this.#isAtTop) {
        // A whole page of new ones: there may be more between them and those on the list.
        [this.sessions, this.cursor] = added.length === page.sessions.length ? [page.sessions, page.next_cursor] : [[...added, ...this.sessions], this.cursor];
        this.fresh = new Set();
      } else if (added.length > 0) {
        this.fresh = new Set([...this.fresh, ...added.map(({ session_id: id }) => id)]);
      }
      if (performance.now() - this.reportAt > FiguresMs || this.fresh.size === 0 && added.length > 0) {
        this.reportAt = performance.now();
        const figures = this.#figures;
        const report = await api.get(figures.path, figures.query, { signal: this.gone });
        if (asked === this.asked) this.report = report;
      }
    } catch {
      // The next request asks again; the list says what it said.
    } finally {
      this.soon = this.growing.size > 0 && this.isConnected ? setTimeout(() => this.#refresh(), 250) : null;
    }
  }

  get #isAtTop() {
    return scrollY < 80 && this.at === 0;
  }

  #window() {
    const list = this.querySelector(".strips");
    if (list === null) return;
    const row = list.querySelector(".strip-row");
    if (row !== null) this.rowHeight = row.getBoundingClientRect().height || this.rowHeight;
    const top = list.getBoundingClientRect().top;
    const count = this.sessions?.length ?? 0;
    // At least one row is always drawn: its height is that of all.
    const to = count <= Few ? count : Math.max(1, Math.min(count, Math.ceil((innerHeight - top) / this.rowHeight) + Spare));
    const from = count <= Few ? 0 : Math.max(0, Math.min(to - 1, Math.floor(-top / this.rowHeight) - Spare));
    if (from !== this.shown.from || to !== this.shown.to) this.shown = { from, to };
    if (count - to < Low && this.cursor !== null && !this.isStuck) this.#more();
  }

  updated() {
    this.#window();
  }

  #move(step) {
    if (!this.sessions?.length) return;
    this.at = Math.max(0, Math.min(this.sessions.length - 1, this.at + step));
    const list = this.querySelector(".strips");
    if (list === null) return;
    const top = list.getBoundingClientRect().top + this.at * this.rowHeight;
    const [above, below] = [document.querySelector(".top")?.offsetHeight ?? 0, innerHeight - (document.querySelector(".bottom")?.offsetHeight ?? 0)];
    if (top < above) scrollBy(0, top - above - this.rowHeight);
    else if (top + this.rowHeight > below) scrollBy(0, top + 2 * this.rowHeight - below);
    this.#window();
  }

  #open(index = this.at) {
    address.go(`sessions/${this.sessions[index].session_id}`);
  }

  #turn() {
    if (this.#video !== null) address.set({ view: this.#isGrid ? null : "tenths" });
  }

  /** The sessions that had begun by a moment, the last of them on top. */
  #goTo(wall) {
    if (!wall) return;
    const { from, tz } = range();
    const at = new Date(Date.parse(momentOf(wall, tz)) + 60_000).toISOString();
    const isBefore = Date.parse(from.includes("T") ? from : momentOf(`${from}T00:00`, tz)) >= Date.parse(at);
    address.set({ from: isBefore ? new Date(Date.parse(at) - 28 * 86400e3).toISOString() : from, to: at, range: null });
  }

  #listKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.#move(step);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#open();
    }
  }

  render() {
    const video = this.#video;
    return html`
      <header class="page-head"><h1>${t("sessions.title")} ${video ? html`<small class="soft name">${t("sessions.of", { video })} <button type="button" class="plain" aria-label=${t("range.drop", { name: t("sessions.video") })} @click=${() => { const { video: _, view: __, ...query } = address.all(); address.go("sessions", { query }); }}>×</button></small>` : nothing}</h1>
        <div class="row">
          <label>${t("sessions.go")} <kbd>g</kbd> <input id="moment" type="datetime-local" @change=${event => this.#goTo(event.target.value)}></label>
          <form class="find" @submit=${event => { event.preventDefault(); const id = event.target.elements.id.value.trim(); if (id) address.go(`sessions/${encodeURIComponent(id)}`); }}>
            <label class="visually-hidden" for="session-id">${t("sessions.find")}</label><input id="session-id" name="id" placeholder=${t("sessions.find")} size="18"></form>${keepButtons()}</div></header>
      <range-bar></range-bar>
      ${this.#filters()}
      ${this.problem ? failed(this.problem, () => this.#again()) : this.sessions === null ? loading() : this.#list()}`;
  }

  #filters() {
    const shares = name => this.report?.[name]?.map(share => share.name) ?? [];
    const same = value => value;
    const choice = (name, label, values, show = same) => html`<label>${label} <select name=${name} @change=${event => address.set({ [name]: event.target.value || null })}>
      <option value="">${t("sessions.any")}</option>${[...new Set([...values, ...address.get(name) ? [address.get(name)] : []])].map(value => html`<option ?selected=${address.get(name) === value} value=${value}>${show(value)}</option>`)}</select></label>`;
    const share = (name, label) => html`<label>${label} <select name=${name} @change=${event => address.set({ [name]: event.target.value || null })}>
      <option value="">${t("sessions.any")}</option>${[...new Set(["0.1", "0.25", "0.5", "0.75", "0.9", ...address.get(name) ? [address.get(name)] : []])].map(value => html`<option ?selected=${address.get(name) === value} value=${value}>${percent(Number(value))}</option>`)}</select></label>`;
    return html`<div class="row filters">${choice("player", t("sessions.player"), shares("players"))}
      ${this.#video ? choice("rendition", t("sessions.quality"), shares("renditions")) : nothing} ${this.#video ? choice("captions", t("sessions.captions"), shares("captions")) : nothing}
      ${choice("basis", t("sessions.known"), ["measured", "buffered", "fetched"], value => ["measured", "buffered", "fetched"].includes(value) ? t(`basis.${value}`) : value)}
      ${choice("completed", t("sessions.completed"), ["true", "false"], value => value === "true" ? t("sessions.yes") : value === "false" ? t("sessions.no") : value)}
      ${choice("trailer", t("sessions.trailer"), ["none", ...this.trailers], value => value === "none" ? t("sessions.without") : value)}
      ${share("watched_to", t("sessions.less-than"))}</div>`;
  }

  #list() {
    const figures = this.#figures;
    const isNew = this.fresh.size > 0 ? html`<p class="fresh" role="status"><button type="button" @click=${() => { scrollTo(0, 0); this.#again(); }}>${t("sessions.new", { count: this.fresh.size })}</button></p>` : nothing;
    if (this.sessions.length === 0) return html`${isNew}${empty({ title: t("sessions.none"), text: t("sessions.none-text") })}`;
    return html`
      <div class="figures">${["sessions", "views", "watch_seconds", "completed"].map(name => html`<figure-value .name=${name} .report=${this.report} .question=${figures}></figure-value>`)}</div>
      <div class="row apart"><p class="legend soft">${this.#isGrid ? t("sessions.grid-text") : t("sessions.legend")} ${["proven", "fetched", "again"].map(name => html`<span><span class="mark ${name}"></span> ${t(`sessions.${name}`)}</span> `)}
          ${this.#isGrid ? nothing : Object.entries(signs).map(([name, sign]) => html`<span><span class="sign" aria-hidden="true">${sign}</span> ${t(`sessions.mark-${name}`)}</span> `)}</p>
        ${this.#video === null ? nothing : html`<button type="button" aria-pressed=${this.#isGrid} @click=${() => this.#turn()}>${t("sessions.grid")} <kbd>v</kbd></button>`}</div>
      ${isNew}
      ${this.#isGrid ? html`<section class="card"><session-grid .sessions=${this.sessions}></session-grid></section>` : this.#strips()}
      ${this.cursor === null ? nothing : html`<div><button type="button" ?disabled=${this.busy} @click=${() => this.#more()}>${t("sessions.more")}</button></div>`}`;
  }

  /** Rows above and below the window are padding of the same height, so the scroll bar tells the truth of what has come. */
  #strips() {
    const { from } = this.shown;
    const to = Math.min(this.shown.to, this.sessions.length);
    this.open = new Set(this.sessions.slice(from, to).filter(isOpen).map(({ session_id: id }) => id));
    const isDrawn = from <= this.at && this.at < to;
    return html`
      <div class="strips" role="listbox" tabindex="0" aria-label=${t("sessions.list")} aria-activedescendant=${isDrawn ? `s-${this.sessions[this.at].session_id}` : nothing} @keydown=${this.#listKey}
        .style=${`padding-block: ${from * this.rowHeight}px ${(this.sessions.length - to) * this.rowHeight}px`}>
        ${repeat(this.sessions.slice(from, to), session => session.session_id, (session, i) => this.#row(session, from + i))}</div>`;
  }

  #row(session, index) {
    const watched = bounds(session.basis, session.watch_seconds_low, session.watch_seconds, seconds);
    const share = session.content_seconds ? percent(Math.min(1, (session.basis === "fetched" ? session.watch_seconds : session.watch_seconds_low) / session.content_seconds)) : "–";
    const when = moment(session.started_at, zone());
    const marks = listMarks(session);
    const said = [t("sessions.label", { when, video: session.video, player: session.player, share, watched, basis: t(`basis.${session.basis}`) }), ...marks.map(name => t(`sessions.mark-${name}`)), ...isOpen(session) ? [t("sessions.open")] : []].join(", ");
    return html`
      <div role="option" class="strip-row ${this.#video === null ? "has-video" : ""}" id="s-${session.session_id}" aria-selected=${index === this.at ? "true" : "false"} aria-setsize=${this.cursor === null ? this.sessions.length : -1} aria-posinset=${index + 1} data-session=${session.session_id}
        @click=${() => this.#open(index)}>
        <span class="visually-hidden">${said}</span>
        <span class="when ellipsis" aria-hidden="true">${when}${isOpen(session) ? html` <span class="chip">${t("sessions.open")}</span>` : nothing}</span>
        ${this.#video === null ? html`<span class="of ellipsis" aria-hidden="true" title=${session.video}>${session.video}</span>` : nothing}
        <session-strip .runs=${session.strip}></session-strip>
        <span class="number" aria-hidden="true">${share}</span>
        <span class="signs ellipsis" aria-hidden="true">${marks.map(name => html`<span class="sign" title=${t(`sessions.mark-${name}`)}>${signs[name]}</span> `)}</span>
        <span class="soft ellipsis" aria-hidden="true">${session.player}</span>
        <span class="soft ellipsis" aria-hidden="true">${session.renditions.join(" ")}${session.captions.length > 0 ? ` ${session.captions.join(" ")}` : ""}</span>
      </div>`;
  }
}
customElements.define("sessions-page", SessionsPage);
