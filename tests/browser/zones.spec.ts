// Zones and periods against the stand-in: page and API mean the same zone by every name, and what
// cannot be shown is said. Every test also fails on a console error or a breach of the CSP.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Stage, until } from "./stage.ts";

const stage = new Stage();
const HOUR_MS = 3_600_000;
/** In each line a zone as IANA writes it, then its other names. */
const NAMES: string[][] = readFileSync(new URL("../../shared/src/tz/names.txt", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(" "));
const CANONICAL = new Map(NAMES.flatMap(([canonical, ...others]) => [canonical!, ...others].map((name): [string, string] => [name, canonical!])));

/** The parameters of the last question for the curve. */
async function series(): Promise<URLSearchParams> {
  const last = (): URLSearchParams | undefined => stage.mock.calls.findLast((call) => call.path.endsWith("/followers/series"))?.query;
  await until(() => last() !== undefined, Boolean, "the curve is asked for");
  return last()!;
}

test("every zone that the browser knows is offered, as IANA writes it", async () => {
  const page = await stage.open("/settings");
  const select = page.locator("select", { has: page.locator("option[value='Europe/Berlin']") });
  await select.waitFor();
  const offered = await select.locator("option").evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value).filter(Boolean));
  const known = await page.evaluate(() => Intl.supportedValuesOf("timeZone"));
  assert.ok(known.length > 400);
  const expected = new Set(["UTC", ...known.map((name) => CANONICAL.get(name) ?? `${name} is not known`)]);
  assert.deepEqual(offered.toSorted(), [...expected].toSorted());
});

for (const [asked, expected] of [
  ["europe/berlin", "Europe/Berlin"],
  ["EUROPE/BERLIN", "Europe/Berlin"],
  ["utc", "UTC"],
  ["GB", "Europe/London"],
  ["Asia/Calcutta", "Asia/Kolkata"],
  ["us/eastern", "America/New_York"],
  ["Etc/GMT-3", "Etc/GMT-3"],
] as const) {
  test(`${asked} is ${expected}`, async () => {
    const page = await stage.open(`/?tz=${asked}`);
    await page.locator(".tide-canvas canvas").waitFor();
    assert.equal((await series()).get("tz"), expected);
    assert.equal(await page.locator(".filters-told").innerText(), "");
  });
}

for (const asked of ["Nowhere/Land", "Factory", "Etc/Unknown", "+05:30", "IST", "SystemV/AST4"]) {
  test(`${asked} is no zone: the page counts in UTC and says so`, async () => {
    const page = await stage.open(`/?tz=${encodeURIComponent(asked)}`);
    await page.locator(".tide-canvas canvas").waitFor();
    await page.locator(".filters-told", { hasText: `“${asked}” is no time zone that Roost knows: days are counted in UTC.` }).waitFor();
    assert.equal((await series()).get("tz"), "UTC");
  });
}

for (const [zone, minute] of [["UTC", 0], ["Asia/Kolkata", 30], ["Asia/Kathmandu", 15], ["Pacific/Chatham", 15], ["America/St_Johns", 30]] as const) {
  test(`the last 24 hours begin and end on full hours of ${zone}`, async () => {
    const page = await stage.open(`/?period=24h&tz=${zone}`);
    await page.locator(".tide-canvas canvas").waitFor();
    const asked = await series();
    const [from, to] = ["from", "to"].map((name) => Date.parse(asked.get(name)!));
    assert.equal(to! - from!, 24 * HOUR_MS);
    assert.equal(new Date(from!).getUTCMinutes(), minute);
    assert.equal(asked.get("interval"), "hour");
  });
}

for (const [search, words] of [
  ["tz=Pacific/Apia&period=custom&from=2011-12-30&to=2011-12-30", "Fri 30 Dec 2011 is an empty day: there was no such date in Pacific/Apia."],
  ["period=custom&from=0001-01-01&to=2026-11-01", "a period lies between 1970 and 2100"],
  ["period=custom&from=2026-11-01&to=9999-12-31", "a period lies between 1970 and 2100"],
] as const) {
  for (const path of ["/", "/followers", "/tweets"]) {
    test(`of ${search} nothing can be shown on ${path}, and nothing is asked`, async () => {
      const page = await stage.open(`${path}?${search}`);
      await page.locator(".no-period", { hasText: words }).waitFor();
      assert.equal(await page.locator(".failed").count(), 0);
      assert.equal(stage.asked("GET", "/followers/"), 0);
      assert.equal(stage.asked("GET", "/tweets"), 0);
      await page.keyboard.press("w");
      await page.locator(".no-period").waitFor({ state: "detached" });
    });
  }
}
