/** What the requests of a session tell beyond each one alone. No other module is needed: it is tested by itself. */

/** Beyond so many seconds between two places a player did not simply go on: durations in playlists are rounded. */
const SeekSeconds = 0.5;

/** A strip's runs as letters, one a unit: `5w3_2W` → wwwww___WW. */
export function lettersOf(runs) {
  let all = "";
  for (const [, count, letter] of runs.matchAll(/(\d+)([_fwW])/g)) all += letter.repeat(Number(count));
  return all;
}

/** At most so many buckets, each with the strongest letter that falls into it: what was watched is never lost to rounding. */
export function bucketsOf(letters, most) {
  if (letters.length <= most) return letters;
  const order = "_fwW";
  let out = "";
  for (let i = 0; i < most; i++) {
    const part = letters.slice(Math.floor(i * letters.length / most), Math.floor((i + 1) * letters.length / most));
    out += [...part].reduce((strongest, letter) => order.indexOf(letter) > order.indexOf(strongest) ? letter : strongest, "_");
  }
  return out;
}

/**
 * How much of each tenth of the video was handed out, was proven and came again, as shares from 0 to 1. A second that lies across the
 * border of two tenths belongs to both by its parts, so a video of eight seconds has ten tenths as well.
 * @returns {{ fetched: number, proven: number, again: number }[]}
 */
export function tenthsOf(letters) {
  const length = letters.length / 10;
  return Array.from({ length: 10 }, (_, tenth) => {
    const sums = { fetched: 0, proven: 0, again: 0 };
    const [from, to] = [tenth * length, (tenth + 1) * length];
    for (let i = Math.floor(from); i < Math.min(letters.length, Math.ceil(to)); i++) {
      const share = (Math.min(i + 1, to) - Math.max(i, from)) / length;
      if (letters[i] !== "_") sums.fetched += share;
      if (letters[i] === "w" || letters[i] === "W") sums.proven += share;
      if (letters[i] === "W") sums.again += share;
    }
    return sums;
  });
}

/** What a session in a list proves by itself: a stretch that was left out between two that were not, several Renditions, captions. */
export function listMarks({ strip, renditions, captions }) {
  const marks = [];
  if (/[fwW]\d+_\d+[fwW]/.test(strip)) marks.push("seek");
  if (renditions.length > 1) marks.push("switch");
  if (captions.length > 0) marks.push("captions");
  return marks;
}

/** The Rendition of a segment: the folder that it lies in. */
export const renditionOf = path => path.split("/").slice(0, -1).filter(part => !part.startsWith("~")).pop() ?? "";

/**
 * What happened at each request, compared with the one before: `seek` (the place is not where the last segment ended), `switch` (another
 * Rendition), `captions` (the first captions), `gap` (nothing was asked for longer than one and a half times the longest segment). Another
 * Rendition of what the buffer already holds is no seek.
 * @returns {string[][]} for each entry of the trace
 */
export function marksOf(trace) {
  const longest = Math.max(0, ...trace.filter(entry => entry.kind === "content").map(entry => entry.duration_seconds));
  let [last, hasCaptions] = [null, false];
  return trace.map((entry, i) => {
    const marks = [];
    if (i > 0 && longest > 0 && (Date.parse(entry.at) - Date.parse(trace[i - 1].at)) / 1000 > 1.5 * longest) marks.push("gap");
    if (entry.kind === "caption" && entry.counted && !hasCaptions) {
      hasCaptions = true;
      marks.push("captions");
    }
    if (entry.kind === "content" && entry.counted) {
      if (last !== null) {
        const isSame = Math.abs(entry.start_seconds - last.start_seconds) <= SeekSeconds;
        const isSwitch = renditionOf(entry.path) !== renditionOf(last.path);
        const jump = entry.start_seconds - last.start_seconds - last.duration_seconds;
        if (!isSame && (isSwitch ? jump > SeekSeconds : Math.abs(jump) > SeekSeconds)) marks.push("seek");
        if (isSwitch) marks.push("switch");
      }
      last = entry;
    }
    return marks;
  });
}

/** The last request that has come so many milliseconds after the first one; -1 before it. */
export function indexAt(trace, elapsed) {
  const first = Date.parse(trace[0].at);
  let index = -1;
  while (index + 1 < trace.length && Date.parse(trace[index + 1].at) - first <= elapsed) index++;
  return index;
}

/** The request that handed out this second of the content: the counted one, else any; -1 for none. */
export function indexOfSecond(trace, second) {
  const covers = entry => entry.kind === "content" && entry.start_seconds <= second && second < entry.start_seconds + entry.duration_seconds;
  const counted = trace.findIndex(entry => entry.counted && covers(entry));
  return counted >= 0 ? counted : trace.findIndex(covers);
}

/** A place as people write it: 42, 0:42 or 1:02:03; null where it is none. */
export function secondOf(text) {
  if (!/^\s*\d+(:[0-5]?\d){0,2}(\.\d+)?\s*$/.test(text)) return null;
  return text.trim().split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
