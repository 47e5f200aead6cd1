// What it costs and what stops it, against the stand-in. Every test also fails on a console error or
// a breach of the CSP.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "./stage.ts";

const stage = new Stage();
const bodies = (path: string): unknown[] =>
  stage.mock.calls.filter((call) => ["PUT", "PATCH"].includes(call.method) && call.path === path).map((call) => JSON.parse(call.body));

test("a reached limit says when reading goes on", async () => {
  const page = await stage.open("/");
  stage.mock.scene.money = "capped";
  await page.goto(`${stage.mock.url}/collection`);
  const halted = page.locator(".halted");
  await halted.waitFor();
  assert.match(await halted.innerText(), /limit of \$10 is reached\. It goes on by itself .*1 Dec/);
  assert.deepEqual(await stage.accessibility(), []);
});

test("a pause at X says why and until when, and a press asks again", async () => {
  const page = await stage.open("/");
  stage.mock.scene.money = "paused";
  await page.goto(`${stage.mock.url}/collection`);
  const halted = page.locator(".halted");
  assert.match(await halted.innerText(), /credits are used up\. One call tries again/);
  await halted.getByRole("button").click();
  await halted.waitFor({ state: "detached" });
  assert.deepEqual(bodies("/budget"), [{ paused: false }]);
});

test("every schedule stands beside its price, and instant updates say how they did", async () => {
  const page = await stage.open("/collection");
  const push = page.locator(".radio-row", { hasText: "As it happens" });
  await push.waitFor();
  assert.match(await push.innerText(), /about \$43 a month/);
  assert.equal(await page.getByText("Instant updates from X").count(), 0, "not asked for yet");
  stage.mock.scene.push = "on";
  await page.goto(`${stage.mock.url}/collection`);
  const setting = page.locator(".setting", { hasText: "Instant updates from X" });
  await setting.waitFor();
  assert.match(await setting.innerText(), /On, about \$0\.01 for each .*12 changes had been told and 2 had not/s);
  await setting.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Instant updates are off.").waitFor();
  assert.deepEqual(bodies("/accounts/12/push").map((body) => (body as { on: boolean }).on), [false]);
});

test("looking up who left is switched with its price beside it", async () => {
  const page = await stage.open("/collection");
  const setting = page.locator(".setting", { hasText: "Look up why people left" });
  const turn = setting.getByRole("switch");
  await turn.waitFor();
  assert.match(await setting.innerText(), /About \$0\.01 each, at most about \$2\.40 a month\./);
  assert.equal(await turn.isChecked(), false);
  await turn.check();
  await page.getByText("Who leaves is looked up.").waitFor();
  await setting.getByText("3 people are waiting.").waitFor();
  await turn.uncheck();
  await page.getByText("Nobody is looked up.").waitFor();
  assert.deepEqual(bodies("/accounts/12").map((body) => (body as { verify: boolean }).verify), [true, false]);
});

test("limits are sent as they are meant, and what is none is not sent", async () => {
  const page = await stage.open("/collection");
  const form = page.locator("form.cap", { hasText: "Monthly limit of this account" });
  const button = form.getByRole("button", { name: "Change" });
  await form.locator("#day-cap").fill("2");
  await button.click();
  await page.getByText("Limit changed.").waitFor();
  await page.getByText("Limits over all accounts").click();
  const all = page.locator("details form.cap");
  await all.locator("#reserve").fill("lots");
  assert.equal(await all.getByRole("button", { name: "Change" }).isDisabled(), true);
  await all.locator("#reserve").fill("20 %");
  await all.getByRole("button", { name: "Change" }).click();
  await page.getByText("Limits changed.").waitFor();
  assert.deepEqual(bodies("/accounts/12").map((body) => (body as { daily_cap_usd: number }).daily_cap_usd), [2]);
  assert.deepEqual(bodies("/budget"), [{ keep_unused_percent: 20 }]);
});
