import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { moment, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { say, tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { askFirst } from "../parts/ask-first.js";
import { copy } from "../parts/hand-out.js";
import { failed, loading } from "../parts/state-views.js";

const roles = ["analyst", "editor", "uploader", "admin"];

/** API tokens: who may come in, and since when no longer. */
export default class TokensPage extends StudioElement {
  static title = "tokens.title";
  static words = ["tokens"];
  static properties = { tokens: { state: true }, made: { state: true }, problem: { state: true } };

  constructor() {
    super();
    this.tokens = this.made = this.problem = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    try {
      ({ tokens: this.tokens } = await api.get("api/tokens", {}, { signal: this.gone }));
      this.problem = null;
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  async #make(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const days = Number(form.get("days"));
    try {
      const { data } = await api.send("POST", "api/tokens", { json: { name: form.get("name"), role: form.get("role"), expires_at: days === 0 ? null : new Date(Date.now() + days * 86400e3).toISOString() } });
      this.made = data;
      event.target.reset();
      await this.#ask();
    } catch (problem) {
      tell(problem);
    }
  }

  async #revoke(token) {
    if (!await askFirst(t("tokens.revoke"), t("tokens.revoke-text", { name: token.name }), t("tokens.revoke"))) return;
    try {
      await api.send("DELETE", `api/tokens/${encodeURIComponent(token.id)}`);
      say(t("tokens.revoked-now", { name: token.name }));
      await this.#ask();
    } catch (problem) {
      tell(problem);
    }
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    if (this.tokens === null) return loading();
    const at = time => time ? moment(time, zone(), "short") : "–";
    return html`
      <header class="page-head"><h1>${t("tokens.title")}</h1><p class="soft">${t("tokens.lead")}</p></header>
      <section class="card stack tight"><h2>${t("tokens.new")}</h2>
        <form class="row" @submit=${this.#make}>
          <label>${t("tokens.name")} <input name="name" required maxlength="100" autocomplete="off"></label>
          <label>${t("tokens.role")} <select name="role">${roles.map(role => html`<option value=${role}>${t(`tokens.role-${role}`)}</option>`)}</select></label>
          <label>${t("tokens.lives")} <select name="days">${[30, 365, 0].map(days => html`<option value=${days}>${days === 0 ? t("tokens.until-revoked") : t("tokens.days", { count: days })}</option>`)}</select></label>
          <button class="primary">${icon("plus")} ${t("tokens.make")}</button></form>
        ${this.made === null ? nothing : html`<div class="row" role="status" data-made><strong>${t("tokens.once", { name: this.made.name })}</strong> <code class="name">${this.made.token}</code>
          <button type="button" @click=${() => copy(this.made.token)}>${icon("copy")} ${t("common.copy")}</button> <button type="button" class="plain" @click=${() => { this.made = null; }}>${t("tokens.have-it")}</button></div>`}</section>
      <section class="card"><div class="scroll" tabindex="0" role="region" aria-label=${t("tokens.title")}><table>
        <thead><tr><th>${t("tokens.name")}</th><th>${t("tokens.role")}</th><th>${t("tokens.state")}</th><th>${t("tokens.created")}</th><th>${t("tokens.expires")}</th><th><span class="visually-hidden">${t("tokens.revoke")}</span></th></tr></thead>
        <tbody>${this.tokens.map(token => html`<tr data-token=${token.name}><td class="name"><strong>${token.name || "–"}</strong></td><td>${t(`tokens.role-${token.role}`)}</td>
          <td>${t(`tokens.state-${token.state}`)}${token.source === "api" ? nothing : html` <span class="soft">${t(`tokens.source-${token.source}`)}</span>`}</td>
          <td class="nowrap">${at(token.created_at)}${token.created_by ? html` <span class="soft">${token.created_by}</span>` : nothing}</td><td class="nowrap">${at(token.expires_at)}</td>
          <td>${token.source === "api" && token.state === "active" ? html`<button type="button" class="plain" @click=${() => this.#revoke(token)}>${t("tokens.revoke")}</button>` : nothing}</td></tr>`)}</tbody></table></div></section>`;
  }
}
customElements.define("tokens-page", TokensPage);
