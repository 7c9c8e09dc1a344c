import { address, href } from "../frame/address.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { clock, number, seconds, time, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import { kindOf, ruleOf } from "../parts/request-words.js";
import { empty } from "../parts/state-views.js";
import sheet from "./live.css";

const Most = 200;

/** Requests as they are counted. */
export default class LivePage extends StudioElement {
  static title = "live.title";
  static words = ["live", "request"];
  static styles = sheet;
  static properties = { entries: { state: true }, waiting: { state: true }, paused: { state: true }, notice: { state: true }, beat: { state: true } };

  constructor() {
    super();
    this.entries = [];
    this.waiting = [];
    this.paused = false;
    this.notice = null;
    this.beat = live.last;
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.requestUpdate(), { signal: this.gone });
    live.on(this, "request", (request, id) => {
      const entry = { ...request, id };
      if (this.paused) this.waiting = [entry, ...this.waiting].slice(0, Most);
      else this.entries = [entry, ...this.entries].slice(0, Most);
    });
    for (const name of ["gap", "slow"]) live.on(this, name, notice => { this.notice = { ...notice, name }; });
    live.on(this, "heartbeat", beat => { this.beat = beat; });
    keys.on(this, { p: { does: t("live.pause"), run: () => this.#pause() } });
  }

  #pause() {
    this.paused = !this.paused;
    if (this.paused) return;
    this.entries = [...this.waiting, ...this.entries].slice(0, Most);
    this.waiting = [];
  }

  render() {
    const video = address.get("video");
    const shown = this.entries.filter(entry => video === null || entry.video === video);
    return html`
      <header class="page-head"><h1>${t("live.title")}</h1><div class="row">
        ${this.#choice(video)}
        ${video === null ? nothing : html`<span class="chip name">${video} <button type="button" class="plain" aria-label=${t("live.all")} @click=${() => address.set({ video: null })}>×</button></span>`}
        <button type="button" aria-pressed=${this.paused} @click=${() => this.#pause()}>${icon(this.paused ? "play" : "pause")} ${t(this.paused ? "live.follow" : "live.pause")} <kbd>p</kbd></button></div></header>
      ${this.#numbers()}
      ${this.notice ? html`<p class="warn" role="status" data-notice=${this.notice.name}>${t(this.notice.name === "slow" ? "live.cut" : "live.gap", { reason: this.notice.reason, what: this.notice.what_to_do })} <button type="button" class="plain" @click=${() => { this.notice = null; }}>${t("live.dismiss")}</button></p>` : nothing}
      ${this.paused && this.waiting.length > 0 ? html`<p role="status" class="soft">${t("live.paused", { count: this.waiting.length })}</p>` : nothing}
      ${shown.length === 0 ? empty({ title: t("live.none"), text: t("live.none-text") }) : html`
        <div class="scroll card tail" tabindex="0" role="region" aria-label=${t("live.title")}><table><thead><tr><th>${t("live.when")}</th><th>${t("live.video")}</th><th>${t("live.what")}</th><th>${t("live.where")}</th><th>${t("live.rule")}</th><th>${t("live.player")}</th><th>${t("live.session")}</th></tr></thead>
          <tbody>${repeat(shown, entry => entry.id, entry => html`<tr data-rule=${entry.rule} data-session=${entry.session_id ?? nothing} class=${entry.rule === "counted" ? "" : "soft"}>
            <td class="nowrap">${time(entry.at, zone())}</td><td class="name"><button type="button" class="plain" @click=${() => address.set({ video: entry.video })}>${entry.video}</button></td><td class="name">${kindOf(entry.kind)} <code>${entry.path}</code></td>
            <td class="nowrap">${entry.duration_seconds > 0 ? `${clock(entry.start_seconds)} – ${clock(entry.start_seconds + entry.duration_seconds)}` : "–"}</td><td>${ruleOf(entry.rule)}</td><td>${entry.player}</td>
            <td>${entry.session_id === null ? "–" : html`<a href=${href(`sessions/${entry.session_id}`)}><code>${entry.session_id.slice(0, 13)}</code></a>`}</td></tr>`)}</tbody></table></div>`}`;
  }

  /** The pulse's numbers, large: how many watch, and whether what is on this page is all of it. */
  #numbers() {
    if (this.beat === null) return nothing;
    const { live: watching, lag_ms: lag, backlog, lost } = this.beat;
    return html`<dl class="beat">${[["watching", number(watching)], ["behind", seconds(lag / 1000)], ["waits", number(backlog)], ["lost", number(lost)]]
      .map(([name, text]) => html`<div data-beat=${name}><dt class="soft">${t(`live.${name}`)}</dt><dd>${text}</dd></div>`)}</dl>`;
  }

  /** The videos that were asked for while this page was open. */
  #choice(video) {
    const seen = [...new Set([...this.entries, ...this.waiting].map(entry => entry.video))].sort();
    if (video !== null || seen.length < 2) return nothing;
    return html`<label>${t("live.only")} <select @change=${event => address.set({ video: event.target.value || null })}><option value="">${t("live.all")}</option>${seen.map(id => html`<option value=${id}>${id}</option>`)}</select></label>`;
  }
}
customElements.define("live-page", LivePage);
