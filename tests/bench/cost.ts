// `cargo xtask bench cost`: what a month of an account costs by X's own bill, and what it tells.
//   node tests/bench/cost.ts --days 30 --only hourly,daily,push
// Owns: the three ways of watching one world, and how each is held to its truth. Must not know:
// prices, which the simulator bills. One world each, 10,000 followers, 60 gained and 40 lost a day of
// every kind. Prints one line of JSON.
import { createHmac } from "node:crypto";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { ACCOUNT, type Json, Roost } from "../e2e/harness.ts";

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "30" },
    followers: { type: "string", default: "10000" },
    only: { type: "string", default: "hourly,daily,push" },
  },
});
const DAYS = Number(values.days);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = "2026-09-01T00:00:30Z";
/** Pushed losses whose way to the events is timed, in real time. */
const TIMED = 50;

interface Way {
  name: string;
  schedule: string;
  push: boolean;
}

const WAYS: Way[] = [
  { name: "hourly", schedule: "hourly", push: false },
  { name: "daily", schedule: "daily", push: false },
  { name: "push", schedule: "push", push: true },
];

/** Whatever a tick set going has ended. */
async function rest(roost: Roost): Promise<void> {
  await roost.until("the hour", async () => (await roost.get("/runs?state=running&limit=1")).items.length === 0);
}

async function hours(roost: Roost, count: number): Promise<void> {
  for (let hour = 0; hour < count; hour++) {
    await roost.advance(3600);
    await settled(roost);
    await roost.tick();
    await rest(roost);
    // Who left is looked up within seconds of a check; the next hour begins after that.
    await roost.lookedUp();
  }
}

/** What X pushes in that hour has been delivered and applied. */
async function settled(roost: Roost): Promise<void> {
  if ((await roost.get(`/accounts/${ACCOUNT}/push`)).state === "off") return;
  const now = await roost.sim.now();
  await roost.until("the pushes", async () => {
    const { pending, delivered, told_until } = await roost.sim.call("GET", "/sim/webhooks");
    if (pending > 0 || told_until < now - 1000) return false;
    return (await roost.get(`/accounts/${ACCOUNT}/push`)).taken >= delivered;
  });
}

function quantile(sorted: number[], part: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

function spread(delays: number[]): Json {
  const sorted = delays.toSorted((a, b) => a - b);
  return { count: sorted.length, p50_ms: quantile(sorted, 0.5), p99_ms: quantile(sorted, 0.99) };
}

async function month(way: Way): Promise<Json> {
  const roost = await Roost.start({
    followers: Number(values.followers),
    now: NOW,
    gainedADay: 60,
    lostADay: 40,
  });
  try {
    await roost.track(ACCOUNT, { schedule: "manual" });
    await roost.goodCrawl();
    if (way.push) {
      const on = await roost.api("PUT", `/accounts/${ACCOUNT}/push`, { on: true });
      if (on.status !== 200) throw new Error(on.text);
    }
    await roost.api("PATCH", `/accounts/${ACCOUNT}`, { schedule: way.schedule, verify: true });
    const from = await roost.sim.now();
    const first = (await roost.sim.call("GET", "/sim/bill")).usd;
    await hours(roost, DAYS * 24);
    const to = await roost.sim.now();
    const bill = (await roost.sim.call("GET", "/sim/bill")).usd - first;
    // To settle: two days of looks, and a last full check, which are not in the bill of the month.
    for (const wait of [49, 26]) {
      // A list is named for its second: this one is not the last hour's.
      await roost.advance(60);
      await roost.goodCrawl();
      await hours(roost, wait);
    }
    const judged = await judge(roost, from, to);
    const raw = seedLosses(await roost.export("LOST_FOLLOWERS.json.gz"));
    const pushed = way.push ? await timed(roost) : null;
    return { name: way.name, days: DAYS, usd: bill, ...judged, seed_lost: raw, pushed };
  } finally {
    await roost.stop();
  }
}

/** Everyone whom the seed's own differ would have called lost. */
function seedLosses(file: Buffer): number {
  const lost: Json = JSON.parse(gunzipSync(file).toString("utf8"));
  return Object.values(lost).reduce((all: number, ids: any) => all + ids.length, 0);
}

async function judge(roost: Roost, from: number, to: number): Promise<Json> {
  const end = await roost.sim.now();
  const truth = await roost.sim.truth(from, end);
  const within = (at: string) => Date.parse(at) > from && Date.parse(at) <= end;
  const all = (await roost.events("kind=lost")).filter((event) => within(event.at));
  const standing = all.filter((event) => event.state !== "retracted");
  const byUser = Map.groupBy(truth.lost as Json[], (loss) => loss.id);
  // Of those who left more than once the loss just before the event is meant.
  const cause = (event: Json): Json | undefined =>
    (byUser.get(event.user.id) ?? []).filter((loss) => loss.at <= Date.parse(event.at)).at(-1);
  const falseLosses = standing.filter((event) => {
    const loss = cause(event);
    return loss === undefined || (loss.kind === "deactivated" && loss.back !== null && loss.back <= Date.parse(event.at));
  });
  const told = new Set(standing.map((event) => event.user.id));
  const monthly = await roost.sim.truth(from, to);
  const here = new Set((await roost.sim.truth(to, end)).followed.map((one: Json) => one.id));
  const missed = monthly.net.lost.filter((id: string) => !told.has(id) && !here.has(id));
  const knownOnes = standing.filter((event) => cause(event) !== undefined);
  const right = knownOnes.filter((event) => event.reason === cause(event)!.reason);
  const delays: Record<string, number[]> = {};
  for (const event of knownOnes) {
    const loss = cause(event)!;
    (delays[loss.kind] ??= []).push(Date.parse(event.at) - loss.at);
  }
  const byKind = Object.fromEntries(Object.entries(delays).map(([kind, list]) => [kind, spread(list)]));
  return {
    lost: (truth.lost as Json[]).length,
    reported: standing.length,
    false_losses: falseLosses.length,
    missed: missed.length,
    reasons_known: knownOnes.length,
    reasons_right: right.length,
    retracted: all.length - standing.length,
    delays: byKind,
  };
}

/** How long a pushed unfollow takes from X's call to the events, in real time. */
async function timed(roost: Roost): Promise<Json> {
  const { items } = await roost.get(`/accounts/${ACCOUNT}/followers?limit=${TIMED}`);
  const delays: number[] = [];
  for (const { user } of items) {
    const data = {
      event_uuid: `-1${delays.length}`,
      filter: { user_id: ACCOUNT },
      event_type: "follow.unfollow",
      payload: { source: { data: { id: user.id } }, target: { data: { id: ACCOUNT } } },
    };
    const body = JSON.stringify({ data });
    const signature = createHmac("sha256", "sim-key-secret").update(body).digest("base64");
    const start = performance.now();
    const answer = await roost.raw("POST", "/hooks/x", {
      headers: { "x-twitter-webhooks-signature": `sha256=${signature}` },
      body,
    });
    if (answer.status !== 200) throw new Error(answer.text);
    await roost.until("the event", async () => {
      const [newest] = (await roost.get(`/accounts/${ACCOUNT}/followers/${user.id}`)).events;
      return newest?.kind === "lost" && newest.how === "push";
    });
    delays.push(performance.now() - start);
  }
  return spread(delays);
}

const chosen = (values.only ?? "").split(",");
const results: Json[] = [];
for (const way of WAYS.filter(({ name }) => chosen.includes(name))) results.push(await month(way));
console.log(JSON.stringify({ results }));
