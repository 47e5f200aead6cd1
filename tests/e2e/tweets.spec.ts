// TWEETS_ files from elsewhere: what becomes of every tweet in them, how they are listed, shown
// and exported; and everything that can be wrong with them.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EPOCH_MS = 1_288_834_974_657n;
/** The list of tweets. */
const FILES = `/accounts/${ACCOUNT}/tweets`;
let roost: Roost;
/** Noon, by the simulator's clock; tests import what came before it. */
let now: number;

before(async () => {
  roost = await Roost.start({ followers: 300 });
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.fresh();
  now = await roost.sim.now();
});

const hours = (n: number) => now - n * HOUR_MS;
/** The id X gives a tweet of an instant. */
const idAt = (at: number, n = 0) => String(((BigInt(at) - EPOCH_MS) << 22n) + BigInt(n));
const nameOf = (at: number) => `TWEETS_${iso(at).replace(/\.\d+Z$/, "Z")}.json.gz`;
const tweet = (at: number, more: Json = {}): Json => ({
  id: idAt(at),
  text: `said at ${at}`,
  created_at: iso(at),
  author_id: ACCOUNT,
  lang: "en",
  ...more,
});
const likes = (n: number) => ({ public_metrics: { like_count: n, impression_count: 10 * n } });

function put(at: number, unpromoted: Json[], promoted: Json[] = []): Promise<Json> {
  return roost.import(nameOf(at), gzipSync(JSON.stringify({ promoted, unpromoted })));
}

async function good(at: number, unpromoted: Json[], promoted: Json[] = []): Promise<Json> {
  const run = await put(at, unpromoted, promoted);
  assert.equal(run.state, "done", JSON.stringify(run));
  return run;
}

const list = (query = ""): Promise<Json[]> => roost.all(`${FILES}?limit=1000&${query}`);
const one = (id: string): Promise<Json> => roost.get(`${FILES}/${id}`);

test("tweets of a file are listed, newest first, with what X counted and what it grew by", async () => {
  const [a, b] = [hours(50), hours(20)];
  await good(hours(10), [tweet(a, likes(3)), tweet(b, likes(1))]);
  await good(hours(1), [tweet(a, likes(7))], [tweet(b, { ...likes(5), promoted_metrics: { like_count: 2 } })]);
  const found = await list();
  assert.deepEqual(found.map((t) => [t.id, t.promoted]), [[idAt(b), true], [idAt(a), false]]);
  const [first, second] = found;
  assert.deepEqual(first.metrics, { "promoted.like_count": 2, "public.impression_count": 50, "public.like_count": 5 });
  assert.equal(first.growth["public.like_count"], 5, "from its beginning");
  assert.equal(second.read_at, iso(hours(1)).replace(".000", ""));
  const range = `growth_from=${iso(hours(11))}&growth_to=${iso(now)}`;
  assert.equal((await list(range))[1].growth["public.like_count"], 4);
  assert.equal(first.sparkline.length, 24);
  assert.equal(first.sparkline.reduce((sum: number, n: number | null) => sum + (n ?? 0), 0), 50);
});

test("what is odd of a tweet costs that alone", async () => {
  const at = hours(30);
  const long = "ä".repeat(4000);
  const hebrew = "שלום \u200f(עולם) 👩‍👩‍👧";
  const run = await good(hours(1), [
    tweet(at, { text: undefined }),
    tweet(at - 1000, { text: "cut…", note_tweet: { text: long } }),
    tweet(at - 2000, { text: hebrew, lang: "iw" }),
    tweet(at - 3000, { public_metrics: { like_count: null, reply_count: 2 } }),
    tweet(at - 4000),
    tweet(at - 5000, { author_id: "13" }),
    tweet(now + DAY_MS),
    { text: "without an id" },
  ]);
  assert.deepEqual(
    [run.counts.tweets, run.counts.dropped, run.counts.foreign, run.counts.early],
    [7, 1, 1, 1],
  );
  const found = await list();
  assert.deepEqual(found.map((t) => t.text), [null, long, hebrew, `said at ${at - 3000}`, `said at ${at - 4000}`]);
  assert.deepEqual(found.map((t) => t.metrics), [{}, {}, {}, { "public.reply_count": 2 }, {}]);
});

test("a tweet in both lists is the promoted one, and counted", async () => {
  const at = hours(30);
  const run = await good(hours(1), [tweet(at, likes(1))], [tweet(at, { ...likes(2), promoted_metrics: { like_count: 1 } })]);
  assert.equal(run.counts.both, 1);
  const [found] = await list();
  assert.deepEqual([found.promoted, found.metrics["public.like_count"]], [true, 2]);
});

test("an edit chain is one tweet in the list, and each version is kept", async () => {
  const [a, b, c] = [hours(30), hours(29.9), hours(29.8)];
  const chain = (ids: number[]) => ({ edit_history_tweet_ids: ids.map((at) => idAt(at)) });
  // The newest comes first: the order of files must not matter.
  await good(hours(1), [tweet(c, chain([a, b, c]))]);
  await good(hours(3), [tweet(a, chain([a]))]);
  await good(hours(2), [tweet(b, chain([a, b]))]);
  assert.deepEqual((await list()).map((t) => t.id), [idAt(c)]);
  assert.deepEqual((await one(idAt(c))).replaces, [idAt(a), idAt(b)]);
  assert.equal((await one(idAt(a))).replaced_by, idAt(c));
});

test("a file that is cut, or no file of tweets, is set aside and takes nothing with it", async () => {
  const at = hours(30);
  const file = gzipSync(JSON.stringify({ promoted: [], unpromoted: [tweet(at, likes(3))] }));
  await roost.import(nameOf(hours(2)), file);
  const before = await list();
  for (const [n, bytes] of [file.subarray(0, 60), gzipSync("[]"), gzipSync('{"promoted":[]}'), Buffer.from("?")].entries()) {
    const run = await roost.import(nameOf(hours(1) + n * 1000), bytes);
    assert.equal(run.state, "quarantined", JSON.stringify(run));
  }
  assert.deepEqual(await list(), before);
  const over = await roost.sendOver(nameOf(hours(2)), file.subarray(0, 60));
  assert.equal(over.status, 422, over.text);
  assert.deepEqual(await list(), before, "damaged bytes never take the place of a file");
});

test("two files of one instant are not both counted", async () => {
  await good(hours(2), [tweet(hours(30), likes(3))]);
  const name = nameOf(hours(2)).replace("Z", "+00:00");
  const run = await roost.import(name, gzipSync(JSON.stringify({ promoted: [], unpromoted: [tweet(hours(30), likes(9))] })));
  assert.equal(run.state, "quarantined");
  assert.match(run.error.detail, /same instant/);
  assert.equal((await list())[0].metrics["public.like_count"], 3);
});

/** Everything that is told of tweets, as bytes. */
async function told(): Promise<string[]> {
  const found = await list("growth_from=2020-01-01T00:00:00Z");
  const details = await Promise.all(found.map(({ id }) => one(id)));
  const series = await Promise.all(found.map(({ id }) => roost.get(`${FILES}/${id}/series?interval=hour&from=${iso(hours(100))}&to=${iso(now)}`)));
  const exports = await Promise.all(["STATS_TWEETS.json.gz", "tweets.csv"].map((file) => roost.export(file)));
  return [found, details, series].map((value) => JSON.stringify(value)).concat(exports.map((b) => b.toString("base64")));
}

test("files in any order, twice, and a replay say the same", async () => {
  const [a, b] = [hours(70), hours(60)];
  const files: [number, Json[], Json[]][] = [
    [hours(50), [tweet(a, likes(1)), tweet(b, likes(1))], []],
    [hours(40), [tweet(a, { ...likes(4), text: "edited" })], [tweet(b, { ...likes(2), promoted_metrics: { like_count: 1 } })]],
    [hours(30), [tweet(a, likes(3))], []],
    [hours(20), [tweet(b, { ...likes(9), text: "last word" })], []],
  ];
  for (const file of files) await good(...file);
  const expected = await told();
  assert.match(expected[0], /last word/);
  for (const order of [[3, 2, 1, 0], [1, 3, 0, 2]]) {
    await roost.fresh();
    for (const n of order) await good(...files[n]);
    assert.deepEqual((await told()).slice(3), expected.slice(3), `in the order ${order}`);
  }
  const key = `snapshots/${ACCOUNT}/${nameOf(files[1][0])}`;
  const { etag } = await roost.snapshotOf(nameOf(files[1][0]));
  const queue = (await roost.runtime.bindings()).SNAPSHOTS;
  for (let n = 0; n < 3; n++) await queue.send({ action: "PutObject", object: { key, eTag: etag } });
  const answer = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  await roost.ended(answer.json.run);
  assert.deepEqual((await told()).slice(3), expected.slice(3), "after a replay");
});

test("a file replaced says what it says now", async () => {
  const [a, b] = [hours(70), hours(60)];
  await good(hours(50), [tweet(a, likes(1))]);
  await good(hours(40), [tweet(a, likes(2)), tweet(b, likes(5))]);
  const file = gzipSync(JSON.stringify({ promoted: [], unpromoted: [tweet(a, likes(3))] }));
  const answer = await roost.sendOver(nameOf(hours(40)), file);
  assert.equal(answer.status, 202, answer.text);
  assert.equal((await roost.ended(answer.json.run)).state, "done");
  const found = await list();
  assert.deepEqual(found.map((t) => [t.id, t.metrics["public.like_count"]]), [[idAt(a), 3]]);
  assert.equal((await roost.api("GET", `${FILES}/${idAt(b)}`)).status, 404);
});

test("the list is filtered, sorted and paged", async () => {
  const times = Array.from({ length: 30 }, (_, n) => hours(40 + n));
  const kinds = [{}, { in_reply_to_user_id: "7" }, { referenced_tweets: [{ type: "quoted", id: "5" }] }];
  const all = times.map((at, n) =>
    tweet(at, { ...kinds[n % 3], lang: n % 2 ? "de" : "en", text: `Nummer ${n} GROẞ`, ...likes(n % 7) }));
  await good(hours(2), all.slice(5), all.slice(0, 5));
  const ids = async (query: string) => (await list(query)).map((t) => t.id);
  const expected = (pick: (n: number) => boolean) => times.flatMap((at, n) => (pick(n) ? [idAt(at)] : []));
  assert.deepEqual(await ids(""), expected(() => true));
  assert.deepEqual(await ids("kind=reply"), expected((n) => n % 3 === 1));
  assert.deepEqual(await ids("kind=reply,quote"), expected((n) => n % 3 > 0));
  assert.deepEqual(await ids("lang=de"), expected((n) => n % 2 === 1));
  assert.deepEqual(await ids("promoted=true"), expected((n) => n < 5));
  assert.deepEqual(await ids("q=gro%C3%9F+17+nummer"), expected((n) => n === 17));
  assert.deepEqual(await ids(`from=${iso(times[10])}&to=${iso(times[4])}`), expected((n) => n > 4 && n <= 10));
  const sorted = await roost.all(`${FILES}?limit=4&sort=-public.like_count`);
  assert.equal(new Set(sorted.map((t) => t.id)).size, 30);
  const counts = sorted.map((t) => t.metrics["public.like_count"]);
  assert.deepEqual(counts, [...counts].sort((x, y) => y - x));
  assert.equal(sorted[0].sparkline_metric, "public.like_count");
  const grown = await roost.all(`${FILES}?limit=7&sort=growth.public.like_count`);
  assert.deepEqual(grown.map((t) => t.growth["public.like_count"]), [...counts].reverse());
  assert.equal((await roost.all(`${FILES}?limit=9&sort=-after`)).length, 30);
});

test("parameters that are none are refused by name", async () => {
  await good(hours(2), [tweet(hours(30), likes(1))]);
  const id = idAt(hours(30));
  const bad: [string, RegExp][] = [
    [`${FILES}?kind=poem`, /kind=poem/],
    [`${FILES}?sort=likes`, /sort=likes/],
    [`${FILES}?promoted=maybe`, /promoted=maybe/],
    [`${FILES}?cursor=x`, /cursor/],
    [`${FILES}?growth_from=${iso(now)}&growth_to=${iso(hours(1))}`, /growth_from/],
    [`${FILES}/${id}/series?metrics=likes`, /metrics=likes/],
    [`${FILES}/${id}/series?interval=hour&from=2020-01-01T00:00:00Z`, /9000 points/],
    [`${FILES}/${id}/series?median=perhaps`, /median=perhaps/],
    [`${FILES}/totals?metrics=public.`, /metrics=public\./],
    [`${FILES}/hours?from=${iso(now)}&to=${iso(hours(1))}`, /before/],
  ];
  for (const [path, words] of bad) {
    const answer = await roost.api("GET", path);
    assert.equal(answer.status, 400, `${path}: ${answer.text}`);
    assert.match(answer.json.detail, words);
  }
  assert.equal((await roost.api("GET", `${FILES}/nobody`)).status, 400);
  assert.equal((await roost.api("GET", `${FILES}/77`)).status, 404);
});

test("a series shows what was read and marks what fell; what was not read is null", async () => {
  const at = hours(30);
  for (const [ago, count] of [[29, 5], [28, 9], [26, 7]] as const) await good(hours(ago), [tweet(at, likes(count))]);
  const id = idAt(at);
  const query = `interval=hour&metrics=public.like_count,organic.like_count&from=${iso(hours(30))}&to=${iso(hours(25))}`;
  const series = await roost.get(`${FILES}/${id}/series?${query}`);
  assert.deepEqual(series.points.map((p: Json) => p.values), [[null, null], [5, null], [9, null], [null, null], [7, null]]);
  assert.deepEqual(series.points.map((p: Json) => p.fell ?? []), [[], [], [], [], [0]]);
  const detail = await one(id);
  assert.equal(detail.readings, 3);
  assert.deepEqual(detail.falls.find((f: Json) => f.metric === "public.like_count"), {
    at: iso(hours(26)).replace(".000", ""), metric: "public.like_count", from: 9, to: 7,
  });
});

test("a year of hourly readings is one series, in any zone", async () => {
  const at = hours(24 * 365);
  await good(hours(24 * 365 - 1), [tweet(at, likes(1))]);
  await good(hours(1), [tweet(at, likes(9))]);
  const path = `${FILES}/${idAt(at)}/series?interval=hour&tz=Europe/Berlin&from=${iso(at)}&to=${iso(now)}`;
  const { points } = await roost.get(path);
  assert.equal(points.length, 8760);
  assert.deepEqual([points[1].values[1], points[8759].values[1]], [1, 9]);
});

test("the median of other tweets at the same age stands beside", async () => {
  // Apart by no whole hours: files of one instant would replace each other.
  const times = [80, 82.1, 84.2, 86.3].map(hours);
  for (let age = 1; age < 6; age++) {
    for (const [n, at] of times.entries()) await good(at + age * HOUR_MS, [tweet(at, likes(age * (n + 1)))]);
  }
  const series = await roost.get(
    `${FILES}/${idAt(times[0])}/series?median=true&interval=hour&metrics=public.like_count&from=${iso(times[0])}&to=${iso(times[0] + 5 * HOUR_MS)}`,
  );
  assert.ok(series.median.length >= 4, JSON.stringify(series.median));
  for (const point of series.median) {
    const age = Math.round(point.age_hours);
    assert.deepEqual([point.mid, point.tweets], [age * 3, 3], JSON.stringify(point));
  }
});

test("totals are by day, and hours by impressions with their sample", async () => {
  const day = Math.floor(now / DAY_MS) * DAY_MS - 3 * DAY_MS;
  const [a, b] = [day + 8 * HOUR_MS, day + 20 * HOUR_MS];
  await good(day + 10 * HOUR_MS, [tweet(a, likes(4))]);
  await good(day + 30 * HOUR_MS, [tweet(a, likes(6)), tweet(b, likes(3))]);
  await good(day + 34 * HOUR_MS, [tweet(a, likes(6))]);
  for (const hour of [42, 46]) await good(day + hour * HOUR_MS, [tweet(b, likes(5))]);
  const totals = await roost.get(`${FILES}/totals?metrics=public.like_count&from=${iso(day)}&to=${iso(day + 3 * DAY_MS)}`);
  const points = totals.points.map((p: Json) => [p.written, p.read, p.growth[0]]);
  assert.deepEqual(points, [[2, 1, 4], [0, 2, 7], [0, 0, null]]);
  const { items } = await roost.get(`${FILES}/hours?from=${iso(day)}&to=${iso(day + 3 * DAY_MS)}`);
  assert.deepEqual(items.map((h: Json) => [h.hour, h.tweets, h.few]).sort(), [[20, 1, true], [8, 1, true]]);
});

test("tables have every tweet of the list's filters", async () => {
  const times = Array.from({ length: 1100 }, (_, n) => hours(40) - n * 60_000);
  await good(hours(2), times.map((at, n) => tweet(at, { ...likes(n), text: n === 3 ? '=1+1, "x"' : `t${n}`, lang: n % 2 ? "de" : "en" })));
  const lines = (await roost.export("tweets.ndjson?lang=de")).toString().trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((t: Json) => t.id), times.filter((_, n) => n % 2).map((at) => idAt(at)));
  const csv = (await roost.export("tweets.csv")).toString().split("\r\n");
  assert.equal(csv.length, 1 + 1100 + 1);
  assert.match(csv[0], /^account_id,tweet_id,.*public\.like_count.*,text,private_until$/);
  assert.ok(csv.some((line) => line.includes(`"'=1+1, ""x"""`)), "formulas are disarmed");
  const stats = JSON.parse(gunzipSync(await roost.export("STATS_TWEETS.json.gz")).toString());
  assert.equal(Object.keys(stats).length, 1100);
});

test("who came after a tweet is told with its bounds and never as its doing", async () => {
  // Daily lists of followers around a tweet, and a tweet between two of them.
  const days = [5, 4, 3, 2, 1].map((n) => now - n * DAY_MS);
  for (const at of days) {
    const run = await roost.import(`FOLLOWERS_${iso(at).replace(".000", "")}.json.gz`, await roost.sim.snapshot(at));
    assert.equal(run.state, "done");
  }
  await good(hours(2), [tweet(days[1], likes(1))]);
  const [{ followers_after: found }] = await list();
  const events = await roost.events(`from=${iso(days[2])}&to=${iso(days[2] + 1)}&kind=followed,returned`);
  assert.deepEqual(found.came_range, { low: events.length, high: events.length });
  assert.equal(found.came, events.length);
  assert.equal(found.complete, true);
  assert.equal(found.usual, null, "no earlier week was observed");
});
