// The machine is lost, or the object put out of memory, between any two steps: the check goes on
// as if nothing had been.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, followersName, idsOf, type Json, Roost } from "./harness.ts";
import { pace } from "../poll.ts";

const DAY_S = 86_400;
/** Pages of 1,000 in this world. */
const PAGES = 12;
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 11_500 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

/**
 * A check that X makes wait after every page, so that between any two pages nothing runs and
 * `lose` may take the object away. Answers the run and how often it was taken.
 */
async function crawlLosing(lose: () => Promise<void>): Promise<{ run: Json; losses: number; start: number; end: number }> {
  const start = await roost.sim.now();
  // Requests come as page, refusal, page, refusal, …
  for (let page = 1; page < PAGES; page++) await roost.fault("status_429", { after: 2 * page - 1, args: { reset_s: 5 } });
  const run = await roost.startCrawl();
  let losses = 0;
  for (;;) {
    const { state } = await roost.get(`/runs/${run}`);
    if (state !== "running") break;
    const { collector } = await roost.account();
    if (collector.state !== "waiting") continue;
    await lose();
    losses++;
    await roost.skipWait();
    await roost.until("the next page", async () => {
      const now = (await roost.account()).collector;
      return now.state !== "waiting" || now.read > collector.read;
    });
  }
  return { run: await roost.get(`/runs/${run}`), losses, start, end: await roost.sim.now() };
}

async function assertListIsWhole(start: number) {
  const file = await roost.get(`/accounts/${ACCOUNT}/snapshots/${followersName(start)}`);
  const ids: string[] = JSON.parse(gunzipSync(file).toString()).map((user: Json) => user.id);
  const truth: string[] = JSON.parse(gunzipSync(await roost.sim.snapshot(start)).toString()).map((user: Json) => user.id);
  assert.equal(new Set(ids).size, ids.length, "someone is listed twice");
  // The clock moved a minute during the check: one or two may have come or gone.
  const known = new Set(ids);
  assert.ok(truth.filter((id) => !known.has(id)).length <= 3);
}

test("the object may be evicted between any two pages", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const b = await crawlLosing(() => roost.evict());
  assert.equal(b.run.state, "done", JSON.stringify(b.run));
  assert.equal(b.losses, PAGES - 1);
  await roost.assertTrue(a, b);
  assert.ok((await roost.events("kind=lost")).length > 0);
  await assertListIsWhole(b.start);
});

test("the power may be cut between any two pages", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  let cuts = 0;
  const b = await crawlLosing(async () => {
    // A restart takes a second: three of the eleven gaps, at the beginning, middle and end.
    if ([1, 6, 10].includes(++cuts)) await roost.runtime.powerCut();
  });
  assert.equal(b.run.state, "done", JSON.stringify(b.run));
  await roost.assertTrue(a, b);
  await assertListIsWhole(b.start);
});

test("the power may be cut at any moment of a check and of reading its list", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const start = await roost.sim.now();
  const run = await roost.startCrawl();
  for (let cut = 0; cut < 4; cut++) {
    await roost.until("the check to get somewhere", async () => {
      const { collector } = await roost.account();
      return collector.state !== "checking" || (collector.read ?? 0) >= cut * 3000;
    });
    await roost.runtime.powerCut();
    await roost.tick();
  }
  const ended = await roost.until("the run to end", async () => {
    const found = await roost.get(`/runs/${run}`);
    if (found.state !== "running") return found;
    await roost.skipWait();
    // A message that was being read is tried again some seconds later, a lost one after minutes.
    await roost.advance(60);
    await roost.tick();
    return undefined;
  });
  assert.equal(ended.state, "done", JSON.stringify(ended));
  await roost.assertTrue(a, { run: ended, start, end: await roost.sim.now() });
  assert.equal((await roost.snapshots()).length, 2);
});

test("evictions at random moments change nothing", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const start = await roost.sim.now();
  let over = false;
  const ends = roost.ended(await roost.startCrawl()).finally(() => (over = true));
  await roost.until("the check to end", async () => {
    // Waits until the object rests; refused when it is out of memory already.
    await roost.evict().catch(() => {});
    return over;
  });
  const ended = await ends;
  assert.equal(ended.state, "done", JSON.stringify(ended));
  await roost.assertTrue(a, { run: ended, start, end: await roost.sim.now() });
});

test("an eviction between two checks leaves the ledger as it was", async () => {
  await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  const before = await roost.events();
  await roost.evict();
  await roost.runtime.evict("Control", "control");
  assert.deepEqual(await roost.events(), before);
  assert.ok(idsOf(before).length > 0);
});
