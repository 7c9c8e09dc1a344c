import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { bounds, moment, percent, seconds, zone } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import { copyKeys } from "../parts/copy-keys.js";
import "../parts/figure-value.js";
import { filter, range } from "../parts/range-bar.js";
import { bucketsOf, lettersOf } from "../parts/session-strip.js";
import { empty, failed, loading } from "../parts/state-views.js";
import sheet from "./sessions.css";

const PerPage = 100;

/** Longer than this nothing was asked for: the session has probably ended. */
const OpenMs = 60_000;

/** The sessions behind figures, newest first, each as a strip; more are asked for as one goes on, never all. */
export default class SessionsPage extends StudioElement {
  static title = "sessions.title";
  static words = ["sessions", "basis", "range", "figures", "chart"];
  static styles = sheet;
  static properties = { sessions: { state: true }, report: { state: true }, cursor: { state: true }, problem: { state: true }, fresh: { state: true }, at: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.sessions = this.report = this.problem = this.cursor = null;
    this.fresh = new Set();
    this.at = 0;
    this.busy = false;
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.#ask(), { signal: this.gone });
    live.on(this, "request", request => this.#heard(request));
    keys.on(this, {
      j: { does: t("sessions.next"), run: () => this.#move(1) },
      k: { does: t("sessions.previous"), run: () => this.#move(-1) },
      Enter: { does: t("sessions.opens"), run: () => this.#open(), when: () => (this.sessions?.length ?? 0) > 0 },
      ...copyKeys(() => this.#question, () => api.url("api/export/sessions.csv", this.#question.query).href),
    });
    this.#ask();
  }

  get #question() {
    const { from, to, tz } = range();
    return { path: "api/sessions", query: { from, to, tz, video: address.get("video"), ...filter() } };
  }

  /** The report whose figures are the sums of the list. */
  get #figures() {
    const { query } = this.#question;
    const { video, ...rest } = query;
    return video ? { path: `api/videos/${encodeURIComponent(video)}/analytics`, query: rest } : { path: "api/analytics", query: rest };
  }

  async #ask() {
    const asked = this.asked = {};
    this.fresh = new Set();
    const { path, query } = this.#question;
    const figures = this.#figures;
    try {
      const [page, report] = await Promise.all([api.get(path, { ...query, limit: PerPage }, { signal: this.gone }), api.get(figures.path, figures.query, { signal: this.gone })]);
      if (asked !== this.asked) return;
      [this.sessions, this.cursor, this.report, this.problem, this.at] = [page.sessions, page.next_cursor, report, null, 0];
    } catch (problem) {
      if (problem.name !== "AbortError" && asked === this.asked) this.problem = problem;
    }
  }

  async #more() {
    if (this.cursor === null || this.busy) return;
    this.busy = true;
    const { asked } = this;
    try {
      const { path, query } = this.#question;
      const page = await api.get(path, { ...query, limit: PerPage, cursor: this.cursor }, { signal: this.gone });
      if (asked !== this.asked) return;
      this.sessions = [...this.sessions, ...page.sessions];
      this.cursor = page.next_cursor;
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    } finally {
      this.busy = false;
    }
  }

  /** A session on the list grows where it stands; a new one is told of, so that nothing jumps under the pointer. */
  #heard({ session_id: session, video }) {
    if (session === null || this.sessions === null || (address.get("video") !== null && address.get("video") !== video)) return;
    const index = this.sessions.findIndex(({ session_id: id }) => id === session);
    if (index < 0) {
      if (this.fresh.has(session) || Object.keys(filter()).length > 0) return;
      this.fresh = new Set([...this.fresh, session]);
      if (scrollY < 80 && this.at === 0) this.#soon();
      return;
    }
    this.growing ??= new Set();
    this.growing.add(session);
    this.again ??= setTimeout(() => this.#grow(), 500);
  }

  #soon() {
    this.newly ??= setTimeout(() => { this.newly = null; if (this.isConnected && scrollY < 80 && this.at === 0) this.#ask(); }, 400);
  }

  async #grow() {
    this.again = null;
    const ids = [...this.growing];
    this.growing.clear();
    for (const id of ids.slice(0, 20)) {
      try {
        const session = await api.get(`api/sessions/${id}`, {}, { signal: this.gone });
        this.sessions = this.sessions.map(known => known.session_id === id ? session : known);
      } catch {
        // The next request of the session asks again.
      }
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.again);
    clearTimeout(this.newly);
  }

  #move(step) {
    if (!this.sessions?.length) return;
    this.at = Math.max(0, Math.min(this.sessions.length - 1, this.at + step));
    this.updateComplete.then(() => this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
    if (this.at > this.sessions.length - 10) this.#more();
  }

  #open(index = this.at) {
    address.go(`sessions/${this.sessions[index].session_id}`);
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
    const video = address.get("video");
    return html`
      <header class="page-head"><h1>${t("sessions.title")} ${video ? html`<small class="soft name">${t("sessions.of", { video })} <button type="button" class="plain" aria-label=${t("range.drop", { name: t("sessions.video") })} @click=${() => address.set({ video: null })}>×</button></small>` : nothing}</h1>
        <form class="row find" @submit=${event => { event.preventDefault(); const id = event.target.elements.id.value.trim(); if (id) address.go(`sessions/${encodeURIComponent(id)}`); }}>
          <label class="visually-hidden" for="session-id">${t("sessions.find")}</label><input id="session-id" name="id" placeholder=${t("sessions.find")} size="24"></form></header>
      <range-bar></range-bar>
      ${this.#filters()}
      ${this.problem ? failed(this.problem, () => this.#ask()) : this.sessions === null ? loading() : this.#list()}`;
  }

  #filters() {
    const shares = name => this.report?.[name].map(share => share.name) ?? [];
    const choice = (name, label, values) => html`<label>${label} <select @change=${event => address.set({ [name]: event.target.value || null })}>
      <option value="">${t("sessions.any")}</option>${[...new Set([...values, ...address.get(name) ? [address.get(name)] : []])].map(value => html`<option ?selected=${address.get(name) === value} value=${value}>${label === t("sessions.known") ? t(`basis.${value}`) : value === "true" ? t("sessions.yes") : value === "false" ? t("sessions.no") : value}</option>`)}</select></label>`;
    return html`<div class="row filters">${choice("player", t("sessions.player"), shares("players"))} ${address.get("video") ? choice("rendition", t("sessions.quality"), shares("renditions")) : nothing}
      ${choice("basis", t("sessions.known"), ["measured", "buffered", "fetched"])} ${choice("completed", t("sessions.completed"), ["true", "false"])}</div>`;
  }

  #list() {
    if (this.sessions.length === 0) return empty({ title: t("sessions.none"), text: t("sessions.none-text") });
    const figures = this.#figures;
    return html`
      <div class="figures">${["sessions", "views", "watch_seconds", "completed"].map(name => html`<figure-value .name=${name} .report=${this.report} .question=${figures}></figure-value>`)}</div>
      <p class="legend soft">${t("sessions.legend")} <span class="mark proven"></span> ${t("sessions.proven")} <span class="mark fetched"></span> ${t("sessions.fetched")} <span class="mark again"></span> ${t("sessions.again")}</p>
      ${this.fresh.size > 0 ? html`<button type="button" @click=${() => { scrollTo(0, 0); this.#ask(); }}>${t("sessions.new", { count: this.fresh.size })}</button>` : nothing}
      <div class="strips" role="listbox" tabindex="0" aria-label=${t("sessions.list")} aria-activedescendant="s-${this.sessions[this.at]?.session_id}" @keydown=${this.#listKey}>
        ${repeat(this.sessions, session => session.session_id, (session, i) => this.#row(session, i))}</div>
      ${this.cursor === null ? nothing : html`<div><button type="button" ?disabled=${this.busy} @click=${() => this.#more()}>${t("sessions.more")}</button></div>`}
      ${address.get("video") === null ? nothing : this.#grid()}`;
  }

  #row(session, index) {
    const watched = bounds(session.basis, session.watch_seconds_low, session.watch_seconds, seconds);
    const share = session.content_seconds ? percent(Math.min(1, (session.basis === "fetched" ? session.watch_seconds : session.watch_seconds_low) / session.content_seconds)) : "–";
    const isOpen = Date.now() - Date.parse(session.last_at ?? session.started_at) < OpenMs;
    const when = moment(session.started_at, zone());
    return html`
      <div role="option" class="strip-row" id="s-${session.session_id}" aria-selected=${index === this.at ? "true" : "false"} data-session=${session.session_id}
        @click=${() => this.#open(index)}>
        <span class="visually-hidden">${t("sessions.label", { when, video: session.video, player: session.player, share, watched, basis: t(`basis.${session.basis}`) })}</span>
        <span class="when" aria-hidden="true">${when}${isOpen ? html` <span class="chip">${t("sessions.open")}</span>` : nothing}</span>
        ${address.get("video") === null ? html`<span class="of ellipsis" aria-hidden="true" title=${session.video}>${session.video}</span>` : nothing}
        <session-strip .runs=${session.strip}></session-strip>
        <span class="number" aria-hidden="true">${share}</span>
        <span class="soft ellipsis" aria-hidden="true">${session.player}</span>
        <span class="soft ellipsis" aria-hidden="true">${session.renditions.join(" ")}${session.captions.length > 0 ? ` cc ${session.captions.join(" ")}` : ""}</span>
      </div>`;
  }

  /** Who saw which tenth of the video: "did they finish?" at a glance. */
  #grid() {
    return html`
      <section class="card stack tight"><h2>${t("sessions.grid")}</h2><p class="soft">${t("sessions.grid-text")}</p>
        <div class="scroll"><table class="tenths"><thead><tr><th>${t("sessions.began")}</th>${Array.from({ length: 10 }, (_, i) => html`<th class="number">${i * 10}–${i * 10 + 10} %</th>`)}</tr></thead>
          <tbody>${this.sessions.slice(0, 30).map(session => html`<tr><th scope="row"><a href=${href(`sessions/${session.session_id}`)}>${moment(session.started_at, zone())}</a></th>
            ${[...tenths(session.strip)].map(letter => html`<td class="tenth ${letter === "_" ? "none" : letter === "f" ? "fetched" : letter === "w" ? "proven" : "again"}"><span class="visually-hidden">${letter === "_" ? "–" : t(`sessions.${letter === "f" ? "fetched" : letter === "w" ? "proven" : "again"}`)}</span></td>`)}</tr>`)}</tbody></table></div></section>`;
  }
}
customElements.define("sessions-page", SessionsPage);

const tenths = runs => {
  const letters = lettersOf(runs);
  return letters.length < 10 ? letters.padEnd(10, "_") : bucketsOf(letters, 10);
};
