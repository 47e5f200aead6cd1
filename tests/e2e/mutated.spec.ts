// X's answers are changed on their way, a header or a field at a time: whatever comes, nobody is
// reported lost who follows, no work is without an end, and every object and the page still answer.
//
// 48 changes; `ROOST_LONG=1` makes it 2,000. `ROOST_SEED` repeats them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, type Json, Roost } from "./harness.ts";
import { type Mutation, Proxy } from "./proxy.ts";
import { dice, seed } from "./seed.ts";
import { CLIENT, signIn } from "./sign-in.ts";

const CHANGES = process.env.ROOST_LONG === "1" ? 2_000 : 48;
const DAY_S = 86_400;
const KINDS: Mutation["what"][] = ["field", "field", "field", "header", "header", "repeat", "reorder", "status"];
/** The account is read by the token of its sign-in, which is renewed every two hours. */
const NO_OWNER = { X_API_KEY: "", X_API_SECRET: "", X_ACCESS_TOKEN: "", X_ACCESS_SECRET: "", ROOST_SECRET: "0123456789abcdef0123" };
let roost: Roost;
let proxy: Proxy;
let ids: string[];

before(async () => {
  proxy = await Proxy.start();
  const settings = { X_API_URL: proxy.url, ...CLIENT, ...NO_OWNER };
  roost = await Roost.start({ followers: 40, runs: true, streamRate: 20, lostADay: 1, gainedADay: 1, settings });
  proxy.target = roost.sim.url;
  await roost.track(ACCOUNT, { verify: true });
  assert.equal(await signIn(roost), "connected");
  await roost.goodCrawl();
  // No cap ends the work early.
  for (const [method, path, body] of [
    ["PUT", "/budget", { cap_usd: 100_000 }],
    ["PATCH", `/accounts/${ACCOUNT}`, { tweets: true, monthly_cap_usd: 100_000 }],
  ] as const) {
    const answer = await roost.api(method, path, body);
    assert.equal(answer.status, 200, answer.text);
  }
  ids = JSON.parse(gunzipSync(await roost.sim.snapshot(await roost.sim.now())).toString()).map((user: Json) => user.id);
});
after(async () => {
  await roost?.stop();
  await proxy?.stop();
});

/** Starts a run and sees it end; a run that is under way is seen to end instead. */
async function ends(path: string): Promise<void> {
  const answer = await roost.api("POST", path);
  assert.ok([200, 202].includes(answer.status), answer.text);
  await roost.ended(answer.json.run).catch(async (error: Error) => {
    const { collector, tweets, following, verify } = await roost.account(ACCOUNT);
    assert.fail(`${error.message}: ${JSON.stringify({ run: await roost.get(`/runs/${answer.json.run}`), collector, tweets, following, verify })}`);
  });
}

async function lookUp(): Promise<void> {
  const answer = await roost.api("POST", "/lookups", { ids: ids.slice(0, 20) });
  assert.equal(answer.status, 202, answer.text);
  await roost.until("the look-up to end", async () => {
    const lookup = await roost.get(`/lookups/${answer.json.run}`);
    if (lookup.state !== "running") return true;
    const ahead = Date.parse(lookup.waits_until ?? "") - (await roost.sim.now());
    if (ahead > 0) await roost.advance(Math.ceil(ahead / 1000));
    await roost.tick();
    return false;
  });
}

async function streams(): Promise<void> {
  for (const state of ["off", "on"]) {
    const answer = await roost.api("PUT", "/stream", { state, mode: "sample" });
    assert.equal(answer.status, 200, answer.text);
  }
  await roost.until("an answer that was changed", () => Promise.resolve(proxy.reached > 0));
}

/** What is driven while a route's answers are changed. */
const ROUTES: [route: string, drive: () => Promise<void>][] = [
  [`/2/users/${ACCOUNT}/followers`, () => ends(`/accounts/${ACCOUNT}/crawl`)],
  [`/2/users/${ACCOUNT}`, () => ends(`/accounts/${ACCOUNT}/crawl`)],
  ["/2/tweets", () => ends(`/accounts/${ACCOUNT}/tweets/check`)],
  ["/tweets", () => ends(`/accounts/${ACCOUNT}/tweets/check`)],
  ["/2/users", lookUp],
  ["/stream", streams],
];

async function everythingAnswers(): Promise<void> {
  for (const path of [
    "/accounts", `/accounts/${ACCOUNT}`, `/accounts/${ACCOUNT}/followers`, `/accounts/${ACCOUNT}/followers/events`,
    `/accounts/${ACCOUNT}/followers/series`, `/accounts/${ACCOUNT}/tweets`, `/accounts/${ACCOUNT}/snapshots`,
    "/lookups", "/stream", "/live/events", "/runs", "/budget", "/alerts", "/status", "/credentials",
  ]) {
    await roost.get(path);
  }
  const page = await roost.raw("GET", "/");
  assert.equal(page.status, 200);
  assert.match(page.text, /<html/);
}

test("answers of X that cannot be make no false loss and leave no work without an end", async (t) => {
  const chosen = seed();
  t.diagnostic(`ROOST_SEED=${chosen}`);
  const roll = dice(chosen);
  const below = (n: number) => Math.floor(roll() * n);
  const began = await roost.sim.now();
  let reached = 0;
  let n = 0;
  for (; reached < CHANGES && n < 2 * CHANGES; n++) {
    const [route, drive] = ROUTES[below(ROUTES.length)]!;
    const mutation: Mutation = { route, what: KINDS[below(KINDS.length)]!, at: below(1_000), value: below(1_000) };
    const what = `change ${n} of seed ${chosen}: ${JSON.stringify(mutation)}`;
    await roost.advance(DAY_S / 4);
    proxy.reached = 0;
    proxy.mutation = mutation;
    await drive().catch((error: Error) => assert.fail(`${what}: ${error.message}`));
    reached += Math.min(proxy.reached, 1);
    proxy.mutation = undefined;
  }
  t.diagnostic(`${reached} of ${n} changes reached Roost`);
  assert.equal(reached, CHANGES, `${reached} of ${n} changes reached Roost`);
  // Two checks of an honest X: whoever follows is back.
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  await roost.advance(DAY_S);
  await roost.goodCrawl();
  await everythingAnswers();
  const truth = await roost.sim.truth(began - DAY_S * 1000, await roost.sim.now());
  const left = new Set(truth.lost.map((change: Json) => change.id));
  const lost = (await roost.events("kind=lost")).filter((event) => event.state !== "retracted");
  assert.deepEqual(lost.map((event) => event.user.id).filter((id) => !left.has(id)), [], "lost, but never left");
  const running = await roost.all("/runs?state=running");
  const lasting = running.filter((run) => ["crawl", "lookup", "tweets"].includes(run.what));
  assert.deepEqual(lasting, [], "work without an end");
});
