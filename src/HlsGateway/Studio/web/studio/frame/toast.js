import { html, nothing, repeat, StudioElement } from "./element.js";
import { keys } from "./keys.js";
import { t } from "./words.js";

/** Sentences about what was just done or refused; the last one that can be undone is undone by `z`. */
class ToastList extends StudioElement {
  static properties = { notes: { state: true } };

  constructor() {
    super();
    this.notes = [];
    this.next = 0;
  }

  connectedCallback() {
    super.connectedCallback();
    // Shown above a dialog that is open, too.
    this.setAttribute("popover", "manual");
    keys.on(this, {
      z: { does: t("common.undo"), run: () => this.#undo(this.notes.findLast(note => note.undo)), when: () => this.notes.some(note => note.undo) },
    });
  }

  add(note) {
    const entry = { ...note, id: this.next++, left: note.seconds ?? (note.undo ? 30 : note.kind === "bad" ? 0 : 6) };
    this.notes = [...this.notes.slice(-4), entry];
    if (entry.left > 0) this.#count(entry);
    return entry.id;
  }

  remove(id) {
    this.notes = this.notes.filter(note => note.id !== id);
  }

  /** Seconds are counted while the page is looked at: who comes back finds what could be undone. */
  #count(entry) {
    const timer = setInterval(() => {
      if (document.hidden || this.matches(":hover, :focus-within")) return;
      if (!this.notes.some(note => note.id === entry.id)) return clearInterval(timer);
      if (--entry.left > 0) return this.requestUpdate();
      clearInterval(timer);
      this.remove(entry.id);
    }, 1000);
  }

  async #undo(note) {
    if (note === undefined) return;
    this.remove(note.id);
    try {
      await note.undo();
      say(t("common.undone"));
    } catch (problem) {
      tell(problem);
    }
  }

  updated() {
    if (!this.isConnected) return;
    const isOpen = this.matches(":popover-open");
    if (this.notes.length > 0 && !isOpen) this.showPopover();
    else if (this.notes.length === 0 && isOpen) this.hidePopover();
  }

  render() {
    return html`<ul class="toasts">${repeat(this.notes, note => note.id, note => html`
      <li class=${note.kind ?? "good"}>
        <div role=${note.kind === "bad" ? "alert" : "status"}>${note.text}${note.detail ? html`<p>${note.detail}</p>` : nothing}
          ${note.more ? html`<a href=${note.more} target="_blank" rel="noreferrer">${t("common.why")}</a>` : nothing}
          ${note.status ? html`<small>${note.status}</small>` : nothing}
          ${note.trace ? html`<small>${t("common.trace", { id: note.trace })}</small>` : nothing}</div>
        ${note.undo ? html`<button type="button" @click=${() => this.#undo(note)}>${t("common.undo")} <kbd>z</kbd><small class="left" aria-hidden="true">${note.left}</small></button>` : nothing}
        <button type="button" class="plain" aria-label=${t("common.dismiss")} @click=${() => this.remove(note.id)}>×</button>
      </li>`)}</ul>`;
  }
}
customElements.define("toast-list", ToastList);

const list = () => document.querySelector("toast-list");

/** @param {string} text @param {{ undo?: () => Promise<void>, seconds?: number, kind?: "good" | "bad", detail?: string }} how */
export const say = (text, how = {}) => list()?.add({ text, ...how });

/** A problem, in its own words: what is wrong, what to do, where more is written. */
export function tell(problem) {
  if (problem?.name === "AbortError") return;
  const words = wordsOf(problem);
  list()?.add({ text: words.title, detail: words.detail, kind: "bad", more: words.more, status: words.status, trace: words.trace });
}

/** @returns {{ title: string, detail: string, more: string, status: string, trace: string }} what a problem says to a person: what is wrong, what to do, and what the gateway answered. */
export function wordsOf(problem) {
  if (problem?.status === undefined) return { title: t("common.broken"), detail: String(problem?.message ?? problem), more: "", status: "", trace: "" };
  if (problem.status === 0) return { title: t("common.unreachable"), detail: t("common.unreachable-detail"), more: "", status: "", trace: "" };
  // The page of a problem's type stands on this gateway: its address is a link only where it is one of ours.
  const more = /^https?:/.test(problem.type) && new URL(problem.type).pathname.includes("/problems/") ? `problems/${encodeURIComponent(problem.slug)}` : "";
  return { title: problem.title || t("common.refused", { status: problem.status }), detail: problem.detail, more, status: `HTTP ${problem.status}`, trace: problem.status >= 500 ? problem.traceId : "" };
}
