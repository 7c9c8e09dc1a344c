// One viewer with a known story. The address says which: ?src=&story=six|whole|seek|leave|loop&cmcd=none|query|headers|events&buffer=<seconds>&rate=
import { load } from "./script.js";

const asked = new URLSearchParams(location.search);
const video = document.getElementById("video");
const rate = Number(asked.get("rate"));
const buffer = Number(asked.get("buffer"));

const until = condition => new Promise(resolve => {
  const look = () => condition() ? resolve() : setTimeout(look, 10);
  look();
});

const seek = async () => {
  await until(() => video.currentTime >= 5);
  video.currentTime = 14;
  await until(() => !video.seeking);
};

const stories = {
  six: () => until(() => video.currentTime >= 6),
  whole: () => until(() => video.ended),
  seek: async () => {
    await seek();
    await until(() => video.ended);
  },
  leave: async () => {
    await seek();
    await until(() => video.currentTime >= 19);
  },
  loop: async () => {
    video.loop = true;
    let last = 0, loops = 0;
    await until(() => {
      if (video.currentTime < last - 5) loops++;
      last = video.currentTime;
      return loops === 1 && last >= 3;
    });
  },
};

/** What a page writes to switch it on. */
const told = {
  none: () => ({}),
  query: () => ({ cmcd: {} }),
  headers: () => ({ cmcd: { useHeaders: true } }),
  events: async player => ({ cmcd: (await import(new URL("/watch/~cmcd.js", asked.get("src")))).cmcd(player) }),
};

async function play() {
  await load("/node_modules/hls.js/dist/hls.min.js");
  const hls = new window.Hls({
    ...buffer > 0 ? { maxBufferLength: buffer, maxMaxBufferLength: buffer } : {},
    ...await told[asked.get("cmcd")](() => hls),
  });
  window.trouble = [];
  hls.on(window.Hls.Events.ERROR, (_, data) => window.trouble.push(`${data.fatal ? "fatal " : ""}${data.details}`));
  hls.loadSource(asked.get("src"));
  hls.attachMedia(video);
  await new Promise(resolve => hls.once(window.Hls.Events.MANIFEST_PARSED, resolve));
  video.defaultPlaybackRate = rate;
  video.playbackRate = rate;
  await video.play();
  await stories[asked.get("story")]();
  video.pause();
  // What the element itself says it has played: the truth, as a union of ranges.
  const { played } = video;
  const ranges = Array.from({ length: played.length }, (_, i) => [played.start(i), played.end(i)]);
  hls.destroy();
  window.truth = { version: window.Hls.version, played: ranges, error: null };
}

play().catch(error => { window.truth = { version: "", played: [], error: String(error) }; });
