// What the owner is told, where, once: each channel against a receiver on this machine.
//
// Who follows is imported, list by list, so that each test says who leaves when.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import { ACCOUNT, ADMIN_TOKEN, followersName, type Json, Roost } from "./harness.ts";
import { Receiver, signed } from "./receiver.ts";

const ROOST_SECRET = "a-secret-of-the-notices-spec-0123";
const HOUR_S = 3600;
const DAY_S = 86_400;
let roost: Roost;
let receiver: Receiver;

before(async () => {
  receiver = await Receiver.start();
  roost = await Roost.start({ followers: 1200, settings: { ROOST_SECRET } });
});
after(async () => {
  await roost?.stop();
  await receiver?.stop();
});
beforeEach(async () => {
  receiver.reset();
  for (const { id } of await roost.all("/alerts")) await roost.api("DELETE", `/alerts/${id}`);
  await roost.fresh();
});

/** Twenty people by number; a list without some of them. */
const list = (...without: number[]) =>
  gzipSync(
    JSON.stringify(
      Array.from({ length: 20 }, (_, n) => n)
        .filter((n) => !without.includes(n))
        .map((n) => ({
          id: String(1000 + n),
          username: `ada${n}`,
          name: `Ada ${n}`,
          public_metrics: { followers_count: n * 100, following_count: 1, tweet_count: 1, listed_count: 0 },
        })),
    ),
  );

/** A list of this moment, a minute after the last. */
async function check(...without: number[]): Promise<void> {
  const name = followersName(await roost.advance(60));
  const run = await roost.import(name, list(...without));
  assert.equal(run.state, "done", JSON.stringify(run));
}

/** Number 7 leaves, and the next list settles it. */
async function lose(): Promise<void> {
  await check();
  await check(7);
  await check(7);
}

async function alert(more: Json): Promise<Json> {
  const answer = await roost.api("POST", "/alerts", { destination: receiver.url("/hook"), ...more });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const webhook = (more: Json = {}) => alert({ kind: "webhook", ...more });

/** The alert once nothing is under way, what waits for its hour apart. */
async function settled({ id }: Json): Promise<Json> {
  return roost.until(`alert ${id} to settle`, async () => {
    const found = await roost.get(`/alerts/${id}`);
    // The deployment's own clock: it sees the simulator's only when it asks it something.
    const now = Date.parse((await roost.get("/status")).now);
    const busy = (await roost.all(`/alerts/${id}/log?state=sending`)).length > 0;
    // What was under way at the first look may have ended before the second.
    if (busy || !isDeepStrictEqual(await roost.get(`/alerts/${id}`), found)) return false;
    return (found.next_due === null || Date.parse(found.next_due) > now + 5_000) && found;
  });
}

/** Moves the clock to when the next message goes out, and ticks. */
async function nextAttempt({ id }: Json): Promise<void> {
  const { next_due } = await roost.get(`/alerts/${id}`);
  const ahead = Date.parse(next_due) - (await roost.sim.now());
  if (ahead > 0) await roost.advance(Math.ceil(ahead / 1000));
  await roost.tick();
}

const log = (one: Json, query = ""): Promise<Json[]> => roost.all(`/alerts/${one.id}/log?${query}`);
const titles = (received: Json[]) => received.map(({ body }) => body.summary);
const LEFT = "Ada 7 (@ada7) left @solvej: the reason is not known.";

test("a webhook is told once, signed, when a loss is settled", async () => {
  const hook = await webhook();
  await check();
  await check(7);
  await settled(hook);
  assert.equal(receiver.received.length, 0, "a suspicion is not told unless asked for");
  await check(7);
  await settled(hook);
  const [one, ...more] = receiver.at("/hook");
  assert.equal(more.length, 0);
  assert.ok(signed(one, hook.secret), "signed with the key that the answer gave");
  assert.ok(!signed({ ...one, text: `${one.text} ` }, hook.secret));
  assert.equal(one.headers["roost-id"], one.body.id);
  assert.equal(one.headers["idempotency-key"], one.body.id);
  assert.equal(one.headers["content-type"], "application/json");
  assert.equal(one.body.version, 1);
  assert.equal(one.body.simulated, true);
  assert.equal(one.body.summary, LEFT);
  assert.equal(one.body.accounts[0].left, 1);
  const { event } = one.body.events[0];
  assert.deepEqual([event.kind, event.user.id, event.state], ["lost", "1007", "confirmed"]);
  const [event_of_api] = await roost.events("kind=lost");
  assert.equal(event.id, event_of_api.id);
  // Everything said again changes nothing: another list, ticks, a replay of all lists.
  await check(7);
  await roost.tick();
  await roost.ended((await roost.api("POST", `/accounts/${ACCOUNT}/replay`)).json.run);
  await roost.tick();
  await settled(hook);
  assert.equal(receiver.received.length, 1);
});

test("who comes, comes back and is muted is told as the alert asks", async () => {
  const all = await webhook({ events: ["followed", "lost", "returned"] });
  const many = await webhook({ events: ["followed"], min_followers: 1_500, destination: receiver.url("/many") });
  const other = await webhook({ accounts: ["13"], destination: receiver.url("/other") });
  await check(3, 16);
  await check();
  await settled(all);
  await settled(many);
  assert.deepEqual(titles(receiver.at("/hook")), ["2 people came to @solvej."]);
  assert.deepEqual(titles(receiver.at("/many")), ["Ada 16 (@ada16) came to @solvej."]);
  const muted = await roost.api("PATCH", `/accounts/${ACCOUNT}/followers/1005`, { muted: true });
  assert.equal(muted.status, 200);
  await check(5, 6);
  await check(5, 6);
  await check(5);
  await settled(all);
  await settled(other);
  assert.deepEqual(titles(receiver.at("/hook")).slice(1), [
    "Ada 6 (@ada6) left @solvej: the reason is not known.",
    "Ada 6 (@ada6) came back to @solvej.",
  ]);
  assert.equal(receiver.at("/other").length, 0);
});

test("what was told and no longer holds is corrected, once", async () => {
  const hook = await webhook({ suspected: true });
  await check();
  await check(7);
  await settled(hook);
  await check();
  await settled(hook);
  await check();
  await settled(hook);
  const [told, corrected, ...more] = receiver.at("/hook");
  assert.equal(more.length, 0);
  assert.equal(told.body.summary, "Ada 7 (@ada7) may have left @solvej: still being checked.");
  assert.equal(corrected.body.summary, "Corrected: Ada 7 (@ada7) still follows @solvej.");
  assert.deepEqual(corrected.body.events, []);
  const [{ was, event }] = corrected.body.corrections;
  assert.equal(was, "unknown");
  assert.equal(event.state, "retracted");
  assert.equal(event.id, told.body.events[0].event.id);
});

test("Discord and ntfy get it in their own forms", async () => {
  const discord = await alert({ kind: "discord", destination: receiver.url("/api/webhooks/1/token") });
  const ntfy = await alert({ kind: "ntfy", destination: receiver.url("/my-topic"), token: "tk_1" });
  await check();
  await check(7, 8);
  await check(7, 8);
  await settled(discord);
  await settled(ntfy);
  const [to_discord, ...more] = receiver.at("/api/webhooks/1/token");
  assert.equal(more.length, 0);
  assert.equal(to_discord.path, "/api/webhooks/1/token?wait=true");
  assert.deepEqual(to_discord.body.allowed_mentions, { parse: [] });
  const [embed] = to_discord.body.embeds;
  assert.equal(embed.title, "2 people left @solvej: 2 for a reason not known.");
  assert.match(embed.description, /^Ada 8 \\\(@ada8\\\), 800 followers/m);
  assert.equal(to_discord.body.content, "Sample data: nobody here is real.");
  const [to_ntfy] = receiver.at("/");
  assert.equal(to_ntfy.headers.authorization, "Bearer tk_1");
  assert.equal(to_ntfy.body.topic, "my-topic");
  assert.equal(to_ntfy.body.title, embed.title);
  assert.match(to_ntfy.body.message, /^Ada 7 \(@ada7\), 700 followers: the reason is not known$/m);
  assert.equal(to_ntfy.body.click, new URL("/", roost.runtime.url).href);
});

test("trouble is waited out, and the message stays the same", async () => {
  const hook = await webhook();
  receiver.next(
    { status: 503 },
    { status: 429, headers: { "retry-after": "1800" }, text: "slow down" },
    "cut",
    { status: 500, text: "oops" },
  );
  await lose();
  await settled(hook);
  const [waiting] = await log(hook);
  assert.equal(waiting.state, "waiting");
  assert.match(waiting.error, /answered 503/);
  await nextAttempt(hook);
  const refused = await log(hook);
  assert.match(refused[0].error, /answered 429: slow down/);
  const wait = Date.parse((await roost.get(`/alerts/${hook.id}`)).next_due) - (await roost.sim.now());
  assert.ok(Math.abs(wait - 1_800_000) < 60_000, `Retry-After is honoured: ${wait}`);
  await nextAttempt(hook);
  assert.match((await log(hook))[0].error, /could not be reached/);
  await nextAttempt(hook);
  await nextAttempt(hook);
  const [sent, ...more] = await log(hook);
  assert.equal(more.length, 0);
  assert.deepEqual([sent.state, sent.attempts, sent.error], ["sent", 5, null]);
  assert.equal(new Set(receiver.received.map((one) => one.text)).size, 1);
  assert.ok(receiver.received.every((one) => signed(one, hook.secret)));
});

test("what a destination refuses is dead at once, says why, and can be sent again", async () => {
  const hook = await webhook();
  receiver.next({ status: 404, text: "no such hook" });
  await lose();
  const found = await settled(hook);
  assert.deepEqual([found.dead, found.waiting, found.state], [1, 0, "on"]);
  const [dead] = await log(hook, "state=dead");
  assert.equal(dead.error, "The destination answered 404: no such hook");
  assert.equal(dead.title, LEFT);
  await roost.advance(HOUR_S);
  await roost.tick();
  assert.equal(receiver.received.length, 1, "not by itself");
  const answer = await roost.api("POST", `/alerts/${hook.id}/retry`, {});
  assert.deepEqual(answer.json, { messages: 1 });
  await roost.until("the second attempt", async () => (await log(hook, "state=sent")).length === 1);
  assert.equal(receiver.received[0].text, receiver.received[1].text);
});

test("a redirect is not followed", async () => {
  const hook = await webhook();
  receiver.next({ status: 307, headers: { location: receiver.url("/elsewhere") } });
  await lose();
  await settled(hook);
  assert.equal(receiver.at("/elsewhere").length, 0);
  assert.match((await log(hook))[0].error, /redirect, which is not followed/);
});

test("three dead in a row pause the alert, which says so", async () => {
  const hook = await webhook({ suspected: true });
  receiver.always({ status: 410 });
  await check();
  for (const without of [[1], [1, 2], [1, 2, 3]]) {
    await check(...without);
    await settled(hook);
  }
  const paused = await roost.get(`/alerts/${hook.id}`);
  assert.equal(paused.state, "paused");
  assert.match(paused.reason, /3 messages in a row.*answered 410.*set this alert on again/);
  await check(1, 2, 3, 4);
  assert.equal(receiver.received.length, 3);
  receiver.always({ status: 200 });
  const on = await roost.api("PATCH", `/alerts/${hook.id}`, { state: "on" });
  assert.deepEqual([on.json.state, on.json.reason], ["on", null]);
  await check(1, 2, 3, 4, 5);
  await settled(hook);
  const last = receiver.received.at(-1)!;
  assert.ok(last.body.events.some(({ event }: Json) => event.user.username === "ada5"));
});

test("a digest goes out at its hour, with what happened since", async () => {
  const hour = (new Date(await roost.sim.now()).getUTCHours() + 4) % 24;
  // Kolkata is half an hour off: the hour is by its clocks.
  const digest = await webhook({ pace: "digest", digest_hour: (hour + 5) % 24, tz: "Asia/Kolkata", suspected: true });
  await check();
  await check(7);
  await roost.advance(HOUR_S);
  await check(7, 8);
  await check(7);
  const { next_due } = await settled(digest);
  assert.match(next_due, /T\d\d:30:00Z$/);
  await roost.tick();
  assert.equal(receiver.received.length, 0);
  await nextAttempt(digest);
  assert.deepEqual(titles(receiver.received), [LEFT], "who was back by then is not mentioned");
  assert.equal(receiver.received[0].body.kind, "digest");
  await roost.advance(DAY_S);
  await roost.tick();
  assert.equal(receiver.received.length, 1, "nothing to say, nothing sent");
});

test("a feed has its entries corrected, and is read only with its secret", async () => {
  const feed = await alert({ kind: "feed", destination: undefined, suspected: true, name: "My <feed>" });
  assert.match(feed.feed, /^\/feeds\/[0-9a-f]{32}\.atom$/);
  assert.equal((await roost.get(`/alerts/${feed.id}`)).feed, undefined);
  await check();
  await check(7);
  await settled(feed);
  const before = await roost.raw("GET", feed.feed);
  assert.equal(before.status, 200);
  assert.equal(before.headers.get("content-type"), "application/atom+xml; charset=utf-8");
  assert.match(before.text, /<title>Roost: My &lt;feed&gt;<\/title>/);
  assert.match(before.text, /<title>Ada 7 \(@ada7\) may have left @solvej: still being checked.<\/title>/);
  const own = new URL(feed.feed, roost.runtime.url);
  assert.ok(before.text.includes(`<link rel="self" type="application/atom+xml" href="${own}"/>`), before.text);
  const times = [...before.text.matchAll(/<published>(.*?)<\/published>\n<updated>(.*?)<\/updated>/g)];
  assert.ok(times.length > 0 && times.every(([, published, updated]) => Date.parse(published!) <= Date.parse(updated!)));
  const known = { headers: { "if-none-match": before.headers.get("etag")! } };
  const same = await roost.raw("GET", feed.feed, known);
  assert.deepEqual([same.status, same.text], [304, ""]);
  await roost.advance(60);
  await check();
  await settled(feed);
  const corrected = await roost.raw("GET", feed.feed, known);
  assert.equal(corrected.status, 200);
  const ids = (text: string) => [...text.matchAll(/<entry>\n<id>(.*?)<\/id>/g)].map(([, id]) => id);
  assert.deepEqual(ids(corrected.text), ids(before.text));
  assert.match(corrected.text, /Corrected: Ada 7 \(@ada7\) still follows @solvej\./);
  assert.equal((await roost.raw("GET", `/api/v1${feed.feed}`)).status, 200);
  assert.equal((await roost.raw("GET", "/feeds/0123456789abcdef0123456789abcdef.atom")).status, 404);
  const anew = (await roost.api("PATCH", `/alerts/${feed.id}`, { rotate: true })).json;
  assert.notEqual(anew.feed, feed.feed);
  assert.equal((await roost.raw("GET", feed.feed)).status, 404, "the old address ends");
  assert.equal((await roost.raw("GET", anew.feed)).status, 200);
  await roost.api("DELETE", `/accounts/${ACCOUNT}`);
  assert.ok(!(await roost.raw("GET", anew.feed)).text.includes("ada7"), "nobody of a deleted account");
});

/** Number 7 is lost, and the receiver has the message but has not answered. */
async function inFlight(one: Json): Promise<void> {
  receiver.next("hold");
  await lose();
  await roost.until("the message to be under way", async () => receiver.received.length === 1);
  assert.equal((await log(one))[0].state, "sending");
}

async function evict(): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await roost.raw("POST", "/api/sim/live/notices/evict", { headers });
  assert.equal(answer.status, 200, answer.text);
}

for (const [how, interrupt] of [
  ["the object is evicted", evict],
  ["the power is cut", () => roost.runtime.powerCut()],
] as const) {
  test(`${how} while a webhook has not answered: it gets the same message under the same id`, async () => {
    const hook = await webhook();
    await inFlight(hook);
    await interrupt();
    await roost.until("the repeat", async () => {
      await roost.tick();
      return (await log(hook))[0].state === "sent";
    });
    for (let hour = 0; hour < 3; hour++) {
      await roost.advance(HOUR_S);
      await roost.tick();
    }
    const [first, second, ...more] = receiver.received;
    assert.equal(more.length, 0);
    assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    assert.equal(first.text, second.text);
  });

  test(`${how} while Discord has not answered: nothing is sent twice, and the log says it is in doubt`, async () => {
    const discord = await alert({ kind: "discord" });
    await inFlight(discord);
    await interrupt();
    await roost.until("the doubt", async () => {
      await roost.tick();
      return (await log(discord))[0].state === "unknown";
    });
    for (let hour = 0; hour < 3; hour++) {
      await roost.advance(HOUR_S);
      await roost.tick();
    }
    assert.equal(receiver.received.length, 1);
    const [message] = await log(discord);
    assert.match(message.error, /may have arrived/);
    assert.deepEqual((await roost.api("POST", `/alerts/${discord.id}/retry`, {})).json, { messages: 0 });
    const named = await roost.api("POST", `/alerts/${discord.id}/retry`, { message: message.id });
    assert.deepEqual(named.json, { messages: 1 });
    await roost.until("it to be sent", async () => (await log(discord))[0].state === "sent");
  });
}

test("what was sent is not sent again by a new memory", async () => {
  const hook = await webhook();
  await lose();
  await settled(hook);
  for (let times = 0; times < 3; times++) {
    await roost.runtime.evict("Notices", "notices");
    await roost.runtime.evict("Account", ACCOUNT);
    await roost.advance(HOUR_S);
    await roost.tick();
  }
  assert.equal(receiver.received.length, 1);
});

test("news that Notices could not be told of comes with the next tick", async () => {
  const hook = await webhook();
  await check();
  await check(7);
  // The run that reads the last list is cut off somewhere; its news is noted with the ledger.
  const name = followersName(await roost.advance(60));
  const sent = await roost.send(name, list(7));
  assert.equal(sent.status, 202, sent.text);
  await roost.runtime.powerCut();
  await roost.until("the list to be read", async () => {
    // A message that the cut took is sent again by a later tick.
    await roost.advance(60);
    await roost.tick();
    return (await roost.snapshots()).find((snapshot) => snapshot.name === name)?.state === "accepted";
  });
  await roost.tick();
  await settled(hook);
  // The cut may have taken an outcome: then the same message goes again, under its id.
  const ids = new Set(receiver.received.map(({ body }) => body.id));
  assert.deepEqual([ids.size, [...new Set(titles(receiver.received))]], [1, [LEFT]]);
});

test("destinations that are private, or not what they should be, are refused", async () => {
  const refused = async (body: Json, what: RegExp) => {
    const answer = await roost.api("POST", "/alerts", body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.json.detail, what);
    assert.ok(!answer.text.includes("s3cret"), "an address may be a secret");
  };
  for (const host of ["10.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254"]) {
    await refused({ kind: "webhook", destination: `https://${host}/s3cret` }, /not an address in numbers/);
  }
  for (const host of ["localhost", "nas.local", "metadata.google.internal", "printer"]) {
    await refused({ kind: "webhook", destination: `https://${host}/s3cret` }, /private networks/);
  }
  await refused({ kind: "webhook", destination: "http://example.com/s3cret" }, /https/);
  await refused({ kind: "webhook", destination: "https://a:s3cret@example.com/" }, /user or a password/);
  await refused({ kind: "webhook", destination: "https://example.com:22/s3cret" }, /ports/);
  await refused({ kind: "discord", destination: "https://example.com/api/webhooks/1/s3cret" }, /Discord/);
  await refused({ kind: "ntfy", destination: "https://ntfy.sh/" }, /ntfy topic/);
  await refused({ kind: "webhook" }, /destination/);
  await refused({ destination: "https://example.com/s3cret" }, /kind/);
  await refused({ kind: "fax" }, /webhook, discord, ntfy, feed/);
  await refused({ kind: "feed", tz: "Europe/Atlantis" }, /time zone/);
  await refused({ kind: "feed", digest_hour: 24 }, /0 to 23/);
  assert.deepEqual(await roost.all("/alerts"), []);
});

test("a test message is sent at once, and its outcome is the answer", async () => {
  const hook = await webhook();
  const good = await roost.api("POST", `/alerts/${hook.id}/test`);
  assert.equal(good.status, 200, good.text);
  assert.deepEqual([good.json.state, good.json.kind], ["sent", "test"]);
  assert.equal(receiver.received[0].body.summary, "This is a test: notices from Roost arrive here.");
  receiver.next({ status: 503, text: "closed" });
  const bad = await roost.api("POST", `/alerts/${hook.id}/test`);
  assert.deepEqual([bad.json.state, bad.json.error], ["dead", "The destination answered 503: closed"]);
  await roost.advance(HOUR_S);
  await roost.tick();
  assert.equal(receiver.received.length, 2, "a test is not repeated");
});

test("secrets are answered once and found nowhere else", async () => {
  const hook = await webhook({ destination: receiver.url("/planted-destination") });
  const ntfy = await alert({ kind: "ntfy", destination: receiver.url("/planted-topic"), token: "planted-token" });
  const feed = await alert({ kind: "feed", destination: undefined });
  receiver.next({ status: 404 }, { status: 500 });
  await lose();
  await settled(hook);
  await settled(ntfy);
  const secrets = ["planted", hook.secret, feed.feed.slice(7, 39)];
  const answers = [
    await roost.api("GET", "/alerts"),
    await roost.api("GET", `/alerts/${hook.id}`),
    await roost.api("PATCH", `/alerts/${hook.id}`, { name: "Hook" }),
    await roost.api("GET", `/alerts/${ntfy.id}/log`),
    await roost.api("GET", "/runs"),
    await roost.api("GET", "/status"),
  ];
  for (const secret of secrets) {
    for (const answer of answers) assert.ok(!answer.text.includes(secret), answer.text);
    assert.ok(!roost.runtime.logs.some((line) => line.includes(secret)));
  }
  assert.equal(answers[1].json.destination, `${receiver.url("")}/…`);
});

test("an alert is switched off and deleted", async () => {
  const hook = await webhook({ pace: "digest" });
  await lose();
  assert.equal((await settled(hook)).waiting, 1);
  const off = await roost.api("PATCH", `/alerts/${hook.id}`, { state: "off" });
  assert.deepEqual([off.json.state, off.json.waiting, off.json.next_due], ["off", 0, null]);
  await roost.advance(2 * DAY_S);
  await roost.tick();
  assert.equal(receiver.received.length, 0);
  assert.equal((await roost.api("DELETE", `/alerts/${hook.id}`)).status, 204);
  assert.equal((await roost.api("GET", `/alerts/${hook.id}`)).status, 404);
  assert.equal((await roost.raw("GET", "/api/v1/alerts")).status, 401, "the owner's alone");
});

/** Ticks after a day, until whatever ran has ended. */
async function nextDay(): Promise<void> {
  await roost.advance(DAY_S);
  await roost.tick();
  await roost.until("the collector to rest", async () => (await roost.all("/runs?state=running")).length === 0);
}

test("collection that stopped is told after two missed turns, and once when it goes on", async () => {
  const hook = await webhook({ events: ["stopped"] });
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "daily" });
  await roost.goodCrawl();
  await roost.fault("status_401", { route: `/2/users/${ACCOUNT}`, count: 100 });
  await nextDay();
  await settled(hook);
  assert.equal(receiver.received.length, 0, "one missed turn may be X's bad night");
  await nextDay();
  await nextDay();
  await settled(hook);
  const [stopped, ...more] = receiver.received;
  assert.equal(more.length, 0, "said once");
  assert.equal(stopped.body.summary, "Collection of @solvej stopped.");
  assert.match(stopped.body.collection[0].detail, /^Nothing was read since \d+ September 2026, \d\d:\d\d UTC: ./);
  await roost.sim.call("DELETE", "/sim/faults");
  await nextDay();
  await nextDay();
  await settled(hook);
  assert.deepEqual(titles(receiver.received).slice(1), ["Collection of @solvej goes on."]);
});

test("without ROOST_SECRET no address is stored, and what needs none is", async () => {
  await roost.runtime.reconfigure({ ROOST_SECRET: "" });
  try {
    const body = { kind: "webhook", destination: receiver.url("/hook") };
    const answer = await roost.api("POST", "/alerts", body);
    assert.deepEqual([answer.status, answer.json.title], [409, "Keys cannot be stored yet"], answer.text);
    assert.match(answer.json.detail, /wrangler secret put ROOST_SECRET/);
    assert.deepEqual(await roost.all("/alerts"), []);
    assert.equal((await roost.api("POST", "/alerts", { kind: "feed" })).status, 201);
  } finally {
    await roost.runtime.reconfigure({ ROOST_SECRET });
  }
});

test("a changed ROOST_SECRET is named, and set back what waited goes out", async () => {
  const made = await webhook();
  await roost.runtime.reconfigure({ ROOST_SECRET: "another-secret-0123456789" });
  try {
    assert.match((await roost.get(`/alerts/${made.id}`)).reason, /ROOST_SECRET is another/);
    const { json } = await roost.api("POST", `/alerts/${made.id}/test`);
    assert.deepEqual([json.state, receiver.received.length], ["dead", 0], "a test is not tried again");
    assert.match(json.error, /set ROOST_SECRET back/);
    await lose();
    await roost.until("an attempt", async () => (await log(made, "state=waiting"))[0]?.attempts === 1);
    const renamed = await roost.api("PATCH", `/alerts/${made.id}`, { name: "other" });
    assert.deepEqual([renamed.status, renamed.json.name], [200, "other"]);
    const half = await roost.api("PATCH", `/alerts/${made.id}`, { destination: receiver.url("/new") });
    assert.deepEqual([half.status, half.json.title], [409, "Locked"], half.text);
  } finally {
    await roost.runtime.reconfigure({ ROOST_SECRET });
  }
  assert.equal((await roost.get(`/alerts/${made.id}`)).reason, null);
  await nextAttempt(made);
  await roost.until("the message", async () => receiver.at("/hook").length === 1);
  assert.deepEqual(titles(receiver.at("/hook")), [LEFT]);
  assert.ok(signed(receiver.at("/hook")[0], made.secret));
});

test("what a changed ROOST_SECRET locked can be set anew as a whole", async () => {
  const made = await webhook();
  const topic = await alert({ kind: "ntfy", destination: receiver.url("/topic"), token: "tk_old" });
  await roost.runtime.reconfigure({ ROOST_SECRET: "another-secret-0123456789" });
  try {
    const change = { destination: receiver.url("/new"), rotate: true };
    const { json } = await roost.api("PATCH", `/alerts/${made.id}`, change);
    assert.equal(json.reason, null, JSON.stringify(json));
    await roost.api("POST", `/alerts/${made.id}/test`);
    assert.ok(signed(receiver.at("/new")[0], json.secret), "signed with the new key");
    await roost.api("PATCH", `/alerts/${topic.id}`, { destination: receiver.url("/other") });
    await roost.api("POST", `/alerts/${topic.id}/test`);
    assert.equal(receiver.at("/")[0].headers.authorization, undefined, "the old token is gone");
  } finally {
    await roost.runtime.reconfigure({ ROOST_SECRET });
  }
});

test("a part of the secrets is changed, the rest stays", async () => {
  const made = await webhook();
  await roost.api("PATCH", `/alerts/${made.id}`, { destination: receiver.url("/moved") });
  await roost.api("POST", `/alerts/${made.id}/test`);
  assert.ok(signed(receiver.at("/moved")[0], made.secret), "the key stayed");
  const topic = await alert({ kind: "ntfy", destination: receiver.url("/topic") });
  await roost.api("PATCH", `/alerts/${topic.id}`, { token: "tk_new" });
  await roost.api("POST", `/alerts/${topic.id}/test`);
  assert.equal(receiver.at("/")[0].headers.authorization, "Bearer tk_new");
  assert.equal(receiver.at("/")[0].body.topic, "topic");
});

test("an alert that was stored in the open is sealed, and tells as before", async () => {
  const made = await webhook();
  const [destination, secret] = [receiver.url("/before"), "a-key-in-the-open"];
  await roost.runtime.rewrite("Notices", (database) => {
    database.exec("DELETE FROM seals");
    const change = "UPDATE alerts SET alert = json_set(alert, '$.destination', ?, '$.secret', ?)";
    database.prepare(change).run(destination, secret);
  });
  const answer = await roost.api("POST", `/alerts/${made.id}/test`);
  assert.equal(answer.json.state, "sent", answer.text);
  await roost.tick();
  await roost.api("POST", `/alerts/${made.id}/test`);
  const came = receiver.at("/before");
  assert.deepEqual(came.map((one) => signed(one, secret)), [true, true]);
  let rows: unknown[] = [];
  await roost.runtime.rewrite("Notices", (database) => {
    rows = database.prepare("SELECT alert FROM alerts").all().map((row) => row.alert);
  });
  assert.equal(rows.length, 1);
  assert.ok(!String(rows[0]).includes(secret) && !String(rows[0]).includes("/before"), String(rows[0]));
});
