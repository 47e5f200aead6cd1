// Keys for X: stored sealed, an account that signs in, tokens that rotate, and the machine lost in
// the middle of it. Nothing secret is ever seen.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, ADMIN_TOKEN, type Answer, type Json, Roost } from "./harness.ts";
import { Receiver } from "./receiver.ts";
import * as steps from "./sign-in.ts";
import { CLIENT, consent } from "./sign-in.ts";

const ROOST_SECRET = "planted-roost-secret-0123456789";
const TOKEN = "/2/oauth2/token";
/** Nothing of X in the worker's own secrets, but the client. */
const SETTINGS = {
  ROOST_SECRET,
  ...CLIENT,
  X_OWNER_ID: ACCOUNT,
  X_BEARER_TOKEN: "",
  X_API_KEY: "",
  X_API_SECRET: "",
  X_ACCESS_TOKEN: "",
  X_ACCESS_SECRET: "",
};
const OWNER_KEYS = {
  api_key: "sim-key",
  api_secret: "sim-key-secret",
  access_token: "12-sim",
  access_secret: "sim-token-secret",
};

let roost: Roost;

/** Everything that was ever answered: headers and bodies. */
const seen: string[] = [];

before(async () => {
  roost = await Roost.start({ followers: 300, settings: SETTINGS });
  const raw = roost.raw.bind(roost);
  roost.raw = async (...request) => {
    const answer = await raw(...request);
    seen.push([...answer.headers].join("\n"), answer.text);
    return answer;
  };
});
after(() => roost?.stop());
beforeEach(async () => {
  await roost.sim.call("DELETE", "/sim/faults");
  await roost.sim.call("PUT", "/sim/oauth", { reuse: "grace" });
  for (const { id } of await roost.all("/accounts")) await roost.api("DELETE", `/accounts/${id}`);
  for (const { name, source } of (await roost.get("/credentials")).items) {
    if (source === "stored") assert.equal((await roost.api("DELETE", `/credentials/${name}?local=true`)).status, 204);
  }
  await roost.advance(3600);
});

const begin = (query = "") => steps.begin(roost, query);
const comeBack = (path: string, cookie: string) => steps.comeBack(roost, path, cookie);
const signIn = (user = ACCOUNT, query = "") => steps.signIn(roost, user, query);

/** Moves the clock, and lets the worker hear of it: by a sign-in that comes to nothing. */
async function later(seconds: number): Promise<void> {
  await roost.advance(seconds);
  const { url, cookie } = await begin();
  const path = `/auth/x/callback?state=${url.searchParams.get("state")}&code=none`;
  assert.equal((await comeBack(path, cookie)).get("x"), "expired");
}

async function credential(name: string): Promise<Json> {
  const { items } = await roost.get("/credentials");
  const found = items.find((item: Json) => item.name === name);
  assert.ok(found, `no ${name} in ${JSON.stringify(items)}`);
  return found;
}

/** The families of an account as X has them, the last one last. */
async function family(user = ACCOUNT): Promise<Json> {
  const { families } = await roost.sim.call("GET", "/sim/oauth");
  return families.filter((one: Json) => one.user === user).at(-1);
}

/** How the last two families of the account stand at X. */
async function lastTwo(): Promise<string> {
  const { families } = await roost.sim.call("GET", "/sim/oauth");
  const own = families.filter((one: Json) => one.user === ACCOUNT).slice(-2);
  return own.map((one: Json) => one.state).join(", ");
}

function assertProblem(answer: Answer, status: number, ...words: string[]) {
  assert.equal(answer.status, status, answer.text.slice(0, 300));
  for (const word of words) assert.ok(answer.json.detail.includes(word), `${word} in ${answer.text}`);
}

test("a sign-in begins with a cookie that only X's way back can use", async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await roost.raw("GET", "/auth/x/start", { headers });
  assert.equal(answer.status, 302);
  const to = new URL(answer.headers.get("location")!);
  assert.equal(to.origin, roost.sim.url);
  assert.equal(to.searchParams.get("code_challenge_method"), "S256");
  assert.equal(to.searchParams.get("scope"), "tweet.read users.read follows.read offline.access");
  assert.equal(to.searchParams.get("redirect_uri"), new URL("/auth/x/callback", roost.runtime.url).href);
  const cookie = answer.headers.get("set-cookie") ?? "";
  for (const part of ["roost_x=v1.", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900"]) assert.ok(cookie.includes(part), cookie);
  assert.ok(!cookie.includes(to.searchParams.get("state")!), "the state is in the cookie");
  assert.ok((await begin("?blocks=true")).url.searchParams.get("scope")!.endsWith(" block.read"));
});

test("only the owner begins a sign-in", async () => {
  for (const path of ["/auth/x/start", "/api/v1/auth/x/start"]) assertProblem(await roost.raw("GET", path), 401, "ADMIN_TOKEN");
  assertProblem(await roost.api("GET", "/auth/x/start?account=me"), 400, "account");
});

test("a sign-in adds the account: count only, a cap of 5 dollars", async () => {
  const before = await roost.sim.call("GET", "/sim/bill");
  assert.equal(await signIn(), "connected");
  const account = await roost.account();
  assert.deepEqual([account.schedule, account.monthly_cap_usd, account.owned], ["count_only", 5, true]);
  assert.equal(account.prices.follower_usd, 0.001);
  assert.ok(account.username.length > 0 && account.x_count > 0);
  const found = await credential(`user-${ACCOUNT}`);
  assert.deepEqual([found.state, found.source, found.account, found.username], ["ready", "stored", ACCOUNT, account.username]);
  assert.ok(found.scopes.includes("offline.access"));
  assert.equal((await roost.get("/credentials")).sign_in.outcome, "connected");
  const bill = await roost.sim.call("GET", "/sim/bill");
  assert.ok(bill.usd - before.usd < 0.0101, "one profile was read");
});

test("a list is read with the sign-in, at the own-account price", async () => {
  await signIn();
  const before = await roost.sim.call("GET", "/sim/bill");
  const { run } = await roost.goodCrawl();
  assert.equal(run.counts.followers, 300, JSON.stringify(run));
  const bill = await roost.sim.call("GET", "/sim/bill");
  assert.ok(bill.usd - before.usd < 0.4, `${bill.usd - before.usd}`);
  assert.equal((await family()).refreshes, 0);
});

test("an account that does not own the app pays the full price", async () => {
  assert.equal(await signIn("13"), "connected");
  const account = await roost.account("13");
  assert.deepEqual([account.owned, account.prices.follower_usd], [false, 0.01]);
});

test("a no on the consent page is told", async () => {
  const { url, cookie } = await begin();
  const to = await comeBack(await consent(url, ACCOUNT, "deny"), cookie);
  assert.equal(to.get("x"), "denied");
  assert.equal((await roost.get("/credentials")).sign_in.outcome, "denied");
  assert.deepEqual(await roost.all("/accounts"), []);
});

test("another browser's sign-in, a changed state and a second use are refused", async () => {
  const before = (await roost.sim.call("GET", "/sim/oauth")).families.length;
  const one = await begin();
  const two = await begin();
  const path = await consent(one.url);
  for (const cookie of ["", two.cookie, one.cookie.replace(/.$/, "A").replace(/v1/, "v2")]) {
    assert.equal((await comeBack(path, cookie)).get("x"), "mismatch", cookie);
  }
  assert.equal((await comeBack(path.replace(/state=[^&]+/, "state=x"), one.cookie)).get("x"), "mismatch");
  assert.equal((await roost.sim.call("GET", "/sim/oauth")).families.length, before, "a code was used");
  assert.equal((await comeBack(path, one.cookie)).get("x"), "connected");
  assert.equal((await comeBack(path, one.cookie)).get("x"), "expired", "a code is good once");
});

test("X's code lives 30 seconds, a sign-in a quarter of an hour", async () => {
  const late = await begin();
  const path = await consent(late.url);
  await roost.advance(31);
  assert.equal((await comeBack(path, late.cookie)).get("x"), "expired");
  const { sign_in } = await roost.get("/credentials");
  assert.match(sign_in.detail, /30 seconds .* begin again/);
  const slow = await begin();
  await later(901);
  assert.equal((await comeBack(await consent(slow.url), slow.cookie)).get("x"), "expired");
});

test("another account than the one asked for is not taken", async () => {
  assert.equal(await signIn("13", `?account=${ACCOUNT}`), "other_account");
  assert.equal((await family("13")).state, "dead", "what was given is taken back");
  assert.deepEqual(await roost.all("/accounts"), []);
  assert.match((await roost.get("/credentials")).sign_in.detail, /Sign out of x\.com/);
});

test("a refused client is told apart, with the step in X's console", async () => {
  await roost.runtime.reconfigure({ X_CLIENT_SECRET: "wrong" });
  try {
    assert.equal(await signIn(), "refused");
    const { sign_in, callback } = await roost.get("/credentials");
    assert.match(sign_in.detail, /client id and secret, and the callback/);
    assert.ok(sign_in.detail.includes(callback));
  } finally {
    await roost.runtime.reconfigure({ X_CLIENT_SECRET: CLIENT.X_CLIENT_SECRET });
  }
});

test("tokens are renewed in the last third of their life, once for all who ask", async () => {
  await signIn();
  await later(4000);
  await roost.account();
  assert.equal((await family()).refreshes, 0);
  await later(1000);
  await Promise.all(Array.from({ length: 20 }, () => roost.account()));
  assert.deepEqual([(await family()).refreshes, (await family()).state], [1, "alive"]);
  const found = await credential(`user-${ACCOUNT}`);
  assert.deepEqual([found.state, found.problem], ["ready", null]);
  await roost.goodCrawl();
});

test("twenty who ask at once of an expired token get one renewal", async () => {
  await signIn();
  await later(3 * 3600);
  await roost.fault("slow", { route: TOKEN, args: { ms: 300 } });
  await Promise.all(Array.from({ length: 20 }, () => roost.account()));
  assert.equal((await family()).refreshes, 1);
  await roost.goodCrawl();
});

test("the old token serves while X gives no new one", async () => {
  await signIn();
  await later(5400);
  await roost.fault("status_503", { route: TOKEN, count: 5 });
  await roost.goodCrawl();
  const found = await credential(`user-${ACCOUNT}`);
  assert.equal(found.state, "renewing");
  assert.match(found.problem, /503/);
  assert.match(found.todo, /tried again at/);
  await roost.sim.call("DELETE", "/sim/faults");
  await later(600);
  await roost.account();
  await roost.until("the renewal", async () => (await credential(`user-${ACCOUNT}`)).state === "ready");
});

for (const kind of ["lost", "cut"]) {
  test(`an answer that is ${kind} is asked for again with the same token`, async () => {
    await signIn();
    await later(3 * 3600);
    const fault = await roost.fault(kind, { route: TOKEN });
    await roost.account();
    assert.equal(await roost.fired(fault), 1);
    await later(10);
    const { run } = await roost.goodCrawl();
    assert.equal(run.state, "done");
    assert.deepEqual([(await family()).state, (await family()).refreshes], ["alive", 1]);
  });
}

test("Control lost after X gave new tokens and before they were stored loses no sign-in", async () => {
  await signIn();
  await later(3 * 3600);
  await roost.fault("lost", { route: TOKEN });
  await roost.account();
  await roost.runtime.evict("Control", "control");
  await later(10);
  await roost.goodCrawl();
  assert.deepEqual([(await family()).state, (await family()).refreshes], ["alive", 1]);
});

test("Control lost after the new tokens were stored uses them", async () => {
  await signIn();
  await later(3 * 3600);
  await roost.account();
  await roost.runtime.evict("Control", "control");
  await roost.goodCrawl();
  assert.deepEqual([(await family()).state, (await family()).refreshes], ["alive", 1]);
});

test("a power cut in the middle of a renewal loses no sign-in", async () => {
  await signIn();
  await later(3 * 3600);
  await roost.fault("slow", { route: TOKEN, args: { ms: 3000 } });
  roost.account().catch(() => {});
  await roost.until("X to be asked", async () => (await roost.sim.call("GET", "/sim/faults"))[0].fired === 1);
  await roost.until("the renewal to begin", async () => (await credential(`user-${ACCOUNT}`)).state === "renewing");
  await roost.runtime.powerCut();
  await roost.goodCrawl();
  assert.equal((await family()).state, "alive");
});

test("a power cut between the tokens and the account finishes the sign-in later", async () => {
  await roost.fault("slow", { route: "/2/users/me", args: { ms: 2000 } });
  const { url, cookie } = await begin();
  const path = await consent(url);
  roost.raw("GET", path, { headers: { cookie } }).catch(() => {});
  await roost.until("X to be asked", async () => (await roost.sim.call("GET", "/sim/faults"))[0].fired === 1);
  await roost.runtime.powerCut();
  assert.deepEqual(await roost.all("/accounts"), []);
  await roost.advance(60);
  await roost.tick();
  await roost.until("the account", async () => (await roost.all("/accounts")).length === 1);
  assert.equal((await roost.get("/credentials")).sign_in.outcome, "connected");
  assert.equal((await family()).state, "alive");
});

test("Control lost after X did not say whose the tokens are finishes the sign-in later", async () => {
  await roost.fault("cut", { route: "/2/users/me" });
  assert.equal(await signIn(), "unreachable");
  await roost.runtime.evict("Control", "control");
  await roost.advance(60);
  await roost.tick();
  await roost.until("the account", async () => (await roost.all("/accounts")).length === 1);
});

test("an X that does not say whose the tokens are is asked again", async () => {
  await roost.fault("status_503", { route: "/2/users/me" });
  assert.equal(await signIn(), "unreachable");
  await roost.advance(60);
  await roost.tick();
  await roost.until("the account", async () => (await roost.all("/accounts")).length === 1);
});

test("a family that X ended asks for another sign-in, and nothing dearer is read", async () => {
  await roost.api("PUT", "/credentials/bearer", { token: "sim-bearer" });
  await signIn();
  await roost.sim.call("PUT", "/sim/oauth", { reuse: "strict" });
  await later(3 * 3600);
  await roost.fault("lost", { route: TOKEN });
  await roost.account();
  await later(10);
  const { collector } = await roost.account();
  assert.equal(collector.state, "stopped");
  assert.match(collector.reason, /Sign in at X again/);
  const found = await credential(`user-${ACCOUNT}`);
  assert.equal(found.state, "ended");
  assert.match(found.todo, /\/auth\/x\/start/);
  const { run } = await roost.crawl();
  assert.equal(run.state, "failed");
  assert.match(run.error.detail, /Sign in at X again/);
  assert.equal(await signIn(), "connected");
  assert.notEqual((await roost.account()).collector.state, "stopped");
  await roost.goodCrawl();
});

test("what the stream and look-ups cost stops no sign-in", async () => {
  await roost.api("PUT", "/credentials/bearer", { token: "sim-bearer" });
  const people = JSON.parse(gunzipSync(await roost.sim.snapshot(await roost.sim.now())).toString());
  const ids = people.map(({ id }: Json) => id);
  for (let day = 0; day < 2; day++) {
    const { json, status, text } = await roost.api("POST", "/lookups", { ids });
    assert.equal(status, 202, text);
    await roost.until("the look-up to end", async () => (await roost.get(`/lookups/${json.run}`)).state === "done");
    await later(86_400);
  }
  assert.ok((await roost.get("/budget")).spent_usd > 5);
  assert.equal(await signIn(), "connected");
});

test("a consent taken back at X is noticed at the next read", async () => {
  await signIn();
  await roost.sim.call("POST", "/sim/oauth", { revoke: ACCOUNT });
  const { run } = await roost.crawl();
  assert.equal(run.state, "failed");
  assert.match(run.error.detail, /Sign in at X again/);
  assert.equal((await credential(`user-${ACCOUNT}`)).state, "ended");
  assert.match((await roost.account()).collector.reason, /Sign in at X again/);
});

test("a sign-in that replaces another has the old tokens taken back at X", async () => {
  await signIn();
  assert.equal(await signIn(), "connected");
  await roost.until("the old family to end", async () => (await lastTwo()) === "dead, alive");
  assert.equal((await credential(`user-${ACCOUNT}`)).state, "ready");
  assert.deepEqual([(await roost.account()).collector.state, (await family()).refreshes], ["idle", 0]);
});

test("a sign-in replaces another also where X cannot take that one back", async () => {
  await signIn();
  const fault = await roost.fault("status_503", { route: "/2/oauth2/revoke" });
  assert.equal(await signIn(), "connected");
  await roost.until("X to be asked", async () => (await roost.fired(fault)) === 1);
  assert.equal(await lastTwo(), "alive, alive");
  assert.equal((await credential(`user-${ACCOUNT}`)).state, "ready");
});

test("a token that X refuses is renewed and the call made again", async () => {
  await signIn();
  await roost.sim.call("POST", "/sim/oauth", { expire_access: ACCOUNT });
  await roost.goodCrawl();
  assert.deepEqual([(await family()).state, (await family()).refreshes], ["alive", 1]);
});

test("deleting a sign-in takes it back at X", async () => {
  await signIn();
  assert.equal((await roost.api("DELETE", `/credentials/user-${ACCOUNT}`)).status, 204);
  assert.equal((await family()).state, "dead");
  assertProblem(await roost.api("DELETE", `/credentials/user-${ACCOUNT}`), 404, "stored");
});

test("a sign-in that X cannot take back now stays, unless it is only to be forgotten here", async () => {
  await signIn();
  await roost.fault("status_503", { route: "/2/oauth2/revoke" });
  assertProblem(await roost.api("DELETE", `/credentials/user-${ACCOUNT}`), 409, "Nothing was deleted", "local=true");
  assert.equal((await credential(`user-${ACCOUNT}`)).state, "ready");
  assert.equal((await roost.api("DELETE", `/credentials/user-${ACCOUNT}?local=true`)).status, 204);
  assert.equal((await family()).state, "alive");
});

test("stored keys are used, and a secret of the worker wins over them", async () => {
  assertProblem(await roost.api("POST", "/accounts", { id: ACCOUNT }), 409, "X_BEARER_TOKEN");
  const answer = await roost.api("PUT", "/credentials/owner", OWNER_KEYS);
  assert.equal(answer.status, 200, answer.text);
  const owner = answer.json.items.find((item: Json) => item.name === "owner");
  assert.deepEqual([owner.state, owner.source, owner.account], ["ready", "stored", ACCOUNT]);
  await roost.track();
  await roost.goodCrawl();
  await roost.runtime.reconfigure({ X_BEARER_TOKEN: "sim-bearer" });
  try {
    await roost.api("PUT", "/credentials/bearer", { token: "of-no-use" });
    const bearer = await credential("bearer");
    assert.deepEqual([bearer.source, bearer.overridden], ["secret", true]);
    assert.equal((await roost.api("POST", "/stream/rules", { value: "tea" })).status, 201);
  } finally {
    await roost.runtime.reconfigure({ X_BEARER_TOKEN: "" });
    await roost.api("DELETE", "/credentials/bearer");
  }
});

test("bodies that cannot be are refused without quoting them", async () => {
  for (const [name, body, words] of [
    ["bearer", {}, ["`token` is missing"]],
    ["bearer", { token: "planted secret" }, ["`token` holds a space"]],
    ["bearer", "planted-secret", ["JSON object"]],
    ["bearer", { token: ["planted-secret"] }, ["line 1"]],
    ["owner", { ...OWNER_KEYS, access_token: "planted-secret" }, ["account's id"]],
    ["owner", { token: "planted-secret" }, ["`token` is not owner's"]],
    ["user-12", { token: "planted-secret" }, ["user-12"]],
  ] as const) {
    const answer = await roost.api("PUT", `/credentials/${name}`, body);
    assertProblem(answer, 400, ...words);
    assert.ok(!answer.text.includes("planted"), answer.text);
  }
  assertProblem(await roost.api("PUT", "/credentials/unknown", { token: "a" }), 404, "bearer, owner, client");
});

test("without ROOST_SECRET nothing is stored and nobody is sent to X", async () => {
  await roost.runtime.reconfigure({ ROOST_SECRET: "short" });
  try {
    const all = await roost.get("/credentials");
    assert.equal(all.can_store, false);
    assert.match(all.storing, /wrangler secret put ROOST_SECRET/);
    assertProblem(await roost.api("PUT", "/credentials/bearer", { token: "a" }), 409, "wrangler secret put ROOST_SECRET");
    assertProblem(await roost.api("GET", "/auth/x/start"), 409, "wrangler secret put ROOST_SECRET");
  } finally {
    await roost.runtime.reconfigure({ ROOST_SECRET });
  }
});

test("a changed ROOST_SECRET is named, and set back opens everything again", async () => {
  await signIn();
  await roost.api("PUT", "/credentials/bearer", { token: "sim-bearer" });
  await roost.runtime.reconfigure({ ROOST_SECRET: "another-secret-0123456789" });
  try {
    const bearer = await credential("bearer");
    assert.equal(bearer.state, "locked");
    assert.match(bearer.problem, /ROOST_SECRET is another/);
    assert.equal((await credential(`user-${ACCOUNT}`)).state, "locked");
    assert.match((await roost.account()).collector.reason, /ROOST_SECRET/);
  } finally {
    await roost.runtime.reconfigure({ ROOST_SECRET });
  }
  assert.equal((await credential("bearer")).state, "ready");
  await roost.goodCrawl();
});

test("a check asks X about each credential, for less than five cents and after its price was seen", async () => {
  await signIn();
  await roost.api("PUT", "/credentials/bearer", { token: "sim-bearer" });
  await roost.api("PUT", "/credentials/owner", OWNER_KEYS);
  const { check_usd } = await roost.get("/credentials");
  assert.ok(check_usd > 0 && check_usd < 0.05, `${check_usd}`);
  assertProblem(await roost.api("POST", "/credentials/check", { accept_usd: 0 }), 409, "accept_usd");
  const before = await roost.sim.call("GET", "/sim/bill");
  const answer = await roost.api("POST", "/credentials/check", { accept_usd: check_usd });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.items.filter((item: Json) => item.ok !== true), []);
  assert.deepEqual(new Set(answer.json.items.map((item: Json) => item.name)), new Set(["client", "bearer", "owner", `user-${ACCOUNT}`]));
  const bill = await roost.sim.call("GET", "/sim/bill");
  assert.ok(bill.usd - before.usd <= check_usd + 1e-9, `${bill.usd - before.usd} of ${check_usd}`);
});

test("what X refuses in a check is linked to the step that cures it", async () => {
  await roost.api("PUT", "/credentials/bearer", { token: "of-no-use" });
  await roost.api("PUT", "/credentials/owner", OWNER_KEYS);
  await roost.fault("status_402", { route: "/2/users/*/followers" });
  const { json } = await roost.api("POST", "/credentials/check", { accept_usd: 0.05 });
  const steps = Object.fromEntries(json.items.filter((item: Json) => item.ok === false).map((item: Json) => [item.name, item.step.id]));
  assert.deepEqual(steps, { bearer: "keys", owner: "credits" });
  const { problem, todo, step } = await credential("bearer");
  assert.match(problem, /Unauthorized/);
  assert.deepEqual([step, todo.length > 20], ["keys", true]);
});

test("no secret is in any answer, cookie, log line, run, snapshot, export or stored byte", async () => {
  await signIn();
  await roost.api("PUT", "/credentials/bearer", { token: "sim-bearer" });
  await roost.api("PUT", "/credentials/owner", OWNER_KEYS);
  await roost.goodCrawl();
  const receiver = await Receiver.start();
  const signing: string[] = [];
  try {
    for (const alert of [
      { kind: "webhook", destination: receiver.url("/planted-path?key=planted-query") },
      { kind: "discord", destination: receiver.url("/api/webhooks/1/planted-discord") },
      { kind: "ntfy", destination: receiver.url("/planted-topic"), token: "tk_planted" },
    ]) {
      const made = await roost.api("POST", "/alerts", alert);
      assert.equal(made.status, 201, made.text);
      if (made.json.secret) signing.push(made.json.secret);
      const sent = await roost.api("POST", `/alerts/${made.json.id}/test`);
      assert.equal(sent.json.state, "sent", sent.text);
    }
  } finally {
    await receiver.stop();
  }
  assert.deepEqual([signing.length, receiver.received.length], [1, 3]);
  const alerts = await roost.all("/alerts");
  await roost.all("/runs");
  for (const { name } of await roost.snapshots()) {
    seen.push(gunzipSync(await roost.get(`/accounts/${ACCOUNT}/snapshots/${name}`)).toString());
  }
  for (const file of ["followers.csv", "events.ndjson", "USER_INFO.json.gz"]) {
    const bytes = await roost.export(file);
    seen.push(file.endsWith(".gz") ? gunzipSync(bytes).toString() : bytes.toString());
  }
  const secrets = [
    ADMIN_TOKEN, ROOST_SECRET, CLIENT.X_CLIENT_SECRET, OWNER_KEYS.api_secret, OWNER_KEYS.access_secret, "sim-bearer",
    // How the simulator's tokens begin.
    "simaccess", "simrefresh",
    "planted-path", "planted-query", "planted-discord", "planted-topic", "tk_planted",
  ];
  const stored = roost.runtime.stored();
  assert.ok(stored.length > 3 && stored.some((file) => file.includes("user-12")), "the databases were not found");
  for (const secret of secrets) {
    const answer = seen.find((text) => text.includes(secret));
    assert.equal(answer, undefined, `${secret} was answered`);
    assert.deepEqual(roost.runtime.logs.filter((line) => line.includes(secret)), [], `${secret} was logged`);
    assert.ok(!stored.some((file) => file.includes(secret)), `${secret} is stored in the open`);
  }
  // The key of a webhook's signatures was answered once, to whoever made it.
  assert.ok(stored.some((file) => file.includes(alerts[0].id)), "the database of notices was not found");
  for (const secret of signing) {
    assert.equal(seen.filter((text) => text.includes(secret)).length, 1, "a key was answered again");
    assert.deepEqual(roost.runtime.logs.filter((line) => line.includes(secret)), [], "a key was logged");
    assert.ok(!stored.some((file) => file.includes(secret)), "a key is stored in the open");
  }
  assert.ok(seen.length > 500 && seen.some((text) => text.includes("roost_x=v1.")), "answers were not kept");
});
