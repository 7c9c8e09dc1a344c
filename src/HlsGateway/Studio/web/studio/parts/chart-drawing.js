import uPlot from "uplot";
import { nearest } from "./chart-places.js";

/** Seconds between two lines of the grid, so that none stands at 16 min 40 s. */
const TimeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000, 72000, 180000, 360000, 720000, 1800000, 3600000, 7200000, 18000000, 36000000];

/** Pictures of a chart and its neighbours line up. */
const Height = 260;

/**
 * One picture of a chart. It comes with the library that draws it, after the figures and the table; the frame makes a new one where what it shows changes.
 * `of` is what the frame shows: `x`, `parts` from the back to the front, `open`, `isBars`, `range`, `max`, `ticks`, `shade`, `shadeText`, `isTime`, `label`, `show`, `colour(name)`;
 * what it is asked: `isLocked()`; and what it is told: `moved(index)`, `brushed(from, to)`, `picked()`, `placed({ left, top, width, height })`.
 */
export class ChartDrawing {
  #of;
  #body;
  #chart;
  #plot = null;

  constructor(body, of) {
    this.#of = of;
    this.#body = body;
    this.#chart = new uPlot(this.#options(body), this.#data(), body);
  }

  destroy() {
    this.#chart.destroy();
  }

  /** @returns whether the room had changed. */
  fit() {
    const { clientWidth: width } = this.#body;
    if (width === 0 || width === this.#chart.width) return false;
    this.#chart.setSize({ width, height: Height });
    return true;
  }

  /** The crosshair, without its hook, which answers to the pointer alone. */
  point(x) {
    const chart = this.#chart;
    chart.setCursor({ left: chart.valToPos(x, "x"), top: chart.over.clientHeight / 2 }, false);
  }

  /** Shows a stretch as chosen, both ends in it. */
  choose(a, b) {
    const chart = this.#chart;
    const { x, isBars } = this.#of;
    const [before, behind] = isBars ? [0.5, 0.5] : [0, 1];
    const left = Math.max(0, chart.valToPos(x[a] - before, "x"));
    const right = Math.min(chart.over.clientWidth, chart.valToPos(x[b] + behind, "x"));
    chart.setSelect({ left, top: 0, width: right - left, height: chart.over.clientHeight }, false);
  }

  chooseNothing() {
    this.#chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  /** Each part twice: what is finished, and what can still change. */
  #data() {
    const [open, count] = [this.#of.open, this.#of.x.length];
    return [this.#of.x, ...this.#of.parts.flatMap(({ heights, look, is }) => {
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
    const colour = this.#of.colour;
    const drawn = this.#of.parts;
    const count = this.#of.x.length;
    const highest = drawn.reduce((most, { heights }) => heights.reduce((high, value) => value > high ? value : high, most), 0);
    const top = this.#of.max === null ? highest * 1.08 || 1 : Math.max(this.#of.max, highest);
    const [low, soft, replay] = ["--low", "--soft", "--replay"].map(colour);
    const pattern = hatch(low, colour("--high"));
    const open = { dash: [5, 4], width: 1.5, stroke: low, points: { show: false } };
    const paths = this.#of.isBars ? uPlot.paths.bars({ size: [0.72, 56] }) : undefined;
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
    const guard = (chart, target, handler) => event => { if (!this.#of.isLocked()) handler(event); };
    const limit = index => Math.max(0, Math.min(count - 1, index));
    let downAt = 0;
    return {
      width: body.clientWidth, height: Height, legend: { show: false }, padding: [14, 26, 0, 0],
      scales: { x: { time: false, range: () => this.#of.range }, y: { range: () => [0, top] } },
      axes: [
        { ...axis, grid: { show: false }, size: 28, space: 72, splits: chart => this.#splits(chart), values: (_, splits) => splits.map(value => this.#of.label(nearest(this.#of.x, value), true)) },
        {
          ...axis, space: 40, values: (_, splits) => splits.map(value => this.#of.show(value)), size: (_, values) => 22 + 7 * Math.max(3, ...(values ?? []).map(value => value.length)),
          ...this.#of.isTime ? { incrs: TimeSteps } : {},
        },
      ],
      series: [{}, ...looks],
      bands: drawn.flatMap(({ above, is }, index) => above === undefined ? [] : [{ series: [1 + 2 * index, 1 + 2 * above], fill: is === "replay" ? mix(replay, 0.55) : pattern }]),
      cursor: { y: false, points: { size: 7, width: 1.5 }, drag: { x: true, y: false, setScale: false, dist: 4 }, bind: { mousemove: guard, mouseleave: guard, dblclick: () => null } },
      hooks: {
        setCursor: [({ cursor }) => { if (cursor.idx !== null && cursor.idx !== undefined) this.#of.moved(cursor.idx); }],
        setSelect: [chart => {
          const { left, width } = chart.select;
          if (width < 4) return;
          const [a, b] = [chart.posToVal(left, "x"), chart.posToVal(left + width, "x")];
          // A bar belongs to its middle; a second reaches from its number to the next one.
          const [from, to] = this.#of.isBars ? [limit(Math.round(a)), limit(Math.round(b))] : [limit(Math.floor(a)), limit(Math.ceil(b) - 1)];
          this.choose(from, to);
          this.#of.brushed(from, to);
        }],
        ready: [chart => {
          chart.over.addEventListener("mousedown", event => { downAt = event.clientX; });
          chart.over.addEventListener("click", event => { if (Math.abs(event.clientX - downAt) < 4) this.#of.picked(); });
        }],
        drawClear: [chart => this.#under(chart, colour)],
        draw: [chart => this.#over(chart, colour)],
      },
    };
  }

  /** Labels at whole places only: a bucket has a name, what lies between two has none. */
  #splits(chart) {
    const room = Math.max(2, Math.floor((chart.width - 80) / 72));
    if (this.#of.isBars) {
      const step = Math.ceil(this.#of.x.length / room);
      return this.#of.x.filter((_, index) => index % step === 0);
    }
    const length = this.#of.range[1] - this.#of.range[0];
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find(size => length / size <= room) ?? 7200;
    return this.#of.x.filter(value => value % step === 0);
  }

  /** Behind the lines: what comes after the content. */
  #under(chart, colour) {
    const { ctx, bbox } = chart;
    if (this.#of.shade !== null) {
      const [left, right] = this.#of.shade.map(value => chart.valToPos(value, "x", true));
      ctx.save();
      ctx.fillStyle = colour("--grid");
      ctx.globalAlpha = 0.5;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colour("--axis");
      ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = "center";
      ctx.fillText(this.#of.shadeText, (left + right) / 2, bbox.top + 16 * devicePixelRatio, right - left);
      ctx.restore();
    }
    const scale = devicePixelRatio;
    const plot = { left: bbox.left / scale, top: bbox.top / scale, width: bbox.width / scale, height: bbox.height / scale };
    // Flags and what stands below are placed by it, after this drawing.
    if (this.#plot !== null && Object.keys(plot).every(key => plot[key] === this.#plot[key])) return;
    this.#plot = plot;
    queueMicrotask(() => this.#of.placed(plot));
  }

  /** In front of them: where captions begin. */
  #over(chart, colour) {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = colour("--axis");
    for (const tick of this.#of.ticks) ctx.fillRect(Math.round(chart.valToPos(tick, "x", true)), bbox.top + bbox.height - 5 * devicePixelRatio, devicePixelRatio, 5 * devicePixelRatio);
    ctx.restore();
  }
}

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

/** An rgb() colour, thinner. */
const mix = (colour, share) => colour.replace(/^rgb\((.*)\)$/, (_, parts) => `rgb(${parts.replaceAll(",", " ")} / ${share})`);
