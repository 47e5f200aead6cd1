// The client that openapi-python-client generates from Roost's own document, against a Roost in
// which there is something of everything: it reads every GET, and reads it whole.
import assert from "node:assert/strict";
import { join } from "node:path";
import { ACCOUNT, ADMIN_TOKEN, iso, type Json, Roost } from "../e2e/harness.ts";
import { ROOT } from "../e2e/runtime.ts";
import { run } from "./python.ts";

const DAY_S = 86_400;
/** A part of the archive is closed once its beginning is so old. */
const PART_S = 5 * 60;
const TABLES = ["followers", "following", "series", "events", "tweets"];
const FILES = ["NEW_FOLLOWERS", "LOST_FOLLOWERS", "USER_INFO", "STATS_TWEETS"].map((name) => `${name}.json.gz`);

const roost = await Roost.start({
  followers: 300,
  gainedADay: 30,
  lostADay: 30,
  runs: true,
  streamRate: 20,
  settings: {
    ROOST_SECRET: "a-secret-of-the-generated-spec-01",
    X_CLIENT_ID: "roost-client",
    X_CLIENT_SECRET: "roost-client-secret",
  },
});

async function call(method: string, path: string, body?: Json): Promise<any> {
  const answer = await roost.api(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.json;
}

/** Three checks of three days, whom it follows, its tweets, people looked up. */
async function history(): Promise<Json> {
  await roost.track(ACCOUNT, { schedule: "manual" });
  await call("PATCH", `/accounts/${ACCOUNT}`, { following: true, tweets: true });
  for (let day = 0; day < 3; day += 1) {
    await roost.advance(DAY_S);
    await roost.goodCrawl();
  }
  for (const what of ["following", "tweets"]) {
    const { run } = await call("POST", `/accounts/${ACCOUNT}/${what}/check`);
    assert.equal((await roost.ended(run)).state, "done", what);
  }
  const { items } = await roost.get(`/accounts/${ACCOUNT}/followers?limit=5`);
  const ids = [...items.map((row: Json) => row.user.id), "999999999999"];
  const lookup = (await call("POST", "/lookups", { ids })).run;
  await roost.until("the look-up", async () => (await roost.get(`/lookups/${lookup}`)).state === "done");
  // One run that was refused, with its problem.
  await roost.api("POST", "/credentials/check", {});
  return { lookup, user: items[0].user.id };
}

/** Alerts of two kinds, of which one has told something. */
async function alerts(): Promise<Json> {
  const feed = await call("POST", "/alerts", { kind: "feed", name: "everything", suspected: true });
  await call("POST", `/alerts/${feed.id}/test`);
  return { alert: feed.id, feed: feed.feed.split("/").at(-1) };
}

/** Tweets on the stream, and a part of their archive. */
async function stream(): Promise<Json> {
  await call("PUT", "/stream", { state: "on", mode: "filtered", archive: true, track: ["the", "a"] });
  const first = await roost.get("/live/events");
  await roost.until("tweets", async () => {
    const { events } = await roost.get(`/live/events?after=${first.to}&limit=1000&wait=1`);
    const kinds = new Set(events.map((event: Json) => event.kind));
    return kinds.has("simple_tweet") && kinds.has("geo_blip");
  });
  const part = await roost.until("a part of the archive", async () => {
    await roost.advance(PART_S + 1);
    await roost.tick();
    return (await roost.get("/stream/archive")).items[0]?.name;
  });
  await call("PUT", "/stream", { state: "off" });
  return { part };
}

/** Where the generated client finds what. */
async function reads(): Promise<Json> {
  const { lookup, user } = await history();
  const { alert, feed } = await alerts();
  const { part } = await stream();
  const tweet = (await roost.get(`/accounts/${ACCOUNT}/tweets`)).items[0].id;
  const snapshot = (await roost.snapshots())[0]!.name;
  const runs = (await roost.get("/runs?limit=50")).items;
  const failed = runs.find((run: Json) => run.state === "failed");
  assert.ok(failed, "a refused call is a failed run");
  const now = await roost.sim.now();
  const ago = (days: number) => iso(now - days * DAY_S * 1000);
  return {
    url: roost.runtime.url,
    token: ADMIN_TOKEN,
    // Of the window's beginning: the checks' events come before the stream's.
    after: 0,
    document: join(ROOT, "worker/openapi.json"),
    instants: { from: ago(2), to: ago(0), as_of: ago(1), growth_from: ago(2), growth_to: ago(0) },
    paths: {
      account: [ACCOUNT],
      user: [user],
      tweet: [tweet],
      run: [runs[0].id, failed.id],
      lookup: [lookup],
      alert: [alert],
      feed: [feed],
      name: [snapshot],
      part: [part],
      file: [...FILES, ...TABLES.flatMap((table) => [`${table}.csv`, `${table}.ndjson`])],
    },
  };
}

try {
  await run("generated_reads.py", { ROOST_READS: JSON.stringify(await reads()) });
} finally {
  await roost.stop();
}
