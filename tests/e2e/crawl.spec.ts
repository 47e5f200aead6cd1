// A full check from X to the ledger, and what a second one settles.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, followersName, idsOf, type Json, Roost } from "./harness.ts";

const DAY_S = 86_400;
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 3000 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

test("the first check makes no events and lists everyone", async () => {
  const { run, start } = await roost.goodCrawl();
  assert.equal(run.what, "crawl");
  assert.equal(run.trigger, "fetch");
  assert.ok(run.counts.followers > 2900, JSON.stringify(run.counts));
  assert.deepEqual(await roost.events(), []);
  const account = await roost.account();
  assert.equal(account.followers, run.counts.followers);
  assert.equal(account.x_count, run.counts.followers);
  assert.equal(account.collector.state, "idle");
  const snapshot = await roost.snapshotOf(followersName(start));
  assert.equal(snapshot.state, "accepted");
  assert.equal(snapshot.run, run.id);
});

test("after a day the ledger gains exactly what the truth says", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const b = await roost.goodCrawl();
  const { net } = await roost.sim.truth(a.start, b.start);
  assert.ok(net.lost.length > 0 && net.followed.length > 0, "a day in which nothing happens proves nothing");
  assert.deepEqual(idsOf(await roost.events("kind=followed,returned")), net.followed.sort());
  const lost = await roost.events("kind=lost");
  assert.deepEqual(idsOf(lost), net.lost.sort());
  for (const event of lost) {
    assert.equal(event.state, "suspected");
    assert.equal(event.id, `${followersName(b.start).slice(10, -8)}:lost:${event.user.id}`);
    assert.equal(Date.parse(event.at), b.start);
    assert.equal(Date.parse(event.not_before), a.start);
    assert.equal(event.snapshot, followersName(b.start));
    assert.equal(event.how, "crawl");
    assert.equal(event.reason, "unknown");
    assert.ok(event.user.username, "who left still has a name");
  }
  assert.equal(b.run.counts.lost, net.lost.length);
  assert.equal(b.run.counts.gained, net.followed.length);
});

test("renames are events with both handles", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(5 * DAY_S);
  const b = await roost.goodCrawl();
  const truth = await roost.sim.truth(a.start, b.start);
  // Who left or came meanwhile is not in both lists; who was renamed twice shows the last name.
  const gone = new Set([...truth.net.lost, ...truth.net.followed]);
  const told = new Map<string, string>();
  for (const { id, to } of truth.renamed as Json[]) if (!gone.has(id)) told.set(id, to);
  assert.ok(told.size > 0, "no rename in five days proves nothing");
  const renamed = await roost.events("kind=renamed");
  assert.deepEqual(new Map(renamed.map((e) => [e.user.id, e.to])), told);
  assert.ok(renamed.every((e) => e.from && e.from !== e.to && e.user.username === e.to));
});

test("the next check confirms the losses, each once", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const b = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const c = await roost.goodCrawl();
  const [first, second] = await Promise.all([
    roost.sim.truth(a.start, b.start),
    roost.sim.truth(b.start, c.start),
  ]);
  const back = new Set(second.net.followed);
  const confirmed = first.net.lost.filter((id: string) => !back.has(id)).sort();
  assert.deepEqual(idsOf(await roost.events("kind=lost&state=confirmed")), confirmed);
  assert.deepEqual(idsOf(await roost.events("kind=lost&state=suspected")), second.net.lost.sort());
  assert.equal(c.run.counts.confirmed, confirmed.length);
});

test("events are listed newest first, page by page, each once", async () => {
  await roost.goodCrawl();
  for (let day = 0; day < 3; day++) {
    await roost.advance(DAY_S);
    await roost.goodCrawl();
  }
  const whole = await roost.events();
  const paged = await roost.all(`/accounts/${ACCOUNT}/followers/events?limit=7`);
  assert.ok(whole.length > 14, "too few events to page");
  assert.deepEqual(paged, whole);
  assert.equal(new Set(whole.map((event) => event.id)).size, whole.length);
  const times = whole.map((event) => event.at);
  assert.deepEqual(times, [...times].sort().reverse());
});

test("a second request while a check runs answers with the same run", async () => {
  const run = await roost.startCrawl();
  const again = await roost.api("POST", `/accounts/${ACCOUNT}/crawl`);
  assert.equal(again.status, 200);
  assert.equal(again.json.run, run);
  assert.equal((await roost.ended(run)).state, "done");
});

test("a snapshot is downloaded as it is stored, and holds X's objects", async () => {
  const { start } = await roost.goodCrawl();
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${followersName(start)}`);
  assert.equal(answer.headers.get("content-type"), "application/gzip");
  assert.equal(answer.headers.get("content-encoding"), null);
  const users: Json[] = JSON.parse(gunzipSync(answer.bytes).toString());
  const expected: Json[] = JSON.parse(gunzipSync(await roost.sim.snapshot(start)).toString());
  assert.deepEqual(users.map((u) => u.id), expected.map((u) => u.id));
  assert.ok(users[0].name && users[0].username && users[0].public_metrics);
});

test("the roster lists, searches, sorts and remembers", async () => {
  const a = await roost.goodCrawl();
  await roost.advance(DAY_S);
  const b = await roost.goodCrawl();
  const { net } = await roost.sim.truth(a.start, b.start);
  const now = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`);
  assert.equal(now.length, b.run.counts.followers);
  assert.ok(now.every((row) => row.following));
  const then = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000&as_of=${new Date(a.start).toISOString()}`);
  const ids = new Set(then.map((row) => row.user.id));
  assert.equal(ids.size, a.run.counts.followers);
  assert.ok(net.lost.every((id: string) => ids.has(id)) && !net.followed.some((id: string) => ids.has(id)));
  const fresh = await roost.all(`/accounts/${ACCOUNT}/followers?filter=new&sort=-since`);
  const events = await roost.events("kind=followed");
  assert.deepEqual(fresh.map((row) => row.user.id).sort(), idsOf(events));
  const [someone] = events;
  const found = await roost.all(`/accounts/${ACCOUNT}/followers?q=${encodeURIComponent(someone.user.username)}`);
  assert.ok(found.some((row) => row.user.id === someone.user.id));
  const one = await roost.get(`/accounts/${ACCOUNT}/followers/${someone.user.id}`);
  assert.deepEqual(one.events.map((event: Json) => event.id), [someone.id]);
  assert.equal(one.since, someone.at);
});

test("muted people are left out where asked, and a note is found", async () => {
  await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  const [someone, ...others] = await roost.events("kind=followed");
  const path = `/accounts/${ACCOUNT}/followers/${someone.user.id}`;
  const answer = await roost.api("PATCH", path, { muted: true, note: "met in Lisbon" });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.note, "met in Lisbon");
  assert.deepEqual(idsOf(await roost.events("kind=followed&muted=false")), idsOf(others));
  const muted = await roost.all(`/accounts/${ACCOUNT}/followers?filter=muted`);
  assert.deepEqual(muted.map((row) => row.user.id), [someone.user.id]);
  const found = await roost.all(`/accounts/${ACCOUNT}/followers?q=lisbon`);
  assert.deepEqual(found.map((row) => row.user.id), [someone.user.id]);
});

test("a deleted account leaves nothing", async () => {
  await roost.goodCrawl();
  assert.equal((await roost.api("DELETE", `/accounts/${ACCOUNT}`)).status, 204);
  assert.equal((await roost.api("GET", `/accounts/${ACCOUNT}`)).status, 404);
  const { BUCKET } = await roost.runtime.bindings();
  assert.deepEqual((await BUCKET.list({ prefix: `snapshots/${ACCOUNT}/` })).objects, []);
  assert.deepEqual(await roost.all("/accounts"), []);
});
