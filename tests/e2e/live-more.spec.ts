// What the stream does when its owner, its budget or X changes their minds: modes, gaps that are
// filled by search, runs told to open browsers.
//
// Runs first: before it searches for what a gap took the worker waits 12 s of the clock on the wall,
// three times in all.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { ADMIN_TOKEN, iso, type Json, Roost } from "./harness.ts";
import { Watcher, type WatchOptions } from "./watcher.ts";

const STREAM = "/2/tweets/search/stream";
const SEARCH = "/2/tweets/search/recent";
const RATE = 20;
let roost: Roost;
const open: Watcher[] = [];

before(async () => {
  roost = await Roost.start({ followers: 200, runs: true, streamRate: RATE });
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.sim.call("POST", "/sim/stream", { pause: false, rate: RATE, sample: true });
  await put({ state: "on", mode: "filtered", session_cap_usd: null, fill_gaps: true });
  await streaming();
});
afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close();
});

async function watch(options: WatchOptions = {}): Promise<Watcher> {
  const watcher = await Watcher.open(roost.runtime.url, options);
  open.push(watcher);
  return watcher;
}

async function put(change: Json): Promise<Json> {
  const answer = await roost.api("PUT", "/stream", change);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** Waits, no longer than X advises, until the connection stands as expected. */
async function connection(state: string): Promise<Json> {
  return roost.until(`the stream to be ${state}`, async () => {
    await breakDown("hurry");
    const found = await roost.get("/stream");
    return found.connection.state === state && found;
  });
}

const streaming = () => connection("live");

async function breakDown(what: string): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  assert.equal((await roost.raw("POST", `/api/sim/live/${what}`, { headers })).status, 200);
}

/** Which of X's streams is open. */
async function endpoint(): Promise<string[]> {
  const headers = { authorization: "Bearer sim-bearer" };
  const answer = await fetch(`${roost.sim.url}/2/connections`, { headers });
  const { data } = (await answer.json()) as Json;
  return (data ?? []).map((connection: Json) => connection.endpoint_name);
}

test("the sample chosen while the filtered stream connects is streamed", async () => {
  await put({ state: "off" });
  await put({ state: "on" });
  const { connection: asked } = await put({ mode: "sample" });
  assert.notEqual(asked.state, "stopped", asked.why);
  await streaming();
  assert.deepEqual(await endpoint(), ["sample_stream"]);
  const watcher = await watch({ subscribe: { kinds: ["simple_tweet"] } });
  await watcher.until("tweets", () => watcher.events.length > 10);
});

test("the sample chosen while the rules cannot be set is streamed", async () => {
  await put({ state: "off" });
  await roost.fault("status_503", { route: `${STREAM}/rules`, count: 1000 });
  await put({ state: "on" });
  await roost.until("the wait", async () => (await roost.get("/stream")).connection.state === "waiting");
  await put({ mode: "sample" });
  await streaming();
  assert.deepEqual(await endpoint(), ["sample_stream"]);
});

test("the mode may change back and forth over one connection", async () => {
  const { total } = await roost.sim.call("GET", "/sim/connections");
  for (const mode of ["sample", "filtered", "sample", "filtered"]) {
    await put({ mode });
    await streaming();
    assert.deepEqual(await endpoint(), [mode === "sample" ? "sample_stream" : "filtered_stream"]);
  }
  const now = await roost.sim.call("GET", "/sim/connections");
  assert.deepEqual([now.peak, now.total - total], [1, 4]);
});

/** X is out of reach while it writes so many tweets: the gap as Roost records it. */
async function gap(tweets: number, inTheMeantime: () => Promise<void> = async () => {}): Promise<Json> {
  const { gaps } = await roost.get("/stream/coverage");
  const unreachable = await roost.fault("status_503", { route: STREAM, count: 1000 });
  await roost.sim.call("POST", "/sim/notice", { kind: "cut" });
  await roost.until("X to refuse", async () => {
    await breakDown("hurry");
    return (await roost.fired(unreachable)) > 0;
  });
  const began = await roost.sim.now();
  await roost.until(`${tweets} tweets`, async () => {
    const now = await roost.advance(1);
    return (await truth(iso(began), iso(now))).length > tweets;
  });
  await inTheMeantime();
  await roost.sim.call("DELETE", "/sim/faults");
  await streaming();
  return roost.until("the gap", async () => {
    const found = (await roost.get("/stream/coverage")).gaps;
    const last = found.at(-1);
    return found.length > gaps.length && last.to !== null && last;
  });
}

/** Counts how often X is asked to search from now on. */
async function searches(): Promise<() => Promise<number>> {
  const counted = await roost.fault("slow", { route: SEARCH, count: 1000, args: { ms: 1 } });
  return () => roost.fired(counted);
}

/** What X wrote and the rules let through. */
async function truth(from: string, to: string): Promise<string[]> {
  const [f, t] = [from, to].map(encodeURIComponent);
  return (await roost.sim.call("GET", `/sim/tweets?from=${f}&to=${t}&rules=1`)).ids;
}

const filled = async () => (await roost.get("/stream/coverage")).totals.filled;

test("what a gap took comes by search, once", async () => {
  const watcher = await watch({ subscribe: { kinds: ["simple_tweet"] } });
  await watcher.until("tweets", () => watcher.events.length > 10);
  const before = await filled();
  const { from, to } = await gap(60);
  const ids = await truth(from, to);
  assert.ok(ids.length > 60, `${ids.length} tweets in the gap ${from} ${to} ${iso(await roost.sim.now())}`);
  const came = () => new Set(watcher.of("simple_tweet").map((event) => event.id));
  await watcher.until("the missing ones", () => ids.every((id) => came().has(id)), 40_000);
  assert.equal(came().size, watcher.of("simple_tweet").length, "some came twice");
  const late = watcher.events.filter((event) => event.late);
  const missing = late.filter((event) => ids.includes(event.id));
  assert.ok(missing.length >= ids.length - 5, `${missing.length} of ${ids.length} came late`);
  assert.equal((await filled()) - before, late.length);
  const { gaps } = await roost.get("/stream/coverage");
  assert.ok(gaps.some((found: Json) => found.from === from && found.to === to), "the gap stays in the record");
  assert.deepEqual([watcher.silent, watcher.gaps, watcher.repeats], [[], [], 0]);
});

test("what the budget has no room for stays a gap", async () => {
  const watcher = await watch({ subscribe: { kinds: ["simple_tweet"] } });
  await watcher.until("tweets", () => watcher.events.length > 10);
  const before = await filled();
  const spent = await roost.sim.call("GET", "/sim/bill");
  let cap = 0;
  const { from, to } = await gap(250, async () => {
    // Nothing but the search spends from here on, but for what was still under way: room for one
    // page ($0.50) and that, and never for two pages, which would reach the cap and stop it.
    await roost.sim.call("POST", "/sim/stream", { pause: true });
    const { meter } = await roost.get("/stream");
    cap = meter.session_usd + 0.95;
    await put({ session_cap_usd: cap });
  });
  const asked = await searches();
  const ids = await truth(from, to);
  assert.ok(ids.length > 200, `${ids.length} tweets in the gap`);
  const late = () => watcher.events.filter((event) => event.late).length;
  await watcher.until("a page", () => late() >= 90, 40_000);
  // Whether there is room for another page is asked as soon as one came: before this is over.
  await roost.tick();
  assert.equal(await asked(), 1, "pages asked for");
  const came = (await filled()) - before;
  assert.ok(came <= 100 && came < ids.length, `${came} came of ${ids.length}`);
  await watcher.until("what was filled", () => late() === came);
  const { meter, connection: state } = await roost.get("/stream");
  assert.ok(meter.session_usd < cap + 0.001, `${meter.session_usd} of ${cap}`);
  assert.equal(state.state, "live");
  const bill = await roost.sim.call("GET", "/sim/bill");
  assert.ok(bill.usd - spent.usd < 20);
  const { gaps } = await roost.get("/stream/coverage");
  assert.ok(gaps.some((found: Json) => found.from === from && found.to === to));
});

test("gaps are not searched where the owner does not want it", async () => {
  const watcher = await watch({ subscribe: { kinds: ["simple_tweet"] } });
  await put({ fill_gaps: false });
  const before = await filled();
  const unwanted = await gap(60);
  await put({ fill_gaps: true });
  // The gap after it is searched after it: once that is done this one would have been, too.
  const wanted = await gap(20);
  const asked = await searches();
  const ids = await truth(wanted.from, wanted.to);
  const late = () => watcher.events.filter((event) => event.late);
  await watcher.until("the gap after it", () => late().filter((event) => ids.includes(event.id)).length >= ids.length - 5, 40_000);
  // A search begins with a whole second, which the gap before may have ended in.
  const searched = Math.floor(Date.parse(wanted.from) / 1_000) * 1_000;
  const lost = await truth(unwanted.from, iso(Math.min(searched, Date.parse(unwanted.to))));
  assert.ok(lost.length > 20, `${lost.length} tweets in the gap`);
  assert.deepEqual(late().filter((event) => lost.includes(event.id)), []);
  assert.deepEqual([await filled(), await asked()], [before + late().length, 1]);
});

test("the calls beside the stream are in the published windows", async () => {
  const { quotas } = await roost.get("/status");
  assert.deepEqual(
    ["stream/rules", "stream/rules/change", "tweets/search"].map((route) => quotas[route]?.limit),
    [450, 100, 450],
    JSON.stringify(quotas),
  );
});

test("a run of an account that ends is told to the owner's browsers", async () => {
  await roost.track("12");
  const watcher = await watch({ subscribe: { kinds: ["run"] } });
  const other = await watch({ subscribe: { kinds: ["run"], accounts: ["13"] } });
  const { run } = await roost.goodCrawl();
  await watcher.until("the run", () => watcher.of("run").some((event) => event.run.id === run.id));
  const [told, ...more] = watcher.of("run").filter((event) => event.run.id === run.id);
  assert.deepEqual(more, [], "told once");
  assert.deepEqual([told!.account, told!.run], ["12", run]);
  assert.deepEqual(other.of("run"), [], "an account that is not asked for");
  const { events } = await roost.get(`/live/events?after=${told!.seq - 1}&kinds=run`);
  assert.equal(events[0].run.id, run.id);
});

test("a long poll from beyond the newest number is told so, and goes on from there", async () => {
  const { to: head } = await roost.get("/live/events");
  const lost = await roost.get("/live/events?after=1000000000000");
  assert.deepEqual([lost.to >= head, lost.events, lost.gap.reason], [true, [], "restart"]);
  assert.equal(lost.gap.to, lost.to);
  assert.deepEqual((await roost.get(`/live/events?after=${lost.to}`)).gap, null);
});

test("a run that failed is told with its reason", async () => {
  await roost.track("12");
  const watcher = await watch({ subscribe: { kinds: ["run"], accounts: ["12"] } });
  await roost.fault("status_401");
  const { run } = await roost.crawl();
  assert.equal(run.state, "failed", JSON.stringify(run));
  await watcher.until("the run", () => watcher.of("run").some((event) => event.run.id === run.id));
  const told = watcher.of("run").find((event) => event.run.id === run.id)!;
  assert.deepEqual(told.run.error, run.error);
});

test("runs of nobody's account are not told", async () => {
  const watcher = await watch({ subscribe: { kinds: ["run", "notice"] } });
  await roost.tick();
  await roost.sim.call("POST", "/sim/notice", { kind: "limit", track: 1 });
  await watcher.until("the notice that came after", () => watcher.of("notice").some((n) => n.about === "limit"));
  assert.deepEqual(watcher.of("run"), []);
  assert.equal((await roost.all(`/runs?what=tick&limit=1`)).length > 0, true, iso(await roost.sim.now()));
});

// The last one: the waits that `hurry` skipped come back to a machine that starts anew.
test("whether the sample is granted is what X answered, and is remembered", async () => {
  const granted = async () => (await roost.get("/stream")).sample_granted;
  assert.equal(await granted(), true);
  await roost.sim.call("POST", "/sim/stream", { sample: false });
  await put({ mode: "sample" });
  const { connection: stopped } = await connection("stopped");
  assert.match(stopped.why, /filtered|access/);
  assert.equal(await granted(), false);
  await put({ mode: "filtered" });
  await streaming();
  assert.equal(await granted(), false, "the filtered stream says nothing of it");
  await roost.runtime.powerCut();
  assert.equal(await granted(), false);
  await roost.sim.call("POST", "/sim/stream", { sample: true });
  await put({ mode: "sample" });
  await streaming();
  assert.equal(await granted(), true);
});
