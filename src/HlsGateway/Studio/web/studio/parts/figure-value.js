import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { bounds, number, percent, seconds } from "../frame/format.js";
import { t } from "../frame/words.js";
import sheet from "./figure-value.css";

adopt(sheet);

/** How each figure is written. */
const shows = { watch_seconds: seconds, seconds_fetched: seconds, trailer_seconds: seconds, average_watch_seconds: seconds, completion_rate: value => percent(value, 1) };

export const showOf = name => shows[name] ?? number;

/**
 * One figure of a report: its name and what is proven, or both bounds in words; a button that opens "Why this number?". Words: "figures".
 * `.report` is what the API answered, `.name` the figure, `.question` { path, query } the call that gave it, `.before` the same report of the time before; `plain`: only to be read.
 */
class FigureValue extends StudioElement {
  static properties = { report: { attribute: false }, name: {}, question: { attribute: false }, before: { attribute: false }, plain: { type: Boolean } };

  render() {
    const { report, name } = this;
    if (!report) return html`<span class="figure"><span class="figure-name">${t(`figures.${name}`)}</span><span class="figure-number soft">…</span></span>`;
    const show = showOf(name);
    const low = report[`${name}_low`];
    const text = low === undefined ? show(report[name]) : bounds(report.basis, low, report[name], show);
    const inside = html`<span class="figure-name">${t(`figures.${name}`)}</span><span class="figure-number">${text}</span>${this.#trend()}`;
    // Who reads a shared link has no rows to open it into.
    if (this.plain) return html`<span class="figure" data-figure=${name} data-low=${low ?? nothing} data-value=${report[name] ?? nothing}>${inside}</span>`;
    return html`
      <button type="button" class="figure" data-figure=${name} data-low=${low ?? nothing} data-value=${report[name] ?? nothing} aria-haspopup="dialog" @click=${() => this.#why()}>${inside}</button>`;
  }

  /** The panel comes when it is first asked for: most figures are only read. */
  async #why() {
    const { why } = await import("./why-panel.js");
    why(this.question, this.name);
  }

  #trend() {
    if (!this.before) return nothing;
    const [now, then] = [this.report[this.name], this.before[this.name]];
    if (!then) return html`<span class="figure-trend soft">${t("figures.no-before")}</span>`;
    const change = (now - then) / then;
    return html`<span class="figure-trend soft">${change >= 0 ? "▲" : "▼"} ${percent(Math.abs(change), 0)} ${t("figures.than-before")}</span>`;
  }
}
customElements.define("figure-value", FigureValue);
