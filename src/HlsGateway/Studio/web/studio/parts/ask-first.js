import { html, StudioElement } from "../frame/element.js";
import { t } from "../frame/words.js";

/** Asks before what cannot be undone; everything else is done at once, with an undo. */
class AskFirst extends StudioElement {
  static properties = { heading: {}, text: {}, action: {} };

  firstUpdated() {
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`
      <dialog aria-labelledby="ask-title" @close=${({ target }) => { this.done(target.returnValue === "yes"); this.remove(); }}>
        <article><h2 id="ask-title">${this.heading}</h2><p>${this.text}</p>
          <form method="dialog"><button value="no" autofocus>${t("common.cancel")} <kbd>Esc</kbd></button><button value="yes" class="danger">${this.action}</button></form></article>
      </dialog>`;
  }
}
customElements.define("ask-first", AskFirst);

/** @returns {Promise<boolean>} */
export const askFirst = (heading, text, action) => new Promise(done => document.querySelector("studio-app").append(Object.assign(new AskFirst(), { heading, text, action, done })));
