// X misbehaves in the middle of a check. Whatever it does, nobody is reported lost who was not,
// and the run says what happened.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ACCOUNT, type Crawl, followersName, idsOf, type Json, Roost } from "./harness.ts";

const DAY_S = 86_400;
const HOUR_MS = 3_600_000;
/** The second of the three pages of followers. */
const SECOND_PAGE = { after: 1 };
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 3000 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

/** A good check, a day, and a check that meets the fault. */
async function meet(kind: string, more: Json = {}): Promise<{ a: Crawl; b: Crawl; fault: number }> {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const fault = await roost.fault(kind, more);
  const b = await roost.crawl();
  assert.equal(await roost.fired(fault), more.count ?? 1, `${kind} was not met`);
  return { a, b, fault };
}

/** The check gets through all the same, and the ledger is true. */
async function recovers(kind: string, more: Json = {}): Promise<Json> {
  const { a, b } = await meet(kind, more);
  assert.equal(b.run.state, "done", JSON.stringify(b.run));
  await roost.assertTrue(a, b);
  assert.ok((await roost.events("kind=lost")).length > 0, "nobody left: this proves little");
  const snapshot = await roost.snapshotOf(followersName(b.start));
  assert.equal(snapshot.count, b.run.counts.followers);
  return b.run;
}

/** The check fails or is set aside, nobody is reported lost; the check after it is good. */
async function gives_up(state: string, kind: string, more: Json = {}): Promise<Json> {
  const { a, b } = await meet(kind, more);
  assert.equal(b.run.state, state, JSON.stringify(b.run));
  assert.ok(b.run.error.title && b.run.error.detail, JSON.stringify(b.run.error));
  await roost.assertNobodyLost();
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.advance(3600);
  const c = await roost.goodCrawl();
  await roost.assertTrue(a, c);
  return b.run;
}

test("an empty page is asked for again", async () => {
  await recovers("empty", SECOND_PAGE);
});

test("a first page without data is asked for again", async () => {
  await recovers("empty");
});

test("a list that stays empty is set aside", async () => {
  const run = await gives_up("quarantined", "empty", { count: 4 });
  assert.match(run.error.detail, /incomplete|empty|0 followers/);
});

test("a list that ends early is set aside", async () => {
  const run = await gives_up("quarantined", "empty", { ...SECOND_PAGE, count: 4 });
  assert.match(run.error.detail, /1000 followers while X itself counts/);
});

test("a cut page is asked for again", async () => {
  const run = await recovers("cut", { ...SECOND_PAGE, count: 3 });
  assert.equal(run.state, "done");
});

test("a page of broken JSON is asked for again", async () => {
  await recovers("bad_json", { ...SECOND_PAGE, count: 2 });
});

test("broken JSON without end ends the check", async () => {
  const run = await gives_up("failed", "bad_json", { ...SECOND_PAGE, count: 5 });
  assert.match(run.error.detail, /JSON/);
});

test("200 with errors and no data is asked for again", async () => {
  await recovers("errors_200", SECOND_PAGE);
});

test("200 with errors without end ends the check", async () => {
  const run = await gives_up("failed", "errors_200", { count: 5 });
  assert.match(run.error.detail, /not available right now/);
});

test("a connection that breaks is tried again", async () => {
  await recovers("disconnect", { ...SECOND_PAGE, count: 2 });
});

test("a slow page is waited for", async () => {
  await recovers("slow", { ...SECOND_PAGE, args: { ms: 1500 } });
});

test("a page given twice is asked for again", async () => {
  await recovers("repeat_page");
});

test("a page whose place is taken by the one before leaves the list short: it is set aside", async () => {
  const run = await gives_up("quarantined", "repeat_page", { count: 4 });
  assert.match(run.error.detail, /the list is incomplete/);
});

test("pages that all repeat the one before report nobody lost, then or later", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.fault("repeat_page", { count: 10_000 });
  const b = await roost.crawl();
  assert.notEqual(b.run.state, "running");
  await roost.assertNobodyLost();
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.advance(3600);
  const c = await roost.goodCrawl();
  await roost.assertTrue(a, { ...c, start: b.start });
});

test("a page that begins too late reports nobody lost, then or later", async () => {
  const { a, b } = await meet("shift_page", { ...SECOND_PAGE, args: { by: 25 } });
  assert.equal(b.run.state, "done");
  await roost.assertNobodyLost();
  await roost.advance(3600);
  const c = await roost.goodCrawl();
  const { net } = await roost.sim.truth(a.start, c.start);
  const lost = await roost.events("kind=lost");
  const real = lost.filter((event) => event.state !== "retracted");
  const left = new Set((await roost.sim.truth(a.start, c.end)).lost.map((l: Json) => l.id));
  assert.deepEqual(idsOf(real).filter((id) => !left.has(id)), []);
  assert.deepEqual(net.lost.filter((id: string) => !idsOf(real).includes(id)), []);
  assert.deepEqual(idsOf(await roost.events("kind=followed,returned")), net.followed.sort());
});

test("a page that begins too early lists nobody twice", async () => {
  const run = await recovers("shift_page", { ...SECOND_PAGE, args: { by: -25 } });
  const roster = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`);
  assert.equal(roster.length, run.counts.followers);
  assert.equal(new Set(roster.map((row) => row.user.id)).size, roster.length);
});

test("one follower missed is suspected, and retracted by the next check", async () => {
  const { a, b } = await meet("shift_page", { ...SECOND_PAGE, args: { by: 1 } });
  const { net } = await roost.sim.truth(a.start, b.start);
  const suspected = await roost.events("kind=lost");
  const [wrong, ...more] = suspected.filter((event) => !net.lost.includes(event.user.id));
  assert.equal(more.length, 0);
  assert.equal(wrong.state, "suspected");
  await roost.advance(3600);
  await roost.goodCrawl();
  const retracted = await roost.events("kind=lost&state=retracted");
  assert.deepEqual(retracted.map((event) => event.id), [wrong.id]);
  assert.ok(!idsOf(await roost.events("kind=followed,returned")).includes(wrong.user.id));
  const series = await roost.get(`/accounts/${ACCOUNT}/followers/series`);
  assert.equal(series.retracted, 1);
  assert.equal(series.totals.lost, (await roost.events("kind=lost")).length - 1);
});

test("X's count 30 % above the list sets the check aside", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.sim.call("POST", "/sim/world", { count_factor: 1.3 });
  const b = await roost.crawl();
  assert.equal(b.run.state, "quarantined", JSON.stringify(b.run));
  assert.match(b.run.error.detail, /nobody was counted as left/);
  const snapshot = await roost.snapshotOf(followersName(b.start));
  assert.equal(snapshot.state, "quarantined");
  assert.equal(snapshot.reason, b.run.error.detail);
  await roost.assertNobodyLost();
  await roost.sim.call("POST", "/sim/world", { count_factor: 1 });
  await roost.advance(3600);
  await roost.assertTrue(a, await roost.goodCrawl());
});

test("X's count 30 % below the list changes nothing of the list", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.sim.call("POST", "/sim/world", { count_factor: 0.7 });
  const b = await roost.goodCrawl();
  await roost.assertTrue(a, b);
  await roost.sim.call("POST", "/sim/world", { count_factor: 1 });
  await roost.advance(DAY_S);
  const c = await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  // What the count's jump made doubtful is told as soon as a check without a jump confirms it.
  const { net } = await roost.sim.truth(b.start, c.start);
  const told = idsOf(await roost.events(`kind=lost&state=confirmed&from=${new Date(c.start).toISOString()}`));
  assert.deepEqual(net.lost.filter((id: string) => !told.includes(id)), []);
});

test("429 in the middle waits until X's reset, not a call sooner", async () => {
  const a = await roost.goodCrawl();
  const start = await roost.advance(DAY_S);
  await roost.fault("status_429", { ...SECOND_PAGE, args: { reset_s: 700 } });
  const run = await roost.startCrawl();
  const collector = await roost.waiting();
  assert.match(collector.reason, /rate limit/);
  assert.equal(Date.parse(collector.next_check), (await roost.sim.now()) + 701_000);
  assert.equal(collector.run, run);
  assert.ok(collector.read >= 900 && collector.read < collector.expected);
  const { calls } = await roost.sim.call("GET", "/sim/bill");
  await roost.advance(690);
  await roost.tick();
  assert.equal((await roost.sim.call("GET", "/sim/bill")).calls, calls, "asked before the reset");
  await roost.advance(11);
  await roost.tick();
  const ended = await roost.ended(run);
  assert.equal(ended.state, "done", JSON.stringify(ended));
  await roost.assertTrue(a, { run: ended, start, end: await roost.sim.now() });
});

for (const [kind, status, words, advice] of [
  ["status_401", 401, /does not accept the keys/, /wrangler secret put/],
  ["status_402", 402, /credits are used up/, /Buy credits/],
  ["status_403", 403, /no access/, /developer console/],
] as const) {
  test(`${status} ends the check, says what to do and stops the collector`, async () => {
    await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
    const { b } = await meet(kind, SECOND_PAGE);
    assert.equal(b.run.state, "failed");
    assert.match(b.run.error.title, words);
    assert.match(b.run.error.detail, advice);
    await roost.assertNobodyLost();
    const { collector } = await roost.account();
    assert.equal(collector.state, "stopped");
    assert.match(collector.reason, advice);
    // Who left is looked up all the same: that is another route, with a stop of its own.
    const listed = async () => {
      const { by_resource } = await roost.sim.call("GET", "/sim/bill");
      return [by_resource.owned_follower.returned, (await roost.all("/runs?what=crawl")).length];
    };
    const before = await listed();
    await roost.advance(3600);
    await roost.tick();
    assert.deepEqual(await listed(), before, "stopped, yet it asked");
  });
}

test("the day after a stop is tried once more", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
  const { a } = await meet("status_402", SECOND_PAGE);
  const start = await roost.advance(DAY_S);
  await roost.tick();
  const [{ id }] = await roost.all("/runs?what=crawl");
  const run = await roost.ended(id);
  assert.equal(run.state, "done", JSON.stringify(run));
  assert.equal(run.trigger, "cron");
  await roost.assertTrue(a, { run, start, end: await roost.sim.now() });
  assert.equal((await roost.account()).collector.state, "idle");
});

test("an expired credential ends the check", async () => {
  const run = await gives_up("failed", "token_expired", { args: { what: "auth" } });
  assert.match(run.error.title, /does not accept the keys/);
});

test("an expired page token begins the walk anew", async () => {
  const run = await recovers("token_expired", { ...SECOND_PAGE, args: { what: "page" } });
  assert.equal(run.state, "done");
});

test("503 for an hour is waited out", async () => {
  const a = await roost.goodCrawl();
  const start = await roost.advance(DAY_S);
  const fault = await roost.fault("status_503", { ...SECOND_PAGE, count: 100_000 });
  const run = await roost.startCrawl();
  while ((await roost.sim.now()) < start + HOUR_MS) {
    await roost.waiting();
    await roost.skipWait();
  }
  assert.ok((await roost.fired(fault)) > 5);
  assert.equal((await roost.get(`/runs/${run}`)).state, "running");
  await roost.assertNobodyLost();
  await roost.sim.call("DELETE", "/sim/faults");
  const ended = await roost.ended(run);
  assert.equal(ended.state, "done", JSON.stringify(ended));
  await roost.assertTrue(a, { run: ended, start, end: await roost.sim.now() });
});

test("no progress for six hours ends the check", async () => {
  const a = await roost.goodCrawl();
  const start = await roost.advance(DAY_S);
  await roost.fault("status_503", { ...SECOND_PAGE, count: 100_000 });
  const run = await roost.ended(await roost.startCrawl());
  assert.equal(run.state, "failed");
  assert.match(run.error.title, /No progress for 6 hours/);
  assert.match(run.error.detail, /503|Service Unavailable/);
  assert.ok((await roost.sim.now()) - start >= 6 * HOUR_MS);
  await roost.assertNobodyLost();
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.assertTrue(a, await roost.goodCrawl());
});

test("a closing profile that cannot be read does not cost the list", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.fault("status_503", { route: `/2/users/${ACCOUNT}`, after: 1, count: 10 });
  const b = await roost.goodCrawl();
  await roost.assertTrue(a, b);
});

test("an opening profile with an error is asked for again", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const fault = await roost.fault("errors_200", { route: `/2/users/${ACCOUNT}`, count: 2 });
  const b = await roost.goodCrawl();
  assert.equal(await roost.fired(fault), 2);
  await roost.assertTrue(a, b);
});
