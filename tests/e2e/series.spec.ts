// The follower curve: what it adds up to, where days begin, and what was not seen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ACCOUNT, followersName, iso, type Json, Roost } from "./harness.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The lists of this account begin here; Berlin's clocks go back on 25 October, New York's on 1 November. */
const FIRST = Date.parse("2026-10-20T00:30:00Z");
let roost: Roost;
/** When there is a list. */
let instants: number[];
let events: Json[];

before(async () => {
  roost = await Roost.start({ followers: 1500, now: "2026-11-08T12:00:00Z" });
  await roost.track();
  // Every three hours, but for three whole days.
  instants = [];
  for (let at = FIRST; at < FIRST + 18 * DAY_MS; at += 3 * HOUR_MS) {
    const day = Math.floor((at - FIRST) / DAY_MS);
    if (day < 9 || day >= 12) instants.push(at);
  }
  const pending: string[] = [];
  for (const at of instants) {
    const answer = await roost.send(followersName(at), await roost.sim.snapshot(at));
    assert.equal(answer.status, 202, answer.text);
    pending.push(answer.json.run);
  }
  for (const run of pending) assert.equal((await roost.ended(run)).state, "done");
  events = await roost.events();
});
after(() => roost?.stop());

async function series(query: Json): Promise<Json> {
  const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return roost.get(`/accounts/${ACCOUNT}/followers/series?${words.join("&")}`);
}

const WHOLE = { from: iso(FIRST), to: iso(FIRST + 18 * DAY_MS) };
const gained = (event: Json) => event.kind === "followed" || event.kind === "returned";
const lost = (event: Json) => event.kind === "lost" && event.state !== "retracted";
const sum = (points: Json[], field: string) => points.reduce((all, point) => all + (point[field] ?? 0), 0);

for (const interval of ["hour", "day", "week", "month"]) {
  test(`points per ${interval} add up to the totals and to the events`, async () => {
    const { points, totals, reasons } = await series({ ...WHOLE, interval });
    assert.ok(totals.gained > 20 && totals.lost > 20, JSON.stringify(totals));
    assert.equal(sum(points, "gained"), totals.gained);
    assert.equal(sum(points, "lost"), totals.lost);
    assert.equal(sum(points, "net"), totals.net);
    assert.equal(totals.net, totals.gained - totals.lost);
    assert.equal(totals.gained, events.filter(gained).length);
    assert.equal(totals.lost, events.filter(lost).length);
    assert.equal(totals.returned, events.filter((event) => event.kind === "returned").length);
    assert.equal(sum(reasons, "count"), totals.lost);
    const away = reasons.filter((one: Json) => ["gone", "suspended"].includes(one.reason));
    assert.equal(sum(points, "gone"), sum(away, "count"), "who left with their account");
    for (const point of points) {
      if (point.gained !== null) assert.equal(point.net, point.gained - point.lost);
    }
  });
}

/** The calendar day of an instant in a zone, as JavaScript's own tables have it. */
function dayOf(at: string | number, tz: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: tz, dateStyle: "short" }).format(new Date(at));
}

for (const tz of ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]) {
  test(`days begin at midnight in ${tz}`, async () => {
    const { points, tz: told } = await series({ ...WHOLE, interval: "day", tz });
    assert.equal(told, tz);
    const days = new Map<string, { gained: number; lost: number }>();
    for (const event of events) {
      const day = dayOf(event.at, tz);
      const tally = days.get(day) ?? { gained: 0, lost: 0 };
      if (gained(event)) tally.gained++;
      if (lost(event)) tally.lost++;
      days.set(day, tally);
    }
    for (const point of points) {
      const midnight = new Intl.DateTimeFormat("en-GB", { timeZone: tz, timeStyle: "medium" }).format(new Date(point.at));
      assert.equal(midnight, "00:00:00", `${point.at} in ${tz}`);
      const { gained: came, lost: left } = days.get(dayOf(point.at, tz)) ?? { gained: 0, lost: 0 };
      assert.deepEqual([point.gained ?? 0, point.lost ?? 0], [came, left], point.at);
    }
    const names = points.map((point: Json) => dayOf(point.at, tz));
    assert.equal(new Set(names).size, names.length, "a day is there twice");
  });
}

test("what is no zone of the IANA database is refused", async () => {
  for (const tz of ["Europe/Nowhere", "Berlin", "+01:00", "IST", "SystemV/AST4", "Factory", "Etc/Unknown", "Nowhere/Land", " "]) {
    for (const path of ["followers/series", "export/followers.csv"]) {
      const answer = await roost.api("GET", `/accounts/${ACCOUNT}/${path}?tz=${encodeURIComponent(tz)}`);
      assert.equal(answer.status, 400, `${path} ${tz}: ${answer.text.slice(0, 200)}`);
      assert.match(answer.json.detail, /is not an IANA time zone/);
    }
  }
});

const NAMES: string[][] = readFileSync(new URL("../../shared/src/tz/names.txt", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(" "));

test("every name of a zone is taken in any case, and answered as IANA writes it", async () => {
  const names = new Map(NAMES.flatMap(([canonical, ...others]) => [canonical!, ...others].map((name): [string, string] => [name, canonical!])));
  for (const name of Intl.supportedValuesOf("timeZone")) assert.ok(names.has(name), `${name} is known to browsers`);
  const range = { from: WHOLE.from, to: iso(FIRST + DAY_MS), interval: "day" };
  for (const [name, canonical] of names) {
    for (const tz of [name, name.toLowerCase(), name.toUpperCase()]) {
      assert.equal((await series({ ...range, tz })).tz, canonical, tz);
    }
  }
});

test("a range outside of what can be is refused by its parameter", async () => {
  for (const [query, words] of [
    ["from=2026-01-01T00:00:00Z&to=9999-01-01T00:00:00Z", /`to` \(9999-/],
    ["from=0001-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&interval=hour", /`from` \(0001-/],
    ["from=1970-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&interval=hour", /`interval=hour` makes more than 5000 points/],
    ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", /`from` .* must be before `to`/],
    ["from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00.001Z", /`to` .* a second or more after `from`/],
    ["from=yesterday", /`from=yesterday`/],
  ] as const) {
    const answer = await roost.api("GET", `/accounts/${ACCOUNT}/followers/series?${query}`);
    assert.equal(answer.status, 400, query);
    assert.match(answer.json.detail, words);
  }
  const events = await roost.api("GET", `/accounts/${ACCOUNT}/followers/events?to=9999-01-01T00:00:00Z`);
  assert.equal(events.status, 400);
  assert.match(events.json.detail, /`to` \(9999-/);
});

test("a date that a zone left out is no day, and the days beside it are whole", async () => {
  const range = { from: "2011-12-29T10:00:00Z", to: "2011-12-31T10:00:00Z", interval: "day", tz: "Pacific/Apia" };
  const { points } = await series(range);
  assert.deepEqual(points.map((point: Json) => point.at), ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"]);
});

test("a week begins on Monday, a month on its first", async () => {
  const weeks = await series({ ...WHOLE, interval: "week", tz: "Europe/Berlin" });
  const weekday = new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", weekday: "long", hour: "2-digit", hourCycle: "h23" });
  for (const { at } of weeks.points) assert.match(weekday.format(new Date(at)), /^Monday.* 00$/);
  const months = await series({ ...WHOLE, interval: "month", tz: "Asia/Tokyo" });
  assert.deepEqual(months.points.map((point: Json) => point.at), ["2026-09-30T15:00:00Z", "2026-10-31T15:00:00Z"]);
});

test("what was not seen is null, not zero", async () => {
  const { points } = await series({ ...WHOLE, interval: "day" });
  const gap = points.filter((point: Json) => Date.parse(point.at) > FIRST + 9 * DAY_MS && Date.parse(point.at) < FIRST + 11 * DAY_MS);
  assert.equal(gap.length, 2);
  for (const point of gap) {
    for (const field of ["followers", "gained", "lost", "net"]) assert.equal(point[field], null, `${field} at ${point.at}`);
    assert.equal(point.covered, 0);
  }
  const seen = points.filter((point: Json) => Date.parse(point.at) < FIRST + 7 * DAY_MS && !point.partial);
  assert.ok(seen.length > 5);
  for (const point of seen) {
    assert.notEqual(point.gained, null);
    assert.equal(point.covered, 1);
  }
});

test("what happened in the gap is told by the check that ends it", async () => {
  const end = instants.find((at) => at >= FIRST + 12 * DAY_MS)!;
  const start = instants.filter((at) => at < end).at(-1)!;
  const { net } = await roost.sim.truth(start, end);
  const { points } = await series({ ...WHOLE, interval: "hour" });
  const point = points.find((one: Json) => Date.parse(one.at) <= end && Date.parse(one.at) + HOUR_MS > end);
  assert.equal(point.gained, net.followed.length);
  // A loss may have been taken back by the next list, within three hours.
  assert.ok(point.lost <= net.lost.length && point.lost >= net.lost.length - 2);
});

test("the curve's height is the size of the list", async () => {
  const { points } = await series({ ...WHOLE, interval: "day" });
  const snapshots = await roost.snapshots();
  for (const point of points) {
    if (point.followers === null) continue;
    const end = Math.min(Date.parse(point.at) + DAY_MS, Date.parse(WHOLE.to));
    const [last] = snapshots.filter((snapshot) => Date.parse(snapshot.at) < end);
    const corrected = events.filter((event) => event.snapshot === last.name && event.state === "retracted").length;
    assert.equal(point.followers, last.count + corrected, point.at);
  }
});

test("a comparison is the series of the range before", async () => {
  const range = { from: iso(FIRST + 6 * DAY_MS), to: iso(FIRST + 9 * DAY_MS), interval: "day" };
  const both = await series({ ...range, compare: "previous" });
  const before = await series({ ...range, from: iso(FIRST + 3 * DAY_MS), to: range.from });
  assert.deepEqual(both.compare, before.points);
  assert.deepEqual(both.compare_totals, before.totals);
  const year = await series({ ...range, compare: "year" });
  assert.ok(year.compare.every((point: Json) => point.followers === null));
  assert.equal((await series(range)).compare, null);
});

test("a range cuts events and points alike", async () => {
  const from = FIRST + 2 * DAY_MS + 5 * HOUR_MS;
  const to = from + 2 * DAY_MS;
  const { totals, points } = await series({ from: iso(from), to: iso(to), interval: "day" });
  const inside = await roost.events(`from=${iso(from)}&to=${iso(to)}`);
  assert.ok(inside.every((event) => Date.parse(event.at) >= from && Date.parse(event.at) < to));
  assert.equal(totals.gained, inside.filter(gained).length);
  assert.equal(totals.lost, inside.filter(lost).length);
  assert.equal(points[0].partial, true);
});

test("coverage has the same gap, and adds up without holes", async () => {
  const found = await roost.get(`/accounts/${ACCOUNT}/coverage?from=${WHOLE.from}&to=${WHOLE.to}`);
  const { spans } = found;
  assert.equal(Date.parse(spans[0].from), FIRST);
  assert.equal(Date.parse(spans.at(-1).to), FIRST + 18 * DAY_MS);
  for (let i = 1; i < spans.length; i++) assert.equal(spans[i].from, spans[i - 1].to);
  const gaps = spans.filter((span: Json) => span.state === "gap");
  const edges: [number, number][] = gaps.map((span: Json) => [Date.parse(span.from), Date.parse(span.to)]);
  // The three days, and the time after the last list, which is long overdue.
  const last = instants.filter((at) => at < FIRST + 9 * DAY_MS).at(-1);
  assert.deepEqual(edges, [
    [last, FIRST + 12 * DAY_MS],
    [instants.at(-1), FIRST + 18 * DAY_MS],
  ]);
  assert.ok(gaps.every((span: Json) => span.reason));
  const hidden = edges.reduce((sum: number, [from, to]: [number, number]) => sum + to - from, 0);
  assert.ok(Math.abs(found.observed - (1 - hidden / (18 * DAY_MS))) < 1e-9);
});

test("X's own count is explained to the last follower while X is honest", async () => {
  const start = await roost.sim.now();
  for (let day = 0; day < 3; day++) {
    await roost.goodCrawl();
    await roost.advance(24 * 3600);
  }
  const { totals, points } = await series({ from: iso(start + 1000), to: iso(start + 2 * DAY_MS + HOUR_MS), interval: "day" });
  assert.equal(totals.unexplained, 0);
  assert.ok(points.some((point: Json) => point.x_count !== null));
});

test("what X's count does beyond the names is told as unexplained", async () => {
  await roost.goodCrawl();
  const start = await roost.sim.now();
  await roost.advance(12 * 3600);
  await roost.sim.call("POST", "/sim/world", { count_factor: 0.98 });
  await roost.goodCrawl();
  const { x_count, followers } = await roost.account();
  assert.ok(x_count < followers);
  const { totals } = await series({ from: iso(start + 1000), to: iso((await roost.sim.now()) + HOUR_MS), interval: "hour" });
  assert.equal(totals.unexplained, x_count - followers);
});
