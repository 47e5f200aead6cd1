// What happens between two awaits: two who ask at once, an owner who changes or deletes what is
// being worked on, callers who go away. Whatever the order, nothing is begun twice, nothing that was
// deleted comes back, and whatever runs ends.
//
// Such orders cannot be forced from outside: each test tries one often enough to meet it.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { ACCOUNT, ADMIN_TOKEN, type Answer, followersName, type Json, Roost } from "./harness.ts";
import { Receiver } from "./receiver.ts";

const DAY_MS = 86_400_000;
const SOON_MS = 10_000;
let roost: Roost;
let receiver: Receiver;

before(async () => {
  const settings = { ROOST_SECRET: "0123456789abcdef-interleaved" };
  [roost, receiver] = await Promise.all([Roost.start({ followers: 1200, settings }), Receiver.start()]);
});
after(async () => {
  await roost?.stop();
  await receiver?.stop();
});
beforeEach(() => roost.fresh());

/** Runs of the account that have not ended. */
const running = (): Promise<Json[]> => roost.all(`/runs?account=${ACCOUNT}&state=running`);

async function allEnd(): Promise<void> {
  let left: Json[] = [];
  await roost
    .until("every run to end", async () => (left = await running()).length === 0, SOON_MS)
    .catch(() => assert.deepEqual(left.map(({ what, id }) => [what, id]), [], "still running"));
}

/** The same request several times at once: those who begin something begin the same. */
async function together(path: string): Promise<void> {
  const asked: Answer[] = await Promise.all(Array.from({ length: 5 }, () => roost.api("POST", path)));
  const runs = new Set(asked.map(({ json }) => json.run));
  assert.equal(runs.size, 1, asked.map(({ text }) => text).join(" "));
  assert.equal(asked.filter(({ status }) => status === 202).length, 1);
  for (const run of runs) await roost.ended(run);
  await allEnd();
}

test("checks that are asked for at the same time are one check", () => together(`/accounts/${ACCOUNT}/crawl`));

test("replays that are asked for at the same time are one replay", async () => {
  await roost.goodCrawl();
  await together(`/accounts/${ACCOUNT}/replay`);
});

test("a file that comes twice at once, or is replaced before it is read, leaves no run running", async () => {
  const now = await roost.sim.now();
  const lists = await Promise.all([1, 2, 3].map((day) => roost.sim.snapshot(now - day * DAY_MS)));
  for (let n = 0; n < 6; n++) {
    const name = followersName(now - (20 - n) * DAY_MS);
    const same = n % 2 === 0;
    const sent = await Promise.all([0, 1, 2].map((k) => roost.send(name, lists[same ? 0 : k]!)));
    for (const { status, text } of sent) assert.ok([200, 202, 409].includes(status), text);
  }
  await allEnd();
  assert.ok((await roost.snapshots()).every(({ state }) => state !== "pending"));
});

test("a check ends with its account, and does not go on when that is added again", async () => {
  const slow = await roost.fault("slow", { count: 2, args: { ms: 1500 } });
  const run = await roost.startCrawl();
  await roost.until("X to be asked", async () => (await roost.fired(slow)) > 0);
  assert.equal((await roost.api("DELETE", `/accounts/${ACCOUNT}`)).status, 204);
  const ended = await roost.get(`/runs/${run}`);
  assert.deepEqual([ended.state, ended.error?.title], ["failed", "Deleted"]);
  // Whoever asks now is answered later than the check was.
  const headers = { authorization: "Bearer sim-bearer" };
  const later = fetch(`${roost.sim.url}/2/users/${ACCOUNT}/followers`, { headers });
  await roost.until("the later question", async () => (await roost.fired(slow)) === 2);
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.track(ACCOUNT, { schedule: "count_only" });
  assert.equal((await later).status, 200);
  // The answer that was under way has come by now.
  await roost.tick();
  const { collector, followers } = await roost.account();
  assert.deepEqual([collector.state, collector.run, followers], ["idle", null, null]);
  assert.deepEqual(await roost.snapshots(), []);
  await allEnd();
});

test("a look-up that is deleted while leave is asked for stays deleted", async () => {
  const deleted: string[] = [];
  for (let n = 0; n < 60; n++) {
    const { json, status, text } = await roost.api("POST", "/lookups", { ids: [String(1000 + n)] });
    assert.equal(status, 202, text);
    // A while later, another one each time.
    for (let looks = n % 5; looks > 0; looks--) await roost.get(`/lookups/${json.run}`);
    assert.equal((await roost.api("DELETE", `/lookups/${json.run}`)).status, 204);
    deleted.push(json.run);
  }
  // Behind them all, so that they are over once this one is.
  const last = await roost.api("POST", "/lookups", { ids: ["999"] });
  await roost.until("the last", async () => (await roost.get(`/lookups/${last.json.run}`)).state !== "running");
  const kept = (await roost.all("/lookups?limit=1000")).map(({ id }) => id);
  assert.deepEqual(kept.filter((id) => deleted.includes(id)), []);
});

test("an alert that is deleted while it is being changed stays deleted", async () => {
  const added = await roost.api("POST", "/alerts", { kind: "webhook", destination: receiver.url("/gone") });
  assert.equal(added.status, 201, added.text);
  const path = `/alerts/${added.json.id}`;
  const change = JSON.stringify({ name: "back again" });
  const answered = new Promise<number>((found, failed) => {
    const patch = request(new URL(`/api/v1${path}`, roost.runtime.url), {
      method: "PATCH",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    });
    patch.on("response", (answer) => found(answer.resume().statusCode ?? 0)).on("error", failed);
    patch.write(change.slice(0, 5));
    void (async () => {
      await roost.until("the change to be under way", async () => {
        return (await roost.all("/runs?state=running")).some(({ what }) => what.startsWith("PATCH "));
      });
      // Behind the change, on the same way: where it has come by now, the change has.
      await roost.get(path);
      assert.equal((await roost.api("DELETE", path)).status, 204);
      patch.end(change.slice(5));
    })().catch(failed);
  });
  assert.equal(await answered, 404);
  assert.deepEqual(await roost.all("/alerts"), []);
});

test("a request that a power cut ended does not run for ever", async () => {
  const added = await roost.api("POST", "/alerts", { kind: "webhook", destination: receiver.url("/slow") });
  receiver.always("hold");
  const asked = roost.api("POST", `/alerts/${added.json.id}/test`).catch(() => undefined);
  await roost.until("the message", async () => receiver.at("/slow").length > 0);
  await roost.runtime.powerCut();
  await asked;
  receiver.reset();
  const tests = async (): Promise<Json[]> => (await roost.all("/runs?limit=1000")).filter(({ what }) => what.endsWith("/test"));
  assert.deepEqual((await tests()).map(({ state }) => state), ["running"]);
  await roost.advance(2 * 3600);
  await roost.tick();
  assert.deepEqual((await tests()).map(({ state, error }) => [state, error?.title]), [["failed", "Lost"]]);
  assert.equal((await roost.api("DELETE", `/alerts/${added.json.id}`)).status, 204);
});

test("an account that fell off the roll is on it again once it is added again", async () => {
  await roost.runtime.forget("Control");
  assert.deepEqual(await roost.all("/accounts"), []);
  await roost.track();
  assert.deepEqual((await roost.all("/accounts")).map(({ id }) => id), [ACCOUNT]);
});
