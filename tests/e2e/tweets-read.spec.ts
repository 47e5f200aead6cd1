// Reading an account's tweets from X: what is read when, what it costs, what goes wrong.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";
import { pace } from "../poll.ts";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const TIMELINE = "/2/users/*/tweets";
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 300, rateLimits: true });
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.sim.call("POST", "/sim/world", { tweets: { [ACCOUNT]: "open", 13: "open" } });
  await roost.fresh();
});

const api = (path = "", account = ACCOUNT) => `/accounts/${account}/tweets${path}`;
const list = (account = ACCOUNT): Promise<Json[]> => roost.all(`${api("", account)}?limit=1000`);
const truth = async (from: number, account = ACCOUNT): Promise<Json[]> => {
  const to = await roost.sim.now();
  const path = `/sim/tweets/own?account=${account}&from=${encodeURIComponent(iso(from))}&to=${encodeURIComponent(iso(to))}`;
  return (await roost.sim.call("GET", path)).tweets;
};
const bill = (): Promise<Json> => roost.sim.call("GET", "/sim/bill");
const micro = (usd: number) => Math.round(usd * 1e6);

async function on(account = ACCOUNT): Promise<void> {
  const answer = await roost.api("PATCH", `/accounts/${account}`, { tweets: true });
  assert.equal(answer.status, 200, answer.text);
}

async function check(account = ACCOUNT): Promise<Json> {
  const answer = await roost.api("POST", api("/check", account));
  assert.equal(answer.status, 202, answer.text);
  return roost.ended(answer.json.run);
}

async function goodCheck(account = ACCOUNT): Promise<Json> {
  const run = await check(account);
  assert.equal(run.state, "done", JSON.stringify(run));
  return run;
}

/** The newest file of tweets. */
async function file(): Promise<Json> {
  const newest = (await roost.snapshots()).find((snapshot) => snapshot.kind === "tweets");
  assert.ok(newest, "no file of tweets");
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${newest.name}`);
  return JSON.parse(gunzipSync(answer.bytes).toString());
}

/** An hour later, read by cron; the run, if one was made. */
async function hour(seconds = HOUR_S): Promise<Json | undefined> {
  await roost.advance(seconds);
  await roost.tick();
  const [run] = await roost.all(`/runs?what=tweets&limit=1`).then((runs) => runs.slice(0, 1));
  return run ? roost.ended(run.id) : undefined;
}

test("nothing is read before the owner, who has seen the price, switches it on", async () => {
  const read = async () => {
    const { post, owned_post } = (await bill()).by_resource;
    return post.returned + owned_post.returned;
  };
  const before = await read();
  await roost.tick();
  const answer = await roost.api("POST", api("/check"));
  assert.equal(answer.status, 409);
  assert.match(answer.json.detail, /costs money/);
  assert.equal(await read(), before);
  assert.deepEqual(await roost.all("/runs?what=tweets&state=done"), []);
  const { tweets } = await roost.account();
  assert.deepEqual([tweets.on, tweets.state, tweets.next_read, tweets.complete], [false, "idle", null, false]);
  assert.ok(tweets.month_usd > 0 && tweets.first_usd > 0, JSON.stringify(tweets));
});

test("a first reading has every tweet X lists, with the author's metrics, at the owner's price", async () => {
  const { tweets } = await roost.account();
  const before = [micro((await bill()).usd), micro((await roost.get("/budget")).spent_usd)];
  await on();
  const run = await goodCheck();
  const there = (await truth(0)).filter((t) => t.deleted_at === null);
  const found = await list();
  assert.deepEqual(found.map((t) => t.id).sort(), there.map((t) => t.id).sort());
  assert.ok(found.length > 200, `${found.length} tweets prove little`);
  const now = await roost.sim.now();
  for (const one of there) {
    const { metrics, promoted } = found.find((t) => t.id === one.id)!;
    for (const [name, count] of Object.entries(one.public)) {
      if (`public.${name}` in metrics) assert.equal(metrics[`public.${name}`], count, `${one.id} ${name}`);
    }
    assert.ok("public.like_count" in metrics, JSON.stringify(metrics));
    const young = now - one.created_at < 29 * DAY_S * 1000;
    const private_ = "organic.impression_count" in metrics;
    if (!young) assert.ok(!private_ || now - one.created_at < 30 * DAY_S * 1000);
    if (young && one.kind !== "retweet") assert.ok(private_, `${one.id} ${JSON.stringify(metrics)}`);
    if (young && one.promoted_metrics) assert.ok(promoted && metrics["promoted.impression_count"] >= 0, one.id);
  }
  const spent = [micro((await bill()).usd) - before[0], micro((await roost.get("/budget")).spent_usd) - before[1]];
  assert.equal(spent[0], spent[1], "the books are X's bill");
  assert.equal(spent[0], found.length * 1_000, "one price, once each");
  assert.ok(micro(tweets.first_usd) >= spent[0]);
  const { promoted, unpromoted } = await file();
  assert.equal(promoted.length + unpromoted.length, run.counts.read);
  assert.ok(promoted.every((t: Json) => t.promoted_metrics) && unpromoted.every((t: Json) => !t.promoted_metrics));
  const after = (await roost.account()).tweets;
  assert.deepEqual([after.complete, after.first_usd, after.known], [true, 0, found.length]);
});

test("another account's tweets are read at the usual price, public metrics alone", async () => {
  await roost.track("13");
  await on("13");
  const before = micro((await bill()).usd);
  await goodCheck("13");
  const found = await list("13");
  assert.ok(found.length > 50);
  assert.equal(micro((await bill()).usd) - before, found.length * 5_000);
  const families = new Set(found.flatMap((t) => Object.keys(t.metrics).map((name) => name.split(".")[0])));
  assert.deepEqual([...families], ["public"]);
});

test("a check under way is the one a second wish gets", async () => {
  await on();
  const id = await roost.fault("slow", { route: TIMELINE, args: { ms: 300 } });
  const first = await roost.api("POST", api("/check"));
  const second = await roost.api("POST", api("/check"));
  assert.deepEqual([second.status, second.json.run], [200, first.json.run]);
  await roost.ended(first.json.run);
  assert.ok((await roost.fired(id)) > 0);
});

test("with nothing due a reading writes no file, and says so", async () => {
  await on();
  await goodCheck();
  const files = (await roost.snapshots()).length;
  const run = await goodCheck();
  assert.equal((await roost.snapshots()).length, files);
  assert.deepEqual([run.counts.read, run.counts.calls], [0, 1]);
});

test("two days of ticks: each tweet at its age's hours, and repeats of a day cost nothing", async () => {
  await on();
  await goodCheck();
  const began = await roost.sim.now();
  const before = [micro((await bill()).usd), micro((await roost.get("/budget")).spent_usd)];
  for (let n = 0; n < 48; n++) {
    const run = await hour();
    assert.equal(run?.state, "done", JSON.stringify(run));
  }
  const spent = [micro((await bill()).usd) - before[0], micro((await roost.get("/budget")).spent_usd) - before[1]];
  assert.equal(spent[0], spent[1]);
  const written = (await truth(began)).filter((t) => t.deleted_at === null && t.edits.length === 1);
  assert.ok(written.length > 2, "nothing was written: this proves nothing");
  const now = await roost.sim.now();
  for (const one of written) {
    const detail = await roost.get(api(`/${one.id}`));
    const hours = Math.min(24, (now - one.created_at) / 3.6e6);
    const later = Math.max(0, (now - one.created_at) / 3.6e6 - 24) / 6;
    assert.ok(Math.abs(detail.readings - (hours + later)) <= 2, `${detail.readings} of ${hours} + ${later}`);
  }
});

test("a tweet deleted between two readings is purged from answers, exports and files", async () => {
  await on();
  await goodCheck();
  const all = await list();
  const said = (words: string) => all.filter((t) => t.text?.includes(words)).length;
  const first = all.find((t) => t.text?.length > 20 && t.kind === "tweet" && said(t.text) === 1)!;
  const words = first.text;
  const everything = async () =>
    Buffer.concat(await Promise.all(["STATS_TWEETS.json.gz", "tweets.ndjson", "tweets.csv"].map(async (name) => {
      const bytes = await roost.export(name);
      return name.endsWith("gz") ? gunzipSync(bytes) : bytes;
    }))).toString();
  const escaped = JSON.stringify(words).slice(1, -1);
  assert.ok((await everything()).includes(escaped));
  await roost.sim.call("POST", "/sim/tweets/delete", { id: first.id });
  // Its next turn may be a day away.
  const run = await hour(DAY_S);
  assert.equal(run?.counts.deleted, 1, JSON.stringify(run));
  const [gone] = (await list()).filter((t) => t.id === first.id);
  assert.ok(gone.deleted_at);
  assert.equal(gone.text, null);
  assert.ok(gone.metrics["public.like_count"] >= 0, "what was counted stays");
  assert.ok(!(await everything()).includes(escaped));
  const purge = await roost.until("the purge", async () => (await roost.all("/runs?what=purge")).find((r) => r.state === "done"));
  assert.ok(purge.counts.files > 0);
  const bucket = (await roost.runtime.bindings()).BUCKET;
  for (const { name, etag } of (await roost.snapshots()).filter((s) => s.kind === "tweets")) {
    const object = await bucket.get(`snapshots/${ACCOUNT}/${name}`);
    assert.equal(object.etag, etag, "the rewritten file is known by its new bytes");
    const text = gunzipSync(Buffer.from(await object.arrayBuffer())).toString();
    assert.ok(!text.includes(escaped), name);
  }
  const files = (await roost.snapshots()).length;
  await roost.tick();
  const answer = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  await roost.ended(answer.json.run);
  assert.equal((await roost.snapshots()).length, files);
  assert.equal((await list()).find((t) => t.id === first.id)!.text, null, "a replay does not bring it back");
});

test("tweets of an account that closed itself are purged", async () => {
  await roost.track("13");
  await on("13");
  await goodCheck("13");
  const before = (await list("13")).length;
  await roost.sim.call("POST", "/sim/world", { tweets: { 13: "protected" } });
  await hour(8 * DAY_S);
  const found = await list("13");
  assert.equal(found.length, before);
  assert.ok(found.every((t) => t.text === null && t.deleted_at), JSON.stringify(found.find((t) => t.text)));
});

const ODD: [string, Json, (run: Json, found: Json[]) => void][] = [
  ["no_text", {}, (_, found) => assert.ok(found.some((t) => t.text === null && !t.deleted_at))],
  ["null_metrics", {}, (_, found) => assert.ok(found.some((t) => !("public.like_count" in t.metrics)))],
  ["no_metrics", {}, (_, found) => assert.ok(found.some((t) => Object.keys(t.metrics).length === 0))],
  ["foreign_tweet", {}, (run) => assert.equal(run.counts.foreign, 1)],
  ["future_tweet", {}, (run) => assert.equal(run.counts.early, 1)],
  ["refuse_field", { drop: 1 }, (_, found) => assert.ok(found.every((t) => "public.like_count" in t.metrics))],
  ["cut", {}, (run) => assert.equal(run.counts.retries, 1)],
  ["bad_json", {}, (run) => assert.equal(run.counts.retries, 1)],
  ["status_503", {}, (run) => assert.equal(run.counts.retries, 1)],
  ["repeat_page", { after: 1 }, () => {}],
];
for (const [kind, args, expect] of ODD) {
  test(`${kind} of X costs no more than it must`, async () => {
    await on();
    const { after, ...rest } = args;
    const id = await roost.fault(kind, { route: TIMELINE, after: after ?? 0, args: rest });
    const run = await goodCheck();
    assert.equal(await roost.fired(id), 1);
    const there = (await truth(0)).filter((t) => t.deleted_at === null);
    const found = await list();
    const missing = there.filter((t) => !found.some((f) => f.id === t.id));
    assert.deepEqual(missing, []);
    expect(run, found);
    const { by_resource } = await bill();
    assert.ok(by_resource.owned_post.billed > 0);
  });
}

test("a 401 in the middle keeps what came, stops for the day, and the next day goes on from there", async () => {
  await on();
  await roost.fault("status_401", { route: TIMELINE, after: 2, count: 1 });
  const run = await check();
  assert.equal(run.state, "failed");
  assert.match(run.error.title, /keys/);
  const part = await roost.until("the file's reading", async () => {
    const found = await list();
    return found.length > 0 && found.length;
  });
  const { tweets } = await roost.account();
  assert.deepEqual([tweets.state, tweets.complete], ["stopped", false]);
  const runs = (await roost.all("/runs?what=tweets")).length;
  await roost.advance(HOUR_S);
  await roost.tick();
  assert.equal((await roost.all("/runs?what=tweets")).length, runs, "not before tomorrow");
  const spent = micro((await bill()).usd);
  await hour(DAY_S);
  const there = (await truth(0)).filter((t) => t.deleted_at === null);
  assert.equal((await list()).filter((t) => !t.deleted_at).length, there.length);
  assert.equal((await roost.account()).tweets.complete, true);
  assert.ok(part < there.length);
  assert.ok(micro((await bill()).usd) - spent < there.length * 1_000, "not everything anew");
});

test("a cap leaves out what it does not cover, says so, and nothing is spent beyond it", async () => {
  const cap = (await roost.account()).spent_month_usd + 0.15;
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { monthly_cap_usd: cap, tweets: true });
  const run = await check();
  assert.ok(run.counts.read > 0 && run.counts.read <= 150, JSON.stringify(run));
  const spent = (await roost.account()).spent_month_usd;
  assert.ok(micro(spent) <= micro(cap), `${spent}`);
  const { tweets } = await roost.account();
  assert.equal(tweets.state, "stopped");
  assert.match(tweets.reason, /cap/);
});

test("an eviction between any two calls changes nothing", async () => {
  await on();
  const slow = await roost.fault("slow", { route: TIMELINE, count: 20, args: { ms: 50 } });
  const answer = await roost.api("POST", api("/check"));
  const ends = roost.ended(answer.json.run);
  await roost.evictBetweenCalls([slow], ends);
  const run = await ends;
  assert.equal(run.state, "done", JSON.stringify(run));
  const there = (await truth(0)).filter((t) => t.deleted_at === null);
  assert.deepEqual((await list()).map((t) => t.id).sort(), there.map((t) => t.id).sort());
});
