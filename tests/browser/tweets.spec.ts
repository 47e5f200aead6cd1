// The Tweets place in a real browser against the stand-in: what a person does with it. Every test
// also fails on a console error or a breach of the CSP. Needs dist/ (`cargo xtask build`).
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { Stage, until, type Opening } from "./stage.ts";

const stage = new Stage();
let page: Page;

const open = async (address: string, opening?: Opening): Promise<void> => {
  page = await stage.open(address, opening);
};
const path = (): string => stage.path();
const rows = (): ReturnType<Page["locator"]> => page.locator(".tweet-rows .tweet-row");
/** How the list was asked for, newest last. */
const asked = (name: string): (string | null)[] =>
  stage.mock.calls.filter((call) => call.path.endsWith("/tweets")).map((call) => call.query.get(name));
const over = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

for (const theme of ["light", "dark"] as const) {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    test(`axe finds nothing on the tweets and on one of them in ${theme} at ${width}`, async () => {
      await open("/tweets", { theme, width, height });
      await rows().nth(5).waitFor();
      assert.deepEqual(await stage.accessibility(), []);
      assert.ok((await over()) <= 0, "nothing scrolls sideways");
      await rows().nth(6).click();
      await page.locator(".curve-canvas canvas").waitFor();
      assert.deepEqual(await stage.accessibility(), []);
      assert.ok((await over()) <= 0, "nothing scrolls sideways");
    });
  }
}

test("10,000 tweets are paged by the scroll, and only the window is drawn", async () => {
  stage.mock.reset({ tweets: "many" });
  await open("/tweets");
  await rows().nth(20).waitFor();
  assert.deepEqual(asked("limit"), ["1000"]);
  await page.evaluate(() => scrollTo(0, 50_000));
  await until(() => asked("cursor").at(-1), (cursor) => cursor === "1000", "the next page is fetched ahead");
  await until(async () => Number(await rows().first().getAttribute("aria-rowindex")), (first) => first > 700, "rows above are not kept");
  assert.ok((await rows().count()) < 60, "only the window is drawn");
  const order = await rows().evaluateAll((all) => all.map((row) => Number(row.getAttribute("aria-rowindex"))));
  assert.deepEqual(order, [...order].sort((one, other) => one - other), "in the order in which they are read out");
});

test("heads sort by a metric and by its growth, and the address holds it", async () => {
  await open("/tweets");
  await rows().nth(5).waitFor();
  await page.getByRole("button", { name: "Likes", exact: true }).click();
  await until(path, (at) => at === "/tweets?sort=-public.like_count", "the address names the order");
  await until(() => asked("sort").at(-1), (sort) => sort === "-public.like_count", "the server sorts");
  const head = page.getByRole("columnheader", { name: "Likes" });
  assert.equal(await head.getAttribute("aria-sort"), "descending");
  await head.getByRole("button", { name: "in period" }).click();
  await until(() => asked("sort").at(-1), (sort) => sort === "-growth.public.like_count", "by its growth");
  assert.match(asked("growth_from").at(-1) ?? "", /^2026-10-23T00:00:00Z$/, "growth is of the period");
  await page.goBack();
  await until(path, (at) => at.endsWith("sort=-public.like_count"), "Back undoes");
});

test("filters narrow the list, and Show every tweet widens it", async () => {
  await open("/tweets?period=7d");
  await rows().nth(5).waitFor();
  await page.getByRole("button", { name: "Replies" }).click();
  await page.getByRole("button", { name: "Written in the period" }).click();
  await page.getByLabel("Language").selectOption("de");
  await page.getByLabel("Promotion").selectOption("false");
  await until(path, (at) => at === "/tweets?period=7d&kind=reply&lang=de&promoted=false&written=period", "the address holds them");
  await until(() => asked("from").at(-1), (from) => from === "2026-11-15T00:00:00Z", "written in the period");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type("no such words");
  // The filters before may have left no tweet either.
  await until(path, (at) => at.includes("words"), "the address holds the search");
  await page.getByText("No tweet like that.").waitFor();
  await page.getByRole("button", { name: "Show every tweet" }).click();
  await rows().nth(5).waitFor();
  assert.equal(path(), "/tweets?period=7d");
});

test("columns are chosen, a few at most, and every family is told apart", async () => {
  await open("/tweets");
  await rows().nth(5).waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("group", { name: "Organic" }).getByLabel("Likes").check();
  await until(path, (at) => at.includes("columns=public.impression_count,public.like_count,public.retweet_count,organic.like_count"), "the address names them");
  await page.getByRole("columnheader", { name: "Organic Likes" }).waitFor();
  assert.equal(await rows().first().locator(".metric").count(), 4);
});

test("the keyboard walks the rows, opens one, walks on and comes back", async () => {
  await open("/tweets");
  await rows().nth(5).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("ArrowDown");
  await until(() => page.locator("#rows").getAttribute("aria-activedescendant"), (row) => row === "row-2", "the third row is meant");
  await page.keyboard.press("Enter");
  await page.locator(".curve-canvas canvas").waitFor();
  const third = path();
  assert.match(third, /^\/tweets\/\d+$/);
  await page.keyboard.press("j");
  await until(path, (at) => at !== third && at.startsWith("/tweets/"), "on to the next");
  await page.keyboard.press("Escape");
  await until(path, (at) => at === "/tweets", "Escape closes it");
  assert.equal(await page.locator(".tweet-row.chosen").getAttribute("id"), "row-3", "the place is kept");
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await until(path, (at) => at === "/", "g o leaves");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await until(path, (at) => at === "/tweets", "g t comes back");
});

test("a promoted tweet shows its parts, and the address holds scale, band, metrics and stretch", async () => {
  await open("/tweets?promoted=true");
  await rows().first().click();
  await page.locator(".legend .l2", { hasText: "Impressions, promoted" }).waitFor();
  await page.getByRole("checkbox", { name: "Log scale" }).check();
  await page.getByRole("checkbox", { name: "Your usual tweet" }).uncheck();
  await page.getByRole("button", { name: "7 days" }).click();
  await page.getByRole("button", { name: "Metrics" }).click();
  await page.getByRole("group", { name: "Public" }).getByLabel("Likes").check();
  await until(path, (at) => at.endsWith("promoted=true&metrics=public.impression_count,public.like_count,organic.impression_count,promoted.impression_count&scale=log&band=off&life=7d"), "the address holds it all");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "As table" }).click();
  await page.locator(".curve .tide-table tbody tr").nth(3).waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".curve").getByRole("button", { name: "CSV" }).click()]);
  assert.match(file.suggestedFilename(), /^tweet-\d+\.csv$/);
  await page.reload();
  await page.locator(".legend .l3").waitFor();
  assert.equal(await page.locator(".legend .band").count(), 0);
});

test("nothing is read before its price was seen and the button pressed", async () => {
  stage.mock.reset({ tweets: "off" });
  await open("/tweets");
  await page.getByText("at most about $3.20 once").waitFor();
  assert.equal(stage.asked("GET", "/tweets"), 0, "an account without tweets is asked for none");
  await page.getByRole("button", { name: "Read tweets, about $2.79 a month" }).click();
  await rows().first().waitFor();
  const change = stage.mock.calls.find((call) => call.method === "PATCH");
  assert.deepEqual(JSON.parse(change?.body ?? "{}").tweets, true);
  await page.goto(`${stage.mock.url}/settings`);
  await page.getByRole("button", { name: "Read now" }).click();
  await until(() => stage.asked("POST", "/tweets/check"), (calls) => calls === 1, "what is due is read");
  await page.getByText("Tweets: ", { exact: false }).last().waitFor();
});

test("an error of the list or of the curve stays where it is and can be retried", async () => {
  stage.mock.reset({ failing: ["/tweets"] });
  await open("/tweets");
  await page.locator(".tweet-table .failed", { hasText: "req-7f3a" }).waitFor();
  stage.mock.scene.failing = ["/series"];
  await page.locator(".tweet-table").getByRole("button", { name: "Retry" }).click();
  await rows().nth(3).click();
  await page.locator(".curve-panel .failed").waitFor();
  await page.locator(".after-card .figure").first().waitFor();
  stage.mock.scene.failing = [];
  stage.forgive("500");
  await page.locator(".curve-panel").getByRole("button", { name: "Retry" }).click();
  await page.locator(".curve-canvas canvas").waitFor();
});

test("the tide carries the tweets, names them and leads to them", async () => {
  await open("/");
  await page.locator(".best-list li").nth(5).waitFor();
  const over = page.locator(".tide-canvas .u-over");
  const box = await over.boundingBox();
  assert.ok(box);
  await page.locator(".legend .tweets").waitFor();
  // The bars' baseline lies two thirds down; a mark is somewhere along it.
  let found = false;
  for (let x = box.width - 4; x > 0 && !found; x -= 7) {
    for (const y of [0.79, 0.81, 0.83, 0.85]) {
      await page.mouse.move(box.x + x, box.y + box.height * y);
      if ((await over.evaluate((one) => (one as HTMLElement).style.cursor)) === "pointer") {
        found = true;
        break;
      }
    }
  }
  assert.ok(found, "a mark is under the pointer");
  await page.locator(".tide-tip p").first().waitFor();
  await page.mouse.down();
  await page.mouse.up();
  await until(path, (at) => at.startsWith("/tweets"), "a click leads to it");
});
