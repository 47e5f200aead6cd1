// Why someone left: looked up within the budget, told as X told it, taken back where it was wrong.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { rows } from "../csv.ts";
import { ACCOUNT, iso, type Json, Roost } from "./harness.ts";

const DAY_S = 86_400;
const WORLD = { followers: 2000, gainedADay: 60, lostADay: 120 };
let roost: Roost;

before(async () => {
  roost = await Roost.start(WORLD);
});
after(() => roost?.stop());
beforeEach(() => roost.fresh({ verify: true }));

const lost = (query = "", of = roost) => of.events(`kind=lost&${query}`);

/** The last loss of each person before an instant, by the simulator. */
async function truth(at: number, of = roost): Promise<Map<string, Json>> {
  const { lost } = await of.sim.truth(at - 3 * DAY_S * 1000, at);
  return new Map(lost.sort((a: Json, b: Json) => a.at - b.at).map((loss: Json) => [loss.id, loss]));
}

/** Two checks a day apart, and everyone who left looked up. */
async function dayOfLosses(of = roost): Promise<number> {
  await of.goodCrawl();
  await of.advance(DAY_S);
  await of.goodCrawl();
  await of.lookedUp();
  return of.sim.now();
}

/** The clock moves on, and whoever is due by then is looked up. */
async function later(seconds: number, of = roost): Promise<number> {
  await of.advance(seconds);
  await of.tick();
  await of.lookedUp();
  return of.sim.now();
}

const REASONS: Json = {
  unfollowed: ["unfollowed", "certain"],
  suspended: ["suspended", "certain"],
  deleted: ["gone", "likely"],
  deactivated: ["gone", "likely"],
  you_blocked: ["you_blocked", "certain"],
};

test("everyone who left has the reason X tells the account itself", async () => {
  const now = await dayOfLosses();
  const true_ = await truth(now);
  const events = await lost();
  assert.ok(events.length > 50, `${events.length} left`);
  const kinds = new Set<string>();
  for (const event of events) {
    const { kind } = true_.get(event.user.id)!;
    kinds.add(kind);
    assert.deepEqual([event.reason, event.confidence], REASONS[kind], JSON.stringify(event));
    assert.deepEqual([event.state, event.how, event.note], ["confirmed", "lookup", null]);
    // The worker's own clock runs on between the simulator's answers.
    const final = Date.parse(event.settles) <= now + 60_000;
    assert.equal(final, event.reason !== "gone", `${kind} settles ${event.settles}`);
  }
  assert.deepEqual([...kinds].sort(), ["deactivated", "deleted", "suspended", "unfollowed", "you_blocked"]);
  const series = await roost.get(`/accounts/${ACCOUNT}/followers/series?from=${encodeURIComponent(iso(now - DAY_S * 1000))}`);
  const counted = Object.fromEntries(series.reasons.map((one: Json) => [one.reason, one.count]));
  for (const reason of new Set(events.map((event) => event.reason))) {
    assert.equal(counted[reason], events.filter((event) => event.reason === reason).length);
    assert.equal((await lost(`reason=${reason}`)).length, counted[reason]);
  }
  const csv = (await roost.export("events.csv")).toString().trim().split("\r\n");
  const column = csv[0].split(",").indexOf("reason");
  const told = csv.slice(1).filter((line) => line.split(",")[1] === "lost").map((line) => line.split(",")[column]);
  assert.equal(told.filter((reason) => reason === "gone").length, counted.gone);
});

test("who left is a list with reasons, the last first, narrowed as asked, and its file is the same", async () => {
  await dayOfLosses();
  const list = (query = "") => roost.all(`/accounts/${ACCOUNT}/followers?filter=left&limit=1000${query}`);
  const all: Json[] = await list();
  const told = new Map((await lost()).map((event) => [event.user.id, event]));
  assert.ok(all.length > 50, `${all.length} left`);
  for (const { user, following, left } of all) {
    const { at, not_before, state, reason, confidence } = told.get(user.id)!;
    assert.deepEqual([following, left], [false, { at, not_before, state, reason, confidence }]);
  }
  const times = all.map((row) => Date.parse(row.left.at));
  assert.deepEqual(times, [...times].sort((one, other) => other - one), "newest first");
  const ids = (people: Json[]): string[] => people.map((row) => row.user.id).sort();
  const of = (wanted: (row: Json) => boolean): string[] => ids(all.filter(wanted));
  const ages = (row: Json): number => (Date.parse(all[0].left.at) - Date.parse(row.joined)) / (30 * DAY_S * 1000);
  for (const reason of new Set(all.map((row) => row.left.reason))) {
    assert.deepEqual(ids(await list(`&reason=${reason}`)), of((row) => row.left.reason === reason), reason);
  }
  assert.deepEqual(ids(await list("&followers_min=100&followers_max=1000")), of((row) => row.followers >= 100 && row.followers <= 1000));
  assert.deepEqual(ids(await list("&mutual=true")), of((row) => row.mutual === true));
  const silent: Json[] = await list("&inactive=true");
  assert.ok(silent.every((row) => row.posts < ages(row) + 1), "fewer posts than months");
  const file = rows((await roost.export("followers.csv?filter=left&reason=suspended")).toString());
  assert.deepEqual(file.map((row) => row.user_id).sort(), of((row) => row.left.reason === "suspended"));
  assert.ok(file.every((row) => row.left_reason === "suspended"));
  const refused = await roost.api("GET", `/accounts/${ACCOUNT}/followers?reason=gone`);
  assert.deepEqual([refused.status, refused.json.detail], [400, "`reason` is of who left: send `filter=left` with it"]);
});

test("who vanished is looked at again; who is back within a day never left", async () => {
  await dayOfLosses();
  const vanished = await lost("reason=gone");
  assert.ok(vanished.length > 5);
  assert.ok(vanished.every((event) => event.user.username !== ""), "a notice can still name them");
  await later(15 * 60);
  const now = await later(DAY_S);
  const true_ = await truth(now);
  for (const event of await lost()) {
    const was = true_.get(event.user.id);
    if (!vanished.some((one) => one.id === event.id)) continue;
    const back = was?.back !== null && was!.back <= now;
    assert.equal(event.state, back ? "retracted" : "confirmed", JSON.stringify([event, was]));
    assert.ok(Date.parse(event.settles) <= now + 60_000, "it is settled either way");
    // Someone may have come back and left again, unseen: then it is known why.
    const gone = event.state === "confirmed" && event.reason === "gone";
    assert.equal(event.user.username === "", gone, JSON.stringify([event, was]));
  }
  const { verify } = await roost.account();
  assert.ok(verify.false_loss_rate > 0 && verify.false_loss_rate < 0.5, String(verify.false_loss_rate));
  // The next list neither brings them back as new nor loses them again.
  const next = await roost.goodCrawl();
  const corrected = new Set((await lost("state=retracted")).map((event) => event.user.id));
  assert.ok(corrected.size > 0);
  const after = await roost.events(`from=${encodeURIComponent(iso(next.start))}`);
  assert.deepEqual(after.filter((event) => corrected.has(event.user.id)).map((event) => event.id), []);
});

test("a replay says the same, with the same exports", async () => {
  await dayOfLosses();
  await later(15 * 60);
  await later(DAY_S);
  await roost.goodCrawl();
  await roost.lookedUp();
  const before = [await roost.events(), (await roost.export("LOST_FOLLOWERS.json.gz")).toString("hex"), (await roost.export("USER_INFO.json.gz")).toString("hex")];
  const { json } = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  assert.equal((await roost.ended(json.run)).state, "done");
  const after = [await roost.events(), (await roost.export("LOST_FOLLOWERS.json.gz")).toString("hex"), (await roost.export("USER_INFO.json.gz")).toString("hex")];
  assert.deepEqual(after, before);
});

test("looks go on after evictions, and cost what X bills", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { verify: false });
  await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  const spent = async () => [(await roost.get("/budget")).spent_usd, (await roost.sim.call("GET", "/sim/bill")).usd];
  const before = await spent();
  for (const kind of ["status_429", "status_503", "cut", "bad_json", "status_429", "errors_200", "disconnect"]) {
    const args = kind === "status_429" ? { reset_s: 5 } : {};
    await roost.fault(kind, { route: "/2/users", args });
  }
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { verify: true });
  let evicted = 0;
  await roost.until("everyone to be looked up", async () => {
    const { verify } = await roost.account();
    if (verify.state === "waiting") {
      // Lost in the middle of a call, its answer would be paid and not known.
      const calm = Date.parse(verify.next_look) - (await roost.sim.now()) > 3_000;
      if (calm) await roost.evict();
      evicted += Number(calm);
      await roost.skipWait();
    }
    return verify.due === 0 && verify.state === "idle";
  });
  assert.ok(evicted >= 4, `${evicted} evictions`);
  assert.ok((await lost()).every((event) => event.reason !== "unknown"));
  const after = await spent();
  assert.equal(Math.round((after[0] - before[0]) * 1e6), Math.round((after[1] - before[1]) * 1e6));
});

test("what the budget does not cover stays unknown, says so, and is looked up later", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { verify: false });
  await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  const off = (await lost())[0];
  assert.match(off.note, /switched off/);
  const { spent_month_usd } = await roost.account();
  const bill = async () => (await roost.sim.call("GET", "/sim/bill")).usd;
  const before = await bill();
  const cap = Math.ceil(spent_month_usd * 100) / 100 + 0.05;
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { verify: true, monthly_cap_usd: cap });
  const stopped = await roost.until("looking to stop", async () => {
    const { verify } = await roost.account();
    return verify.state === "stopped" && verify;
  });
  assert.match(stopped.reason, /cap/);
  assert.ok((await bill()) - before <= cap - spent_month_usd + 1e-9, "the cap holds");
  const open = (await lost("reason=unknown")).filter((event) => event.state !== "retracted");
  assert.ok(open.length > 20, `${open.length} not looked up`);
  assert.ok(open.every((event) => /^Not looked up yet: .*cap/s.test(event.note)), open[0].note);
  assert.ok((await lost()).length > open.length, "some were");
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { monthly_cap_usd: 1_000_000 });
  await roost.lookedUp();
  assert.deepEqual(await lost("reason=unknown&state=confirmed"), []);
});

test("an app alone is told who exists, not who follows: likely, until the next list", async () => {
  const none = { X_API_KEY: "", X_API_SECRET: "", X_ACCESS_TOKEN: "", X_ACCESS_SECRET: "" };
  const app = await Roost.start({ ...WORLD, settings: none });
  try {
    await app.track(ACCOUNT, { verify: true });
    const now = await dayOfLosses(app);
    const true_ = await truth(now, app);
    for (const event of await lost("", app)) {
      const { reason } = true_.get(event.user.id)!;
      const expected = reason === "you_blocked" ? "unfollowed" : reason;
      assert.equal(event.reason, expected);
      assert.equal(event.confidence, reason === "suspended" ? "certain" : "likely");
      if (reason === "unfollowed") assert.equal(event.settles, null);
    }
    await app.advance(DAY_S);
    await app.goodCrawl();
    const settled = (await lost(`to=${encodeURIComponent(iso(now + 1))}&reason=unfollowed`, app)).filter((event) => event.state === "confirmed");
    assert.ok(settled.length > 0 && settled.every((event) => event.settles !== null));
  } finally {
    await app.stop();
  }
});
