import { address, href } from "../frame/address.js";
import { api } from "../frame/api.js";
import { html, nothing, repeat, StudioElement } from "../frame/element.js";
import { bytes, moment, number, seconds, zone } from "../frame/format.js";
import { icon } from "../frame/icons.js";
import { keys } from "../frame/keys.js";
import { live } from "../frame/live.js";
import { me } from "../frame/me.js";
import { say, tell } from "../frame/toast.js";
import { hasText, t } from "../frame/words.js";
import { failed, loading } from "../parts/state-views.js";
import "../parts/studio-player.js";
import { uncounted } from "../parts/uncounted.js";
import "../parts/week-strip.js";
import sheet from "./trailers.css";

/** How long before the trailer a rehearsal begins. */
const Before = 5;

/** The clip behind the videos: what is on the air, a take of what may be next, the library, the week, and who did what. */
export default class TrailersPage extends StudioElement {
  static title = "trailers.title";
  static words = ["trailers", "player"];
  static styles = sheet;
  static properties = {
    params: { attribute: false }, library: { state: true }, schedule: { state: true }, history: { state: true }, videos: { state: true }, problem: { state: true }, take: { state: true }, check: { state: true },
    swapped: { state: true }, count: { state: true }, uploading: { state: true },
  };

  constructor() {
    super();
    this.library = this.schedule = this.history = this.videos = this.problem = this.take = this.check = this.swapped = this.count = this.uploading = null;
  }

  connectedCallback() {
    super.connectedCallback();
    address.addEventListener("change", () => this.#rehearse(), { signal: this.gone });
    keys.on(this, {
      s: { does: t("trailers.swap"), run: () => this.#swap(), when: () => me.can("editor") && this.candidate !== null },
      b: { does: t("trailers.roll-back"), run: () => this.#rollBack(), when: () => me.can("editor") },
      " ": { does: t("trailers.play"), run: () => this.querySelector("studio-player")?.toggle(), when: () => this.take?.url !== undefined },
    });
    if (me.can("analyst")) live.on(this, "request", () => { if (this.swapped) this.counting ??= setTimeout(() => { this.counting = null; this.#count(); }, 800); });
    this.#ask().then(() => this.#rehearse());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.counting);
    clearTimeout(this.again);
  }

  async #ask() {
    clearTimeout(this.again);
    try {
      const read = (path, query) => api.send("GET", path, { query, signal: this.gone });
      const [library, active, schedule, history, videos] = await Promise.all([read("api/trailers", { removed: true }), read("api/trailers/active"), read("api/trailers/schedule"), read("api/trailers/history"), read("api/videos")]);
      [this.library, this.active, this.etag, this.schedule, this.history] = [library.data, active.data, active.etag, schedule.data.entries, history.data];
      this.videos = videos.data.filter(video => video.status === "ready").map(video => video.video);
      this.problem = null;
      if (this.library.trailers.some(trailer => trailer.versions.some(version => version.status === "making"))) this.again = setTimeout(() => this.#ask(), 1500);
    } catch (problem) {
      if (problem.name !== "AbortError") this.problem = problem;
    }
  }

  /** The line that new sessions of the chosen scope get now. */
  get #onAir() {
    return this.active?.lines.find(line => line.state === "on") ?? null;
  }

  get candidate() {
    const named = this.params[0] ?? address.get("trailer");
    if (named) return named;
    const current = this.#onAir?.version;
    return this.library?.trailers.flatMap(trailer => trailer.versions).find(version => version.current && !version.withdrawn && !version.removed && version.version !== current)?.version ?? current ?? null;
  }

  get #video() {
    return address.get("video") ?? this.videos?.[0] ?? null;
  }

  async #rehearse() {
    const [video, trailer, position] = [this.#video, this.candidate, address.get("position", "post")];
    const key = `${video} ${trailer} ${position}`;
    if (video === null || trailer === null || this.take?.key === key || !me.can("editor", "analyst")) return;
    this.take = { key, copies: null };
    this.check = null;
    try {
      const preview = await uncounted(video, { trailer, position, signal: this.gone, waits: copies => { if (this.take.key === key) this.take = { key, copies }; } });
      if (this.take.key !== key) return;
      const plain = await uncounted(video, { signal: this.gone });
      const [withIt, without] = await Promise.all([mediaOf(preview.playlist_url, this.gone), mediaOf(plain.playlist_url, this.gone)]);
      if (this.take.key !== key) return;
      const splice = spliceOf(withIt, position);
      this.take = { key, url: preview.playlist_url, warnings: preview.warnings, start: position === "pre" ? 0 : Math.max(0, splice - Before), splice, withIt, without };
      if (me.can("editor")) this.check = (await api.send("POST", `api/trailers/${encodeURIComponent(trailer)}/check`, { signal: this.gone })).data;
    } catch (problem) {
      if (problem.name !== "AbortError" && this.take?.key === key) this.take = { key, problem };
    }
  }

  get #scope() {
    const scope = address.get("scope", "all");
    return scope === "video" ? this.#video : scope === "glob" ? address.get("glob") : null;
  }

  async #swap(trailer = this.candidate) {
    const scope = this.#scope;
    try {
      const { data, etag } = await api.send("PUT", "api/trailers/active", { json: { trailer, position: address.get("position", "post"), ...scope ? { videos: scope } : {} }, headers: this.etag ? { "If-Match": this.etag } : {} });
      [this.active, this.etag] = [data, etag];
      this.swapped = { trailer: trailer ?? "none", scope, at: new Date() };
      for (const warning of data.warnings ?? []) say(warning.message ?? String(warning));
      say(trailer === null ? t("trailers.none-now") : t("trailers.swapped", { trailer }), { undo: () => this.#undo() });
      await this.#ask();
      this.#count();
    } catch (problem) {
      tell(problem);
      if (problem.status === 412) await this.#ask();
    }
  }

  /** Only the swap that was made here is taken back: where somebody else has changed something since, that stands. */
  async #undo() {
    await api.send("POST", "api/trailers/rollback", { headers: this.etag ? { "If-Match": this.etag } : {} });
    this.swapped = null;
    await this.#ask();
  }

  async #rollBack() {
    try {
      await api.send("POST", "api/trailers/rollback", {});
      await this.#ask();
      say(t("trailers.rolled-back"));
    } catch (problem) {
      tell(problem);
    }
  }

  /** New sessions with the new trailer, and those that go on with another until they end. */
  async #count() {
    if (!me.can("analyst") || !this.swapped) return;
    const { trailer, at, scope } = this.swapped;
    try {
      const sessions = await api.get("api/sessions", { from: at.toISOString(), trailer, video: scope && !scope.includes("*") ? scope : null, limit: 1000 }, { signal: this.gone });
      this.count = { fresh: sessions.sessions.length, more: sessions.next_cursor !== null, ends: new Date(at.getTime() + 86400e3) };
    } catch (problem) {
      if (problem.name !== "AbortError" && problem.status !== 404) tell(problem);
    }
  }

  async #upload(file) {
    if (!file) return;
    const name = file.name.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "") || "trailer";
    this.uploading = { name, share: 0 };
    try {
      const answer = await api.send("PUT", `api/trailers/${encodeURIComponent(name)}`, { body: file, headers: { "Content-Type": file.type || "video/mp4" } });
      say(t("trailers.uploaded", { name: answer.data.version ?? name }));
      await this.#ask();
      address.set({ trailer: answer.data.version ?? name });
    } catch (problem) {
      tell(problem);
    } finally {
      this.uploading = null;
    }
  }

  async #change(method, path, done, undo) {
    try {
      await api.send(method, path, {});
      say(done, undo ? { undo: async () => { await undo(); await this.#ask(); } } : {});
      await this.#ask();
    } catch (problem) {
      tell(problem);
    }
  }

  render() {
    if (this.problem) return failed(this.problem, () => this.#ask());
    if (this.library === null) return loading();
    const can = me.can("editor");
    const onAir = this.#onAir;
    return html`
      <header class="page-head"><h1>${t("trailers.title")}</h1>
        <div class="actions">${can ? html`
          <input type="file" accept="video/*" hidden aria-label=${t("trailers.upload")} @change=${event => { this.#upload(event.target.files[0]); event.target.value = ""; }}>
          <button type="button" @click=${() => this.querySelector("input[type=file]").click()} aria-busy=${this.uploading ? "true" : nothing}>${icon("upload")} ${this.uploading ? t("trailers.uploading", { name: this.uploading.name }) : t("trailers.upload")}</button>
          <button type="button" @click=${() => this.#rollBack()}>${icon("undo")} ${t("trailers.roll-back")} <kbd>b</kbd></button>` : nothing}</div></header>
      ${this.#rehearsal(onAir, can)}
      ${this.swapped && this.count ? html`<p class="card count" role="status" data-fresh=${this.count.fresh}>${t("trailers.counting", { trailer: this.swapped.trailer, fresh: this.count.more ? `${number(this.count.fresh)}+` : number(this.count.fresh), ends: moment(this.count.ends, zone(), "short") })}</p>` : nothing}
      <week-strip .entries=${this.schedule} .can=${can} .trailers=${this.library.trailers.filter(trailer => trailer.versions.some(version => !version.withdrawn && !version.removed))} .video=${this.#video} @changed=${() => this.#ask()}></week-strip>
      ${this.#shelf(can)}
      ${this.#past()}`;
  }

  #rehearsal(onAir, can) {
    const { take, candidate } = this;
    const versions = this.library.trailers.flatMap(trailer => trailer.versions.filter(version => !version.withdrawn && !version.removed).map(version => ({ ...version, name: trailer.name })));
    if (versions.length === 0) return html`<section class="card state empty"><h2>${t("trailers.no-trailers")}</h2><p>${t("trailers.no-trailers-text")}</p></section>`;
    return html`
      <section class="card stack tight" aria-label=${t("trailers.rehearsal")}>
        <div class="rehearsal">
          <div class="side"><h2>${t("trailers.on-air")}</h2><p class="name big">${onAir?.version ?? onAir?.trailer ?? t("trailers.nothing")}</p>
            ${onAir ? html`<p class="soft">${onAir.videos ? t("trailers.for", { videos: onAir.videos }) : t("trailers.for-all")} · ${t(`trailers.${onAir.position}`)}</p>` : nothing}
            ${can && onAir ? html`<button type="button" class="plain" @click=${() => this.#swap(null)}>${t("trailers.none")}</button>` : nothing}</div>
          <div class="stage">
            ${take?.url ? html`<studio-player .src=${take.url} .start=${take.start}></studio-player>` : take?.problem ? failed(take.problem) : take?.copies ? html`<p class="state" role="status"><span class="spinner"></span> ${t("trailers.making", { ready: take.copies.ready, total: take.copies.total ?? "?" })}</p>`
              : this.#video === null ? html`<p class="state">${t("trailers.no-video")}</p>` : loading()}
            ${take?.warnings?.map(warning => html`<p class="warn">${warning.message}</p>`)}
          </div>
          <div class="side"><h2>${t("trailers.candidate")}</h2>
            <label class="visually-hidden" for="candidate">${t("trailers.candidate")}</label>
            <select id="candidate" @change=${event => address.set({ trailer: event.target.value })}>${versions.map(version => html`<option value=${version.version} ?selected=${version.version === candidate || (version.current && version.name === candidate)}>${version.version}</option>`)}</select>
            <label>${t("trailers.with")} <select @change=${event => address.set({ video: event.target.value })}>${(this.videos ?? []).map(video => html`<option ?selected=${video === this.#video}>${video}</option>`)}${this.#video !== null && !this.videos.includes(this.#video) ? html`<option selected>${this.#video}</option>` : nothing}</select></label>
            <label>${t("trailers.position")} <select @change=${event => address.set({ position: event.target.value === "post" ? null : event.target.value })}>${["post", "pre"].map(position => html`<option value=${position} ?selected=${address.get("position", "post") === position}>${t(`trailers.${position}`)}</option>`)}</select></label>
            <label>${t("trailers.scope")} <select @change=${event => address.set({ scope: event.target.value === "all" ? null : event.target.value })}>${["all", "video", "glob"].map(scope => html`<option value=${scope} ?selected=${address.get("scope", "all") === scope}>${t(`trailers.scope-${scope}`)}</option>`)}</select></label>
            ${address.get("scope") === "glob" ? html`<label>${t("trailers.glob")} <input .value=${address.get("glob") ?? ""} placeholder="shows/*" @change=${event => address.set({ glob: event.target.value })}></label>` : nothing}
            <button type="button" class="primary swap" ?disabled=${!can || candidate === null} @click=${() => this.#swap()}>${t("trailers.swap")} <kbd>s</kbd></button></div>
        </div>
        ${this.check ? this.#checks() : nothing}
        ${take?.withIt ? html`<details><summary>${t("trailers.difference")}</summary><pre class="diff" tabindex="0">${difference(take.without, take.withIt).map(([sign, line]) => html`<span class=${sign === "+" ? "added" : sign === "-" ? "taken" : ""}>${sign} ${line}
</span>`)}</pre></details>` : nothing}
      </section>`;
  }

  /** Each copy beside what is wrong with it; below, what is wrong between them. */
  #checks() {
    const { check } = this;
    const list = findings => html`<ul>${findings.map(finding => html`<li><a href="documentation/player-rules.md#${finding.rule.toLowerCase()}" target="_blank">${finding.rule}</a> <strong>${finding.where}</strong> ${finding.message}</li>`)}</ul>`;
    const between = check.findings.slice(check.renditions.reduce((sum, { findings }) => sum + findings.length, 0));
    return html`<div class="checks"><h3>${check.findings.length === 0 ? html`${icon("check")} ${t("trailers.clean", { count: check.copies })}` : html`${icon("warning")} ${t("trailers.findings", { count: check.findings.length })}`}</h3>
      ${check.renditions.length === 0 ? nothing : html`<div class="scroll" tabindex="0" role="region" aria-label=${t("trailers.check-found")}><table>
        <thead><tr><th>${t("trailers.check-picture")}</th><th>${t("trailers.check-sound")}</th><th>${t("trailers.check-codecs")}</th><th class="number">${t("trailers.check-longest")}</th><th>${t("trailers.check-found")}</th></tr></thead>
        <tbody>${check.renditions.map(rendition => html`<tr data-copy=${rendition.profile} data-found=${rendition.findings.length} title=${rendition.profile}>
          <td class="nowrap">${rendition.width > 0 ? t("trailers.check-size", { width: String(rendition.width), height: String(rendition.height), rate: number(rateOf(rendition.frame_rate)) }) : "–"}</td>
          <td class="nowrap">${rendition.channels > 0 ? t("trailers.check-hertz", { rate: number(rendition.sample_rate / 1000), channels: rendition.channels, count: rendition.channels }) : "–"}${rendition.silent ? html` <span class="soft">${t("trailers.check-silent")}</span>` : nothing}</td>
          <td><code>${rendition.container} · ${rendition.codecs}</code></td>
          <td class="number">${seconds(rendition.longest_segment_seconds)}</td>
          <td>${rendition.findings.length === 0 ? html`${icon("check")} ${t("trailers.check-nothing")}` : list(rendition.findings)}</td></tr>`)}</tbody></table></div>`}
      ${between.length === 0 ? nothing : list(between)}</div>`;
  }

  #shelf(can) {
    return html`
      <section class="stack tight"><h2>${t("trailers.library")}</h2>
        <ul class="rows">${repeat(this.library.trailers, trailer => trailer.name, trailer => html`<li class="card shelf" data-trailer=${trailer.name}>
          <h3 class="name">${trailer.name}</h3>
          <ul>${trailer.versions.map(version => html`<li class="version" data-version=${version.version}>
            <img class="still" src=${api.url(`api/trailers/${encodeURIComponent(version.version)}/poster`).href} alt="" width="80" height="45" loading="lazy" @error=${event => { event.target.hidden = true; }}>
            <a class="name" href=${href("trailers", { query: { ...address.all(), trailer: version.version } })}>${version.version}</a>
            <span class="soft">${seconds(version.duration_seconds)} · ${bytes(version.bytes)}${version.has_audio ? "" : ` · ${t("trailers.silent")}`} · ${moment(version.added_at, zone(), "short")}</span>
            ${version.active ? html`<span class="chip">${t("trailers.on-air")}</span>` : nothing}${version.withdrawn ? html`<span class="chip">${t("trailers.withdrawn")}</span>` : nothing}${version.removed ? html`<span class="chip">${t("trailers.removed")}</span>` : nothing}
            <span class="soft">${version.status === "making" ? t("trailers.status-making") : version.status === "failed" ? html`<span class="wrong">${version.copies.find(copy => copy.error)?.error ?? ""}</span>` : t("trailers.copies", { count: version.copies.length })}</span>
            ${can ? html`<span class="actions">
              ${version.removed ? html`<button type="button" class="plain" @click=${() => this.#change("POST", `api/trailers/${encodeURIComponent(version.version)}/restore`, t("trailers.restored", { name: version.version }))}>${t("trailers.restore")}</button>`
                : html`<button type="button" class="plain" ?disabled=${version.withdrawn} aria-label=${t("trailers.remove-name", { name: version.version })} @click=${() => this.#change("DELETE", `api/trailers/${encodeURIComponent(version.version)}`, t("trailers.gone", { name: version.version }), () => api.send("POST", `api/trailers/${encodeURIComponent(version.version)}/restore`, {}))}>${icon("remove")}</button>`}</span>` : nothing}</li>`)}</ul></li>`)}</ul>
        ${this.library.refused.length === 0 ? nothing : html`<ul class="refused">${this.library.refused.map(refused => html`<li class="wrong">${refused.file}: ${refused.reason}</li>`)}</ul>`}</section>`;
  }

  #past() {
    if (this.history.length === 0) return nothing;
    return html`<section class="card stack tight"><h2>${t("trailers.history")}</h2><ul class="past">${this.history.slice(0, 12).map(entry => html`<li>${moment(entry.at, zone(), "short")} · <strong>${entry.actor}</strong> ${hasText(`trailers.did-${entry.action}`) ? t(`trailers.did-${entry.action}`) : entry.action}: <span class="name">${(entry.active ?? []).map(line => `${line.version ?? line.trailer ?? t("trailers.nothing")}${line.videos ? ` (${line.videos})` : ""}`).join(", ") || t("trailers.nothing")}</span></li>`)}</ul></section>`;
  }
}
customElements.define("trailers-page", TrailersPage);

/** Frames a second of a fraction as the API tells it: 30000/1001. */
function rateOf(fraction) {
  const [over, under = 1] = fraction.split("/").map(Number);
  return Math.round(over / under * 100) / 100;
}

/** The first Media Playlist that a playlist names, as text; itself, where it is one. */
async function mediaOf(url, signal) {
  const read = async address => (await fetch(address, { signal, cache: "no-store" })).text();
  const text = await read(url);
  const lines = text.split("\n");
  const at = lines.findIndex(line => line.startsWith("#EXT-X-STREAM-INF"));
  if (at < 0) return text;
  return read(new URL(lines.slice(at + 1).find(line => line.length > 0 && !line.startsWith("#")), url));
}

/** Seconds of content before the trailer; of the trailer, where it stands first. */
function spliceOf(playlist, position) {
  let [sum, at] = [0, 0];
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-DISCONTINUITY") && !line.startsWith("#EXT-X-DISCONTINUITY-SEQUENCE")) at = sum;
    if (line.startsWith("#EXTINF:")) sum += parseFloat(line.slice(8));
  }
  return position === "pre" ? 0 : at === 0 ? sum : at;
}

/** Lines that one has and the other has not, with two around them. The session differs in every line, and is left out. */
function difference(before, after) {
  const plain = text => text.replace(/session_id=[\w-]{40}/g, "session_id=…").split("\n");
  const [a, b] = [plain(before), plain(after)];
  let [head, tail] = [0, 0];
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const around = 2;
  return [
    ...a.slice(Math.max(0, head - around), head).map(line => [" ", line]), ...a.slice(head, a.length - tail).map(line => ["-", line]), ...b.slice(head, b.length - tail).map(line => ["+", line]),
    ...a.slice(a.length - tail, a.length - tail + around).map(line => [" ", line]),
  ];
}
