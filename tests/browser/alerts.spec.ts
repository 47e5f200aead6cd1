// "Tell me" against the stand-in: places are added, tested, switched and deleted; secrets are shown
// once. Every test also fails on a console error or a breach of the CSP.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { drawn, Stage, until } from "./stage.ts";

const stage = new Stage();
const sent = (method: string, path: string): Record<string, unknown>[] =>
  stage.mock.calls.filter((call) => call.method === method && call.path === path).map((call) => JSON.parse(call.body || "{}"));

async function form(page: Page, kind: string): Promise<ReturnType<Page["locator"]>> {
  await page.getByRole("button", { name: "Add a place…" }).click();
  const dialog = page.locator("dialog[open]");
  await dialog.getByText(kind, { exact: true }).click();
  return dialog;
}

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on Settings with notices in ${theme}`, async () => {
    const page = await stage.open("/settings", { theme });
    const dialog = await form(page, "ntfy");
    await dialog.getByLabel("Address of the topic").fill("https://ntfy.sh/tide");
    assert.deepEqual(await stage.accessibility(), []);
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await page.locator(".alerts .key-row").waitFor();
    assert.deepEqual(await stage.accessibility(), []);
  });
}

test("a digest is added as it was chosen, in the viewer's zone", async () => {
  const page = await stage.open("/settings");
  const dialog = await form(page, "Discord");
  await dialog.getByLabel("Address of the channel's webhook").fill("https://discord.com/api/webhooks/1/secret");
  await dialog.getByLabel("who came", { exact: true }).check();
  await dialog.getByLabel("collection stopped").uncheck();
  await dialog.getByText("Once a day").click();
  await dialog.locator("select").selectOption("18");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.locator(".alerts .key-row");
  assert.match(await row.innerText(), /Who left and who came, once a day at 18:00 \(UTC\)/);
  const [{ kind, events, pace, digest_hour, tz, suspected }] = sent("POST", "/alerts");
  assert.deepEqual([kind, events, pace, digest_hour, tz, suspected], ["discord", ["lost", "followed"], "digest", 18, "UTC", false]);
  assert.ok(!(await page.content()).includes("webhooks/1/secret"), "the address is a secret");
});

test("a private address is refused with the reason, and the form stays", async () => {
  const page = await stage.open("/settings");
  const dialog = await form(page, "Webhook");
  await dialog.getByLabel("Address that gets a signed POST").fill("https://10.0.0.1/hook");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByRole("alert").getByText("private address").waitFor();
  stage.forgive("400");
});

test("a feed's address is shown once", async () => {
  const page = await stage.open("/settings");
  const dialog = await form(page, "Atom feed");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText(`${stage.mock.url}/feeds/planted.atom`).waitFor();
  await page.reload();
  await page.locator(".alerts .key-row").waitFor();
  assert.ok(!(await page.content()).includes("planted.atom"));
});

test("what did not arrive is told with its reason and sent again by a press", async () => {
  const page = await stage.open("/settings");
  const dialog = await form(page, "Discord");
  await dialog.getByLabel("Address of the channel's webhook").fill("https://discord.com/api/webhooks/1/x");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const row = page.locator(".alerts .key-row").first();
  await row.getByRole("button", { name: "Test" }).click();
  await page.getByText("A test is on its way").waitFor();
  await row.getByRole("button", { name: "Log" }).click();
  const dead = page.locator("dialog[open] .key-row", { hasText: "discord.com answered 404." });
  await dead.getByRole("button", { name: "Send again" }).click();
  await until(() => sent("POST", "/alerts/a1/retry").length, (count) => count > 0, "it is asked for");
  await drawn(page);
  assert.deepEqual(sent("POST", "/alerts/a1/retry"), [{ message: "m3" }], "once");
});
