import { load } from "./script.js";

/** Shows captions of a SUBTITLES group. */
export const shows = true;

export const version = () => window.Hls.version;

export async function play(video, src, { captions, audio, unpatched, reordered, switchAt, note, fail }) {
  await load("/node_modules/hls.js/dist/hls.min.js");
  const hls = new window.Hls({
    ...(captions ? { subtitlePreference: { lang: captions } } : {}),
    // docs/players.md: a buffer that is taken for whole over a small hole never counts as complete.
    ...(reordered && !unpatched ? { maxBufferHole: 0 } : {}),
  });
  hls.on(window.Hls.Events.ERROR, (_, data) => {
    note(`${data.fatal ? "fatal " : ""}${data.type} ${data.details} ${data.response?.code ?? ""} ${data.error?.message ?? ""}`);
    if (data.fatal) fail(`${data.type} ${data.details}`);
  });
  // Trailers that the player fetches by itself: what it knows of them, and why it passed over one.
  for (const event of ["INTERSTITIALS_UPDATED", "INTERSTITIAL_STARTED", "INTERSTITIAL_ASSET_STARTED", "INTERSTITIAL_ASSET_ERROR", "INTERSTITIAL_ENDED", "INTERSTITIALS_PRIMARY_RESUMED"]) {
    hls.on(window.Hls.Events[event], (_, data) => note(`${event} ${data.details ?? ""} ${data.error?.message ?? ""}`));
  }
  hls.on(window.Hls.Events.INTERSTITIAL_ENDED, () => window.besideEnded());
  // What docs/players.md tells pages to do: an element that came to its end is paused, and what is to follow would never begin.
  hls.on(window.Hls.Events.INTERSTITIAL_ASSET_STARTED, () => {
    if (video.ended) video.addEventListener("loadedmetadata", () => video.play().catch(fail), { once: true });
  });
  hls.on(window.Hls.Events.LEVEL_SWITCHED, (_, { level }) => note(`level ${level}`));
  if (switchAt > 0) {
    hls.on(window.Hls.Events.MANIFEST_PARSED, () => { hls.loadLevel = 0; });
    hls.on(window.Hls.Events.FRAG_BUFFERED, (_, { frag }) => { if (frag.type === "main" && frag.sn === switchAt - 1) hls.loadLevel = 1; });
  }
  hls.on(window.Hls.Events.AUDIO_TRACKS_UPDATED, () => {
    const index = hls.audioTracks.findIndex(track => track.lang === audio);
    if (audio && index >= 0) hls.audioTrack = index;
  });
  hls.loadSource(src);
  hls.attachMedia(video);
  await new Promise(resolve => hls.once(window.Hls.Events.MANIFEST_PARSED, resolve));
  return () => video.textTracks;
}
