// The stream from X to browsers: what is sent, what is held back, and what is said of both.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { stopwatch } from "../poll.ts";
import { ADMIN_TOKEN, type Json, Roost } from "./harness.ts";
import { Watcher, type WatchOptions } from "./watcher.ts";

let roost: Roost;
const open: Watcher[] = [];

before(async () => {
  roost = await Roost.start({ followers: 500, runs: true, streamRate: 60 });
  await streaming();
});
after(() => roost?.stop());
afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close();
});

async function watch(options: WatchOptions = {}): Promise<Watcher> {
  const watcher = await Watcher.open(roost.runtime.url, options);
  open.push(watcher);
  return watcher;
}

async function stream(): Promise<Json> {
  return roost.get("/stream");
}

/** Waits until the upstream connection is live. */
async function streaming(): Promise<Json> {
  return roost.until("the stream", async () => {
    const found = await stream();
    return found.connection.state === "live" && found;
  });
}

async function put(change: Json): Promise<Json> {
  const answer = await roost.api("PUT", "/stream", change);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function notice(body: Json): Promise<void> {
  await roost.sim.call("POST", "/sim/notice", body);
}

/** A tweet that came. */
async function tweet(watcher: Watcher): Promise<Json> {
  await watcher.until("a tweet", () => watcher.of("simple_tweet").length > 0);
  return watcher.of("simple_tweet").at(-1)!;
}

test("beside the simulator the stream runs at once, over one connection", async () => {
  assert.equal((await stream()).state, "on");
  const connections = await roost.sim.call("GET", "/sim/connections");
  assert.deepEqual([connections.open, connections.peak], [1, 1]);
});

test("tweets and their places reach a browser, numbered without a hole", async () => {
  const watcher = await watch();
  assert.equal(watcher.hello!.protocol, 1);
  await watcher.until("both kinds", () => watcher.of("geo_blip").length > 5 && watcher.of("simple_tweet").length > 20);
  assert.deepEqual([watcher.silent, watcher.gaps, watcher.repeats], [[], [], 0]);
  const seqs = watcher.events.map((event) => event.seq);
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
  const { username, name, body, id, author_id } = watcher.of("simple_tweet")[0];
  for (const value of [username, name, body, id, author_id]) assert.equal(typeof value, "string");
});

test("polls in quick succession miss nothing that a socket sees", async () => {
  const { to: began } = await roost.get("/live/events");
  const watcher = await watch({ after: began });
  let to = began;
  const polled: number[] = [];
  while (polled.length < 100) {
    const answer = await roost.get(`/live/events?after=${to}&limit=1000`);
    assert.ok(answer.from <= to + 1 && answer.gap === null, JSON.stringify(answer).slice(0, 200));
    polled.push(...answer.events.map((event: Json) => event.seq));
    to = answer.to;
  }
  await watcher.until("the same numbers", () => watcher.cursor >= to);
  const seen = watcher.events.map((event) => event.seq).filter((seq) => seq > began && seq <= to);
  assert.deepEqual(polled, seen);
});

test("what the stream costs is what X bills", async () => {
  await roost.sim.call("POST", "/sim/stream", { pause: true });
  await roost.until("the books", async () => {
    const bill = await roost.sim.call("GET", "/sim/bill");
    const { meter } = await stream();
    return bill.by_resource.post.billed === meter.month_posts && meter.month_posts > 0;
  });
  await roost.sim.call("POST", "/sim/stream", { pause: false });
});

test("a place is where it is: longitude is not latitude", async () => {
  const watcher = await watch({ subscribe: { kinds: ["geo_blip"], country: ["JP"] } });
  await watcher.until("a blip of Japan", () => watcher.of("geo_blip").length > 0, 20_000);
  const { lat, lon, country } = watcher.of("geo_blip")[0];
  assert.equal(country, "JP");
  assert.ok(lat > 20 && lat < 46 && lon > 122 && lon < 154, `${lat} ${lon}`);
});

test("every event is sent as its subscription asks, and no other", async () => {
  const bbox = [-30, 30, 60, 72];
  const [blips, tongue, europe] = await Promise.all([
    watch({ subscribe: { kinds: ["geo_blip"] } }),
    watch({ subscribe: { kinds: ["simple_tweet"], lang: ["en"] } }),
    watch({ subscribe: { kinds: ["geo_blip"], bbox } }),
  ]);
  await blips.until("blips", () => [blips, tongue, europe].every((w) => w.events.length > 3), 20_000);
  assert.ok(blips.events.every((event) => event.kind === "geo_blip"));
  assert.ok(tongue.events.slice(1).every((event) => event.kind === "simple_tweet" && event.lang === "en"));
  for (const { lat, lon } of europe.events.slice(1)) {
    assert.ok(lon >= bbox[0] && lat >= bbox[1] && lon <= bbox[2] && lat <= bbox[3], `${lat} ${lon}`);
  }
  for (const watcher of [blips, tongue, europe]) assert.deepEqual(watcher.silent, []);
});

test("an unknown word in a subscription is answered with what is known", async () => {
  const watcher = await watch();
  watcher.say({ t: "subscribe", kinds: ["tweets"] });
  await watcher.until("bye", () => watcher.byes.length > 0);
  assert.match(watcher.byes[0].reason, /tweets.*simple_tweet/);
});

test("a frame that is no JSON ends the socket with a reason", async () => {
  const watcher = await watch();
  watcher.say("hello?");
  await watcher.until("bye", () => watcher.byes.length > 0 && watcher.closed !== undefined);
  assert.match(watcher.byes[0].reason, /JSON/);
});

test("a ping is answered", async () => {
  const socket = new WebSocket(new URL("/api/v1/live", roost.runtime.url).href.replace("http", "ws"), [
    "roost.v1",
    `bearer.${ADMIN_TOKEN}`,
  ]);
  const pong = new Promise((found) =>
    socket.addEventListener("message", ({ data }) => data === '{"t":"pong"}' && found(true)),
  );
  await new Promise((done) => socket.addEventListener("open", done));
  assert.equal(socket.protocol, "roost.v1");
  socket.send('{"t":"ping"}');
  assert.equal(await pong, true);
  socket.close();
});

test("without a token there is no socket", async () => {
  await assert.rejects(watch({ token: "wrong" }));
  const upgrade = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==", "sec-websocket-version": "13" };
  assert.equal((await roost.raw("GET", "/api/v1/live")).status, 401);
  assert.ok(upgrade);
});

test("a request that is no upgrade is told of the long poll", async () => {
  const answer = await roost.api("GET", "/live");
  assert.equal(answer.status, 426);
  assert.match(answer.json.detail, /live\/events/);
});

test("whoever slept and resumes misses nothing", async () => {
  const first = await watch();
  await first.until("tweets", () => first.events.length > 20);
  const cursor = first.cursor;
  first.close();
  await roost.until("others to get more", async () => (await roost.get("/live/events")).to > cursor + 100);
  const second = await watch({ after: cursor });
  await second.until("the rest", () => second.events.length > 20 && second.cursor > second.hello!.cursor);
  assert.deepEqual(second.gaps, []);
  const poll = await roost.get(`/live/events?after=${cursor}&limit=1000`);
  assert.equal(poll.gap, null);
  await second.until("as much as the poll had", () => second.cursor >= poll.to);
  const seqs = new Set(second.events.map((event) => event.seq));
  for (const event of poll.events) assert.ok(seqs.has(event.seq), `missing ${event.seq}`);
});

test("whoever slept past the window is told exactly what is lost", async () => {
  const watcher = await watch();
  await watcher.until("tweets", () => watcher.events.length > 20);
  const shrunk = await roost.raw("POST", "/api/sim/live/expire", {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  assert.equal(shrunk.status, 200, shrunk.text);
  const { floor } = (await watch()).hello!;
  assert.ok(floor > watcher.hello!.cursor, `${floor}`);
  const late = await watch({ after: 0 });
  await late.until("the gap", () => late.gaps.length > 0);
  const { from, to, reason } = late.gaps[0];
  assert.deepEqual([from, to, reason], [1, floor - 1, "expired"]);
  const poll = await roost.get("/live/events?after=0");
  assert.deepEqual([poll.gap.from, poll.gap.reason], [1, "expired"]);
});

test("a long poll waits for something new", async () => {
  const { to } = await roost.get("/live/events");
  const later = await roost.get(`/live/events?after=${to}&wait=10`);
  assert.ok(later.events.length > 0 && later.events[0].seq > to);
});

test("a long poll that does not wait misses nothing of what is still to be handed out", async () => {
  const watcher = await watch();
  await watcher.until("tweets", () => watcher.events.length > 0);
  const { to: first } = await roost.get("/live/events");
  const polled = new Set<number>();
  let after = first;
  // As often as it can: now and then something is numbered and not handed out yet.
  while (watcher.cursor < first + 60) {
    const poll = await roost.get(`/live/events?after=${after}&limit=1000`);
    assert.equal(poll.gap, null);
    for (const { seq } of poll.events) polled.add(seq);
    after = Math.max(after, poll.to);
  }
  await watcher.until("as much as was polled", () => watcher.cursor >= after);
  const seqs = watcher.events.map(({ seq }) => seq).filter((seq) => seq > first && seq <= after);
  assert.ok(seqs.length > 0);
  assert.deepEqual(seqs.filter((seq) => !polled.has(seq)), []);
});

test("a wait of more than 25 s is refused", async () => {
  assert.equal((await roost.api("GET", "/live/events?wait=26")).status, 400);
});

test("a deleted tweet leaves open browsers and every view", async (t) => {
  const watcher = await watch();
  const { id, author_id, seq } = await tweet(watcher);
  const passed = stopwatch();
  await notice({ kind: "delete", tweet: id, user: author_id });
  await watcher.until("the notice", () => watcher.of("notice").some((n) => n.tweets?.includes(id)));
  t.diagnostic(`the notice came after ${passed()} ms`);
  const poll = await roost.get(`/live/events?after=${seq - 5}&limit=1000`);
  assert.ok(poll.events.length > 0);
  assert.ok(!JSON.stringify(poll.events.filter((e: Json) => e.kind !== "notice")).includes(id));
  const again = await watch({ after: seq - 5 });
  await again.until("the rest", () => again.events.length > 0);
  assert.ok(!again.events.some((event) => event.id === id || event.tweet_id === id));
});

test("a scrubbed place leaves the tweet and takes the blip", async () => {
  const watcher = await watch();
  await watcher.until("a blip", () => watcher.of("geo_blip").length > 0);
  const blip = watcher.of("geo_blip").at(-1)!;
  await notice({ kind: "scrub_geo", user: blip.author_id, up_to: blip.tweet_id });
  await watcher.until("the notice", () => watcher.of("notice").some((n) => n.about === "scrub_geo"));
  const poll = await roost.get(`/live/events?after=${blip.seq - 5}&limit=1000`);
  assert.ok(!poll.events.some((event: Json) => event.tweet_id === blip.tweet_id));
  assert.ok(poll.events.some((event: Json) => event.id === blip.tweet_id), "the tweet itself stays");
});

test("limit notices count what X left out, once", async () => {
  const missed = async () => (await roost.get("/stream/coverage")).totals.missed;
  const before = await missed();
  await notice({ kind: "limit", track: 40 });
  await notice({ kind: "limit", track: 65 });
  await roost.until("the count", async () => (await missed()) === before + 65);
});

test("coverage counts what was received and says where nothing was", async () => {
  await roost.until("a minute", async () => (await roost.get("/stream/coverage")).totals.received > 50);
  const { gaps } = await roost.get("/stream/coverage");
  await notice({ kind: "cut" });
  const coverage = await roost.until("the gap", async () => {
    const found = await roost.get("/stream/coverage");
    return found.gaps.length > gaps.length && found.gaps.at(-1).to !== null && found;
  });
  assert.ok(coverage.gaps.at(-1).why.length > 0, JSON.stringify(coverage.gaps));
  assert.ok(coverage.totals.received >= coverage.totals.delivered);
});

test("switched off nothing streams, switched on it goes on", async () => {
  const off = await put({ state: "off" });
  assert.equal(off.connection.state, "off");
  await roost.until("no connection", async () => (await roost.sim.call("GET", "/sim/connections")).open === 0);
  assert.equal((await roost.get("/status")).stream.state, "off");
  await put({ state: "on" });
  await streaming();
  assert.equal((await roost.sim.call("GET", "/sim/connections")).peak, 1);
});

test("a setting that cannot be is refused whole, with its name", async () => {
  const was = await stream();
  for (const [change, word] of [
    [{ mode: "all" }, /filtered.*sample/],
    [{ locations: [1, 2, 3] }, /locations/],
    [{ locations: [[10, 5, 20, 95]] }, /locations/],
    [{ session_cap_usd: -1 }, /session_cap_usd/],
    [{ archive_hours: 400 }, /archive_hours/],
  ] as [Json, RegExp][]) {
    const answer = await roost.api("PUT", "/stream", { ...change, state: "off" });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.detail, word);
  }
  assert.equal((await stream()).state, was.state);
});

test("rules are added, shown with their price, and deleted", async () => {
  const answer = await roost.api("POST", "/stream/rules", { value: "cat has:geo", tag: "cats" });
  assert.equal(answer.status, 201, answer.text);
  const rules = await roost.all("/stream/rules");
  const rule = rules.find((found) => found.tag === "cats")!;
  assert.ok(rule.id && rule.estimate.usd_per_day >= 0, JSON.stringify(rule));
  const gone = await roost.api("DELETE", `/stream/rules?ids=${rule.id}`);
  assert.equal(gone.status, 204, gone.text);
  assert.ok(!(await roost.all("/stream/rules")).some((found) => found.tag === "cats"));
});

test("a rule that X would refuse is explained before X is asked", async () => {
  const answer = await roost.api("POST", "/stream/rules", { value: "has:geo" });
  assert.equal(answer.status, 400);
  assert.match(answer.json.detail, /has:geo.*alone/);
});

test("the session's cap stops the stream and says so", async () => {
  const watcher = await watch();
  const { meter } = await stream();
  await put({ session_cap_usd: meter.session_usd + 0.05 });
  const stopped = await roost.until("the stop", async () => {
    const found = await stream();
    return found.connection.state === "stopped" && found;
  });
  assert.match(stopped.connection.why, /\$/);
  assert.ok(stopped.meter.session_usd <= meter.session_usd + 0.2, JSON.stringify(stopped.meter));
  await watcher.until("the notice", () => watcher.of("notice").some((n) => n.about === "stopped"));
  await put({ session_cap_usd: null, state: "on" });
  await streaming();
});

test("followers who come and go are told to open browsers", async () => {
  await roost.track("12");
  await roost.goodCrawl();
  const watcher = await watch({ subscribe: { kinds: ["followed", "lost"], accounts: ["12"] } });
  await roost.advance(86_400);
  const { run } = await roost.goodCrawl();
  // A tweet may come before the subscription does.
  const told = () => watcher.of("followed").length + watcher.of("lost").length;
  await watcher.until("all of them", () => told() >= run.counts.gained + run.counts.lost);
  assert.equal(watcher.of("followed").length, run.counts.gained);
  assert.equal(watcher.of("lost")[0].state, "suspected");
});
