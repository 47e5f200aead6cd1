// `cargo xtask bench tweets`: what a month of an account's tweets costs, by X's own bill.
//   node tests/bench/tweets.ts --days 30
// Owns: the two ways of reading and their bills. Must not know: prices, which the simulator bills.
// One world, read twice: by Roost hour by hour, and as the seed does, everything every hour. Prints
// one line of JSON.
import { parseArgs } from "node:util";
import { ACCOUNT, type Json, Roost, Simulator } from "../e2e/harness.ts";

const { values } = parseArgs({ options: { days: { type: "string", default: "30" } } });
const HOURS = Number(values.days) * 24;
const NOW = "2026-09-01T00:00:30Z";
const TWEETS = ["post", "owned_post"];

/** What of a bill is for tweets. */
function ofTweets({ by_resource }: Json): { read: number; billed: number; usd: number } {
  const sum = (field: string) => TWEETS.reduce((all, name) => all + (by_resource[name]?.[field] ?? 0), 0);
  return { read: sum("returned"), billed: sum("billed"), usd: sum("usd") };
}

async function roostMonth(): Promise<Json> {
  const roost = await Roost.start({ followers: 100, now: NOW });
  try {
    await roost.track();
    await roost.api("PATCH", `/accounts/${ACCOUNT}`, { tweets: true });
    for (let hour = 0; hour < HOURS; hour++) {
      await roost.tick();
      await roost.until("the hour", async () => (await roost.get("/runs?state=running&limit=1")).items.length === 0);
      await roost.advance(3600);
    }
    const tweets = (await roost.all(`/accounts/${ACCOUNT}/tweets?limit=1000`)).length;
    return { name: "Roost", tweets, ...ofTweets(await roost.sim.call("GET", "/sim/bill")) };
  } finally {
    await roost.stop();
  }
}

/** The seed's fetcher: every page of the listing, every hour. */
async function seedMonth(): Promise<Json> {
  const sim = await Simulator.start({ followers: 100, now: NOW });
  try {
    let tweets = 0;
    for (let hour = 0; hour < HOURS; hour++) {
      let token: string | undefined;
      tweets = 0;
      do {
        const next = token === undefined ? "" : `&pagination_token=${token}`;
        const path = `/2/users/${ACCOUNT}/tweets?max_results=100&tweet.fields=created_at,public_metrics${next}`;
        const answer = await fetch(sim.url + path, { headers: { authorization: "Bearer sim-bearer" } });
        const page: Json = await answer.json();
        if (answer.status !== 200) throw new Error(JSON.stringify(page));
        tweets += page.data?.length ?? 0;
        token = page.meta?.next_token;
      } while (token !== undefined);
      await sim.call("POST", "/sim/clock", { advance_s: 3600 });
    }
    return { name: "everything, hourly", tweets, ...ofTweets(await sim.call("GET", "/sim/bill")) };
  } finally {
    await sim.stop();
  }
}

console.log(JSON.stringify({ results: [await roostMonth(), await seedMonth()] }));
