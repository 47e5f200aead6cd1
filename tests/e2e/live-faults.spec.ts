// Two hundred faults of the stream in one session, watched by two hundred browsers: there is never
// a second upstream connection, and every event reaches every browser once or lies in a gap that
// it was told of.
//
// Runs alone: two hundred browsers must keep up with what is sent to them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADMIN_TOKEN, type Json, Roost } from "./harness.ts";
import { Watcher } from "./watcher.ts";

const STREAM = "/2/tweets/search/stream";
const FAULTS = Number(process.env.ROOST_FAULTS ?? 200);
const WATCHERS = 200;
/** Browsers on the Live object; the rest watch through relays. */
const ON_LIVE = 120;
let roost: Roost;

before(async () => {
  const settings = { LIVE_SOCKETS: String(ON_LIVE), RELAY_SOCKETS: "60" };
  roost = await Roost.start({ followers: 100, runs: true, streamRate: 40, settings });
  roost.runtime.mayBreakDown = true;
});
after(() => roost?.stop());

/** A browser that comes back whenever its socket ends, as the page does. */
class Reader {
  readonly covered = new Set<number>();
  readonly gaps: [number, number][] = [];
  repeats = 0;
  cursor = -1;
  first = -1;
  silent: [number, number][] = [];
  stopped = false;
  #watcher: Watcher | undefined;

  async run(): Promise<void> {
    while (!this.stopped) {
      try {
        const after = this.cursor >= 0 ? this.cursor : undefined;
        const watcher = await Watcher.open(roost.runtime.url, { after });
        this.#watcher = watcher;
        if (this.cursor < 0) this.first = this.cursor = watcher.hello!.cursor;
        await watcher.until("its end", () => watcher.closed !== undefined || this.stopped, 600_000);
        this.#keep(watcher);
      } catch {
        // Refused while the object is being made again: at once is too soon.
      }
      if (!this.stopped) await new Promise((done) => setTimeout(done, 100 + Math.random() * 300));
    }
  }

  #keep(watcher: Watcher): void {
    for (const event of watcher.events) {
      if (this.covered.has(event.seq)) this.repeats += 1;
      this.covered.add(event.seq);
    }
    for (const gap of watcher.gaps) this.gaps.push([gap.from, gap.to]);
    this.silent.push(...watcher.silent);
    this.cursor = Math.max(this.cursor, watcher.cursor);
    watcher.close();
  }

  stop(): void {
    this.stopped = true;
  }

  inGap(seq: number): boolean {
    return this.gaps.some(([from, to]) => seq >= from && seq <= to);
  }
}

async function breakDown(what: string): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  // A panic never answers: nobody waits for it.
  const signal = AbortSignal.timeout(3_000);
  await roost.raw("POST", `/api/sim/live/${what}`, { headers, signal }).catch(() => {});
}

/** A line of X's, if a stream is open to get it. */
const notice = (body: Json) => async () => {
  await fetch(`${roost.sim.url}/sim/notice`, { method: "POST", body: JSON.stringify(body) });
};

/** A fault that the next connection meets; the open one is cut, so that there is a next one. */
const fault = (kind: string, args: Json = {}) => async () => {
  await roost.fault(kind, { route: STREAM, args });
  await notice({ kind: "cut" })();
};

/** Fifteen ways in which it goes wrong. */
const KINDS: [string, () => Promise<unknown>][] = [
  ["cut", fault("cut")],
  ["stall", fault("stall")],
  ["429", fault("status_429")],
  ["503", fault("status_503")],
  ["420", fault("status_420")],
  ["409", fault("status_409")],
  ["disconnect", fault("disconnect")],
  ["v2 disconnect", notice({ kind: "v2_error", disconnect_type: "UpstreamOperationalDisconnect" })],
  ["ghost", fault("ghost")],
  ["bad line", notice({ raw: '{"data":{"id":' })],
  ["slow", fault("slow", { bytes_per_s: 20_000 })],
  ["empty", fault("empty")],
  ["Live evicted", () => breakDown("evict")],
  ["relay evicted", () => breakDown("relay/evict")],
  ["panic", () => breakDown("panic")],
  ["deploy", async () => Promise.all([breakDown("relay/evict"), breakDown("evict")])],
];

async function live(): Promise<boolean> {
  const answer = await roost.api("GET", "/stream").catch(() => undefined);
  return answer?.json?.connection?.state === "live";
}

test("no fault makes a second connection, and none is silent", { timeout: 560_000 }, async (t) => {
  await roost.until("the stream", live);
  const readers = Array.from({ length: WATCHERS }, () => new Reader());
  const running = readers.map((reader) => reader.run());
  try {
    await shake(readers);
  } finally {
    for (const reader of readers) reader.stop();
  }
  await Promise.all(running);
  check(readers, await roost.sim.call("GET", "/sim/connections"), t);
});

/** Fault after fault, until all is well again. */
async function shake(readers: Reader[]): Promise<void> {
  await roost.until("everyone to watch", async () => readers.every((reader) => reader.cursor >= 0));
  let seed = 11;
  for (let at = 0; at < FAULTS; at += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const [, inflict] = KINDS[at < KINDS.length ? at : seed % KINDS.length]!;
    await inflict();
    // Some faults come on top of each other, most to a stream that has recovered.
    const patience = Date.now() + 100 + (seed % 700);
    do {
      await breakDown("hurry");
      await new Promise((done) => setTimeout(done, 50));
    } while (Date.now() < patience && !(await live()));
  }
  await roost.sim.call("DELETE", "/sim/faults");
  await breakDown("hurry");
  await roost.until("the stream after all of it", live);
  await new Promise((done) => setTimeout(done, 3_000));
}

function check(readers: Reader[], upstream: Json, t: { diagnostic(text: string): void }): void {
  const { peak, total, refused_open } = upstream;
  assert.deepEqual([peak, refused_open], [1, 0], "two upstream connections");
  const numbers = new Set(readers.flatMap((reader) => [...reader.covered]));
  const last = Math.min(...readers.map((reader) => reader.cursor));
  let gone = 0;
  for (const reader of readers) {
    assert.deepEqual(reader.silent, [], "numbers went missing without a word");
    for (const seq of numbers) {
      if (seq <= reader.first || seq > last || reader.covered.has(seq)) continue;
      assert.ok(reader.inGap(seq), `${seq} neither came nor lay in a gap`);
      gone += 1;
    }
  }
  t.diagnostic(
    `${FAULTS} faults, ${total} connections, at most ${peak} at a time; ${numbers.size} events to ` +
      `${WATCHERS} browsers, ${gone} of ${numbers.size * WATCHERS} deliveries declared as gaps`,
  );
}
