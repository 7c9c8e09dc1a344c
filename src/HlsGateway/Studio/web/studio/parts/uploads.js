import { api, csrf } from "../frame/api.js";

/** At a time: each further one would only slow the others. */
const AtOnce = 3;

/**
 * Bytes of an upload's parts. A connection that breaks costs at most one of them: browsers repeat what they were sending, from where it began. A line
 * that broke once is given smaller ones.
 */
const Part = 1 << 19;
const PartOnBadLine = 1 << 17;

/**
 * The uploads of this browser, for all pages: they go on while one looks at something else, and after a reload for files that are
 * chosen again. Fires "change".
 */
class Uploads extends EventTarget {
  /** @type {{ id: string, file: File, video: string, state: "refused" | "waiting" | "sending" | "sent" | "failed", sent: number, rate: number, problem: unknown }[]} newest first */
  all = [];

  limits = null;

  async add(files) {
    this.limits ??= await api.get("api/limits");
    for (const file of files) {
      const entry = { id: crypto.randomUUID(), file, video: nameOf(file.name), state: "waiting", sent: 0, rate: 0, problem: null };
      // Told before a byte is sent.
      if (file.size > this.limits.max_bytes) Object.assign(entry, { state: "refused", problem: { limit: this.limits.max_bytes } });
      this.all = [entry, ...this.all];
    }
    this.#changed();
    this.#next();
  }

  remove(entry) {
    entry.upload?.abort();
    this.all = this.all.filter(other => other !== entry);
    this.#changed();
    this.#next();
  }

  retry(entry) {
    Object.assign(entry, { state: "waiting", problem: null });
    this.#changed();
    this.#next();
  }

  get isBusy() {
    return this.all.some(({ state }) => state === "waiting" || state === "sending");
  }

  /** Place in the queue, from 1; 0 for none. */
  place(entry) {
    return entry.state !== "waiting" ? 0 : this.all.filter(other => other.state === "waiting").reverse().indexOf(entry) + 1;
  }

  async #next() {
    const waiting = this.all.findLast(({ state }) => state === "waiting");
    if (waiting === undefined || this.all.filter(({ state }) => state === "sending").length >= AtOnce) return;
    waiting.state = "sending";
    this.#changed();
    await this.#send(waiting);
    this.#next();
  }

  async #send(entry) {
    const { Upload } = await import("tus-js-client");
    let [since, before] = [performance.now(), 0];
    entry.upload = new Upload(entry.file, {
      endpoint: api.url("api/uploads").href,
      metadata: { video: entry.video, filename: entry.file.name },
      headers: { "X-Csrf": csrf },
      chunkSize: Part,
      retryDelays: [0, 500, 1000, 2000, 4000, 8000, 15000],
      removeFingerprintOnSuccess: true,
      // A refusal stays one; what broke on the way is tried again from where it broke.
      onShouldRetry: error => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // No answer, or one to a part that the browser itself sent again.
        if (status === 0 || status === 409) entry.upload.options.chunkSize = PartOnBadLine;
        return status === 0 || status >= 500 || status === 409 || status === 423 || status === 429;
      },
      onProgress: sent => {
        const now = performance.now();
        if (now - since > 1000) {
          entry.rate = (sent - before) * 1000 / (now - since);
          [since, before] = [now, sent];
        }
        entry.sent = sent;
        this.#changed();
      },
      onError: error => {
        let problem = null;
        try {
          problem = JSON.parse(error.originalResponse?.getBody() ?? "");
        } catch {
          // No answer, or none of ours.
        }
        Object.assign(entry, { state: "failed", problem: problem ?? { title: "" } });
        this.#changed();
        this.#next();
      },
      onSuccess: () => {
        Object.assign(entry, { state: "sent", sent: entry.file.size });
        this.#changed();
        this.#next();
      },
    });
    const [known] = await entry.upload.findPreviousUploads();
    if (known !== undefined) entry.upload.resumeFromPreviousUpload(known);
    entry.upload.start();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

export const uploads = new Uploads();

addEventListener("beforeunload", event => { if (uploads.isBusy) event.preventDefault(); });

/** A video's id from a file's name: what may stand in a path, without its ending. */
export const nameOf = file => file.replace(/\.[^.]*$/, "").normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 100) || `video-${Date.now()}`;
