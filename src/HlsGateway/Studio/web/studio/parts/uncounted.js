import { api } from "../frame/api.js";

/**
 * A playlist that plays like a viewer's and counts nothing: pages that explain figures must not change them. With a trailer it waits until
 * the trailer's copies for the video are made.
 *
 * @param {string} video @param {{ trailer?: string, position?: string, signal?: AbortSignal, waits?: (copies: { ready: number, total: number | null }) => void }} how
 * @returns {Promise<{ playlist_url: string, trailer: string | null, status: string, warnings: { message: string }[] }>}
 */
export async function uncounted(video, { trailer = null, position = null, signal, waits } = {}) {
  for (;;) {
    const { data, status } = await api.send("GET", "api/preview", { query: { video, trailer, position }, signal });
    if (status !== 202) return data;
    waits?.(data.copies);
    await new Promise(done => setTimeout(done, 1000));
    signal?.throwIfAborted();
  }
}
