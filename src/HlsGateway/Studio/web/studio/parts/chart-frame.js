import { adopt, html, nothing, StudioElement } from "../frame/element.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";
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
let library = null;

/** The chart that keys act on: the one with the focus, else the one that had it last, else the page's first. */
export const currentChart = () => document.activeElement?.closest("chart-frame") ?? (last?.isConnected ? last : document.querySelector("chart-frame"));

const RowsPerPage = 25;
const SpeakMs = 250;

/** Flags are farther apart than a finger is wide, and tell so many changes each. */
const FlagPixels = 28;
const MostTold = 5;

/** Seconds between two lines of the grid, so that none stands at 16 min 40 s. */
const TimeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 72000, 180000, 360000, 720000, 1800000, 3600000, 7200000, 18000000, 36000000];

/** Pictures of a chart and its neighbours line up. */
const Height = 260;

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
    const chart = this.#chart;
    if (chart !== null && from !== "pointer") {
      // Without its hook, which answers to the pointer alone.
      chart.setCursor({ left: chart.valToPos(this.x[index], "x"), top: chart.over.clientHeight / 2 }, false);
    }
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
    const chart = this.#chart;
    if (chart === null) return;
    const [before, behind] = this.#isBars ? [0.5, 0.5] : [0, 1];
    const left = Math.max(0, chart.valToPos(this.x[a] - before, "x"));
    const right = Math.min(chart.over.clientWidth, chart.valToPos(this.x[b] + behind, "x"));
    chart.setSelect({ left, top: 0, width: right - left, height: chart.over.clientHeight }, false);
  }

  #showChosen() {
    const limit = index => Math.max(0, Math.min(this.x.length - 1, index));
    if (this.chosen !== null) this.#select(limit(this.chosen[0]), limit(this.chosen[1] - 1));
    else this.#chart?.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
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
    const body = this.querySelector(".plot-body");
    if (this.#chart === null || body === null) return;
    const { clientWidth: width } = body;
    if (width > 0 && width !== this.#chart.width) {
      this.#chart.setSize({ width, height: Height });
      this.#showChosen();
    }
  }

  async #build() {
    const wanted = ++this.#wanted;
    if (!this.#hasPoints || this.asTable) {
      this.#chart?.destroy();
      this.#chart = null;
      return;
    }
    library ??= (await import("uplot")).default;
    const body = this.querySelector(".plot-body");
    if (wanted !== this.#wanted || !this.isConnected || body === null) return;
    const began = performance.now();
    this.#chart?.destroy();
    this.#chart = new library(this.#options(body), this.#data(), body);
    this.#showChosen();
    if (this.at !== null) this.#move(this.at, { from: "outside" });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.paintedIn = performance.now() - began;
      this.dispatchEvent(new CustomEvent("painted", { detail: this.paintedIn }));
    }));
  }

  /** Each part twice: what is finished, and what can still change. */
  #data() {
    const [open, count] = [this.#open, this.x.length];
    return [this.x, ...this.#drawn.flatMap(({ heights, look, is }) => {
      const isWhole = is === "before" || open >= count;
      // A dashed line begins at the last finished point, a bar is one or the other.
      const first = look === "bars" ? open : open - 1;
      // A bar of nothing would be a line on the ground.
      const seen = value => value === 0 && look === "bars" ? null : value ?? null;
      return [
        heights.map((value, index) => isWhole || index < open ? seen(value) : null),
        heights.map((value, index) => !isWhole && index >= first ? seen(value) : null),
      ];
    })];
  }

  #options(body) {
    const colour = this.#colours();
    const drawn = this.#drawn;
    const count = this.x.length;
    const highest = drawn.reduce((most, { heights }) => heights.reduce((high, value) => value > high ? value : high, most), 0);
    const top = this.max === null ? highest * 1.08 || 1 : Math.max(this.max, highest);
    const [low, soft, replay] = ["--low", "--soft", "--replay"].map(colour);
    const pattern = hatch(low, colour("--high"));
    const open = { dash: [5, 4], width: 1.5, stroke: low, points: { show: false } };
    const paths = this.#isBars ? library.paths.bars({ size: [0.72, 56] }) : undefined;
    const looks = drawn.flatMap(({ look, is }, index) => {
      if (look === "bars") return [
        { paths, fill: is === "high" ? pattern : low, stroke: low, width: 1, points: { show: false } },
        { paths, fill: is === "high" ? pattern : mix(low, 0.4), ...open },
      ];
      const stroke = is === "before" ? soft : is === "replay" ? replay : low;
      const isUnder = is === "low" && drawn.some(({ above, is: other }) => above === index && other === "high");
      return [
        { stroke, width: is === "high" ? 2 : 1.25, dash: is === "before" ? [6, 4] : undefined, fill: isUnder ? mix(low, 0.5) : undefined, points: { show: count === 1, stroke, fill: stroke } },
        { ...open, stroke, fill: isUnder ? mix(low, 0.2) : undefined },
      ];
    });
    const axis = { stroke: colour("--axis"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    // While the crosshair is locked the pointer may go where it likes.
    const guard = (chart, target, handler) => event => { if (!this.#isLocked) handler(event); };
    const limit = index => Math.max(0, Math.min(count - 1, index));
    let downAt = 0;
    return {
      width: body.clientWidth, height: Height, legend: { show: false }, padding: [14, 26, 0, 0],
      scales: { x: { time: false, range: () => this.#range }, y: { range: () => [0, top] } },
      axes: [
        { ...axis, grid: { show: false }, size: 28, space: 72, splits: chart => this.#splits(chart), values: (_, splits) => splits.map(value => this.label(nearest(this.x, value), true)) },
        {
          ...axis, space: 40, values: (_, splits) => splits.map(value => this.show(value)), size: (_, values) => 22 + 7 * Math.max(3, ...(values ?? []).map(value => value.length)),
          ...this.isTime ? { incrs: TimeSteps } : {},
        },
      ],
      series: [{}, ...looks],
      bands: drawn.flatMap(({ above, is }, index) => above === undefined ? [] : [{ series: [1 + 2 * index, 1 + 2 * above], fill: is === "replay" ? mix(replay, 0.55) : pattern }]),
      cursor: { y: false, points: { size: 7, width: 1.5 }, drag: { x: true, y: false, setScale: false, dist: 4 }, bind: { mousemove: guard, mouseleave: guard, dblclick: () => null } },
      hooks: {
        setCursor: [({ cursor }) => { if (cursor.idx !== null && cursor.idx !== undefined) this.#move(cursor.idx, { from: "pointer" }); }],
        setSelect: [chart => {
          const { left, width } = chart.select;
          if (width < 4) return;
          const [a, b] = [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")];
          // A bar belongs to its middle; a second reaches from its number to the next one.
          const [from, to] = this.#isBars ? [limit(Math.round(a)), limit(Math.round(b))] : [limit(Math.floor(a)), limit(Math.ceil(b) - 1)];
          this.#select(from, to);
          this.#brushed(from, to);
        }],
        ready: [chart => {
          chart.over.addEventListener("mousedown", event => { downAt = event.clientX; });
          chart.over.addEventListener("click", event => { if (Math.abs(event.clientX - downAt) < 4) this.#pick(); });
        }],
        drawClear: [chart => this.#under(chart, colour)],
        draw: [chart => this.#over(chart, colour)],
      },
    };
  }

  /** Labels at whole places only: a bucket has a name, what lies between two has none. */
  #splits(chart) {
    const room = Math.max(2, Math.floor((chart.width - 80) / 72));
    if (this.#isBars) {
      const step = Math.ceil(this.x.length / room);
      return this.x.filter((_, index) => index % step === 0);
    }
    const length = this.#range[1] - this.#range[0];
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find(size => length / size <= room) ?? 7200;
    return this.x.filter(value => value % step === 0);
  }

  /** Behind the lines: what comes after the content. */
  #under(chart, colour) {
    const { ctx, bbox } = chart;
    if (this.shade !== null) {
      const [left, right] = this.shade.map(value => chart.valToPos(value, "x", true));
      ctx.save();
      ctx.fillStyle = colour("--grid");
      ctx.globalAlpha = 0.5;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour("--axis");
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = "center";
      ctx.fillText(this.shadeText, (left + right) / 2, bbox.top + 16 * devicePixelRatio, right - left);
      ctx.restore();
    }
    const scale = devicePixelRatio;
    const plot = { left: bbox.left / scale, top: bbox.top / scale, width: bbox.width / scale, height: bbox.height / scale };
    // Flags and what stands below are placed by it, after this drawing.
    if (this.plot === null || Object.keys(plot).some(key => plot[key] !== this.plot[key])) queueMicrotask(() => { this.plot = plot; });
  }

  /** In front of them: where captions begin. */
  #over(chart, colour) {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = colour("--axis");
    for (const tick of this.ticks) ctx.fillRect(Math.round(chart.valToPos(tick, "x", true)), bbox.top + bbox.height - 5 * devicePixelRatio, devicePixelRatio, 5 * devicePixelRatio);
    ctx.restore();
  }
}
customElements.define("chart-frame", ChartFrame);

/** Strokes over the light colour: what is possible and not proven is told apart without colours, too. */
function hatch(strokes, ground) {
  const scale = devicePixelRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6 * scale;
  const paint = tile.getContext("2d");
  paint.globalAlpha = 0.55;
  paint.fillStyle = ground;
  paint.fillRect(0, 0, tile.width, tile.height);
  paint.strokeStyle = strokes;
  paint.lineWidth = scale;
  paint.beginPath();
  for (const shift of [-1, 0, 1]) {
    paint.moveTo(shift * tile.width, tile.height);
    paint.lineTo((shift + 1) * tile.width, 0);
  }
  paint.stroke();
  return paint.createPattern(tile, "repeat");
}

/** @returns index of the value that is nearest. */
function nearest(values, wanted) {
  let [low, high] = [0, values.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] <= wanted) low = middle;
    else high = middle;
  }
  return Math.abs(values[high] - wanted) < Math.abs(values[low] - wanted) ? high : low;
}

/** An rgb() colour, thinner. */
const mix = (colour, share) => colour.replace(/^rgb\((.*)\)$/, (_, parts) => `rgb(${parts.replaceAll(",", " ")} / ${share})`);

/** Whether two answers hold the same figures: a page that asks again draws again only where something changed. */
const alike = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
