import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { clock, moment, percent, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { me } from "../frame/me.js";
import { say, tell } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { empty, failed, loading } from "../parts/state-views.js";
import sheet from "./captions.css";

/** States in which a program writes no more. */
const Over = ["ready", "failed", "cancelled"];

/** The captions of a video, language by language. */
export default class CaptionsPage extends StudioElement {
  static title = "captions.title";
  static words = ["captions"];
  static styles = sheet;
  static properties = { params: { attribute: false }, list: { state: true }, problem: { state: true }, machine: { state: true } };

  constructor() {
    super();
    this.machine = this.list = this.problem = null;
  }

  get video() {
    return this.params[0];
  }

  get #path() {
    return `api/videos/${encodeURIComponent(this.video)}/subtitles`;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
  }

  async #ask() {
    this.problem = null;
    try {
      this.list = await api.get(this.#path, {}, { signal: this.gone });
      if (me.can("editor")) await this.#askMachine();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      if (this.list === null) this.problem = problem;
      else tell(problem);
    }
  }

  async #add(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const language = form.get("language").trim();
    const file = form.get("file");
    try {
      const body = file?.size > 0 ? await file.text() : null;
      if (body !== null) await api.send("PUT", `${this.#path}/${encodeURIComponent(language)}`, { body, query: { name: form.get("name") || null }, headers: { "Content-Type": body.startsWith("WEBVTT") ? "text/vtt" : "application/x-subrip", "If-None-Match": "*" } });
      address.go(`videos/${encodeURIComponent(this.video)}/captions/${encodeURIComponent(language)}`, body === null && form.get("name") ? { query: { name: form.get("name") } } : {});
    } catch (problem) {
      tell(problem);
    }
  }

  /** Captions that a program writes from the sound, where one is configured; while it works, how far it is. */
  async #askMachine() {
    this.machine = await api.get(`${this.#path}/automatic`, {}, { signal: this.gone });
    const { jobs } = this.machine;
    const working = jobs.filter(job => !Over.includes(job.status)).length;
    if (this.working > working) this.list = await api.get(this.#path, {}, { signal: this.gone });
    this.working = working;
    if (working > 0) setTimeout(() => !this.gone.aborted && this.#askMachine().catch(problem => problem.name === "AbortError" || tell(problem)), 2000);
  }

  async #haveWritten(event) {
    const language = new FormData(event.target.form).get("language").trim();
    try {
      await api.send("POST", `${this.#path}/automatic`, { query: { language: language || null } });
      await this.#askMachine();
    } catch (problem) {
      tell(problem);
    }
  }

  async #remove(track) {
    try {
      await api.send("DELETE", `${this.#path}/${track.language}`, { headers: { "If-Match": track.etag } });
      say(t("captions.removed", { name: track.name }), { undo: async () => { await api.send("POST", `${this.#path}/${track.language}/rollback`, { json: { version: track.version } }); await this.#ask(); } });
      await this.#ask();
    } catch (problem) {
      tell(problem);
    }
  }

  render() {
    const at = `videos/${encodeURIComponent(this.video)}`;
    const head = html`<header class="page-head"><h1 class="name"><a href=${href(at)}>${this.video}</a> <small class="soft">${t("captions.title")}</small></h1></header>`;
    if (this.problem) return html`${head}${failed(this.problem, () => this.#ask())}`;
    return this.list === null ? html`${head}${loading()}` : html`${head}${this.#tracks(at)}`;
  }

  #tracks(at) {
    return html`
      ${this.list.tracks.length === 0 ? empty({ title: t("captions.none"), text: t("captions.none-text") }) : html`
        <ul class="rows">${this.list.tracks.map(track => html`<li class="card track" data-track=${track.language}><a class="name" href=${href(`${at}/captions/${track.language}`)}><strong>${track.name}</strong> <code>${track.language}</code></a>
          <span class="soft">${t("captions.cues", { count: track.cues })} · ${t("captions.to", { end: clock(track.end_seconds) })} · ${moment(track.saved_at, zone(), "short")} · ${track.actor}${track.machine ? ` · ${t("captions.machine")}` : ""}${track.sdh ? " · SDH" : ""}</span>
          <span class="actions"><a role="button" class="plain" download href=${api.url(`${this.#path}/${track.language}`).href} aria-label=${t("captions.download", { name: track.name })}>${icon("download")}</a>
            ${me.can("editor") ? html`<button type="button" class="plain" aria-label=${t("captions.remove", { name: track.name })} @click=${() => this.#remove(track)}>${icon("remove")}</button>` : nothing}</span></li>`)}</ul>`}
      ${this.list.drafts.filter(draft => !this.list.tracks.some(track => track.language === draft.language)).map(draft => html`<p><a href=${href(`${at}/captions/${draft.language}`)}>${t("captions.draft", { language: draft.language })}</a></p>`)}
      ${me.can("editor") ? html`<section class="card stack tight"><h2>${t("captions.new")}</h2>
        <form class="row new" @submit=${this.#add}>
          <label>${t("captions.language")} <input name="language" required placeholder="pt-BR" size="8" pattern="[A-Za-z]{2,3}(-[A-Za-z0-9]+)*"></label>
          <label>${t("captions.name")} <input name="name" placeholder=${t("captions.name-example")}></label>
          <label>${t("captions.file")} <input type="file" name="file" accept=".vtt,.srt,text/vtt"></label>
          <button type="submit">${icon("plus")} ${t("captions.add")}</button>
          ${this.machine?.configured ? html`<button type="button" @click=${this.#haveWritten}>${t("captions.from-sound")}</button>` : nothing}</form>
        ${this.machine === null || this.machine.jobs.length === 0 ? nothing : html`<div role="status"><ul class="versions">${this.machine.jobs.map(job => html`<li data-job=${job.language}><code>${job.language}</code> <span class="soft">${t("captions.machine")} ·
          ${!Over.includes(job.status) ? t("captions.job-working", { share: percent(job.progress) }) : job.status === "ready" ? t("captions.job-ready") : t("captions.job-failed", { error: job.error ?? job.status })}</span></li>`)}</ul></div>`}</section>` : nothing}`;
  }
}
customElements.define("captions-page", CaptionsPage);
