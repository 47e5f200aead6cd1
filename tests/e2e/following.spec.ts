// Whom an account follows and blocks, as X tells it alone: what it costs, what it says of those
// who came and left. And where the history began: an archive of X's.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ACCOUNT, followersName, idsOf, iso, type Json, Roost } from "./harness.ts";
import { rows as csvRows } from "../csv.ts";
import { pace } from "../poll.ts";

const DAY_S = 24 * 3600;
const LISTS = { following: "/2/users/*/following", blocking: "/2/users/*/blocking" };
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 2_500, gainedADay: 60, lostADay: 60 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

const path = (query = "", account = ACCOUNT) => `/accounts/${account}/following${query}`;
const rows = (filter = "all", more = ""): Promise<Json[]> =>
  roost.all(path(`?limit=1000&filter=${filter}${more}`));
const ids = (found: Json[]) => found.map((row) => row.user.id).sort();
const micro = (usd: number) => Math.round(usd * 1e6);
const bill = async () => micro((await roost.sim.call("GET", "/sim/bill")).usd);
const books = async () => micro((await roost.get("/budget")).spent_usd);
const view = async (): Promise<Json> => (await roost.account()).following;

/** A list as X tells it the account itself, by its signed-in keys. */
async function told(list: "following" | "blocking"): Promise<string[]> {
  const found: string[] = [];
  const status = await roost.sim.call("GET", `/sim/relations?account=${ACCOUNT}&list=${list}`);
  found.push(...status.ids);
  return found.sort();
}

async function on(): Promise<void> {
  const answer = await roost.api("PATCH", `/accounts/${ACCOUNT}`, { following: true });
  assert.equal(answer.status, 200, answer.text);
}

async function check(): Promise<Json> {
  const answer = await roost.api("POST", path("/check"));
  assert.equal(answer.status, 202, answer.text);
  return roost.ended(answer.json.run);
}

async function goodCheck(): Promise<Json> {
  await on();
  const run = await check();
  assert.equal(run.state, "done", JSON.stringify(run));
  return run;
}

test("nothing is read before the owner, who has seen the price, switches it on", async () => {
  const before = await bill();
  await roost.tick();
  const answer = await roost.api("POST", path("/check"));
  assert.equal(answer.status, 409);
  assert.match(answer.json.detail, /costs money/);
  assert.equal((await roost.api("GET", path())).status, 409);
  assert.equal(await bill(), before);
  const { on, state, following, next_read, once_usd, month_usd, following_usd } = await view();
  assert.deepEqual([on, state, next_read, following_usd], [false, "idle", null, 0.001]);
  assert.equal(following, (await told("following")).length);
  assert.equal(micro(once_usd), following * 1_000);
  assert.ok(month_usd > 4 * once_usd && month_usd < 5 * once_usd);
});

test("both lists are read whole, at the owner's price, and shown with what is known of them", async () => {
  await roost.goodCrawl();
  const before = [await bill(), await books()];
  const run = await goodCheck();
  const [followed, blocked] = [await told("following"), await told("blocking")];
  assert.ok(followed.length > 400, `${followed.length} prove little`);
  assert.deepEqual([run.counts.following, run.counts.blocking], [followed.length, blocked.length]);
  const spent = [(await bill()) - before[0], (await books()) - before[1]];
  assert.equal(spent[0], spent[1], "the books are X's bill");
  assert.equal(spent[0], (followed.length + blocked.length) * 1_000);
  const found = await rows();
  assert.deepEqual(ids(found), followed);
  assert.ok(found.every((row) => row.user.username && row.mutual === row.following === true || row.mutual));
  const roster = new Set((await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`)).map((row) => row.user.id));
  assert.deepEqual(ids(await rows("mutual")), followed.filter((id) => roster.has(id)));
  assert.deepEqual(ids(await rows("not_back")), followed.filter((id) => !roster.has(id)));
  assert.ok((await rows("not_back")).length > 20);
  const { following, blocked: count, state, last_read, reason } = await view();
  assert.deepEqual([following, count, state, reason], [followed.length, blocked.length, "idle", null]);
  // The worker's clock goes on between two answers of the simulator.
  assert.ok(Math.abs(Date.parse(last_read) - (await roost.sim.now())) < 60_000, last_read);
});

test("the list is searched, sorted and paged like the roster", async () => {
  await roost.goodCrawl();
  await goodCheck();
  const all = await rows("all", "&sort=name");
  const paged: Json[] = [];
  let cursor = "";
  do {
    const page = await roost.get(path(`?sort=name&limit=97${cursor}`));
    paged.push(...page.items);
    cursor = page.next_cursor && `&cursor=${page.next_cursor}`;
  } while (cursor);
  assert.deepEqual(paged.map((row) => row.user.id), all.map((row) => row.user.id));
  const [one] = all;
  const found = await rows("all", `&q=${encodeURIComponent(one.user.username)}`);
  assert.ok(found.some((row) => row.user.id === one.user.id) && found.length < all.length);
  assert.equal((await roost.api("GET", path("?filter=friends"))).status, 400);
  const [stranger] = await rows("not_back");
  const detail = await roost.get(`/accounts/${ACCOUNT}/followers/${stranger.user.id}`);
  assert.deepEqual([detail.following, detail.mutual, detail.user.username], [false, true, stranger.user.username]);
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/followers.ndjson?filter=not_back`);
  const lines = answer.text.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(ids(lines), ids(await rows("not_back")));
});

test("of those who left, the ones the account follows still are told apart", async () => {
  await roost.goodCrawl();
  await roost.advance(3 * DAY_S);
  await roost.goodCrawl();
  assert.equal((await roost.api("GET", `/accounts/${ACCOUNT}/followers/events?mutual=true`)).status, 409);
  await goodCheck();
  const followed = new Set(await told("following"));
  const lost = await roost.events("kind=lost");
  const still = idsOf(lost).filter((id) => followed.has(id));
  assert.ok(still.length > 5 && still.length < lost.length, `${still.length} of ${lost.length}`);
  assert.deepEqual(idsOf(await roost.events("kind=lost&mutual=true")), still);
  assert.equal((await roost.events("kind=lost&mutual=false")).length, lost.length - still.length);
  const shown = await roost.all(`/accounts/${ACCOUNT}/followers?filter=mutual_left&limit=1000`);
  assert.deepEqual(ids(shown), still);
});

test("who is mutual is told by the newer of two sights", async () => {
  await goodCheck();
  const before = new Set(await told("following"));
  await roost.advance(10 * DAY_S);
  await roost.goodCrawl();
  const now = await told("following");
  const fresh = now.filter((id) => !before.has(id));
  assert.ok(fresh.length > 0, "nobody was followed meanwhile: this proves nothing");
  const roster = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`);
  const mutual = roster.filter((row) => row.mutual).map((row) => row.user.id).sort();
  const here = new Set(roster.map((row) => row.user.id));
  assert.deepEqual(mutual, now.filter((id) => here.has(id)));
});

test("who was blocked left because of it, and that is said of nobody else", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { verify: false });
  const start = await roost.sim.now();
  const blockedSince = async (): Promise<string[]> => {
    const { lost } = await roost.sim.truth(start, await roost.sim.now());
    const now = new Set(await told("blocking"));
    return lost.filter((one: Json) => one.reason === "you_blocked" && now.has(one.id)).map((one: Json) => one.id);
  };
  const said = async () => {
    const lost = await roost.events("kind=lost");
    const found = lost.filter((event) => event.reason === "you_blocked");
    assert.ok(found.every((event) => event.confidence === "certain" && event.state === "confirmed"));
    return [idsOf(found), new Set(idsOf(lost))] as const;
  };
  await roost.goodCrawl();
  await roost.advance(5 * DAY_S);
  await roost.goodCrawl();
  assert.deepEqual((await said())[0], []);
  // After the loss was seen, and before.
  await goodCheck();
  const [first, lost] = await said();
  const expected = (await blockedSince()).filter((id) => lost.has(id)).sort();
  assert.ok(expected.length > 3, `${expected.length} blocked prove little`);
  assert.deepEqual(first, expected);
  await roost.advance(3 * DAY_S);
  await goodCheck();
  await roost.goodCrawl();
  const [second, all] = await said();
  assert.deepEqual(second, (await blockedSince()).filter((id) => all.has(id)).sort());
  assert.ok(second.length > first.length);
  const before = await roost.events("kind=lost");
  const replay = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  await roost.ended(replay.json.run);
  assert.deepEqual(await roost.events("kind=lost"), before, "a replay says the same");
});

test("it is read weekly, and repeats of a UTC day cost nothing", async () => {
  const all = () => roost.all("/runs?what=following");
  const others = (await all()).length;
  const runs = async () => (await all()).slice(0, -others || undefined);
  await on();
  await roost.tick();
  const [first] = await runs();
  await roost.ended(first.id);
  const before = [await bill(), await books()];
  await check();
  assert.deepEqual([await bill(), await books()], before);
  for (const days of [3, 3]) {
    await roost.advance(days * DAY_S);
    await roost.tick();
    assert.equal((await runs()).length, 2);
  }
  await roost.advance(DAY_S);
  await roost.tick();
  const found = await runs();
  assert.equal(found.length, 3);
  assert.equal((await roost.ended(found[0].id)).state, "done");
});

const ODD: [string, Json, string][] = [
  ["cut", {}, "following"],
  ["bad_json", {}, "blocking"],
  ["status_503", {}, "following"],
  ["token_expired", { after: 1, what: "page" }, "following"],
  ["repeat_page", { after: 1 }, "following"],
];
for (const [kind, args, list] of ODD) {
  test(`${kind} in ${list} is got over, and both lists are whole`, async () => {
    const { after, ...rest } = args;
    const route = LISTS[list as "following" | "blocking"];
    const id = await roost.fault(kind, { route, after: after ?? 0, args: rest, count: 1 });
    await goodCheck();
    assert.equal(await roost.fired(id), 1);
    assert.deepEqual(ids(await rows()), await told("following"));
    assert.equal((await view()).blocked, (await told("blocking")).length);
  });
}

test("a block list that X refuses costs nothing but itself, and says why", async () => {
  const id = await roost.fault("status_403", { route: LISTS.blocking, count: 1 });
  await goodCheck();
  assert.equal(await roost.fired(id), 1);
  const { blocked, reason, following } = await view();
  assert.equal(blocked, null);
  assert.match(reason, /has no access/);
  assert.equal(following, (await told("following")).length);
  await goodCheck();
  assert.equal((await view()).reason, null);
});

test("keys that X refuses stop it for the day and leave the list as it was", async () => {
  await goodCheck();
  const known = ids(await rows());
  await roost.advance(8 * DAY_S);
  await roost.fault("status_401", { route: LISTS.following, after: 1, count: 1 });
  const run = await check();
  assert.equal(run.state, "failed");
  const { state, reason } = await view();
  assert.equal(state, "stopped");
  assert.match(reason, /keys/);
  assert.deepEqual(ids(await rows()), known);
  const runs = (await roost.all("/runs?what=following")).length;
  await roost.tick();
  assert.equal((await roost.all("/runs?what=following")).length, runs, "not before tomorrow");
  await roost.advance(DAY_S);
  await roost.tick();
  const [next] = await roost.all("/runs?what=following");
  assert.equal((await roost.ended(next.id)).state, "done");
});

test("a cap that does not cover the list is not touched", async () => {
  const cap = (await roost.account()).spent_month_usd + 0.2;
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { monthly_cap_usd: cap, following: true });
  const before = await bill();
  const run = await check();
  assert.equal(run.state, "failed");
  assert.match(run.error.detail, /cap/);
  assert.equal(await bill(), before);
});

test("an eviction between any two calls changes nothing", async () => {
  // A day on which nothing was read yet: X's repeats are free, also those of an account deleted here.
  await roost.advance(DAY_S);
  await on();
  const before = [await bill(), await books()];
  const slow = await Promise.all(
    Object.values(LISTS).map((route) => roost.fault("slow", { route, count: 20, args: { ms: 60 } })),
  );
  const answer = await roost.api("POST", path("/check"));
  const ends = roost.ended(answer.json.run);
  await roost.evictBetweenCalls(slow, ends);
  assert.equal((await ends).state, "done");
  await roost.until("the lists", async () => (await view()).last_read);
  assert.deepEqual(ids(await rows()), await told("following"));
  assert.equal((await view()).blocked, (await told("blocking")).length);
  assert.equal((await books()) - before[1], (await bill()) - before[0], "the books are X's bill");
});

test("of another account nothing is read, and the page is told why", async () => {
  await roost.track("13");
  const { following } = await roost.account("13");
  assert.match(following.reason, /only to the account itself/);
  await roost.api("PATCH", "/accounts/13", { following: true });
  const answer = await roost.api("POST", path("/check", "13"));
  const run = await roost.ended(answer.json.run);
  assert.equal(run.state, "failed");
});

test("profiles that were not read again for weeks are forgotten, ids stay", async () => {
  await goodCheck();
  const known = ids(await rows());
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { following: false });
  await roost.advance(15 * DAY_S);
  await roost.tick();
  const left = await rows();
  assert.deepEqual(ids(left), known);
  assert.ok(left.every((row) => row.user.username === "" && row.user.avatar === null));
});

test("a history that begins with X's archive says so, and what came since; also after a replay", async () => {
  const now = await roost.sim.now();
  const then = now - 5 * DAY_S * 1000;
  const bare = async (at: number) => {
    const users = (await roost.sim.snapshot(at)) as Buffer;
    return users;
  };
  const name = followersName(then);
  const query = `?name=${encodeURIComponent(name)}&origin=archive`;
  const answer = await roost.api("POST", `/accounts/${ACCOUNT}/snapshots${query}`, await bare(then));
  assert.equal((await roost.ended(answer.json.run)).state, "done");
  assert.deepEqual((await roost.account()).baseline, { at: iso(then).replace(/\.\d+Z/, "Z"), origin: "archive", since: null });
  await roost.goodCrawl();
  const came = (await roost.events("kind=followed")).length;
  const left = (await roost.events("kind=lost")).length;
  assert.ok(came > 5 && left > 5);
  const { baseline } = await roost.account();
  assert.deepEqual(baseline.since, { came, left });
  const replay = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  await roost.ended(replay.json.run);
  assert.deepEqual((await roost.account()).baseline, baseline);
  const origins = (await roost.snapshots()).map((snapshot) => [snapshot.name === name, snapshot.origin]);
  assert.deepEqual(origins, [[false, "check"], [true, "archive"]]);
});

test("a plain import begins a history without a word about an archive", async () => {
  const at = (await roost.sim.now()) - DAY_S * 1000;
  await roost.import(followersName(at), await roost.sim.snapshot(at));
  await roost.goodCrawl();
  const { baseline } = await roost.account();
  assert.deepEqual([baseline.origin, baseline.since], ["import", null]);
  const file = gzipSync(Buffer.from("[]"));
  const refused = await roost.api("POST", `/accounts/${ACCOUNT}/snapshots?name=${encodeURIComponent(followersName(at))}&origin=check`, file);
  assert.equal(refused.status, 400);
});

test("credits that end while the lists are read pause every other read too", async () => {
  await on();
  await roost.fault("credits_depleted", { route: LISTS.following });
  const run = await check();
  assert.equal(run.state, "failed", JSON.stringify(run));
  const { paused } = await roost.get("/budget");
  assert.ok(paused !== null && paused.why.length > 0, "X is asked on as if nothing were");
  const answer = await roost.api("PUT", "/budget", { paused: false });
  assert.equal(answer.json.paused, null);
});

test("whom it follows can be saved, with the list's own filters", async () => {
  await goodCheck();
  await roost.goodCrawl();
  for (const filter of ["all", "mutual", "not_back"]) {
    const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/following.csv?filter=${filter}&sort=id`);
    assert.equal(answer.status, 200, answer.text);
    const saved = csvRows(answer.text).map((row) => row.user_id);
    assert.deepEqual(saved, (await rows(filter, "&sort=id")).map((row) => row.user.id), filter);
    assert.ok(saved.length > 0, filter);
  }
});
