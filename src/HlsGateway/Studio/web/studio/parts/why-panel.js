import { api } from "../frame/api.js";
import { href } from "../frame/address.js";
import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { moment } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { say } from "../frame/toast.js";
import { hasText, t } from "../frame/words.js";
import { failed, loading } from "./state-views.js";
import { showOf } from "./figure-value.js";
import sheet from "./why-panel.css";

adopt(sheet);

/** "Why this number?": what a figure means, how it came about, what it is not, and the rows that it is the sum of. */
class WhyPanel extends StudioElement {
  static properties = { question: { attribute: false }, name: {}, report: { state: true }, problem: { state: true } };

  constructor() {
    super();
    this.report = null;
    this.problem = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  firstUpdated() {
    this.querySelector("dialog").showModal();
  }

  async #ask() {
    try {
      this.report = await api.get(this.question.path, { ...this.question.query, explain: "true" }, { signal: this.gone });
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  render() {
    return html`
      <dialog class="side" aria-labelledby="why-title" @close=${() => this.remove()} @click=${event => { if (event.target === event.currentTarget) event.currentTarget.close(); }}>
        <article>
          <header class="row apart"><h2 id="why-title">${t("figures.why")}</h2><form method="dialog"><button class="plain" aria-label=${t("common.close")}>${icon("close")}</button></form></header>
          ${this.problem ? failed(this.problem) : this.report === null ? loading() : this.#tell()}
        </article>
      </dialog>`;
  }

  #tell() {
    const { report, name } = this;
    const show = showOf(name);
    const { definitions, formulas, confused_with: confused, filters, sessions, sessions_url: rows, counted_to: countedTo } = report.explain;
    const alike = (confused[name] ?? []).filter(other => report[other] !== undefined && hasText(`figures.${other}`));
    const low = report[`${name}_low`];
    const query = Object.fromEntries(new URL(rows, document.baseURI).searchParams);
    return html`
      <section><h3>${t(`figures.${name}`)}</h3>
        <dl class="pairs">
          <dt>${t("figures.upper")}</dt><dd data-why="value">${show(report[name])}</dd>
          ${low === undefined ? nothing : html`<dt>${t("figures.lower")}</dt><dd data-why="low">${show(low)}</dd>`}
        </dl>
        <p>${definitions[name] ?? ""}</p>${formulas[name] ? html`<p><code>${formulas[name]}</code></p>` : nothing}${definitions[`${name}_low`] ? html`<p class="soft">${definitions[`${name}_low`]}</p>` : nothing}</section>
      ${alike.length > 0 ? html`<section><h3>${t("figures.not-the-same")}</h3><dl class="pairs">${alike.map(other => html`<dt>${t(`figures.${other}`)}</dt><dd>${show === showOf(other) ? show(report[other]) : showOf(other)(report[other])}</dd>`)}</dl></section>` : nothing}
      <section><h3>${t("figures.in-force")}</h3><dl class="pairs">${Object.entries(filters).map(([key, value]) => html`<dt><code>${key}</code></dt><dd class="name">${value}</dd>`)}
        <dt>${t("figures.counted-to")}</dt><dd>${moment(countedTo)}</dd></dl></section>
      <section><h3>${t("figures.rows")}</h3>
        ${sessions.length > 0 ? html`<ul class="ids">${sessions.map(id => html`<li><a href=${href(`sessions/${id}`)} @click=${() => this.querySelector("dialog").close()}><code>${id}</code></a></li>`)}</ul>` : nothing}
        <a href=${href("sessions", { query })} @click=${() => this.querySelector("dialog").close()}>${t("figures.all-rows", { count: report.sessions })}</a></section>
      <section><h3>${t("figures.request")}</h3><pre tabindex="0"><code>${api.curl(this.question.path, this.question.query)}</code></pre>
        <button type="button" @click=${async () => { await navigator.clipboard.writeText(api.curl(this.question.path, this.question.query)); say(t("common.copied")); }}>${icon("copy")} ${t("common.copy")}</button></section>`;
  }
}
customElements.define("why-panel", WhyPanel);

/** Opens the panel for a figure of the answer to this question. */
export function why(question, name) {
  document.querySelector("studio-app").append(Object.assign(new WhyPanel(), { question, name }));
}
