import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { clock, number, percent, seconds } from "../frame/format.js";
import { t } from "../frame/words.js";
import { axisOf, shares } from "../parts/buckets.js";
import "../parts/chart-frame.js";
import "../parts/figure-value.js";
import { failed, loading } from "../parts/state-views.js";
import { sayZone } from "../parts/zone-words.js";
import sheet from "./overview.css";

/** The report of a shared link, for whoever has it: read-only, locked to its days and filters, no way to anything else. */
export default class SharedPage extends StudioElement {
  static title = "kept.shared";
  static words = ["kept", "analytics", "changes", "overview", "range", "chart", "figures", "shares"];
  static styles = sheet;
  static properties = { params: { attribute: false }, answer: { state: true }, problem: { state: true } };

  constructor() {
    super();
    this.answer = this.problem = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    try {
      this.answer = await api.get(`api/shared/${encodeURIComponent(this.params[0])}`, {}, { signal: this.gone });
      this.problem = null;
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  render() {
    if (this.problem) return failed(this.problem, this.problem.status === 404 ? undefined : () => this.#ask());
    if (this.answer === null) return loading();
    const { video, filters, report } = this.answer;
    const curve = report.retention;
    const all = Math.max(report.sessions, 1);
    const axis = axisOf(report.buckets, filters.bucket ?? "day", report.tz);
    const locked = Object.entries(filters).filter(([name]) => !["from", "to", "tz", "bucket", "days"].includes(name));
    return html`
      <header class="page-head"><h1 class="name">${video}</h1><span class="soft">${t("kept.read-only")}</span></header>
      <p class="soft" data-locked>${axis.moment(report.from)} – ${axis.moment(report.to)} · ${sayZone(report.tz, report.from, report.to)}</p>
      ${locked.length === 0 ? nothing : html`<div class="row chips">${locked.map(([name, value]) => html`<span class="chip">${t(`range.filter-${name}`)}: ${value}</span>`)}</div>`}
      <div class="figures">${["views", "watch_seconds", "average_watch_seconds", "completion_rate", "trailer_sessions", "sessions"].map(name => html`<figure-value plain .name=${name} .report=${report}></figure-value>`)}</div>
      <chart-frame id="retention" .heading=${t("analytics.retention")} .unit=${t("analytics.in-share", { sessions: number(report.sessions) })} .x=${curve.map((_, i) => i)} .label=${i => clock(i)} .show=${value => percent(value, 0)} .unfinished=${null} .max=${1} group="seconds"
        .series=${[{ name: t("analytics.stayed"), values: curve.map(point => point.sessions / all), low: curve.map(point => point.sessions_low / all), kind: "line", column: "sessions", raw: { values: curve.map(point => point.sessions), low: curve.map(point => point.sessions_low) } }]} .columns=${[{ name: "second", value: i => curve[i].second }]}></chart-frame>
      <chart-frame id="days" .heading=${t("figures.watch_seconds")} .x=${report.buckets.map((_, i) => i)} .label=${axis.label} .show=${seconds} isTime .unfinished=${axis.unfinished} .columns=${axis.columns}
        .series=${[{ name: t("figures.watch_seconds"), values: report.buckets.map(bucket => bucket.watch_seconds), low: report.buckets.map(bucket => bucket.watch_seconds_low), kind: "bars", column: "watch_seconds" }]}></chart-frame>
      ${shares(report)}`;
  }
}
customElements.define("shared-page", SharedPage);
