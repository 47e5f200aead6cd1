// `cargo xtask bench api`: how long the worker takes for its heaviest answers about tweets.
//   node tests/bench/api.ts --hours 8760 --tweets 10000
// Owns: the data and the measuring. Must not know: what is inside the worker. The worker runs in
// workerd as in tests/e2e, without the network; prints one line of JSON.
import { gzipSync } from "node:zlib";
import { parseArgs } from "node:util";
import { ACCOUNT, iso, type Json, Roost } from "../e2e/harness.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "8760" },
    tweets: { type: "string", default: "10000" },
    rounds: { type: "string", default: "60" },
  },
});
const [HOURS, TWEETS, ROUNDS] = [values.hours, values.tweets, values.rounds].map(Number);
const HOUR_MS = 3_600_000;
/** Files in the bucket at a time: the object reads them one by one all the same. */
const AT_ONCE = 20;
/** Readings of each of the many tweets. */
const READINGS = 12;

const idAt = (at: number) => String((BigInt(at) - 1_288_834_974_657n) << 22n);

function tweet(at: number, age: number): Json {
  const views = Math.round(5000 * (1 - Math.exp(-age / 30)) + age);
  return {
    id: idAt(at),
    author_id: ACCOUNT,
    text: `A tweet of ${iso(at)} about nothing in particular, as long as they are on average #bench`,
    created_at: iso(at),
    lang: at % 3 ? "en" : "de",
    public_metrics: {
      impression_count: views,
      like_count: Math.round(views * 0.012),
      retweet_count: Math.round(views * 0.002),
      reply_count: Math.round(views * 0.001),
      quote_count: Math.round(views * 0.0004),
      bookmark_count: Math.round(views * 0.0015),
    },
  };
}

async function send(roost: Roost, files: [number, Json[]][]): Promise<void> {
  for (let n = 0; n < files.length; n += AT_ONCE) {
    const some = files.slice(n, n + AT_ONCE).map(async ([at, unpromoted]) => {
      const name = `TWEETS_${iso(at).replace(/\.\d+Z$/, "Z")}.json.gz`;
      const run = await roost.import(name, gzipSync(JSON.stringify({ promoted: [], unpromoted })));
      if (run.state !== "done") throw new Error(JSON.stringify(run));
    });
    await Promise.all(some);
  }
}

async function measure(roost: Roost, name: string, path: string): Promise<Json> {
  const took: number[] = [];
  let bytes = 0;
  for (let n = 0; n < ROUNDS + 5; n++) {
    const began = performance.now();
    const answer = await roost.api("GET", `/accounts/${ACCOUNT}/tweets${path}`);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.text}`);
    // The first ones warm up.
    if (n >= 5) took.push(performance.now() - began);
    bytes = answer.bytes.length;
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))];
  return { name, p50: at(0.5), p99: at(0.99), bytes };
}

const roost = await Roost.start({ followers: 300 });
const results: Json[] = [];
try {
  await roost.track();
  const now = await roost.sim.now();
  const born = now - HOURS * HOUR_MS;
  const hourly = Array.from({ length: HOURS }, (_, n): [number, Json[]] => [born + (n + 1) * HOUR_MS - 1000, [tweet(born, n + 1)]]);
  await send(roost, hourly);
  const range = `from=${iso(born)}&to=${iso(now)}`;
  const series = `/${idAt(born)}/series?interval=hour&${range}`;
  results.push(await measure(roost, `series, ${HOURS} hours, 4 metrics`, series));
  results.push(await measure(roost, `series, ${HOURS} hours, 1 metric`, `${series}&metrics=public.like_count`));
  results.push(await measure(roost, "series by day, Europe/Berlin", `/${idAt(born)}/series?interval=day&tz=Europe/Berlin&${range}`));
  const many = Array.from({ length: TWEETS }, (_, n) => now - 26 * HOUR_MS - n * 600_000);
  const files = Array.from({ length: READINGS }, (_, n): [number, Json[]] => {
    const at = now - (READINGS - n) * 2 * HOUR_MS + 1000;
    return [at, many.map((born) => tweet(born, (at - born) / HOUR_MS))];
  });
  await send(roost, files);
  const lists: [string, string][] = [
    ["newest", ""],
    ["by likes", "&sort=-public.like_count"],
    ["search", "&q=particular"],
    ["by growth", "&sort=-growth.public.like_count"],
    ["by who came after", "&sort=-after"],
  ];
  for (const [name, query] of lists) {
    results.push(await measure(roost, `100 of ${TWEETS} tweets, ${name}`, `?limit=100${query}`));
  }
  results.push(await measure(roost, `totals of ${TWEETS} tweets, 30 days`, "/totals?"));
} finally {
  await roost.stop();
}
console.log(JSON.stringify({ results }));
