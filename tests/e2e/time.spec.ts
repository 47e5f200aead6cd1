// Dates and names of saved lists, their deletion, and bodies that are longer than they may be.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ACCOUNT, followersName, iso, type Json, Roost } from "./harness.ts";

const DAY_MS = 86_400_000;
let roost: Roost;
let days: number[];
let lists: Buffer[];

before(async () => {
  roost = await Roost.start({ followers: 1500 });
  const now = await roost.sim.now();
  days = [0, 1, 2].map((day) => now - (9 - day) * DAY_MS);
  lists = await Promise.all(days.map((at) => roost.sim.snapshot(at)));
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

const path = (name: string) => `/accounts/${ACCOUNT}/snapshots/${encodeURIComponent(name)}`;
const tweets = gzipSync(JSON.stringify({ promoted: [], unpromoted: [] }));

/** Everything that is derived of the followers. */
async function derived(): Promise<Json> {
  const { followers, first_snapshot } = await roost.account();
  const roster = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000&sort=id`);
  const info = await roost.api("GET", `/accounts/${ACCOUNT}/export/USER_INFO.json.gz`);
  return { followers, first_snapshot, roster, events: await roost.events(), info: info.bytes };
}

test("a file dated ahead of the clock, or before X was, is refused", async () => {
  const ahead = iso((await roost.sim.now()) + 3 * 3_600_000);
  for (const stamp of [ahead, "2062-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2005-12-31T23:59:59Z"]) {
    for (const [kind, file] of [["FOLLOWERS", lists[0]], ["TWEETS", tweets]] as const) {
      const answer = await roost.send(`${kind}_${stamp}.json.gz`, file);
      assert.equal(answer.status, 400, answer.text);
      assert.match(answer.json.detail, /dated/);
    }
  }
  assert.deepEqual(await roost.snapshots(), []);
});

test("a file dated ahead that lies in the bucket is set aside with that reason, also by a replay", async () => {
  await roost.import(followersName(days[0]), lists[0]);
  const before = await derived();
  const { BUCKET, SNAPSHOTS } = await roost.runtime.bindings();
  const names = ["FOLLOWERS_2062-01-01T00:00:00Z.json.gz", "TWEETS_2062-01-01T00:00:00Z.json.gz"];
  for (const name of names) {
    const key = `snapshots/${ACCOUNT}/${name}`;
    const put = await BUCKET.put(key, name.startsWith("TWEETS") ? tweets : lists[1]);
    await SNAPSHOTS.send({ action: "PutObject", object: { key, eTag: put.etag } });
  }
  const aside = async () => {
    const found = await Promise.all(names.map((name) => roost.snapshotOf(name)));
    return found.every((one) => one?.state === "quarantined") && found;
  };
  for (const one of await roost.until("both to be set aside", aside)) assert.match(one.reason, /dated in the future/);
  assert.deepEqual(await derived(), before);
  const replay = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  assert.equal((await roost.ended(replay.json.run)).state, "done");
  assert.ok(await aside());
  assert.deepEqual(await derived(), before);
});

test("what browsers and shares make of a name is the plain name", async () => {
  const plain = followersName(days[0]);
  const { run } = (await roost.send(plain, lists[0])).json;
  await roost.ended(run);
  const spelt = (colon: string, end = ".json.gz") => plain.replaceAll(":", colon).replace(".json.gz", end);
  const saved = [spelt("_"), spelt("-"), spelt("%3A"), spelt(""), spelt("_", " (1).json.gz"), spelt("_", ".json (1).gz")];
  for (const name of saved) {
    const answer = await roost.send(name, lists[0]);
    assert.deepEqual([answer.status, answer.json.run], [200, run], `${name}: ${answer.text}`);
  }
  assert.deepEqual((await roost.snapshots()).map(({ name }) => name), [plain]);
});

test("a list that is deleted leaves everything as if it had never come", async () => {
  await roost.import(followersName(days[0]), lists[0]);
  await roost.import(followersName(days[2]), lists[2]);
  const before = await derived();
  for (const [day, file] of [[days[1], lists[1]], [days[2] + DAY_MS, lists[1]]] as const) {
    await roost.import(followersName(day), file);
    assert.notDeepEqual(await derived(), before);
    const answer = await roost.api("DELETE", path(followersName(day)));
    assert.equal(answer.status, 202, answer.text);
    const run = await roost.ended(answer.json.run);
    assert.deepEqual([run.what, run.state], ["delete", "done"]);
    assert.deepEqual(await derived(), before);
    assert.equal((await roost.api("GET", path(followersName(day)))).status, 404);
    assert.equal((await roost.api("DELETE", path(followersName(day)))).status, 404);
  }
  const { BUCKET } = await roost.runtime.bindings();
  const { objects } = await BUCKET.list({ prefix: `snapshots/${ACCOUNT}/` });
  assert.equal(objects.length, 6, "two lists with what lies beside them");
});

test("a file of tweets can be deleted", async () => {
  const name = `TWEETS_${iso(days[0])}.json.gz`;
  await roost.import(name, tweets);
  const answer = await roost.api("DELETE", path(name));
  assert.equal((await roost.ended(answer.json.run)).state, "done");
  assert.deepEqual(await roost.snapshots(), []);
});
