import { live as bound } from "lit/directives/live.js";
import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { adopt, diff, edits, merge, parse, reread, serialise, timestamp, warnings } from "../captions/model.js";
import { kept } from "../captions/kept.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { ago, moment, zone } from "../frame/format.js";
import { keys } from "../frame/keys.js";
import { me } from "../frame/me.js";
import { say, tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import "../parts/cue-lane.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import { uncounted } from "../parts/uncounted.js";
import captions from "./captions.css";
import sheet from "./caption-editor.css";

const Nudge = 100;

/** Captions of each language that are shown before all are replaced. */
const Samples = 3;

/** One track of captions, for hands on the keyboard. */
export default class CaptionEditorPage extends StudioElement {
  static title = "captions.title";
  static words = ["captions", "player"];
  static styles = [captions, sheet];
  static properties = {
    params: { attribute: false }, list: { state: true }, problem: { state: true }, cues: { state: true }, selected: { state: true }, time: { state: true }, found: { state: true }, review: { state: true },
    wave: { state: true }, conflict: { state: true }, offer: { state: true }, history: { state: true }, saved: { state: true }, finding: { state: true },
  };

  constructor() {
    super();
    this.wave = this.list = this.problem = this.cues = this.selected = this.review = this.conflict = this.offer = this.history = this.saved = this.finding = null;
    this.time = 0;
    this.past = [];
    this.future = [];
    this.length = 0;
  }

  get video() {
    return this.params[0];
  }

  get language() {
    return this.params[1];
  }

  get #path() {
    return `api/videos/${encodeURIComponent(this.video)}/subtitles`;
  }

  get #key() {
    return `${new URL(document.baseURI).pathname} ${this.video} ${this.language}`;
  }

  connectedCallback() {
    super.connectedCallback();
    const whenCue = () => this.selected !== null && me.can("editor");
    keys.on(this, {
      ArrowDown: { does: t("captions.start-here"), run: () => this.#startHere(), when: () => me.can("editor") },
      ArrowUp: { does: t("captions.end-here"), run: () => this.#endHere(), when: whenCue },
      " ": { does: t("captions.play"), run: () => this.#player?.toggle() },
      "Ctrl+Enter": { does: t("captions.split"), run: () => this.#split(), when: whenCue },
      "Ctrl+m": { does: t("captions.merge"), run: () => this.#edit(edits.merge(this.cues, this.selected)), when: whenCue },
      "Alt+ArrowLeft": { does: t("captions.earlier"), run: () => this.#nudge(-Nudge), when: whenCue },
      "Alt+ArrowRight": { does: t("captions.later"), run: () => this.#nudge(Nudge), when: whenCue },
      "Ctrl+z": { does: t("common.undo"), run: () => this.#undo(), when: () => this.past.length > 0 },
      "Ctrl+Shift+Z": { does: t("captions.redo"), run: () => this.#redo(), when: () => this.future.length > 0 },
      "Ctrl+s": { does: t("captions.publish"), run: () => this.#review(), when: () => me.can("editor") },
      "Ctrl+f": { does: t("captions.find"), run: () => this.#find(), when: () => me.can("editor") },
      Escape: { does: t("captions.leave-text"), run: () => document.activeElement?.blur() },
    });
    // Tab plays and pauses while one writes (Amara's key); Esc leaves the text, and then Tab moves on as everywhere.
    this.addEventListener("keydown", event => {
      if (event.target.matches("textarea.cue-text") && event.key === "Tab" && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        this.#player?.toggle();
      } else if (event.target.matches("textarea.cue-text") && event.key === "Escape") {
        event.preventDefault();
        event.target.closest("li").querySelector("button").focus();
      }
    }, { signal: this.gone });
    addEventListener("pagehide", () => this.#keep(), { signal: this.gone });
    this.#ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.keeping);
    if (this.isDirty) this.#keep();
  }

  get #player() {
    return this.querySelector("studio-player");
  }

  async #ask() {
    this.problem = null;
    try {
      this.list = await api.get(this.#path, {}, { signal: this.gone });
      const track = this.list.tracks.find(each => each.language === this.language);
      const base = track === undefined ? "WEBVTT\n" : (await api.send("GET", `${this.#path}/${this.language}`, { query: { format: "vtt" }, signal: this.gone })).data;
      this.etag = track?.etag ?? null;
      this.#open(base);
      const drafted = this.list.drafts.find(each => each.language === this.language);
      const here = await kept.read(this.#key).catch(() => undefined);
      const there = drafted === undefined ? null : { at: Date.parse(drafted.saved_at), text: (await api.send("GET", `${this.#path}/${this.language}`, { query: { draft: "true" }, signal: this.gone })).data };
      this.draftEtag = drafted?.etag ?? null;
      const newest = [here, there].filter(each => each && each.text !== base).sort((one, other) => other.at - one.at)[0];
      if (newest) this.offer = newest;
      this.history = (await api.get(`${this.#path}/${this.language}/versions`, {}, { signal: this.gone }).catch(() => ({ versions: [] }))).versions;
      this.playlist = (await uncounted(this.video, { signal: this.gone })).playlist_url;
      this.requestUpdate();
      // Videos of other origins have none, and silent ones neither: their lane is bare.
      this.wave = await api.get(`api/videos/${encodeURIComponent(this.video)}/peaks`, {}, { signal: this.gone }).catch(() => null);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (this.cues === null) this.problem = problem;
      else tell(problem);
    }
  }

  #open(text) {
    this.base = parse(text);
    this.track = this.base;
    this.cues = this.base.cues;
    this.selected = this.cues[0]?.id ?? null;
    [this.past, this.future] = [[], []];
  }

  get isDirty() {
    return this.cues !== null && this.base !== undefined && diff(this.base.cues, this.cues).length > 0;
  }

  get #text() {
    return serialise({ ...this.track, cues: this.cues });
  }

  /** Every change of the cues goes through here: it can be undone, and is kept within a second. */
  #edit(cues, { together = null } = {}) {
    if (cues === this.cues) return;
    // Letters of one word are one step back.
    if (together === null || together !== this.together) this.past.push(this.cues);
    this.together = together;
    this.future = [];
    this.cues = cues;
    this.keeping ??= setTimeout(() => this.#keep(), 900);
  }

  #undo() {
    this.future.push(this.cues);
    this.cues = this.past.pop();
    this.together = null;
    this.keeping ??= setTimeout(() => this.#keep(), 900);
  }

  #redo() {
    this.past.push(this.cues);
    this.cues = this.future.pop();
    this.keeping ??= setTimeout(() => this.#keep(), 900);
  }

  /** In this browser at once, and as a draft at the gateway, for the next browser. */
  async #keep() {
    clearTimeout(this.keeping);
    this.keeping = null;
    if (this.cues === null || !me.can("editor")) return;
    if (!this.isDirty) {
      // Everything was undone: there is nothing to be offered later.
      if (this.saved !== null) await this.#forget();
      return;
    }
    const text = this.#text;
    await kept.write(this.#key, { text, at: Date.now(), base: this.etag, from: serialise(this.base) }).catch(() => {});
    try {
      const { etag } = await api.send("PUT", `${this.#path}/${this.language}`, { query: { draft: "true" }, body: text, headers: { "Content-Type": "text/vtt", ...this.draftEtag ? { "If-Match": this.draftEtag } : {} } });
      this.draftEtag = etag;
      this.saved = new Date();
    } catch (problem) {
      // Another editor's draft: this browser keeps its own text; publishing brings the two together.
      if (problem.status === 412) this.draftEtag = null;
      this.saved = problem.status === 412 ? new Date() : null;
    }
  }

  /** What was changed in the text that was kept, against what it was written on. */
  #offered() {
    const { text, from } = this.offer;
    return diff(from === undefined ? this.base.cues : parse(from).cues, parse(text).cues);
  }

  /** Goes on with what was kept, on what it was written on: if another has published since, publishing brings the two together. */
  #take() {
    const { text, from, base } = this.offer;
    this.offer = null;
    if (from !== undefined && base !== this.etag) {
      this.#open(from);
      this.etag = base;
    }
    this.#edit(adopt(this.base.cues, parse(text).cues));
    this.selected = this.cues[0]?.id ?? null;
  }

  #select(id, seeks = true) {
    this.selected = id;
    const cue = this.cues.find(each => each.id === id);
    if (seeks && cue && this.#player) this.#player.time = cue.start / 1000;
    this.updateComplete.then(() => this.querySelector(`li[data-cue="${id}"]`)?.scrollIntoView({ block: "nearest" }));
  }

  #write(id) {
    this.updateComplete.then(() => this.querySelector(`li[data-cue="${id}"] textarea`)?.focus());
  }

  #startHere() {
    const at = Math.round((this.#player?.time ?? this.time) * 1000);
    this.#edit(edits.add(this.cues, at, at + 2000));
    const made = this.cues.find(cue => cue.start === at && cue.text === "");
    this.#select(made.id, false);
    this.#write(made.id);
  }

  #endHere() {
    const at = Math.round((this.#player?.time ?? this.time) * 1000);
    const cue = this.cues.find(each => each.id === this.selected);
    if (cue && at > cue.start) this.#edit(edits.change(this.cues, cue.id, { end: at }));
  }

  #split() {
    const area = this.querySelector(`li[data-cue="${this.selected}"] textarea`);
    const cue = this.cues.find(each => each.id === this.selected);
    this.#edit(edits.split(this.cues, this.selected, area === document.activeElement ? area.selectionStart : Math.round(cue.text.length / 2)));
  }

  #nudge(by) {
    const cue = this.cues.find(each => each.id === this.selected);
    if (cue && cue.start + by >= 0) this.#edit(edits.change(this.cues, cue.id, { start: cue.start + by, end: cue.end + by }), { together: `nudge ${cue.id}` });
  }

  #review() {
    this.#keep();
    this.review = { pairs: diff(this.base.cues, this.cues) };
    this.updateComplete.then(() => this.querySelector("dialog.review").showModal());
  }

  async #publish() {
    const text = this.#text;
    try {
      const { data, etag } = await api.send("PUT", `${this.#path}/${this.language}`, { body: text, query: { name: this.etag ? null : address.get("name") }, headers: { "Content-Type": "text/vtt", ...this.etag ? { "If-Match": this.etag } : { "If-None-Match": "*" } } });
      this.querySelector("dialog.review").close();
      const before = this.history?.find(version => version.active)?.version ?? null;
      this.etag = etag ?? data.etag;
      this.cues = reread({ ...this.track, cues: this.cues });
      this.base = this.track = { ...this.track, cues: this.cues };
      this.publishedAt = performance.now();
      await this.#forget();
      say(t("captions.published", { language: data.name }), before === null ? {} : { undo: () => this.#rollBack(before) });
      this.history = (await api.get(`${this.#path}/${this.language}/versions`)).versions;
      this.list = await api.get(this.#path);
    } catch (problem) {
      if (problem.status === 412) await this.#meet();
      else tell(problem);
    }
  }

  async #forget() {
    await kept.drop(this.#key).catch(() => {});
    await api.send("DELETE", `${this.#path}/${this.language}`, { query: { draft: "true" } }).catch(() => {});
    this.draftEtag = null;
    this.saved = null;
  }

  async #rollBack(version) {
    const { etag } = await api.send("POST", `${this.#path}/${this.language}/rollback`, { json: { version } });
    this.etag = etag;
    await this.#ask();
  }

  /** Somebody else published meanwhile: by cue, nothing of either is lost. */
  async #meet() {
    this.querySelector("dialog.review").close();
    const { data, etag } = await api.send("GET", `${this.#path}/${this.language}`, { query: { format: "vtt" } });
    const theirs = parse(data);
    const met = merge(this.base.cues, this.cues, theirs.cues);
    const list = await api.get(this.#path);
    const track = list.tracks.find(each => each.language === this.language);
    this.conflict = { ...met, theirs, etag: track?.etag ?? etag, actor: track?.actor ?? "", choices: met.conflicts.map(() => "mine") };
    this.updateComplete.then(() => this.querySelector("dialog.meet").showModal());
  }

  #settle() {
    const { cues, conflicts, choices, theirs, etag } = this.conflict;
    let settled = cues;
    for (const [i, { mine, theirs: other }] of conflicts.entries()) {
      if (choices[i] === "mine") continue;
      settled = settled.filter(cue => cue.id !== mine?.id);
      if (other !== null) settled = edits.add(settled, other.start, other.end, other.text);
      if (choices[i] === "both" && mine !== null) settled = edits.add(settled, mine.start, mine.end, mine.text);
    }
    this.base = theirs;
    this.track = { ...theirs, notes: this.track.notes };
    this.etag = etag;
    this.#edit(settled);
    this.querySelector("dialog.meet").close();
    this.conflict = null;
    this.#review();
  }

  #find() {
    this.finding = { find: "", replacement: "", counts: null, samples: [] };
    this.others = undefined;
    this.updateComplete.then(() => this.querySelector("dialog.find").showModal());
  }

  /** In all languages of the video: this one on the page, the others published as new versions. */
  async #look(values) {
    this.finding = { ...this.finding, ...values, counts: null };
    const { find } = this.finding;
    if (find.length === 0) return;
    const counts = [[this.language, this.cues.filter(cue => cue.text.includes(find)).length]];
    this.others ??= await Promise.all(this.list.tracks.filter(track => track.language !== this.language).map(async track => ({ track, text: (await api.send("GET", `${this.#path}/${track.language}`, { query: { format: "vtt" } })).data })));
    for (const { track, text } of this.others) counts.push([track.language, parse(text).cues.filter(cue => cue.text.includes(find)).length]);
    const cues = [[this.language, this.cues], ...this.others.map(({ track, text }) => [track.language, parse(text).cues])];
    const samples = cues.flatMap(([language, all]) => all.filter(cue => cue.text.includes(find)).slice(0, Samples).map(cue => ({ language, cue })));
    if (this.finding?.find === find) this.finding = { ...this.finding, counts, samples };
  }

  async #replace() {
    const { find, replacement } = this.finding;
    this.querySelector("dialog.find").close();
    const before = this.cues;
    const here = before.some(cue => cue.text.includes(find));
    if (here) this.#edit(edits.replace(before, find, replacement));
    const after = this.cues;
    const changed = [];
    for (const { track, text } of this.others ?? []) {
      const parsed = parse(text);
      if (!parsed.cues.some(cue => cue.text.includes(find))) continue;
      try {
        await api.send("PUT", `${this.#path}/${track.language}`, { body: serialise({ ...parsed, cues: edits.replace(parsed.cues, find, replacement) }), headers: { "Content-Type": "text/vtt", "If-Match": track.etag } });
        changed.push(track);
      } catch (problem) {
        tell(problem);
      }
    }
    this.others = undefined;
    this.list = await api.get(this.#path);
    say(t("captions.replaced", { count: changed.length + (here ? 1 : 0) }), {
      undo: async () => {
        // What was written since stays.
        if (here && this.cues === after) this.#undo();
        else if (here) this.#edit(this.cues.map(cue => after.find(each => each.id === cue.id)?.text === cue.text ? { ...cue, text: before.find(each => each.id === cue.id)?.text ?? cue.text } : cue));
        for (const track of changed) await api.send("POST", `${this.#path}/${track.language}/rollback`, { json: { version: track.version } });
        this.list = await api.get(this.#path);
      },
    });
  }

  render() {
    const at = `videos/${encodeURIComponent(this.video)}`;
    const head = html`<header class="page-head"><h1 class="name"><a href=${href(at)}>${this.video}</a> <small class="soft"><a href=${href(`${at}/captions`)}>${t("captions.title")}</a> · ${this.language}</small></h1>
      ${this.cues === null ? nothing : html`<div class="row"><span class="soft" role="status" data-saved=${this.saved ? "true" : "false"}>${!this.isDirty ? t("captions.unchanged") : this.saved ? t("captions.saved", { ago: ago(this.saved) }) : t("captions.writing")}</span>
        ${me.can("editor") ? html`<button type="button" ?disabled=${this.past.length === 0} @click=${() => this.#undo()}>${t("common.undo")} <kbd>Ctrl z</kbd></button><button type="button" @click=${() => this.#find()}>${t("captions.find")} <kbd>Ctrl f</kbd></button><button type="button" class="primary" @click=${() => this.#review()}>${t("captions.publish")} <kbd>Ctrl s</kbd></button>` : nothing}</div>`}</header>`;
    if (this.problem) return html`${head}${failed(this.problem, () => this.#ask())}`;
    return this.cues === null ? html`${head}${loading()}` : html`${head}${this.#editor()}`;
  }

  #editor() {
    const can = me.can("editor");
    const lengthMs = this.length > 0 ? this.length * 1000 : null;
    return html`
      ${this.offer === null ? nothing : html`<div class="card row apart offer" role="alert"><span>${t("captions.offer", { ago: ago(this.offer.at), count: this.#offered().length })}</span>
        <span class="actions"><button type="button" class="primary" @click=${() => this.#take()}>${t("captions.take")}</button>
          <button type="button" @click=${() => { this.offer = null; this.#forget(); }}>${t("captions.drop")}</button></span>
        ${this.#changes(this.#offered())}</div>`}
      <div class="editor">
        <section class="stack tight">
          <studio-player .src=${this.playlist ?? ""} @time=${({ detail }) => { this.time = detail; }} @ready=${event => { event.target.video.addEventListener("durationchange", () => { this.length = event.target.duration; }, { once: true }); }}></studio-player>
          <cue-lane .cues=${this.cues} .time=${this.time} .length=${this.length} .selected=${this.selected} .wave=${this.wave} @select=${({ detail }) => this.#select(detail, false)} @seek=${({ detail }) => { if (this.#player) this.#player.time = detail; this.time = detail; }}
            @retime=${({ detail: { id, start, end } }) => can && this.#edit(edits.change(this.cues, id, { start, end }))}></cue-lane>
          ${can ? html`<div class="actions keys">
            <button type="button" @click=${() => this.#startHere()}>${t("captions.start-here")} <kbd>↓</kbd></button><button type="button" @click=${() => this.#endHere()}>${t("captions.end-here")} <kbd>↑</kbd></button>
            <button type="button" @click=${() => this.#split()}>${t("captions.split")} <kbd>Ctrl Enter</kbd></button><button type="button" @click=${() => this.#edit(edits.merge(this.cues, this.selected))}>${t("captions.merge")} <kbd>Ctrl m</kbd></button>
            <button type="button" @click=${() => this.#nudge(-Nudge)}>${t("captions.earlier")} <kbd>Alt ←</kbd></button><button type="button" @click=${() => this.#nudge(Nudge)}>${t("captions.later")} <kbd>Alt →</kbd></button></div>
            <p class="soft"><kbd>Tab</kbd> ${t("captions.tab")}</p>` : nothing}
          ${this.#versions(can)}
        </section>
        <section><h2 class="visually-hidden">${t("captions.list")}</h2>
          ${this.cues.length === 0 ? html`<p class="state">${t("captions.no-cues")}</p>` : html`
          <ol class="cues">${repeat(this.cues, cue => cue.id, (cue, i) => html`<li data-cue=${cue.id} class=${cue.id === this.selected ? "is-selected" : ""}>
            <button type="button" class="plain times" @click=${() => this.#select(cue.id)} title=${t("captions.go-to", { time: timestamp(cue.start) })}><span>${timestamp(cue.start).slice(3)}</span><span class="soft">${timestamp(cue.end).slice(3)}</span></button>
            <textarea class="cue-text" rows=${Math.max(1, cue.text.split("\n").length)} ?readonly=${!can} aria-label=${t("captions.text-at", { time: timestamp(cue.start) })} .value=${bound(cue.text)}
              @focus=${() => { this.selected = cue.id; }} @input=${event => this.#edit(edits.change(this.cues, cue.id, { text: event.target.value }), { together: `text ${cue.id}` })}></textarea>
            <span class="hints">${warnings(this.cues, i, lengthMs).map(name => html`<span class="chip warn">${t(`captions.warn-${name}`)}</span>`)}</span>
            ${can ? html`<button type="button" class="plain" aria-label=${t("captions.delete-at", { time: timestamp(cue.start) })} @click=${() => this.#edit(edits.remove(this.cues, cue.id))}>×</button>` : nothing}</li>`)}</ol>`}
        </section>
      </div>
      ${this.#dialogs()}`;
  }

  #versions(can) {
    if (!this.history || this.history.length === 0) return nothing;
    return html`<details><summary>${t("captions.versions")}</summary><ul class="versions">${this.history.filter(version => !version.draft).map(version => html`<li><code>${version.version}</code> ${version.active ? html`<span class="chip">${t("captions.live")}</span>` : nothing} <span class="soft">${moment(version.saved_at, zone(), "short")} · ${version.actor}</span>
      ${can && !version.active ? html`<button type="button" class="plain" @click=${() => this.#rollBack(version.version).catch(tell)}>${t("captions.back-to")}</button>` : nothing}</li>`)}</ul></details>`;
  }

  #told(cue) {
    return cue === null ? html`<span class="soft">–</span>` : html`<span class="soft">${timestamp(cue.start).slice(3)}–${timestamp(cue.end).slice(3)}</span> ${cue.text}`;
  }

  #changes(pairs) {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("captions.changes", { count: pairs.length })}><table class="changes"><tbody>${pairs.map(([before, after]) => html`<tr><td class="taken">${this.#told(before)}</td><td class="added">${this.#told(after)}</td></tr>`)}</tbody></table></div>`;
  }

  #dialogs() {
    const { review, conflict, finding } = this;
    const text = cue => this.#told(cue);
    return html`
      <dialog class="review" aria-labelledby="review-title" @close=${() => { this.review = null; }}>${review === null ? nothing : html`<article class="wide"><h2 id="review-title">${t("captions.changes", { count: review.pairs.length })}</h2>
        ${this.#changes(review.pairs)}
        <div class="row end"><button type="button" @click=${() => this.querySelector("dialog.review").close()}>${t("common.cancel")} <kbd>Esc</kbd></button><button type="button" class="primary" autofocus ?disabled=${review.pairs.length === 0} @click=${() => this.#publish()}>${t("captions.publish")}</button></div></article>`}</dialog>
      <dialog class="meet" aria-labelledby="meet-title">${conflict === null ? nothing : html`<article class="wide"><h2 id="meet-title">${t("captions.met", { actor: conflict.actor })}</h2>
        <p>${t("captions.met-text", { count: conflict.conflicts.length })}</p>
        ${conflict.conflicts.length === 0 ? nothing : html`<div class="scroll" tabindex="0" role="region" aria-label=${t("captions.met-text", { count: conflict.conflicts.length })}><table><thead><tr><th>${t("captions.theirs")}</th><th>${t("captions.base")}</th><th>${t("captions.mine")}</th><th></th></tr></thead>
          <tbody>${conflict.conflicts.map((each, i) => html`<tr><td>${text(each.theirs)}</td><td>${text(each.base)}</td><td>${text(each.mine)}</td>
            <td><select aria-label=${t("captions.choose")} @change=${event => { conflict.choices[i] = event.target.value; }}>${["mine", "theirs", "both"].map(choice => html`<option value=${choice}>${t(`captions.${choice}`)}</option>`)}</select></td></tr>`)}</tbody></table></div>`}
        <div class="row end"><button type="button" class="primary" @click=${() => this.#settle()}>${t("captions.go-on")}</button></div></article>`}</dialog>
      <dialog class="find" aria-labelledby="find-title" @close=${() => { this.finding = null; }}>${finding === null ? nothing : html`<article><h2 id="find-title">${t("captions.find")}</h2>
        <label>${t("captions.find-what")} <input .value=${finding.find} @input=${event => this.#look({ find: event.target.value }).catch(tell)}></label>
        <label>${t("captions.replace-with")} <input .value=${finding.replacement} @input=${event => { this.finding = { ...finding, replacement: event.target.value }; }}></label>
        ${finding.counts === null ? nothing : html`<p role="status">${finding.counts.map(([language, count]) => `${language}: ${count}`).join(" · ")}</p>`}
        ${finding.counts === null ? nothing : html`<div class="scroll" tabindex="0" role="region" aria-label=${t("captions.find")}><table class="changes"><tbody>${finding.samples.map(({ language, cue }) => html`<tr><td class="taken"><code>${language}</code> ${cue.text}</td><td class="added">${cue.text.replaceAll(finding.find, () => finding.replacement)}</td></tr>`)}</tbody></table></div>`}
        <div class="row end"><button type="button" @click=${() => this.querySelector("dialog.find").close()}>${t("common.cancel")} <kbd>Esc</kbd></button><button type="button" class="primary" ?disabled=${!finding.counts?.some(([, count]) => count > 0)} @click=${() => this.#replace()}>${t("captions.replace")}</button></div></article>`}</dialog>`;
  }
}
customElements.define("caption-editor-page", CaptionEditorPage);
