// Days of an account (nine; thirty with `--long`), hour by hour, with refusals and evictions: what was read is what the
// cadence asks for, what it cost is X's bill, the exports are what the seed's own algorithm makes of
// the files, and a replay from the bucket makes the same bytes.
//
// Runs first: hundreds of hours, one after the other, take a minute.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";
import { XSIM } from "./simulator.ts";

const ORACLE = process.env.ROOST_ORACLE ?? join(dirname(XSIM), "oracle");
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = process.env.ROOST_LONG === "1" ? 30 : 9;
/** Hours of which X refuses the first call: every eleventh. */
const REFUSED = Math.floor((DAYS * 24 + 7) / 11);
const FOUR = ["NEW_FOLLOWERS", "LOST_FOLLOWERS", "USER_INFO", "STATS_TWEETS"];
/** Up to which age a tweet is read how often. */
const CADENCE = [[DAY_MS, HOUR_MS], [7 * DAY_MS, 6 * HOUR_MS], [30 * DAY_MS, DAY_MS], [Infinity, 7 * DAY_MS]];
let roost: Roost;
/** When each hour was read. */
const ticks: number[] = [];
const spent = { roost: 0, x: 0 };

before(async () => {
  roost = await Roost.start({ followers: 300, rateLimits: true, now: "2026-09-01T00:00:30Z" });
  const start = await bill();
  await roost.track(ACCOUNT, { schedule: "daily" });
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { tweets: true });
  for (let hour = 0; hour < DAYS * 24; hour++) {
    // Every eleventh hour X refuses once; every seventh the object is lost meanwhile.
    const route = "/2/users/*/tweets";
    if (hour % 11 === 3) await roost.fault("status_429", { route, after: hour % 2 });
    ticks.push(await roost.sim.now());
    await roost.tick();
    if (hour % 7 === 5) await roost.evict();
    await idle();
    const next = Date.parse("2026-09-01T00:00:30Z") + (hour + 1) * HOUR_MS;
    await roost.advance(Math.max(1, (next - (await roost.sim.now())) / 1000));
  }
  spent.x = (await bill()) - start;
  spent.roost = Math.round((await roost.get("/budget")).spent_usd * 1e6);
}, { timeout: 900_000 });
after(() => roost?.stop());

async function bill(): Promise<number> {
  const { usd } = await roost.sim.call("GET", "/sim/bill");
  return Math.round(usd * 1e6);
}

/** Waits until nothing runs; what waits for X has its wait skipped. */
async function idle(): Promise<void> {
  await roost.until("the hour's work", async () => {
    if (await roost.skipWait()) return false;
    return (await roost.get("/runs?state=running&limit=1")).items.length === 0;
  });
}

/** When a tweet is due next, by its last reading. */
function due(created: number, last: number): number {
  let begin = 0;
  for (const [end, every] of CADENCE) {
    const after = Math.floor((last + 300_000) / every) + 1;
    const aged = Math.ceil((created + begin) / every);
    const at = Math.max(after, aged) * every;
    if (at - created < end) return at;
    begin = end;
  }
  throw new Error("the last stage has no end");
}

test("each tweet was read as often as its age asks for, within a twentieth", async () => {
  const tweets: Json[] = (await roost.all(`/accounts/${ACCOUNT}/tweets?limit=1000`)).filter((t) => !t.deleted_at);
  let [wanted, off] = [0, 0];
  for (const { id, created_at } of tweets) {
    const created = Date.parse(created_at);
    let [last, count] = [NaN, 0];
    for (const at of ticks) {
      if (at < created || (count > 0 && due(created, last) - 300_000 > at)) continue;
      [last, count] = [at, count + 1];
    }
    const { readings } = await roost.get(`/accounts/${ACCOUNT}/tweets/${id}`);
    wanted += count;
    off += Math.abs(readings - count);
  }
  console.log(`  ${tweets.length} tweets, ${wanted} readings due, off by ${off}`);
  assert.ok(tweets.length > 200 && wanted > 100 * DAYS, "nothing was written: this proves nothing");
  assert.ok(off <= wanted / 20, `${off} of ${wanted}`);
});

test("what was spent is what X bills", () => {
  console.log(`  X bills $${(spent.x / 1e6).toFixed(3)} for ${DAYS} days, followers daily and tweets hourly`);
  assert.equal(spent.roost, spent.x);
});

test("the exports are what the seed's algorithm makes of the files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "roost-month-"));
  try {
    const bucket = (await roost.runtime.bindings()).BUCKET;
    const files = (await roost.snapshots()).filter((snapshot) => snapshot.state === "accepted");
    for (const { name } of files) {
      const object = await bucket.get(`snapshots/${ACCOUNT}/${name}`);
      writeFileSync(join(folder, name), Buffer.from(await object.arrayBuffer()));
    }
    assert.ok(files.filter((f) => f.kind === "tweets").length > 10 * DAYS);
    execFileSync(ORACLE, [folder], { stdio: "inherit" });
    for (const name of FOUR) {
      const expected = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
      const found = JSON.parse(gunzipSync(await roost.export(`${name}.json.gz`)).toString());
      if (name.endsWith("FOLLOWERS")) {
        for (const lists of [expected, found]) for (const ids of Object.values<string[]>(lists)) ids.sort();
      }
      assert.deepEqual(found, expected, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a replay from the bucket makes the same bytes", { timeout: 300_000 }, async () => {
  const files = [...FOUR.map((name) => `${name}.json.gz`), "tweets.csv"];
  const told = () => Promise.all(files.map((file) => roost.export(file)));
  const before = await told();
  const answer = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  const run = await roost.until("the replay", async () => {
    const found = await roost.get(`/runs/${answer.json.run}`);
    return found.state !== "running" && found;
  }, 280_000);
  assert.equal(run.state, "done", JSON.stringify(run));
  for (const [n, bytes] of (await told()).entries()) assert.ok(bytes.equals(before[n]), `${files[n]} differs`);
});

test("of every hour there is a run, and none failed", async () => {
  const runs: Json[] = await roost.all("/runs?what=tweets&limit=1000");
  assert.ok(runs.length >= DAYS * 24 - 1, `${runs.length}`);
  const refused = runs.reduce((sum, run) => sum + (run.counts.retries ?? 0), 0);
  assert.ok(refused > REFUSED / 2, `X refused ${refused} times: this proves little`);
  assert.deepEqual(runs.filter((run) => run.state !== "done").map((run) => [iso(run.started), run.error]), []);
});
