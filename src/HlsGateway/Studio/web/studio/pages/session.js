import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement, styleMap, svg } from "../frame/element.js";
import { bounds, clock, moment, number, seconds, time, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import "../parts/figure-value.js";
import "../parts/session-strip.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import { uncounted } from "../parts/uncounted.js";
import sheet from "./session.css";

const OpenMs = 60_000;

/** One session: each request on a timeline, and in words why it counted or did not. */
export default class SessionPage extends StudioElement {
  static title = "session.title";
  static words = ["session", "sessions", "basis", "player", "figures"];
  static styles = sheet;
  static properties = { params: { attribute: false }, session: { state: true }, problem: { state: true }, at: { state: true }, replaying: { state: true } };

  constructor() {
    super();
    this.session = this.problem = this.at = null;
    this.replaying = false;
  }

  connectedCallback() {
    super.connectedCallback();
    keys.on(this, {
      ArrowRight: { does: t("session.next"), run: () => this.#step(1) },
      ArrowLeft: { does: t("session.previous"), run: () => this.#step(-1) },
      p: { does: t("session.replay"), run: () => this.#replay() },
    });
    live.on(this, "request", ({ session_id: id }) => { if (id === this.session?.session_id) this.again ??= setTimeout(() => { this.again = null; this.#ask(); }, 500); });
    this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.again);
    clearTimeout(this.timer);
  }

  async #ask() {
    try {
      this.session = await api.get(`api/sessions/${encodeURIComponent(this.params[0])}`, {}, { signal: this.gone });
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
    this.updateComplete.then(() => this.querySelector("tr[aria-current]")?.scrollIntoView({ block: "nearest" }));
  }

  /** Goes from request to request as they came: stretches without any are kept, for silence is watching too. */
  #replay() {
    clearTimeout(this.timer);
    this.replaying = !this.replaying;
    if (!this.replaying) return;
    const { trace } = this.session;
    const next = () => {
      if (!this.replaying || !this.isConnected) return;
      if (this.at === null || this.at >= trace.length - 1) {
        if (this.at !== null) return void (this.replaying = false);
        this.#go(0);
      }
      const wait = Date.parse(trace[this.at + 1]?.at ?? trace[this.at].at) - Date.parse(trace[this.at].at);
      this.timer = setTimeout(() => { this.#go(Math.min(this.at + 1, trace.length - 1)); next(); }, Math.max(0, wait));
    };
    if (this.at === trace.length - 1) this.at = null;
    next();
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    if (this.session === null) return loading();
    const { session } = this;
    const isOpen = Date.now() - Date.parse(session.last_at ?? session.started_at) < OpenMs;
    const facts = [
      ["began", moment(session.started_at, zone())], ["last", session.last_at ? moment(session.last_at, zone()) : "–"], ["player", session.player], ["known", t(`basis.${session.basis}`)],
      ["quality", session.renditions.join(", ") || "–"], ["captions", session.captions.join(", ") || "–"], ["trailer", session.trailer_version ?? "–"],
    ];
    const figures = [
      ["watch_seconds", bounds(session.basis, session.watch_seconds_low, session.watch_seconds, seconds)], ["seconds_fetched", seconds(session.seconds_fetched)], ["segments_fetched", number(session.segments_fetched)],
      ["trailer_seconds", bounds(session.basis, session.trailer_seconds_low, session.trailer_seconds, seconds)],
    ];
    return html`
      <header class="page-head"><h1>${t("session.title")} <small class="soft"><code>${session.session_id}</code></small> ${isOpen ? html`<span class="chip">${t("session.open")}</span>` : nothing}</h1>
        <a role="button" href=${href("sessions", { query: { video: session.video } })}>${icon("back")} ${t("session.back")}</a></header>
      <div class="session-top">
        <section class="card stack tight"><h2 class="name"><a href=${href(`videos/${encodeURIComponent(session.video)}`)}>${session.video}</a></h2>
          <div class="figures">${figures.map(([name, text]) => html`<span class="figure" data-figure=${name}><span class="figure-name">${t(`figures.${name}`)}</span><span class="figure-number">${text}</span></span>`)}</div>
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
    const [first, last] = [Date.parse(trace[0].at), Date.parse(trace.at(-1).at)];
    const span = Math.max(1000, last - first);
    const x = at => 2 + 976 * (Date.parse(at) - first) / span;
    const row = 26;
    return html`
      <section class="card stack tight"><div class="row apart"><h2>${t("session.lanes")}</h2>
          <div class="row"><small class="soft">${t("session.hint")}</small><button type="button" aria-pressed=${this.replaying} @click=${() => this.#replay()}>${icon(this.replaying ? "pause" : "play")} ${t(this.replaying ? "session.stop" : "session.replay")} <kbd>p</kbd></button></div></div>
        <div class="lanes"><ul class="lane-names">${names.map(name => html`<li class="ellipsis" title=${name}>${name}</li>`)}</ul>
          <svg viewBox="0 0 1000 ${names.length * row}" preserveAspectRatio="none" style=${styleMap({ height: `${names.length * row}px` })} role="img" aria-label="${t("session.lanes")}: ${trace.length} ${t("session.count")}">
            ${names.map((_, i) => svg`<line x1="0" x2="1000" y1=${i * row + row / 2} y2=${i * row + row / 2} class="rail"></line>`)}
            ${trace.map((entry, i) => svg`<rect x=${x(entry.at)} y=${names.indexOf(laneOf(entry)) * row + 5} width=${entry.counted ? 10 : 7} height=${row - 10} rx="2" class="${entry.counted ? "is-counted" : "is-ignored"} ${i === this.at ? "is-here" : ""}" @click=${() => this.#go(i)}></rect>`)}
          </svg></div></section>`;
  }

  #table() {
    const { trace, trace_complete: isComplete } = this.session;
    if (!trace) return nothing;
    return html`
      <section class="card stack tight"><h2>${t("session.requests")}</h2>${isComplete === false ? html`<p class="soft">${t("session.incomplete")}</p>` : nothing}
        <div class="scroll trace" tabindex="0"><table><thead><tr><th>${t("session.at")}</th><th>${t("session.kind")}</th><th>${t("session.media")}</th><th>${t("session.why")}</th><th class="number">${t("session.added")}</th></tr></thead>
          <tbody>${trace.map((entry, i) => html`<tr aria-current=${i === this.at ? "true" : nothing} data-rule=${entry.rule} data-counted=${entry.counted ? "true" : "false"} @click=${() => this.#go(i)}>
            <td class="nowrap">${time(entry.at, zone())}</td><td><span class="name">${entry.kind} <code>${entry.path}</code></span></td>
            <td class="nowrap">${entry.duration_seconds > 0 ? `${clock(entry.start_seconds, 1)} – ${clock(entry.start_seconds + entry.duration_seconds, 1)}` : "–"}</td>
            <td><span class=${entry.counted ? "" : "soft"}>${entry.counted ? t("session.counted") : t("session.ignored")}: ${entry.why}</span></td>
            <td class="number">${entry.added_watch_seconds > 0 ? `+${seconds(entry.added_watch_seconds)}` : "–"}</td></tr>`)}</tbody></table></div></section>`;
  }
}
customElements.define("session-page", SessionPage);

/** A lane for each Rendition, and one for each kind beside them. */
const laneOf = entry => entry.kind === "content" ? entry.path.split("/").slice(0, -1).filter(part => !part.startsWith("~r") && !/^[0-9a-f]{30,}/.test(part)).pop() ?? "content" : entry.kind;
