// What strangers and odd files cost: bodies without a length, a file that unpacks to millions of
// entries, a list as large as a body may be. Memory is what V8's inspector says: the wasm instance,
// JavaScript's heap and the bytes behind its buffers.
import assert from "node:assert/strict";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { createGzip, gzipSync } from "node:zlib";
import { chunked } from "./chunked.ts";
import { ACCOUNT, followersName, Roost } from "./harness.ts";
import { Inspector } from "./inspector.ts";

const MB = 1024 * 1024;
/** Above what it takes when nothing happens; a Durable Object has 128 MB, its code and idle state among them. */
const MOST = 64 * MB;
const DAY_MS = 86_400_000;

let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 300, inspect: true });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh());

/** Does something, and holds the most memory that it takes at any moment against the idle worker's. */
async function within(t: TestContext, most: number, work: () => Promise<void>): Promise<void> {
  await roost.get("/status");
  const watch = async () => {
    const inspector = await Inspector.connect(await roost.runtime.inspector(), "roost");
    await inspector.watch();
    return inspector;
  };
  const quiet = await watch();
  const idle = (await quiet.peak()).sum;
  await quiet.close();
  const inspector = await watch();
  const peak = await work().then(() => inspector.peak()).finally(() => inspector.close());
  const mb = (bytes: number) => (bytes / MB).toFixed(1);
  t.diagnostic(`idle ${mb(idle)} MB, at most ${mb(peak.sum)} MB = wasm ${mb(peak.wasm)} + JavaScript ${mb(peak.heap)} (${peak.samples} samples)`);
  assert.ok(idle > MB && peak.samples > 1, "nothing was measured");
  assert.ok(peak.sum - idle < most, `${mb(idle)} -> ${mb(peak.sum)} MB`);
}

const at = (path: string): string => new URL(path, roost.runtime.url).href;
const importPath = (name: string) => `/api/v1/accounts/${ACCOUNT}/snapshots?name=${encodeURIComponent(name)}`;

test("six bodies of 95 MB that say no length are left at their limit, whoever sends them", async (t) => {
  const body = Array<Buffer>(95).fill(Buffer.alloc(MB, 32));
  await within(t, MOST, async () => {
    const sent = [1, 2, 3].flatMap(() => ["/api/v1/session", "/hooks/x"].map((where) => chunked(at(where), body)));
    for (const { status } of await Promise.all(sent)) assert.ok(status === 0 || (status >= 400 && status < 500), `${status}`);
  });
});

/** A list of so many times the same entry, as gzip. */
async function bomb(entries: number): Promise<Buffer> {
  const many = 1_000_000;
  const gzip = createGzip({ level: 9 });
  const out: Buffer[] = [];
  gzip.on("data", (part) => out.push(part));
  const ended = new Promise((end) => gzip.on("end", end));
  const block = Buffer.from('{"id":"1"},'.repeat(many));
  gzip.write("[");
  for (let n = many; n < entries; n += many) {
    if (!gzip.write(block)) await new Promise((drained) => gzip.once("drain", drained));
  }
  gzip.end(`${block.subarray(0, -1)}]`);
  await ended;
  return Buffer.concat(out);
}

test("46 million entries in a megabyte are set aside while they are read", async (t) => {
  const bytes = await bomb(46_000_000);
  assert.ok(bytes.length < 2 * MB, `${bytes.length} bytes`);
  const name = followersName(await roost.sim.now());
  await within(t, MOST, async () => {
    const answer = await roost.send(name, bytes);
    assert.equal(answer.status, 202, answer.text);
    const run = await roost.ended(answer.json.run);
    assert.equal(run.state, "quarantined", JSON.stringify(run));
    assert.match(run.error.detail, /more than 1100000 entries/);
  });
});

test("a list of 95 MB that says no length is read", async (t) => {
  const entry = (n: number) => `{"id":"${1_000_000 + n}","username":"u${n}","name":"${"n".repeat(40)}","description":"${String(n).padEnd(700, "d")}"}`;
  const people = 115_000;
  const json = Buffer.from(`[${Array.from({ length: people }, (_, n) => entry(n)).join(",")}]`);
  // Stored, not compressed: the body itself is as large as it looks.
  const bytes = gzipSync(json, { level: 0 });
  assert.ok(bytes.length > 88 * MB && bytes.length < 100_000_000, `${bytes.length} bytes`);
  const name = followersName((await roost.sim.now()) - DAY_MS);
  const pieces = Array.from({ length: Math.ceil(bytes.length / MB) }, (_, n) => bytes.subarray(n * MB, (n + 1) * MB));
  await within(t, 2 * MOST, async () => {
    const answer = await chunked(at(importPath(name)), pieces);
    assert.equal(answer.status, 202, answer.text);
    const run = await roost.ended(JSON.parse(answer.text).run);
    assert.equal(run.state, "done", JSON.stringify(run));
    assert.equal(run.counts.followers, people);
  });
});
