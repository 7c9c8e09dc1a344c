// The model of captions by itself: no browser, no gateway. MODEL is the path of model.js.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(process.env.MODEL, "utf8");
const { adopt, diff, edits, merge, parse, plain, reread, serialise, timestamp, warnings } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

const Whole = `WEBVTT - A title
X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:900000

STYLE
::cue { color: red }

REGION
id:below
width:40%

NOTE before all

intro
00:00:01.000 --> 00:00:02.000 region:below align:start line:90%,end
<v Ann>One &amp; only</v>
- two lines

NOTE between

00:00:02.000 --> 00:00:03.500
Second.

01:00:00.000 --> 01:00:01.000
Third.

NOTE at the end
`;

const cue = (start, end, text, id) => ({ id, start, end, text, name: "", settings: "" });
const track = (...lines) => parse(`WEBVTT\n\n${lines.map((line, i) => `00:00:0${i * 2}.000 --> 00:00:0${i * 2 + 2}.000\n${line}\n\n`).join("")}`);
const texts = cues => cues.map(each => each.text);

test("what is not touched is written as it was read", () => assert.equal(serialise(parse(Whole)), Whole));

test("carriage returns and a byte order mark change nothing", () => assert.equal(serialise(parse(`\uFEFF${Whole.replaceAll("\n", "\r\n")}`)), Whole));

test("one text is changed and all other bytes stay", () => {
  const read = parse(Whole);
  const changed = serialise({ ...read, cues: edits.change(read.cues, read.cues[1].id, { text: "2nd." }) });
  assert.equal(changed, Whole.replace("Second.", "2nd."));
});

test("styles, regions and notes outlive the first cue, and stand before every cue", () => {
  const read = parse(Whole);
  for (const cues of [edits.remove(read.cues, read.cues[0].id), edits.add(read.cues, 0, 500, "Before."), []]) {
    const text = serialise({ ...read, cues });
    assert.ok(text.indexOf("::cue { color: red }") > 0);
    assert.ok(cues.length === 0 || text.indexOf("STYLE") < text.indexOf("-->"), text);
    assert.match(text, /NOTE before all[\s\S]*NOTE between[\s\S]*NOTE at the end/);
  }
});

test("a note whose cue is deleted is kept", () => {
  const read = parse(Whole);
  assert.match(serialise({ ...read, cues: edits.remove(read.cues, read.cues[1].id) }), /NOTE between/);
});

test("SubRip is read: numbers go, commas become points", () => {
  const read = parse("1\r\n00:00:01,500 --> 00:00:02,000\r\nHello\r\nthere\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n5\r\n");
  assert.equal(serialise(read), "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nHello\nthere\n\n00:00:03.000 --> 00:00:04.000\n5\n");
});

test("no text that is written can end its cue or begin another", () => {
  for (const text of ["a\n\nb", "\n\na", "a\n\n\n00:00:09.000 --> 00:00:10.000\nforged", "a --> b", "NOTE\n\nSTYLE\n\nc", "", "\n"]) {
    const read = parse(serialise({ head: "WEBVTT", notes: new Map(), cues: [cue(0, 1000, text, 1), cue(1000, 2000, "last", 2)] }));
    assert.equal(read.cues.length, 2, JSON.stringify(text));
    assert.equal(read.cues[1].text, "last");
  }
});

test("ids stay when the text is read again and when a draft is taken up", () => {
  const read = track("One.", "Two.", "Three.");
  const written = { ...read, cues: edits.change(read.cues, read.cues[0].id, { text: "One\n\n--> one." }) };
  assert.deepEqual(reread(written).map(each => each.id), read.cues.map(each => each.id));
  assert.equal(diff(reread(written), parse(serialise(written)).cues).length, 0);
  const draft = track("One.", "2.", "Three.", "Four.");
  const adopted = adopt(read.cues, draft.cues);
  assert.deepEqual(adopted.slice(0, 3).map(each => each.id), read.cues.map(each => each.id));
  assert.deepEqual(texts(adopted), ["One.", "2.", "Three.", "Four."]);
  assert.equal(new Set(adopted.map(each => each.id)).size, 4);
});

test("split and merge are each other's way back", () => {
  const { cues } = track("Hello there");
  const parts = edits.split(cues, cues[0].id, 5);
  assert.deepEqual(texts(parts), ["Hello", "there"]);
  assert.equal(parts[0].end, parts[1].start);
  const [whole] = edits.merge(parts, parts[0].id);
  assert.deepEqual([whole.start, whole.end, whole.text], [0, 2000, "Hello\nthere"]);
  assert.equal(edits.merge(cues, cues[0].id), cues, "nothing follows: nothing happens");
});

test("an edit leaves the array before as it was: undo puts it back", () => {
  const { cues } = track("One.", "Two.");
  const before = structuredClone(cues);
  edits.change(cues, cues[1].id, { start: 0 });
  edits.remove(cues, cues[0].id);
  edits.add(cues, 500, 900, "x");
  edits.split(cues, cues[0].id, 2);
  edits.merge(cues, cues[0].id);
  edits.replace(cues, "o", "0");
  assert.deepEqual(cues, before);
});

test("find and replace takes letters as they are, no patterns", () => {
  const { cues } = track("Price: 5.00 $&", "Price: 5x00");
  assert.deepEqual(texts(edits.replace(cues, "5.00", "$& 6")), ["Price: $& 6 $&", "Price: 5x00"]);
});

test("the difference tells what was changed, added and taken away", () => {
  const before = track("One.", "Two.", "Three.").cues;
  const after = edits.add(edits.remove(edits.change(before, before[0].id, { text: "1." }), before[2].id), 8000, 9000, "Four.");
  assert.deepEqual(diff(before, after).map(pair => pair.map(each => each?.text ?? null)), [["One.", "1."], ["Three.", null], [null, "Four."]]);
  assert.deepEqual(diff(before, before), []);
});

test("three ways: what one side changed is taken, what both changed is asked, nothing is lost", () => {
  const base = track("One.", "Two.", "Three.", "Four.").cues;
  const mine = edits.add(edits.change(edits.change(base, base[0].id, { text: "One, mine." }), base[1].id, { text: "Two, mine." }), 20000, 21000, "Mine, new.");
  const theirs = edits.add(track("One.", "Two, theirs.", "Three, theirs.", "Four.").cues, 22000, 23000, "Theirs, new.");
  const { cues, conflicts } = merge(base, mine, theirs);
  assert.deepEqual(texts(cues), ["One, mine.", "Two, mine.", "Three, theirs.", "Four.", "Mine, new.", "Theirs, new."]);
  assert.deepEqual(conflicts.map(each => [each.base.text, each.mine.text, each.theirs.text]), [["Two.", "Two, mine.", "Two, theirs."]]);
});

test("three ways: both did the same, and one deleted what the other changed", () => {
  const base = track("One.", "Two.", "Three.").cues;
  const same = merge(base, edits.change(base, base[0].id, { text: "1." }), track("1.", "Two.", "Three.").cues);
  assert.deepEqual([texts(same.cues), same.conflicts], [["1.", "Two.", "Three."], []]);
  const gone = merge(base, edits.remove(base, base[1].id), track("One.", "Two, theirs.", "Three.").cues);
  assert.deepEqual(gone.conflicts.map(each => [each.mine, each.theirs.text]), [[null, "Two, theirs."]]);
});

test("random edits of two editors: every word of either is in the result or in a conflict", () => {
  let seed = 7;
  const random = below => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 500; round++) {
    const base = parse(`WEBVTT\n\n${Array.from({ length: 8 }, (_, i) => `00:00:${String(i * 3 + 10)}.000 --> 00:00:${String(i * 3 + 12)}.000\nbase ${i}\n\n`).join("")}`).cues;
    const edited = who => {
      let cues = base;
      for (let i = 0; i < 4; i++) {
        const one = cues[random(cues.length)];
        const text = `${who} ${round}.${i}`;
        if (random(3) === 0) cues = edits.add(cues, random(40) * 1000 + 60000, random(40) * 1000 + 110000, text);
        else cues = edits.change(cues, one.id, { text });
      }
      return cues;
    };
    const [mine, theirs] = [edited("mine"), edited("theirs")];
    const { cues, conflicts } = merge(base, mine, adopt([], parse(serialise({ head: "WEBVTT", notes: new Map(), cues: theirs })).cues));
    const there = new Set([...texts(cues), ...conflicts.flatMap(each => [each.mine?.text, each.theirs?.text])]);
    for (const each of [...mine, ...theirs]) assert.ok(there.has(each.text) || each.text.startsWith("base"), `${each.text} is lost in round ${round}`);
  }
});

test("warnings: fast, long, overlap, gap, beyond, backwards; and none for a good caption", () => {
  const told = (...cues) => warnings(cues, 0, 10000);
  assert.deepEqual(told(cue(0, 2000, "A good caption.", 1)), []);
  assert.deepEqual(told(cue(0, 1000, "abcdefghijklmnopqr", 1)), ["fast"]);
  assert.deepEqual(told(cue(0, 1000, "abcdefghijklmnopq", 1)), []);
  assert.deepEqual(told(cue(0, 9000, "x".repeat(43), 1)), ["long"]);
  assert.deepEqual(told(cue(0, 2000, "a", 1), cue(1999, 3000, "b", 2)), ["overlap"]);
  assert.deepEqual(told(cue(0, 2000, "a", 1), cue(2079, 3000, "b", 2)), ["gap"]);
  assert.deepEqual(told(cue(0, 2000, "a", 1), cue(2000, 3000, "b", 2)), []);
  assert.deepEqual(told(cue(9000, 11000, "a", 1)), ["beyond"]);
  assert.deepEqual(told(cue(2000, 1000, "a", 1)), ["backwards"]);
});

test("what is read aloud has no tags, and hours are written out", () => {
  assert.equal(plain("<v Ann><i>a</i> &lt;b&gt; &amp;lt;"), "a <b> &lt;");
  assert.equal(timestamp(3723004), "01:02:03.004");
});
