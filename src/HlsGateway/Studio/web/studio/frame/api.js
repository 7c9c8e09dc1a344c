/** The JSON API, as any other client calls it; the cookie of the Studio stands in for the token. */

/** An answer that is none: RFC 9457 problem details, or what went wrong before there was an answer (status 0). */
export class ApiProblem extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
    this.status = status;
    this.type = problem.type ?? "";
    this.slug = this.type.split("/").pop();
    this.title = problem.title ?? "";
    this.detail = problem.detail ?? "";
    this.traceId = problem.trace_id ?? "";
    this.extensions = problem;
  }
}

/** Told by GET api/session; every change carries it (a page of another site cannot read it). For clients of the API that send their own requests, too. */
export let csrf = "";

export function useCsrf(value) {
  csrf = value ?? "";
}

/** @returns {URL} of a call; parameters without a value are left out, lists become repeated parameters. */
function url(path, query = {}) {
  const address = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") address.searchParams.append(name, String(each));
    }
  }
  return address;
}

async function send(method, path, { json, body, headers = {}, query, signal } = {}) {
  const all = new Headers(headers);
  all.set("Accept", "application/json, application/problem+json;q=0.9, */*;q=0.1");
  if (json !== undefined) {
    if (!all.has("Content-Type")) all.set("Content-Type", "application/json");
    body = JSON.stringify(json);
  }
  if (method !== "GET" && method !== "HEAD") all.set("X-Csrf", csrf);
  let response;
  try {
    response = await fetch(url(path, query), { method, headers: all, body, signal, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiProblem(0, {});
  }
  const isJson = /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
  if (!response.ok) {
    const problem = new ApiProblem(response.status, isJson ? await response.json().catch(() => ({})) : { title: response.statusText });
    if (response.status === 401) events.dispatchEvent(new Event("signed-out"));
    throw problem;
  }
  const data = response.status === 204 ? null : isJson ? await response.json() : await response.text();
  return { data, etag: response.headers.get("ETag"), status: response.status, response };
}

/** Fires "signed-out" when an answer was 401. */
export const events = new EventTarget();

const quote = text => `'${text.replaceAll("'", "'\\''")}'`;

export const api = {
  url,
  send,
  get: async (path, query, { signal } = {}) => (await send("GET", path, { query, signal })).data,

  /** The same call for a shell; the token is in its variable TOKEN. */
  curl(path, query, { method = "GET", json } = {}) {
    return [
      "curl", ...(method === "GET" ? [] : ["-X", method]), "-H \"Authorization: Bearer $TOKEN\"",
      ...(json === undefined ? [] : ["-H 'Content-Type: application/json'", "-d", quote(JSON.stringify(json))]), quote(url(path, query).href),
    ].join(" ");
  },
};
