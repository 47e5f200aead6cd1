// What cannot be read is never "nobody": entries without an id that can be trusted, in lists from
// elsewhere and in X's own pages; files of other encodings, and such that would not end.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ACCOUNT, followersName, iso, type Json, Roost } from "./harness.ts";

const DAY_S = 86_400;
const DAY_MS = DAY_S * 1_000;
let roost: Roost;
let proxy: Server;
/** What is done to X's answers, by path. */
let change: (path: string, body: Json) => void;
/** Days before now, by the simulator's clock. */
let now: number;

/** An answer of X, changed. */
async function relay(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(asked.headers)) {
    if (!["host", "connection", "content-length"].includes(name)) headers.set(name, String(value));
  }
  const url = new URL(asked.url!, roost.sim.url);
  const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
  const told = await fetch(url, { method: asked.method, headers, body });
  let text = await told.text();
  if (told.headers.get("content-type")?.includes("json") && told.ok) {
    const parsed = JSON.parse(text);
    change(url.pathname, parsed);
    text = JSON.stringify(parsed);
  }
  const kept = (name: string) => name.startsWith("x-") || name === "content-type";
  answer.writeHead(told.status, Object.fromEntries([...told.headers].filter(([name]) => kept(name)))).end(text);
}

before(async () => {
  // Whatever is under way when the simulator stops ends as it does there.
  proxy = createServer((asked, answer) => void relay(asked, answer).catch(() => answer.destroy()));
  await new Promise<void>((listening) => proxy.listen(0, "127.0.0.1", listening));
  const { port } = proxy.address() as AddressInfo;
  // The bearer alone: a signature would name the address that was asked.
  const settings = { X_API_URL: `http://127.0.0.1:${port}`, X_API_KEY: "", X_API_SECRET: "", X_ACCESS_TOKEN: "", X_ACCESS_SECRET: "" };
  change = () => {};
  roost = await Roost.start({ followers: 1500, settings });
});
after(async () => {
  await roost?.stop();
  proxy?.closeAllConnections();
  proxy?.close();
});
beforeEach(async () => {
  change = () => {};
  await roost.fresh();
  now = await roost.sim.now();
});

const at = (day: number) => now - (20 - day) * DAY_MS;
const pack = (value: unknown) => gzipSync(typeof value === "string" ? value : JSON.stringify(value));
const put = (day: number, file: Uint8Array): Promise<Json> => roost.import(followersName(at(day)), file);
const listOf = (day: number): Promise<Json> => roost.snapshotOf(followersName(at(day)));
const lost = (): Promise<Json[]> => roost.events("kind=lost");
/** Ids as newer accounts have them: no two that rounding makes one. */
const ids = Array.from({ length: 60 }, (_, n) => String(1857043292182618112n + BigInt(n) * 1_000_003n));
const text = (list: string[]) => pack(list.map((id) => ({ id, username: `u${id.slice(-6)}` })));
const numbers = (list: string[], more = (_: string) => "") =>
  pack(`[${list.map((id) => `{"id":${id}${more(id)}}`).join(",")}]`);
const rounded = (list: string[]) => list.map((id) => String(Number(id)));
const counted = (list: Json) => [list.state, list.entries, list.count, list.unreadable, list.repeated];

async function followers(): Promise<string[]> {
  const rows = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`);
  return rows.filter((row) => row.following).map((row) => row.user.id).sort();
}

test("ids as numbers, with their text beside, lose nobody", async () => {
  await put(1, text(ids));
  const run = await put(2, numbers(rounded(ids), (id) => `,"id_str":"${ids[rounded(ids).indexOf(id)]}"`));
  assert.deepEqual([run.state, run.counts.dropped, run.counts.lost], ["done", 0, 0]);
  assert.deepEqual(counted(await listOf(2)), ["accepted", 60, 60, 0, 0]);
  assert.deepEqual(await lost(), []);
});

test("whole numbers are read from a file that proves that its writer does not round", async () => {
  await put(1, text(ids));
  // The proof stands at the end: what is before it is read a second time.
  const short = ["1857043292182618000", "1857043292182619000"];
  await put(2, text([...ids, ...short]));
  await put(3, numbers([...short, ...ids]));
  assert.deepEqual(counted(await listOf(3)), ["accepted", 62, 62, 0, 0]);
  assert.deepEqual(await lost(), []);
  const row = await roost.get(`/accounts/${ACCOUNT}/followers/${short[0]}`);
  assert.equal(row.following, true);
});

test("numbers that may have been rounded make nobody lost, and confirm nothing", async () => {
  const small = ["7", "8", "9007199254740992"];
  await put(1, text([...small, ...ids]));
  for (const day of [2, 3]) {
    const run = await put(day, numbers([...small, ...rounded(ids)]));
    assert.deepEqual([run.state, run.counts.dropped, run.counts.lost], ["done", 60, 0]);
    assert.deepEqual(counted(await listOf(day)), ["accepted", 63, 3, 60, 0]);
  }
  assert.deepEqual(await lost(), []);
  assert.equal((await roost.account()).followers, 63, "who could not be read follows still");
  assert.deepEqual(await followers(), [...small, ...ids].sort());
  const { points } = await roost.get(`/accounts/${ACCOUNT}/followers/series?from=${iso(at(1))}&to=${iso(at(4))}`);
  const seen = points.map((point: Json) => point.followers).filter((count: number | null) => count !== null);
  assert.ok(seen.every((count: number) => count === 63), JSON.stringify(points));
  await put(4, text([...small, ...ids.slice(1)]));
  await put(5, text([...small, ...ids.slice(1)]));
  const [left, ...more] = await lost();
  assert.deepEqual([left?.user.id, left?.state, more.length], [ids[0], "confirmed", 0], "whole lists do");
});

test("a list of which nobody can be read is set aside with that reason, also as the first", async () => {
  const floats = pack(`[${ids.map((id) => `{"id":${Number(id).toExponential()}}`).join(",")}]`);
  for (const day of [1, 3]) {
    if (day === 3) await put(2, text(ids));
    const run = await put(day, floats);
    assert.equal(run.state, "quarantined");
    assert.match(run.error.detail, /None of the 60 entries of this list could be read/);
    assert.deepEqual(counted(await listOf(day)), ["quarantined", 60, 0, 60, 0]);
  }
  assert.deepEqual(await lost(), []);
});

test("entries over 64 KB, without an id and of no kind are counted, and make nobody lost", async () => {
  await put(1, text(ids));
  const odd = [null, {}, { id: 61.5 }, { id: ids[3], bio: "x".repeat(66_000) }, [ids[4]]];
  const list = [...odd, ...ids.slice(5).map((id) => ({ id })), { id: ids[5] }];
  for (const day of [2, 3]) await put(day, pack(list));
  assert.deepEqual(counted(await listOf(3)), ["accepted", 61, 55, 5, 1]);
  assert.deepEqual(await lost(), []);
});

test("entries of X's pages that cannot be read make nobody lost, check after check", async () => {
  const first = await roost.goodCrawl();
  const gone = new Set<string>();
  change = (path, body) => {
    if (!path.endsWith("/followers") || !Array.isArray(body.data)) return;
    for (const index of [3, 5, 8].filter((index) => index < body.data.length)) {
      if (typeof body.data[index]?.id === "string") gone.add(body.data[index].id);
      body.data[index] = index === 3 ? null : index === 5 ? { name: "?" } : { ...body.data[index], bio: "x".repeat(70_000) };
    }
  };
  const checks = [];
  for (let n = 0; n < 2; n++) {
    await roost.advance(3_600);
    checks.push(await roost.goodCrawl());
  }
  assert.ok(gone.size >= 6, "nothing was taken out");
  const lists = await roost.snapshots();
  for (const { run } of checks) {
    assert.equal(run.counts.dropped, 6, JSON.stringify(run.counts));
    const list = lists.find((list) => list.run === run.id);
    assert.ok(list, run.id);
    assert.deepEqual([list.state, list.unreadable], ["accepted", 6]);
    assert.equal(list.entries, list.count + list.unreadable + list.repeated);
  }
  const told = async () => (await lost()).filter((event) => gone.has(event.user.id));
  assert.deepEqual(await told(), []);
  change = () => {};
  await roost.advance(3_600);
  await roost.goodCrawl();
  const { net } = await roost.sim.truth(first.start, await roost.sim.now());
  assert.deepEqual((await lost()).filter((event) => !net.lost.includes(event.user.id)), [], "they follow");
});

for (const [what, token] of [["an empty text", ""], ["null", null]] as const) {
  test(`${what} as the next token is the end of the list`, async () => {
    const asked: string[] = [];
    change = (path, body) => {
      if (!path.endsWith("/followers")) return;
      asked.push(path);
      body.meta.next_token ??= token;
    };
    const { run } = await roost.goodCrawl();
    assert.deepEqual([run.counts.pages, run.counts.restarts, asked.length], [2, 0, 2]);
  });
}

test("a byte order mark is stepped over, and UTF-16 named", async () => {
  const json = JSON.stringify(ids.map((id) => ({ id })));
  const run = await put(1, pack(`\ufeff${json}`));
  assert.deepEqual([run.state, run.counts.followers], ["done", 60]);
  const wide = await put(2, gzipSync(Buffer.from(`\ufeff${json}`, "utf16le")));
  assert.equal(wide.state, "quarantined");
  assert.match(wide.error.detail, /UTF-16/);
  const tweets = `TWEETS_${iso(at(2)).replace(/\.\d+Z$/, "Z")}.json.gz`;
  const file = await roost.import(tweets, pack(`\ufeff{"promoted":[],"unpromoted":[{"id":"1"}]}`));
  assert.deepEqual([file.state, file.counts.tweets], ["done", 1]);
});

test("a list of more entries than any account has is refused while it is read", async () => {
  await put(1, text(["1", "2"]));
  const run = await put(2, pack(`[${'{"id":"1"},'.repeat(3_000_000)}{"id":"2"}]`));
  assert.equal(run.state, "quarantined");
  assert.match(run.error.detail, /more than 1100000 entries, repeated ones included/);
  assert.deepEqual(await lost(), []);
});

test("counts that nobody can have are none, and the page's lists can be read", async () => {
  const huge = ["9223372036854775808", "9007199254740992", "-1", "1e300"];
  const users = huge.map((count, n) => `{"id":"${n + 1}","public_metrics":{"followers_count":${count}}}`);
  await put(1, pack(`[${users.join(",")}]`));
  const rows = await roost.all(`/accounts/${ACCOUNT}/followers`);
  assert.deepEqual(rows.map((row) => row.followers), [null, null, null, null]);
  const name = `TWEETS_${iso(at(2)).replace(/\.\d+Z$/, "Z")}.json.gz`;
  const tweet = `{"id":"1346889436626259968","public_metrics":{"like_count":9223372036854775808,"reply_count":3}}`;
  await roost.import(name, pack(`{"promoted":[],"unpromoted":[${tweet}]}`));
  const [row] = await roost.all(`/accounts/${ACCOUNT}/tweets`);
  assert.deepEqual(row?.metrics, { "public.reply_count": 3 });
});

test("tweets with ids as numbers are read, and what two entries say of one is put together", async () => {
  const name = (day: number) => `TWEETS_${iso(at(day)).replace(/\.\d+Z$/, "Z")}.json.gz`;
  const id = "1346889436626259968";
  const promoted = `{"id":1346889436626260000,"id_str":"${id}","promoted_metrics":{"like_count":4}}`;
  const plain = `{"id":"${id}","text":"said","lang":"en","public_metrics":{"like_count":9}}`;
  const run = await roost.import(name(1), pack(`{"promoted":[${promoted},null],"unpromoted":[${plain}]}`));
  assert.deepEqual([run.state, run.counts.tweets, run.counts.dropped, run.counts.both], ["done", 1, 1, 1]);
  assert.deepEqual(counted(await roost.snapshotOf(name(1))), ["accepted", 3, 1, 1, 1]);
  const [row] = await roost.all(`/accounts/${ACCOUNT}/tweets`);
  assert.deepEqual([row?.id, row?.text, row?.lang, row?.promoted], [id, "said", "en", true]);
  assert.deepEqual(row?.metrics, { "promoted.like_count": 4, "public.like_count": 9 });
  const none = await roost.import(name(2), pack(`{"promoted":[],"unpromoted":[{"id":1.3e18},null]}`));
  assert.equal(none.state, "quarantined");
  assert.match(none.error.detail, /None of the 2 entries of this file could be read/);
});

/** Chance that can be repeated: mulberry32. */
function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

for (let seed = 1; seed <= 4; seed++) {
  test(`broken lists of seed ${seed} make nobody lost but who left`, async () => {
    const roll = dice(seed);
    const left = new Set<string>();
    for (let day = 1; day <= 6; day++) {
      if (day > 1 && roll(3) === 0) left.add(ids[roll(ids.length)]!);
      const broken = roll(2) === 0 ? 2 + roll(20) : Infinity;
      let unreadable = 0;
      const entries = ids.filter((id) => !left.has(id)).map((id) => {
        if (broken !== Infinity && roll(broken) === 0) {
          unreadable++;
          return ["null", "{}", `{"id":${id}.0}`, `{"id":"0${id}"}`, `["${id}"]`, `"${id}"`, `{"id":-${id}}`][roll(7)]!;
        }
        return [`{"id":"${id}"}`, `{"id_str":"${id}","id":5}`, `{"username":7,"id":"${id}","public_metrics":[]}`][roll(3)]!;
      });
      const run = await put(day, pack(`[${entries.join(",")}]`));
      const list = await listOf(day);
      assert.deepEqual([list.entries, list.unreadable], [entries.length, unreadable], JSON.stringify(run));
      const told = await lost();
      assert.deepEqual(told.filter((event) => !left.has(event.user.id)), [], `day ${day}`);
    }
  });
}
