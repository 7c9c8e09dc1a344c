import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { clock, number, percent, seconds } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import { axisOf, flagsOf, shares } from "../parts/buckets.js";
import "../parts/chart-frame.js";
import { copyKeys } from "../parts/copy-keys.js";
import "../parts/figure-value.js";
import { filter, question, range } from "../parts/range-bar.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import { uncounted } from "../parts/uncounted.js";
import sheet from "./analytics.css";
import overview from "./overview.css";

/** One video in figures: where people stay and leave, beside the video itself. */
export default class AnalyticsPage extends StudioElement {
  static title = "analytics.title";
  static words = ["analytics", "overview", "range", "chart", "figures", "shares", "player"];
  static styles = [overview, sheet];
  static properties = { params: { attribute: false }, report: { state: true }, video: { state: true }, changes: { state: true }, cues: { state: true }, problem: { state: true }, point: { state: true } };

  constructor() {
    super();
    this.report = this.video = this.problem = this.point = null;
    this.changes = [];
    this.cues = [];
  }

  get id() {
    return this.params[0];
  }

  get #path() {
    return `api/videos/${encodeURIComponent(this.id)}`;
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.#ask(), { signal: this.gone });
    live.on(this, "request", request => { if (request.video === this.id) this.#soon(); });
    live.on(this, "heartbeat", () => { if (performance.now() - this.changesAt > 1800) this.#askChanges(); });
    keys.on(this, {
      ...copyKeys(() => question(`${this.#path}/analytics`), () => this.#csv("days")),
      g: { does: t("analytics.go-to"), run: () => this.querySelector("#moment")?.focus() },
      s: { does: t("analytics.sessions"), run: () => address.go("sessions", { query: { ...address.all(), video: this.id } }) },
    });
    this.#begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.again);
  }

  async #begin() {
    this.#ask();
    try {
      const { playlist_url: playlist } = await uncounted(this.id, { signal: this.gone });
      let poster = null;
      try {
        ({ poster_url: poster } = await api.get(this.#path, {}, { signal: this.gone }));
      } catch {
        // Of another origin: no poster.
      }
      this.video = { playlist_url: playlist, poster_url: poster };
    } catch (problem) {
      // The figures of a video that is gone are still there.
      if (problem.name !== "AbortError") this.video = { playlist_url: "", poster_url: null };
    }
    try {
      const { tracks } = await api.get(`${this.#path}/subtitles`, {}, { signal: this.gone });
      if (tracks.length > 0) {
        const { data } = await api.send("GET", `${this.#path}/subtitles/${tracks[0].language}`, { query: { format: "vtt" }, signal: this.gone });
        this.cues = [...data.matchAll(/^(?:(\d+):)?(\d+):(\d+)[.,]\d+ -->/gm)].map(([, hours, minutes, rest]) => Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(rest));
      }
    } catch {
      // Ticks of captions are a help, no more.
    }
  }

  #csv(table) {
    const { query } = question("");
    return api.url(`api/export/${table}.csv`, { ...query, video: this.id, bucket: table === "days" ? query.bucket : null }).href;
  }

  #soon() {
    this.again ??= setTimeout(() => { this.again = null; if (this.isConnected) this.#ask(); }, 1000);
  }

  async #ask() {
    const asked = this.asked = {};
    const { path, query } = question(`${this.#path}/analytics`);
    try {
      const report = await api.get(path, query, { signal: this.gone });
      if (asked !== this.asked) return;
      [this.report, this.problem] = [report, null];
      const { bucket: _, ...rest } = query;
      this.moments = await api.get(`${this.#path}/moments`, rest, { signal: this.gone });
      this.requestUpdate();
      if (this.changesAt === undefined) await this.#askChanges();
    } catch (problem) {
      if (problem.name !== "AbortError" && asked === this.asked) this.problem = problem;
    }
  }

  async #askChanges() {
    this.changesAt = performance.now();
    const { from, to, tz } = range();
    try {
      const { changes } = await api.get("api/changes", { from, to, tz, video: this.id, limit: 200 }, { signal: this.gone });
      if (JSON.stringify(changes) !== JSON.stringify(this.changes)) this.changes = changes;
    } catch {
      // Flags are beside the figures.
    }
  }

  #seek(second) {
    const player = this.querySelector("studio-player");
    if (player) player.time = second;
    this.point = second;
  }

  #brush({ from, to }) {
    address.set({ left_from: from, left_to: to });
  }

  render() {
    const at = `videos/${encodeURIComponent(this.id)}`;
    return html`
      <header class="page-head"><h1 class="name"><a href=${href(at)}>${this.id}</a></h1>
        <div class="actions"><a role="button" href=${href("sessions", { query: { ...address.all(), video: this.id } })}>${icon("people")} ${t("analytics.sessions")} <kbd>s</kbd></a></div></header>
      <range-bar></range-bar>
      ${this.problem ? failed(this.problem, () => this.#ask()) : this.report === null ? loading() : this.#show()}`;
  }

  #show() {
    const { report } = this;
    const asked = question(`${this.#path}/analytics`);
    const curl = api.curl(asked.path, asked.query);
    const curve = report.retention;
    const all = Math.max(report.sessions, 1);
    const asCounts = address.get("unit") === "counts";
    const scale = value => asCounts ? value : value / all;
    const show = asCounts ? number : value => percent(value, 0);
    const replays = curve.some(point => point.plays !== null) ? [{ name: t("analytics.replays"), kind: "replay", values: curve.map(point => scale(Math.max(0, point.plays - point.sessions))) }] : [];
    const left = [{ name: t("analytics.left"), kind: "faint", values: curve.map(point => scale(point.left)) }];
    const axis = axisOf(report.buckets, range().bucket, report.tz);
    const found = this.moments ?? { needed: 0, moments: [] };
    const brushed = filter().left_from !== undefined;
    return html`
      <div class="figures">${["views", "watch_seconds", "average_watch_seconds", "completion_rate", "trailer_sessions", "trailer_seconds"].map(name => html`<figure-value .name=${name} .report=${report} .question=${asked}></figure-value>`)}</div>
      <div class="watch-and-curve">
        <section class="card">${this.video ? html`<studio-player .src=${this.video.playlist_url} .poster=${this.video.poster_url ?? ""} muted @time=${({ detail }) => { this.point = Math.min(curve.length - 1, Math.floor(detail)); }}></studio-player>
          <p class="row"><label>${t("analytics.go-to")} <kbd>g</kbd> <input id="moment" inputmode="numeric" size="6" placeholder="0:42" @keydown=${event => { if (event.key === "Enter") this.#seek(secondsOf(event.target.value)); }}></label></p>` : loading()}</section>
        <div class="stack tight">
          <chart-frame id="retention" .heading=${t("analytics.retention")} .unit=${asCounts ? t("analytics.in-sessions") : t("analytics.in-share", { sessions: number(report.sessions) })} .x=${curve.map((_, i) => i)}
            .label=${i => clock(i)} .show=${show} .unfinished=${null} .max=${asCounts ? null : Math.max(1, ...replays.flatMap(series => series.values))} .ticks=${this.cues} .curl=${curl} .csv=${this.#csv("retention")} .point=${this.point}
            .series=${[{ name: t("analytics.stayed"), values: curve.map(point => scale(point.sessions)), low: curve.map(point => scale(point.sessions_low)), kind: "line" }, ...replays, ...left]}
            @pick=${({ detail }) => this.#seek(detail)} @brush=${({ detail }) => this.#brush(detail)}></chart-frame>
          ${this.#storyboard(curve.length)}
          <div class="row apart"><label><input type="checkbox" role="switch" .checked=${asCounts} @change=${event => address.set({ unit: event.target.checked ? "counts" : null })}> ${t("analytics.counts")}</label>
            <small class="soft">${brushed ? t("analytics.brushed", { count: report.sessions }) : t("analytics.brush")}</small></div>
          <ul class="moments" aria-label=${t("analytics.moments")}>${found.needed > 0 ? html`<li class="chip">${t("analytics.needed", { count: found.needed })}</li>`
            : found.moments.length === 0 ? html`<li class="chip">${t("analytics.flat")}</li>`
            : found.moments.map(moment => html`<li><button type="button" @click=${() => this.#seek(moment.from_second)}><strong>${t(`analytics.moment-${moment.kind}`)}</strong> ${t(`analytics.says-${moment.kind}`, { count: moment.sessions, of: moment.of, from: clock(moment.from_second), to: clock(moment.to_second), share: percent(moment.share) })}
              ${moment.usual_low === null ? nothing : html`<span class="soft">${t("analytics.usual", { low: percent(moment.usual_low), high: percent(moment.usual_high) })}</span>`}</button></li>`)}</ul>
        </div>
      </div>
      <chart-frame id="days" .heading=${t("figures.watch_seconds")} .x=${report.buckets.map((_, i) => i)} .label=${axis.label} .show=${seconds} .unfinished=${axis.unfinished} .curl=${curl} .csv=${this.#csv("days")}
        .series=${[{ name: t("figures.watch_seconds"), values: report.buckets.map(bucket => bucket.watch_seconds), low: report.buckets.map(bucket => bucket.watch_seconds_low), kind: "line" }]} .flags=${flagsOf(this.changes, report.buckets)}></chart-frame>
      ${shares(report)}
      ${Object.keys(report.anonymous).length === 0 ? nothing : html`<section class="card stack tight"><h2>${t("analytics.anonymous")}</h2><p class="soft">${t("analytics.anonymous-text")}</p>
        <dl class="pairs">${Object.entries(report.anonymous).map(([rule, count]) => html`<dt>${rule}</dt><dd>${number(count)}</dd>`)}</dl></section>`}`;
  }

  /** Ten pictures of the video under the curve, where the pipeline made them. */
  #storyboard(length) {
    if (!this.video?.poster_url || length === 0) return nothing;
    return html`<div class="storyboard" aria-hidden="true"><img src=${this.video.poster_url.replace(/poster\.jpg$/, "storyboard.jpg")} alt="" @error=${event => { event.target.parentElement.hidden = true; }}></div>`;
  }
}
customElements.define("analytics-page", AnalyticsPage);

/** 0:42, 1:02:03 or 42. */
function secondsOf(text) {
  const parts = text.trim().split(":").map(Number);
  return parts.some(Number.isNaN) ? 0 : parts.reduce((sum, part) => sum * 60 + part, 0);
}
