/*
 * What a page adds so that watch_seconds_low is exact to a fraction of a second, whatever the player keeps in its buffer:
 *
 *   import { cmcd } from "https://gateway.example/watch/~cmcd.js";
 *   const hls = new Hls({ cmcd: cmcd(() => hls) });
 *
 * It is the configuration of hls.js's own CMCD version 2 (CTA-5004): a report at each change of the player's state and every few
 * seconds. hls.js does not know the two things that this adds: the playhead (pt), and the address, which is the session's.
 */

/** A custom key has a hyphen; on the wire it becomes pt. */
const playhead = "hlsgateway-pt";

/** Fired before or as the state changes. Not seeking: the media element is at its new place by then, and what counts is where it was. */
const moments = ["timeupdate", "playing", "pause", "waiting", "seeked", "ended", "ratechange"];

/** Milliseconds on the media element's timeline; null in the middle of a seek. */
const place = media => media && !media.seeking ? Math.round(media.currentTime * 1000) : null;

/**
 * @param player gives the Hls instance, which does not exist yet when its configuration is made.
 * @param seconds between two reports while nothing changes.
 */
export function cmcd(player, seconds = 4) {
  // More than one: hls.js plays an interstitial with a second instance of the same configuration.
  const reporters = new Set();
  const followed = new WeakSet();

  const note = ({ media } = player()) => {
    const ms = place(media);
    if (ms !== null) for (const reporter of reporters) reporter.updateCustomData({ [playhead]: ms });
  };

  const leave = () => {
    note();
    for (const reporter of reporters) reporter.recordCustomEvent("hlsgateway-leave");
  };

  const follow = media => {
    if (!media || followed.has(media)) return;
    followed.add(media);
    // Captured: before hls.js hears of it and reports.
    for (const moment of moments) media.addEventListener(moment, () => note({ media }), { capture: true });
  };

  return {
    version: 2,
    // With the requests themselves, only what the gateway keeps.
    includeKeys: ["bl", "bs", "mtp", "pr", "sid", "st", "su"],
    eventTargets: [{ url: "~cmcd", events: ["ps", "pr", "t", "ce"], interval: seconds, includeKeys: [playhead, "cen", "e", "pr", "sid", "sta", "ts"] }],
    reporterCallback: reporter => {
      reporters.add(reporter);
      const hls = player();
      follow(hls.media);
      if (followed.has(hls)) return;
      followed.add(hls);
      hls.on("hlsMediaAttaching", (_, { media }) => follow(media));
      hls.on("hlsDestroying", leave);
      addEventListener("pagehide", leave);
    },
    // Returns what fetch does, so that hls.js keeps what could not be sent and sends it later.
    loader: ({ body }) => {
      const address = sessionOf(player());
      // Nothing plays before there is a session.
      if (address === null) return Promise.resolve({ status: 204 });
      return fetch(address, { method: "POST", body: body.split("\n").map(line => placed(line, player().media)).join("\n"), keepalive: true, credentials: "omit" });
    },
  };
}

/** What happened just now happened here, to the millisecond; what could not be sent at once happened where the last note says. */
function placed(line, media) {
  const now = Date.now() - /(?:^|,)ts=(\d+)/.exec(line)?.[1] < 100 ? place(media) : null;
  return line.replace(new RegExp(`${playhead}=(\\d+)`), (_, noted) => `pt=${now ?? noted}`);
}

/** Every address that the gateway hands out carries the session. */
function sessionOf({ levels }) {
  for (const { url, details } of levels ?? []) {
    for (const text of [...[url].flat(), details?.fragments[0]?.url]) {
      const token = /[?&]session_id=([\w-]{40})/.exec(text)?.[1];
      if (token) return new URL(`~cmcd?session_id=${token}`, text).href;
    }
  }
  return null;
}
