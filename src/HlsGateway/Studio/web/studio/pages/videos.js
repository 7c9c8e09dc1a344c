import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { bounds, bytes, clock, number, rate, seconds } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { me } from "../frame/me.js";
import { say, tell, wordsOf } from "../frame/toast.js";
import { hasText, t } from "../frame/words.js";
import { paced } from "../parts/pace.js";
import { empty, failed, loading } from "../parts/state-views.js";
import { uploads } from "../parts/uploads.js";
import sheet from "./videos.css";

/** Rows of a page: a thousand videos stay light. */
const PerPage = 60;

const working = ["queued", "probing", "transcoding", "publishing"];

/** Who hears how uploads get on asks now and then only, in case that broke; an uploader may not follow the live tail, and asks. */
const [HeardMs, AskMs] = [5000, 1000];

/** Videos that are kept here, those that were only watched here, and the uploads on their way: one row each, from the file to play. */
export default class VideosPage extends StudioElement {
  static title = "videos.title";
  static words = ["videos"];
  static styles = sheet;
  static properties = { videos: { state: true }, figures: { state: true }, problem: { state: true }, over: { state: true } };

  constructor() {
    super();
    this.videos = null;
    this.figures = new Map();
    this.problem = null;
    this.over = false;
  }

  connectedCallback() {
    super.connectedCallback();
    uploads.addEventListener("change", () => {
      this.requestUpdate();
      // The last byte is there: the video stands in the list from now on.
      if (uploads.all.some(entry => entry.state === "sent" && !this.videos?.some(video => video.video === entry.video))) this.#ask();
    }, { signal: this.gone });
    address.addEventListener("change", () => this.requestUpdate(), { signal: this.gone });
    keys.on(this, {
      "/": { does: t("common.search"), run: () => this.querySelector("input[type=search]")?.focus() },
      u: { does: t("videos.upload"), run: () => this.querySelector("input[type=file]")?.click(), when: () => me.can("uploader") },
    });
    for (const [name, on] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
      addEventListener(name, event => {
        if (!me.can("uploader") || ![...event.dataTransfer?.types ?? []].includes("Files")) return;
        event.preventDefault();
        this.over = on;
        if (name === "drop") this.#add(event.dataTransfer.files);
      }, { signal: this.gone });
    }
    if (me.can("analyst")) {
      const changed = paced(this, () => this.#ask());
      live.on(this, "job", job => { if (!this.#hear(job)) changed(); });
    }
    this.#ask();
  }

  /** @returns {boolean} whether that is all that has changed: what came, went on to another state or ended moves others, and has a poster or figures. */
  #hear({ video, status, progress, eta_seconds: eta }) {
    const known = this.videos?.find(each => each.video === video);
    if (known === undefined || known.status !== status) return false;
    this.videos = this.videos.map(each => each === known ? { ...known, progress, eta_seconds: eta } : each);
    return true;
  }

  async #ask() {
    try {
      const [videos, ranking] = await Promise.all([
        api.get("api/videos", {}, { signal: this.gone }),
        me.can("analyst") ? api.get("api/analytics/videos", { limit: 1000 }, { signal: this.gone }) : null,
      ]);
      this.figures = new Map((ranking?.videos ?? []).map(video => [video.video, video]));
      const ours = new Set(videos.map(video => video.video));
      // What is on an origin that is not ours shows up by being watched.
      const foreign = [...this.figures.keys()].filter(video => !ours.has(video)).map(video => ({ video, status: "foreign", poster_url: null, duration_seconds: null, playlist_url: api.url(`watch/${video}/playlist.m3u8`).href }));
      this.videos = [...videos, ...foreign];
      this.problem = null;
      clearTimeout(this.timer);
      if (this.isConnected && videos.some(video => working.includes(video.status))) this.timer = setTimeout(() => this.#ask(), me.can("analyst") && live.isOpen ? HeardMs : AskMs);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  #add(files) {
    uploads.add([...files]).catch(tell);
  }

  get #shown() {
    const words = (address.get("q") ?? "").toLowerCase().split(/\s+/).filter(word => word.length > 0);
    const found = this.videos.filter(({ video }) => words.every(word => video.toLowerCase().includes(word)));
    const by = address.get("sort", "newest");
    const of = name => ({ video }) => this.figures.get(video)?.[name] ?? -1;
    if (by === "name") return found.toSorted((a, b) => a.video.localeCompare(b.video));
    if (by !== "newest") return found.toSorted((a, b) => of(by)(b) - of(by)(a));
    return found.toSorted((a, b) => (b.created_at ?? "").localeCompare(a.created_at ?? ""));
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    const count = Number(address.get("n", String(PerPage)));
    const shown = this.videos === null ? [] : this.#shown;
    return html`
      <header class="page-head">
        <h1>${t("videos.title")}</h1>
        <div class="row">
          <label class="visually-hidden" for="search">${t("common.search")}</label>
          <input id="search" type="search" placeholder="${t("common.search")}  /" .value=${address.get("q") ?? ""} @input=${event => address.set({ q: event.target.value, n: null }, { replace: true })}>
          <label class="visually-hidden" for="sort">${t("videos.order")}</label>
          <select id="sort" @change=${event => address.set({ sort: event.target.value === "newest" ? null : event.target.value })}>
            ${["newest", "name", ...me.can("analyst") ? ["views", "watch_seconds"] : []].map(name => html`<option value=${name} ?selected=${address.get("sort", "newest") === name}>${t(`videos.by-${name}`)}</option>`)}
          </select>
          ${me.can("uploader") ? html`
            <input type="file" accept="video/*,.mkv,.ts,.flv" multiple hidden @change=${event => { this.#add(event.target.files); event.target.value = ""; }} aria-label=${t("videos.upload")}>
            <button type="button" class="primary" @click=${() => this.querySelector("input[type=file]").click()}>${icon("upload")} ${t("videos.upload")} <kbd>u</kbd></button>` : nothing}
        </div>
      </header>
      ${this.over ? html`<div class="drop" role="status">${icon("upload")} ${t("videos.drop")}</div>` : nothing}
      ${uploads.all.some(entry => entry.state !== "sent") ? html`<ul class="rows" aria-label=${t("videos.uploads")}>${repeat(uploads.all.filter(entry => entry.state !== "sent"), entry => entry.id, entry => this.#upload(entry))}</ul>` : nothing}
      ${this.videos === null ? loading()
        : this.videos.length === 0 ? empty({ title: t("videos.none"), text: me.can("uploader") ? t("videos.none-text") : t("videos.none-yet") })
        : shown.length === 0 ? empty({ title: t("videos.not-found") })
        : html`<ul class="rows">${repeat(shown.slice(0, count), video => video.video, video => this.#row(video))}</ul>
          ${shown.length > count ? html`<div class="row"><button type="button" @click=${() => address.set({ n: count + PerPage }, { replace: true })}>${t("common.more")}</button><span class="soft">${t("videos.of", { shown: count, all: shown.length })}</span></div>` : nothing}`}`;
  }

  #upload(entry) {
    const share = entry.file.size > 0 ? entry.sent / entry.file.size : 0;
    const left = entry.rate > 0 ? (entry.file.size - entry.sent) / entry.rate : null;
    const words = entry.state === "failed" ? wordsOf({ status: 1, type: "", ...entry.problem }) : null;
    const text = entry.state === "waiting" ? t("videos.waiting", { place: uploads.place(entry), all: uploads.all.filter(({ state }) => state === "waiting").length })
      : entry.state === "refused" ? t("videos.too-large", { size: bytes(entry.file.size), limit: bytes(entry.problem.limit) })
      : entry.state === "failed" ? `${words.title} ${words.detail}`
      : left === null ? t("videos.sending", { percent: Math.floor(share * 100) }) : t("videos.sending-at", { percent: Math.floor(share * 100), rate: rate(entry.rate), left: clock(Math.ceil(left)) });
    return html`
      <li class="video-row" data-upload=${entry.video} data-state=${entry.state}>
        <div class="thumb">${icon("upload")}</div>
        <div class="what"><strong class="name">${entry.video}</strong>
          <span class=${["failed", "refused"].includes(entry.state) ? "wrong" : "soft"} role=${["failed", "refused"].includes(entry.state) ? "alert" : nothing}>${text}</span>
          ${entry.state === "sending" ? html`<progress max="1" value=${share} aria-label=${t("videos.sent-of", { name: entry.video })}></progress>` : nothing}</div>
        <div class="actions">
          ${entry.state === "failed" ? html`<button type="button" @click=${() => uploads.retry(entry)}>${icon("undo")} ${t("common.retry")}</button>` : nothing}
          <button type="button" class="plain" aria-label=${t("videos.cancel", { name: entry.video })} @click=${() => uploads.remove(entry)}>${icon("close")}</button></div>
      </li>`;
  }

  #row(video) {
    const figures = this.figures.get(video.video);
    const at = `videos/${encodeURIComponent(video.video)}`;
    return html`
      <li class="video-row" data-video=${video.video} data-status=${video.status}>
        <a class="thumb" href=${href(at)} tabindex="-1" aria-hidden="true">
          ${video.poster_url ? html`<img src=${video.poster_url} alt="" loading="lazy" width="128" height="72">` : icon("film")}
          ${video.duration_seconds ? html`<span class="length">${clock(video.duration_seconds)}</span>` : nothing}
        </a>
        <div class="what"><a class="name" href=${href(at)}><strong>${video.video}</strong></a>${this.#status(video)}</div>
        ${me.can("analyst") ? html`
          <a class="numbers" href=${href(`${at}/analytics`)}>
            <span><b>${figures ? bounds(figures.basis, figures.views_low, figures.views, number) : "0"}</b> ${t("videos.views")}</span>
            <span><b>${figures ? bounds(figures.basis, figures.watch_seconds_low, figures.watch_seconds, seconds) : seconds(0)}</b> ${t("videos.watched")}</span>
          </a>` : nothing}
        <div class="actions">
          ${video.can_retry && me.can("uploader") ? html`<button type="button" aria-label=${t("videos.retry", { name: video.video })} @click=${() => this.#retry(video)}>${icon("undo")} ${t("common.retry")}</button>` : nothing}
          ${video.playlist_url && video.status !== "failed" ? html`<button type="button" class="plain" aria-label=${t("videos.copy-link", { name: video.video })} title=${t("videos.copy")} @click=${() => this.#copy(video)}>${icon("link")}</button>` : nothing}
        </div>
      </li>`;
  }

  #status(video) {
    if (video.status === "ready") return html`<span class="soft">${t("videos.ready", { qualities: video.renditions.map(rendition => rendition.name).join(", ") })}</span>`;
    if (video.status === "foreign") return html`<span class="soft">${t("videos.foreign")}</span>`;
    if (video.status === "failed") return html`<span class="wrong">${t("videos.failed")} ${video.error ?? ""}</span>`;
    const left = video.eta_seconds === null ? "" : t("videos.about", { time: clock(Math.ceil(video.eta_seconds)) });
    const name = hasText(`videos.${video.status}`) ? t(`videos.${video.status}`, { place: video.queue_position ?? 1 }) : video.status;
    return html`<span class="soft">${name} ${video.status === "transcoding" ? `${Math.round(video.progress * 100)} %` : ""} ${left} <span class="leave">${t("videos.may-leave")}</span></span>
      <progress max="1" value=${video.progress} aria-label=${t("videos.progress-of", { name: video.video })}></progress>`;
  }

  async #retry(video) {
    try {
      await api.send("POST", `api/videos/${encodeURIComponent(video.video)}/retry`);
    } catch (problem) {
      tell(problem);
    }
    this.#ask();
  }

  async #copy(video) {
    await navigator.clipboard.writeText(video.playlist_url);
    say(t("common.copied"));
  }
}
customElements.define("videos-page", VideosPage);
