import { href } from "../frame/address.js";
import { adopt, html, StudioElement } from "../frame/element.js";
import { moment, percent, zone } from "../frame/format.js";
import { t } from "../frame/words.js";
import sheet from "./session-grid.css";
import { lettersOf, tenthsOf } from "./trace.js";

adopt(sheet);

/** From which share on a tenth counts as seen by a session, in the line of sums. */
const Most = 0.5;

/** Sessions × tenths of the video: who saw what, and did they finish? Each cell says how much of its tenth was handed out, the fuller the more. Words: "sessions". */
class SessionGrid extends StudioElement {
  static properties = { sessions: { attribute: false } };

  constructor() {
    super();
    this.sessions = [];
  }

  render() {
    const rows = this.sessions.map(session => ({ session, tenths: tenthsOf(lettersOf(session.strip)) }));
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${t("sessions.grid")}><table class="tenths">
        <thead><tr><th scope="col">${t("sessions.began")}</th>${Array.from({ length: 10 }, (_, i) => html`<th scope="col" class="number">${i * 10}–${percent((i + 1) / 10)}</th>`)}</tr></thead>
        <tbody>${rows.map(({ session, tenths }) => html`<tr data-session=${session.session_id}>
          <th scope="row"><a href=${href(`sessions/${session.session_id}`)}>${moment(session.started_at, zone())}</a></th>
          ${tenths.map(({ fetched, proven, again }) => html`<td class="tenth number ${fetched === 0 ? "none" : again > Most ? "again" : proven > Most ? "proven" : "fetched"}" data-share=${fetched.toFixed(3)}>${fetched === 0 ? "–" : percent(fetched)}</td>`)}</tr>`)}</tbody>
        <tfoot><tr><th scope="row">${t("sessions.grid-sum")}</th>${Array.from({ length: 10 }, (_, i) => html`<td class="number">${percent(rows.filter(({ tenths }) => tenths[i].fetched >= Most).length / Math.max(1, rows.length))}</td>`)}</tr></tfoot>
      </table></div>`;
  }
}
customElements.define("session-grid", SessionGrid);
