import { href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement, styleMap, svg } from "../frame/element.js";
import { bounds, clock, moment, number, seconds, time, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { say } from "../frame/toast.js";
import { hasText, t } from "../frame/words.js";
import "../parts/figure-value.js";
import { isOpen } from "../parts/is-open.js";
import { kindOf, ruleOf } from "../parts/request-words.js";
import "../parts/session-strip.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import { indexAt, indexOfSecond, marksOf, renditionOf, secondOf } from "../parts/trace.js";
import { uncounted } from "../parts/uncounted.js";
import sheet from "./session.css";

/** Requests in the table at once: a session may have twenty thousand. */
const PerPage = 250;

/** A stretch without requests that is worth a word while it is replayed. */
const StillMs = 3000;

const TickMs = 200;

const RowHeight = 26;

const signs = { seek: "▾", switch: "⇅", captions: "cc", gap: "⌁" };

/** One session: each request on a timeline, and in words why it counted or did not. */
export default class SessionPage extends StudioElement {
  static title = "session.title";
  static words = ["session", "sessions", "basis", "player", "figures", "request"];
  static styles = sheet;
  static properties = { params: { attribute: false }, session: { state: true }, problem: { state: true }, at: { state: true }, replaying: { state: true }, elapsed: { state: true } };

  constructor() {
    super();
    this.session = this.problem = this.at = this.elapsed = null;
    this.replaying = false;
    this.marks = [];
  }

  connectedCallback() {
    super.connectedCallback();
    keys.on(this, {
      ArrowRight: { does: t("session.next"), run: () => this.#step(1) },
      ArrowLeft: { does: t("session.previous"), run: () => this.#step(-1) },
      p: { does: t("session.replay"), run: () => this.#replay() },
      g: { does: t("session.find"), run: () => this.querySelector("#second")?.focus() },
    });
    live.on(this, "request", ({ session_id: id }) => { if (id === this.session?.session_id) this.again ??= setTimeout(() => { this.again = null; this.#ask(); }, 300); });
    // A session ends by time passing alone.
    live.on(this, "heartbeat", () => { if (this.session !== null && isOpen(this.session) !== this.wasOpen) this.requestUpdate(); });
    this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.again);
    clearInterval(this.timer);
  }

  async #ask() {
    try {
      this.session = await api.get(`api/sessions/${encodeURIComponent(this.params[0])}`, {}, { signal: this.gone });
      this.marks = marksOf(this.session.trace ?? []);
      this.problem = null;
      this.playlist ??= (await uncounted(this.session.video, { signal: this.gone }).catch(() => ({ playlist_url: "" }))).playlist_url;
      this.requestUpdate();
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  #step(way) {
    const last = (this.session?.trace?.length ?? 0) - 1;
    if (last < 0) return;
    this.#go(this.at === null ? (way > 0 ? 0 : last) : Math.max(0, Math.min(last, this.at + way)));
  }

  #go(index) {
    this.at = index;
    const entry = this.session.trace[index];
    const player = this.querySelector("studio-player");
    if (player && entry.kind === "content") player.time = entry.start_seconds;
    this.updateComplete.then(() => this.#show());
  }

  /** Moves the table alone, never the page: the player and the timeline stay in sight. */
  #show() {
    const row = this.querySelector("tr[aria-current]");
    const box = row?.closest(".trace");
    if (!box) return;
    const [inside, around] = [row.getBoundingClientRect(), box.getBoundingClientRect()];
    const head = box.querySelector("thead").offsetHeight;
    if (inside.top < around.top + head) box.scrollTop -= around.top + head - inside.top;
    else if (inside.bottom > around.bottom) box.scrollTop += inside.bottom - around.bottom;
  }

  #find(text) {
    const second = secondOf(text);
    const index = second === null ? -1 : indexOfSecond(this.session.trace ?? [], second);
    if (index >= 0) this.#go(index);
    else say(t("session.found-none"));
  }

  get #times() {
    const all = (this.session.trace ?? []).map(entry => Date.parse(entry.at));
    return { first: all[0] ?? 0, length: Math.max(0, ...all) - (all[0] ?? 0) };
  }

  /** Goes from request to request as they came, by the clock: stretches without any are kept, for silence is watching too. */
  #replay() {
    clearInterval(this.timer);
    this.replaying = !this.replaying && (this.session.trace?.length ?? 0) > 0;
    if (!this.replaying) return void (this.elapsed = null);
    const { first, length } = this.#times;
    const isAtEnd = this.at === null || this.at >= this.session.trace.length - 1;
    const began = performance.now() - (isAtEnd ? 0 : Date.parse(this.session.trace[this.at].at) - first);
    if (isAtEnd) this.#go(0);
    const tick = () => {
      this.elapsed = Math.min(length, performance.now() - began);
      const index = indexAt(this.session.trace, this.elapsed);
      if (index > this.at) this.#go(index);
      if (this.elapsed >= length) this.#replay();
    };
    this.timer = setInterval(tick, TickMs);
    tick();
  }

  render() {
    if (this.problem || this.session === null) return html`<header class="page-head"><h1>${t("session.title")}</h1></header>${this.problem ? failed(this.problem, () => this.#ask()) : loading()}`;
    const { session } = this;
    const isGrowing = this.wasOpen = isOpen(session);
    const facts = [
      ["began", moment(session.started_at, zone())], ["last", session.last_at ? moment(session.last_at, zone()) : "–"], ["player", session.player], ["known", t(`basis.${session.basis}`)],
      ["quality", session.renditions.join(", ") || "–"], ["captions", session.captions.join(", ") || "–"], ["trailer", session.trailer_version ?? "–"],
    ];
    const figures = [
      ["watch_seconds", bounds(session.basis, session.watch_seconds_low, session.watch_seconds, seconds)], ["seconds_fetched", seconds(session.seconds_fetched)], ["segments_fetched", number(session.segments_fetched)],
      ["trailer_seconds", bounds(session.basis, session.trailer_seconds_low, session.trailer_seconds, seconds)],
    ];
    return html`
      <header class="page-head"><h1>${t("session.title")} <small class="soft"><code>${session.session_id}</code></small> ${isGrowing ? html`<span class="chip">${t("session.open")}</span>` : nothing}</h1>
        <a role="button" href=${href("sessions", { query: { video: session.video } })}>${icon("back")} ${t("session.back")}</a></header>
      <div class="session-top">
        <section class="card stack tight"><h2 class="name"><a href=${href(`videos/${encodeURIComponent(session.video)}`)}>${session.video}</a></h2>
          <div class="figures">${figures.map(([name, text]) => html`<span class="figure" data-figure=${name} data-value=${session[name]} data-low=${session[`${name}_low`] ?? nothing}><span class="figure-name">${t(`figures.${name}`)}</span><span class="figure-number">${text}</span></span>`)}</div>
          <session-strip tall .runs=${session.strip} .at=${this.#second()}></session-strip>
          <dl class="pairs">${facts.map(([name, text]) => html`<dt>${t(`session.${name}`)}</dt><dd>${text}</dd>`)}</dl></section>
        <section class="card"><studio-player .src=${this.playlist ?? ""} muted></studio-player></section>
      </div>
      ${this.#lanes()}
      ${this.#table()}
      ${session.low ? html`<section class="card stack tight"><h2>${t("session.low")}</h2><p>${session.low.why}</p></section>` : nothing}`;
  }

  #second() {
    const entry = this.at === null ? undefined : this.session.trace?.[this.at];
    return entry?.kind === "content" ? entry.start_seconds / this.session.strip_unit_seconds : null;
  }

  #lanes() {
    const { trace } = this.session;
    if (!trace?.length) return nothing;
    const names = [...new Set(trace.map(laneOf))];
    const lanes = new Map(names.map((name, i) => [name, i]));
    const { first, length } = this.#times;
    const x = at => 2 + 984 * Math.max(0, at - first) / Math.max(1000, length);
    const top = lane => lane * RowHeight + 5;
    // One path for each lane and look, however many requests there are.
    const paths = new Map();
    for (const entry of trace) {
      const key = `${lanes.get(laneOf(entry))} ${entry.counted ? "is-counted" : "is-ignored"}`;
      const width = entry.counted ? 10 : 7;
      paths.set(key, `${paths.get(key) ?? ""}M${x(Date.parse(entry.at)).toFixed(1)} ${top(lanes.get(laneOf(entry)))}h${width}v${RowHeight - 10}h${-width}z`);
    }
    const here = this.at === null ? null : trace[this.at];
    const now = this.elapsed === null ? here === null ? null : Date.parse(here.at) : first + this.elapsed;
    const next = this.replaying ? trace[this.at + 1] : undefined;
    const wait = next === undefined ? 0 : Date.parse(next.at) - first - this.elapsed;
    return html`
      <section class="card stack tight"><div class="row apart"><h2>${t("session.lanes")}</h2>
          <div class="row"><small class="soft">${t("session.hint")}</small>
            <label>${t("session.find")} <kbd>g</kbd> <input id="second" size="6" inputmode="decimal" placeholder="0:42" @change=${event => { this.#find(event.target.value); event.target.blur(); }}></label>
            <button type="button" aria-pressed=${this.replaying} @click=${() => this.#replay()}>${icon(this.replaying ? "pause" : "play")} ${t(this.replaying ? "session.stop" : "session.replay")} <kbd>p</kbd></button></div></div>
        ${this.replaying ? html`<p class="soft clock">${t("session.elapsed", { at: clock(this.elapsed / 1000), of: clock(length / 1000) })}${wait > StillMs ? html` · ${t("session.still", { time: seconds(Math.ceil(wait / 1000)) })}` : nothing}</p>` : nothing}
        <div class="lanes"><ul class="lane-names">${names.map(name => html`<li class="ellipsis" title=${wordOf(name)}>${wordOf(name)}</li>`)}</ul>
          <svg viewBox="0 0 1000 ${names.length * RowHeight}" preserveAspectRatio="none" style=${styleMap({ height: `${names.length * RowHeight}px` })} role="img" aria-label="${t("session.lanes")}: ${number(trace.length)} ${t("session.count")}" @click=${event => this.#pick(event, names, x)}>
            ${names.map((_, i) => svg`<line x1="0" x2="1000" y1=${i * RowHeight + RowHeight / 2} y2=${i * RowHeight + RowHeight / 2} class="rail"></line>`)}
            ${[...paths].map(([key, d]) => svg`<path d=${d} class=${key.slice(key.indexOf(" ") + 1)}></path>`)}
            ${here === null ? nothing : svg`<rect x=${x(Date.parse(here.at)) - 1} y=${top(lanes.get(laneOf(here))) - 2} width="12" height=${RowHeight - 6} rx="2" class="is-here"></rect>`}
            ${now === null ? nothing : svg`<line x1=${x(now)} x2=${x(now)} y1="0" y2=${names.length * RowHeight} class="now"></line>`}
          </svg></div></section>`;
  }

  /** The nearest request on the lane that was clicked. */
  #pick(event, names, x) {
    const box = event.currentTarget.getBoundingClientRect();
    const lane = names[Math.floor((event.clientY - box.top) / RowHeight)];
    const at = (event.clientX - box.left) / box.width * 1000;
    let [best, nearest] = [-1, Infinity];
    for (const [i, entry] of this.session.trace.entries()) {
      const away = Math.abs(x(Date.parse(entry.at)) + 4 - at);
      if (laneOf(entry) === lane && away < nearest) [best, nearest] = [i, away];
    }
    if (best >= 0) this.#go(best);
  }

  /** The page of the table that holds the request one stands at; without one the last, where an open session grows. */
  #table() {
    const { trace, trace_complete: isComplete } = this.session;
    if (!trace) return nothing;
    const page = Math.floor((this.at ?? (isOpen(this.session) ? trace.length - 1 : 0)) / PerPage);
    const from = Math.max(0, page * PerPage);
    const rows = trace.slice(from, from + PerPage);
    return html`
      <section class="card stack tight"><div class="row apart"><h2>${t("session.requests")}</h2>
        ${trace.length <= PerPage ? nothing : html`<div class="row"><button type="button" ?disabled=${page === 0} @click=${() => this.#go(from - PerPage)}>${t("session.page-earlier")}</button>
          <small class="soft">${t("session.page", { from: from + 1, to: from + rows.length, count: trace.length })}</small>
          <button type="button" ?disabled=${from + PerPage >= trace.length} @click=${() => this.#go(from + PerPage)}>${t("session.page-later")}</button></div>`}</div>
        ${isComplete === false ? html`<p class="soft">${t("session.incomplete")}</p>` : nothing}
        <div class="scroll trace" tabindex="0" role="region" aria-label=${t("session.requests")}><table><thead><tr><th>${t("session.at")}</th><th>${t("session.kind")}</th><th>${t("session.media")}</th><th>${t("session.why")}</th><th class="number">${t("session.added")}</th></tr></thead>
          <tbody>${rows.map((entry, i) => html`<tr aria-current=${from + i === this.at ? "true" : nothing} data-rule=${entry.rule} data-counted=${entry.counted ? "true" : "false"} @click=${() => this.#go(from + i)}>
            <td class="nowrap">${time(entry.at, zone())} <span class="signs">${(this.marks[from + i] ?? []).map(name => html`<span class="sign" role="img" data-mark=${name} title=${t(`session.mark-${name}`)} aria-label=${t(`session.mark-${name}`)}>${signs[name]}</span> `)}</span></td>
            <td><span class="name">${kindOf(entry.kind)} <code>${entry.path}</code></span></td>
            <td class="nowrap">${entry.duration_seconds > 0 ? `${clock(entry.start_seconds, 1)} – ${clock(entry.start_seconds + entry.duration_seconds, 1)}` : "–"}</td>
            <td title=${entry.why}><span class=${entry.counted ? "" : "soft"}>${entry.counted ? t("session.counted") : t("session.ignored")}: ${ruleOf(entry.rule, entry.why)}</span></td>
            <td class="number">${entry.added_watch_seconds > 0 ? `+${seconds(entry.added_watch_seconds)}` : "–"}</td></tr>`)}</tbody></table></div></section>`;
  }
}
customElements.define("session-page", SessionPage);

/** A lane for each Rendition, one for each kind beside them, and one for what did not count at all. */
const laneOf = entry => !entry.counted ? "ignored" : entry.kind === "content" ? `content ${renditionOf(entry.path)}` : entry.kind;

const wordOf = lane => lane.startsWith("content") ? lane.slice("content ".length) || kindOf("content") : hasText(`session.lane-${lane}`) ? t(`session.lane-${lane}`) : lane;
