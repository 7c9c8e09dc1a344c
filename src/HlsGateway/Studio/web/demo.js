import Hls from "hls.js";
import { seconds } from "./bounds.js";
import { cmcd } from "../../Playback/cmcd.js";
import workerFile from "hls.js/dist/hls.worker.js";

const playlist = "/watch/demo/playlist.m3u8";
const video = document.getElementById("video");
const captions = document.getElementById("captions");
const quality = document.getElementById("quality");
const state = document.getElementById("status");

const say = text => { if (state.textContent !== text) state.textContent = text; };

/** The session token stands in every URI that the gateway hands out. */
const sessionIn = text => /[?&]session_id=([\w-]{40})/.exec(text)?.[1] ?? null;

let session = null;

function begin(token) {
  if (token === null || session !== null) return;
  session = token;
  document.getElementById("session-id").textContent = token;
  for (const code of document.querySelectorAll("#steps code")) code.textContent = code.textContent.replace("{session}", token);
  say("Ready. Press play.");
  follow();
}

/** Asks for the session's own counts once a second; slower while nothing can change. */
async function follow() {
  let wait = 1000;
  try {
    const answer = await fetch(`/demo/session?session_id=${session}`, { cache: "no-store" });
    if (answer.ok) {
      const counts = await answer.json();
      for (const output of document.querySelectorAll("[data-count]")) {
        const text = counts[output.dataset.count].toLocaleString("en", { maximumFractionDigits: 2 });
        if (output.textContent !== text) output.textContent = text;
      }
      for (const output of document.querySelectorAll("[data-seconds]")) {
        const name = output.dataset.seconds;
        const text = seconds(counts.basis, counts[`${name}_low`], counts[name]);
        if (output.textContent !== text) output.textContent = text;
      }
    } else {
      say(`The count could not be read: ${answer.status} ${answer.statusText}`.trim());
      wait = 5000;
    }
  } catch {
    say("The gateway does not answer; trying again.");
    wait = 5000;
  }
  setTimeout(follow, document.hidden ? 10_000 : wait);
}

function fillCaptions() {
  const tracks = [...video.textTracks].filter(track => track.kind === "subtitles" || track.kind === "captions");
  captions.replaceChildren(new Option("Off", "-1"), ...tracks.map((track, i) => new Option(track.label || track.language, String(i))));
  captions.value = String(tracks.findIndex(track => track.mode === "showing"));
  captions.disabled = tracks.length === 0;
  captions.onchange = () => tracks.forEach((track, i) => { track.mode = String(i) === captions.value ? "showing" : "disabled"; });
}

/** The first start makes the video: the page tries again until it is there. */
function waitForDemo(status) {
  say(`The demo video is not there yet (${status}): waiting for it. \u201cmake run\u201d makes it on the first start.`);
  setTimeout(() => location.reload(), 3000);
}

function playWithHlsJs() {
  const hls = new Hls({
    // The worker is a file of ours: the page's policy allows no script from a blob.
    workerPath: new URL(workerFile, import.meta.url).href,
    // A short buffer, so that the count grows while one watches and not all at once.
    maxBufferLength: 6,
    maxMaxBufferLength: 12,
    // What any page may do (there by its address, /watch/~cmcd.js): the player reports what it plays.
    cmcd: cmcd(() => hls),
  });
  hls.on(Hls.Events.MANIFEST_PARSED, (_, { levels }) => {
    begin(sessionIn(levels[0].url[0]));
    quality.append(...levels.map((level, i) => new Option(`${level.height}p`, String(i))));
    quality.disabled = levels.length < 2;
    quality.onchange = () => { hls.nextLevel = Number(quality.value); };
  });
  hls.on(Hls.Events.ERROR, (_, { fatal, details, response }) => {
    if (!fatal) return;
    if (response?.code >= 400 && session === null) waitForDemo(response.code);
    else say(`Playback stopped: ${details}`);
  });
  // With Trailers:Interstitial a trailer behind the content may find the element paused by its own end.
  hls.on(Hls.Events.INTERSTITIAL_ASSET_STARTED, () => {
    if (video.ended) video.addEventListener("loadedmetadata", () => video.play(), { once: true });
  });
  hls.loadSource(playlist);
  hls.attachMedia(video);
}

/** A browser's own HLS player hides its URLs: the page starts the session itself and hands the player a playlist of that session. */
async function playNatively() {
  const answer = await fetch(playlist);
  if (!answer.ok) return waitForDemo(answer.status);
  const token = sessionIn(await answer.text());
  video.src = token === null ? playlist : `${playlist}?session_id=${token}`;
  begin(token);
}

video.textTracks.addEventListener("addtrack", fillCaptions);
video.textTracks.addEventListener("change", fillCaptions);
video.addEventListener("playing", () => say("Playing, and counting."));
video.addEventListener("pause", () => { if (!video.ended) say("Paused."); });
video.addEventListener("ended", () => say("Played to the end, trailer included."));

for (const pre of document.querySelectorAll("#steps pre")) {
  const code = pre.firstElementChild;
  code.textContent = code.textContent.replace("{origin}", location.origin);
  if (!navigator.clipboard) continue;
  const button = document.createElement("button");
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${pre.previousElementSibling.textContent}`);
  button.onclick = async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  pre.before(button);
}

if (Hls.isSupported()) playWithHlsJs();
else if (video.canPlayType("application/vnd.apple.mpegurl")) await playNatively();
else say("This browser plays no HLS; the playlist plays in any HLS player.");
