import { load } from "./script.js";

/** Shows captions of a SUBTITLES group. */
export const shows = true;

export const version = () => window.shaka.Player.version;

export async function play(video, src, { captions, audio, note, fail }) {
  await load("/node_modules/shaka-player/dist/shaka-player.compiled.js");
  window.shaka.polyfill.installAll();
  const player = new window.shaka.Player();
  await player.attach(video);
  player.addEventListener("error", ({ detail }) => fail(`Shaka error ${detail.code} ${JSON.stringify(detail.data)}`));
  player.addEventListener("adaptation", () => note("adaptation"));
  await player.load(src);
  const text = player.getTextTracks().find(track => track.language === captions);
  if (text) player.selectTextTrack(text);
  const sound = player.getAudioTracks().find(track => track.language === audio);
  if (audio && sound) player.selectAudioTrack(sound);
  return () => video.textTracks;
}
