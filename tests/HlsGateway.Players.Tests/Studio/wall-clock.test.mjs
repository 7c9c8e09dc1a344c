// What clocks show, as moments, by themselves: no browser, no gateway. MODEL is the path of wall-clock.js.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const source = await readFile(process.env.MODEL, "utf8");
const { momentOf } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

/** What clocks show at a moment: 2026-03-29T03:30. */
const clocks = new Map();
function shown(at, timeZone) {
  if (!clocks.has(timeZone)) clocks.set(timeZone, new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }));
  return clocks.get(timeZone).format(Date.parse(at)).replace(" ", "T");
}

const zones = ["UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Apia"];
const next = date => new Date(Date.parse(`${date}T00:00:00Z`) + 86400e3).toISOString().slice(0, 10);

test("a time of day is the moment at which the zone's clocks show it, through the weeks in which clocks change, in twelve zones", () => {
  for (const zone of zones) {
    for (const [first, end] of [["2026-03-06", "2026-04-07"], ["2026-09-25", "2026-11-03"]]) {
      for (let date = first; date < end; date = next(date)) {
        for (const time of ["00:00", "04:30", "23:45"]) assert.equal(shown(momentOf(`${date}T${time}`, zone), zone), `${date}T${time}`, zone);
      }
    }
  }
});

test("a day of the week strip is as long as its clocks make it", () => {
  const hours = (date, zone) => (Date.parse(momentOf(`${next(date)}T00:00`, zone)) - Date.parse(momentOf(`${date}T00:00`, zone))) / 3600e3;
  assert.equal(hours("2026-03-29", "Europe/Berlin"), 23);
  assert.equal(hours("2026-10-25", "Europe/Berlin"), 25);
  assert.equal(hours("2026-03-08", "America/New_York"), 23);
  assert.equal(hours("2026-11-01", "America/New_York"), 25);
  assert.equal(hours("2026-04-05", "Australia/Lord_Howe"), 24.5);
  assert.equal(hours("2026-10-04", "Australia/Lord_Howe"), 23.5);
  assert.equal(hours("2026-03-29", "UTC"), 24);
});

test("a wall clock is a moment in its zone, on the days on which clocks move too", () => {
  assert.equal(momentOf("2026-12-01T14:30", "Asia/Kathmandu"), "2026-12-01T08:45:00.000Z");
  assert.equal(momentOf("2026-03-29T02:30", "Europe/Berlin"), "2026-03-29T01:30:00.000Z", "the hour that is left out");
  assert.equal(momentOf("2026-10-25T02:30", "Europe/Berlin"), "2026-10-25T00:30:00.000Z", "the hour that comes twice: the first");
  assert.equal(momentOf("2026-04-05T01:45", "Australia/Lord_Howe"), "2026-04-04T14:45:00.000Z");
  assert.equal(momentOf("2026-07-01T00:00", "UTC"), "2026-07-01T00:00:00.000Z");
});
