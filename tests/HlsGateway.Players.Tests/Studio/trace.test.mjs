// What is read from the requests of a session, by itself: no browser, no gateway. MODEL is the path of trace.js.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(process.env.MODEL, "utf8");
const { bucketsOf, indexAt, indexOfSecond, lettersOf, listMarks, marksOf, secondOf, tenthsOf } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const content = (second, start, path = "720p/a.ts", more = {}) => ({ at: new Date(second * 1000).toISOString(), kind: "content", path, start_seconds: start, duration_seconds: 4, counted: true, ...more });
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

test("a strip is one letter a unit", () => {
  assert.equal(lettersOf("5w3_2W1f"), "wwwww___WWf");
  assert.equal(lettersOf(""), "");
});

test("a bucket takes the strongest of its letters, and each letter falls into one", () => {
  assert.equal(bucketsOf("_f_w_W__", 4), "fwW_");
  assert.equal(bucketsOf("wf", 90), "wf");
  for (const length of [91, 100, 179, 181, 1000, 7213]) {
    for (const at of [0, 1, Math.floor(length / 2), length - 1]) {
      const buckets = bucketsOf(`${"_".repeat(at)}W${"_".repeat(length - at - 1)}`, 90);
      assert.equal(buckets.length, 90);
      assert.equal([...buckets].filter(letter => letter === "W").length, 1, `${length}, ${at}`);
    }
  }
});

test("ten tenths hold all of what was handed out, however short the video is", () => {
  for (const letters of ["wwwwwwww", "w", "wwf", "wwwwfff___", "w".repeat(97), `${"_".repeat(33)}${"W".repeat(40)}ff`]) {
    const tenths = tenthsOf(letters);
    assert.equal(tenths.length, 10);
    for (const [name, of] of [["fetched", "fwW"], ["proven", "wW"], ["again", "W"]]) {
      near(tenths.reduce((sum, tenth) => sum + tenth[name], 0) / 10, [...letters].filter(letter => of.includes(letter)).length / letters.length);
    }
  }
  assert.ok(tenthsOf("wwwwwwww").every(({ fetched }) => fetched > 0.999), "eight seconds seen to the end are ten tenths seen");
  assert.ok(tenthsOf("").every(({ fetched }) => fetched === 0));
});

test("a list tells only what its data proves", () => {
  assert.deepEqual(listMarks({ strip: "4w2_3f", renditions: ["720p", "360p"], captions: ["en"] }), ["seek", "switch", "captions"]);
  assert.deepEqual(listMarks({ strip: "2_4w3_", renditions: ["720p"], captions: [] }), []);
  assert.deepEqual(listMarks({ strip: "", renditions: [], captions: [] }), []);
});

test("segment after segment is no event; a jump, another quality, captions and silence are", () => {
  assert.deepEqual(marksOf([content(0, 0), content(1, 4), content(2, 8)]), [[], [], []]);
  assert.deepEqual(marksOf([content(0, 0), content(1, 20)]), [[], ["seek"]]);
  assert.deepEqual(marksOf([content(0, 20), content(1, 0)]), [[], ["seek"]]);
  assert.deepEqual(marksOf([content(0, 0), content(1, 4, "360p/b.ts")]), [[], ["switch"]]);
  assert.deepEqual(marksOf([content(0, 0), content(1, 4), content(2, 4, "360p/b.ts")]), [[], [], ["switch"]], "the buffer again in another quality");
  assert.deepEqual(marksOf([content(0, 0), content(1, 0)]), [[], []], "a repeat");
  assert.deepEqual(marksOf([content(0, 0), content(6, 4), content(12.1, 8)]), [[], [], ["gap"]], "more than one and a half times four seconds");
  const caption = second => ({ ...content(second, 0, "subtitles/en/1.vtt"), kind: "caption" });
  assert.deepEqual(marksOf([content(0, 0), caption(1), caption(2), content(3, 4)]), [[], ["captions"], [], []]);
  assert.deepEqual(marksOf([content(0, 0), content(1, 40, "720p/a.ts", { counted: false }), content(2, 4)]), [[], [], []], "what does not count moves nobody");
  assert.deepEqual(marksOf([]), []);
});

test("a replay stands where the clock is, and keeps the silence", () => {
  const trace = [content(0, 0), content(1, 4), content(30, 8)];
  assert.deepEqual([-1, 0, 999, 1000, 29_999, 30_000, 99_999].map(elapsed => indexAt(trace, elapsed)), [-1, 0, 0, 1, 1, 2, 2]);
});

test("a place in the video finds the request that counted there", () => {
  const trace = [content(0, 0, "720p/a.ts", { counted: false }), content(1, 0), content(2, 4)];
  assert.deepEqual([0, 3.9, 4, 8].map(second => indexOfSecond(trace, second)), [1, 1, 2, -1]);
  assert.deepEqual(["42", "0:42", " 1:02:03 ", "1.5", "", "x", "1:99", "-1", "1:2:3:4"].map(secondOf), [42, 42, 3723, 1.5, null, null, null, null, null]);
});
