import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { moment, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { me } from "../frame/me.js";
import { say, tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { askFirst } from "../parts/ask-first.js";
import { failed, loading } from "../parts/state-views.js";

/** How each kind is read, taken away and, where that can be undone, made again. */
const kinds = {
  views: { ask: signal => api.get("api/views", {}, { signal }), remove: id => api.send("DELETE", `api/views/${id}`), again: ({ name, address, shared }) => api.send("POST", "api/views", { json: { name, address, shared } }) },
  notes: { ask: signal => api.get("api/notes", {}, { signal }), remove: id => api.send("DELETE", `api/notes/${id}`), again: ({ text, at, video, shared }) => api.send("POST", "api/notes", { json: { text, at, video, shared } }) },
  shares: { ask: signal => api.get("api/shares", {}, { signal }), remove: id => api.send("DELETE", `api/shares/${id}`) },
};

/** What was kept: views, notes and shared links, one's own and the team's. */
export default class KeptPage extends StudioElement {
  static title = "kept.title";
  static words = ["kept"];
  static properties = { views: { state: true }, notes: { state: true }, shares: { state: true }, problem: { state: true } };

  constructor() {
    super();
    this.views = this.notes = this.shares = this.problem = null;
  }

  connectedCallback() {
    super.connectedCallback();
    addEventListener("kept", () => this.#ask(), { signal: this.gone });
    this.#ask();
  }

  async #ask() {
    const get = async (name, roles) => me.can(...roles) ? (await kinds[name].ask(this.gone))[name] : [];
    try {
      [this.views, this.notes, this.shares] = await Promise.all([get("views", [me.role]), get("notes", ["analyst", "editor"]), get("shares", ["analyst"])]);
      this.problem = null;
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  async #remove(name, one) {
    const { remove, again } = kinds[name];
    try {
      await remove(one.id);
      say(t("kept.removed"), again ? { undo: async () => { await again(one); await this.#ask(); } } : {});
      await this.#ask();
    } catch (problem) {
      tell(problem);
    }
  }

  async #end(share) {
    if (await askFirst(t("kept.end"), t("kept.end-text", { video: share.video }), t("kept.end"))) await this.#remove("shares", share);
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    if (this.views === null) return loading();
    const at = text => moment(text, zone(), "short");
    const remove = (name, run) => html`<button type="button" class="plain last" aria-label=${t("kept.remove", { name })} @click=${run}>${icon("remove")}</button>`;
    const who = ({ shared, created_by: author }) => html`<span class="soft">${shared ? t("kept.team", { author }) : t("kept.own")}</span>`;
    // As the API names who did something.
    const may = ({ own, created_by: author }) => own || author === `${me.name} (${me.role})` || me.can();
    return html`
      <header class="page-head"><h1>${t("kept.title")}</h1></header>
      ${this.#list("views", this.views, view => html`<a class="name" href=${view.address}><strong>${view.name}</strong></a> ${who(view)}
        ${may(view) ? remove(view.name, () => this.#remove("views", view)) : nothing}`)}
      ${this.#list("notes", this.notes, note => html`<span class="name">${note.text}</span> <span class="soft">${at(note.at)}${note.video ? ` · ${note.video}` : ""}</span> ${who(note)}
        ${may(note) ? remove(note.text.slice(0, 40), () => this.#remove("notes", note)) : nothing}`)}
      ${me.can("analyst") ? this.#list("shares", this.shares, share => html`<span class="name"><strong>${share.video}</strong> <code>${share.query}</code></span>
        <span class="soft">${share.expires_at ? t("kept.until", { time: at(share.expires_at) }) : t("kept.until-ended")} · ${share.created_by}</span>
        ${may(share) ? html`<button type="button" class="plain last" @click=${() => this.#end(share)}>${t("kept.end")}</button>` : nothing}`) : nothing}`;
  }

  #list(name, all, row) {
    return html`<section class="card stack tight" data-kept=${name}><h2>${t(`kept.${name}`)}</h2>
      ${all.length === 0 ? html`<p class="soft">${t(`kept.no-${name}`)}</p>` : html`<ul class="rows">${all.map(one => html`<li class="row" data-id=${one.id}>${row(one)}</li>`)}</ul>`}</section>`;
  }
}
customElements.define("kept-page", KeptPage);
