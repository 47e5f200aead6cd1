// What is spent is what X bills, and nothing is read that the caps forbid.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";

const DAY_S = 86_400;
let roost: Roost;

before(async () => {
  // Account 13 of this world has 2,100 followers; it is nobody's own.
  roost = await Roost.start({ followers: 21_000, rateLimits: true });
});
after(() => roost?.stop());
beforeEach(async () => {
  // A month of its own for each test: caps and sums begin anew.
  await roost.fresh();
  await roost.api("DELETE", `/accounts/${ACCOUNT}`);
  await roost.advance(31 * DAY_S);
  await roost.api("PUT", "/budget", { cap_usd: null });
});

const bill = (): Promise<Json> => roost.sim.call("GET", "/sim/bill");
const budget = (): Promise<Json> => roost.get("/budget");

/** What Roost and X say was spent since a moment, in whole micro-dollars. */
async function spending(): Promise<() => Promise<{ roost: number; x: number }>> {
  const { month, spent_usd } = await budget();
  // The worker learns of a month that has passed when it next asks the simulator.
  const passed = month !== iso(await roost.sim.now()).slice(0, 7);
  const at = [passed ? 0 : spent_usd, (await bill()).usd];
  const micro = (usd: number) => Math.round(usd * 1e6);
  return async () => ({
    roost: micro((await budget()).spent_usd) - micro(at[0]),
    x: micro((await bill()).usd) - micro(at[1]),
  });
}

test("a check of one's own account costs what X bills: a tenth", async () => {
  const since = await spending();
  await roost.track();
  const { run } = await roost.goodCrawl();
  const spent = await since();
  assert.equal(spent.roost, spent.x);
  assert.equal(spent.x, run.counts.followers * 1_000 + 10_000);
  const { by_resource, accounts } = await budget();
  const owned = by_resource.find((spend: Json) => spend.resource === "owned_follower");
  assert.equal(owned.count, run.counts.followers);
  assert.equal(accounts[0].account, ACCOUNT);
  assert.equal(Math.round(accounts[0].spent_usd * 1e6), spent.x);
});

test("a check of someone else's account costs ten times as much", async () => {
  const since = await spending();
  await roost.track("13");
  const { run } = await roost.goodCrawl("13");
  const spent = await since();
  assert.equal(spent.roost, spent.x);
  assert.equal(spent.x, run.counts.followers * 10_000 + 10_000);
});

test("a second check on the same UTC day is free, the next day's is not", async () => {
  await roost.track("13");
  await roost.goodCrawl("13");
  const again = await spending();
  await roost.advance(3600);
  await roost.goodCrawl("13");
  const second = await again();
  assert.equal(second.roost, second.x);
  // Who came within the hour is new.
  assert.ok(second.x <= 5 * 10_000, `${second.x} micro-dollars`);
  const { by_resource } = await budget();
  const follower = by_resource.find((spend: Json) => spend.resource === "follower");
  assert.ok(follower.repeats >= 2_000);
  const tomorrow = await spending();
  await roost.advance(DAY_S);
  const { run } = await roost.goodCrawl("13");
  const third = await tomorrow();
  assert.equal(third.roost, third.x);
  assert.equal(third.x, run.counts.followers * 10_000 + 10_000);
});

test("what X bills for answers that were spoilt on the way is not counted twice", async () => {
  await roost.track("13");
  const since = await spending();
  await roost.fault("bad_json", { route: "/2/users/13/followers", after: 1, count: 2 });
  await roost.fault("repeat_page", { route: "/2/users/13/followers", after: 4 });
  await roost.goodCrawl("13");
  const spent = await since();
  assert.equal(spent.roost, spent.x);
});

test("a spoilt profile is not spent twice", async () => {
  await roost.track("13");
  const since = await spending();
  await roost.fault("errors_200", { route: "/2/users/13", count: 2 });
  await roost.goodCrawl("13");
  const spent = await since();
  assert.equal(spent.roost, spent.x);
});

test("an eviction in the middle loses no spending", async () => {
  await roost.track("13");
  const since = await spending();
  await roost.fault("status_429", { route: "/2/users/13/followers", after: 1, args: { reset_s: 5 } });
  const run = await roost.startCrawl("13");
  await roost.waiting("13");
  await roost.evict("13");
  await roost.runtime.evict("Control", "control");
  await roost.until("the run to end", async () => {
    await roost.skipWait("13");
    return (await roost.get(`/runs/${run}`)).state !== "running";
  });
  const spent = await since();
  assert.equal(spent.roost, spent.x);
});

test("a cap too small ends the check with its numbers, and no follower is read", async () => {
  await roost.track(ACCOUNT, { monthly_cap_usd: 5 });
  const followers = async () => (await bill()).by_resource.owned_follower?.returned ?? 0;
  const before = await followers();
  const { run } = await roost.crawl();
  assert.equal(run.state, "failed");
  assert.match(run.error.title, /budget/i);
  assert.match(run.error.detail, /\$5\.00/);
  assert.match(run.error.detail, /\$2\d\.\d\d/, "what it would cost");
  assert.match(run.error.detail, /Raise the cap/);
  assert.equal(await followers(), before, "followers were read all the same");
  const { collector } = await roost.account();
  assert.equal(collector.state, "stopped");
  await roost.assertNobodyLost();
});

test("a cap that covers most of a list but not all of it reads none of it", async () => {
  // 20.5 of some 21.5 dollars: half a list is worth nothing.
  await roost.track(ACCOUNT, { monthly_cap_usd: 20.5 });
  const followers = async () => (await bill()).by_resource.owned_follower?.returned ?? 0;
  const before = await followers();
  const { run } = await roost.crawl();
  assert.equal(run.state, "failed");
  assert.equal(await followers(), before, "followers were read all the same");
});

test("a raised cap lets the next check through", async () => {
  await roost.track("13", { monthly_cap_usd: 5 });
  assert.equal((await roost.crawl("13")).run.state, "failed");
  const answer = await roost.api("PATCH", "/accounts/13", { monthly_cap_usd: 50 });
  assert.equal(answer.json.monthly_cap_usd, 50);
  await roost.goodCrawl("13");
});

test("the cap over all accounts holds too", async () => {
  await roost.track("13");
  const put = await roost.api("PUT", "/budget", { cap_usd: 3 });
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.cap_usd, 3);
  const { run } = await roost.crawl("13");
  assert.equal(run.state, "failed");
  assert.match(run.error.detail, /over all accounts/);
  assert.match(run.error.detail, /\$3\.00/);
  await roost.api("PUT", "/budget", { cap_usd: null });
  await roost.goodCrawl("13");
});

test("tracking an account asks the cap before it reads the profile", async () => {
  const { calls } = await bill();
  const answer = await roost.api("POST", "/accounts", { id: "13", monthly_cap_usd: 0.001 });
  assert.equal(answer.status, 409, answer.text);
  assert.match(answer.json.detail, /\$0\.00/);
  assert.equal((await bill()).calls, calls);
  assert.deepEqual(await roost.all("/accounts"), []);
});

test("tracking without reading costs nothing", async () => {
  const { calls } = await bill();
  const answer = await roost.api("POST", "/accounts", { id: "13", read: false });
  assert.equal(answer.status, 201, answer.text);
  assert.equal((await bill()).calls, calls);
});

test("a new month begins with nothing spent", async () => {
  await roost.track("13");
  await roost.goodCrawl("13");
  assert.ok((await budget()).spent_usd > 20);
  await roost.advance(31 * DAY_S);
  await roost.tick();
  const { month, spent_usd } = await budget();
  assert.equal(month, iso(await roost.sim.now()).slice(0, 7));
  assert.equal(spent_usd, 0);
});

test("a rate window that another program used up is waited for", async () => {
  await roost.track("13");
  const others = () =>
    fetch(`${roost.sim.url}/2/users/13/followers?max_results=1`, { headers: { authorization: "Bearer sim-bearer" } });
  let answer = await others();
  while (answer.status === 200) {
    await answer.text();
    answer = await others();
  }
  assert.equal(answer.status, 429);
  const reset = Number(answer.headers.get("x-rate-limit-reset")) * 1000;
  const run = await roost.startCrawl("13");
  const collector = await roost.waiting("13");
  assert.match(collector.reason, /rate limit/);
  const next = Date.parse(collector.next_check);
  assert.ok(next >= reset && next <= reset + 5_000, `${collector.next_check} for ${new Date(reset).toISOString()}`);
  const ended = await roost.until("the run to end", async () => {
    await roost.skipWait("13");
    const found = await roost.get(`/runs/${run}`);
    return found.state !== "running" && found;
  });
  assert.equal(ended.state, "done", JSON.stringify(ended));
});

test("with ten calls left and a reserve of eight exactly two are made, the rest after the reset", async () => {
  await roost.track("13");
  const put = await roost.api("PUT", "/budget", { keep_unused: 8 });
  assert.equal(put.json.keep_unused, 8, put.text);
  try {
    let left = Infinity;
    let reset = 0;
    while (left > 10) {
      const answer = await fetch(`${roost.sim.url}/2/users/13/followers?max_results=1`, {
        headers: { authorization: "Bearer sim-bearer" },
      });
      await answer.text();
      left = Number(answer.headers.get("x-rate-limit-remaining"));
      reset = Number(answer.headers.get("x-rate-limit-reset")) * 1000;
    }
    // Roost learns of it with its own first page.
    const before = await bill();
    const run = await roost.startCrawl("13");
    const { reason, next_check } = await roost.waiting("13");
    assert.match(reason, /rate limit/);
    assert.ok(Date.parse(next_check) >= reset, next_check);
    // The profile, and two pages of three.
    assert.equal((await bill()).calls - before.calls, 3);
    const ended = await roost.ended(run);
    assert.equal(ended.state, "done", JSON.stringify(ended));
    assert.equal((await bill()).calls - before.calls, 5, "three pages, two profiles, nothing twice");
  } finally {
    await roost.api("PUT", "/budget", { keep_unused: 10 });
  }
});

test("a change of the budget that cannot be says which and what is expected", async () => {
  for (const [change, words] of [
    [{ keep_unused: 25 }, /connections.*at most 24/],
    [{ keep_unused_percent: 100 }, /0 to 99/],
    [{ keep_unused: 1, keep_unused_percent: 1 }, /one of the two/],
    [{ cap_usd: -1 }, /`cap_usd`/],
    [{ day_cap_usd: -1 }, /`day_cap_usd`/],
    [{ paused: true }, /`paused`/],
    [{ daycap: 1 }, /daycap/],
  ] as [Json, RegExp][]) {
    const answer = await roost.api("PUT", "/budget", change);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.detail, words);
  }
  const account = await roost.track("13");
  assert.equal(account.daily_cap_usd, null);
  const odd = await roost.api("PATCH", "/accounts/13", { daily_cap_usd: -5 });
  assert.match(odd.json.detail, /`daily_cap_usd`/);
});

test("a cap per day holds what is dear until the next UTC day, and says so", async () => {
  await roost.track("13");
  await roost.track(ACCOUNT);
  // Room for one of the two checks, and beside it for the stream, which has some reserved.
  await roost.api("PUT", "/budget", { day_cap_usd: 40 });
  try {
    await roost.goodCrawl("13");
    const today = (await budget()).spent_today_usd;
    assert.ok(today > 20 && today < 40, String(today));
    const before = await bill();
    const run = await roost.startCrawl(ACCOUNT);
    const { next_check, reason } = await roost.waiting(ACCOUNT);
    assert.match(reason, /cap per day/);
    const midnight = (Math.floor((await roost.sim.now()) / (DAY_S * 1000)) + 1) * DAY_S * 1000;
    assert.equal(Date.parse(next_check), midnight);
    const { accounts } = await budget();
    const halted = accounts.find((one: Json) => one.account === ACCOUNT).halted;
    assert.equal(Date.parse(halted.goes_on), midnight);
    assert.ok((await bill()).calls - before.calls <= 1, "a page was read all the same");
    const ended = await roost.ended(run);
    assert.equal(ended.state, "done", JSON.stringify(ended));
    const { spent_today_usd } = await budget();
    assert.ok(spent_today_usd <= 40, String(spent_today_usd));
  } finally {
    await roost.api("PUT", "/budget", { day_cap_usd: null });
  }
});

test("credits used up pause all asking, until the owner or the next UTC day", async () => {
  await roost.track("13", { schedule: "hourly" });
  await roost.track(ACCOUNT, { schedule: "hourly" });
  await roost.fault("status_402", { route: "/2/users/*/followers", count: 1 });
  const { run } = await roost.crawl("13");
  assert.equal(run.state, "failed");
  const { paused } = await budget();
  assert.match(paused.why, /Buy credits/);
  const before = await bill();
  // The other account asks nothing now: it waits for the same pause.
  await roost.tick();
  const { reason, next_check } = await roost.waiting(ACCOUNT);
  assert.match(reason, /Buy credits/);
  assert.equal(next_check, paused.until);
  assert.equal((await bill()).calls, before.calls);
  const put = await roost.api("PUT", "/budget", { paused: false });
  assert.equal(put.json.paused, null);
  await roost.skipWait(ACCOUNT);
  await roost.until("the check", async () => (await roost.all("/runs?state=running")).length === 0);
  assert.ok((await bill()).calls > before.calls);
});

test("spending is told by what it was for, and by account", async () => {
  await roost.track("13");
  const { run } = await roost.goodCrawl("13");
  const { by_feature, accounts, spent_usd, spent_today_usd } = await budget();
  const of = (feature: string) => by_feature.find((one: Json) => one.feature === feature);
  const micro = (usd: number) => Math.round(usd * 1e6);
  assert.equal(micro(of("followers").usd), run.counts.followers * 10_000);
  assert.ok(micro(of("profiles").usd) >= 10_000);
  assert.equal(of("followers").usd, of("followers").today_usd);
  assert.equal(micro(by_feature.reduce((sum: number, one: Json) => sum + one.usd, 0)), micro(spent_usd));
  assert.equal(spent_usd, spent_today_usd);
  assert.equal(run.counts.cost_micro_usd, run.counts.followers * 10_000);
  const account = accounts.find((one: Json) => one.account === "13");
  assert.equal(account.schedules.length, 6);
  assert.ok(account.forecast_usd >= account.spent_usd);
});
