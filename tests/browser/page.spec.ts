// The page in a real browser against the stand-in: what a person does with it. Every test also
// fails on a console error or a breach of the CSP. Needs dist/ (`cargo xtask build`).
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { Mock } from "./mock.ts";
import { TOKEN } from "./mock.ts";
import { Stage, until, type Opening } from "./stage.ts";

const stage = new Stage();
let mock: Mock;
let page: Page;

const open = async (address: string, opening?: Opening): Promise<void> => {
  page = await stage.open(address, opening);
  mock = stage.mock;
};
const path = (): string => stage.path();
const asked = (method: string, part: string): number => stage.asked(method, part);
const accessibility = (): Promise<string[]> => stage.accessibility();

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on Overview, Followers and Collection in ${theme}`, async () => {
    await open("/", { theme });
    await page.locator(".tide-canvas canvas").waitFor();
    await page.locator(".person").first().waitFor();
    assert.deepEqual(await accessibility(), []);
    await page.getByRole("link", { name: "Followers", exact: true }).first().click();
    await page.locator(".roster tbody tr").nth(5).waitFor();
    assert.deepEqual(await accessibility(), []);
    await page.goto(`${mock.url}/collection`);
    await page.locator(".runs tr").nth(2).waitFor();
    assert.deepEqual(await accessibility(), []);
  });
}

test("arrow keys pick a bucket, the columns follow, Escape lets go", async () => {
  await open("/");
  await page.locator(".person").first().waitFor();
  await page.locator(".tide-canvas").focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await until(path, (at) => at.includes("day=2026-11-20"), "the address names the bucket");
  const label = await page.locator(".columns-label").textContent();
  assert.match(label ?? "", /^Fri 20 Nov: \d+ came, \d+ left$/);
  const came = Number(/(\d+) came/.exec(label ?? "")?.[1]);
  await until(() => page.locator(".column.came .person").count(), (rows) => rows === came, "one row for each");
  await page.keyboard.press("Escape");
  await until(path, (at) => !at.includes("day="), "Escape lets go");
});

test("the address holds the view, and Back undoes", async () => {
  await open("/?period=7d&compare=off&interval=day&day=2026-11-18");
  await page.locator(".columns-label", { hasText: "Wed 18 Nov" }).waitFor();
  assert.match((await page.locator(".period-button").textContent()) ?? "", /Last 7 days/);
  await page.keyboard.press("n");
  await until(path, (at) => at === "/?period=91d&compare=off&interval=day", "a key chooses a period");
  await page.keyboard.press("ArrowLeft");
  await until(path, (at) => at.includes("from=2026-05-24&to=2026-08-22"), "an arrow steps");
  await page.goBack();
  await page.goBack();
  await until(path, (at) => at.includes("day=2026-11-18"), "Back leads back");
  await page.locator(".columns-label", { hasText: "Wed 18 Nov" }).waitFor();
});

test("what is shown is saved as a table, plain or as Excel reads it", async () => {
  const links = async (button: string, menu: string): Promise<string[]> => {
    await page.getByRole("button", { name: button }).click();
    const found = page.locator(`#${menu} a`);
    await found.first().waitFor({ state: "visible" });
    return found.evaluateAll((all) => all.map((one) => (one as HTMLAnchorElement).href));
  };
  await open("/");
  await page.locator(".person").first().waitFor();
  const tide = await links("CSV", "tide-files");
  const files = (all: string[]) => all.map((href) => new URL(href).pathname.split("/").at(-1));
  assert.deepEqual(files(tide), ["series.csv", "series.csv", "events.csv", "events.csv"]);
  assert.deepEqual(tide.map((href) => new URL(href).searchParams.get("excel")), [null, "1", null, "1"]);
  assert.ok(tide.every((href) => new URL(href).searchParams.has("from")), tide.join());
  await page.goto(`${mock.url}/followers?filter=left`);
  await page.locator(".roster tbody tr").first().waitFor();
  const list = await links("CSV: Left", "list-files");
  assert.deepEqual(files(list), ["followers.csv", "followers.csv"]);
  assert.ok(list.every((href) => new URL(href).searchParams.get("filter") === "left"), list.join());
  assert.deepEqual(await accessibility(), []);
});

test("dragging over the tide zooms the period", async () => {
  await open("/");
  await page.locator(".tide-canvas .u-over").waitFor();
  const box = await page.locator(".tide-canvas .u-over").boundingBox();
  assert.ok(box);
  // Buckets are equally wide: the 10th to the 14th of 30.
  const at = (bucket: number): number => box.x + (box.width * (bucket + 0.5)) / 30;
  await page.mouse.move(at(10), box.y + 100);
  await page.mouse.down();
  await page.mouse.move(at(14), box.y + 100, { steps: 8 });
  await page.mouse.up();
  await until(path, (now) => now.includes("period=custom&from=2026-11-02&to=2026-11-06"), "the period is the stretch");
});

test("followers are searched, sorted and paged by the server", async () => {
  await open("/followers");
  await page.locator(".roster tbody tr").nth(20).waitFor();
  await page.getByRole("button", { name: "Person" }).click();
  await until(path, (at) => at.includes("sort=name"), "the address names the order");
  assert.equal(await page.locator("th[aria-sort=ascending]").textContent(), "Person");
  await page.locator(".cell-person .name", { hasText: "Ada Abara" }).first().waitFor();
  await page.mouse.wheel(0, 7_000);
  await until(() => mock.calls.some((call) => call.query.get("cursor") === "200"), Boolean, "the next page is fetched ahead");
  await until(async () => Number(await page.locator(".roster tbody tr[aria-rowindex]").first().getAttribute("aria-rowindex")), (first) => first > 100, "rows above are not kept");
  const drawn = await page.locator(".roster tbody tr").count();
  assert.ok(drawn < 90, `only the window is drawn, not ${drawn} rows`);
  await page.keyboard.press("/");
  await page.keyboard.type("zoë chen");
  await until(() => mock.calls.filter((call) => call.query.get("q") !== null).map((call) => call.query.get("q")), (asked) => asked.at(-1) === "zoë chen", "typing ends in a search");
  await until(() => page.locator(".cell-person .name").allTextContents(), (names) => names.length > 0 && names.every((name) => name === "Zoë Chen"), "only matches remain");
  const asked_for = mock.calls.filter((call) => call.query.get("q") !== null);
  assert.ok(asked_for.length <= 2, "not one question per letter");
});

test("what needs the list of whom one follows is offered once that was read", async () => {
  await open("/followers");
  const chips = page.getByRole("group", { name: "Filter" }).getByRole("button");
  await page.locator(".roster tbody tr").nth(5).waitFor();
  assert.deepEqual(await chips.allTextContents(), ["Came", "Left", "Came back", "Mutual", "Muted"]);
  mock.scene.following = true;
  await page.reload();
  await page.locator(".roster .chip", { hasText: "mutual" }).first().waitFor();
  await chips.nth(6).waitFor();
  assert.deepEqual((await chips.allTextContents()).slice(5), ["Left, you still follow", "Not following back"]);
  const filters: [string, string, RegExp][] = [
    ["Mutual", "mutual", /^You follow each other$/],
    ["Left, you still follow", "mutual_left", /^Left though you follow them, last 30 days$/],
    ["Not following back", "not_back", /^You follow them, they do not follow you$/],
  ];
  for (const [label, word, told] of filters) {
    const chip = chips.filter({ hasText: new RegExp(`^${label}$`) });
    await chip.click();
    await until(path, (at) => at === `/followers?filter=${word}`, "the address names the filter");
    await until(() => page.locator("h1.told").textContent(), (text) => told.test(text ?? ""), "the heading says who");
    await page.locator(".roster tbody tr").first().waitFor();
    assert.equal(await chip.getAttribute("aria-pressed"), "true");
    const last = mock.calls.filter((call) => call.path.endsWith("/followers")).at(-1);
    assert.equal(last?.query.get("filter"), word);
    assert.equal(last?.query.has("from"), word === "mutual_left", "only who left is of a period");
  }
  await chips.filter({ hasText: /^Not following back$/ }).click();
  await until(path, (at) => at === "/followers", "a second press takes it off");
});

test("a person opens in a drawer that the address keeps, with mute and note", async () => {
  await open("/followers?filter=left");
  await page.locator(".roster tbody tr .name").first().click();
  await page.getByRole("dialog", { name: "Person" }).waitFor();
  assert.match(path(), /person=\d+/);
  await page.getByRole("button", { name: "Mute", exact: true }).click();
  await page.getByRole("button", { name: "Muted", pressed: true }).last().waitFor();
  await page.getByLabel("Your note").fill("met at the harbour");
  await page.getByRole("button", { name: "Save" }).click();
  await until(() => mock.calls.filter((call) => call.method === "PATCH").map((call) => call.body), (bodies) => bodies.length === 2, "both are sent");
  assert.match(mock.calls.filter((call) => call.method === "PATCH")[1].body, /met at the harbour/);
  await page.reload();
  await page.getByRole("dialog", { name: "Person" }).waitFor();
  await page.keyboard.press("Escape");
  await until(path, (at) => !at.includes("person="), "Escape closes it");
});

test("the first run starts nothing before Start", async () => {
  stage.mock.reset({ accounts: "none" });
  await open("/");
  await page.locator(".way").nth(3).waitFor();
  assert.deepEqual(await page.locator(".way-text strong").allTextContents(), ["Sign in with X", "X's archive of your account", "Your own account, with your own keys", "Any public account, with a bearer token"]);
  assert.deepEqual(await page.locator(".way-price strong").allTextContents(), ["about $10, expected", "free", "about $10, expected", "about $100"]);
  await page.getByRole("radio").nth(3).check();
  assert.equal(await page.getByRole("link", { name: "Paste keys, with each step" }).getAttribute("href"), "/connect");
  assert.ok(await page.getByRole("button", { name: "Start" }).isDisabled(), "nothing to start without the token");
  await page.getByRole("radio").nth(1).check();
  assert.ok(await page.getByRole("button", { name: "Start" }).isDisabled(), "nor without an archive");
  await page.getByRole("radio").nth(2).check();
  assert.equal(mock.calls.filter((call) => call.method !== "GET").length, 0, "looking costs nothing");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByText("We know your count from now on.").waitFor();
  assert.equal(asked("POST", "/accounts"), 1);
  assert.equal(asked("POST", "/crawl"), 0, "a full check is a second step");
  await page.getByRole("button", { name: /Run a full check, about \$10/ }).click();
  assert.equal(asked("POST", "/crawl"), 0, "its price is shown first");
  await page.getByRole("dialog").getByRole("button", { name: /Run a full check/ }).click();
  await until(() => asked("POST", "/crawl"), (calls) => calls === 1, "the second press starts it");
});

test("an error stays in its panel, names its request, and can be retried", async () => {
  stage.mock.reset({ failing: ["/series"] });
  await open("/");
  await page.locator(".tide-panel .failed", { hasText: "req-7f3a" }).waitFor();
  await page.locator(".column.came .person").first().waitFor();
  mock.scene.failing = [];
  stage.forgive("500");
  await page.locator(".tide-panel").getByRole("button", { name: "Retry" }).click();
  await page.locator(".tide-canvas canvas").waitFor();
});

test("a phone has no sideways scroll, and shows one list at a time", async () => {
  await open("/", { width: 390, height: 844 });
  await page.locator(".column.came .person").first().waitFor();
  const over = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await over()) <= 0);
  assert.equal(await page.locator(".column.left").isVisible(), false);
  await page.getByRole("button", { name: "Left", exact: true }).click();
  await page.locator(".column.left .person").first().waitFor();
  await page.locator(".tabs").getByRole("link", { name: "Followers" }).click();
  await page.locator(".roster tbody tr").nth(5).waitFor();
  assert.ok((await over()) <= 0);
  await page.goto(`${mock.url}/collection`);
  await page.locator(".runs tr").nth(2).waitFor();
  assert.ok((await over()) <= 0);
});

test("whoever is not signed in signs in and comes back; a token in the address does it alone", async () => {
  stage.mock.reset({ signedIn: false });
  await open("/followers?filter=left");
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("This is not the token.").waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".roster tbody tr").nth(2).waitFor();
  assert.equal(path(), "/followers?filter=left");
  stage.mock.reset({ signedIn: false });
  await page.goto(`${mock.url}/?period=7d#token=${TOKEN}`);
  await page.reload();
  await page.locator(".tide-canvas canvas").waitFor();
  assert.equal(path(), "/?period=7d", "the token is out of the address");
  assert.ok(asked("POST", "/session") >= 1, "it was traded for a cookie");
  stage.forgive("401");
});
