// What runs by itself, when, and what it costs.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";

const HOUR_S = 3600;
const DAY_S = 86_400;
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 1200 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

const bill = (): Promise<Json> => roost.sim.call("GET", "/sim/bill");

/** Ticks every hour for so many hours; waits for whatever a tick set going. */
async function hours(count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    await roost.advance(HOUR_S);
    await roost.tick();
    await roost.until("the collector to rest", async () => {
      const running = await roost.all(`/runs?account=${ACCOUNT}&state=running`);
      return running.length === 0;
    });
  }
}

async function crawls(): Promise<Json[]> {
  return roost.all(`/runs?account=${ACCOUNT}&what=crawl`);
}

test("a new account begins with counts only and a cap of 5 dollars", async () => {
  await roost.api("DELETE", `/accounts/${ACCOUNT}`);
  const answer = await roost.api("POST", "/accounts", { username: "solvej" });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.json.id, ACCOUNT);
  assert.equal(answer.json.schedule, "count_only");
  assert.equal(answer.json.monthly_cap_usd, 5);
  assert.equal(answer.json.followers, null);
  assert.ok(answer.json.x_count > 1000);
});

test("counts only: one profile read a day, and never a follower", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "count_only" });
  // To the end of the first day, whose profile was read when tracking began.
  const hour = new Date(await roost.sim.now()).getUTCHours();
  await hours(23 - hour);
  const before = await bill();
  const counts = (await roost.all("/runs?what=count")).length;
  await hours(1 + 24 + 24 + 12);
  const after = await bill();
  assert.equal(after.calls - before.calls, 3);
  assert.equal(Math.round((after.usd - before.usd) * 1e6), 30_000);
  assert.equal(after.by_resource.owned_follower.returned, before.by_resource.owned_follower.returned);
  assert.equal((await roost.all("/runs?what=count")).length, counts + 3);
  assert.deepEqual(await crawls(), []);
  const { points } = await roost.get(`/accounts/${ACCOUNT}/followers/series`);
  const read = points.filter((point: Json) => point.x_count !== null);
  assert.ok(read.length >= 3);
  // The curve without names: X's count, and nothing about who.
  assert.ok(points.every((point: Json) => point.gained === null && point.followers === null));
});

test("daily: one check per UTC day", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
  const first = (await crawls()).length;
  await hours(48);
  const found = (await crawls()).slice(0, -first || undefined);
  const days = found.map((run) => run.started.slice(0, 10));
  assert.equal(new Set(days).size, days.length, days.join());
  assert.ok(days.length >= 2 && days.length <= 3);
  assert.ok(found.every((run) => run.state === "done" && run.trigger === "cron"));
});

test("hourly: one check at every tick", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "hourly" });
  const before = (await crawls()).length;
  await hours(4);
  assert.equal((await crawls()).length, before + 4);
});

test("two ticks within an hour make one check", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "hourly" });
  await hours(1);
  const before = (await crawls()).length;
  await roost.advance(60);
  await roost.tick();
  await roost.advance(600);
  await roost.tick();
  assert.equal((await crawls()).length, before);
});

test("manual: nothing by itself", async () => {
  const { calls } = await bill();
  await hours(30);
  assert.equal((await bill()).calls, calls);
  assert.equal((await roost.account()).collector.next_check, null);
});

test("each tick leaves a run record, and the status says when the last was", async () => {
  const before = (await roost.all("/runs?what=tick")).length;
  await hours(2);
  const ticks = await roost.all("/runs?what=tick");
  assert.equal(ticks.length, before + 2);
  assert.equal(ticks[0].trigger, "cron");
  assert.equal(ticks[0].state, "done");
  const status = (await roost.raw("GET", "/api/v1/status")).json;
  assert.ok(Math.abs(Date.parse(status.collector.last_tick) - (await roost.sim.now())) < 60_000);
});

test("one account in trouble does not keep another from its check", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
  await roost.track("13", { schedule: "daily" });
  await roost.fault("status_401", { route: `/2/users/${ACCOUNT}`, count: 100 });
  await roost.advance(DAY_S);
  await roost.tick();
  await roost.until("both to end", async () => (await roost.all("/runs?state=running")).length === 0);
  const [mine] = await roost.all(`/runs?account=${ACCOUNT}&what=crawl`);
  const [other] = await roost.all("/runs?account=13&what=crawl");
  assert.equal(mine.state, "failed");
  assert.equal(other.state, "done", JSON.stringify(other));
});

test("the account says when it is checked next", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
  await roost.goodCrawl();
  const now = await roost.sim.now();
  const midnight = iso(Math.floor(now / (DAY_S * 1000) + 1) * DAY_S * 1000);
  assert.equal(Date.parse((await roost.account()).collector.next_check), Date.parse(midnight));
});

test("every schedule is shown with its price for the account", async () => {
  await roost.goodCrawl();
  const { schedule_prices, followers } = await roost.account();
  const price = (schedule: string) => schedule_prices.find((one: Json) => one.schedule === schedule);
  assert.deepEqual(
    schedule_prices.map((one: Json) => one.schedule),
    ["manual", "count_only", "count_audit", "push", "daily", "hourly"],
  );
  assert.equal(price("manual").month_usd, 0);
  assert.equal(price("count_only").month_usd, 0.3);
  const daily = 30 * (followers * 0.001 + 0.01);
  assert.ok(Math.abs(price("daily").month_usd - daily) < 0.001, JSON.stringify(price("daily")));
  assert.ok(price("push").month_usd < price("daily").month_usd / 3);
  assert.match(price("daily").what, new RegExp(`${followers} followers`));
});

test("count and audit: a full check only once X's count moved away from the history", async () => {
  await roost.goodCrawl();
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "count_audit" });
  const before = (await crawls()).length;
  await hours(2);
  assert.equal((await crawls()).length, before, "the count agrees");
  await roost.sim.call("POST", "/sim/world", { count_factor: 1.05 });
  await hours(24);
  assert.equal((await crawls()).length, before + 1);
});

test("a check that the cap does not cover is offered with its price, and not begun", async () => {
  await roost.goodCrawl();
  const { spent_month_usd } = await roost.account();
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "count_audit", monthly_cap_usd: spent_month_usd + 0.5 });
  const before = (await crawls()).length;
  await roost.sim.call("POST", "/sim/world", { count_factor: 1.05 });
  await hours(24);
  assert.equal((await crawls()).length, before);
  const { offer } = (await roost.account()).collector;
  assert.ok(offer.difference > 10, JSON.stringify(offer));
  assert.ok(offer.usd > 1, JSON.stringify(offer));
  assert.match(offer.why, /no\s+room/);
});

test("push without push working is count and audit", async () => {
  await roost.goodCrawl();
  const patched = await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "push" });
  assert.equal(patched.json.schedule, "push", patched.text);
  assert.equal(patched.json.push.state, "off");
  const before = (await crawls()).length;
  await roost.sim.call("POST", "/sim/world", { count_factor: 1.05 });
  await hours(24);
  assert.equal((await crawls()).length, before + 1);
});
