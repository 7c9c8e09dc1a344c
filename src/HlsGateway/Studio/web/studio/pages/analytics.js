import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { clock, number, percent, seconds } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { t } from "../frame/words.js";
import { aroundOf, axisOf, flagsOf, shares, stretchOf } from "../parts/buckets.js";
import "../parts/chart-frame.js";
import { copyKeys } from "../parts/copy-keys.js";
import "../parts/figure-value.js";
import { fileName } from "../parts/hand-out.js";
import { keepButtons, keepKeys, ownNotes } from "../parts/keeping.js";
import { paced } from "../parts/pace.js";
import { filter, question, range } from "../parts/range-bar.js";
import { failed, loading } from "../parts/state-views.js";
import { uncounted } from "../parts/uncounted.js";
import sheet from "./analytics.css";
import overview from "./overview.css";

/** One video in figures: where people stay and leave, beside the video itself. */
export default class AnalyticsPage extends StudioElement {
  static title = "analytics.title";
  static words = ["analytics", "changes", "overview", "range", "chart", "figures", "shares", "player"];
  static styles = [overview, sheet];
  static properties = { params: { attribute: false }, report: { state: true }, before: { state: true }, video: { state: true }, changes: { state: true }, cues: { state: true }, pictures: { state: true }, end: { state: true }, isPlaying: { state: true }, problem: { state: true }, point: { state: true } };

  constructor() {
    super();
    this.report = this.before = this.video = this.problem = this.point = null;
    this.changes = [];
    this.cues = [];
    this.pictures = [];
    this.end = 0;
    this.isPlaying = false;
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
    addEventListener("kept", () => this.#askChanges(), { signal: this.gone });
    const heard = paced(this, () => this.#ask());
    live.on(this, "request", ({ video }) => { if (video === this.id) heard(); });
    live.on(this, "heartbeat", () => { if (performance.now() - this.changesAt > 1800) this.#askChanges(); });
    keys.on(this, {
      ...copyKeys(() => question(`${this.#path}/analytics`), () => this.#days()),
      ...keepKeys(this.id, chart => chart.id === "days" ? this.report?.buckets[chart.at]?.from : null),
      g: { does: t("analytics.go-to"), run: () => this.querySelector("#moment")?.focus() },
      s: { does: t("analytics.sessions"), run: () => address.go("sessions", { query: { ...address.all(), video: this.id } }) },
    });
    this.#begin();
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
    this.#askPictures();
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

  #days() {
    return api.url("api/export/days.csv", { ...question("").query, video: this.id }).href;
  }

  #curve() {
    return api.url("api/export/retention.csv", { ...question("").query, video: this.id, bucket: null }).href;
  }

  async #ask() {
    const asked = this.asked = {};
    const { path, query } = question(`${this.#path}/analytics`);
    try {
      const [report, before] = await Promise.all([
        api.get(path, query, { signal: this.gone }),
        address.get("compare") === "1" ? api.get(path, { ...query, ...range().before }, { signal: this.gone }) : null,
      ]);
      if (asked !== this.asked) return;
      [this.report, this.before, this.problem] = [report, before, null];
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
      const [{ changes: told }, own] = await Promise.all([api.get("api/changes", { from, to, tz, video: this.id, limit: 200 }, { signal: this.gone }), ownNotes({ from, to, tz, video: this.id }, this.gone)]);
      const changes = [...own, ...told];
      if (JSON.stringify(changes) !== JSON.stringify(this.changes)) this.changes = changes;
    } catch {
      // Flags are beside the figures.
    }
  }

  #seek(second) {
    this.point = second;
    const player = this.querySelector("studio-player");
    if (player) player.time = second;
    // The player comes with its first use.
    else if (!this.isPlaying) import("../parts/studio-player.js").then(() => { this.isPlaying = true; });
  }

  /** The curve's crosshair goes with the player; what plays longer than the content has a trailer behind it. */
  #played({ duration }, second, length) {
    this.point = Math.min(length - 1, Math.floor(second));
    if (length > 0 && duration > length + 0.5) this.end = duration;
  }

  #brush({ from, to }) {
    address.set({ left_from: from, left_to: to });
  }

  render() {
    const at = `videos/${encodeURIComponent(this.id)}`;
    return html`
      <header class="page-head"><h1 class="name"><a href=${href(at)}>${this.id}</a></h1>
        <div class="actions"><a role="button" href=${href("sessions", { query: { ...address.all(), video: this.id } })}>${icon("people")} ${t("analytics.sessions")} <kbd>s</kbd></a>${keepButtons(this.id)}</div></header>
      <range-bar compares></range-bar>
      ${this.problem ? failed(this.problem, () => this.#ask()) : this.report === null ? loading() : this.#show()}`;
  }

  #show() {
    const { report } = this;
    const asked = question(`${this.#path}/analytics`);
    const curl = api.curl(asked.path, asked.query);
    const curve = report.retention;
    const all = Math.max(report.sessions, 1);
    const { left_from: leftFrom, left_to: leftTo } = filter();
    const brushed = leftFrom !== undefined && leftTo !== undefined;
    const asCounts = address.get("unit") === "counts";
    const scale = value => asCounts ? value : value / all;
    const show = asCounts ? number : value => percent(value, 0);
    const scaled = (name, more = {}) => ({ name: t(`analytics.${name}`), ...more });
    const column = (name, more) => ({ column: name, values: curve.map(point => scale(point[name])), raw: { values: curve.map(point => point[name]), low: curve.map(point => point[`${name}_low`]) }, ...more });
    const again = curve.map(point => point.plays === null ? null : Math.max(0, point.plays - point.sessions));
    const lines = [
      scaled("stayed", column("sessions", { low: curve.map(point => scale(point.sessions_low)), kind: "line" })),
      ...curve.some(point => point.plays !== null) ? [scaled("replays", { column: "plays", values: again.map(value => value === null ? null : scale(value)), raw: { values: curve.map(point => point.plays) }, kind: "replay", on: 0 })] : [],
      scaled("left", column("left", { low: curve.map(point => scale(point.left_low)), kind: "table" })),
    ];
    // As one would say it: "0:42 · 318 to 331 of 412 sessions (77 to 80 %) · 29 replays · 3 left here".
    const says = i => [
      clock(i),
      t("analytics.here", { sessions: span(number, curve[i].sessions_low, curve[i].sessions), count: report.sessions, share: span(percent, curve[i].sessions_low / all, curve[i].sessions / all) }),
      ...again[i] > 0 ? [t("analytics.replayed", { count: again[i] })] : [],
      ...curve[i].left > 0 ? [t("analytics.left-here", { count: curve[i].left })] : [],
    ].join(" · ");
    const named = table => fileName(table, this.id, report.from.slice(0, 10), report.to.slice(0, 10), report.tz);
    const axis = axisOf(report.buckets, range().bucket, report.tz);
    const found = this.moments ?? { needed: 0, moments: [] };
    return html`
      <div class="figures">${["views", "watch_seconds", "average_watch_seconds", "completion_rate", "trailer_sessions", "trailer_seconds"].map(name => html`<figure-value .name=${name} .report=${report} .before=${this.before} .question=${asked}></figure-value>`)}</div>
      <div class="watch-and-curve">
        <section class="card">${this.video === null ? loading() : !this.isPlaying ? html`<button type="button" class="poster" .style=${this.video.poster_url ? `background-image:url("${this.video.poster_url}")` : ""} @click=${() => this.#seek(this.point ?? 0)}><span>${icon("play")} ${t("analytics.play")}</span></button>` : html`<studio-player .start=${this.point ?? 0} .src=${this.video.playlist_url} .poster=${this.video.poster_url ?? ""} muted @time=${({ target, detail }) => this.#played(target, detail, curve.length)}></studio-player>`}
          <p class="row"><label>${t("analytics.go-to")} <kbd>g</kbd> <input id="moment" inputmode="numeric" size="6" placeholder="0:42" @keydown=${event => { if (event.key === "Enter") this.#seek(secondsOf(event.target.value)); }}></label></p></section>
        <div class="stack tight">
          <chart-frame id="retention" .heading=${t("analytics.retention")} .unit=${asCounts ? t("analytics.in-sessions") : t("analytics.in-share", { sessions: number(report.sessions) })} .x=${curve.map((_, i) => i)}
            .label=${i => clock(i)} .show=${show} .unfinished=${null} .max=${asCounts ? null : 1} .ticks=${this.cues} .curl=${curl} .csv=${this.#curve()} .point=${this.point} group="seconds" .below=${plot => this.#storyboard(plot, curve.length)}
            .series=${lines} .sentence=${says} .chosen=${brushed ? [Number(leftFrom), Number(leftTo)] : null} .columns=${[{ name: "second", value: i => curve[i].second }]} .file=${named("retention")} .shade=${this.end > 0 ? [curve.length, this.end] : null} .shadeText=${t("analytics.trailer", { count: report.trailer_sessions })}
            @pick=${({ detail }) => this.#seek(detail)} @brush=${({ detail }) => this.#brush(detail)}></chart-frame>
          <div class="row apart"><label><input type="checkbox" role="switch" .checked=${asCounts} @change=${event => address.set({ unit: event.target.checked ? "counts" : null })}> ${t("analytics.counts")}</label>
            <small class="soft">${brushed ? t("analytics.brushed", { count: report.sessions }) : t("analytics.brush")}</small></div>
          <ul class="moments" aria-label=${t("analytics.moments")}>${found.needed > 0 ? html`<li class="chip">${t("analytics.needed", { count: found.needed })}</li>`
            : found.moments.length === 0 ? html`<li class="chip">${t("analytics.flat")}</li>`
            : found.moments.map(moment => html`<li><button type="button" @click=${() => this.#seek(moment.from_second)}><strong>${t(`analytics.moment-${moment.kind}`)}</strong> ${t(`analytics.says-${moment.kind}`, { count: moment.sessions, of: moment.of, from: clock(moment.from_second), to: clock(moment.to_second), share: percent(moment.share) })}
              ${moment.usual_low === null ? nothing : html`<span class="soft">${t("analytics.usual", { low: percent(moment.usual_low), high: percent(moment.usual_high) })}</span>`}</button></li>`)}</ul>
        </div>
      </div>
      <chart-frame id="days" .heading=${t("figures.watch_seconds")} .x=${report.buckets.map((_, i) => i)} .label=${axis.label} .show=${seconds} isTime .unfinished=${axis.unfinished} .curl=${curl} .csv=${this.#days()}
        .series=${[{ name: t("figures.watch_seconds"), values: report.buckets.map(bucket => bucket.watch_seconds), low: report.buckets.map(bucket => bucket.watch_seconds_low), kind: "bars", column: "watch_seconds" }]} .columns=${axis.columns} .file=${named("days")} @brush=${({ detail }) => address.set(stretchOf(report.buckets, detail, range().bucket))} .flags=${flagsOf(this.changes, report.buckets)} @flag=${({ detail }) => address.set(aroundOf(detail.at, range()))}></chart-frame>
      ${shares(report)}
      ${Object.keys(report.anonymous).length === 0 ? nothing : html`<section class="card stack tight"><h2>${t("analytics.anonymous")}</h2><p class="soft">${t("analytics.anonymous-text")}</p>
        <dl class="pairs">${Object.entries(report.anonymous).map(([rule, count]) => html`<dt>${rule}</dt><dd>${number(count)}</dd>`)}</dl></section>`}`;
  }

  /** Pictures of the video under its seconds, where the pipeline made them. */
  #storyboard({ left, width }, length) {
    if (this.pictures.length === 0 || length === 0) return nothing;
    const last = Math.max(1, length - 1);
    const [first] = this.pictures;
    const height = 48;
    const scale = height / first.height;
    const count = Math.max(1, Math.round(width / (first.width * scale)));
    const tile = width / count;
    return html`<div class="storyboard" aria-hidden="true" .style=${`margin-left:${left}px;width:${width}px;height:${height}px`}>${Array.from({ length: count }, (_, i) => {
      const second = (i + 0.5) / count * last;
      const { url, x, y, sheet } = this.pictures.find(picture => second < picture.to) ?? this.pictures.at(-1);
      return html`<button type="button" tabindex="-1" .style=${`width:${tile}px;background-image:url("${url}");background-size:${sheet.width * scale}px ${sheet.height * scale}px;background-position:${-x * scale}px ${-y * scale}px`} @click=${() => this.#seek(Math.floor(second))}></button>`;
    })}</div>`;
  }

  /** The sprite's own list says which part of it shows which seconds. */
  async #askPictures() {
    if (!this.video.poster_url) return;
    const url = new URL("storyboard.jpg", this.video.poster_url).href;
    try {
      const [answer, sheet] = await Promise.all([fetch(new URL("storyboard.vtt", url), { signal: this.gone }), sizeOf(url)]);
      if (!answer.ok) return;
      const pictures = [...(await answer.text()).matchAll(/--> (?:(\d+):)?(\d+):([\d.]+)\n\S*#xywh=(\d+),(\d+),(\d+),(\d+)/g)];
      this.pictures = pictures.map(([, hours, minutes, rest, x, y, width, height]) => ({ url, sheet, to: Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(rest), x: Number(x), y: Number(y), width: Number(width), height: Number(height) }));
    } catch {
      // A CDN that lets no script read it: the curve stands without pictures.
    }
  }
}
customElements.define("analytics-page", AnalyticsPage);

/** 0:42, 1:02:03 or 42. */
function secondsOf(text) {
  const parts = text.trim().split(":").map(Number);
  return parts.some(Number.isNaN) ? 0 : parts.reduce((sum, part) => sum * 60 + part, 0);
}

/** Both bounds where they differ. */
const span = (show, low, high) => show(low) === show(high) ? show(high) : t("common.range", { low: show(low), high: show(high) });

/** How large a picture is. */
const sizeOf = url => new Promise((done, fail) => {
  const picture = new Image();
  picture.onload = () => done({ width: picture.naturalWidth, height: picture.naturalHeight });
  picture.onerror = fail;
  picture.src = url;
});
