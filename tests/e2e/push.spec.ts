// What X pushes: who may speak, what is done with it, and what a full check says of it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { stopwatch } from "../poll.ts";
import { ACCOUNT, ADMIN_TOKEN, type Answer, iso, type Json, Roost } from "./harness.ts";

const SECRET = "sim-key-secret";
const HOUR_S = 3600;
const DAY_S = 86_400;
let roost: Roost;
let serial = 0;

before(async () => {
  roost = await Roost.start({ followers: 1200 });
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.fresh();
  // A subscription of a test before would tell of its world.
  for (const { subscription_id } of (await roost.sim.call("GET", "/sim/webhooks")).subscriptions) {
    const headers = { authorization: "Bearer sim-bearer" };
    await fetch(`${roost.sim.url}/2/activity/subscriptions/${subscription_id}`, { method: "DELETE", headers });
  }
});

function sign(body: string, secret = SECRET): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("base64")}`;
}

interface Event {
  kind: string;
  payload: unknown;
  at?: number;
  account?: string;
}

async function body({ kind, payload, at, account = ACCOUNT }: Event): Promise<string> {
  serial += 1;
  const data = { event_uuid: `-88345627391${serial}`, filter: { user_id: account }, event_type: kind, tag: "roost", payload };
  // X's documented envelope has no time of its own; one that comes along is looked at.
  const created_at = at === undefined ? {} : { created_at: iso(at) };
  return JSON.stringify({ data: { ...data, ...created_at } });
}

function person(id: string): Json {
  return { data: { id, username: `user${id}`, name: `User ${id}`, public_metrics: { followers_count: 7 } } };
}

/** A follow or an unfollow of the account. */
function follows(kind: "follow" | "unfollow", id: string, at?: number): Promise<string> {
  return body({ kind: `follow.${kind}`, payload: { source: person(id), target: person(ACCOUNT) }, at });
}

function post(text: string, signature: string | null = sign(text), path = "/hooks/x"): Promise<Answer> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (signature !== null) headers["x-twitter-webhooks-signature"] = signature;
  return roost.raw("POST", path, { headers, body: text });
}

async function give(text: string): Promise<void> {
  const answer = await post(text);
  assert.equal(answer.status, 200, answer.text);
}

const counts = async (): Promise<Json> => (await roost.raw("GET", "/api/v1/status")).json.push;
const push = (): Promise<Json> => roost.get(`/accounts/${ACCOUNT}/push`);

async function eventsOf(id: string): Promise<Json[]> {
  return (await roost.events()).filter((event) => event.user.id === id);
}

/** Waits until someone's newest event is of this kind. */
function seen(id: string, kind: string): Promise<Json> {
  return roost.until(`${id} ${kind}`, async () => {
    const [newest] = await eventsOf(id);
    return newest?.kind === kind && newest;
  });
}

/** Someone of the newest list. */
async function follower(index = 0): Promise<string> {
  return (await roost.get(`/accounts/${ACCOUNT}/followers?limit=10`)).items[index].user.id;
}

test("X's challenge is answered with the consumer secret's signature", async () => {
  for (const path of ["/hooks/x", "/api/v1/hooks/x"]) {
    const answer = await roost.raw("GET", `${path}?crc_token=abc&nonce=def`);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.response_token, sign("abc"));
  }
  assert.equal((await roost.raw("GET", "/hooks/x")).status, 400);
});

test("an unfollow that X pushes is shown at once, with its reason", async () => {
  await roost.goodCrawl();
  const id = await follower();
  const at = await roost.sim.now();
  await give(await follows("unfollow", id));
  const event = await seen(id, "lost");
  assert.equal(event.state, "confirmed");
  assert.equal(event.reason, "unfollowed");
  assert.equal(event.confidence, "certain");
  assert.equal(event.how, "push");
  assert.ok(Math.abs(Date.parse(event.at) - at) < 60_000, event.at);
});

test("whoever X says came is shown by name before any list has them", async () => {
  await roost.goodCrawl();
  await give(await follows("follow", "987654321"));
  const event = await seen("987654321", "followed");
  assert.equal(event.how, "push");
  assert.equal(event.user.username, "user987654321");
});

test("the live feed tells a pushed event", async () => {
  await roost.goodCrawl();
  const from = (await roost.get("/live/events")).to;
  const id = await follower();
  await give(await follows("unfollow", id));
  await roost.until("the live event", async () => {
    const { events } = await roost.get(`/live/events?after=${from}&kinds=lost`);
    return events.some((event: Json) => JSON.stringify(event).includes(id));
  });
});

test("calls that X did not make, or made before, are refused with their code and counted", async () => {
  await roost.goodCrawl();
  const good = await follows("unfollow", await follower(), await roost.sim.now());
  const now = await roost.sim.now();
  const old = await follows("unfollow", await follower(1), now - 26 * HOUR_S * 1000);
  const early = await follows("unfollow", await follower(1), now + 600_000);
  const huge = JSON.stringify({ data: { pad: "x".repeat(1_000_001) } });
  const before = await counts();
  const check = async (answer: Promise<Answer>, status: number, word: string) => {
    const { status: got, text, json } = await answer;
    assert.equal(got, status, text);
    assert.equal(json.status, status);
    const refused = (await counts()).refused[word] ?? 0;
    assert.ok(refused > (before.refused[word] ?? 0), `${word} is not counted`);
  };
  await check(post(good, null), 401, "forged");
  await check(post(good, sign(good, "another secret")), 401, "forged");
  await check(post(`${good} `, sign(good)), 401, "forged");
  await check(post(old), 410, "stale");
  await check(post(early), 410, "stale");
  await check(post(huge), 413, "oversized");
  await check(post("{}"), 400, "malformed");
  await give(good);
  await check(post(good), 409, "replayed");
  await check(post(good, sign(good), "/api/v1/hooks/x"), 409, "replayed");
  const after = await counts();
  assert.equal(after.refused.forged - (before.refused.forged ?? 0), 3);
  assert.equal(after.refused.stale - (before.refused.stale ?? 0), 2);
  assert.equal(after.refused.replayed - (before.refused.replayed ?? 0), 2);
  assert.equal(after.taken - before.taken, 1);
  assert.equal((await eventsOf(await follower(1))).length, 0, "a refused call was applied");
});

test("a burst of a thousand is applied once each, whatever comes twice", { timeout: 120_000 }, async (t) => {
  await roost.goodCrawl();
  const ids = Array.from({ length: 1000 }, (_, i) => String(700_000_000 + i));
  const bodies = await Promise.all(ids.map((id) => follows("follow", id)));
  const twice = bodies.flatMap((text, i) => (i % 10 === 0 ? [text, text] : [text]));
  let next = 0;
  let slowest = 0;
  const statuses: number[] = [];
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (let text = twice[next++]; text !== undefined; text = twice[next++]) {
        const passed = stopwatch();
        statuses.push((await post(text)).status);
        slowest = Math.max(slowest, passed());
      }
    }),
  );
  assert.ok(statuses.every((status) => status === 200 || status === 409), statuses.join());
  assert.ok(statuses.filter((status) => status === 200).length >= 1000);
  await roost.until("all to be applied", async () => (await push()).taken >= 1000, 90_000, 200);
  const followed = (await roost.events("kind=followed")).filter((event) => event.how === "push");
  assert.equal(followed.length, 1000);
  assert.equal(new Set(followed.map((event) => event.user.id)).size, 1000);
  assert.equal((await push()).taken, 1000);
  t.diagnostic(`slowest answer: ${slowest} ms`);
});

test("an event is applied once although the object is lost in between", async () => {
  await roost.goodCrawl();
  const id = await follower();
  const text = await follows("unfollow", id);
  await give(text);
  await roost.evict();
  await seen(id, "lost");
  await roost.evict();
  await give(await follows("unfollow", await follower(2)));
  await seen(await follower(2), "lost");
  assert.equal((await push()).taken, 2);
  assert.equal((await eventsOf(id)).length, 1);
});

test("what X bills for pushes is in the books once", async () => {
  await roost.goodCrawl();
  const spent = async () => {
    const { by_feature } = await roost.get("/budget");
    return Math.round((by_feature.find((one: Json) => one.feature === "push")?.usd ?? 0) * 1e6);
  };
  const before = await spent();
  await give(await follows("unfollow", await follower()));
  await give(await follows("follow", "55555"));
  await give(await body({ kind: "profile.update.bio", payload: { before: "a", after: "b" } }));
  await roost.until("three to be applied", async () => (await push()).taken === 3);
  await roost.until("the books", async () => (await spent()) - before === 30_000);
  await roost.evict();
  await roost.tick();
  assert.equal((await spent()) - before, 30_000);
});

test("a profile that X says changed is shown so", async () => {
  const update = (field: string, after: string) =>
    body({ kind: `profile.update.${field}`, payload: { before: "old", after } });
  await give(await update("handle", "solvej_new"));
  await give(await update("screenname", "Solvej N."));
  const account = await roost.until("the new name", async () => {
    const found = await roost.account();
    return found.username === "solvej_new" && found.name === "Solvej N." && found;
  });
  assert.equal(account.push.last_event !== null, true);
});

test("a tweet that X says was deleted loses its words at once", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { tweets: true });
  const started = await roost.api("POST", `/accounts/${ACCOUNT}/tweets/check`);
  assert.equal(started.status, 202, started.text);
  await roost.ended(started.json.run);
  const [tweet] = (await roost.get(`/accounts/${ACCOUNT}/tweets?limit=1`)).items;
  await give(await body({ kind: "post.delete", payload: { id: tweet.id, author_id: ACCOUNT } }));
  await roost.until("the tweet to be gone", async () => {
    const found = await roost.get(`/accounts/${ACCOUNT}/tweets/${tweet.id}`);
    return found.deleted_at !== null && found.text === null;
  });
});

test("events of nobody tracked are taken, and change nothing", async () => {
  await give(await body({ kind: "follow.follow", payload: { source: person("1"), target: person("99") }, account: "99" }));
  await roost.until("the record", async () => (await roost.all("/runs?what=push&account=99")).length > 0);
  assert.equal((await roost.api("GET", "/accounts/99")).status, 404);
});

test("a check holds the pushes of its time to the list", async () => {
  const { run } = await roost.goodCrawl();
  assert.equal(run.counts.push_told, undefined);
  const on = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true });
  assert.equal(on.status, 200, on.text);
  await roost.advance(60);
  const first = await roost.goodCrawl();
  const wrong = await follower();
  await give(await follows("unfollow", wrong));
  await seen(wrong, "lost");
  await roost.advance(2 * DAY_S);
  await roost.until("the deliveries", async () => (await roost.sim.call("GET", "/sim/webhooks")).pending === 0);
  const second = await roost.goodCrawl();
  const { audit } = await push();
  assert.equal(second.run.counts.push_contradicted, audit.contradicted);
  assert.ok(audit.contradicted >= 1, JSON.stringify(audit));
  const truth = await roost.sim.truth(first.start, second.start);
  const all = audit.told + audit.missed_came + audit.missed_left;
  assert.equal(all, truth.net.followed.length + truth.net.lost.length);
  // The list has them: they did not leave.
  const [newest] = await eventsOf(wrong);
  assert.ok(newest.kind === "returned" || newest.state === "retracted", JSON.stringify(newest));
});

test("what happens at X is pushed, shown, billed as X bills it, and no more once it is switched off", async () => {
  await roost.goodCrawl();
  const on = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true });
  assert.equal(on.status, 200, on.text);
  assert.equal(on.json.state, "on");
  assert.ok(on.json.events.includes("follow.unfollow"), on.text);
  const standing = await roost.sim.call("GET", "/sim/webhooks");
  assert.equal(standing.webhooks.length, 1);
  assert.equal(standing.subscriptions.length, on.json.events.length);
  const again = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true });
  assert.equal(again.status, 200, again.text);
  assert.equal((await roost.sim.call("GET", "/sim/webhooks")).subscriptions.length, on.json.events.length);
  // Tests before this one had their own deliveries, and signed events of their own.
  const spent = async (): Promise<number> => {
    const { by_feature } = await roost.get("/budget");
    return by_feature.find((one: Json) => one.feature === "push")?.usd ?? 0;
  };
  const billed = async (): Promise<number> => {
    const { by_resource } = await roost.sim.call("GET", "/sim/bill");
    return (by_resource.follow_event?.usd ?? 0) + (by_resource.profile_event?.usd ?? 0);
  };
  const before = { ...(await roost.sim.call("GET", "/sim/webhooks")), spent: await spent(), billed: await billed() };
  const from = await roost.sim.now();
  const to = await roost.advance(2 * DAY_S);
  const { delivered } = await roost.until("the deliveries", async () => {
    const found = await roost.sim.call("GET", "/sim/webhooks");
    return found.pending === 0 && found.told_until >= to - 1000 && found;
  });
  await roost.until("all to be applied", async () => (await push()).taken === delivered - before.delivered);
  const truth = await roost.sim.truth(from, to);
  const lost = (await roost.events("kind=lost")).filter((event) => event.how === "push");
  const left = truth.lost.filter((loss: Json) => loss.reason === "unfollowed");
  assert.deepEqual([...new Set(lost.map((event) => event.user.id))].sort(), [...new Set(left.map((loss: Json) => loss.id))].sort());
  const came = (await roost.events("kind=followed")).filter((event) => event.how === "push");
  assert.ok(came.length > 0 && came.every((event) => event.user.username !== ""));
  const micro = (usd: number) => Math.round(usd * 1e6);
  await roost.until("the books", async () => micro(await spent()) - micro(before.spent) > 0);
  assert.equal(micro(await spent()) - micro(before.spent), micro(await billed()) - micro(before.billed));
  const off = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: false });
  assert.equal(off.json.state, "off", off.text);
  const after = await roost.sim.call("GET", "/sim/webhooks");
  assert.deepEqual([after.webhooks, after.subscriptions], [[], []]);
});

test("a deleted account's subscriptions are taken back, and others' stay", async () => {
  await roost.track("13");
  for (const id of [ACCOUNT, "13"]) {
    const on = await roost.api("PUT", `/accounts/${id}/push`, { on: true });
    assert.equal(on.status, 200, on.text);
  }
  assert.equal((await roost.api("DELETE", "/accounts/13")).status, 204);
  const { webhooks, subscriptions } = await roost.sim.call("GET", "/sim/webhooks");
  assert.equal(webhooks.length, 1);
  assert.ok(subscriptions.length > 0);
  assert.ok(subscriptions.every((one: Json) => one.filter.user_id === ACCOUNT), JSON.stringify(subscriptions));
});

test("a subscription that X lost is made again the next day", async () => {
  await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true });
  const { subscriptions } = await roost.sim.call("GET", "/sim/webhooks");
  const bearer = { authorization: "Bearer sim-bearer" };
  const [first] = subscriptions;
  await fetch(`${roost.sim.url}/2/activity/subscriptions/${first.subscription_id}`, { method: "DELETE", headers: bearer });
  await roost.advance(DAY_S);
  await roost.tick();
  await roost.until("the subscription", async () => {
    const found = await roost.sim.call("GET", "/sim/webhooks");
    return found.subscriptions.length === subscriptions.length;
  });
});

test("push that is off says what it would cost", async () => {
  const { state, event_usd, month_usd } = await push();
  assert.equal(state, "off");
  assert.equal(event_usd, 0.01);
  assert.ok(month_usd === null || month_usd >= 0);
  const odd = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true, off: true });
  assert.equal(odd.status, 400, odd.text);
});

test("the webhook takes nobody's token, and asks for none", async () => {
  const text = await follows("follow", "4711");
  const answer = await roost.raw("POST", "/hooks/x", { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body: text });
  assert.equal(answer.status, 401);
  const other = await roost.raw("PUT", "/hooks/x", { body: text });
  assert.equal(other.status, 405);
  assert.ok(iso(await roost.sim.now()));
});

test("a count that is read beside a check leaves the check's bill alone", async () => {
  await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: "count_only" });
  assert.equal((await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true })).status, 200);
  await roost.advance(DAY_S);
  const followers = async () => {
    const { by_resource } = await roost.get("/budget");
    const bill = await roost.sim.call("GET", "/sim/bill");
    const own = by_resource.find(({ resource }: Json) => resource === "owned_follower");
    return { x: bill.by_resource.owned_follower?.billed ?? 0, roost: own?.count ?? 0 };
  };
  const before = await followers();
  // The tick sees no check, and waits for X to say that push stands. Meanwhile one begins; while
  // its second page is on its way the tick goes on, to the count.
  const hooks = await roost.fault("slow", { route: "/2/webhooks", args: { ms: 1000 } });
  const page = await roost.fault("slow", { after: 1, args: { ms: 2500 } });
  const ticked = roost.tick();
  await roost.until("the tick to wait", async () => (await roost.fired(hooks)) > 0);
  const run = await roost.startCrawl();
  await roost.until("the second page", async () => (await roost.fired(page)) > 0);
  await ticked;
  assert.equal((await roost.ended(run)).state, "done");
  const after = await followers();
  assert.ok(after.x > before.x);
  assert.equal(after.roost - before.roost, after.x - before.x);
  assert.equal((await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: false })).status, 200);
});
