/** Sessions from which on moments are told: with fewer, one person makes a cliff. */
export const Needed = 20;

/** z for 95 %. */
const Z = 1.96;

/** Seconds over which the curve is smoothed. */
const Window = 3;

/** The bounds within which a share of `count` of `all` probably lies (Wilson). */
export function wilson(count, all) {
  if (all === 0) return [0, 1];
  const share = count / all;
  const [middle, half] = [share + Z * Z / (2 * all), Z * Math.sqrt(share * (1 - share) / all + Z * Z / (4 * all * all))];
  const scale = 1 + Z * Z / all;
  return [(middle - half) / scale, (middle + half) / scale];
}

/**
 * The moments of a retention curve that are more than chance, at most one of each kind:
 * intro (who is still there at 10 s), top (the second that most saw, behind the intro), spike (replays), dip (who left within three seconds).
 * A dip or a spike is told where its lower bound lies above the upper bound of what is usual in this video.
 *
 * @param {{ sessions: number, retention: { second: number, sessions: number, plays: number | null, left: number }[] }} report
 * @returns {{ needed: number, moments: { kind: string, from: number, to: number, count: number, of: number, share: number, usual: number }[] }}
 */
export function moments({ sessions, retention: curve }) {
  const needed = Math.max(0, Needed - sessions);
  if (needed > 0 || curve.length < 2 * Window) return { needed, moments: [] };
  const found = [];
  const at = Math.min(10, curve.length - 1);
  found.push({ kind: "intro", from: 0, to: at, count: curve[at].sessions, of: sessions, share: curve[at].sessions / sessions, usual: 0 });

  // The end is where everybody leaves: it says nothing.
  const last = curve.length - Window;
  const sums = [];
  for (let second = 0; second + Window <= last; second++) {
    const there = curve[second].sessions;
    let [left, again] = [0, 0];
    for (let i = second; i < second + Window; i++) {
      left += curve[i].left;
      again += Math.max(0, (curve[i].plays ?? curve[i].sessions) - curve[i].sessions);
    }
    sums.push({ second, there, left, again: again / Window });
  }
  const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  for (const [kind, name] of [["dip", "left"], ["spike", "again"]]) {
    const usual = median(sums.filter(({ there }) => there > 0).map(sum => sum[name] / sum.there));
    const best = sums.filter(({ there }) => there > 0).toSorted((a, b) => b[name] / b.there - a[name] / a.there || a.second - b.second)[0];
    if (best === undefined || best[name] < 3) continue;
    const count = Math.round(Math.min(best[name], best.there));
    const [low] = wilson(count, best.there);
    const [, high] = wilson(Math.round(usual * best.there), best.there);
    if (low > high) found.push({ kind, from: best.second, to: best.second + Window, count, of: best.there, share: count / best.there, usual: Math.round(usual * best.there) });
  }

  const from = Math.min(10, Math.floor(curve.length / 4));
  const middle = curve.slice(from, last);
  const most = Math.max(...middle.map(point => point.sessions));
  const [, flat] = wilson(median(middle.map(point => point.sessions)), sessions);
  const second = from + middle.findIndex(point => point.sessions === most);
  if (most / sessions > flat) found.push({ kind: "top", from: second, to: second + 1, count: most, of: sessions, share: most / sessions, usual: 0 });
  return { needed: 0, moments: found };
}
