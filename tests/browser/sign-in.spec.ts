// An account signs in at X in a real browser: out of Roost, over X's consent page on another site,
// and back. Against the worker as built and the simulator, not the stand-in of the other specs.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { ACCOUNT, ADMIN_TOKEN, Roost } from "../e2e/harness.ts";

const CLIENT_SECRET = "roost-client-secret";
const ROOST_SECRET = "a-secret-of-the-browser-spec-0123";
let roost: Roost;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** X is at 127.0.0.1: for the browser that is another site, and cookies are strict. */
let site: string;

before(async () => {
  const settings = { ROOST_SECRET, X_CLIENT_ID: "roost-client", X_CLIENT_SECRET: CLIENT_SECRET };
  roost = await Roost.start({ followers: 100, settings });
  site = `http://localhost:${roost.runtime.url.port}`;
  browser = await chromium.launch({
    executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-networking"],
  });
});
after(async () => {
  await browser?.close();
  await roost?.stop();
});
beforeEach(async () => {
  for (const { id } of await roost.all("/accounts")) await roost.api("DELETE", `/accounts/${id}`);
  context = await browser.newContext();
  page = await context.newPage();
  await page.goto(`${site}/api/v1/health`);
  const status = await page.evaluate(async (token) => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ token });
    return (await fetch("/api/v1/session", { method: "POST", headers, body })).status;
  }, ADMIN_TOKEN);
  assert.equal(status, 200);
});
afterEach(() => context.close());

/** From Roost to X's page and, with a button pressed there, back. */
async function answer(decision: "allow" | "deny"): Promise<void> {
  await page.goto(`${site}/auth/x/start?account=${ACCOUNT}`);
  assert.equal(new URL(page.url()).origin, roost.sim.url);
  await page.selectOption("select[name=user]", ACCOUNT);
  await page.click(`button[value=${decision}]`);
  await page.waitForURL((url) => url.origin === site && url.pathname === "/connect");
}

async function outcome(): Promise<string> {
  return (await roost.get("/credentials")).sign_in.outcome;
}

test("a yes on X's page adds the account, and the browser is still signed in to Roost", async () => {
  await answer("allow");
  assert.equal(await outcome(), "connected");
  const tracked = await page.evaluate(async () => (await (await fetch("/api/v1/accounts")).json()).items);
  assert.deepEqual(tracked.map((account: { id: string }) => account.id), [ACCOUNT]);
});

test("a no on X's page adds nothing", async () => {
  await answer("deny");
  assert.equal(await outcome(), "denied");
  assert.deepEqual(await roost.all("/accounts"), []);
});

test("nothing secret stays in the browser", async () => {
  await answer("allow");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML]));
  const cookies = await context.cookies();
  assert.deepEqual(cookies.filter((cookie) => cookie.name.endsWith("roost_x")), [], "the sign-in's cookie is taken back");
  for (const secret of [ADMIN_TOKEN, ROOST_SECRET, CLIENT_SECRET, "simaccess", "simrefresh", "simcode"]) {
    assert.ok(!kept.includes(secret) && !JSON.stringify(cookies).includes(secret), secret);
  }
});

test("a way back that began in another browser adds nothing", async () => {
  await page.goto(`${site}/auth/x/start`);
  const consent = page.url();
  const other = await browser.newContext();
  try {
    const stranger = await other.newPage();
    await stranger.goto(consent);
    await stranger.click("button[value=allow]");
    await stranger.waitForURL((url) => url.origin === site);
    assert.deepEqual(await roost.all("/accounts"), []);
  } finally {
    await other.close();
  }
});
