import { address } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { moment } from "../frame/format.js";
import { say, tell } from "../frame/toast.js";
import { loadWords, t } from "../frame/words.js";
import { copy } from "./hand-out.js";
import { question, range } from "./range-bar.js";

/** Days that a link may be read; 0: until somebody ends it. */
const Lives = [7, 30, 0];

/**
 * Keeps something of what a page shows: a note at a moment, the page's address under a name, or a link to its report that is read without a token.
 * It comes with its first use. Words: "kept".
 */
class KeepDialog extends StudioElement {
  static properties = { what: {}, video: {}, at: { attribute: false }, url: { state: true } };

  constructor() {
    super();
    this.video = "";
    this.at = new Date();
    this.url = null;
  }

  firstUpdated() {
    this.querySelector("dialog").showModal();
  }

  async #keep(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const shared = form.get("shared") !== null;
    try {
      if (this.what === "share") {
        const { data } = await api.send("POST", "api/shares", { json: { video: this.video, query: String(this.#lock), expires_at: expiryOf(Number(form.get("days"))) } });
        this.url = data.url;
        return;
      }
      const isNote = this.what === "note";
      const { data: { id } } = isNote
        ? await api.send("POST", "api/notes", { json: { text: form.get("text"), at: new Date(this.at).toISOString(), video: this.video, shared } })
        : await api.send("POST", "api/views", { json: { name: form.get("name"), address: `studio/${address.path}${location.search}`, shared } });
      this.querySelector("dialog").close();
      dispatchEvent(new Event("kept"));
      say(t(`kept.made-${this.what}`), {
        undo: async () => {
          await (isNote ? api.send("DELETE", `api/notes/${id}`) : api.send("DELETE", `api/views/${id}`));
          dispatchEvent(new Event("kept"));
        },
      });
    } catch (problem) {
      tell(problem);
    }
  }

  /** What the link's report is locked to: the days and the filters of this page; "the last days" stay the last ones. */
  get #lock() {
    const { query } = question("");
    const { from, to, ...rest } = query;
    const days = address.get("from") === null && address.get("to") === null ? { days: range().length } : { from, to };
    return new URLSearchParams(Object.entries({ ...days, ...rest }));
  }

  render() {
    return html`
      <dialog class="keep" aria-labelledby="keep-title" @close=${() => this.remove()} @click=${event => { if (event.target === event.currentTarget) event.currentTarget.close(); }}>
        <article><h2 id="keep-title">${t(`kept.new-${this.what}`)}</h2>
          ${this.url === null ? html`<form class="fields" @submit=${this.#keep}>${this.#fields()}
            <div class="row end"><button type="button" @click=${() => this.querySelector("dialog").close()}>${t("common.cancel")} <kbd>Esc</kbd></button><button class="primary">${t(this.what === "share" ? "kept.make" : "common.save")}</button></div></form>`
            : html`<p>${t("kept.share-made")}</p><input readonly aria-label=${t("kept.link")} .value=${this.url} @focus=${event => event.target.select()}>
            <div class="row end"><button type="button" @click=${() => this.querySelector("dialog").close()}>${t("common.close")} <kbd>Esc</kbd></button><button type="button" class="primary" autofocus @click=${() => copy(this.url)}>${t("common.copy")}</button></div>`}
        </article>
      </dialog>`;
  }

  #fields() {
    const team = html`<label><input type="checkbox" name="shared"> ${t("kept.for-team")}</label>`;
    if (this.what === "note") return html`
      <p class="soft">${moment(this.at)}${this.video ? html` · <span class="name">${this.video}</span>` : nothing}</p>
      <label>${t("kept.text")} <textarea name="text" required maxlength="2000" rows="3" autofocus></textarea></label>${team}`;
    if (this.what === "view") return html`<label>${t("kept.name")} <input name="name" required maxlength="200" autofocus></label>${team}`;
    return html`
      <p>${t("kept.share-text", { video: this.video })}</p>
      <dl class="pairs">${[...this.#lock].map(([name, value]) => html`<dt><code>${name}</code></dt><dd class="name">${value}</dd>`)}</dl>
      <label>${t("kept.lives")} <select name="days">${Lives.map(days => html`<option value=${days}>${days === 0 ? t("kept.until-ended") : t("kept.days", { count: days })}</option>`)}</select></label>`;
  }
}
customElements.define("keep-dialog", KeepDialog);

const expiryOf = days => days === 0 ? null : new Date(Date.now() + days * 86400e3).toISOString();

/** @param {"note" | "view" | "share"} what @param {{ video?: string, at?: number | string | Date }} about */
export async function keepThis(what, about = {}) {
  await loadWords(["kept"]);
  document.querySelector("studio-app").append(Object.assign(new KeepDialog(), { what, ...about }));
}
