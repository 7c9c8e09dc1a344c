import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { bytes, clock, day, number, rate } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { me } from "../frame/me.js";
import { say, tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import "../parts/figure-value.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import sheet from "./video.css";

const working = ["queued", "probing", "transcoding", "publishing"];
const [HeardMs, AskMs] = [5000, 1000];

/** One video: to watch, with everything that belongs to it. */
export default class VideoPage extends StudioElement {
  static title = "video.title";
  static words = ["video", "player", "figures"];
  static styles = sheet;
  static properties = { params: { attribute: false }, video: { state: true }, problem: { state: true }, captions: { state: true }, report: { state: true }, plan: { state: true }, deleting: { state: true } };

  constructor() {
    super();
    this.video = this.problem = this.captions = this.report = this.plan = null;
    this.deleting = false;
  }

  get id() {
    return this.params[0];
  }

  get #path() {
    return `api/videos/${encodeURIComponent(this.id)}`;
  }

  connectedCallback() {
    super.connectedCallback();
    keys.on(this, {
      " ": { does: t("video.play"), run: () => this.querySelector("studio-player")?.toggle() },
      a: { does: t("video.analytics"), run: () => address.go(`videos/${encodeURIComponent(this.id)}/analytics`), when: () => me.can("analyst") },
    });
    if (me.can("analyst")) live.on(this, "job", job => { if (job.video === this.id) this.#hear(job); });
    this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  /** How an upload of this video gets on; what ended has more than a state. */
  #hear({ status, progress }) {
    if (this.video === null) return;
    if (working.includes(status)) this.video = { ...this.video, status, progress };
    else this.#ask();
  }

  async #ask() {
    const signal = this.gone;
    this.problem = null;
    try {
      try {
        this.video = await api.get(this.#path, {}, { signal });
        clearTimeout(this.timer);
        // Who may not follow the live tail asks.
        if (this.isConnected && working.includes(this.video.status)) this.timer = setTimeout(() => this.#ask(), me.can("analyst") && live.isOpen ? HeardMs : AskMs);
      } catch (problem) {
        if (problem.status !== 404) throw problem;
        // Not kept here: of an origin that is not ours, where it was ever watched.
        this.video = { video: this.id, status: "foreign", renditions: [], playlist_url: api.url(`watch/${this.id}/playlist.m3u8`).href };
        if (me.can("analyst")) this.report = await api.get(`${this.#path}/analytics`, {}, { signal });
      }
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
      return;
    }
    const part = async (name, call) => {
      try {
        this[name] = await call();
      } catch (problem) {
        if (problem.name !== "AbortError") tell(problem);
      }
    };
    await Promise.all([
      me.can("analyst", "editor") ? part("captions", () => api.get(`${this.#path}/subtitles`, {}, { signal })) : null,
      me.can("analyst", "editor") ? part("plan", () => api.get("api/trailers/plan", { video: this.id }, { signal })) : null,
      me.can("analyst") && this.report === null ? part("report", () => api.get(`${this.#path}/analytics`, {}, { signal })) : null,
    ]);
  }

  async #retry() {
    try {
      await api.send("POST", `${this.#path}/retry`);
    } catch (problem) {
      tell(problem);
    }
    this.#ask();
  }

  async #delete() {
    const [id, path] = [this.id, this.#path];
    this.deleting = true;
    try {
      const { response } = await api.send("DELETE", path);
      // Nothing can be brought back where only an upload was ended.
      const undo = async () => {
        await api.send("POST", `${path}/restore`);
        if (address.path === "videos") address.go(`videos/${encodeURIComponent(id)}`);
      };
      say(t("video.deleted", { name: id }), response.headers.has("Restorable-Until") ? { undo } : {});
      address.go("videos");
    } catch (problem) {
      this.deleting = false;
      tell(problem);
    }
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    if (this.video === null) return loading();
    const { video } = this;
    const at = `videos/${encodeURIComponent(this.id)}`;
    const playable = ["ready", "foreign"].includes(video.status);
    const question = { path: `${this.#path}/analytics`, query: {} };
    return html`
      <header class="page-head"><h1 class="name">${video.video}</h1>
        <div class="actions">
          ${me.can("analyst") ? html`<a role="button" href=${href(`${at}/analytics`)}>${icon("chart")} ${t("video.analytics")} <kbd>a</kbd></a> <a role="button" href=${href("sessions", { query: { video: this.id } })}>${icon("people")} ${t("video.sessions")}</a>` : nothing}
          ${me.can("analyst", "editor") ? html`<a role="button" href=${href("inspect", { query: { url: video.playlist_url } })}>${icon("eye")} ${t("video.inspect")}</a>` : nothing}
        </div></header>
      <div class="video-page">
        <section class="card stack">
          ${playable ? html`<studio-player .src=${video.playlist_url} .poster=${video.poster_url ?? ""}></studio-player><p class="soft">${t("video.counts")}</p>`
            : html`<p role="status">${video.status === "failed" ? html`<span class="wrong">${video.error}</span>${video.can_retry && me.can("uploader") ? html` <button type="button" @click=${() => this.#retry()}>${icon("undo")} ${t("common.retry")}</button>` : nothing}` : t("video.not-yet", { percent: Math.round((video.progress ?? 0) * 100) })}</p>`}
          ${me.can("analyst") ? html`<div class="figures">${["views", "watch_seconds", "average_watch_seconds", "completion_rate"].map(name => html`<figure-value .name=${name} .report=${this.report} .question=${question}></figure-value>`)}</div>` : nothing}
        </section>
        <div class="stack">
          <section class="card stack tight"><h2>${t("video.facts")}</h2>
            <dl class="pairs">
              ${video.duration_seconds ? html`<dt>${t("video.length")}</dt><dd>${clock(video.duration_seconds)}</dd>` : nothing}
              ${video.created_at ? html`<dt>${t("video.uploaded")}</dt><dd>${day(video.created_at)}</dd>` : nothing}
              <dt>${t("video.playlist")}</dt><dd class="name"><a href=${video.playlist_url}>${video.playlist_url}</a></dd>
              ${this.plan ? html`<dt>${t("video.trailer")}</dt><dd class="name">${this.plan.version ?? this.plan.trailer ?? t("video.no-trailer")}</dd>` : nothing}
            </dl>
            ${video.renditions.length > 0 ? html`<div class="scroll" tabindex="0" role="region" aria-label=${t("video.rendition")}><table><thead><tr><th>${t("video.rendition")}</th><th class="number">${t("video.size")}</th><th class="number">${t("video.bandwidth")}</th></tr></thead>
              <tbody>${video.renditions.map(rendition => html`<tr><td>${rendition.name}</td><td class="number">${rendition.width} × ${rendition.height}</td><td class="number">${rate(rendition.average_bandwidth / 8)}</td></tr>`)}</tbody></table></div>` : nothing}
            <div class="actions">
              ${me.can("uploader", "editor") && video.source ? html`<a role="button" href=${video.source.download_url} download>${icon("download")} ${t("video.source")} <small>${bytes(video.source.bytes)}</small></a>` : nothing}
              ${me.can("uploader", "editor") && video.original ? html`<a role="button" href=${video.original.download_url} download>${icon("download")} ${t("video.original")} <small>${bytes(video.original.bytes)}</small></a>` : nothing}
            </div></section>
          ${me.can("analyst", "editor") ? html`
            <section class="card stack tight"><h2>${t("video.captions")}</h2>
              ${this.captions === null ? loading() : this.captions.tracks.length === 0 ? html`<p class="soft">${t("video.no-captions")}</p>` : html`
                <ul class="tracks">${this.captions.tracks.map(track => html`<li><a href=${href(`${at}/captions/${track.language}`)}>${track.name}</a> <span class="soft">${track.language} · ${t("video.cues", { count: track.cues })}${track.machine ? ` · ${t("video.machine")}` : ""}</span></li>`)}</ul>`}
              <div class="actions"><a role="button" href=${href(`${at}/captions`)}>${icon("captions")} ${t(me.can("editor") ? "video.edit-captions" : "video.see-captions")}</a></div></section>` : nothing}
          <section class="card stack tight"><h2>${t("video.embed")}</h2>
            <pre tabindex="0"><code>${`import { cmcd } from "${api.url("watch/~cmcd.js").href}";\nconst hls = new Hls({ cmcd: cmcd(() => hls) });\nhls.loadSource("${video.playlist_url}");\nhls.attachMedia(video);`}</code></pre>
            <pre tabindex="0"><code>ffplay ${video.playlist_url}</code></pre></section>
          ${me.can("uploader") && video.status !== "foreign" ? html`<div><button type="button" class="danger" ?disabled=${this.deleting} @click=${() => this.#delete()}>${icon("remove")} ${t("common.delete")}</button></div>` : nothing}
        </div>
      </div>`;
  }
}
customElements.define("video-page", VideoPage);
