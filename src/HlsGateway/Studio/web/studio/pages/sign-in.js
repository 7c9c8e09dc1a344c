import { address } from "../frame/address.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { me } from "../frame/me.js";
import { wordsOf } from "../frame/toast.js";
import { t } from "../frame/words.js";

export default class SignInPage extends StudioElement {
  static title = "sign-in.title";
  static words = ["sign-in"];
  static properties = { problem: { state: true }, busy: { state: true } };

  constructor() {
    super();
    this.problem = null;
    this.busy = false;
  }

  firstUpdated() {
    this.querySelector("input").focus();
  }

  async #signIn(event) {
    event.preventDefault();
    const field = this.querySelector("input");
    this.problem = null;
    this.busy = true;
    try {
      await me.signIn(field.value.trim());
      field.value = "";
      const next = address.get("next") ?? "";
      // Only to a page of ours: what stands in an address may come from anywhere.
      const [path, query = ""] = next.split("?");
      address.go(/^[\w%.,~/-]*$/.test(path) && !path.startsWith("/") ? path : "", { query: Object.fromEntries(new URLSearchParams(query)), replace: true });
    } catch (problem) {
      // With the sentence, not after it: whoever reads it may try again at once.
      [this.problem, this.busy] = [problem, false];
      field.select();
    }
  }

  render() {
    const words = this.problem === null ? null : wordsOf(this.problem);
    return html`
      <section class="card narrow">
        <h1>${t("sign-in.heading")}</h1>
        <p class="soft">${t("sign-in.lead")}</p>
        ${address.get("link") ? html`<p class="note warn" role="status">${t("sign-in.used-link")}</p>` : nothing}
        <form @submit=${this.#signIn}>
          <label>${t("sign-in.token")}
            <input name="token" type="password" autocomplete="current-password" required spellcheck="false" aria-describedby="where" aria-invalid=${words === null ? nothing : "true"} aria-errormessage="wrong">
          </label>
          <p id="wrong" class="wrong" role="alert">${words === null ? nothing : html`${words.title} ${words.detail}`}</p>
          <button type="submit" class="primary" ?disabled=${this.busy} aria-busy=${this.busy ? "true" : nothing}>${t("sign-in.go")}</button>
        </form>
        <p id="where" class="soft">${t("sign-in.where")}</p>
      </section>`;
  }
}
customElements.define("sign-in-page", SignInPage);
