// Connecting with X against the stand-in: keys go in and never come back, refusals lead to their
// step. Every test also fails on a console error or a breach of the CSP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage, until } from "./stage.ts";

const stage = new Stage();
const SECRET = "AAAA-planted-bearer-token";

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on Connect with X and on Privacy in ${theme}`, async () => {
    const page = await stage.open("/connect", { theme });
    await page.locator(".key-row").nth(2).waitFor();
    assert.deepEqual(await stage.accessibility(), []);
    await page.goto(`${stage.mock.url}/privacy.html`);
    await page.getByRole("heading", { name: "Privacy", exact: true }).waitFor();
    assert.deepEqual(await stage.accessibility(), []);
  });
}

test("a key is stored from its form, and is nowhere in the page afterwards", async () => {
  const page = await stage.open("/connect");
  const row = page.locator(".key-row").first();
  await row.getByText("not set").waitFor();
  await row.getByRole("button", { name: "Set…" }).click();
  await page.locator("dialog[open] input").fill(SECRET);
  await page.getByRole("button", { name: "Store, sealed" }).click();
  await row.getByText("ready").waitFor();
  const put = stage.mock.calls.find((call) => call.method === "PUT");
  assert.deepEqual([put?.path, JSON.parse(put?.body ?? "{}")], ["/credentials/bearer", { token: SECRET }]);
  const everywhere = await page.evaluate(() => {
    const fields = [...document.querySelectorAll("input")].map((input) => input.value);
    return JSON.stringify([document.documentElement.outerHTML, fields, { ...localStorage }, { ...sessionStorage }, document.cookie]);
  });
  assert.ok(!everywhere.includes(SECRET));
});

test("a key that is none stays in its form with what is wrong", async () => {
  const page = await stage.open("/connect");
  await page.locator(".key-row").first().getByRole("button", { name: "Set…" }).click();
  await page.locator("dialog[open] input").fill("wrong");
  await page.getByRole("button", { name: "Store, sealed" }).click();
  await page.getByRole("alert").getByText("no key of X has").waitFor();
  stage.forgive("400");
});

test("a refusal leads to its step, and a sign-in that ended is made again", async () => {
  const page = await stage.open("/");
  stage.mock.scene.keys = ["client", "bearer", "ended"];
  await page.goto(`${stage.mock.url}/connect?x=denied`);
  await page.getByText("X was told no").waitFor();
  const ended = page.locator(".key-row", { hasText: "@ebb" });
  assert.equal(await ended.getByRole("link", { name: "Sign in again" }).getAttribute("href"), "/auth/x/start?account=13");
  assert.equal(await page.getByRole("link", { name: "Sign in with X" }).getAttribute("href"), "/auth/x/start");
  await page.getByRole("button", { name: "Ask X about each key (about $0.01)" }).click();
  const refused = page.locator(".key-check li", { hasText: "Client not enrolled" });
  await refused.getByRole("link", { name: "Step: Make an app" }).click();
  await until(() => page.evaluate(() => location.hash), (hash) => hash === "#step-app", "the step's place");
});

test("a key is removed after asking", async () => {
  const page = await stage.open("/");
  stage.mock.scene.keys = ["bearer"];
  await page.goto(`${stage.mock.url}/connect`);
  await page.locator(".key-row").first().getByRole("button", { name: "Remove…" }).click();
  assert.equal(stage.asked("DELETE", "/credentials"), 0);
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await page.locator(".key-row").first().getByText("not set").waitFor();
  assert.equal(stage.asked("DELETE", "/credentials/bearer"), 1);
});
