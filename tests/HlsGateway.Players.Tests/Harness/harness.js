// One page, one player, one report. The address says what to do: ?player=&src=&rate=&captions=&audio=&unpatched=&reordered=&beside=&switchAt=
import { read } from "./barcode.js";
import { listen } from "./sound.js";

const asked = new URLSearchParams(location.search);
const video = document.getElementById("video");
const rate = Number(asked.get("rate") ?? 1);
const started = performance.now();

const report = {
  player: asked.get("player"),
  version: "",
  ended: false,
  error: null,
  duration: 0,
  endedAt: 0,
  longestStillMs: 0,
  wallMs: 0,
  frames: [],
  unreadable: 0,
  cues: [],
  audioBytes: [],
  pauses: [],
  sound: [],
  log: [],
};
window.report = report;

const note = text => report.log.push(`${Math.round(performance.now() - started)} ms: ${text}`);

const done = new Promise(resolve => {
  window.finish = reason => {
    note(reason);
    resolve();
  };
});
window.fail = error => {
  report.error ??= String(error?.message ?? error);
  const buffered = Array.from({ length: video.buffered.length }, (_, i) => `${video.buffered.start(i).toFixed(3)} to ${video.buffered.end(i).toFixed(3)}`);
  note(`at ${video.currentTime.toFixed(3)}, ${video.paused ? "paused" : "not paused"}, ready state ${video.readyState}, buffered: ${buffered.join(", ") || "nothing"}`);
  window.finish(`failed: ${report.error}`);
};
window.addEventListener("error", event => window.fail(event.error ?? event.message));
window.addEventListener("unhandledrejection", event => window.fail(event.reason));

// The picture as it is shown, with the player's own time for it: what a cue's time is measured against.
// Firefox plays nothing that has no sound into an AudioContext: the element stands still.
let hear = "mozHasAudio" in video ? () => [-200, 0] : listen(video);
if ("mozHasAudio" in video) video.addEventListener("loadedmetadata", () => { if (video.mozHasAudio) hear = listen(video); }, { once: true });
const look = (_, { mediaTime }) => {
  const { time, frame } = read(video, mediaTime);
  if (frame === null) report.unreadable++;
  else report.frames.push([time, ...frame]);
  report.audioBytes.push([time, video.webkitAudioDecodedByteCount ?? 0]);
  report.sound.push([time, ...hear()]);
  video.requestVideoFrameCallback(look);
};
video.requestVideoFrameCallback(look);

let cueTracks = () => [];
const cues = new Map();
function collectCues(prompt) {
  for (const track of cueTracks()) {
    if (track.kind === "metadata" || track.mode === "disabled") continue;
    // A list of video.js has a length and indices, but cannot be iterated.
    const known = Array.from({ length: track.cues?.length ?? 0 }, (_, i) => track.cues[i]);
    for (const { startTime, endTime, text } of known) {
      const key = `${startTime} ${endTime} ${text}`;
      if (!cues.has(key)) cues.set(key, { text, start: startTime, end: endTime, seenAt: null });
    }
    const active = Array.from({ length: track.activeCues?.length ?? 0 }, (_, i) => track.activeCues[i]);
    // A page that was held up sees cues that were active when it was: such a look tells nothing of when they came.
    if (prompt) for (const { startTime, endTime, text } of active) cues.get(`${startTime} ${endTime} ${text}`).seenAt ??= video.currentTime;
  }
  report.cues = [...cues.values()].sort((a, b) => a.start - b.start);
}

// Progress is looked at often, and the longest time without any is reported: a player that waits at the splice never says so. Time that
// went by while the page was held up and the media played on is none without progress.
let lastTime = -1, lastMoved = 0, lastLook = 0;
const watch = setInterval(() => {
  const now = performance.now();
  const heldUp = now - lastLook;
  lastLook = now;
  collectCues(heldUp < 60);
  if (video.currentTime !== lastTime) {
    const stood = now - lastMoved - Math.min(heldUp, Math.max(0, video.currentTime - lastTime) * 1000 / rate);
    if (lastTime > 0 && stood > 100) report.pauses.push([lastTime, stood]);
    lastTime = video.currentTime;
    lastMoved = now;
  } else if (lastMoved > 0 && lastTime > 0 && !video.ended) {
    report.longestStillMs = Math.max(report.longestStillMs, now - lastMoved);
    if (now - lastMoved > 8000) window.finish(`stuck at ${lastTime}`);
  }
}, 20);

for (const type of ["loadedmetadata", "play", "pause", "playing", "waiting", "stalled", "seeking", "ended", "error"]) {
  video.addEventListener(type, () => {
    note(`${type} at ${video.currentTime.toFixed(3)}${video.error ? `: ${video.error.message}` : ""}`);
    // Players set the rate back when they attach; only from here on it stays.
    if (type === "loadedmetadata" || type === "playing") video.playbackRate = rate;
  });
}
// A trailer that the player fetches by itself ends in the same element, and who plays it says so: behind the content that is the end
// of all, before it the content's own is.
let besideToCome = asked.get("beside");
window.besideEnded = () => {
  if (besideToCome === "post") {
    report.ended = true;
    window.finish("the interstitial ended");
  }
  besideToCome = "";
};
video.addEventListener("ended", () => {
  if (besideToCome) return;
  report.ended = true;
  window.finish("ended");
});

async function cuesLoaded() {
  const until = performance.now() + 60_000;
  while (!cueTracks().some(track => track.kind !== "metadata" && track.mode !== "disabled" && track.cues?.length > 0)) {
    if (performance.now() > until) return note("no cue came within 60 s");
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function play() {
  const driver = await import(`./${report.player}.js`);
  const tracks = await driver.play(video, asked.get("src"), {
    captions: asked.get("captions"),
    audio: asked.get("audio"),
    unpatched: asked.get("unpatched") === "1",
    reordered: asked.get("reordered") === "1",
    switchAt: Number(asked.get("switchAt") ?? 0),
    note,
    fail: window.fail,
  });
  report.version = driver.version();
  cueTracks = () => [...tracks()];
  // At four times the speed the first cue would be over before its file is there: captions first, then play.
  if (driver.shows && asked.get("captions")) await cuesLoaded();
  video.defaultPlaybackRate = rate;
  video.playbackRate = rate;
  // The player changes the element's source before the first of the two: that would break off a play() asked for earlier.
  if (besideToCome && video.readyState < HTMLMediaElement.HAVE_METADATA) await new Promise(resolve => video.addEventListener("loadedmetadata", resolve, { once: true }));
  await video.play();
}

// Not awaited: a player that never gets ready must not keep the report from being given.
play().catch(window.fail);
await done;
clearInterval(watch);
collectCues(false);
report.duration = Number.isFinite(video.duration) ? video.duration : -1;
report.endedAt = video.currentTime;
report.wallMs = performance.now() - started;
window.complete = true;
