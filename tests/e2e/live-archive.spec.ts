// The raw archive of the stream in R2: every tweet that came, as X sent it, once; nothing that X
// had deleted; no texts beyond their time.
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { after, before, beforeEach, test } from "node:test";
import { ADMIN_TOKEN, iso, type Json, Roost } from "./harness.ts";
import { Watcher } from "./watcher.ts";

let roost: Roost;
let watcher: Watcher;
/** The newest number that was looked at. */
let handedOut = 0;

/** A part is closed once its beginning is so old. */
const PART_S = 5 * 60;
const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);

before(async () => {
  roost = await Roost.start({ followers: 100, runs: true, streamRate: 600 });
  await streaming();
  const since = await roost.sim.now();
  await roost.until("a tweet", async () => (await written(since)).length > 0);
  await quiet(since);
});
after(() => roost?.stop());

/** As if nothing had been archived: X writes nothing, the archive is on, a new watcher looks. */
beforeEach(async () => {
  await put({ archive: false });
  await roost.tick();
  watcher?.close();
  watcher = await Watcher.open(roost.runtime.url, { subscribe: { kinds: ["simple_tweet"] } });
  await put({ archive: true, archive_hours: 24 });
});

async function put(change: Json): Promise<void> {
  const answer = await roost.api("PUT", "/stream", change);
  assert.equal(answer.status, 200, answer.text);
}

async function streaming(): Promise<void> {
  await roost.until("the stream", async () => (await roost.get("/stream")).connection.state === "live");
}

/** What X wrote since, and the rules let through. */
async function written(since: number): Promise<string[]> {
  const [from, to] = [since, await roost.sim.now()].map((at) => encodeURIComponent(iso(at)));
  return (await roost.sim.call("GET", `/sim/tweets?from=${from}&to=${to}&rules=1`)).ids;
}

/** Stops X from writing, and waits until all that it wrote since is handed out: their ids. */
async function quiet(since: number): Promise<string[]> {
  await roost.sim.call("POST", "/sim/stream", { pause: true });
  // X goes on to the end of the second that is under way.
  const second = Math.floor((await roost.sim.now()) / 1_000);
  await roost.until("X to be quiet", async () => (await roost.sim.now()) >= (second + 1) * 1_000);
  const ids = await written(since);
  await roost.until("the last tweet", async () => {
    const { events, to } = await roost.get(`/live/events?after=${handedOut}&limit=1000&kinds=simple_tweet`);
    handedOut = Math.max(handedOut, to);
    return events.some(({ id }: Json) => id === ids.at(-1));
  });
  return ids;
}

async function breakDown(what: string): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  assert.equal((await roost.raw("POST", `/api/sim/live/${what}`, { headers })).status, 200);
}

/** Lets X write for a while, until so many came: the ids of what it wrote, all of which came. */
async function tweets(count: number): Promise<string[]> {
  const before = watcher.events.length;
  const since = await roost.sim.now();
  await roost.sim.call("POST", "/sim/stream", { pause: false });
  await watcher.until("tweets", () => watcher.events.length >= before + count);
  const ids = await quiet(since);
  await watcher.until("the last of them", () => watcher.events.length >= before + ids.length);
  assert.deepEqual(watcher.events.slice(before).map((event) => event.id).sort(), [...ids].sort());
  return ids;
}

/** The parts that began since, oldest first. */
async function parts(since: number): Promise<Json[]> {
  const all = await roost.all("/stream/archive?limit=1");
  return all.filter((part) => Date.parse(part.from) >= since).reverse();
}

/** The parts, once there are any: of rows that were written, or are now, some time ago. */
async function closed(since: number): Promise<Json[]> {
  return roost.until("a part", async () => {
    await roost.advance(PART_S + 1);
    await roost.tick();
    const found = await parts(since);
    return found.length > 0 && found;
  });
}

async function download(part: Json): Promise<Buffer> {
  const answer = await roost.api("GET", `/stream/archive/${part.name}`);
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assert.equal(answer.headers.get("content-type"), "application/gzip");
  assert.equal(answer.headers.get("content-encoding"), null);
  return answer.bytes;
}

function lines(bytes: Buffer): Json[] {
  return gunzipSync(bytes).toString("utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

const idsOf = (lines: Json[]) => lines.map((line) => line.data.id as string);

/** The object as it lies in the bucket. */
async function stored(part: Json): Promise<Buffer> {
  const { BUCKET } = await roost.runtime.bindings();
  const object = await BUCKET.get(part.key);
  assert.ok(object, `no object ${part.key}`);
  return Buffer.from(await object.arrayBuffer());
}

test("every tweet that came is in the archive once, as X sent it", async () => {
  const since = await roost.sim.now();
  const ids = await tweets(300);
  const found = await closed(since);
  const all = (await Promise.all(found.map(download))).flatMap(lines);
  assert.deepEqual(idsOf(all).sort(), [...ids].sort());
  assert.equal(found.reduce((sum, part) => sum + part.count, 0), ids.length);
  const { data, includes, matching_rules } = all[0]!;
  assert.ok(data.text && data.author_id && includes.users[0].username && matching_rules[0].id, JSON.stringify(all[0]));
});

test("a part is gzip members side by side, under the hour in which it began", async () => {
  const since = await roost.sim.now();
  // Cron has the newest events written as a row, and with it as a member.
  await tweets(50);
  await roost.tick();
  await tweets(50);
  const [part] = await closed(since);
  const bytes = await stored(part!);
  const first = bytes.indexOf(GZIP, 1);
  assert.deepEqual([bytes.subarray(0, 3), first > 0], [GZIP, true], "more than one member");
  assert.equal(lines(bytes).length, part!.count);
  assert.equal(bytes.length, part!.bytes);
  const folder = part!.from.slice(0, 13).replace(/[-T]/g, "/");
  assert.ok(part!.key.startsWith(`stream/${folder}/`) && part!.key.endsWith(".ndjson.gz"), part!.key);
});

test("nothing is archived unless it is asked for", async () => {
  await put({ archive: false });
  const since = await roost.sim.now();
  await tweets(50);
  await roost.advance(PART_S + 1);
  await roost.tick();
  assert.deepEqual(await parts(since), []);
});

test("switched off, the archive keeps what had come before", async () => {
  const since = await roost.sim.now();
  const ids = await tweets(50);
  await put({ archive: false });
  await tweets(50);
  await roost.tick();
  const found = await parts(since);
  assert.deepEqual(idsOf((await Promise.all(found.map(download))).flatMap(lines)).sort(), [...ids].sort());
});

test("a deleted tweet leaves the view at once and the bucket with the next sweep", async () => {
  const since = await roost.sim.now();
  const ids = await tweets(50);
  const [part] = await closed(since);
  const gone = ids[7]!;
  const watching = await Watcher.open(roost.runtime.url, { subscribe: { kinds: ["notice"] } });
  await roost.sim.call("POST", "/sim/notice", { kind: "delete", tweet: gone });
  await watching.until("the notice", () => watching.of("notice").some((n) => n.tweets?.includes(gone)));
  watching.close();
  assert.ok(!idsOf(lines(await download(part!))).includes(gone), "still in the view");
  assert.ok(idsOf(lines(await stored(part!))).includes(gone), "the sweep has yet to come");
  await roost.tick();
  const left = idsOf(lines(await stored(part!)));
  assert.deepEqual(left.sort(), ids.filter((id) => id !== gone).sort());
  const [now] = await parts(since);
  assert.deepEqual([now!.count, now!.bytes], [ids.length - 1, (await stored(part!)).length]);
});

test("a tweet deleted before its part is made never shows", async () => {
  const since = await roost.sim.now();
  const ids = await tweets(50);
  const gone = ids[3]!;
  await roost.sim.call("POST", "/sim/notice", { kind: "delete", tweet: gone });
  await roost.until("the purge", async () => {
    const { events } = await roost.get("/live/events?after=0&limit=1000&kinds=notice");
    return events.some((event: Json) => event.tweets?.includes(gone));
  });
  const found = await closed(since);
  const left = ids.filter((id) => id !== gone).sort();
  assert.deepEqual(idsOf((await Promise.all(found.map(download))).flatMap(lines)).sort(), left);
  await roost.tick();
  assert.deepEqual(idsOf((await Promise.all(found.map(stored))).flatMap(lines)).sort(), left);
});

test("a scrubbed place takes the line that held it", async () => {
  const since = await roost.sim.now();
  const ids = await tweets(200);
  const [part] = await closed(since);
  const placed = lines(await download(part!)).find((line) => line.data.geo)!;
  assert.ok(placed, "none of 200 tweets has a place");
  const { id, author_id } = placed.data;
  await roost.sim.call("POST", "/sim/notice", { kind: "scrub_geo", user: author_id, up_to: id });
  await roost.until("the line to go", async () => !idsOf(lines(await download(part!))).includes(id));
  await roost.tick();
  const left = lines(await stored(part!));
  assert.ok(!idsOf(left).includes(id) && left.length < ids.length);
});

test("after its hours ids and their count remain, no text", async () => {
  const since = await roost.sim.now();
  await put({ archive_hours: 2 });
  const ids = await tweets(50);
  const [part] = await closed(since);
  await roost.advance(3600);
  await roost.tick();
  assert.equal((await parts(since))[0]!.ids_only, false, "an hour is not two");
  await roost.advance(3600);
  await roost.tick();
  const [now] = await parts(since);
  assert.deepEqual([now!.name, now!.ids_only, now!.count], [part!.name, true, ids.length]);
  const [left] = lines(await download(now!));
  assert.deepEqual([left!.count, [...left!.ids].sort()], [ids.length, [...ids].sort()]);
  assert.deepEqual(await stored(now!), await download(now!));
  const { BUCKET } = await roost.runtime.bindings();
  assert.equal(await BUCKET.get(part!.key), null, "the texts are still there");
});

test("eviction and a new start lose nothing of what was in a row", async () => {
  const since = await roost.sim.now();
  const { to: begin } = await roost.get("/live/events");
  await tweets(100);
  await breakDown("evict");
  await watcher.until("its end", () => watcher.closed !== undefined);
  await streaming();
  watcher = await Watcher.open(roost.runtime.url, { subscribe: { kinds: ["simple_tweet"] } });
  await tweets(100);
  // Cron has the newest events written too.
  await roost.tick();
  // Whatever a row holds can be read back; what no row held lies in the gap that is declared.
  const kept: string[] = [];
  for (let after = begin; ; ) {
    const page = await roost.get(`/live/events?after=${after}&limit=1000&kinds=simple_tweet`);
    kept.push(...page.events.map((event: Json) => event.id));
    if (page.to <= after || page.events.length === 0) break;
    after = page.to;
  }
  assert.ok(kept.length >= 100, `${kept.length}`);
  await roost.runtime.powerCut();
  await streaming();
  const found = await closed(since);
  const archived = new Set(idsOf((await Promise.all(found.map(download))).flatMap(lines)));
  assert.deepEqual(kept.filter((id) => !archived.has(id)), []);
});

test("a part that there is not is a 404 with its name", async () => {
  const answer = await roost.api("GET", "/stream/archive/2020-01-01T00-00-00-000Z");
  assert.equal(answer.status, 404);
  assert.match(answer.json.detail, /2020-01-01T00-00-00-000Z/);
});
