import { adopt, StudioElement, html } from "../frame/element.js";
import sheet from "./session-strip.css";
import { bucketsOf, lettersOf } from "./trace.js";

adopt(sheet);

const Height = 14;
const Most = 90;

let colors = null;
let hatch = null;
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", () => { colors = null; for (const strip of document.querySelectorAll("session-strip")) strip.paint(); });
}

function palette() {
  if (colors) return colors;
  const probe = document.body.appendChild(document.createElement("span"));
  const of = name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  colors = { _: of("--line"), f: of("--high"), w: of("--low"), W: of("--ink") };
  probe.remove();
  const tile = new OffscreenCanvas(6, 6);
  const pen = tile.getContext("2d");
  pen.fillStyle = colors._;
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = colors.w;
  pen.lineWidth = 1.5;
  for (const at of [-6, 0, 6]) {
    pen.beginPath();
    pen.moveTo(at, 6);
    pen.lineTo(at + 6, 0);
    pen.stroke();
  }
  hatch = tile;
  return colors;
}

/**
 * A session as one line: per second of the video nothing, fetched (hatched), proven (full), more than once (dark). One canvas, whole
 * pixels. What it shows is said by the row that it stands in.
 */
export class SessionStrip extends StudioElement {
  static properties = { runs: {}, at: { type: Number }, tall: { type: Boolean } };

  constructor() {
    super();
    this.runs = "";
    this.at = null;
    this.tall = false;
  }

  render() {
    return html`<canvas aria-hidden="true"></canvas>`;
  }

  connectedCallback() {
    super.connectedCallback();
    const watcher = new ResizeObserver(() => this.paint());
    watcher.observe(this);
    this.gone.addEventListener("abort", () => watcher.disconnect(), { once: true });
  }

  updated() {
    this.paint();
  }

  paint() {
    const canvas = this.querySelector("canvas");
    const width = Math.floor(this.clientWidth * devicePixelRatio);
    if (!canvas || width === 0) return;
    const height = Math.round((this.tall ? 3 * Height : Height) * devicePixelRatio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const fill = palette();
    const letters = lettersOf(this.runs);
    const buckets = bucketsOf(letters, this.tall ? 600 : Most);
    const pen = canvas.getContext("2d");
    const pattern = pen.createPattern(hatch, "repeat");
    pen.clearRect(0, 0, width, height);
    const gap = buckets.length * 3 < width && !this.tall ? 1 : 0;
    for (let i = 0; i < buckets.length; i++) {
      const [from, to] = [Math.round(i * width / buckets.length), Math.round((i + 1) * width / buckets.length)];
      pen.fillStyle = buckets[i] === "f" ? pattern : fill[buckets[i]];
      pen.fillRect(from, 0, Math.max(1, to - from - gap), height);
    }
    if (this.at !== null && letters.length > 0) {
      pen.fillStyle = fill.W;
      pen.fillRect(Math.round(this.at / letters.length * width) - 1, 0, 3, height);
    }
  }
}
customElements.define("session-strip", SessionStrip);
