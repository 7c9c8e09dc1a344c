/**
 * The address bar is the only store of what a page shows: its path says which page, its query the range, the zone, the filters and
 * the order. So a copied link shows the same, and back and forward work.
 */
const root = new URL("studio/", document.baseURI);

class Address extends EventTarget {
  constructor() {
    super();
    addEventListener("popstate", () => this.#tell());
  }

  /** Below studio/, as it stands in the address, without the slash at the end. */
  get path() {
    return location.pathname.slice(root.pathname.length).replace(/\/+$/, "");
  }

  /** The path's segments, decoded: a video's id with slashes is one of them. */
  get parts() {
    return this.path.split("/").filter(part => part.length > 0).map(decode);
  }

  get(name, otherwise = null) {
    return new URLSearchParams(location.search).get(name) ?? otherwise;
  }

  /** All of the query, as an object. */
  all() {
    return Object.fromEntries(new URLSearchParams(location.search));
  }

  /**
   * Changes parts of the query; null takes one away.
   * @param {Record<string, string | number | null>} values
   * @param {{ replace?: boolean }} how replace: for what follows each key stroke or the pointer, which nobody wants to go back through.
   */
  set(values, { replace = false } = {}) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, String(value));
    }
    if (url.href === location.href) return;
    this.#show(url, replace);
  }

  /** Goes to another page. */
  go(path, { query = {}, replace = false } = {}) {
    this.#show(new URL(href(path, { query }), document.baseURI), replace);
  }

  #show(url, replace) {
    history[replace ? "replaceState" : "pushState"](null, "", url);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

export const address = new Address();

/** Relative to the page's base, for <a href>. Segments of the path are encoded by the caller. */
export function href(path, { query = {} } = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return `studio/${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ""}`;
}

/** Whether a link stays in the Studio. */
export const isOurs = url => url.origin === root.origin && url.pathname.startsWith(root.pathname);

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that is none: shown as it stands.
    return part;
  }
}
