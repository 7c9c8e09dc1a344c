import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { nearest } from "./chart-places.js";
import { copy, csvOf, keep } from "./hand-out.js";
import sheet from "./chart-frame.css";

adopt(sheet);

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {(number | null)[]} values the upper bound, or the figure itself
 * @property {(number | null)[]} [low] the lower bound: the part from there to `values` is possible and not proven
 * @property {"bars" | "line" | "faint" | "replay" | "table"} kind faint: the time before; table: in the table and the CSV alone
 * @property {number} [on] index of the series that it stands on
 * @property {string} [column] its name in the API, which the CSV has; the lower bound's ends with _low
 * @property {{ values: (number | null)[], low?: (number | null)[] }} [raw] the API's numbers, where `values` are shares of something
 * @property {(value: number) => string} [show]
 *
 * @typedef {{ x: number, text: string, detail?: string, kind?: string }} Flag
 */

/** Charts with the same `group` share their crosshair. */
const groups = new Map();
const locks = new Set();
let last = null;
let drawing = null;

/** The chart that keys act on: the one with the focus, else the one that had it last, else the page's first. */
export const currentChart = () => document.activeElement?.closest("chart-frame") ?? (last?.isConnected ? last : document.querySelector("chart-frame"));

const RowsPerPage = 25;
const SpeakMs = 250;

/** Flags are farther apart than a finger is wide, and tell so many changes each. */
const FlagPixels = 28;
const MostTold = 5;

/**
 * The only place that draws charts: what every chart must have, none can leave out. Words: "chart".
 *
 * `heading`, `unit`; `x` rising numbers, the points' places; `series`; `label(i, isShort)` names a place, `show(value)` a value, `sentence(i)` all that stands there;
 * `unfinished` index from which values can still change (required: null for none); `flags`, `shade` [from, to] with `shadeText`, `ticks` places of captions; `max`; `isTime` values are seconds;
 * `columns` [{ name, value(i) }] what the CSV tells of a place, `file` its name; `curl`; `csv` address of a whole export; `point` where the crosshair stands;
 * `chosen` [from, to] what was brushed, the end exclusive; `group` whose charts share the crosshair; `below(plot)` what stands under the plot, aligned with it.
 *
 * @fires pick detail: index that was clicked, or Enter
 * @fires brush detail: { from, to } indexes, the end exclusive
 * @fires painted detail: milliseconds from the figures to the picture
 */
export class ChartFrame extends StudioElement {
  static properties = {
    heading: {}, unit: {}, x: { attribute: false }, series: { attribute: false }, label: { attribute: false }, show: { attribute: false }, sentence: { attribute: false }, unfinished: { attribute: false },
    flags: { attribute: false }, shade: { attribute: false }, shadeText: { attribute: false }, ticks: { attribute: false }, max: { attribute: false }, isTime: { type: Boolean }, columns: { attribute: false }, file: {}, curl: { attribute: false },
    csv: { attribute: false }, point: { attribute: false }, chosen: { attribute: false }, group: {}, below: { attribute: false },
    asTable: { state: true }, page: { state: true }, at: { state: true }, which: { state: true }, spoken: { state: true }, plot: { state: true },
  };

  #chart = null;
  #parts = null;
  #watch = null;
  #speaking = 0;
  #anchor = null;
  #wanted = 0;

  constructor() {
    super();
    Object.assign(this, {
      heading: "", unit: "", x: [], series: [], label: String, show: String, sentence: null, unfinished: undefined, flags: [], shade: null, shadeText: "", ticks: [], max: null, isTime: false, columns: null, file: "", curl: "",
      csv: "", point: null, chosen: null, group: "page", below: null, asTable: false, page: 0, at: null, which: 0, spoken: "", plot: null,
    });
  }

  connectedCallback() {
    super.connectedCallback();
    if (!groups.has(this.group)) groups.set(this.group, new Set());
    groups.get(this.group).add(this);
    const isMine = () => currentChart() === this && this.#hasPoints;
    keys.on(this, {
      t: { does: t("chart.table-or-chart"), run: () => this.turn(), when: isMine },
      l: { does: t("chart.lock"), run: () => this.lock(), when: isMine },
    });
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) matchMedia(query).addEventListener("change", () => this.#build(), { signal: this.gone });
    this.#watch = new ResizeObserver(() => this.#fit());
    if (this.hasUpdated) this.#build();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    groups.get(this.group)?.delete(this);
    locks.delete(this.group);
    this.#watch?.disconnect();
    this.#chart?.destroy();
    this.#chart = null;
    clearTimeout(this.#speaking);
  }

  get #hasPoints() {
    return this.x.length > 0 && this.series.length > 0;
  }

  /** Where values can still change; behind the last one, where none can. */
  get #open() {
    return this.unfinished ?? this.x.length;
  }

  /** What is drawn, from the back to the front: a series with a lower bound is two of them. */
  get #drawn() {
    if (this.#parts !== null) return this.#parts;
    const [parts, places] = [[], []];
    for (const one of this.series) {
      places.push(parts.length);
      if (one.kind === "table") continue;
      const show = one.show ?? this.show;
      const base = one.on === undefined ? null : this.series[one.on].values;
      const heights = base === null ? one.values : one.values.map((value, i) => value === null ? null : value + (base[i] ?? 0));
      const look = one.kind === "bars" ? "bars" : "line";
      const is = { faint: "before", replay: "replay" }[one.kind] ?? (one.low ? "high" : "low");
      parts.push({ name: one.low ? t("chart.possible", { name: one.name }) : one.name, values: one.values, heights, show, look, is, above: one.on !== undefined ? places[one.on] : one.low && look === "line" ? parts.length + 1 : undefined });
      if (one.low) parts.push({ name: t("chart.proven", { name: one.name }), values: one.low, heights: one.low, show, look, is: "low" });
    }
    return this.#parts = parts;
  }

  /** Columns of the table and the CSV: the same numbers. */
  get #columns() {
    return this.series.flatMap(one => {
      const show = one.show ?? this.show;
      const column = one.column ?? one.name;
      return [
        { name: one.name, column, values: one.values, raw: one.raw?.values ?? one.values, show },
        ...(one.low ? [{ name: t("chart.proven", { name: one.name }), column: `${column}_low`, values: one.low, raw: one.raw?.low ?? one.low, show }] : []),
      ];
    });
  }

  willUpdate(changed) {
    if (changed.has("series") || changed.has("show")) this.#parts = null;
    if (this.#hasPoints && this.unfinished === undefined) throw new Error(`The chart ${this.id} does not say from which point on its values can still change.`);
    if (changed.has("x") && this.at !== null) this.at = this.#hasPoints ? Math.min(this.at, this.x.length - 1) : null;
  }

  updated(changed) {
    if (["series", "x"].some(name => changed.has(name) && !alike(changed.get(name), this[name])) || ["unfinished", "max", "asTable"].some(name => changed.has(name)) || ["ticks", "shade"].some(name => changed.has(name) && !alike(changed.get(name), this[name]))) this.#build();
    else if (changed.has("chosen") && !alike(changed.get("chosen"), this.chosen)) this.#showChosen();
    if (changed.has("point") && this.point !== null) this.follow(this.point);
    const body = this.querySelector(".plot-body");
    if (body !== null) this.#watch.observe(body);
  }

  /** @param {number} x shows the crosshair there, as playing and the other charts ask for it. */
  follow(x) {
    if (this.#hasPoints && !this.#isLocked && x >= this.x[0] - 1 && x <= this.x.at(-1) + 1) this.#move(nearest(this.x, x), { from: "outside" });
  }

  turn() {
    this.asTable = !this.asTable;
    last = this;
    this.updateComplete.then(() => this.querySelector(this.asTable ? ".chart-table" : ".chart-plot")?.focus());
  }

  lock() {
    if (this.#isLocked) locks.delete(this.group);
    else locks.add(this.group);
    for (const each of groups.get(this.group)) each.requestUpdate();
    say(t(this.#isLocked ? "chart.locked" : "chart.unlocked"));
  }

  get #isLocked() {
    return locks.has(this.group);
  }

  /** Exactly what the table shows, all pages of it, in the API's own numbers. */
  saveCsv() {
    const places = this.columns ?? [{ name: "at", value: index => this.label(index, false) }];
    const all = [...places, ...this.#columns.map(column => ({ name: column.column, value: index => column.raw[index] ?? "" }))];
    keep(`${this.file || this.id}.csv`, new Blob([csvOf(all.map(column => column.name), this.x.map((_, index) => all.map(column => column.value(index))))], { type: "text/csv;charset=utf-8" }));
  }

  /** The picture with its heading and range on it, so that it says what it is wherever it is pasted. */
  async png() {
    const from = this.querySelector(".plot-body canvas");
    if (from === null) return;
    const { pictureOf } = await import("./chart-picture.js");
    pictureOf(from, this.#colours(), [this.heading, this.unit].filter(Boolean).join(" · "), `${this.label(0, false)} – ${this.label(this.x.length - 1, false)}`, blob => keep(`${this.file || this.id}.png`, blob));
  }

  render() {
    const points = this.#hasPoints;
    const words = points && this.at !== null ? this.#sentence(this.at) : null;
    return html`
      <figure class="chart card" aria-labelledby="${this.id}-title">
        <figcaption class="row apart"><h2 id="${this.id}-title">${this.heading} ${this.unit ? html`<small class="soft">${this.unit}</small>` : nothing}</h2>
          ${points ? html`<div class="row chart-menu">
            <button type="button" class="plain" aria-pressed=${this.asTable} @click=${() => this.turn()}>${t(this.asTable ? "chart.chart" : "chart.table")} <kbd>t</kbd></button>
            ${this.#menu()}</div>` : nothing}</figcaption>
        ${points && !this.asTable ? html`<ul class="chart-legend">
          ${this.#drawn.map(one => html`<li><i class=${one.is} aria-hidden="true"></i>${one.name}</li>`)}
          ${this.#open < this.x.length ? html`<li><i class="open" aria-hidden="true"></i>${t("chart.unfinished")}</li>` : nothing}</ul>
        <p class="reading" aria-hidden="true">${words ?? t("chart.hint")}</p>` : nothing}
        <p class="visually-hidden" aria-live="polite" data-spoken>${this.spoken}</p>
        ${!points ? html`<div class="chart-plot chart-nothing">${t("chart.nothing")}</div>` : this.asTable ? this.#table(true) : html`
          <div class="chart-plot plot ${this.#isLocked ? "locked" : ""}" tabindex="0" role="application" aria-roledescription=${t("chart.role")} aria-label="${this.heading}. ${t("chart.how")}"
            @keydown=${this.#key} @focus=${this.#enter}>
            <span class="chart-probe" aria-hidden="true"></span><div class="plot-body"></div>${this.#flags()}
          </div>
          ${this.below !== null && this.plot !== null ? this.below(this.plot) : nothing}
          <div class="visually-hidden">${this.#table(false)}</div>`}
      </figure>`;
  }

  #menu() {
    const close = (event, run) => {
      event.target.closest("details").open = false;
      run();
    };
    return html`
      <details class="me chart-more" @focusout=${event => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }}
        @keydown=${event => { if (event.key === "Escape" && event.currentTarget.open) close(event, () => event.currentTarget.querySelector("summary").focus()); }}>
        <summary aria-label=${t("chart.more", { name: this.heading })}>${icon("download")}</summary>
        <div class="card">
          <button type="button" class="plain" @click=${event => close(event, () => this.saveCsv())}>${t("chart.csv")} <kbd>e</kbd></button>
          ${this.csv ? html`<a role="button" class="plain" href=${this.csv} download>${t("chart.csv-all")}</a>` : nothing}
          ${this.asTable ? nothing : html`<button type="button" class="plain" @click=${event => close(event, () => this.png())}>${t("chart.png")}</button>`}
          <button type="button" class="plain" @click=${event => close(event, () => copy(location.href))}>${t("chart.copy-link")} <kbd>c</kbd></button>
          ${this.curl ? html`<button type="button" class="plain" @click=${event => close(event, () => copy(this.curl))}>${t("chart.copy-curl")} <kbd>Shift+C</kbd></button>` : nothing}
        </div>
      </details>`;
  }

  #flags() {
    if (this.plot === null) return nothing;
    const [from, to] = this.#range;
    const places = this.flags.filter(flag => flag.x >= from && flag.x <= to).map(flag => ({ flag, share: (flag.x - from) / (to - from) })).toSorted((a, b) => a.share - b.share);
    // Flags that would cover each other are one.
    const groups = [];
    for (const place of places) {
      if (groups.length > 0 && (place.share - groups.at(-1).share) * this.plot.width < FlagPixels) groups.at(-1).flags.push(place.flag);
      else groups.push({ share: place.share, flags: [place.flag] });
    }
    return groups.map(({ share, flags }) => {
      const style = `left:${this.plot.left + share * this.plot.width}px;--tall:${this.plot.top + this.plot.height - 5}px;--shift:${share < 0.25 ? "-10%" : share > 0.75 ? "-90%" : "-50%"}`;
      const [told, rest] = [flags.slice(0, MostTold), flags.length - MostTold];
      const more = rest > 0 ? t("chart.more-flags", { count: rest }) : "";
      return html`<button type="button" class="chart-flag ${flags.every(flag => flag.kind === "note") ? "note" : ""}" data-flag=${[...new Set(flags.map(flag => flag.kind))].join(" ")} .style=${style}
        aria-label=${[...told.map(flag => [flag.text, flag.detail].filter(Boolean).join(". ")), more].filter(Boolean).join("; ")} @click=${() => this.dispatchEvent(new CustomEvent("flag", { detail: flags[0] }))}>
        <span aria-hidden="true">${told.map(flag => html`<b>${flag.text}</b>${flag.detail ? html`<small>${flag.detail}</small>` : nothing}`)}${more}</span></button>`;
    });
  }

  #table(isShown) {
    const count = this.x.length;
    const pages = Math.ceil(count / RowsPerPage);
    const page = Math.min(isShown ? this.page : Math.floor((this.at ?? 0) / RowsPerPage), pages - 1);
    const rows = Array.from({ length: Math.min(RowsPerPage, count - page * RowsPerPage) }, (_, row) => page * RowsPerPage + row);
    const columns = this.#columns;
    return html`
      <div class="chart-table" tabindex=${isShown ? 0 : nothing} role="group" aria-label=${t("chart.table-of", { name: this.heading })}>
        <table>
          <caption class="visually-hidden">${this.heading}. ${t("chart.page", { page: page + 1, pages })}</caption>
          <thead><tr><th scope="col">${t("chart.place")}</th>${columns.map(column => html`<th scope="col" class="number">${column.name}</th>`)}</tr></thead>
          <tbody>${rows.map(i => html`<tr aria-current=${isShown && i === this.at ? "true" : nothing}><th scope="row">${this.label(i, false)}${i >= this.#open ? html` <small>${t("chart.unfinished")}</small>` : nothing}</th>
            ${columns.map(column => html`<td class="number" data-raw=${column.raw[i] ?? ""}>${column.values[i] === null || column.values[i] === undefined ? "–" : column.show(column.values[i])}</td>`)}</tr>`)}</tbody>
        </table>
        ${isShown && pages > 1 ? html`<div class="row"><button type="button" ?disabled=${page === 0} @click=${() => { this.page = page - 1; }}>${t("chart.before")}</button>
          <span class="soft">${t("chart.page", { page: page + 1, pages })}</span><button type="button" ?disabled=${page === pages - 1} @click=${() => { this.page = page + 1; }}>${t("chart.after")}</button></div>` : nothing}
      </div>`;
  }

  /** What stands at a place, as one would say it. */
  #sentence(index) {
    const words = this.sentence !== null ? [this.sentence(index)] : [this.label(index, false), ...this.series.filter(one => one.kind !== "table").map(one => {
      const [high, low, show] = [one.values[index], one.low?.[index], one.show ?? this.show];
      const text = high === null || high === undefined ? "–" : low === undefined || low === null || show(low) === show(high) ? show(high) : t("common.range", { low: show(low), high: show(high) });
      return `${one.name} ${text}`;
    })];
    const half = this.x.length > 1 ? (this.x[1] - this.x[0]) / 2 : 0.5;
    const flags = this.flags.filter(flag => flag.x >= this.x[index] - half && flag.x < this.x[index] + half).map(flag => flag.text);
    return [...words, index >= this.#open ? t("chart.unfinished") : "", ...flags].filter(Boolean).join(" · ");
  }

  #enter() {
    last = this;
    if (this.at === null && this.#hasPoints) this.#move(0, { from: "keys" });
    else if (this.at !== null) this.#speak(this.#sentence(this.at));
  }

  #key(event) {
    if (event.target !== event.currentTarget || event.ctrlKey || event.altKey || event.metaKey) return;
    const count = this.x.length;
    const at = this.at ?? 0;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -count, End: count }[event.key];
    if (step !== undefined) {
      const to = Math.max(0, Math.min(count - 1, at + step));
      this.#anchor = event.shiftKey ? this.#anchor ?? at : null;
      this.#move(to, { from: "keys" });
      if (this.#anchor !== null) {
        const [from, until] = [Math.min(this.#anchor, to), Math.max(this.#anchor, to)];
        this.#select(from, until);
        this.#speak(t("chart.chosen", { from: this.label(from, false), to: this.label(until, false) }));
      }
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const drawn = this.#drawn;
      this.which = (this.which + (event.key === "ArrowUp" ? drawn.length - 1 : 1)) % drawn.length;
      const { name, values, show } = drawn[this.which];
      this.#speak(`${name}: ${this.label(at, false)}, ${values[at] === null || values[at] === undefined ? "–" : show(values[at])}`);
    } else if (event.key === "Enter") {
      // A stretch is taken when it is whole: one that is asked for on the way may hold nobody, and would take the curve away from under the keys.
      if (this.#anchor !== null && this.#anchor !== at) this.#brushed(this.#anchor, at);
      else this.#pick();
      this.#anchor = null;
    } else return;
    event.preventDefault();
  }

  #pick() {
    if (this.at !== null) this.dispatchEvent(new CustomEvent("pick", { detail: this.at }));
  }

  #brushed(a, b) {
    this.dispatchEvent(new CustomEvent("brush", { detail: { from: Math.min(a, b), to: Math.max(a, b) + 1 } }));
  }

  #move(index, { from }) {
    if (from === "pointer" && index === this.at) return;
    this.at = index;
    if (from !== "pointer") this.#chart?.point(this.x[index]);
    if (from === "keys") this.#speak(this.#sentence(index));
    if (from === "outside") return;
    for (const other of groups.get(this.group) ?? []) {
      if (other !== this && other.x.length === this.x.length) other.follow(this.x[index]);
    }
  }

  /** What a fast hand passes over is not read out; what it stops at is. */
  #speak(text) {
    clearTimeout(this.#speaking);
    this.#speaking = setTimeout(() => { this.spoken = text; }, SpeakMs);
  }

  #select(a, b) {
    this.#chart?.choose(a, b);
  }

  #showChosen() {
    const limit = index => Math.max(0, Math.min(this.x.length - 1, index));
    if (this.chosen !== null) this.#select(limit(this.chosen[0]), limit(this.chosen[1] - 1));
    else this.#chart?.chooseNothing();
  }

  get #isBars() {
    return this.series.some(one => one.kind === "bars");
  }

  get #range() {
    const [first, end] = [this.x[0], this.x.at(-1)];
    return this.#isBars ? [first - 0.6, end + 0.6] : [first, Math.max(end, this.shade?.[1] ?? 0, first + 1)];
  }

  /** Custom properties as a canvas understands them: light-dark() and color-mix() are worked out by an element. */
  #colours() {
    const probe = this.querySelector(".chart-probe");
    const known = new Map();
    return name => {
      if (!known.has(name)) {
        probe.style.color = `var(${name})`;
        known.set(name, getComputedStyle(probe).color);
      }
      return known.get(name);
    };
  }

  #fit() {
    if (this.#chart?.fit()) this.#showChosen();
  }

  async #build() {
    const wanted = ++this.#wanted;
    if (!this.#hasPoints || this.asTable) {
      this.#chart?.destroy();
      this.#chart = null;
      return;
    }
    // The figures come first: the picture of them, and the library that draws it, when they are painted.
    if (drawing === null) {
      await painted();
      drawing = await import("./chart-drawing.js");
    }
    const body = this.querySelector(".plot-body");
    if (wanted !== this.#wanted || !this.isConnected || body === null) return;
    const began = performance.now();
    this.#chart?.destroy();
    this.#chart = new drawing.ChartDrawing(body, {
      x: this.x, parts: this.#drawn, open: this.#open, isBars: this.#isBars, range: this.#range, max: this.max, ticks: this.ticks, shade: this.shade, shadeText: this.shadeText, isTime: this.isTime,
      label: this.label, show: this.show, colour: this.#colours(), isLocked: () => this.#isLocked,
      moved: index => this.#move(index, { from: "pointer" }), brushed: (from, to) => this.#brushed(from, to), picked: () => this.#pick(), placed: plot => { this.plot = plot; },
    });
    this.#showChosen();
    if (this.at !== null) this.#move(this.at, { from: "outside" });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.paintedIn = performance.now() - began;
      this.dispatchEvent(new CustomEvent("painted", { detail: this.paintedIn }));
    }));
  }
}
customElements.define("chart-frame", ChartFrame);

/** When what was rendered before it stands on the screen. */
const painted = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));

/** Whether two answers hold the same figures: a page that asks again draws again only where something changed. */
const alike = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
