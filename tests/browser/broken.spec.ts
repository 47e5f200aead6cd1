// What the page does when something of it breaks: nothing that was typed is lost, and whoever looks
// is told. Owns: notes at every way out of the drawer, the view after a panic, parts that are gone.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { Stage, drawn, until } from "./stage.ts";

const stage = new Stage();

async function drawer(width = 1440): Promise<Page> {
  const page = await stage.open("/followers", { width });
  await page.locator(".roster .who").first().click();
  await page.locator("#person-note").waitFor();
  return page;
}

/** The ways out of the drawer. */
const WAYS: Record<string, (page: Page) => Promise<unknown>> = {
  Escape: (page) => page.keyboard.press("Escape"),
  "the Close button": (page) => page.locator(".drawer .close").click(),
  "a click outside": (page) => page.mouse.click(190, 8),
  Back: (page) => page.goBack(),
  "another page": (page) => page.evaluate(() => (document.querySelector(".bar a[href^='/tweets']") as HTMLElement).click()),
};

for (const [way, leave] of Object.entries(WAYS)) {
  test(`a note that was typed is kept when the drawer is left by ${way}`, async () => {
    // Only a phone has something around the drawer to be pressed.
    const page = await drawer(way === "a click outside" ? 390 : 1440);
    await page.locator("#person-note").pressSequentially("met in Lisbon");
    const at = stage.path();
    await leave(page);
    await page.locator(".drawer").waitFor({ state: "detached" });
    await until(() => stage.asked("PATCH", "/followers/"), (times) => times === 1, "the note is sent once");
    await page.goto(stage.mock.url + at);
    await page.locator("#person-note").waitFor();
    assert.equal(await page.locator("#person-note").inputValue(), "met in Lisbon");
  });
}

test("a note that cannot be stored waits in the tab", async () => {
  const page = await drawer();
  const at = stage.path();
  stage.mock.scene.failing = ["/followers/"];
  await page.locator("#person-note").pressSequentially("met in Porto");
  await page.keyboard.press("Escape");
  await page.locator(".said", { hasText: "The note waits here" }).waitFor();
  stage.forgive("500");
  stage.mock.scene.failing = [];
  await page.goto(stage.mock.url + at);
  await page.locator("#person-note").waitFor();
  assert.equal(await page.locator("#person-note").inputValue(), "met in Porto");
  await page.locator(".note-editor button", { hasText: "Save" }).click();
  await page.locator(".said", { hasText: "Note kept." }).waitFor();
  assert.equal(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith("roost.note")).length), 0);
});

test("after a panic the page says so, keeps what was typed, and Reload puts it back", async () => {
  const page = await stage.open("/collection/lookups");
  const names = page.locator("main textarea");
  await names.waitFor();
  await names.fill("@ada @grace");
  // A trap of the module, as a panic ends in.
  await page.evaluate(() => dispatchEvent(new ErrorEvent("error", { error: new WebAssembly.RuntimeError("unreachable") })));
  const told = page.getByRole("alertdialog", { name: "The page broke" });
  await told.waitFor();
  assert.equal(await told.locator("textarea").inputValue(), "@ada @grace");
  assert.deepEqual(await stage.accessibility(), []);
  await page.keyboard.press("Escape");
  assert.ok(await told.isVisible(), "Escape does not hide it");
  stage.forgive("unreachable");
  await told.getByRole("button", { name: "Reload" }).click();
  await told.waitFor({ state: "detached" });
  await until(() => names.inputValue(), (text) => text === "@ada @grace", "what was typed is back");
});

test("of a secret nothing is kept", async () => {
  const page = await stage.open("/connect");
  await page.locator("main button").first().waitFor();
  await page.evaluate(() => {
    const field = document.createElement("input");
    field.type = "password";
    field.value = "hunter2";
    document.querySelector("main")!.append(field);
    dispatchEvent(new ErrorEvent("error", { error: new WebAssembly.RuntimeError("unreachable") }));
  });
  await page.getByRole("alertdialog").waitFor();
  stage.forgive("unreachable");
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes("hunter2"));
});

test("a part that a deployment took away has the page loaded anew, once", async () => {
  const page = await stage.open("/followers");
  await page.locator(".roster .who").first().waitFor();
  await page.route(/live_map.*\.js/, (route) => route.fulfill({ status: 404 }));
  let loads = 0;
  page.on("domcontentloaded", () => (loads += 1));
  await page.getByRole("link", { name: "Live", exact: true }).first().click();
  await until(() => loads, (times) => times === 1, "the page is loaded anew");
  await page.locator(".live-strip").waitFor();
  await drawn(page, 60);
  assert.equal(loads, 1, "and not again");
  stage.forgive("404");
  stage.forgive("dynamically imported");
});

test("a missing file is no page, and a missing page says so", async () => {
  const page = await stage.open("/nothing/here");
  await page.getByText("There is no such page").waitFor();
  stage.forgive("404");
  assert.equal((await page.request.get(`${stage.mock.url}/assets/gone-1234.js`)).status(), 404);
});

test("without a network the page says so, and asks anew when it is back", async () => {
  const page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  await page.context().setOffline(true);
  await page.getByText("There is no network").waitFor();
  await page.keyboard.press("n");
  await page.getByText("Roost does not answer").first().waitFor();
  await page.context().setOffline(false);
  await page.getByText("There is no network").waitFor({ state: "detached" });
  await page.locator(".person").first().waitFor();
  await until(() => page.getByText("Roost does not answer").count(), (failed) => failed === 0, "nothing stays failed");
  stage.forgive("ERR_INTERNET_DISCONNECTED");
  stage.forgive("WebSocket");
});

test("what an address asks for and is not there is said, with the way back", async () => {
  const page = await stage.open("/?account=99&period=9d&from=0001-01-01&person=abc");
  await page.getByText("There is no account 99 here").waitFor();
  await page.getByText("“period=9d”").waitFor();
  await page.getByRole("button", { name: "All right" }).click();
  await page.getByText("There is no account 99 here").waitFor({ state: "detached" });
  assert.equal(stage.path(), "/");
});

test("a button pressed twice does its thing once", async () => {
  const page = await stage.open("/collection");
  await page.getByRole("button", { name: "Run a full check" }).dblclick();
  const dialog = page.locator("dialog[open]");
  await dialog.waitFor();
  await dialog.locator("button.primary").dblclick();
  await until(() => stage.asked("POST", "/crawl"), (times) => times > 0, "the check is begun");
  await page.goto(`${stage.mock.url}/settings`);
  await page.getByRole("button", { name: /Add a place/ }).click();
  await page.getByLabel("Address of the channel's webhook").fill("https://discord.com/api/webhooks/1/x");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Test", exact: true }).first().dblclick();
  await page.getByText("A test is on its way").waitFor();
  assert.deepEqual([stage.asked("POST", "/crawl"), stage.asked("POST", "/test")], [1, 1]);
});

test("signing out asks nothing more, and names nobody", async () => {
  const page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  await page.getByRole("button", { name: "Settings and more" }).click();
  await page.getByRole("button", { name: /Sign out/ }).click();
  await page.locator(".sign-in").waitFor();
  assert.equal(await page.title(), "Sign in · Roost");
  const out = stage.mock.calls.findIndex(({ method, path }) => method === "DELETE" && path === "/session");
  const after = stage.mock.calls.slice(out + 1).map(({ path }) => path);
  assert.deepEqual(after.filter((path) => path !== "/status"), []);
});
