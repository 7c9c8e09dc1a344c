import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement, svg } from "../frame/element.js";
import { bounds, number, percent, seconds } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import { aroundOf, axisOf, flagsOf, sayChange, shares, stretchOf } from "../parts/buckets.js";
import "../parts/chart-frame.js";
import "../parts/figure-value.js";
import { fileName } from "../parts/hand-out.js";
import { paced } from "../parts/pace.js";
import { question, range } from "../parts/range-bar.js";
import { failed, loading } from "../parts/state-views.js";
import { sayZone } from "../parts/zone-words.js";
import { copyKeys } from "../parts/copy-keys.js";
import { keepButtons, keepKeys, ownNotes } from "../parts/keeping.js";
import sheet from "./overview.css";

/** All videos together: what was watched, day by day, beside the time before. */
export default class OverviewPage extends StudioElement {
  static title = "overview.title";
  static words = ["changes", "overview", "range", "chart", "figures", "shares"];
  static styles = sheet;
  static properties = { report: { state: true }, before: { state: true }, ranking: { state: true }, changes: { state: true }, problem: { state: true } };

  constructor() {
    super();
    this.report = this.before = this.ranking = this.problem = null;
    this.changes = [];
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.#ask(), { signal: this.gone });
    live.on(this, "request", paced(this, () => this.#ask(true)));
    // What somebody changed appears by itself on the charts.
    live.on(this, "heartbeat", () => { if (performance.now() - this.changesAt > 1800) this.#askChanges(); });
    addEventListener("kept", () => this.#askChanges(), { signal: this.gone });
    keys.on(this, { ...copyKeys(() => question("api/analytics"), () => this.#csv), ...keepKeys("", chart => this.report?.buckets[chart.at]?.from) });
    this.#ask();
  }

  get #csv() {
    const { query } = question("api/export/days.csv");
    return api.url("api/export/days.csv", query).href;
  }

  async #ask(isQuiet = false) {
    const asked = this.asked = {};
    const { before } = range();
    const now = question("api/analytics");
    try {
      const [report, ranking, then] = await Promise.all([
        api.get(now.path, now.query, { signal: this.gone }),
        api.get("api/analytics/videos", { ...now.query, bucket: null, limit: 10 }, { signal: this.gone }),
        address.get("compare") === "1" ? api.get(now.path, { ...now.query, ...before }, { signal: this.gone }) : null,
      ]);
      if (asked !== this.asked) return;
      [this.report, this.ranking, this.before, this.problem] = [report, ranking, then, null];
      if (!isQuiet) await this.#askChanges();
    } catch (problem) {
      if (problem.name !== "AbortError" && asked === this.asked) this.problem = problem;
    }
  }

  async #askChanges() {
    this.changesAt = performance.now();
    const { from, to, tz } = range();
    try {
      const [{ changes: told }, own] = await Promise.all([api.get("api/changes", { from, to, tz, limit: 200 }, { signal: this.gone }), ownNotes({ from, to, tz }, this.gone)]);
      const changes = [...own, ...told];
      if (JSON.stringify(changes) !== JSON.stringify(this.changes)) this.changes = changes;
    } catch {
      // The flags are beside the figures: without them the page is whole.
    }
  }

  render() {
    return html`
      <header class="page-head"><h1>${t("overview.title")}</h1>${keepButtons()}</header>
      <range-bar compares></range-bar>
      ${this.problem ? failed(this.problem, () => this.#ask()) : this.report === null ? loading() : this.#show()}`;
  }

  #show() {
    const { report, before } = this;
    const asked = question("api/analytics");
    const axis = axisOf(report.buckets, range().bucket, report.tz);
    const curl = api.curl(asked.path, asked.query);
    const chart = (id, name, show, unit) => {
      const values = report.buckets.map(bucket => bucket[name]);
      const low = report.buckets.map(bucket => bucket[`${name}_low`]);
      const then = before === null ? [] : [{ name: t("overview.before"), values: report.buckets.map((_, i) => before.buckets[i]?.[name] ?? null), kind: "faint", column: `${name}_before` }];
      return html`<chart-frame id=${id} .heading=${t(`figures.${name}`)} .unit=${unit} .x=${report.buckets.map((_, i) => i)} .label=${axis.label} .show=${show} ?isTime=${show === seconds} .unfinished=${axis.unfinished}
        .series=${[{ name: t(`figures.${name}`), values, low, kind: "bars", column: name }, ...then]} .columns=${axis.columns} .file=${fileName(name, report.from.slice(0, 10), report.to.slice(0, 10), report.tz)} .flags=${flagsOf(this.changes, report.buckets)} .curl=${curl} .csv=${this.#csv}
        @flag=${({ detail }) => this.#around(detail)} @pick=${({ detail }) => this.#open(detail)} @brush=${({ detail }) => address.set(stretchOf(report.buckets, detail, range().bucket))}></chart-frame>`;
    };
    return html`
      <p class="soft">${t("overview.zone", { zone: sayZone(report.tz, report.from, report.to), count: report.videos })}</p>
      <div class="figures">${["views", "watch_seconds", "average_watch_seconds", "completion_rate", "trailer_sessions", "sessions"].map(name => html`<figure-value .name=${name} .report=${report} .before=${before} .question=${asked}></figure-value>`)}</div>
      ${chart("views", "views", number)}
      ${chart("watch", "watch_seconds", seconds)}
      ${chart("completion", "completion_rate", value => percent(value, 0))}
      <section class="card stack tight"><h2>${t("overview.top")}</h2>
        ${this.ranking.videos.length === 0 ? html`<p class="soft">${t("overview.nothing")}</p>` : html`
        <div class="scroll" tabindex="0" role="region" aria-label=${t("overview.top")}><table>
          <thead><tr><th>${t("overview.video")}</th><th class="number">${t("figures.views")}</th><th class="number">${t("figures.watch_seconds")}</th><th class="number">${t("figures.completion_rate")}</th><th><span class="visually-hidden">${t("overview.share")}</span></th></tr></thead>
          <tbody>${this.ranking.videos.map(video => html`<tr>
            <td class="name"><a href=${href(`videos/${encodeURIComponent(video.video)}/analytics`, { query: address.all() })}>${video.video}</a></td>
            <td class="number">${bounds(video.basis, video.views_low, video.views)}</td><td class="number">${bounds(video.basis, video.watch_seconds_low, video.watch_seconds, seconds)}</td>
            <td class="number">${bounds(video.basis, video.completion_rate_low, video.completion_rate, value => percent(value, 0))}</td>
            <td class="spark">${bar(video.watch_seconds / Math.max(1, this.ranking.videos[0].watch_seconds))}</td></tr>`)}</tbody></table></div>`}</section>
      ${shares(report)}
      ${this.changes.length === 0 ? nothing : html`<section class="card stack tight"><h2>${t("overview.changes")}</h2>
        <ul class="changes">${this.changes.slice(0, 8).map(change => html`<li>${axis.moment(change.at)} · <strong>${change.actor}</strong> · ${sayChange(change)}${change.kind === "note" ? nothing : html` <span class="soft name">${change.before ?? "–"} → ${change.after ?? "–"}</span>`}</li>`)}</ul></section>`}`;
  }

  /** Before and after a change: what came since, beside as long a time before it. */
  #around({ at }) {
    address.set(aroundOf(at, range()));
  }

  /** The sessions of one bucket. */
  #open(index) {
    const { from, to } = this.report.buckets[index];
    address.go("sessions", { query: { ...address.all(), range: null, compare: null, from, to } });
  }
}
customElements.define("overview-page", OverviewPage);

const bar = share => html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">${svg`<rect width=${Math.max(1, share * 100)} height="8" rx="2"></rect>`}</svg>`;
