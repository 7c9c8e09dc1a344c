import { html, nothing, StudioElement } from "../frame/element.js";
import { number, seconds, time } from "../frame/format.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";

/** Beyond this a figure on the page may be older than a reader thinks. */
const LateMs = 5000;

/** The counting's own state, on every page: up to when everything is counted, how many watch, what was lost. */
class PulseBar extends StudioElement {
  static properties = { beat: { state: true }, isOpen: { state: true }, since: { state: true } };

  constructor() {
    super();
    this.beat = live.last;
    this.isOpen = true;
    this.since = null;
  }

  connectedCallback() {
    super.connectedCallback();
    live.on(this, "heartbeat", beat => {
      const isBad = this.#kind(beat) !== "good";
      this.since = isBad ? this.since ?? new Date() : null;
      this.beat = beat;
      this.isOpen = true;
    });
    live.on(this, "state", isOpen => {
      this.isOpen = isOpen;
      if (!isOpen) this.since ??= new Date();
    });
  }

  #kind(beat) {
    return beat.lost > 0 ? "bad" : beat.trouble !== null || beat.lag_ms > LateMs ? "warn" : "good";
  }

  render() {
    if (this.beat === null) return html`<p class="pulse">${t("pulse.waiting")}</p>`;
    if (!this.isOpen) return html`<p class="pulse bad" role="status"><span class="dot" aria-hidden="true"></span> ${t("pulse.lost-contact", { since: time(this.since ?? new Date()) })}</p>`;
    const { counted_to: countedTo, lag_ms: lag, live: watching, lost, backlog, ledger, trouble } = this.beat;
    const kind = this.#kind(this.beat);
    return html`
      <p class="pulse ${kind}" data-kind=${kind}>
        <span class="dot" aria-hidden="true"></span>
        <span>${t("pulse.counted-to", { time: time(countedTo) })}</span>
        <span>${t("pulse.behind", { time: seconds(lag / 1000) })}</span>
        <span>${t("pulse.watching", { count: watching })}</span>
        <span>${t("pulse.lost", { count: lost })}</span>
        <span>${ledger === "sqlite" ? "SQLite" : "PostgreSQL"}</span>
      </p>
      ${kind === "good" ? nothing : html`
        <p class="pulse-why ${kind}" role="status">
          ${trouble ?? ""} ${backlog > 0 ? t("pulse.waits", { count: backlog }) : ""} ${lost > 0 ? t("pulse.lost-why", { count: lost }) : ""}
          ${this.since === null ? nothing : t("pulse.since", { time: time(this.since) })} ${t("pulse.goes-on")}
          <a href="documentation/operations.md">${t("pulse.runbook")}</a>
        </p>`}`;
  }
}
customElements.define("pulse-bar", PulseBar);
