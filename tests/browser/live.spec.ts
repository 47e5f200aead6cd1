// The Live page in a real browser against the stand-in's stream: what comes is seen, what is
// missed is said, what is deleted goes.
//
// Runs first: a map drawn without a graphics card takes minutes in all.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { drawn, rest, Stage, until, type Opening } from "./stage.ts";
import * as poll from "../poll.ts";
import type { LiveEvent, LiveStream } from "./tweets.ts";

const stage = new Stage(true);
let page: Page;

const live = (): LiveStream => stage.mock.live;
const path = (): string => stage.path();
const texts = (): Promise<string[]> => page.locator(".feed-row .tweet-text").allTextContents();
const state = (): Promise<string | null> => page.locator(".strip-state").textContent();
/** What clients said, but pings. */
const said = (kind: string): { after?: number; [field: string]: unknown }[] => live().heard.map((text) => JSON.parse(text)).filter((message) => message.t === kind);

/** Opens the page and waits for its socket. */
async function open(address = "/live", opening?: Opening): Promise<void> {
  page = await stage.open(address, opening);
  await until(() => live().viewers, (viewers) => viewers === 1, "a socket is open");
  await until(() => said("resume").length, (count) => count > 0, "it has asked for what was");
}

/** Sends one tweet now. */
function send(body: string, place: Record<string, unknown> | null = null, own: Record<string, unknown> = {}): LiveEvent {
  const made = live().tweet({ body, ...own }, place);
  live().flush();
  return made;
}

const BERLIN = { precision: "exact", lon: 13.4, lat: 52.52, radius_m: 0, country: "DE" };

/** The map is drawn, and Berlin is this far from its corner. */
async function map(): Promise<{ x: number; y: number }> {
  await page.locator(".map-ground canvas").waitFor();
  await until(() => stage.loaded.some((url) => /basemap/.test(url)), Boolean, "its ground is asked for");
  await rest(() => page.locator(".map-host").screenshot(), (a, b) => a.equals(b), "the map to be drawn");
  const box = await page.locator(".map-host").boundingBox();
  assert.ok(box);
  const world = 512 * 2 ** 4;
  const square = (lon: number, lat: number): [number, number] => [lon / 360 + 0.5, (1 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / Math.PI) / 2];
  const [x, y] = square(13.4, 52.52);
  const [centreX, centreY] = square(10, 50);
  return { x: box.x + box.width / 2 + (x - centreX) * world, y: box.y + box.height / 2 + (y - centreY) * world };
}
const CLOSE = "/live?camera=10,50,4";
const picture = ({ x, y }: { x: number; y: number }): Promise<Buffer> => page.screenshot({ clip: { x: x - 12, y: y - 12, width: 24, height: 24 } });

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on Live in ${theme}, in any tab`, async () => {
    await open("/live", { theme });
    for (let count = 0; count < 8; count += 1) send(`Tweet ${count} #tea`, count % 2 ? BERLIN : null);
    await page.locator(".feed-row").nth(7).waitFor();
    await page.locator(".map-ground canvas").waitFor();
    assert.deepEqual(await stage.accessibility(), []);
    for (const [tab, ready] of [["Countries", ".country-name"], ["Coverage", ".coverage-table td"], ["Stream", ".rule-list li"]]) {
      await page.locator(".live-tabs").getByRole("link", { name: tab }).click();
      await page.locator(ready).first().waitFor();
      assert.deepEqual(await stage.accessibility(), [], tab);
    }
  });
}

test("what was there before fills the list, and what comes is on top", async () => {
  await stage.open("/");
  page = stage.page;
  live().past(400, 10, (count) => ({ body: `Old ${count}` }), null);
  await page.locator("nav").getByRole("link", { name: "Live", exact: true }).first().click();
  await until(texts, (all) => all.length === 200, "the list is full");
  send("And now this");
  await until(texts, (all) => all[0] === "And now this" && all.length === 200, "the newest is first, the oldest is gone");
  assert.equal((await texts())[1], "Old 399");
  assert.equal(await state(), "Live");
});

test("nothing of the map is loaded before the Live page is opened", async () => {
  page = await stage.open("/");
  await page.locator(".person").first().waitFor();
  assert.deepEqual(stage.loaded.filter((url) => /live_map|maplibre|basemap/.test(url)), []);
  const home = new URL(stage.mock.url).host;
  await page.goto(`${stage.mock.url}/live`);
  await map();
  assert.deepEqual(stage.loaded.filter((url) => !url.startsWith("blob:") && !url.startsWith("data:") && new URL(url).host !== home), [], "and nothing comes from elsewhere");
});

test("the list stands still under the pointer; a pill says what waits", async () => {
  await open();
  send("First");
  await page.locator(".feed-row").first().waitFor();
  await page.locator(".feed-list").hover({ position: { x: 100, y: 40 } });
  for (let count = 0; count < 12; count += 1) send(`New ${count}`);
  await page.getByRole("button", { name: "12 new tweets" }).waitFor();
  assert.deepEqual(await texts(), ["First"]);
  await page.getByRole("button", { name: "12 new tweets" }).click();
  await until(texts, (all) => all.length === 13 && all[0] === "New 11", "they are shown");
  await page.mouse.move(300, 400);
  send("Moving again");
  await until(texts, (all) => all[0] === "Moving again", "the list moves again");
});

test("a text keeps its letters, its links lead where X says, a sensitive one waits for a click", async () => {
  await open();
  const body = "🍵 #tea https://t.co/a1 <b>not bold</b>";
  send(body, null, { username: "ada", id: "1234567890123456789" });
  const row = page.locator(".feed-row").first();
  assert.equal(await row.locator(".tweet-text").textContent(), "🍵 #tea example.org/cycling <b>not bold</b>");
  assert.equal(await row.getByRole("link", { name: "#tea" }).getAttribute("href"), "https://x.com/hashtag/tea");
  assert.equal(await row.getByRole("link", { name: "View on X" }).getAttribute("href"), "https://x.com/ada/status/1234567890123456789");
  assert.equal(await row.locator(".who").getAttribute("href"), "https://x.com/ada");
  send("Not for everyone", null, { sensitive: true });
  await page.getByText("X marks this as possibly sensitive.").waitFor();
  assert.equal(await page.getByText("Not for everyone").count(), 0);
  await page.getByRole("button", { name: "Show it" }).click();
  await page.getByText("Not for everyone").waitFor();
});

test("a blip appears where its tweet was and opens its card", async () => {
  await open(CLOSE);
  const berlin = await map();
  const empty = await picture(berlin);
  await page.keyboard.press("p");
  await page.keyboard.press("p");
  send("Guten Morgen, Berlin", BERLIN);
  await until(() => picture(berlin), (now) => !now.equals(empty), "it is drawn");
  await page.keyboard.press("p");
  await page.mouse.move(berlin.x + 1, berlin.y + 1);
  await page.locator(".map-card", { hasText: "Guten Morgen, Berlin" }).waitFor();
  await page.mouse.click(berlin.x + 1, berlin.y + 1);
  await page.locator(".map-card.pinned").waitFor();
  await page.mouse.move(200, 700);
  await page.locator(".map-card.pinned").getByRole("link", { name: "View on X" }).waitFor();
  await page.getByRole("button", { name: "Close" }).last().click();
  await page.locator(".map-card").waitFor({ state: "hidden" });
});

test("a blip is gone after ten seconds, and with little motion it does not fade before", async () => {
  await open(CLOSE, { still: true });
  const berlin = await map();
  const empty = await picture(berlin);
  send("Here", BERLIN);
  const first = await until(() => picture(berlin), (now) => !now.equals(empty), "it is drawn");
  const others: Buffer[] = [];
  // Ten seconds of the page's own clock: each look shows it whole, or gone.
  await poll.until("the blip to go", async () => {
    const now = await picture(berlin);
    if (now.equals(empty)) return true;
    if (!now.equals(first)) others.push(now);
    return false;
  }, { patience: 40_000, every: 200 });
  assert.equal(others.length, 0, "it does not fade");
});

/** How much darker or lighter than the ground a place of the map is, at most, in a square of 5 pixels. */
async function ink({ x, y }: { x: number; y: number }): Promise<number> {
  const shot = await page.screenshot({ clip: { x: x - 2, y: y - 2, width: 5, height: 5 } });
  return page.evaluate(async (data) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(data)], { type: "image/png" }));
    const pen = new OffscreenCanvas(5, 5).getContext("2d")!;
    pen.drawImage(bitmap, 0, 0);
    const { data: pixels } = pen.getImageData(0, 0, 5, 5);
    // Ground and sea are grey; every kind of blip has a colour.
    let most = 0;
    for (let at = 0; at < pixels.length; at += 4) most = Math.max(most, Math.max(pixels[at], pixels[at + 1], pixels[at + 2]) - Math.min(pixels[at], pixels[at + 1], pixels[at + 2]));
    return most;
  }, [...shot]);
}

test("a place is a ring of its size, small or wide, and nothing in its middle", async () => {
  for (const [radius_m, reach] of [
    [30_000, 10],
    [300_000, 101],
  ]) {
    await open(CLOSE, { still: true });
    const berlin = await map();
    send("Somewhere there", { ...BERLIN, precision: "place", radius_m });
    const line = { x: berlin.x + reach, y: berlin.y };
    await until(() => ink(line), (colour) => colour > 60, `a line ${reach} pixels away`);
    assert.ok((await ink(berlin)) < 30, "its middle is empty");
    assert.ok((await ink({ x: berlin.x + reach + 9, y: berlin.y })) < 30, "and so is what lies outside");
    await page.context().close();
  }
});

test("a lost drawing context comes back with what is alive", async () => {
  await open(CLOSE, { still: true });
  const berlin = await map();
  send("Here", BERLIN);
  await until(() => ink(berlin), (colour) => colour > 60, "it is drawn");
  const lose = (): Promise<void> =>
    page.evaluate(async () => {
      const canvas = document.querySelector<HTMLCanvasElement>(".map-blips")!;
      const extension = canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!;
      const lost = new Promise((done) => canvas.addEventListener("webglcontextlost", done, { once: true }));
      extension.loseContext();
      await lost;
      // Only once all who listen were told may it come back.
      await new Promise((done) => requestAnimationFrame(done));
      extension.restoreContext();
    });
  await lose();
  await until(() => ink(berlin), (colour) => colour > 60, "it is drawn again");
});

test("without WebGL for them blips are drawn on a plain canvas", async () => {
  await open(CLOSE, { still: true });
  await page.addInitScript(() => {
    const usual = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...asked: Parameters<typeof usual>) {
      return this.className === "map-blips" && asked[0] === "webgl2" ? null : usual.apply(this, asked);
    } as typeof usual;
  });
  await page.reload();
  const berlin = await map();
  send("Here", BERLIN);
  await until(() => ink(berlin), (colour) => colour > 60, "it is drawn");
});

test("a country is a number, not a dot", async () => {
  await open(CLOSE);
  await map();
  send("a", { ...BERLIN, precision: "country" });
  send("b", { ...BERLIN, precision: "country" });
  await until(() => page.locator(".map-number:visible").allTextContents(), (texts) => texts.join() === "2", "it stands on the country");
});

test("what is deleted goes at once from list, card and map", async () => {
  await open(CLOSE);
  const berlin = await map();
  const empty = await picture(berlin);
  send("Stays");
  const gone = send("Goes away", BERLIN);
  await page.locator(".feed-row", { hasText: "Goes away" }).waitFor();
  await until(() => picture(berlin), (now) => !now.equals(empty), "the blip is drawn");
  await page.mouse.click(berlin.x, berlin.y);
  await page.locator(".map-card.pinned").waitFor();
  await page.keyboard.press("p");
  const waiting = send("Goes away unseen");
  live().push({ kind: "notice", about: "delete", text: "Two tweets were deleted.", tweets: [gone.id, waiting.id] });
  live().flush();
  await until(texts, (all) => all.join() === "Stays", "the row is gone, also while paused");
  await page.locator(".map-card").waitFor({ state: "hidden" });
  await page.mouse.move(200, 700);
  await until(() => picture(berlin), (now) => now.equals(empty), "the blip is gone");
  await page.keyboard.press("p");
  send("Later");
  await until(texts, (all) => all.join() === "Later,Stays", "what was deleted while it waited never shows");
});

test("a cut connection says so, comes back by itself and misses nothing", async () => {
  await open();
  send("Before");
  await page.locator(".feed-row").first().waitFor();
  const last = said("resume").length;
  live().refuse = 1;
  live().drop();
  await until(state, (text) => /^Reconnecting in \d+ s$/.test(text ?? ""), "the state is told");
  send("Meanwhile 1");
  send("Meanwhile 2");
  await until(texts, (all) => all.join() === "Meanwhile 2,Meanwhile 1,Before", "what came meanwhile is there, once");
  await until(state, (text) => text === "Live", "and says so");
  assert.equal(said("resume").length, last + 1);
  assert.equal(said("resume").at(-1)?.after, 1);
  stage.forgive("WebSocket");
});

test("what was not observed is a line in the list", async () => {
  await open();
  send("Before");
  live().gap(312, "slow");
  send("After");
  await page.locator(".feed-gap").waitFor();
  assert.equal(await page.locator(".feed-gap").textContent(), "Not observed: up to 312 tweets. This page read too slowly.");
  assert.deepEqual(await texts(), ["After", "Before"]);
});

test("a refusal is told and not repeated", async () => {
  await open();
  await page.clock.install();
  live().drop(4401);
  await until(state, (text) => text === "Refused", "it is told");
  // Whatever waits in the page for its time has had it.
  await page.clock.runFor(120_000);
  assert.equal(live().viewers, 0);
  await page.getByRole("button", { name: "Try again" }).click();
  await until(state, (text) => text === "Live", "who asks again is let in");
});

test("filters are asked of the server and kept in the address", async () => {
  await open("/live?lang=de");
  assert.deepEqual(said("subscribe").at(-1)?.lang, ["de"]);
  send("Hallo Welt", null, { lang: "de" });
  send("Hello world", null, { lang: "en" });
  await until(texts, (all) => all.join() === "Hallo Welt", "only what passes is shown");
  await page.getByPlaceholder("Words in the text").fill("welt");
  await until(path, (at) => at === "/live?words=welt&lang=de", "the address names the words");
  await until(() => said("subscribe").at(-1)?.text, (text) => text === "welt", "the server is told");
  await until(texts, (all) => all.join() === "Hallo Welt", "what passed before is there again");
  await page.getByLabel("Language").selectOption("");
  await page.getByRole("button", { name: "Clear" }).click();
  await until(path, (at) => at === "/live", "all are let go");
  await until(texts, (all) => all.join() === "Hello world,Hallo Welt", "and everything shows");
});

test("a box drawn on the map filters by area", async () => {
  await open(CLOSE);
  const berlin = await map();
  await page.getByRole("button", { name: "Draw an area to filter by" }).click();
  await page.mouse.move(berlin.x - 60, berlin.y - 60);
  await page.mouse.down();
  await page.mouse.move(berlin.x + 60, berlin.y + 60, { steps: 4 });
  await page.mouse.up();
  await until(path, (at) => at.includes("area="), "the address names the area");
  const [west, south, east, north] = (said("subscribe").at(-1)?.bbox ?? []) as number[];
  assert.ok(west < 13.4 && east > 13.4 && south < 52.52 && north > 52.52, `${west} ${south} ${east} ${north}`);
  send("In Berlin", BERLIN);
  send("In Tokyo", { ...BERLIN, lon: 139.7, lat: 35.7, country: "JP" });
  await until(texts, (all) => all.join() === "In Berlin", "only what lies inside");
  await page.getByTitle("Take the area away").click();
  await until(path, (at) => !at.includes("area="), "it is let go");
});

test("pause holds everything, and going on shows it", async () => {
  await open();
  send("One");
  await page.locator(".feed-row").first().waitFor();
  await page.keyboard.press("p");
  await until(state, (text) => text === "Paused", "it says so");
  send("Two");
  await drawn(page);
  assert.deepEqual(await texts(), ["One"]);
  await page.locator("body").press(" ");
  await until(texts, (all) => all.join() === "Two,One", "what waited is there");
});

test("the past can be shown again, at its own pace", async () => {
  await stage.open("/");
  page = stage.page;
  live().past(60, 2, undefined, null);
  const oldest = live().floor();
  await page.goto(`${stage.mock.url}/live`);
  await until(texts, (all) => all.length === 60, "all of it is listed");
  const slider = page.getByRole("slider", { name: "Rewind" });
  await slider.focus();
  await page.keyboard.press("Home");
  await until(state, (text) => text === "Replaying", "it replays");
  assert.equal(said("resume").at(-1)?.after, oldest);
  const early = (await until(texts, (all) => all.length < 30, "not all at once")).length;
  await until(async () => (await texts()).length, (count) => count > early, "more come as time goes by");
  await page.getByRole("button", { name: "Back to live" }).click();
  await until(state, (text) => text === "Live", "and back");
  await until(texts, (all) => all.length === 60, "with everything");
});

test("countries are ranked, and one can be chosen", async () => {
  await open("/live?tab=countries");
  send("a", BERLIN);
  send("b", { ...BERLIN, precision: "country" });
  send("c", { ...BERLIN, precision: "place", radius_m: 20_000, country: "FR" });
  await until(() => page.locator(".country-name").allTextContents(), (names) => names.join() === "Germany,France", "most first");
  assert.match((await page.locator(".country-table tbody tr").first().textContent()) ?? "", /^1Germany21 · 0$/);
  await page.getByRole("button", { name: "France" }).click();
  await until(path, (at) => at.includes("country=FR"), "the address names it");
  assert.deepEqual(said("subscribe").at(-1)?.country, ["FR"]);
});

test("coverage says what was missed, minute by minute", async () => {
  await open("/live?tab=coverage");
  await page.getByText("X says it left out 96").waitFor();
  assert.ok((await page.locator(".coverage-table tbody tr").count()) > 40);
  await page.locator(".coverage-table tr", { hasText: "not connected 44 s" }).waitFor();
  await page.locator(".gap-list", { hasText: "X closed the connection." }).waitFor();
});

test("off means nothing is billed, and on comes after the price", async () => {
  stage.mock.reset();
  live().change({ state: "off" });
  await open();
  await page.getByText("Nothing is streaming, nothing is billed.").waitFor();
  await until(state, (text) => text === "Off", "the strip says so");
  await page.getByRole("button", { name: "Start streaming" }).click();
  const dialog = page.getByRole("dialog", { name: "Start streaming" });
  await dialog.getByText("X bills $0.005 for each tweet").waitFor();
  assert.equal(stage.asked("PUT", "/stream"), 0);
  await dialog.getByRole("button", { name: "Start", exact: true }).click();
  await until(state, (text) => text === "Live", "it runs");
  assert.deepEqual(JSON.parse(stage.mock.calls.find((call) => call.method === "PUT")?.body ?? ""), { state: "on" });
});

test("a rule is saved only at the price that was shown", async () => {
  await open("/live?tab=stream");
  await page.getByLabel("A new rule").fill("tea lang:en");
  await page.getByRole("button", { name: "See its price" }).click();
  await page.getByText("12,400 posts in 7 days, about $8.90 a day.").waitFor();
  await page.getByRole("button", { name: "Save at this price" }).click();
  await page.locator(".rule-list code", { hasText: "tea lang:en" }).waitFor();
  const bodies = stage.mock.calls.filter((call) => call.method === "POST" && call.path === "/stream/rules").map((call) => JSON.parse(call.body));
  assert.deepEqual(bodies.map((body) => body.accept_usd_per_day ?? null), [null, 8.9]);
  stage.forgive("409");
});

test("settings of the stream are sent as they are typed, and nonsense is not", async () => {
  await open("/live?tab=stream");
  await page.getByLabel("Dollars a session").fill("a lot");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("The limit a session is a number of dollars").waitFor();
  assert.equal(stage.asked("PUT", "/stream"), 0);
  await page.getByLabel("Dollars a session").fill("2.50");
  await page.getByLabel("Words or phrases").fill("tea\ngreen tea");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await until(() => stage.asked("PUT", "/stream"), (count) => count === 1, "it is sent");
  const body = JSON.parse(stage.mock.calls.find((call) => call.method === "PUT")?.body ?? "");
  assert.deepEqual([body.track, body.session_cap_usd, body.month_cap_usd], [["tea", "green tea"], 2.5, 5]);
});

test("a phone has map and sheet, no sideways scroll, and the sheet grows", async () => {
  await open("/live", { width: 390, height: 844 });
  for (let count = 0; count < 12; count += 1) send(`Tweet ${count} with https://t.co/${"x".repeat(40)}`);
  await page.locator(".feed-row").nth(5).waitFor();
  const over = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok((await over()) <= 0);
  const height = async (): Promise<number> => (await page.locator(".live-side").boundingBox())?.height ?? 0;
  const before = await height();
  await page.getByRole("button", { name: "Make the list larger" }).click();
  await until(height, (now) => now > before * 1.5, "the sheet is larger");
  await page.getByRole("button", { name: "Make the list smaller" }).click();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByPlaceholder("Words in the text").waitFor();
  assert.ok((await over()) <= 0);
});
