import { html, nothing } from "../frame/element.js";
import { icon } from "../frame/icons.js";
import { wordsOf } from "../frame/toast.js";
import { t } from "../frame/words.js";

/** While an answer is on its way. The place is kept, so that nothing jumps when it comes. */
export const loading = (text = t("common.loading")) => html`<p class="state" role="status"><span class="spinner" aria-hidden="true"></span> ${text}</p>`;

/**
 * Where there is nothing yet: what would be here, and what to do.
 * @param {{ title: string, text?: unknown, actions?: unknown }} words
 */
export const empty = ({ title, text, actions }) => html`
  <div class="state empty"><h2>${title}</h2>${text ? html`<p>${text}</p>` : nothing}${actions ? html`<div class="actions">${actions}</div>` : nothing}</div>`;

/** An answer that is none, with the next step. */
export function failed(problem, retry) {
  const words = wordsOf(problem);
  return html`
    <div class="state failed" role="alert">
      <h2>${icon("warning")} ${words.title}</h2>
      ${words.detail ? html`<p>${words.detail}</p>` : nothing}
      <div class="actions">
        ${retry ? html`<button type="button" @click=${retry}>${icon("undo")} ${t("common.retry")}</button>` : nothing}
        ${words.more ? html`<a href=${words.more}>${t("common.why")}</a>` : nothing}
      </div>
      ${words.status ? html`<small>${words.status}</small>` : nothing}
      ${words.trace ? html`<small>${t("common.trace", { id: words.trace })}</small>` : nothing}
    </div>`;
}
