// Nothing hangs: what X says of its limits is believed only where it can be, a pause of X ends by
// itself, what one look-up waits for holds up no other.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type Json, Roost } from "./harness.ts";
import { type Mutation, Proxy } from "./proxy.ts";

let roost: Roost;
let proxy: Proxy;

before(async () => {
  proxy = await Proxy.start();
  roost = await Roost.start({ followers: 300, runs: true, streamRate: 10, settings: { X_API_URL: proxy.url } });
  proxy.target = roost.sim.url;
});
after(async () => {
  await roost?.stop();
  await proxy?.stop();
});
beforeEach(() => roost.fresh());

// The reset header of the follower pages: milliseconds, far ahead, text, none.
for (const value of [7, 9, 2, 0]) {
  test(`a reset of X that cannot be (${value}) wedges no account`, async () => {
    const mutation: Mutation = { route: "/followers", what: "header", at: 2, value };
    proxy.mutation = mutation;
    proxy.reached = 0;
    const { run } = await roost.crawl();
    proxy.mutation = undefined;
    assert.ok(proxy.reached > 0);
    assert.equal(run.state, "done", JSON.stringify(run));
    await roost.advance(86_400);
    await roost.goodCrawl();
  });
}

test("a usage cap met by another route makes the stream wait, and it goes on by itself", async () => {
  const on = await roost.api("PUT", "/stream", { state: "on", mode: "sample" });
  assert.equal(on.status, 200, on.text);
  const connection = async (): Promise<Json> => (await roost.get("/stream")).connection;
  await roost.until("the stream", async () => (await connection()).state === "live");
  await roost.fault("usage_cap");
  await roost.crawl();
  const { paused } = await roost.get("/budget");
  assert.ok(paused, "X paused everything");
  const waiting = await roost.until("the stream to wait", async () => {
    await roost.tick();
    const now = await connection();
    assert.notEqual(now.state, "stopped", JSON.stringify(now));
    return now.state === "waiting" && now;
  });
  assert.equal(waiting.why, paused.why);
  assert.ok(Math.abs(Date.parse(waiting.retry_at) - Date.parse(paused.until)) < 60_000, JSON.stringify(waiting));
  await roost.advance(Math.ceil((Date.parse(paused.until) - (await roost.sim.now())) / 1000) + 60);
  await roost.until("the stream to go on", async () => {
    await roost.tick();
    return (await connection()).state === "live";
  });
  await roost.api("PUT", "/stream", { state: "off" });
});

test("a look-up that waits holds up no other", async () => {
  const ids: string[] = JSON.parse(gunzipSync(await roost.sim.snapshot(await roost.sim.now())).toString()).map(
    (user: Json) => user.id,
  );
  const begin = async (body: Json) => (await roost.api("POST", "/lookups", body)).json.run as string;
  const fault = await roost.fault("status_429", { route: "/2/users", args: { reset_s: 900 } });
  const slow = await begin({ ids: ids.slice(0, 100) });
  await roost.until("the first to wait", async () => (await roost.fired(fault)) > 0);
  const name = (await roost.get("/accounts/12/followers?limit=1")).items[0]?.user?.username ?? "nobody";
  const quick = await begin({ usernames: [name] });
  await roost.until("the second to end", async () => (await roost.get(`/lookups/${quick}`)).state !== "running");
  assert.equal((await roost.get(`/lookups/${slow}`)).state, "running");
});

test("after the power was cut the books of the stream are never below X's bill", async () => {
  const stream = (): Promise<Json> => roost.get("/stream");
  const bill = async (): Promise<number> => (await roost.sim.call("GET", "/sim/bill")).by_resource.post?.billed ?? 0;
  assert.equal((await roost.api("PUT", "/stream", { state: "on", mode: "sample" })).status, 200);
  for (let cut = 0; cut < 3; cut++) {
    const before = await bill();
    await roost.until("tweets to come", async () => (await bill()) > before + 25);
    await roost.runtime.powerCut();
    await roost.tick();
    await roost.until("the stream to go on", async () => (await stream()).connection.state === "live");
  }
  await roost.sim.call("POST", "/sim/stream", { pause: true });
  // What is on its way when X falls silent arrives.
  await roost.until("the books to hold all that X billed", async () => (await stream()).meter.month_posts >= (await bill()));
  const billed = await bill();
  await roost.tick();
  const { by_resource } = await roost.get("/budget");
  const counted = by_resource.find((one: Json) => one.resource === "post")?.count ?? 0;
  assert.ok(counted >= billed, `${counted} tweets in the books, ${billed} in X's bill`);
  await roost.sim.call("POST", "/sim/stream", { pause: false });
  await roost.api("PUT", "/stream", { state: "off" });
});
