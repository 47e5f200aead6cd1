// Bulk look-ups: every one in one class whatever goes wrong, no call that was not granted.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Answer, type Json, Roost } from "./harness.ts";

let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 12_000, rateLimits: true });
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.sim.call("DELETE", "/sim/faults");
  // A window of X's own for each test.
  await roost.advance(3600);
});

const followers = async (): Promise<string[]> =>
  JSON.parse(gunzipSync(await roost.sim.snapshot(await roost.sim.now())).toString()).map((user: Json) => user.id);
const bill = (): Promise<Json> => roost.sim.call("GET", "/sim/bill");
const begin = (body: Json): Promise<Answer> => roost.api("POST", "/lookups", body);

async function started(body: Json): Promise<string> {
  const answer = await begin(body);
  assert.equal(answer.status, 202, answer.text);
  return answer.json.run;
}

/** If a look-up waits, moves the clock to where it goes on. */
async function skipWait(id: string): Promise<Json> {
  const lookup = await roost.get(`/lookups/${id}`);
  if (lookup.state === "running" && lookup.waits_until !== null) {
    const ahead = Date.parse(lookup.waits_until) - (await roost.sim.now());
    if (ahead > 0) await roost.advance(Math.ceil(ahead / 1000));
    await roost.tick();
  }
  return lookup;
}

async function ended(id: string, each: (lookup: Json) => Promise<void> = async () => {}): Promise<Json> {
  return roost.until(`look-up ${id}`, async () => {
    const lookup = await skipWait(id);
    if (lookup.state === "running") await each(lookup);
    return lookup.state !== "running" && lookup;
  });
}

async function result(id: string): Promise<Json[]> {
  const answer = await roost.api("GET", `/lookups/${id}/result`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  return answer.text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

test("the price comes first, and asking for it costs nothing", async () => {
  const before = await bill();
  const ids = (await followers()).slice(0, 250);
  const answer = await begin({ ids: [...ids, ids[0]], start: false });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { run: null, people: 250, calls: 3, usd: 2.5 });
  assert.deepEqual(await bill(), before);
});

test("bad input is told by its name", async () => {
  const many = Array.from({ length: 10_001 }, (_, n) => String(n + 1));
  for (const [body, expected] of [
    [{}, /`ids` and `usernames`/],
    [{ ids: ["1"], usernames: ["a"] }, /`ids` and `usernames`/],
    [{ ids: ["x7"] }, /`ids\[0\]`: `x7` is none/],
    [{ usernames: ["ada", "no space", "https://x.com/home"] }, /`usernames\[1\]`: `no space` is none; `usernames\[2\]`: `https:\/\/x.com\/home`/],
    [{ usernames: ["https://x.com/i/user/12"] }, /it names the id 12/],
    [{ ids: many }, /10001 are more than 10000/],
    [{ ids: ["1"], pool: 7 }, /`pool`: 1 to 6/],
    [{ ids: ["1"], batch: 101 }, /`batch`: 1 to 100/],
  ] as const) {
    const answer = await begin(body);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.detail, expected);
  }
  assert.equal((await roost.api("GET", "/lookups/none")).status, 404);
});

test("20,000 ids with every fault: each in one class, none lost, none doubled", async () => {
  const here = await followers();
  const now = await roost.sim.now();
  const { lost } = await roost.sim.truth(now - 60 * 86_400_000, now);
  const there = new Set(here);
  const gone = [...new Set<string>(lost.map((loss: Json) => loss.id))].filter((id) => !there.has(id));
  const invented = Array.from({ length: 20_000 - here.length - gone.length }, (_, n) => String(9_000_000_000_000_000_000n + BigInt(n)));
  const all = [...here, ...gone, ...invented].slice(0, 20_000);
  assert.equal(all.length, 20_000);
  const kinds = ["status_503", "cut", "bad_json", "errors_200", "disconnect", "status_429", "empty", "status_409", "status_420"];
  for (const [n, kind] of [...kinds, ...kinds, ...kinds].entries()) {
    const args = kind === "status_429" ? { reset_s: 20 } : {};
    await roost.fault(kind, { route: "/2/users", after: 4 * n, args });
  }
  // Neighbours are far apart in the list: every batch has some of all.
  const mixed = all.map((_, n) => all[(n * 7919) % all.length]!);
  const runs = [await started({ ids: mixed.slice(0, 10_000), pool: 6 }), await started({ ids: mixed.slice(10_000), pool: 2 })];
  let evictions = 0;
  const lines: Json[] = [];
  for (const run of runs) {
    const lookup = await ended(run, async () => {
      if (evictions < 12 && (await roost.runtime.evict("Lookups", "lookups").then(() => true, () => false))) evictions++;
    });
    assert.equal(lookup.state, "done", JSON.stringify(lookup));
    assert.equal(lookup.done, 10_000);
    lines.push(...(await result(run)));
    const found = lines.filter((line) => line.class === "found");
    assert.ok(found.every((line) => line.profile.id === line.id && line.key === line.id));
  }
  assert.ok(evictions > 0);
  assert.equal(lines.length, 20_000);
  const by = new Map(lines.map((line) => [line.key, line.class]));
  assert.equal(by.size, 20_000, "none is doubled");
  assert.ok(all.every((id) => by.has(id)), "none is lost");
  const failed = lines.filter((line) => line.class === "failed");
  assert.deepEqual(failed.slice(0, 3), []);
  assert.ok(here.every((id) => by.get(id) === "found"));
  assert.ok(invented.every((id) => !by.has(id) || by.get(id) === "missing"));
  const reasons = new Map<string, Json>(lost.sort((a: Json, b: Json) => a.at - b.at).map((loss: Json) => [loss.id, loss]));
  for (const id of gone) {
    const { reason, back } = reasons.get(id)!;
    if (back !== null) continue;
    const expected = reason === "suspended" ? "suspended" : reason === "gone" ? "missing" : "found";
    assert.equal(by.get(id), expected, `${id}: ${reason}`);
  }
});

test("ten calls left and eight kept: exactly two are made, the rest after the reset", async () => {
  const ids = (await followers()).slice(0, 700);
  // Someone else's program uses X's window up, all but eleven calls; one look tells Roost.
  for (let n = 0; n < 289; n++) {
    await fetch(`${roost.sim.url}/2/users?ids=${ids[0]}`, { headers: { authorization: "Bearer sim-bearer" } }).then((answer) => answer.arrayBuffer());
  }
  assert.equal((await roost.api("PUT", "/budget", { keep_unused: 8 })).status, 200);
  await ended(await started({ ids: [ids[0]] }));
  assert.equal((await roost.get("/budget")).quotas["users/lookup"].remaining, 10);
  const before = await bill();
  const run = await started({ ids, pool: 6 });
  const waiting = await roost.until("the window to be used up", async () => {
    const lookup = await roost.get(`/lookups/${run}`);
    return lookup.waits_until !== null && lookup;
  });
  assert.match(waiting.reason, /rate limit/);
  assert.equal((await bill()).calls - before.calls, 2);
  assert.equal(waiting.done, 200);
  assert.equal((await ended(run)).done, 700);
  assert.equal((await bill()).calls - before.calls, 7, "nothing is asked twice");
  assert.equal((await roost.api("PUT", "/budget", { keep_unused: 0 })).status, 200);
});

test("those that come at once are looked up in turn, and each says what it waits for", async () => {
  const ids = (await followers()).slice(0, 400);
  for (let n = 0; n < 300; n++) {
    await fetch(`${roost.sim.url}/2/users?ids=${ids[0]}`, { headers: { authorization: "Bearer sim-bearer" } }).then((answer) => answer.arrayBuffer());
  }
  const first = await started({ ids });
  const others = [await started({ ids: ids.slice(0, 2) }), await started({ ids: ids.slice(2, 4) })];
  for (const other of others) {
    const waiting = await roost.until("it to wait for its window", async () => {
      const lookup = await roost.get(`/lookups/${other}`);
      return lookup.waits_until !== null && lookup;
    });
    assert.match(waiting.reason, /rate limit/);
  }
  for (const run of [...others, first]) assert.equal((await ended(run)).state, "done");
});

test("a handle does not say what becomes of it", async () => {
  const run = await started({ usernames: ["ada_suspended", "notsuspended_x", "Nobody_at_all_1", "suspended"] });
  const lookup = await ended(run);
  assert.deepEqual(lookup.classes, { missing: 4 });
  assert.deepEqual((await result(run)).map((line) => line.key), ["ada_suspended", "notsuspended_x", "Nobody_at_all_1", "suspended"]);
  const now = await roost.sim.now();
  const { lost } = await roost.sim.truth(now - 60 * 86_400_000, now);
  const away = lost.filter((loss: Json) => loss.reason === "suspended" && loss.back === null).map((loss: Json) => loss.id);
  assert.ok(away.length > 0);
  const control = await ended(await started({ ids: away.slice(0, 20) }));
  assert.deepEqual(control.classes, { suspended: Math.min(away.length, 20) });
});

test("links of X name ids and handles, and a handle keeps its spelling", async () => {
  const some = (await followers()).slice(0, 2);
  const byId = await started({ ids: [`https://x.com/i/user/${some[0]}`, `twitter.com/intent/user?user_id=${some[1]}`, some[0]] });
  assert.equal((await ended(byId)).people, 2);
  const names: string[] = (await result(byId)).map((line) => line.profile.username);
  const spelt = names.map((name) => name.toUpperCase());
  const run = await started({ usernames: [`https://mobile.twitter.com/${spelt[0]}/status/5?s=20`, `＠${spelt[1]}`, names[0]!] });
  assert.deepEqual((await ended(run)).classes, { found: 2 });
  assert.deepEqual((await result(run)).map((line) => line.key).sort(), [...spelt].sort());
});

test("handles are looked up whatever their case", async () => {
  const some = (await followers()).slice(0, 3);
  const byId = await started({ ids: some });
  await ended(byId);
  const names: string[] = (await result(byId)).map((line) => line.profile.username);
  const run = await started({ usernames: [`@${names[0]!.toUpperCase()}`, ...names, "nobody_of_them"] });
  const lookup = await ended(run);
  assert.deepEqual(lookup.classes, { found: 3, missing: 1 });
  assert.equal(lookup.people, 4);
  assert.deepEqual((await result(run)).filter((line) => line.class === "found").map((line) => line.id).sort(), [...some].sort());
});

test("X's refusal of the keys ends it with its reason; used-up credits are waited for", async () => {
  const ids = (await followers()).slice(0, 150);
  await roost.fault("status_402", { route: "/2/users", count: 2 });
  const poor = await started({ ids, pool: 1 });
  await roost.until("a pause", async () => {
    const { waits_until, reason } = await roost.get(`/lookups/${poor}`);
    return waits_until !== null && /credit/i.test(reason);
  });
  assert.equal((await ended(poor)).state, "done");
  await roost.fault("status_401", { route: "/2/users" });
  const refused = await ended(await started({ ids, pool: 1 }));
  assert.equal(refused.state, "failed");
  assert.deepEqual(refused.classes, { failed: 150 });
  const lines = await result(refused.id);
  assert.ok(lines.every((line) => line.class === "failed" && line.why.length > 10));
});

test("results are listed, deleted when asked, and kept for 7 days", async () => {
  const ids = (await followers()).slice(0, 5);
  const first = await started({ ids });
  await ended(first);
  await roost.advance(60);
  const second = await started({ ids: ids.slice(0, 2) });
  const { expires, ended: at } = await ended(second);
  assert.equal(Date.parse(expires) - Date.parse(at), 7 * 86_400_000);
  assert.deepEqual((await roost.all("/lookups?limit=1")).slice(0, 2).map((one) => one.id), [second, first]);
  assert.equal((await roost.api("DELETE", `/lookups/${first}`)).status, 204);
  assert.equal((await roost.api("GET", `/lookups/${first}/result`)).status, 404);
  await roost.advance(7 * 86_400 + 60);
  await roost.tick();
  await roost.until("the result to be deleted", async () => (await roost.api("GET", `/lookups/${second}`)).status === 404);
});
