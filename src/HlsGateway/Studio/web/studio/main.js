import { address, isOurs } from "./frame/address.js";
import { events } from "./frame/api.js";
import { adopt, html, nothing, StudioElement } from "./frame/element.js";
import { icon } from "./frame/icons.js";
import { keys } from "./frame/keys.js";
import { me } from "./frame/me.js";
import { tell } from "./frame/toast.js";
import { language, languages, loadWords, speak, t } from "./frame/words.js";
import "./parts/pulse-bar.js";
import { failed, loading } from "./parts/state-views.js";

/**
 * Which page an address shows; each is loaded when it is first shown. A page is a class of an element with `title` (key of its
 * name), `words` (its sections of text.json) and, where it has one, `styles` (its style sheet). Segments of the address that the
 * pattern takes in parentheses are given to the element as `params`.
 */
const pages = [
  [/^$/, () => import("./pages/home.js")],
  [/^sign-in$/, () => import("./pages/sign-in.js")],
  [/^overview$/, () => import("./pages/overview.js")],
  [/^videos\/([^/]+)\/analytics$/, () => import("./pages/analytics.js")],
  [/^sessions$/, () => import("./pages/sessions.js")],
  [/^videos\/([^/]+)\/sessions$/, () => import("./pages/sessions.js")],
  [/^sessions\/([^/]+)$/, () => import("./pages/session.js")],
  [/^inspect$/, () => import("./pages/inspect.js")],
  [/^live$/, () => import("./pages/live.js")],
  [/^trailers$/, () => import("./pages/trailers.js")],
  [/^trailers\/([^/]+)$/, () => import("./pages/trailers.js")],
  [/^kept$/, () => import("./pages/kept.js")],
  [/^tokens$/, () => import("./pages/tokens.js")],
  [/^shared\/([^/]+)$/, () => import("./pages/shared.js")],
  [/^videos$/, () => import("./pages/videos.js")],
  [/^videos\/([^/]+)\/captions$/, () => import("./pages/captions.js")],
  [/^videos\/([^/]+)\/captions\/([^/]+)$/, () => import("./pages/caption-editor.js")],
  [/^videos\/([^/]+)$/, () => import("./pages/video.js")],
];

/** What stands in the navigation: who may not use it does not see it. */
const places = [
  { path: "overview", name: "overview", picture: "chart", roles: ["analyst"], key: "1" },
  { path: "videos", name: "videos", picture: "videos", roles: ["analyst", "editor", "uploader"], key: "2" },
  { path: "trailers", name: "trailers", picture: "trailer", roles: ["analyst", "editor"], key: "3" },
  { path: "sessions", name: "sessions", picture: "people", roles: ["analyst"], key: "4" },
  { path: "live", name: "live", picture: "live", roles: ["analyst"], key: "5" },
  { path: "inspect", name: "inspect", picture: "eye", roles: ["analyst", "editor"], key: "6" },
];

class StudioApp extends StudioElement {
  static properties = { page: { state: true }, problem: { state: true }, help: { state: true } };

  constructor() {
    super();
    this.page = null;
    this.problem = null;
    this.help = false;
    this.shown = null;
  }

  async connectedCallback() {
    super.connectedCallback();
    document.documentElement.lang = language;
    await loadWords(["common", "frame", "pulse"]);
    addEventListener("click", event => this.#follow(event), { signal: this.gone });
    address.addEventListener("change", () => this.#show(), { signal: this.gone });
    events.addEventListener("signed-out", () => this.#askToSignIn(), { signal: this.gone });
    me.addEventListener("change", () => this.requestUpdate(), { signal: this.gone });
    keys.on(this, {
      "?": { does: t("frame.key-help"), run: () => { this.help = true; } },
      ...Object.fromEntries(places.map(place => [`Alt+${place.key}`, { does: t(`frame.${place.name}`), run: () => address.go(place.path), when: () => me.can(...place.roles) }])),
    });
    await this.#show();
  }

  /** Links between our pages change the address without loading the program again. */
  #follow(event) {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find(node => node instanceof HTMLAnchorElement);
    if (link === undefined || link.target || link.hasAttribute("download") || !isOurs(new URL(link.href))) return;
    const to = new URL(link.href);
    if (to.pathname === location.pathname && to.search === location.search && to.hash.length > 0) return;
    event.preventDefault();
    address.go(to.pathname.slice(new URL("studio/", document.baseURI).pathname.length).replace(/\/+$/, ""), { query: Object.fromEntries(to.searchParams) });
  }

  #askToSignIn() {
    if (address.path === "sign-in") return;
    me.forget();
    const next = `${address.path}${location.search}`;
    address.go("sign-in", { query: { next: next.length > 0 ? next : null }, replace: true });
  }

  async #show() {
    const path = address.path;
    if (path === this.shown) return;
    const isNew = this.shown !== null;
    const [, open, params] = match(path);
    this.shown = path;
    try {
      if (!me.isKnown && path !== "sign-in" && !path.startsWith("shared/")) {
        try {
          await me.ask();
        } catch (problem) {
          // The sign-in page is on its way.
          if (problem.status === 401) return;
          throw problem;
        }
      }
      if (this.shown !== path) return;
      const { default: Page } = await open();
      await loadWords(Page.words ?? []);
      if (this.shown !== path) return;
      for (const sheet of [Page.styles ?? []].flat()) adopt(sheet);
      // The same kind of page with another address begins anew: no state of the last one is left.
      this.page = Object.assign(new Page(), { params });
      this.problem = null;
      document.title = `${t(Page.title)} · HlsGateway`;
    } catch (problem) {
      if (this.shown !== path) return;
      this.page = null;
      this.problem = problem;
    }
    await this.updateComplete;
    // A screen reader hears where it is, and Tab begins there, as after any load.
    if (isNew) {
      scrollTo(0, 0);
      if (!this.querySelector("main").contains(document.activeElement)) this.querySelector("main").focus({ preventScroll: true });
    }
  }

  render() {
    if (this.page === null && this.problem === null) return html`<main tabindex="-1">${this.shown === null ? nothing : loading(t("common.loading"))}</main>`;
    const at = address.parts[0] ?? "";
    return html`
      <a class="skip" href="#content" @click=${event => { event.preventDefault(); this.querySelector("main").focus(); }}>${t("frame.skip")}</a>
      ${me.isKnown ? html`
        <header class="top">
          <a class="brand" href="studio"><img src="icon.svg" width="26" height="26" alt=""> <span>${t("frame.studio")}</span></a>
          <nav aria-label=${t("frame.places")}>
            ${places.filter(place => me.can(...place.roles)).map(place => html`
              <a href="studio/${place.path}" aria-current=${at === place.path ? "page" : nothing} title="Alt+${place.key}">${icon(place.picture)} <span>${t(`frame.${place.name}`)}</span></a>`)}
          </nav>
          <details class="me" @focusout=${event => { if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false; }}>
            <summary aria-label=${t("frame.account", { name: me.name })}>${icon("menu")}</summary>
            <div class="card">
              <p><strong>${me.name}</strong><br><span class="soft">${t(`frame.role-${me.role}`)}</span></p>
              <label>${t("frame.language")}
                <select @change=${event => speak(event.target.value)}>${languages.map(tag => html`<option value=${tag} ?selected=${tag === language} lang=${tag}>${t(`frame.language-${tag}`)}</option>`)}</select>
              </label>
              <button type="button" @click=${() => { this.help = true; }}>${icon("keyboard")} ${t("frame.keys")} <kbd>?</kbd></button>
              <button type="button" @click=${() => this.#leave(false)}>${icon("leave")} ${t("frame.sign-out")}</button>
              <button type="button" @click=${() => this.#leave(true)}>${t("frame.sign-out-everywhere")}</button>
              <a role="button" href="studio/kept">${icon("star")} ${t("frame.kept")}</a>
              ${me.can() ? html`<a role="button" href="studio/tokens">${icon("key")} ${t("frame.tokens")}</a>` : nothing}
              <p class="links"><a href="docs" target="_blank">${t("frame.api")}</a> <a href="documentation/README.md" target="_blank">${t("frame.documentation")}</a></p>
            </div>
          </details>
        </header>` : nothing}
      <main id="content" tabindex="-1">${this.problem === null ? this.page : failed(this.problem, () => { this.shown = null; this.#show(); })}</main>
      ${me.can("analyst") ? html`<footer class="bottom"><pulse-bar></pulse-bar></footer>` : nothing}
      <dialog data-keys aria-labelledby="keys-title" @close=${() => { this.help = false; }} @click=${event => { if (event.target === event.currentTarget) event.currentTarget.close(); }}>
        <article>
          <h2 id="keys-title">${t("frame.keys")}</h2>
          ${this.help ? html`<dl class="key-list">${keys.all().map(([name, does]) => html`<div><dt><kbd>${name}</kbd></dt><dd>${does}</dd></div>`)}</dl>` : nothing}
          <form method="dialog"><button>${t("common.close")} <kbd>Esc</kbd></button></form>
        </article>
      </dialog>
      <toast-list></toast-list>`;
  }

  updated() {
    const dialog = this.querySelector("dialog[data-keys]");
    if (this.help && dialog?.open === false) dialog.showModal();
  }

  async #leave(everywhere) {
    try {
      await me.signOut(everywhere);
      address.go("sign-in");
    } catch (problem) {
      tell(problem);
    }
  }
}

function match(path) {
  for (const [pattern, open] of pages) {
    const found = pattern.exec(path);
    if (found !== null) return [pattern, open, found.slice(1).map(part => part === undefined ? null : decodeURIComponent(part))];
  }
  return [null, () => import("./pages/nowhere.js"), []];
}

// A script's address may come from a string in one place only: the worker of the player, a file beside this one.
globalThis.trustedTypes?.createPolicy("default", {
  createScriptURL: text => {
    const url = new URL(text, document.baseURI);
    const app = new URL("studio/app/", document.baseURI);
    if (url.origin === app.origin && url.pathname.startsWith(app.pathname) && /\/hls\.worker-[A-Z0-9]+\.js$/.test(url.pathname)) return text;
    throw new TypeError(`No script is loaded from ${text}.`);
  },
});

customElements.define("studio-app", StudioApp);
