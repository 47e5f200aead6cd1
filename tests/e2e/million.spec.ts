// An account of 1,000,000 followers: one full check, its reading and the next list's, in less
// memory than Cloudflare gives, with the object evicted ten times on the way.
//
// ROOST_SKIP_MILLION=1 leaves it out: it takes some two minutes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ACCOUNT, followersName, Roost } from "./harness.ts";
import { Inspector } from "./inspector.ts";

const FOLLOWERS = 1_000_000;
const EVICTIONS = 10;
/** Cloudflare's limit for an isolate. */
const LIMIT = 128 * 1024 * 1024;

const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

test("a check of 1,000,000 followers in less than 128 MB, evicted ten times", {
  skip: process.env.ROOST_SKIP_MILLION === "1" && "ROOST_SKIP_MILLION is set",
}, async (t) => {
  const roost = await Roost.start({ followers: FOLLOWERS, inspect: true });
  try {
    await roost.track();
    const inspector = await Inspector.connect(await roost.runtime.inspector(), "roost");
    await inspector.watch();
    const began = Date.now();
    const start = await roost.sim.now();
    const run = await roost.startCrawl();
    let evictions = 0;
    await roost.until("the crawl to end", async () => {
      const { collector } = await roost.account();
      const due = ((evictions + 1) * FOLLOWERS) / (EVICTIONS + 1);
      if (evictions < EVICTIONS && (collector.read ?? 0) >= due) {
        // Answered when the object rests, which is between two alarms.
        await roost.evict();
        evictions++;
      }
      return collector.state === "idle";
    }, 280_000);
    assert.equal(evictions, EVICTIONS);
    const ended = await roost.ended(run);
    const read = Date.now();
    assert.equal(ended.state, "done", JSON.stringify(ended));
    assert.ok(ended.counts.followers >= FOLLOWERS, JSON.stringify(ended.counts));
    assert.equal((await roost.snapshotOf(followersName(start))).count, ended.counts.followers);

    // The list of the next day, compared with this one.
    const next = start + 86_400_000;
    await roost.advance(86_400);
    const second = await roost.import(followersName(next), await roost.sim.snapshot(next));
    assert.equal(second.state, "done", JSON.stringify(second));
    const { net } = await roost.sim.truth(start, next);
    assert.equal(second.counts.lost, net.lost.length);
    assert.equal(second.counts.gained, net.followed.length);
    assert.equal(JSON.stringify(await lostIds(roost)), JSON.stringify(net.lost.sort()));
    const compared = Date.now();

    const peak = await inspector.peak();
    t.diagnostic(
      `crawl and reading ${seconds(began, read)}, next list ${seconds(read, compared)}, ${evictions} evictions; ` +
        `peak memory ${mb(peak.sum)} = wasm ${mb(peak.wasm)} + JavaScript ${mb(peak.heap)} ` +
        `(most of each: ${mb(peak.wasmMost)}, ${mb(peak.heapMost)}; ${peak.samples} samples)`,
    );
    assert.ok(peak.samples > 100 && peak.wasmMost > 1024 * 1024, "nothing was measured");
    assert.ok(peak.sum < LIMIT, `${mb(peak.sum)} of ${mb(LIMIT)}`);
  } finally {
    await roost.stop();
  }
});

async function lostIds(roost: Roost): Promise<string[]> {
  const events = await roost.events("kind=lost", ACCOUNT);
  return events.map((event) => event.user.id).sort();
}

function seconds(from: number, to: number): string {
  return `${((to - from) / 1000).toFixed(1)} s`;
}
