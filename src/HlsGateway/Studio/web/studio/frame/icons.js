import { html, svg } from "./element.js";
import {
  Activity, ArrowLeft, Captions, ChartLine, Check, ChevronDown, ChevronRight, CircleAlert, CircleHelp, Clapperboard, Copy, Download, Eye, Film, House, KeyRound, Keyboard, Link, ListVideo,
  LogOut, Menu, Pause, Pencil, Play, Plus, Radio, RotateCcw, Search, Star, Trash2, TriangleAlert, Upload, Users, X,
} from "lucide";

const shapes = {
  activity: Activity, back: ArrowLeft, captions: Captions, chart: ChartLine, check: Check, down: ChevronDown, right: ChevronRight, alert: CircleAlert, help: CircleHelp, trailer: Clapperboard,
  copy: Copy, download: Download, eye: Eye, film: Film, home: House, key: KeyRound, keyboard: Keyboard, link: Link, videos: ListVideo, leave: LogOut, menu: Menu, pause: Pause, edit: Pencil, play: Play,
  plus: Plus, live: Radio, undo: RotateCcw, search: Search, star: Star, remove: Trash2, warning: TriangleAlert, upload: Upload, people: Users, close: X,
};

/** A drawing beside words, never instead of them: hidden from screen readers. */
export const icon = name => html`<svg class="icon" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shapes[name].map(shape)}</svg>`;

function shape([tag, is]) {
  switch (tag) {
    case "path": return svg`<path d=${is.d}></path>`;
    case "circle": return svg`<circle cx=${is.cx} cy=${is.cy} r=${is.r}></circle>`;
    case "rect": return svg`<rect x=${is.x ?? 0} y=${is.y ?? 0} width=${is.width} height=${is.height} rx=${is.rx ?? 0}></rect>`;
    case "line": return svg`<line x1=${is.x1} y1=${is.y1} x2=${is.x2} y2=${is.y2}></line>`;
    case "polyline": return svg`<polyline points=${is.points}></polyline>`;
    case "polygon": return svg`<polygon points=${is.points}></polygon>`;
    default: throw new Error(`An icon has a shape that is not drawn here: ${tag}.`);
  }
}
