import { api } from "./api.js";

/**
 * One connection to api/live for the whole page, open while anybody listens: `request` (each counted request), `heartbeat` (once a
 * second), `change` (a trailer swap, captions, …), `job` (how an upload gets on), `gap` and `slow` (the tail was interrupted, and why), `state` (open or lost).
 */
class Live {
  #source = null;
  #listeners = new Map();

  /** The last heartbeat; null before the first. */
  last = null;

  /** When it came, by this clock. */
  lastAt = 0;

  isOpen = false;

  /** @param owner whose leaving ends it. */
  on(owner, name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    this.#open();
    owner.gone.addEventListener("abort", () => {
      this.#listeners.get(name).delete(listener);
      if ([...this.#listeners.values()].every(set => set.size === 0)) this.close();
    }, { once: true });
  }

  close() {
    this.#source?.close();
    this.#source = null;
    this.isOpen = false;
  }

  #open() {
    if (this.#source !== null) return;
    const source = new EventSource(api.url("api/live"));
    this.#source = source;
    source.onopen = () => this.#state(true);
    source.onerror = () => {
      this.#state(false);
      // The browser gives up after an answer that is no stream (the gateway restarts, the token ended): asked again, unhurried.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#source = null;
      setTimeout(() => { if ([...this.#listeners.values()].some(set => set.size > 0)) this.#open(); }, 3000);
    };
    for (const name of ["request", "heartbeat", "change", "job", "gap", "slow"]) {
      source.addEventListener(name, event => {
        const data = JSON.parse(event.data);
        if (name === "heartbeat") [this.last, this.lastAt] = [data, performance.now()];
        this.#tell(name, data, event.lastEventId);
      });
    }
  }

  #state(isOpen) {
    if (this.isOpen === isOpen) return;
    this.isOpen = isOpen;
    this.#tell("state", isOpen);
  }

  #tell(name, data, id) {
    for (const listener of this.#listeners.get(name) ?? []) listener(data, id);
  }
}

export const live = new Live();
