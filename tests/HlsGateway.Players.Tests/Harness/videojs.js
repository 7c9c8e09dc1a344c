import { load } from "./script.js";

/** Shows captions of a SUBTITLES group. */
export const shows = true;

export const version = () => window.videojs.VERSION;

/** video.js's lists have a length and indices, but cannot be iterated. */
const list = tracks => Array.from({ length: tracks.length }, (_, i) => tracks[i]);

export async function play(video, src, { captions, audio, unpatched, note, fail }) {
  await load("/node_modules/video.js/dist/video.min.js");
  const player = window.videojs(video, {
    // Chromium can play HLS itself; this run is about video.js doing it.
    html5: { vhs: { overrideNative: true }, nativeTextTracks: false, nativeAudioTracks: false, nativeVideoTracks: false },
  });
  player.on("error", () => fail(`video.js error ${player.error()?.code}: ${player.error()?.message}`));
  const choose = () => {
    for (const track of list(player.textTracks())) {
      if (track.kind === "subtitles") track.mode = track.language === captions ? "showing" : "disabled";
    }
    if (audio) for (const track of list(player.audioTracks())) track.enabled = track.language === audio;
  };
  // docs/players.md: with demuxed audio a change of Rendition leaves a note behind that this player later takes for a fault to mend.
  if (!unpatched) {
    player.one("loadstart", () => {
      const timelines = player.tech(true).vhs.playlistController_.timelineChangeController_;
      timelines.off("fixBadTimelineChange");
      timelines.off("audioTimelineBehind");
    });
  }
  player.src({ src, type: "application/x-mpegURL" });
  await new Promise(resolve => player.one("loadedmetadata", resolve));
  choose();
  note(`tracks: ${list(player.textTracks()).map(track => `${track.kind} ${track.language}`).join(", ")}`);
  return () => list(player.textTracks());
}
