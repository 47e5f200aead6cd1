// Saved lists from elsewhere: by the API, by the bucket and its queue; good ones and bad ones.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { chunked } from "./chunked.ts";
import { ACCOUNT, ADMIN_TOKEN, followersName, idsOf, iso, type Json, Roost } from "./harness.ts";

const DAY_MS = 86_400_000;
let roost: Roost;
/** Three days, by the simulator's clock, and the lists of those days. */
let days: number[];
let lists: Buffer[];

before(async () => {
  roost = await Roost.start({ followers: 2500 });
  const now = await roost.sim.now();
  days = [0, 1, 2].map((day) => now - (9 - day) * DAY_MS);
  lists = await Promise.all(days.map((at) => roost.sim.snapshot(at)));
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

const users = (file: Buffer): Json[] => JSON.parse(gunzipSync(file).toString());
const pack = (value: unknown) => gzipSync(JSON.stringify(value));
const name = (day: number) => followersName(days[day]);

async function importDays(...order: number[]): Promise<Json[]> {
  const runs: Json[] = [];
  for (const day of order) runs.push(await roost.import(name(day), lists[day]));
  return runs;
}

/** What the ledger says, without what depends on when it was told. */
async function ledger(): Promise<Json[]> {
  return roost.events();
}

async function assertInterval(from: number, to: number) {
  const { net } = await roost.sim.truth(days[from], days[to]);
  const range = `from=${iso(days[to])}&to=${iso(days[to] + 1)}`;
  const events = await roost.events(range);
  assert.deepEqual(idsOf(events.filter((event) => event.kind === "lost")), net.lost.sort());
  const came = events.filter((event) => ["followed", "returned"].includes(event.kind));
  assert.deepEqual(idsOf(came), net.followed.sort());
}

/** Imports one good list, then a bad one of the next day: it is set aside, nobody is lost. */
async function setAside(file: Uint8Array, words: RegExp): Promise<Json> {
  await importDays(0);
  const run = await roost.import(name(1), file);
  assert.equal(run.state, "quarantined", JSON.stringify(run));
  assert.match(run.error.detail, words);
  const snapshot = await roost.snapshotOf(name(1));
  assert.equal(snapshot.state, "quarantined");
  assert.equal(snapshot.reason, run.error.detail);
  await roost.assertNobodyLost();
  // As if it had never been there.
  await importDays(2);
  await assertInterval(0, 2);
  return run;
}

test("lists imported in order make the ledger of their differences", async () => {
  const runs = await importDays(0, 1, 2);
  assert.deepEqual(runs.map((run) => [run.what, run.trigger, run.state]), Array(3).fill(["import", "fetch", "done"]));
  await assertInterval(0, 1);
  await assertInterval(1, 2);
  assert.ok((await roost.events("kind=lost")).every((event) => event.how === "import"));
});

test("lists imported out of order make the same ledger", async () => {
  await importDays(0, 1, 2);
  const expected = await ledger();
  for (const order of [[2, 1, 0], [0, 2, 1], [1, 0, 2]]) {
    await roost.fresh();
    await importDays(...order);
    assert.deepEqual(await ledger(), expected, `in the order ${order}`);
  }
});

test("the same bytes again are the same run", async () => {
  const [run] = await importDays(0);
  const again = await roost.send(name(0), lists[0]);
  assert.equal(again.status, 200);
  assert.equal(again.json.run, run.id);
});

test("other bytes under the same name are read again, and both intervals are re-diffed", async () => {
  await importDays(0, 1, 2);
  const right = await ledger();
  // A list that lacks 30 people who follow and has one who never did.
  const stranger = { id: "9999999999999999999", username: "nobody", name: "Nobody" };
  const wrong = pack([stranger, ...users(lists[1]).slice(30)]);
  await roost.fresh();
  await roost.import(name(0), lists[0]);
  await roost.import(name(1), wrong);
  await roost.import(name(2), lists[2]);
  assert.notDeepEqual(await ledger(), right);
  assert.equal((await roost.send(name(1), lists[1])).status, 409);
  const over = await roost.sendOver(name(1), lists[1]);
  assert.equal(over.status, 202, over.text);
  assert.equal((await roost.ended(over.json.run)).state, "done");
  assert.deepEqual(await ledger(), right);
  assert.equal((await roost.snapshots()).length, 3);
});

test("an import never destroys a list: other bytes are refused, and damaged ones also with replace=true", async () => {
  await importDays(0, 1, 2);
  const right = await ledger();
  const rubbish = [lists[1].subarray(0, 5000), Buffer.from("no gzip at all"), pack([]), pack([{ id: "1" }])];
  for (const bytes of rubbish) {
    const refused = await roost.send(name(1), bytes);
    assert.deepEqual([refused.status, refused.json.title], [409, "Name taken"], refused.text);
    const over = await roost.sendOver(name(1), bytes);
    assert.deepEqual([over.status, over.json.title], [422, "Not replaced"], over.text);
    assert.match(over.json.detail, /stays as it was/);
  }
  const file = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${encodeURIComponent(name(1))}`);
  assert.deepEqual(file.bytes, lists[1]);
  assert.equal((await roost.snapshotOf(name(1))).state, "accepted");
  assert.deepEqual(await ledger(), right);
  const { BUCKET } = await roost.runtime.bindings();
  const { objects } = await BUCKET.list({ prefix: `snapshots/${ACCOUNT}/` });
  assert.equal(objects.length, 9, "three lists with what lies beside them, and nothing else");
});

test("damaged bytes put into the bucket over a good list take it out of the ledger, losing nobody", async () => {
  await importDays(0, 1, 2);
  const { BUCKET, SNAPSHOTS } = await roost.runtime.bindings();
  const key = `snapshots/${ACCOUNT}/${name(1)}`;
  const put = await BUCKET.put(key, lists[1].subarray(0, 5000));
  await SNAPSHOTS.send({ action: "PutObject", object: { key, eTag: put.etag } });
  await roost.until("the file to be set aside", async () => (await roost.snapshotOf(name(1))).state === "quarantined");
  await assertInterval(0, 2);
  assert.deepEqual(await roost.events(`from=${iso(days[1])}&to=${iso(days[2])}`), []);
});

test("the same queue message three times changes nothing", async () => {
  await importDays(0, 1);
  const before = await ledger();
  const runs = (await roost.all("/runs")).length;
  const { SNAPSHOTS } = await roost.runtime.bindings();
  const { etag } = await roost.snapshotOf(name(1));
  const message = { action: "PutObject", object: { key: `snapshots/${ACCOUNT}/${name(1)}`, eTag: etag } };
  for (let i = 0; i < 3; i++) await SNAPSHOTS.send(message);
  // Messages are read in turn: when this one is through, so are those.
  await importDays(2);
  assert.equal((await roost.all("/runs")).length, runs + 1);
  const after = await ledger();
  const settled = ({ state, settles, ...event }: Json) => event;
  const until = after.filter((event) => Date.parse(event.at) < days[2]);
  assert.deepEqual(until.map(settled), before.map(settled));
});

test("a file put into the bucket by hand is read when its notification comes", async () => {
  await importDays(0);
  const { BUCKET, SNAPSHOTS } = await roost.runtime.bindings();
  const key = `snapshots/${ACCOUNT}/${name(1)}`;
  const put = await BUCKET.put(key, lists[1]);
  // The shape of Cloudflare's own event notifications.
  await SNAPSHOTS.send({
    account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
    action: "PutObject",
    bucket: "roost",
    object: { key, size: lists[1].length, eTag: put.etag },
    eventTime: iso(days[1]),
  });
  const run = await roost.until("the file to be read", async () => {
    const [found] = await roost.all("/runs?what=ingest");
    return found && found.state !== "running" && found;
  });
  assert.equal(run.state, "done", JSON.stringify(run));
  assert.equal(run.trigger, "queue");
  assert.equal(run.account, ACCOUNT);
  await assertInterval(0, 1);
});

test("a file put into the bucket where nothing notifies is found by the next tick", async () => {
  await importDays(0);
  const { BUCKET } = await roost.runtime.bindings();
  await BUCKET.put(`snapshots/${ACCOUNT}/${name(1)}`, lists[1]);
  await roost.tick();
  await roost.until("the file to be read", async () => {
    const found = (await roost.snapshots()).find((snapshot) => snapshot.name === name(1));
    return found?.state === "accepted";
  });
  await assertInterval(0, 1);
});

test("messages that are no use leave a run record each and block nothing", async () => {
  await importDays(0);
  const { SNAPSHOTS } = await roost.runtime.bindings();
  const put = (key: string) => ({ action: "PutObject", object: { key, eTag: "x" } });
  await SNAPSHOTS.send({ hello: "world" });
  await SNAPSHOTS.send("not even an object");
  await SNAPSHOTS.send(put("stream/2026/09/01/00/0.ndjson.gz"));
  await SNAPSHOTS.send(put(`snapshots/404/${name(0)}`));
  await SNAPSHOTS.send(put(`snapshots/${ACCOUNT}/${name(1)}`));
  await SNAPSHOTS.send({ action: "DeleteObject", object: { key: `snapshots/${ACCOUNT}/${name(0)}`, eTag: "x" } });
  await importDays(2);
  const failed = await roost.all("/runs?state=failed&what=ingest");
  const details = failed.map((run) => run.error.detail).join("\n");
  assert.match(details, /not of this queue/);
  assert.match(details, /stream\/2026/);
  assert.match(details, /not tracked/);
  assert.match(details, /no longer in the bucket/);
  await assertInterval(0, 2);
});

test("the seed's time format is kept word for word and ordered by its instant", async () => {
  await importDays(0);
  const stamp = iso(days[1]).replace("Z", "456+00:00");
  const seeds = `FOLLOWERS_${stamp}.json.gz`;
  const run = await roost.import(seeds, lists[1]);
  assert.equal(run.state, "done");
  await roost.import(name(2), lists[2]);
  const snapshot = await roost.snapshotOf(seeds);
  assert.equal(Date.parse(snapshot.at), days[1]);
  const exported = JSON.parse(gunzipSync(await roost.export("NEW_FOLLOWERS.json.gz")).toString());
  assert.deepEqual(Object.keys(exported), [name(0), seeds, name(2)].map((n) => n.slice(10, -8)));
  const [event] = await roost.events(`kind=lost&to=${iso(days[2])}`);
  assert.equal(event.id, `${stamp}:lost:${event.user.id}`);
});

test("a plus sign that the query turned into a space is put back", async () => {
  for (const given of ["2021-01-06T18:40:40.123456+00:00", "2021-01-07T18:40:40.123456%2B00:00", "2021-01-08T18:40:40.123456%2000:00"]) {
    const answer = await roost.api("POST", `/accounts/${ACCOUNT}/snapshots?name=FOLLOWERS_${given}.json.gz`, lists[0]);
    assert.equal(answer.status, 202, answer.text);
    await roost.ended(answer.json.run);
  }
  const names = (await roost.snapshots()).map((snapshot) => snapshot.name);
  const stamps = ["08", "07", "06"].map((day) => `FOLLOWERS_2021-01-${day}T18:40:40.123456+00:00.json.gz`);
  assert.deepEqual(names, stamps);
  const file = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${encodeURIComponent(stamps[0])}`);
  assert.deepEqual(file.bytes, lists[0]);
});

test("two names of one instant are not both counted", async () => {
  await importDays(0);
  const other = `FOLLOWERS_${iso(days[0]).replace("Z", "+00:00")}.json.gz`;
  const run = await roost.import(other, lists[1]);
  assert.equal(run.state, "quarantined");
  assert.match(run.error.detail, /same instant/);
  await roost.assertNobodyLost();
});

test("a name that is none is refused and told what one looks like", async () => {
  for (const bad of ["followers.json.gz", "FOLLOWERS_yesterday.json.gz", "FOLLOWERS_2026-01-01T00:00:00Z.json", "../x"]) {
    const answer = await roost.send(bad, lists[0]);
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.detail, /FOLLOWERS_2026/);
  }
  const none = await roost.api("POST", `/accounts/${ACCOUNT}/snapshots`, lists[0]);
  assert.equal(none.status, 400);
  assert.match(none.json.detail, /name/);
});

test("a list cut off in the middle is set aside", async () => {
  await setAside(lists[1].subarray(0, lists[1].length - 1000), /could not be read/);
});

test("a list with a flipped byte is set aside", async () => {
  const file = Buffer.from(lists[1]);
  file[file.length >> 1] ^= 0x10;
  await setAside(file, /could not be read/);
});

test("a file that is not gzip is set aside", async () => {
  await setAside(Buffer.from(JSON.stringify(users(lists[1]))), /could not be read/);
});

test("JSON that is no list is set aside", async () => {
  await setAside(pack({ data: users(lists[1]) }), /could not be read/);
});

test("a JSON list that is cut, though its gzip is whole, is set aside", async () => {
  const text = gunzipSync(lists[1]).toString();
  await setAside(gzipSync(text.slice(0, text.length / 2)), /could not be read/);
});

test("an empty list after a full one is set aside", async () => {
  await setAside(pack([]), /empty/);
});

test("another account's list is set aside", async () => {
  const other = await roost.sim.snapshot(days[1], "13");
  assert.ok(users(other).length > 100);
  await setAside(other, /another account's list/);
});

test("several gzip members, cut anywhere, are one list", async () => {
  const text = gunzipSync(lists[1]);
  const cuts = [0, 1, 1000, 1001, text.length >> 1, text.length - 1, text.length];
  const members = cuts.slice(1).map((end, i) => gzipSync(text.subarray(cuts[i], end)));
  await importDays(0);
  const run = await roost.import(name(1), Buffer.concat(members));
  assert.equal(run.state, "done", JSON.stringify(run));
  assert.equal(run.counts.followers, users(lists[1]).length);
  await assertInterval(0, 1);
});

test("ids in any order make the same ledger", async () => {
  await importDays(0, 1);
  const expected = await ledger();
  await roost.fresh();
  await importDays(0);
  const shuffled = users(lists[1]).sort((a, b) => (a.username < b.username ? -1 : 1));
  await roost.import(name(1), pack(shuffled));
  assert.deepEqual(await ledger(), expected);
});

test("of a person listed under two handles the later entry counts, in handle, profile and renames", async () => {
  const list = users(lists[0]);
  const [one, other, ...rest] = list;
  const named = (user: Json, username: string) => ({ ...user, username, name: `Name of ${username}` });
  const first = [named(one, "old_handle"), { ...other, username: "" }];
  const later = [named(one, "new_handle"), named(other, "has_a_handle")];
  await roost.import(name(0), pack([...first, ...rest, ...later]));
  for (const [user, username] of [[one, "new_handle"], [other, "has_a_handle"]] as const) {
    const row = await roost.get(`/accounts/${ACCOUNT}/followers/${user.id}`);
    assert.deepEqual([row.user.username, row.user.name], [username, `Name of ${username}`]);
  }
  await roost.import(name(1), pack([...later, ...rest]));
  assert.deepEqual(await roost.events("kind=renamed"), []);
  await roost.import(name(2), pack([named(one, "newest"), later[1], ...rest]));
  const renamed = await roost.events("kind=renamed");
  assert.deepEqual(renamed.map((event) => [event.user.id, event.from, event.to]), [[one.id, "new_handle", "newest"]]);
});

test("a person listed twice is one follower", async () => {
  const list = users(lists[0]);
  const run = await roost.import(name(0), pack([...list, ...list.slice(0, 10)]));
  assert.equal(run.state, "done");
  assert.equal(run.counts.followers, list.length);
  assert.equal(run.counts.repeats, 10);
});

test("ids of 19 digits are kept to the last digit", async () => {
  const ids = ["9223372036854775807", "9223372036854775806", "1000000000000000001", "9007199254740993", "7"];
  const file = (list: string[]) => pack(list.map((id) => ({ id, username: `u${id}`.slice(0, 15), name: id })));
  await roost.import(name(0), file(ids));
  await roost.import(name(1), file(ids.slice(1)));
  await roost.import(name(2), file(ids));
  const rows = await roost.all(`/accounts/${ACCOUNT}/followers?sort=id`);
  assert.deepEqual(rows.map((row) => row.user.id).sort(), [...ids].sort());
  const [event] = await roost.events("kind=lost");
  assert.equal(event.user.id, ids[0]);
  assert.equal(event.state, "retracted");
  const exported = JSON.parse(gunzipSync(await roost.export("LOST_FOLLOWERS.json.gz")).toString());
  assert.deepEqual(exported[name(1).slice(10, -8)], [ids[0]]);
  assert.equal((await roost.get(`/accounts/${ACCOUNT}/followers/${ids[1]}`)).user.name, ids[1]);
});

test("people without a name, or with odd fields, are followers all the same", async () => {
  const odd: unknown[] = [
    { id: "101" },
    { id: "102", username: null, name: null },
    { id: "103", username: "only_handle" },
    { id: "104", name: "Only Name 🌊 \u202e" },
    { id: "105", username: 5, name: ["x"], public_metrics: "many", created_at: "when?", protected: "yes" },
    { id: 106, username: "number_id", name: "Numeric" },
    { id: "107", username: "x".repeat(500), name: "y".repeat(5000), description: "z".repeat(20_000) },
  ];
  const run = await roost.import(name(0), pack(odd));
  assert.equal(run.state, "done", JSON.stringify(run));
  assert.equal(run.counts.followers, odd.length);
  const rows = await roost.all(`/accounts/${ACCOUNT}/followers?sort=id`);
  assert.equal(rows.length, odd.length);
  await roost.import(name(1), pack(odd.slice(1)));
  const [event] = await roost.events("kind=lost");
  assert.equal(event.user.id, "101");
  assert.equal(event.user.username, "");
});

test("entries that are nobody are left out and counted", async () => {
  const list = users(lists[0]);
  const junk = [null, 5, "x", [], {}, { id: "" }, { id: "abc" }, { id: -1 }, { username: "no_id" }];
  const run = await roost.import(name(0), pack([...junk, ...list]));
  assert.equal(run.state, "done", JSON.stringify(run));
  assert.equal(run.counts.followers, list.length);
  assert.equal(run.counts.dropped, junk.length);
});

/**
 * Announces so many zeros, or sends them without a length, and answers as soon as the other side
 * does. Of an announced body only the beginning is sent: the refusal must not wait for the rest,
 * and a client still writing when the refused connection closes may never read why.
 */
function sendZeros(path: string, bytes: number, chunked = false): Promise<{ status: number; body: string }> {
  return new Promise((done, failed) => {
    const headers: Json = { authorization: `Bearer ${ADMIN_TOKEN}` };
    if (!chunked) headers["content-length"] = String(bytes);
    const out = request(new URL(path, roost.runtime.url), { method: "POST", headers }, async (answer) => {
      let body = "";
      for await (const piece of answer) body += piece;
      done({ status: answer.statusCode!, body });
      out.destroy();
    });
    out.on("error", failed);
    out.write(Buffer.alloc(Math.min(bytes, 16 * 1024)));
    if (chunked) out.end();
  });
}

test("a body of 200 MB is refused and told to go into the bucket", async () => {
  await importDays(0);
  const path = `/api/v1/accounts/${ACCOUNT}/snapshots?name=${encodeURIComponent(name(1))}`;
  const { status, body } = await sendZeros(path, 200_000_000);
  assert.equal(status, 413, body);
  assert.match(JSON.parse(body).detail, /bucket/);
  const [run] = await roost.all(`/runs?account=${ACCOUNT}&state=failed`);
  assert.equal(run?.error.status, 413);
  assert.equal((await roost.snapshots()).length, 1);
  await roost.assertNobodyLost();
});

test("a body without a length is read as it comes", async () => {
  const answer = await chunked(new URL(`/api/v1/accounts/${ACCOUNT}/snapshots?name=${encodeURIComponent(name(0))}`, roost.runtime.url).href, [lists[0]]);
  assert.equal(answer.status, 202, answer.text);
  assert.equal((await roost.ended(JSON.parse(answer.text).run)).state, "done");
  const again = await roost.send(name(0), lists[0]);
  assert.equal(again.status, 200, `the same bytes, whatever their etag: ${again.text}`);
});

test("an empty body is refused", async () => {
  const answer = await roost.send(name(0), Buffer.alloc(0));
  assert.ok([400, 411].includes(answer.status), answer.text);
});

test("a small file that unpacks to gigabytes of nothing is set aside", async () => {
  const zeros = gzipSync(Buffer.alloc(200_000_000, 32), { level: 9 });
  assert.ok(zeros.length < 300_000);
  await setAside(zeros, /could not be read/);
});

test("a list for an account that is not tracked is refused", async () => {
  const answer = await roost.send(name(0), lists[0], "404");
  assert.equal(answer.status, 404);
  const { BUCKET } = await roost.runtime.bindings();
  assert.deepEqual((await BUCKET.list({ prefix: "snapshots/404/" })).objects, []);
});
