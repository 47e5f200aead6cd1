// An account of many followers (200,000; a million with `--long`): one full check, its reading and the next
// list's, in memory that grows with the list by so much and no more, with the object evicted ten
// times on the way. At a million that is less than Cloudflare gives.
//
// Runs alone: garbage is collected as soon as V8 finds the time, and it counts as memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { followersName, Roost } from "./harness.ts";
import { Inspector, type Peak } from "./inspector.ts";
import { stopwatch } from "../poll.ts";

const FOLLOWERS = process.env.ROOST_LONG === "1" ? 1_000_000 : 200_000;
const EVICTIONS = 10;
const MB = 1024 * 1024;
/** Cloudflare's limit for an isolate. */
const LIMIT = 128 * MB;
/**
 * What does not grow with the list: code and globals, a page of X's, a part of 5 MiB on its way to R2 and
 * its copy, a member of the file being inflated.
 */
const FIXED = 48 * MB;
/** What a follower may add: packed ids of two lists and their handles. At a million they just fit. */
const BYTES_PER_FOLLOWER = (LIMIT - FIXED) / 1_000_000;
const BOUND = FIXED + BYTES_PER_FOLLOWER * FOLLOWERS;

const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

test("memory of a check grows by 84 bytes a follower at most, evicted ten times", async (t) => {
  const roost = await Roost.start({ followers: FOLLOWERS, inspect: true });
  try {
    await roost.track();
    const inspector = await Inspector.connect(await roost.runtime.inspector(), "roost");
    await inspector.watch();
    const elapsed = stopwatch();
    const start = await roost.sim.now();
    const run = await roost.startCrawl();
    let evictions = 0;
    const ended = await roost.until(
      "the crawl to end",
      async () => {
        const found = await roost.get(`/runs/${run}`);
        if (found.state !== "running") return found;
        const { collector } = await roost.account();
        const due = ((evictions + 1) * FOLLOWERS) / (EVICTIONS + 2);
        if (evictions < EVICTIONS && (collector.read ?? 0) >= due) {
          // Answered when the object rests, which is between two alarms.
          await roost.evict();
          evictions++;
        }
        return undefined;
      },
      280_000,
      250,
    );
    const first = await inspector.peak();
    assert.equal(ended.state, "done", JSON.stringify(ended));
    assert.equal(evictions, EVICTIONS);
    assert.ok(ended.counts.followers >= FOLLOWERS, JSON.stringify(ended.counts));
    assert.equal((await roost.snapshotOf(followersName(start))).count, ended.counts.followers);
    t.diagnostic(`crawl and reading: ${elapsed()} ms, ${evictions} evictions, ${words(first)}`);

    // The list of the next day, compared with this one.
    const next = start + 86_400_000;
    await roost.advance(86_400);
    const answer = await roost.send(followersName(next), await roost.sim.snapshot(next));
    assert.equal(answer.status, 202, answer.text);
    const second = await roost.until(
      "the next list to be read",
      async () => {
        const found = await roost.get(`/runs/${answer.json.run}`);
        return found.state !== "running" && found;
      },
      280_000,
      250,
    );
    const both = await inspector.peak();
    assert.equal(second.state, "done", JSON.stringify(second));
    const { net } = await roost.sim.truth(start, next);
    assert.equal(second.counts.lost, net.lost.length);
    assert.equal(second.counts.gained, net.followed.length);
    assert.equal(JSON.stringify(await lostIds(roost)), JSON.stringify(net.lost.sort()));
    t.diagnostic(`with the next list: ${elapsed()} ms since the start, ${words(both)}`);
    await inspector.close();

    assert.ok(first.samples > 20 && first.wasmMost > 1024 * 1024, "nothing was measured");
    // The most of each, though they never came together.
    assert.ok(first.wasmMost + first.heapMost < BOUND, `${mb(first.wasmMost + first.heapMost)} of ${mb(BOUND)}`);
    assert.ok(both.sum < BOUND, `${mb(both.sum)} of ${mb(BOUND)}`);
  } finally {
    await roost.stop();
  }
});

function words(peak: Peak): string {
  return (
    `peak memory ${mb(peak.sum)} = wasm ${mb(peak.wasm)} + JavaScript ${mb(peak.heap)} ` +
    `(most of each at any time: wasm ${mb(peak.wasmMost)}, JavaScript ${mb(peak.heapMost)}; ${peak.samples} samples)`
  );
}

async function lostIds(roost: Roost): Promise<string[]> {
  const events = await roost.events("kind=lost");
  return events.map((event) => event.user.id).sort();
}
