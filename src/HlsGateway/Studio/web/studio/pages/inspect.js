import { address } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement, svg } from "../frame/element.js";
import { bytes, clock, number } from "../frame/format.js";
import { t } from "../frame/words.js";
import { empty, failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import sheet from "./inspect.css";

/** For player developers: the origin's playlist beside ours, each difference with its rule, and what a player makes of it. The address is all of it. */
export default class InspectPage extends StudioElement {
  static title = "inspect.title";
  static words = ["inspect", "player"];
  static styles = sheet;
  static properties = { view: { state: true }, problem: { state: true }, busy: { state: true }, fragments: { state: true }, splices: { state: true }, time: { state: true } };

  constructor() {
    super();
    this.view = this.problem = null;
    this.busy = false;
    this.fragments = [];
    this.splices = [];
    this.time = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.#ask(), { signal: this.gone });
    this.#ask();
  }

  async #ask() {
    const url = address.get("url");
    if (url === null || url === this.asked) return;
    this.asked = url;
    this.busy = true;
    this.problem = null;
    try {
      const view = await api.get("api/inspect", { url }, { signal: this.gone });
      if (this.asked !== url) return;
      // A child's page goes on with the player of its Master Playlist.
      if (view.kind === "master") [this.master, this.fragments, this.splices] = [view, [], []];
      this.view = view;
    } catch (problem) {
      if (problem.name !== "AbortError" && this.asked === url) [this.problem, this.view] = [problem, null];
    } finally {
      this.busy = false;
    }
  }

  render() {
    return html`
      <header class="page-head"><h1>${t("inspect.title")}</h1></header>
      <form class="row ask" @submit=${event => { event.preventDefault(); this.asked = null; address.set({ url: event.target.elements.url.value.trim() }); }}>
        <label for="url">${t("inspect.url")}</label>
        <input id="url" name="url" required .value=${address.get("url") ?? ""} placeholder=${t("inspect.example")} spellcheck="false">
        <button type="submit" class="primary">${t("inspect.go")}</button></form>
      ${this.problem ? failed(this.problem) : this.busy && this.view === null ? loading() : this.view === null ? empty({ title: t("inspect.nothing"), text: t("inspect.nothing-text") }) : this.#show()}`;
  }

  #show() {
    const { view } = this;
    const changed = view.lines.filter(line => line.change !== "same").length;
    const only = address.get("only") === "changes";
    const lines = only ? view.lines.filter(line => line.change !== "same") : view.lines;
    return html`
      <div class="top-row">
        <section class="card stack tight"><h2 class="name">${view.video} <small class="soft">${t(`inspect.${view.kind}`)}</small></h2>
          <p class="soft name">${view.origin_url ?? t("inspect.ours")}</p>
          ${this.master ? html`<ul class="children"><li><a href="studio/inspect?url=${encodeURIComponent(this.master.url)}" aria-current=${this.master === view ? "page" : nothing}>${t("inspect.master")}</a></li>
            ${this.master.children.map(child => html`<li><a class="name" href="studio/inspect?url=${encodeURIComponent(child.url)}" aria-current=${child.url === view.url ? "page" : nothing}>${child.name}</a></li>`)}</ul>` : nothing}
          <h3>${view.findings.length === 0 ? t("inspect.clean") : t("inspect.findings", { count: view.findings.length })}</h3>
          ${view.findings.length === 0 ? nothing : html`<ul>${view.findings.map(finding => html`<li>${this.#rule(finding.rule)} ${t(`inspect.in-${finding.where}`)}${finding.line > 0 ? `:${finding.line}` : ""} ${finding.message}</li>`)}</ul>`}</section>
        ${this.master ? html`<section class="card stack tight"><studio-player .src=${this.master.url} muted @time=${({ detail }) => { this.time = detail; }} @fragment=${({ detail }) => { this.fragments = [...this.fragments.slice(-199), detail]; }} @discontinuity=${({ detail }) => { this.splices = [...this.splices, detail.at]; }}></studio-player>
          ${this.#timeline()}</section>` : nothing}
      </div>
      <section class="card stack tight"><div class="row apart"><h2>${t("inspect.lines", { count: changed })}</h2>
          <label><input type="checkbox" role="switch" .checked=${only} @change=${event => address.set({ only: event.target.checked ? "changes" : null })}> ${t("inspect.only")}</label></div>
        <div class="scroll" tabindex="0" role="region" aria-label=${t("inspect.lines", { count: changed })}><table class="lines"><thead><tr><th>${t("inspect.origin")}</th><th>${t("inspect.served")}</th><th>${t("inspect.rule")}</th></tr></thead>
          <tbody>${lines.slice(0, 3000).map(line => html`<tr data-change=${line.change}><td><span class="at">${line.origin_line ?? ""}</span><code>${line.origin ?? ""}</code></td><td><span class="at">${line.served_line ?? ""}</span><code>${line.served ?? ""}</code></td>
            <td>${line.rules.map(rule => this.#rule(rule))}</td></tr>`)}</tbody></table></div></section>`;
  }

  #rule(name) {
    return html`<a class="chip" href="documentation/player-rules.md#${name.toLowerCase()}" target="_blank">${name}</a> `;
  }

  /** What the player has fetched, where it is, and where the trailer meets the content. */
  #timeline() {
    const end = Math.max(10, ...this.fragments.map(fragment => fragment.start + fragment.duration));
    const x = seconds => seconds / end * 1000;
    const rows = [...new Set(this.fragments.map(fragment => fragment.type === "main" ? `${fragment.height}p` : fragment.type))];
    return html`
      <figure class="timeline"><figcaption class="soft">${t("inspect.timeline", { count: this.fragments.length })}</figcaption>
        <svg viewBox="0 0 1000 ${Math.max(1, rows.length) * 22}" preserveAspectRatio="none" role="img" aria-label=${t("inspect.timeline", { count: this.fragments.length })}>
          ${this.fragments.map(fragment => svg`<rect x=${x(fragment.start) + 1} y=${rows.indexOf(fragment.type === "main" ? `${fragment.height}p` : fragment.type) * 22 + 3} width=${Math.max(2, x(fragment.duration) - 2)} height="16" rx="2" class=${fragment.cc % 2 ? "odd" : "even"}><title>${clock(fragment.start, 1)} · ${bytes(fragment.bytes)} · ${fragment.milliseconds} ms</title></rect>`)}
          ${this.splices.map(at => svg`<line x1=${x(at)} x2=${x(at)} y1="0" y2="100%" class="splice"></line>`)}
          <line x1=${x(this.time)} x2=${x(this.time)} y1="0" y2="100%" class="here"></line></svg>
        <p class="soft">${rows.join(" · ")} ${this.splices.map(at => t("inspect.splice", { at: clock(at, 1) })).join(" ")} ${this.fragments.length > 0 ? t("inspect.sum", { bytes: bytes(this.fragments.reduce((sum, fragment) => sum + fragment.bytes, 0)), count: number(this.fragments.length) }) : ""}</p></figure>`;
  }
}
customElements.define("inspect-page", InspectPage);
