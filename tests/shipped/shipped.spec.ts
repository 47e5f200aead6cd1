// What is deployed, checked as it is deployed: the optimised worker and page in Cloudflare's runtime, the
// page in a browser on top of them, and a dry run of the deployment. The quick build, which all other
// specs run, has other code: no test of it could find a fault of the optimiser, of wasm-opt or of the
// minifier.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { chromium, type Browser, type Page } from "playwright-core";
import { ACCOUNT, ADMIN_TOKEN, followersName, idsOf, Roost } from "../e2e/harness.ts";
import { ROOT } from "../e2e/runtime.ts";
import { Watcher } from "../e2e/watcher.ts";

/** What Cloudflare accepts of a worker on the free plan, gzip. */
const WORKER_MAX = 3_000_000;
const FOLLOWERS = 300;

/** Where the clock stands still. */
let roost: Roost;
/** Where tweets come, since the clock runs. */
let live: Roost;
let browser: Browser;

before(async () => {
  roost = await Roost.start({ followers: FOLLOWERS, gainedADay: 9, lostADay: 7 });
  live = await Roost.start({ followers: FOLLOWERS, runs: true, streamRate: 20 });
  browser = await chromium.launch({
    executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
});
after(async () => {
  await browser?.close();
  await live?.stop();
  await roost?.stop();
});

const worker = (file: string): Buffer => readFileSync(join(ROOT, "worker/build", file));

/** Names of the sections of a wasm file that are no part of its program. */
function customSections(module: Buffer): string[] {
  const names: string[] = [];
  const read = (at: number): [number, number] => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = module[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, at];
    }
  };
  for (let at = 8; at < module.length; ) {
    const id = module[at];
    const [length, start] = read(at + 1);
    if (id === 0) {
      const [size, name] = read(start);
      names.push(module.toString("utf8", name, name + size));
    }
    at = start + length;
  }
  return names;
}

/** The page with the owner signed in; what went wrong on it is returned as it happens. */
async function open(at: Roost, path: string): Promise<{ page: Page; troubles: string[] }> {
  const page = await browser.newPage({ timezoneId: "UTC" });
  const troubles: string[] = [];
  page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(new URL(`${path}#token=${ADMIN_TOKEN}`, at.runtime.url).href);
  return { page, troubles };
}

test("the worker is as small as Cloudflare wants it and carries no names of functions", () => {
  const module = worker("index_bg.wasm");
  assert.ok(gzipSync(Buffer.concat([module, worker("index.js")])).length < WORKER_MAX);
  assert.ok(!customSections(module).includes("name"));
});

test("the bundle has no source map and no file of the quick build", () => {
  const files = readdirSync(join(ROOT, "dist"), { recursive: true, encoding: "utf8" });
  assert.deepEqual(files.filter((file) => file.endsWith(".map") || file === "build.json"), []);
  const scripts = files.filter((file) => file.endsWith(".js"));
  assert.ok(scripts.every((file) => !readFileSync(join(ROOT, "dist", file), "utf8").includes("/build.json")));
  assert.ok(files.every((file) => statSync(join(ROOT, "dist", file)).size < 25 * 1024 * 1024));
});

test("wrangler would deploy it", () => {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const output = execFileSync(process.execPath, [wrangler, "deploy", "--dry-run"], { cwd: ROOT, encoding: "utf8", stdio: "pipe", env: { ...process.env, WRANGLER_LOG: "log" } });
  assert.match(output, /--dry-run: exiting now/);
  for (const binding of ["ACCOUNT", "CONTROL", "LIVE", "RELAY", "LOOKUPS", "NOTICES", "BUCKET", "SNAPSHOTS", "PUSHES"]) {
    assert.match(output, new RegExp(`env\\.${binding}\\b`), `${binding} is not bound`);
  }
});

test("health is told to everyone, accounts to the owner alone", async () => {
  assert.equal((await roost.raw("GET", "/api/v1/health")).status, 200);
  const refused = await roost.raw("GET", "/api/v1/accounts");
  assert.deepEqual([refused.status, refused.headers.get("content-type")], [401, "application/problem+json"]);
});

test("the OpenAPI document is the repository's", async () => {
  const answer = await roost.raw("GET", "/api/v1/openapi.json");
  assert.deepEqual(answer.json, JSON.parse(readFileSync(join(ROOT, "worker/openapi.json"), "utf8")));
});

test("two checks find who came and who left, as the simulator knows it", async () => {
  await roost.track();
  const first = await roost.goodCrawl();
  await roost.advance(5 * 24 * 3600);
  const second = await roost.goodCrawl();
  await roost.assertTrue(first, second);
  assert.ok((await roost.events("kind=lost")).length > 0, "nobody left in five days of this world");
});

test("a list that is imported is read, and its file is kept byte for byte", async () => {
  const at = (await roost.sim.now()) - 10 * 86_400_000;
  const file = await roost.sim.snapshot(at);
  const run = await roost.import(followersName(at), file);
  assert.equal(run.state, "done", JSON.stringify(run));
  const kept = await roost.api("GET", `/accounts/${ACCOUNT}/snapshots/${followersName(at)}`);
  assert.deepEqual(gunzipSync(kept.bytes), gunzipSync(file));
});

test("the export of those who left names those that the events name", async () => {
  const lost = await roost.export("followers.ndjson");
  const ids = lost.toString("utf8").trim().split("\n").map((line) => JSON.parse(line).id as string);
  assert.equal(ids.length, (await roost.all(`/accounts/${ACCOUNT}/followers?limit=1000`)).length);
  assert.ok(idsOf(await roost.events("kind=lost")).every((id) => !ids.includes(id)));
});

test("live tweets come over the socket, every number once or in a gap", async () => {
  const watcher = await Watcher.open(live.runtime.url);
  await watcher.until("twenty tweets", () => watcher.of("simple_tweet").length >= 20);
  watcher.close();
  assert.deepEqual([watcher.repeats, watcher.silent], [0, []]);
});

test("after a panic the next call finds a new module and the old data", async () => {
  live.runtime.mayBreakDown = true;
  await live.track();
  await live.goodCrawl();
  const before = await live.account();
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  // A panic never answers: nobody waits for it.
  await live.raw("POST", "/api/sim/live/panic", { headers, signal: AbortSignal.timeout(3_000) }).catch(() => {});
  await live.until("the panic to be told", async () => live.runtime.logs.some((line) => line.includes("Critical")));
  const after = await live.account();
  assert.deepEqual(after.followers, before.followers);
  assert.ok(live.runtime.logs.some((line) => line.includes("Reinitializing Wasm")), "no new module was started");
});

test("the page's files come with the headers that Cloudflare will send", async () => {
  const page = await roost.raw("GET", "/");
  const csp = page.headers.get("content-security-policy") ?? "";
  assert.match(csp, /script-src 'self' 'wasm-unsafe-eval'/);
  const [script] = /\/assets\/[^"]+\.js/.exec(page.text)!;
  assert.match((await roost.raw("GET", script)).headers.get("cache-control") ?? "", /immutable/);
});

test("the page shows the figures that the API tells", async () => {
  const { page, troubles } = await open(roost, "/");
  await page.locator(".tide-canvas canvas").waitFor();
  const account = await roost.account();
  const text = await page.locator("main").innerText();
  assert.ok(text.includes(account.followers.toLocaleString("en-US")), text.slice(0, 400));
  assert.deepEqual(troubles, [], "nothing on the console");
  await page.close();
});

test("the live page shows tweets as they come", async () => {
  const { page, troubles } = await open(live, "/live");
  await page.locator(".feed-row").nth(3).waitFor();
  assert.deepEqual(troubles.filter((text) => !/WebGL|GL Driver/i.test(text)), [], "nothing on the console");
  await page.close();
});
