// What a person finds again, undoes and reaches: zooms, places in long lists, zones, people by
// name, who left as a list, the week's news, a period's tweets, the first run. Every test also
// fails on a console error or a breach of the CSP.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { manifest, people, tweets, zip } from "./archives.ts";
import { drawn, rest, Stage, until } from "./stage.ts";

const stage = new Stage();
const path = (): string => stage.path();

/** The last question of a path. */
const asked = (part: string): URLSearchParams | undefined =>
  stage.mock.calls.filter((call) => call.method === "GET" && call.path.endsWith(part)).at(-1)?.query;

/** Drags from one day of the last 30 to another. */
async function drag(page: Page, from: number, to: number, days: number): Promise<void> {
  await page.locator(".tide-canvas .u-over").waitFor();
  const box = await page.locator(".tide-canvas .u-over").boundingBox();
  assert.ok(box);
  const at = (bucket: number): number => box.x + (box.width * (bucket + 0.5)) / days;
  await page.mouse.move(at(from), box.y + 60);
  await page.mouse.down();
  await page.mouse.move(at(to), box.y + 60, { steps: 8 });
  await page.mouse.up();
}

test("Escape and a button undo a zoom, one after the other", async () => {
  const page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  const undo = page.getByRole("button", { name: /Undo the zoom/ });
  assert.equal(await undo.count(), 0, "nothing to undo");
  await drag(page, 20, 26, 30);
  await until(path, (at) => at.includes("from=2026-11-12&to=2026-11-18"), "zoomed");
  await drawn(page);
  await drag(page, 1, 3, 7);
  await until(path, (at) => at.includes("from=2026-11-13&to=2026-11-15"), "and further");
  await page.keyboard.press("Escape");
  await until(path, (at) => at.includes("from=2026-11-12&to=2026-11-18"), "Escape leads back once");
  await undo.click();
  await until(path, (at) => at === "/", "the button the rest of the way");
  await undo.waitFor({ state: "detached" });
});

test("a period chosen otherwise is no zoom", async () => {
  const page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  await drag(page, 20, 26, 30);
  await page.getByRole("button", { name: /Undo the zoom/ }).waitFor();
  await page.keyboard.press("n");
  await until(path, (at) => at === "/?period=91d", "another period");
  await page.keyboard.press("Escape");
  await drawn(page);
  assert.equal(path(), "/?period=91d");
});

test("Back leads to the place in a long list", async () => {
  const page = await stage.open("/followers");
  const first = async (): Promise<number> => Number(await page.locator(".roster tbody tr[aria-rowindex]").first().getAttribute("aria-rowindex"));
  await page.locator(".roster tbody tr").nth(20).waitFor();
  for (let times = 0; times < 3; times += 1) {
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const pages = times + 2;
    await until(() => stage.mock.calls.filter((call) => call.path.endsWith("/followers") && call.query.get("limit") === "200").length, (count) => count >= pages, "further pages");
    await drawn(page, 5);
  }
  await page.evaluate(() => scrollTo(0, 16_000));
  await until(first, (row) => row > 300, "far down");
  const place = await rest(() => page.evaluate(() => scrollY), (a, b) => a === b, "scrolled");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.locator(".tweet-row .metric").first().waitFor();
  assert.equal(await page.evaluate(() => scrollY), 0, "another page begins at its top");
  const before = stage.mock.calls.length;
  await page.goBack();
  await until(() => page.evaluate(() => scrollY), (top) => Math.abs(top - place) < 3, "the place");
  await until(first, (row) => row > 300, "with its rows");
  const again = stage.mock.calls.slice(before).filter((call) => call.path.endsWith("/followers") && !call.query.has("cursor") && call.query.get("limit") === "200");
  assert.deepEqual(again.length, 0, "without asking for them anew");
});

for (const width of [320, 390, 768, 1440]) {
  test(`zone and link are at hand at ${width} px`, async () => {
    const page = await stage.open("/", { width, height: 844 });
    await page.locator(".person").first().waitFor();
    const zone = page.locator(".choice.zone select");
    assert.ok(await zone.isVisible());
    assert.ok((await zone.locator("option").count()) > 300, "every zone can be chosen");
    await zone.selectOption("Asia/Tokyo");
    await until(path, (at) => at === "/?tz=Asia/Tokyo", "the address names it");
    const link = page.locator(".filters .copy-link");
    assert.ok(await link.isVisible());
    const labels = await page.locator(".filters .choice > span").allInnerTexts();
    assert.deepEqual(labels, ["Compare with", "By", "Zone"]);
  });
}

test("Ctrl-K finds people, whatever the accents and the order of words", async () => {
  const page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("garcia zoe");
  const found = page.locator("#commands li .name");
  await until(() => found.allTextContents(), (names) => names.length > 0 && names.every((name) => name === "Zoë García"), "people of that name");
  assert.deepEqual(await stage.accessibility(), []);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Person" }).waitFor();
  assert.match(path(), /^\/followers\?person=\d+$/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("qqqqq");
  await page.getByText("No such command, and nobody of that name.").waitFor();
});

test("who left is a list: why, for how long, when, newest first", async () => {
  const page = await stage.open("/followers?filter=left");
  await page.locator(".roster tbody td.why").nth(3).waitFor();
  assert.equal(asked("/followers")?.get("sort"), "-left");
  assert.deepEqual(await page.locator(".roster thead th").allInnerTexts(), ["Person", "Followers", "Why", "Followed for", "Left"]);
  assert.equal(await page.locator("th[aria-sort=descending]").innerText(), "Left");
  const times = await page.locator(".roster tbody td.left-at time").evaluateAll((all) => all.map((one) => Date.parse(one.getAttribute("datetime") ?? "")));
  assert.deepEqual(times, [...times].sort((one, other) => other - one));
  await page.getByRole("button", { name: "Suspended by X" }).click();
  await until(path, (at) => at === "/followers?reason=suspended&filter=left", "the address names the reason");
  await until(() => page.locator(".roster tbody td.why").allInnerTexts(), (words) => words.length > 0 && words.every((word) => word === "suspended by X"), "only that reason");
  assert.match((await page.locator("h1.told").textContent()) ?? "", /^Left, last 30 days, suspended by X/);
  await page.getByRole("button", { name: "Suspended by X" }).click();
  await page.locator(".narrowing select").selectOption("1000");
  await page.getByRole("button", { name: "Hardly write" }).click();
  await until(path, (at) => at === "/followers?filter=left&inactive=true&followers_min=1000", "the address holds them");
  await until(() => asked("/followers")?.get("followers_min"), (least) => least === "1000", "the server narrows");
  await page.getByRole("button", { name: "CSV: Left" }).click();
  const href = await page.locator("#list-files a").first().getAttribute("href");
  assert.match(href ?? "", /filter=left.*inactive=true&followers_min=1000/, "the file is the list");
  await page.keyboard.press("Escape");
  assert.deepEqual(await stage.accessibility(), []);
  await page.getByRole("button", { name: "Came back" }).click();
  await until(path, (at) => at === "/followers?filter=returned", "another list has other choices");
});

test("the second sentence says the week's news and opens the list behind it", async () => {
  const page = await stage.open("/");
  const news = page.locator(".news a");
  await news.waitFor();
  const said = /^This week (\d+) left.*; the biggest: @\w+, [\d.]+K? followers, followed you for .*\.$/.exec((await news.textContent()) ?? "");
  assert.ok(said, (await news.textContent()) ?? "");
  await news.click();
  await until(path, (at) => at === "/followers?period=7d&filter=left", "the list");
  await until(() => page.locator(".roster tbody td.why").count(), (rows) => rows === Number(said[1]), "of as many people");
});

test("a week without a loss is told as one", async () => {
  stage.mock.reset({ quiet: true });
  const page = await stage.open("/");
  await page.locator(".news", { hasText: "This week nobody left." }).waitFor();
});

test("tweets open with the period's totals, and the heading says what the period does", async () => {
  const page = await stage.open("/tweets");
  await page.locator(".tweet-totals .figure").nth(3).waitFor();
  assert.deepEqual(await page.locator(".tweet-totals dt").allInnerTexts(), ["Written", "Impressions", "Engagements", "Engagement rate"]);
  const [written, impressions, engagements, rate] = await page.locator(".tweet-totals .number").allInnerTexts();
  const number = (text: string): number => Number(text.replace(/[+,]/g, ""));
  assert.ok(number(written) > 0);
  assert.equal(rate, `${((number(engagements) / number(impressions)) * 100).toFixed(2)} %`);
  const note = page.locator(".tweets-head > div > .note").first();
  assert.match(await note.innerText(), /^Whenever they were written\. .* in the period, last 30 days\.$/);
  await page.getByRole("button", { name: "Written in the period" }).click();
  await until(() => note.innerText(), (text) => !text.includes("Whenever"), "the period filters now");
  assert.equal(await page.locator(".tweet-row path").evaluateAll((paths) => paths.filter((one) => (one.getAttribute("d") ?? "").lastIndexOf("M") > 0).length), 0, "each curve is one line");
});

test("a phone meets the first tweet soon", async () => {
  const page = await stage.open("/tweets", { width: 390, height: 844 });
  await page.locator("#row-0").waitFor();
  const box = await page.locator("#row-0").boundingBox();
  assert.ok(box && box.y < 400, `at ${box?.y} px`);
  await page.getByRole("button", { name: "Filters", exact: true }).click();
  await page.getByRole("button", { name: "Replies" }).click();
  await page.getByRole("button", { name: "Filters: 1" }).waitFor();
});

test("the archive says whose it is where an account is begun", async () => {
  stage.mock.reset({ accounts: "none" });
  const page = await stage.open("/begin");
  await page.locator(".way").nth(3).waitFor();
  await page.getByRole("radio").nth(1).check();
  const start = page.getByRole("button", { name: "Start" });
  assert.ok(await start.isDisabled());
  const choose = async (name: string, buffer: Buffer): Promise<void> => page.locator(".way input[type=file]").setInputFiles({ name, mimeType: "application/zip", buffer });
  await choose("holiday.zip", await zip({ "a.txt": "no archive of X" }));
  await page.locator(".way .trouble").waitFor();
  assert.ok(await start.isDisabled());
  await choose("archive.zip", await zip({ "data/manifest.js": manifest("12"), "data/follower.js": people("30", "4"), "data/tweets.js": tweets("1700000000000000001") }));
  await page.getByText("X's archive of @tidewater.").waitFor();
  assert.equal(stage.asked("POST", "/accounts"), 0, "nothing before Start");
  await start.click();
  await until(path, (at) => at.startsWith("/collection"), "on to the import");
  const post = stage.mock.calls.find((call) => call.method === "POST" && call.path === "/accounts");
  assert.deepEqual(JSON.parse(post?.body ?? "{}"), { id: "12", username: "tidewater", schedule: null, monthly_cap_usd: null, verify: null, read: false });
  await page.locator(".archive", { hasText: "2 followers, 1 tweet" }).waitFor();
});

test("signing in at X is offered first, and leads to the account", async () => {
  stage.mock.reset({ accounts: "none", keys: ["client"] });
  const page = await stage.open("/begin");
  await page.locator(".way").nth(3).waitFor();
  await page.getByRole("radio").first().check();
  assert.equal(await page.getByRole("link", { name: "Sign in with X" }).getAttribute("href"), "/auth/x/start");
  stage.mock.scene.keys = ["client", "user-12"];
  await page.reload();
  await page.getByRole("radio").first().check();
  await page.getByText("Signed in as @tidewater.").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await until(() => stage.asked("POST", "/accounts"), (times) => times === 1, "the account is added");
});

test("filters that let nothing pass on Live say so, and can be let go", async () => {
  const page = await stage.open("/live?words=zzzz");
  await page.getByText("No tweet has passed these filters yet").waitFor();
  await page.getByRole("button", { name: "Show every tweet" }).click();
  await until(path, (at) => at === "/live", "the address is free of them");
});
