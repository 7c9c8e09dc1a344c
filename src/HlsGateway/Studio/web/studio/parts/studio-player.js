import { cmcd } from "../../../../Playback/cmcd.js";
import workerFile from "hls.js/dist/hls.worker.js";
import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { t } from "../frame/words.js";
import sheet from "./studio-player.css";

adopt(sheet);

/**
 * A stream as a viewer gets it. hls.js comes with the first player that is shown; where a browser plays HLS by itself and knows no
 * Media Source Extensions, it does. Its words are the section "player".
 *
 * @fires time detail: seconds on the media's own timeline
 * @fires level detail: the Rendition's height that plays now
 * @fires cue detail: the captions on screen, as text
 * @fires discontinuity detail: { at } seconds where the trailer begins or ends
 * @fires fragment detail: { start, duration, url, height, cc, bytes, milliseconds }
 * @fires ready
 * @fires problem detail: a sentence
 */
export class StudioPlayer extends StudioElement {
  static properties = { src: {}, start: { type: Number }, poster: {}, muted: { type: Boolean }, menus: { state: true }, fault: { state: true } };

  constructor() {
    super();
    this.src = "";
    this.start = 0;
    this.poster = "";
    this.muted = false;
    this.menus = { levels: [], tracks: [] };
    this.fault = "";
    this.hls = null;
  }

  get video() {
    return this.querySelector("video");
  }

  /** Seconds on the media's timeline. */
  get time() {
    return this.video?.currentTime ?? 0;
  }

  set time(seconds) {
    if (this.video) this.video.currentTime = seconds;
  }

  get duration() {
    const length = this.video?.duration;
    return Number.isFinite(length) ? length : 0;
  }

  play() {
    return this.video.play();
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#end();
  }

  willUpdate(changed) {
    if (changed.has("src") && this.hasUpdated) this.#load();
  }

  firstUpdated() {
    const { video } = this;
    video.addEventListener("timeupdate", () => this.#tell("time", video.currentTime));
    video.addEventListener("seeking", () => this.#tell("time", video.currentTime));
    video.addEventListener("ended", () => this.#tell("ended"));
    for (const name of ["addtrack", "change", "removetrack"]) video.textTracks.addEventListener(name, () => this.#tracks());
    this.#load();
  }

  #end() {
    this.hls?.destroy();
    this.hls = null;
  }

  async #load() {
    this.#end();
    this.fault = "";
    this.menus = { levels: [], tracks: [] };
    if (!this.src) return;
    const { src } = this;
    const { default: Hls } = await import("hls.js");
    if (!this.isConnected || src !== this.src) return;
    if (!Hls.isSupported()) {
      this.video.src = src;
      if (this.start > 0) this.video.addEventListener("loadedmetadata", () => { this.time = this.start; }, { once: true });
      this.#tell("ready");
      return;
    }
    const hls = new Hls({ workerPath: new URL(workerFile, import.meta.url).href, startPosition: this.start > 0 ? this.start : -1, cmcd: cmcd(() => hls) });
    this.hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.menus = { ...this.menus, levels: hls.levels.map((level, i) => ({ i, name: level.height ? `${level.height}p` : `${Math.round(level.bitrate / 1000)} kbit/s` })) };
      this.#tell("ready");
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.#tell("level", hls.levels[level]?.height ?? 0));
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag, stats }) => this.#tell("fragment", {
      start: frag.start, duration: frag.duration, url: frag.url, height: hls.levels[frag.level]?.height ?? 0, cc: frag.cc, bytes: stats.total, milliseconds: Math.round(stats.loading.end - stats.loading.start), type: frag.type,
    }));
    hls.on(Hls.Events.FRAG_CHANGED, (_, { frag }) => {
      if (this.cc !== undefined && this.cc !== frag.cc) this.#tell("discontinuity", { at: frag.start });
      this.cc = frag.cc;
    });
    hls.on(Hls.Events.ERROR, (_, { fatal, details, response }) => {
      if (!fatal) return;
      this.fault = t("player.stopped", { reason: response?.code ? `${details}, ${response.code}` : details });
      this.#tell("problem", this.fault);
    });
    hls.loadSource(src);
    hls.attachMedia(this.video);
  }

  #tracks() {
    const tracks = [...this.video.textTracks].filter(track => ["subtitles", "captions"].includes(track.kind) && (track.label || track.language));
    for (const track of tracks) track.oncuechange = () => this.#tell("cue", [...track.activeCues ?? []].map(cue => cue.text).join("\n"));
    this.menus = { ...this.menus, tracks: tracks.map(track => ({ track, name: track.label || track.language, isOn: track.mode === "showing" })) };
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #choose(event) {
    const chosen = event.target.value;
    for (const [i, { track }] of this.menus.tracks.entries()) track.mode = String(i) === chosen ? "showing" : "disabled";
  }

  render() {
    const { levels, tracks } = this.menus;
    return html`
      <video controls playsinline crossorigin="anonymous" preload="metadata" poster=${this.poster || nothing} .muted=${this.muted} aria-label=${t("player.label")}></video>
      ${this.fault ? html`<p class="wrong" role="alert">${this.fault}</p>` : nothing}
      <div class="row player-menus">
        <label>${t("player.captions")} <select ?disabled=${tracks.length === 0} @change=${this.#choose}>
          <option value="-1">${t("player.off")}</option>
          ${tracks.map((track, i) => html`<option value=${i} ?selected=${track.isOn}>${track.name}</option>`)}</select></label>
        <label>${t("player.quality")} <select ?disabled=${levels.length < 2} @change=${event => { if (this.hls) this.hls.nextLevel = Number(event.target.value); }}>
          <option value="-1">${t("player.automatic")}</option>
          ${levels.map(level => html`<option value=${level.i}>${level.name}</option>`)}</select></label>
      </div>`;
  }
}
customElements.define("studio-player", StudioPlayer);
