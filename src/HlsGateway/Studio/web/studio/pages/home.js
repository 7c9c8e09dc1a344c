import { api } from "../frame/api.js";
import { address, href } from "../frame/address.js";
import { html, nothing, StudioElement } from "../frame/element.js";
import { icon } from "../frame/icons.js";
import { live } from "../frame/live.js";
import { me } from "../frame/me.js";
import { say } from "../frame/toast.js";
import { t } from "../frame/words.js";
import { failed, loading } from "../parts/state-views.js";

/** What a visitor sees first: where nothing was ever watched, three things to do; from the first view on, the overview. */
export default class HomePage extends StudioElement {
  static title = "home.title";
  static words = ["home"];
  static properties = { state: { state: true }, problem: { state: true }, code: { state: true } };

  constructor() {
    super();
    this.playlist = null;
    this.state = "loading";
    this.problem = null;
    this.code = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#ask();
    if (me.can("analyst")) live.on(this, "request", ({ session_id: session }) => { if (this.state === "empty" && session !== null) this.#begin(); });
  }

  async #ask() {
    this.problem = null;
    try {
      // Who may not read figures has the videos to work with.
      if (!me.can("analyst")) return address.go(me.can("editor") ? "trailers" : "videos", { replace: true });
      const { sessions } = await api.get("api/sessions", { limit: 1 }, { signal: this.gone });
      if (sessions.length > 0) return address.go("overview", { replace: true });
      const videos = await api.get("api/videos", {}, { signal: this.gone });
      this.playlist = videos.find(video => video.status === "ready")?.playlist_url ?? null;
      this.state = "empty";
      if (this.playlist === null) return;
      const { renderSVG } = await import("uqr");
      this.code = drawing(renderSVG(this.playlist, { border: 2 }));
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.problem = problem;
      this.state = "failed";
    }
  }

  #begin() {
    say(t("home.first-view"));
    address.go("overview", { replace: true });
  }

  render() {
    if (this.state === "failed") return failed(this.problem, () => this.#ask());
    if (this.state !== "empty") return loading();
    const origin = new URL(".", document.baseURI).href.replace(/\/$/, "");
    const steps = [
      { name: "upload", picture: "upload", to: "videos", curl: `curl -H "Authorization: Bearer $TOKEN" -T film.mp4 ${origin}/api/videos/film` },
      { name: "origin", picture: "link", to: "inspect", curl: `curl ${origin}/watch/film/playlist.m3u8` },
      { name: "trailer", picture: "trailer", to: "trailers", curl: `curl -H "Authorization: Bearer $TOKEN" -T trailer.mp4 ${origin}/api/trailers/spring` },
    ];
    return html`
      <header class="page-head"><h1>${t("home.heading")}</h1><p class="soft">${t("home.lead")}</p></header>
      <ol class="steps">
        ${steps.map(step => html`
          <li class="card">
            <h2>${icon(step.picture)} ${t(`home.${step.name}`)}</h2>
            <p>${t(`home.${step.name}-text`)}</p>
            <a role="button" href=${href(step.to)}>${t(`home.${step.name}-go`)}</a>
            <pre tabindex="0" aria-label=${t("home.command")}><code>${step.curl}</code></pre>
          </li>`)}
      </ol>
      <section class="card waiting">
        ${this.code === null ? nothing : html`<a class="code" href=${this.playlist}>${this.code}</a>`}
        <div>
          <h2>${t("home.waiting")}</h2>
          <p role="status">${t(this.playlist === null ? "home.waiting-empty" : "home.waiting-text")}</p>
          ${this.playlist === null ? nothing : html`<p><a href=${this.playlist}>${this.playlist}</a></p>`}
        </div>
      </section>`;
  }
}
customElements.define("home-page", HomePage);

/** The QR code as an element: parsed as a picture's document, in which no script runs, and never as HTML of this page. */
function drawing(text) {
  const picture = new Image();
  picture.alt = t("home.code");
  picture.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  return picture;
}
