/**
 * Captions as an array of cues with ids that last, read from WebVTT or SubRip and written as WebVTT. What is not touched stays as it
 * was: header, STYLE, REGION and NOTE blocks, identifiers and cue settings.
 *
 * @typedef {{ id: number, start: number, end: number, text: string, name: string, settings: string }} Cue times in milliseconds
 * @typedef {{ head: string, cues: Cue[], notes: Map<number, string[]> }} Track `notes` stand before the cue with that id; -1: at the end
 */
let next = 1;

const Timing = /^(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})[ \t]+-->[ \t]+(?:(\d+):)?(\d{1,2}):(\d{2})[.,](\d{1,3})(.*)$/;

const milliseconds = (hours, minutes, rest, part) => ((Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(rest)) * 1000 + Number((part ?? "0").padEnd(3, "0"));

/** @returns {Track} */
export function parse(text) {
  const lines = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const blocks = lines.split(/\n{2,}/).map(block => block.replace(/^\n+|\n+$/g, "")).filter(block => block.length > 0);
  const isVtt = lines.startsWith("WEBVTT");
  const track = { head: isVtt ? blocks.shift() : "WEBVTT", cues: [], notes: new Map() };
  let waiting = [];
  for (const block of blocks) {
    const rows = block.split("\n");
    const at = rows.findIndex(row => Timing.test(row));
    if (at < 0 || at > 1 || (at === 1 && /^(STYLE|REGION|NOTE)\b/.test(rows[0]))) {
      waiting.push(block);
      continue;
    }
    const [, h1, m1, s1, f1, h2, m2, s2, f2, settings] = Timing.exec(rows[at]);
    const cue = {
      id: next++, start: milliseconds(h1, m1, s1, f1), end: milliseconds(h2, m2, s2, f2), text: rows.slice(at + 1).join("\n"),
      // SubRip numbers its captions; WebVTT's identifiers are names.
      name: isVtt && at === 1 ? rows[0] : "", settings: isVtt ? settings.trim() : "",
    };
    // Styles and regions hold only before the first cue: they stay there whatever becomes of it.
    if (track.cues.length === 0) track.head = [track.head, ...waiting].join("\n\n");
    else if (waiting.length > 0) track.notes.set(cue.id, waiting);
    waiting = [];
    track.cues.push(cue);
  }
  if (track.cues.length === 0) track.head = [track.head, ...waiting].join("\n\n");
  else if (waiting.length > 0) track.notes.set(-1, waiting);
  return track;
}

export function timestamp(ms) {
  const two = value => String(value).padStart(2, "0");
  return `${two(Math.floor(ms / 3600000))}:${two(Math.floor(ms / 60000) % 60)}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

/** @param {Track} track */
export function serialise({ head, cues, notes }) {
  const blocks = [head];
  for (const cue of cues) {
    blocks.push(...notes.get(cue.id) ?? []);
    // An empty line would end the cue, and so would an arrow.
    const text = cue.text.replace(/\n{2,}/g, "\n").replace(/^\n|\n$/g, "").replaceAll("-->", "--&gt;");
    blocks.push(`${cue.name ? `${cue.name}\n` : ""}${timestamp(cue.start)} --> ${timestamp(cue.end)}${cue.settings ? ` ${cue.settings}` : ""}\n${text}`);
  }
  // Notes of cues that are gone.
  const there = new Set(cues.map(cue => cue.id));
  for (const [id, lost] of notes) {
    if (id !== -1 && !there.has(id)) blocks.push(...lost);
  }
  blocks.push(...notes.get(-1) ?? []);
  return `${blocks.join("\n\n")}\n`;
}

/** The cues as their own text reads, with the ids that they have: notes and undo go by ids. @param {Track} track */
export function reread(track) {
  const read = parse(serialise(track)).cues;
  return read.length === track.cues.length ? read.map((cue, i) => ({ ...cue, id: track.cues[i].id })) : read;
}

/** `after` with the ids of the cues of `before` that they are, changed or not. */
export function adopt(before, after) {
  const pairs = diff(before, after);
  const ids = new Map(pairs.map(([was, is]) => [is?.id, was?.id]));
  const same = before.filter(cue => !pairs.some(([was]) => was === cue));
  return after.map(cue => {
    if (ids.has(cue.id)) return { ...cue, id: ids.get(cue.id) ?? cue.id };
    const [was] = same.splice(same.findIndex(each => each.start === cue.start && each.end === cue.end && each.text === cue.text), 1);
    return { ...cue, id: was.id };
  });
}

/** What a reader sees: tags are styles, not letters. */
export const plain = text => text.replace(/<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&").replace(/&nbsp;/g, " ");

/**
 * Warnings of one cue, never more than a hint: `fast` (over 17 characters a second), `overlap`, `gap` (under 80 ms), `long` (a line over 42
 * characters), `beyond` the video's end, `backwards`.
 */
export function warnings(cues, index, lengthMs = null) {
  const cue = cues[index];
  const found = [];
  const shown = plain(cue.text);
  const length = (cue.end - cue.start) / 1000;
  if (cue.end <= cue.start) found.push("backwards");
  else if (shown.replace(/\s/g, "").length / length > 17) found.push("fast");
  if (shown.split("\n").some(line => [...line].length > 42)) found.push("long");
  const following = cues[index + 1];
  if (following !== undefined) {
    if (following.start < cue.end) found.push("overlap");
    else if (following.start - cue.end > 0 && following.start - cue.end < 80) found.push("gap");
  }
  if (lengthMs !== null && cue.end > lengthMs + 500) found.push("beyond");
  return found;
}

/** Edits: each gives a new array, so that the one before can be kept for undo. */
export const edits = {
  change: (cues, id, values) => cues.map(cue => cue.id === id ? { ...cue, ...values } : cue).sort(byStart),
  remove: (cues, id) => cues.filter(cue => cue.id !== id),
  add: (cues, start, end, text = "") => [...cues, { id: next++, start, end, text, name: "", settings: "" }].sort(byStart),

  /** Cuts a cue at a place of its text, its time in the same proportion. */
  split(cues, id, at) {
    const cue = cues.find(each => each.id === id);
    if (cue === undefined || cue.text.length === 0) return cues;
    const share = Math.min(0.95, Math.max(0.05, at / cue.text.length));
    const middle = Math.round(cue.start + (cue.end - cue.start) * share);
    const [first, second] = [cue.text.slice(0, at).trim(), cue.text.slice(at).trim()];
    return cues.flatMap(each => each.id !== id ? [each] : [{ ...cue, end: middle, text: first }, { ...cue, id: next++, name: "", start: middle, text: second }]);
  },

  /** With the cue that follows. */
  merge(cues, id) {
    const at = cues.findIndex(cue => cue.id === id);
    if (at < 0 || at === cues.length - 1) return cues;
    const [one, other] = [cues[at], cues[at + 1]];
    return [...cues.slice(0, at), { ...one, end: Math.max(one.end, other.end), text: `${one.text}\n${other.text}`.trim() }, ...cues.slice(at + 2)];
  },

  replace: (cues, find, replacement) => cues.map(cue => cue.text.includes(find) ? { ...cue, text: cue.text.replaceAll(find, () => replacement) } : cue),
};

const byStart = (one, other) => one.start - other.start || one.id - other.id;

/** What two arrays of cues do not share, paired where the time is the same: [before | null, after | null]. */
export function diff(before, after) {
  const same = (one, other) => one.start === other.start && one.end === other.end && one.text === other.text && one.settings === other.settings && one.name === other.name;
  const left = [...after];
  const pairs = [];
  for (const cue of before) {
    const exact = left.findIndex(other => same(cue, other));
    if (exact >= 0) {
      left.splice(exact, 1);
      continue;
    }
    pairs.push([cue, null]);
  }
  for (const pair of pairs) {
    const at = left.findIndex(other => Math.abs(other.start - pair[0].start) < 500 || other.text === pair[0].text);
    if (at >= 0) [pair[1]] = left.splice(at, 1);
  }
  return [...pairs, ...left.map(cue => [null, cue])].sort((one, other) => (one[0] ?? one[1]).start - (other[0] ?? other[1]).start);
}

/**
 * Three ways by cue: what only one side changed is taken; what both changed stands as a conflict, with both.
 * @returns {{ cues: Cue[], conflicts: { base: Cue | null, mine: Cue | null, theirs: Cue | null }[] }} `cues` hold mine at conflicts
 */
export function merge(base, mine, theirs) {
  const ours = diff(base, mine);
  const others = diff(base, theirs);
  const changed = new Map(others.filter(([before]) => before !== null).map(([before, after]) => [before.id, after]));
  const conflicts = [];
  let cues = [...mine];
  for (const [before, after] of others) {
    if (before === null) {
      // Added by them; the same text at the same time by both is one.
      if (!mine.some(cue => cue.start === after.start && cue.text === after.text)) cues = [...cues, { ...after, id: next++ }];
      continue;
    }
    const own = ours.find(([was]) => was !== null && was.id === before.id);
    if (own === undefined) {
      // Untouched here: theirs.
      const at = cues.findIndex(cue => cue.start === before.start && cue.end === before.end && cue.text === before.text);
      if (at >= 0) cues = after === null ? cues.filter((_, i) => i !== at) : cues.map((cue, i) => i === at ? { ...after, id: cue.id } : cue);
    } else if (!(own[1] === null && after === null) && !(own[1] !== null && after !== null && own[1].text === after.text && own[1].start === after.start && own[1].end === after.end)) {
      conflicts.push({ base: before, mine: own[1], theirs: changed.get(before.id) ?? null });
    }
  }
  return { cues: cues.sort(byStart), conflicts };
}
