// The four exports are what the seed's own algorithm makes of the same snapshots, and come out
// byte for byte the same when everything is derived again from the bucket.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { rows } from "../csv.ts";
import { ACCOUNT, followersName, iso, type Json, Roost } from "./harness.ts";
import { XSIM } from "./simulator.ts";

const ORACLE = process.env.ROOST_ORACLE ?? join(dirname(XSIM), "oracle");
const HOUR_MS = 3_600_000;
const FOUR = ["NEW_FOLLOWERS", "LOST_FOLLOWERS", "USER_INFO", "STATS_TWEETS"];
let roost: Roost;
let folder: string;
/** What the oracle made of the accepted files. */
let expected: Record<string, Json>;

/** A `TWEETS_` file as the seed's fetcher writes it; metrics grow with time. */
function tweets(hour: number): Buffer {
  const tweet = (n: number, promoted: boolean) => ({
    id: String(1_400_000_000_000_000_000n + BigInt(n)),
    text: `Tweet ${n} "quoted" \\ é 🌊${hour > 30 && n === 2 ? " (edited)" : ""}`,
    created_at: iso(Date.UTC(2026, 7, 1 + n)),
    public_metrics: { like_count: n * hour, retweet_count: hour, reply_count: 0, quote_count: 0 },
    ...(n % 2 ? { non_public_metrics: { impression_count: 100 * hour }, organic_metrics: { like_count: n } } : {}),
    ...(promoted ? { promoted_metrics: { like_count: 1, impression_count: hour } } : {}),
  });
  // Number 3 is in both lists; each file has one tweet more and one fewer than the last.
  const unpromoted = [0, 1, 2, 3, 4].map((n) => tweet(n + (hour >> 4), false));
  return gzipSync(JSON.stringify({ promoted: [tweet(3, true)], unpromoted }));
}

before(async () => {
  roost = await Roost.start({ followers: 2200 });
  folder = mkdtempSync(join(tmpdir(), "roost-oracle-"));
  await roost.track();
  const now = await roost.sim.now();
  const hours = [0, 1, 3, 8, 9, 24, 25, 40, 48, 70, 71, 96];
  const files: { name: string; file: Buffer; counts: boolean; late?: boolean }[] = [];
  for (const [i, hour] of hours.entries()) {
    const at = now - 100 * HOUR_MS + hour * HOUR_MS;
    // One in the seed's own format of time.
    const name = i === 4 ? `FOLLOWERS_${iso(at).replace("Z", "456+00:00")}.json.gz` : followersName(at);
    files.push({ name, file: await roost.sim.snapshot(at), counts: true, late: i === 6 });
    if (i % 2 === 0) files.push({ name: name.replace("FOLLOWERS", "TWEETS"), file: tweets(hour), counts: true });
  }
  const at = (hour: number) => now - 100 * HOUR_MS + hour * HOUR_MS;
  // Two that must not count: another account's list, and a cut one.
  files.push({ name: followersName(at(50)), file: await roost.sim.snapshot(at(50), "13"), counts: false });
  files.push({ name: followersName(at(72)), file: (await roost.sim.snapshot(at(72))).subarray(0, 20_000), counts: false });
  files.push({ name: `TWEETS_${iso(at(73))}.json.gz`, file: gzipSync('{"promoted":[]}'), counts: false });
  for (const { name, file, counts } of files) if (counts) writeFileSync(join(folder, name), file);
  execFileSync(ORACLE, [folder], { stdio: "inherit" });
  expected = Object.fromEntries(FOUR.map((name) => [name, JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))]));
  // The late one comes after all others.
  for (const one of [...files.filter((f) => !f.late), ...files.filter((f) => f.late)]) {
    const run = await roost.import(one.name, one.file);
    assert.equal(run.state, one.counts ? "done" : "quarantined", `${one.name}: ${JSON.stringify(run)}`);
  }
});
after(async () => {
  await roost?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const exported = async (name: string): Promise<Json> =>
  JSON.parse(gunzipSync(await roost.export(`${name}.json.gz`)).toString());

for (const name of ["NEW_FOLLOWERS", "LOST_FOLLOWERS"]) {
  test(`${name} is the oracle's, timestamp for timestamp and id for id`, async () => {
    const found = await exported(name);
    assert.deepEqual(Object.keys(found), Object.keys(expected[name]));
    for (const [stamp, ids] of Object.entries<string[]>(expected[name])) {
      assert.deepEqual([...found[stamp]].sort(), [...ids].sort(), stamp);
      assert.equal(new Set(found[stamp]).size, found[stamp].length);
    }
    const all = Object.values<string[]>(expected[name]).slice(1).flat();
    assert.ok(all.length > 20, "nothing happened: this proves nothing");
  });
}

test("USER_INFO is the oracle's, value for value", async () => {
  const found = await exported("USER_INFO");
  assert.deepEqual(Object.keys(found).sort(), Object.keys(expected.USER_INFO).sort());
  for (const [id, user] of Object.entries(expected.USER_INFO)) assert.deepEqual(found[id], user);
});

test("STATS_TWEETS is the oracle's, value for value", async () => {
  const found = await exported("STATS_TWEETS");
  assert.ok(Object.keys(expected.STATS_TWEETS).length > 5);
  assert.deepEqual(found, expected.STATS_TWEETS);
});

test("an export is gzip with a fixed header, sent as a file", async () => {
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/NEW_FOLLOWERS.json.gz`);
  assert.equal(answer.headers.get("content-type"), "application/gzip");
  assert.equal(answer.headers.get("content-encoding"), null);
  assert.match(answer.headers.get("content-disposition") ?? "", /NEW_FOLLOWERS\.json\.gz/);
  assert.deepEqual([...answer.bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, answer.bytes[8], 255]);
  assert.deepEqual(await roost.export("NEW_FOLLOWERS.json.gz"), answer.bytes);
});

/** Everything that is derived. */
async function derived(): Promise<Json> {
  const files = [...FOUR.map((name) => `${name}.json.gz`), "events.ndjson", "followers.csv"];
  const bytes = await Promise.all(files.map((file) => roost.export(file)));
  const states = (await roost.snapshots()).map(({ name, state, reason, count, etag }) => ({ name, state, reason, count, etag }));
  const series = await roost.get(`/accounts/${ACCOUNT}/followers/series?interval=hour`);
  // How much of a time that goes on was observed is a little less each second; X's own counts, and
  // what they leave unexplained, are not in the bucket.
  const { observed: _, unexplained: _1, unexplained_since: _2, ...totals } = series.totals;
  return {
    files: Object.fromEntries(files.map((file, i) => [file, bytes[i].toString("base64")])),
    states,
    totals,
  };
}

async function replay(): Promise<Json> {
  const answer = await roost.api("POST", `/accounts/${ACCOUNT}/replay`);
  assert.equal(answer.status, 202, answer.text);
  const run = await roost.ended(answer.json.run);
  assert.equal(run.state, "done", JSON.stringify(run));
  return run;
}

function assertSame(found: Json, wanted: Json) {
  for (const [file, bytes] of Object.entries(wanted.files)) {
    assert.ok(found.files[file] === bytes, `${file} differs`);
  }
  assert.deepEqual(found.states, wanted.states);
  assert.deepEqual(found.totals, wanted.totals);
}

test("a replay makes the same bytes", async () => {
  // One crawl on top: what it knew beyond its list must survive too.
  await roost.goodCrawl();
  const wanted = await derived();
  const run = await replay();
  assert.equal(run.counts.snapshots, wanted.states.length);
  assertSame(await derived(), wanted);
});

test("a replay into an emptied account makes the same bytes, from the bucket alone", async () => {
  const wanted = await derived();
  await roost.runtime.forget("Account");
  assert.equal((await roost.api("GET", `/accounts/${ACCOUNT}`)).status, 404);
  await roost.track();
  assert.deepEqual(await roost.events(), []);
  await replay();
  assertSame(await derived(), wanted);
});

test("events as CSV and NDJSON are the events of the list", async () => {
  const events = await roost.events();
  const lines = (await roost.export("events.ndjson")).toString().trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), events);
  const rows = (await roost.export("events.csv")).toString().trimEnd().split("\r\n");
  assert.equal(rows.length, events.length + 1);
});

test("followers as CSV and NDJSON are the roster", async () => {
  const roster = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`);
  const lines = (await roost.export("followers.ndjson")).toString().trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).user.id), roster.map((row) => row.user.id));
  const filtered = await roost.api("GET", `/accounts/${ACCOUNT}/export/followers.csv?filter=new`);
  assert.equal(filtered.status, 200);
  assert.ok(filtered.text.split("\r\n").length < roster.length);
});

const table = async (query: string) => {
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/${query}`);
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
  return { ...answer, rows: rows(answer.bytes.toString("utf8").replace(/^\ufeff/, "")) };
};
const named = (answer: { headers: Headers }) => answer.headers.get("content-disposition");

test("the list of those who left says when and why each left", async () => {
  const left = await roost.all(`/accounts/${ACCOUNT}/followers?filter=left&limit=1000`);
  const found = (await table("followers.csv?filter=left")).rows;
  assert.deepEqual(found.map((row) => row.user_id), left.map((row) => row.user.id));
  assert.ok(found.length > 5, "nobody left: this proves nothing");
  const lost = (await roost.events("kind=lost")).filter((event) => event.state !== "retracted");
  for (const row of found) {
    const event = lost.find(({ user }) => user.id === row.user_id);
    assert.ok(event, row.user_id);
    assert.deepEqual(
      [row.left_at, row.left_not_before, row.left_state, row.left_reason, row.left_confidence],
      [event.at, event.not_before, event.state, event.reason, event.confidence],
    );
  }
});

test("who follows has no reason to have left", async () => {
  for (const row of (await table("followers.csv")).rows) {
    assert.deepEqual([row.following, row.left_at, row.left_reason], ["true", "", ""]);
  }
});

test("the list of those who came is the list's own", async () => {
  const [{ at }] = await roost.events("kind=lost");
  const query = `filter=new&from=${encodeURIComponent(iso(Date.parse(at) - 48 * HOUR_MS))}&sort=id`;
  const came = await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000&${query}`);
  const found = (await table(`followers.csv?${query}`)).rows;
  assert.ok(found.length > 0);
  assert.deepEqual(found.map((row) => row.user_id), came.map((row) => row.user.id));
});

test("the curve as a file is the series, point for point", async () => {
  const query = "interval=hour&tz=Europe/Berlin";
  const { points } = await roost.get(`/accounts/${ACCOUNT}/followers/series?${query}`);
  const found = (await table(`series.csv?${query}`)).rows;
  const text = (value: unknown) => (value === null ? "" : String(value));
  assert.deepEqual(
    found.map((row) => [row.at, row.followers, row.gained, row.lost, row.net, row.x_count, row.partial]),
    points.map((p: Json) => [p.at, p.followers, p.gained, p.lost, p.net, p.x_count, p.partial].map(text)),
  );
  assert.ok(found.some((row) => row.followers !== "") && found.some((row) => row.followers === ""));
  assert.ok(found.every((row) => row.time_zone === "Europe/Berlin" && row.account_id === ACCOUNT));
});

test("for Excel a table has a byte order mark and ids as text", async () => {
  for (const file of ["followers", "events", "series", "tweets"]) {
    const excel = await table(`${file}.csv?excel=1`);
    assert.deepEqual([...excel.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf], file);
    const plain = await table(`${file}.csv`);
    assert.notEqual(plain.bytes[0], 0xef, file);
    const ids = (row: Json) => ["account_id", "user_id", "tweet_id"].filter((name) => name in row);
    for (const [at, row] of plain.rows.entries()) {
      for (const id of ids(row)) assert.equal(excel.rows[at]![id], `="${row[id]}"`);
    }
  }
  for (const file of ["followers.ndjson", "USER_INFO.json.gz"]) {
    const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/${file}?excel=1`);
    assert.equal(answer.status, 400, file);
    assert.match(answer.json.detail, /excel/);
  }
});

test("a file's name says filter, range and zone, and every system takes it", async () => {
  const range = "from=2026-08-01T00:00:00Z&to=2026-09-01T12:30:00Z";
  assert.equal(
    named(await table(`followers.csv?filter=left&${range}&tz=Asia/Kolkata`)),
    'attachment; filename="followers_left_2026-08-01T05-30-00_to_2026-09-01T18-00-00_Asia-Kolkata.csv"',
  );
  assert.equal(named(await table("series.csv")), 'attachment; filename="series_UTC.csv"');
  const search = encodeURIComponent('a/b:c*?"<>|\r\nx');
  assert.match(named(await table(`followers.csv?q=${search}`)) ?? "", /^attachment; filename="[\w.-]+"$/);
  const { name } = (await roost.snapshots())[0]!;
  const saved = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${name}`);
  assert.doesNotMatch(named(saved) ?? "", /:/);
});

test("no cell of a stranger's begins as a formula", async () => {
  const hostile = ["=1+1", " =1+1", "\u200b@SUM(A1)", "＝1+1", "x;=1+1;y", "a\n-2+3", "\n+1", "a\u0000", "\t=1"];
  const now = await roost.advance(60);
  const list = JSON.parse(gunzipSync(await roost.sim.snapshot(now)).toString());
  for (const [at, name] of hostile.entries()) Object.assign(list[at], { name, description: `${name} ${at}` });
  const run = await roost.import(followersName(now), gzipSync(JSON.stringify(list)));
  assert.equal(run.state, "done", JSON.stringify(run));
  const { text, rows: found } = await table("followers.csv");
  assert.doesNotMatch(text, /\0/);
  for (const [at] of hostile.entries()) {
    const row = found.find(({ user_id }) => user_id === list[at].id);
    assert.ok(row, list[at].id);
    for (const cell of [row.name!, row.description!].flatMap((cell) => cell.split(/[;\t\r\n]/))) {
      assert.doesNotMatch(cell, /^[\s\p{Cf}]*[=+\-@＝]/u, JSON.stringify(row));
    }
  }
});

test("an export that does not exist is 404 and names those that do", async () => {
  const answer = await roost.api("GET", `/accounts/${ACCOUNT}/export/everything.zip`);
  assert.equal(answer.status, 404);
  assert.match(answer.json.detail, /USER_INFO\.json\.gz/);
});
