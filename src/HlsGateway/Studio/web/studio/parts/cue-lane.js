import { adopt, html, nothing, StudioElement, styleMap, svg } from "../frame/element.js";
import sheet from "./cue-lane.css";

adopt(sheet);

/** Captions of which one sees some at a time; each is a region that is dragged as a whole or by its ends. */
const Around = 12;

/**
 * Cues along the time around the playhead. Properties: `cues`, `time` seconds, `length` seconds, `selected` id, `wave` of the sound where there is one.
 * Wave and regions are elements of ours: they need no library, and take the colours of the page.
 * @fires select detail: id
 * @fires retime detail: { id, start, end } milliseconds, when the pointer is let go
 * @fires seek detail: seconds
 */
class CueLane extends StudioElement {
  static properties = { cues: { attribute: false }, time: { type: Number }, length: { type: Number }, selected: { type: Number }, wave: { attribute: false }, moving: { state: true } };

  constructor() {
    super();
    this.cues = [];
    this.time = 0;
    this.length = 0;
    this.selected = null;
    this.moving = this.wave = null;
  }

  /** The loudness of what one sees, as one line from each peak up and down. */
  #wave(from) {
    if (this.wave === null) return nothing;
    const each = this.wave.seconds_per_peak;
    const first = Math.floor(from / each);
    const seen = this.wave.peaks.slice(first, first + Math.ceil(Around / each) + 1);
    const line = seen.map((peak, i) => `M${((first + i) * each - from) / Around * 1000} ${50 - peak * 48}V${50 + peak * 48}`).join("");
    return html`<svg class="wave" viewBox="0 0 1000 100" preserveAspectRatio="none">${svg`<path d=${line}></path>`}</svg>`;
  }

  get #from() {
    return Math.max(0, Math.min(this.time - Around / 2, Math.max(0, this.length - Around)));
  }

  #grab(event, cue, part) {
    event.stopPropagation();
    if (event.button !== 0) return;
    this.dispatchEvent(new CustomEvent("select", { detail: cue.id }));
    const width = this.querySelector(".lane").clientWidth;
    const scale = Around * 1000 / width;
    const begin = event.clientX;
    const move = now => {
      const by = Math.round((now.clientX - begin) * scale / 10) * 10;
      const start = part === "end" ? cue.start : Math.max(0, cue.start + by);
      const end = part === "start" ? cue.end : cue.end + by;
      if (end - start >= 100) this.moving = { id: cue.id, start, end };
    };
    const drop = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", drop);
      if (this.moving) this.dispatchEvent(new CustomEvent("retime", { detail: this.moving }));
      this.moving = null;
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", drop);
  }

  #seek(event) {
    const place = this.querySelector(".lane").getBoundingClientRect();
    this.dispatchEvent(new CustomEvent("seek", { detail: this.#from + (event.clientX - place.left) / place.width * Around }));
  }

  render() {
    const from = this.#from;
    const x = seconds => `${(seconds - from) / Around * 100}%`;
    const shown = this.cues.filter(cue => cue.end / 1000 >= from && cue.start / 1000 <= from + Around);
    return html`
      <div class="lane" aria-hidden="true" @pointerdown=${this.#seek}>
        ${this.#wave(from)}
        ${Array.from({ length: Around + 1 }, (_, i) => Math.ceil(from) + i).filter(second => second <= from + Around).map(second => html`<span class="second" style=${styleMap({ left: x(second) })}>${Math.floor(second / 60)}:${String(second % 60).padStart(2, "0")}</span>`)}
        ${shown.map(cue => {
          const now = this.moving?.id === cue.id ? this.moving : cue;
          return html`<div class="region ${cue.id === this.selected ? "is-selected" : ""}" style=${styleMap({ left: x(now.start / 1000), width: `${(now.end - now.start) / 1000 / Around * 100}%` })} @pointerdown=${event => this.#grab(event, cue, "all")}>
            <span class="grip" @pointerdown=${event => this.#grab(event, cue, "start")}></span><span class="ellipsis">${cue.text}</span><span class="grip" @pointerdown=${event => this.#grab(event, cue, "end")}></span></div>`;
        })}
        <span class="playhead" style=${styleMap({ left: x(this.time) })}></span>
      </div>`;
  }
}
customElements.define("cue-lane", CueLane);
