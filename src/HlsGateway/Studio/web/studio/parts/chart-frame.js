import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";
import plot from "uplot/dist/uPlot.min.css";
import sheet from "./chart-frame.css";

adopt(plot);
adopt(sheet);

const RowsPerPage = 25;

/** Charts of a page share the cursor: what one points at, the others point at too. */
let sync;

/**
 * One frame for every chart: title, unit, table, export, keyboard, and what is spoken. Nobody else calls uPlot. Words: "chart".
 *
 * Properties: heading, unit; `x` the places, 0, 1, 2, …; `series` [{ name, values, kind: "line" | "bars" | "faint" | "replay", low }] (`low` draws the band from proven
 * to possible); `label(i)` says a place on the axis, `show(value)` a value; `unfinished` index from which the buckets can still change (required: null
 * for none); `flags` [{ x, text }]; `shade` [from, to]; `ticks` x values; `max`; `isTime`; `curl`, `csv` address; `point` where the cursor stands.
 *
 * @fires pick detail: index that was clicked, or Enter
 * @fires brush detail: { from, to } indexes, the end exclusive
 */
class ChartFrame extends StudioElement {
  static properties = {
    heading: {}, unit: {}, x: { attribute: false }, series: { attribute: false }, label: { attribute: false }, show: { attribute: false }, unfinished: { attribute: false },
    flags: { attribute: false }, shade: { attribute: false }, ticks: { attribute: false }, max: { attribute: false }, isTime: { attribute: false }, curl: { attribute: false }, csv: { attribute: false },
    point: { attribute: false }, asTable: { state: true }, page: { state: true }, at: { state: true }, which: { state: true }, spoken: { state: true },
  };

  constructor() {
    super();
    this.x = [];
    this.series = [];
    this.label = String;
    this.show = String;
    this.flags = [];
    this.ticks = [];
    this.shade = null;
    this.point = null;
    this.asTable = false;
    this.page = 0;
    this.at = null;
    this.which = 0;
    this.anchor = null;
    this.spoken = "";
  }

  connectedCallback() {
    super.connectedCallback();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", () => this.#draw(), { signal: this.gone });
    keys.on(this, {
      t: { does: t("chart.table-or-chart"), run: () => { this.asTable = !this.asTable; }, when: () => this.contains(document.activeElement) || document.querySelector("chart-frame") === this },
      l: { does: t("chart.lock"), run: () => this.#lock(), when: () => this.at !== null },
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.chart?.destroy();
    this.chart = null;
    this.watcher?.disconnect();
  }

  updated(changed) {
    if (this.asTable) return;
    if ([...changed.keys()].some(key => !["at", "which", "spoken", "page", "point"].includes(key))) this.#draw();
    else if (changed.has("point") && this.point !== null) this.#place(this.point);
  }

  async #draw() {
    const place = this.querySelector(".plot");
    if (!place || this.x.length === 0) return;
    const began = performance.now();
    const { default: UPlot } = await import("uplot");
    if (!this.isConnected || !place.isConnected) return;
    sync ??= UPlot.sync("page");
    this.chart?.destroy();
    const style = getComputedStyle(this);
    const color = name => style.getPropertyValue(name).trim() && this.#resolved(name);
    const [ink, soft, line, low, high, replay, accent] = ["--ink", "--soft", "--line", "--low", "--high", "--replay", "--accent"].map(color);
    const data = [this.x];
    const lines = [{}];
    const bands = [];
    for (const series of this.series) {
      const isBars = series.kind === "bars";
      if (series.low) {
        data.push(series.values, series.low);
        const at = lines.length;
        lines.push({ label: series.name, stroke: low, width: 1.5, points: { show: this.x.length < 3 } }, { label: series.name, stroke: low, width: 0, points: { show: false }, fill: this.#mix(low, 0.55) });
        bands.push({ series: [at, at + 1], fill: high });
      } else {
        data.push(series.values);
        lines.push({
          label: series.name, points: { show: !isBars && this.x.length < 3 }, width: series.kind === "faint" ? 1.25 : 1.75, dash: series.kind === "faint" ? [5, 4] : undefined,
          stroke: series.kind === "replay" ? replay : series.kind === "faint" ? soft : accent,
          fill: isBars ? this.#mix(accent, 0.3) : series.kind === "replay" ? this.#mix(replay, 0.5) : undefined,
          paths: isBars ? UPlot.paths.bars({ size: [0.72, 90] }) : undefined,
        });
      }
    }
    const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    this.chart = new UPlot({
      width: Math.max(200, place.clientWidth), height: 240, scales: { x: { time: false, range: (_, min, max) => min === max ? [min - 1, max + 1] : [min, max] }, y: { range: (_, __, max) => [0, this.max ?? Math.max(1, max * 1.08)] } },
      legend: { show: false }, padding: [14, 26, 0, 0], series: lines, bands,
      axes: [
        { ...axis, values: (_, splits) => splits.map(split => Number.isInteger(split) && split >= 0 && split < this.x.length ? this.label(split, true) : ""), grid: { show: false }, space: 70 },
        { ...axis, values: (_, splits) => splits.map(split => this.show(split)), size: (_, values) => 18 + 7 * Math.max(4, ...(values ?? []).map(value => value?.length ?? 0)) },
      ],
      cursor: { sync: { key: "page" }, drag: { x: true, y: false, setScale: false }, points: { size: 7 }, lock: true },
      select: { show: true },
      hooks: {
        setCursor: [chart => { if (chart.cursor.idx !== null && chart.cursor.idx !== undefined) this.at = chart.cursor.idx; }],
        setSelect: [chart => this.#brushed(chart)],
        draw: [chart => this.#over(chart, { ink, soft, line, accent })],
      },
    }, data, place);
    this.chart.over.addEventListener("click", () => { if (this.at !== null) this.#tell("pick", this.at); });
    this.watcher?.disconnect();
    this.watcher = new ResizeObserver(() => {
      const width = Math.max(200, place.clientWidth);
      if (this.chart && Math.abs(this.chart.width - width) > 1) this.chart.setSize({ width, height: 240 });
    });
    this.watcher.observe(place);
    this.paintedIn = performance.now() - began;
    this.dispatchEvent(new CustomEvent("painted"));
  }

  /** A colour as the canvas takes it: light-dark() is resolved by the page. */
  #resolved(name) {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    this.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  #mix(color, share) {
    return color.replace(/^rgb\((.*)\)$/, (_, parts) => `rgba(${parts}, ${share})`);
  }

  /** What lies over the lines: the trailer's zone, captions as ticks, changes as flags, what can still change. */
  #over(chart, { ink, soft, line, accent }) {
    const { ctx, bbox } = chart;
    const x = value => Math.round(chart.valToPos(value, "x", true));
    ctx.save();
    if (this.shade) {
      ctx.fillStyle = this.#mix(soft, 0.14);
      ctx.fillRect(x(this.shade[0]), bbox.top, x(this.shade[1]) - x(this.shade[0]), bbox.height);
    }
    if (this.unfinished !== null && this.unfinished !== undefined && this.unfinished < this.x.length) {
      // Hatched: these buckets still grow.
      const from = Math.max(bbox.left, x(this.x[this.unfinished]) - (this.x.length > 1 ? (x(this.x[1]) - x(this.x[0])) / 2 : bbox.width / 2));
      ctx.beginPath();
      ctx.rect(from, bbox.top, bbox.left + bbox.width - from, bbox.height);
      ctx.clip();
      ctx.strokeStyle = line;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4, 4]);
      for (let at = from - bbox.height; at < bbox.left + bbox.width; at += 9 * devicePixelRatio) {
        ctx.beginPath();
        ctx.moveTo(at, bbox.top + bbox.height);
        ctx.lineTo(at + bbox.height, bbox.top);
        ctx.stroke();
      }
    }
    ctx.restore();
    ctx.save();
    ctx.fillStyle = soft;
    for (const tick of this.ticks) ctx.fillRect(x(tick), bbox.top + bbox.height - 5 * devicePixelRatio, devicePixelRatio, 5 * devicePixelRatio);
    ctx.strokeStyle = accent;
    ctx.fillStyle = accent;
    ctx.setLineDash([3, 3]);
    for (const flag of this.flags) {
      const at = x(flag.x) + 0.5;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(at, bbox.top - 10 * devicePixelRatio);
      ctx.lineTo(at + 9 * devicePixelRatio, bbox.top - 6 * devicePixelRatio);
      ctx.lineTo(at, bbox.top - 2 * devicePixelRatio);
      ctx.fill();
    }
    ctx.restore();
  }

  #brushed(chart) {
    const { left, width } = chart.select;
    if (width < 4) return;
    const from = chart.posToIdx(left);
    const to = chart.posToIdx(left + width);
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (to > from) this.#tell("brush", { from, to: to + 1 });
  }

  #lock() {
    if (this.chart) this.chart.cursor._lock = !this.chart.cursor._lock;
  }

  #place(index) {
    if (!this.chart || this.x[index] === undefined) return;
    this.chart.setCursor({ left: this.chart.valToPos(this.x[index], "x"), top: this.chart.over.clientHeight / 2 }, false);
    this.at = index;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** What stands at a place, as a sentence. */
  #sentence(index) {
    const parts = this.series.map(series => {
      const [high, low] = [series.values[index], series.low?.[index]];
      const text = high === null || high === undefined ? "–" : low === undefined || this.show(low) === this.show(high) ? this.show(high) : t("common.range", { low: this.show(low), high: this.show(high) });
      return `${series.name} ${text}`;
    });
    const flags = this.flags.filter(flag => Math.abs(flag.x - this.x[index]) <= (this.x[1] - this.x[0] || 1) / 2).map(flag => flag.text);
    return [this.label(index, false), ...parts, ...this.unfinished !== null && this.unfinished !== undefined && index >= this.unfinished ? [t("chart.unfinished")] : [], ...flags].join(" · ");
  }

  #key(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const last = this.x.length - 1;
    let next = this.at ?? 0;
    if (event.key in steps) next = this.at === null ? 0 : Math.min(last, Math.max(0, next + steps[event.key]));
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (event.key === "Enter" && this.at !== null) return event.preventDefault(), this.#tell(this.anchor !== null && this.anchor !== this.at ? "brush" : "pick",
      this.anchor !== null && this.anchor !== this.at ? { from: Math.min(this.anchor, this.at), to: Math.max(this.anchor, this.at) + 1 } : this.at);
    else return;
    event.preventDefault();
    if (event.shiftKey) this.anchor ??= this.at ?? next;
    else this.anchor = null;
    this.#place(next);
    // Spoken when the key rests, not for each step on the way.
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => { this.spoken = this.#sentence(next) + (this.anchor !== null && this.anchor !== next ? ` · ${t("chart.chosen", { from: this.label(Math.min(this.anchor, next), false), to: this.label(Math.max(this.anchor, next), false) })}` : ""); }, 150);
  }

  async #copy(text) {
    await navigator.clipboard.writeText(text);
    say(t("common.copied"));
  }

  #png() {
    const link = document.createElement("a");
    link.download = `${this.heading}.png`;
    link.href = this.querySelector("canvas").toDataURL("image/png");
    link.click();
  }

  render() {
    return html`
      <figure class="chart" aria-labelledby="${this.id}-title">
        <figcaption class="row apart"><h2 id="${this.id}-title">${this.heading} ${this.unit ? html`<small class="soft">${this.unit}</small>` : nothing}</h2>
          <div class="row chart-menu">
            <button type="button" class="plain" aria-pressed=${this.asTable} @click=${() => { this.asTable = !this.asTable; }}>${t(this.asTable ? "chart.chart" : "chart.table")} <kbd>t</kbd></button>
            <details class="me chart-more" @focusout=${event => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }}>
              <summary aria-label=${t("chart.more", { name: this.heading })}>${icon("download")}</summary>
              <div class="card">
                ${this.csv ? html`<a role="button" class="plain" href=${this.csv} download>CSV</a>` : nothing}
                ${this.asTable ? nothing : html`<button type="button" class="plain" @click=${() => this.#png()}>PNG</button>`}
                <button type="button" class="plain" @click=${() => this.#copy(location.href)}>${t("chart.copy-link")}</button>
                ${this.curl ? html`<button type="button" class="plain" @click=${() => this.#copy(this.curl)}>${t("chart.copy-curl")}</button>` : nothing}
              </div></details>
          </div></figcaption>
        ${this.x.length === 0 ? html`<p class="state">${t("chart.nothing")}</p>` : this.asTable ? this.#table() : html`
          <div class="plot" tabindex="0" role="application" aria-roledescription=${t("chart.role")} aria-label="${this.heading}. ${t("chart.how")}" @keydown=${this.#key}></div>
          <p class="reading" aria-hidden="true">${this.at === null || this.x[this.at] === undefined ? t("chart.hint") : this.#sentence(this.at)}</p>
          <p class="visually-hidden" aria-live="polite">${this.spoken}</p>`}
      </figure>`;
  }

  #table() {
    const pages = Math.ceil(this.x.length / RowsPerPage);
    const page = Math.min(this.page, pages - 1);
    const rows = this.x.map((_, i) => i).slice(page * RowsPerPage, (page + 1) * RowsPerPage);
    return html`
      <div class="scroll"><table>
        <thead><tr><th scope="col"></th>${this.series.map(series => html`<th scope="col" class="number">${series.name}</th>${series.low ? html`<th scope="col" class="number">${t("chart.proven", { name: series.name })}</th>` : nothing}`)}</tr></thead>
        <tbody>${rows.map(i => html`<tr><th scope="row">${this.label(i, false)}${this.unfinished !== null && this.unfinished !== undefined && i >= this.unfinished ? html` <small>${t("chart.unfinished")}</small>` : nothing}</th>
          ${this.series.map(series => html`<td class="number" data-raw=${series.values[i] ?? ""}>${series.values[i] === null ? "–" : this.show(series.values[i])}</td>${series.low ? html`<td class="number">${this.show(series.low[i])}</td>` : nothing}`)}</tr>`)}</tbody></table></div>
      ${pages > 1 ? html`<div class="row"><button type="button" ?disabled=${page === 0} @click=${() => { this.page = page - 1; }}>${t("chart.before")}</button><span class="soft">${t("chart.page", { page: page + 1, pages })}</span><button type="button" ?disabled=${page === pages - 1} @click=${() => { this.page = page + 1; }}>${t("chart.after")}</button></div>` : nothing}`;
  }
}
customElements.define("chart-frame", ChartFrame);
