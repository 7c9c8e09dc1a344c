import { api } from "../frame/api.js";
import { html, nothing } from "../frame/element.js";
import { me } from "../frame/me.js";
import { t } from "../frame/words.js";
import { currentChart } from "./chart-frame.js";

const keep = async (what, about) => (await import("./keep-dialog.js")).keepThis(what, about);

/** One's own notes as flags of charts; those of the team are among the changes. */
export async function ownNotes(query, signal) {
  const { notes } = await api.get("api/notes", query, { signal });
  return notes.filter(note => !note.shared).map(note => ({ kind: "note", at: note.at, actor: note.created_by, video: note.video, after: note.text }));
}

/** What can be kept of a page with figures, each with its key. Words: "chart". @param video whose report can be shared */
export const keepButtons = (video = "") => html`<div class="actions">
  <button type="button" @click=${() => keep("note", { video })}>${t("chart.note")} <kbd>n</kbd></button>
  <button type="button" @click=${() => keep("view")}>${t("chart.save-view")} <kbd>b</kbd></button>
  ${video && me.can("analyst") ? html`<button type="button" @click=${() => keep("share", { video })}>${t("chart.share")} <kbd>h</kbd></button>` : nothing}</div>`;

/** `n` notes something about the moment under the crosshair, or about now; `b` saves the page under a name; `h` makes a link to a video's report. Words: "chart". @param momentAt the moment of a chart's place; null: it has none */
export const keepKeys = (video = "", momentAt = () => null) => ({
  n: { does: t("chart.note"), run: () => { const chart = currentChart(); return keep("note", { video, at: (chart ? momentAt(chart) : null) ?? new Date() }); } },
  b: { does: t("chart.save-view"), run: () => keep("view") },
  ...video ? { h: { does: t("chart.share"), run: () => keep("share", { video }) } } : {},
});
