// Every figure of the page against an oracle: 40 steps through seeded periods, zones, widths and
// filters (200 with ROOST_LONG=1), on a worker that has seen daily lists, a gap, and lists every six
// hours. The oracle counts in the exported NDJSON and shares no code with what it judges.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";
import { rows as csvRows } from "../csv.ts";
import { ACCOUNT, ADMIN_TOKEN, followersName, iso, type Json, Roost } from "../e2e/harness.ts";
import { dice, seed } from "../e2e/seed.ts";
import { DAY, dateOf, HOUR, type Interval, isoDay, Oracle, type Range, rangeBefore, rangeOf, widths } from "./oracle.ts";

const STEPS = process.env.ROOST_LONG === "1" ? 200 : 40;
/** Zones that show every midnight of the walk once. */
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "America/St_Johns", "Pacific/Auckland"];
const PERIODS = ["today", "yesterday", "7d", "28d", "30d", "91d", "month", "last-month", "year", "6mo", "12mo", "all"];
const SEED = seed();
const roll = dice(SEED);
const pick = <T>(of: readonly T[]): T => of[Math.floor(roll() * of.length)];

let roost: Roost;
let browser: Browser;
let page: Page;
let oracle: Oracle;
let began: number;
/** Figures compared, by page and kind. */
const compared = new Map<string, number>();
const wrong: string[] = [];

/** Holds what the page shows against what it ought to. */
function hold(what: string, where: string, shown: unknown, expected: unknown): void {
  compared.set(what, (compared.get(what) ?? 0) + 1);
  if (shown !== expected) wrong.push(`${what} of ${where}: shows ${shown}, expected ${expected}`);
}

const lines = (file: Buffer): any[] => file.toString("utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const grouped = (count: number): string => count.toLocaleString("en-US");
const cell = (count: number | null): string => (count === null ? "–" : grouped(count));

before(async () => {
  roost = await Roost.start({ followers: 600, gainedADay: 14, lostADay: 11, now: "2026-11-25T09:40:00Z" });
  await roost.track();
  const start = await roost.sim.now();
  const pending: string[] = [];
  for (let days = 50; days > 0; days -= 1) {
    // Four days were not observed.
    if (days > 20 && days < 25) continue;
    const at = start - days * DAY - 9 * HOUR;
    const answer = await roost.send(followersName(at), await roost.sim.snapshot(at));
    assert.equal(answer.status, 202, answer.text);
    pending.push(answer.json.run);
  }
  for (const run of pending) assert.equal((await roost.ended(run)).state, "done");
  for (let check = 0; check < 16; check += 1) {
    await roost.goodCrawl();
    await roost.advance(6 * 3600);
  }
  await roost.goodCrawl();
  const account = await roost.account();
  oracle = new Oracle(
    lines(await roost.export("events.ndjson")),
    lines(await roost.export("followers.ndjson")),
    (await roost.snapshots()).filter((one) => one.kind === "followers" && one.state === "accepted").map((one) => Date.parse(one.at)),
    Date.parse(account.created_at),
  );
  began = Math.min(Date.parse(account.first_snapshot), Date.parse(account.created_at));
  browser = await chromium.launch({ executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-background-networking"] });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, timezoneId: "UTC" });
  await page.goto(new URL(`/#token=${ADMIN_TOKEN}`, roost.runtime.url).href);
  await page.locator(".tide-canvas canvas").waitFor();
});
after(async () => {
  await browser?.close();
  await roost?.stop();
});

interface Step {
  where: string;
  query: string;
  zone: string;
  range: Range;
  interval: Interval;
  compare: string;
}

/** A period, a zone, a width and a comparison. */
function draw(now: number): Step {
  const zone = pick(ZONES);
  const custom = roll() < 0.5;
  const today = dateOf(zone, now);
  const first = today - Math.floor(roll() * 70) * DAY;
  const last = Math.min(today, first + Math.floor(roll() * 45) * DAY);
  const dates: [string, string] | null = custom ? [isoDay(first), isoDay(last)] : null;
  const period = custom ? "custom" : pick(PERIODS);
  const range = rangeOf(period, dates, zone, now, began);
  const interval = pick(widths(range));
  const compare = pick(["previous", "previous", "year", "off"]);
  const query = new URLSearchParams({ period, ...(dates ? { from: dates[0], to: dates[1] } : {}), tz: zone, interval, compare }).toString();
  return { where: `?${query}`, query, zone, range, interval, compare };
}

/** What stands on the Overview. */
async function overview(): Promise<Json> {
  const parts = [".headline h1", ".figures .number", ".reasons-panel h2", ".seen-panel h2", ".column.came h3", ".column.left h3"];
  for (const part of parts) await page.locator(part).first().waitFor();
  await page.getByRole("button", { name: "As table" }).click();
  await page.locator(".tide-table tbody").waitFor();
  return page.evaluate(() => {
    const text = (of: ParentNode, part: string): string => of.querySelector(part)?.textContent?.trim() ?? "";
    const all = (part: string): Element[] => [...document.querySelectorAll(part)];
    return {
      headline: text(document, ".headline h1"),
      caption: text(document, "#tide-caption"),
      figures: all(".figures .figure").map((one) => ({
        name: text(one, "dt"),
        number: text(one, ".number"),
        before: one.querySelector(".delta[title]")?.getAttribute("title") ?? null,
      })),
      rows: all(".tide-table tbody tr").map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent?.trim() ?? "")),
      reasons: all(".reasons li").map((one) => [one.querySelector(".swatch")?.className.replace("swatch", "").trim(), text(one, ".number")]),
      corrected: /Corrected: ([\d,]+) of ([\d,]+)/.exec(text(document, ".reasons-panel .note"))?.slice(1) ?? null,
      came: text(document, ".column.came h3 .number"),
      left: text(document, ".column.left h3 .number"),
      all: all(".column header a").map((one) => one.textContent?.trim()),
      empty: all(".columns .empty, .reasons-panel .empty").map((one) => one.textContent?.trim()),
      seen: text(document, ".seen-panel p"),
    };
  });
}

async function checkOverview(step: Step, now: number): Promise<void> {
  await page.goto(new URL(`/?${step.query}`, roost.runtime.url).href);
  const shown = await overview();
  const asked = new URLSearchParams({ from: iso(step.range.from), to: iso(step.range.to), interval: step.interval, tz: step.zone });
  if (step.compare !== "off") asked.set("compare", step.compare);
  const series = await roost.get(`/accounts/${ACCOUNT}/followers/series?${asked}`);
  const moves = oracle.moves(step.range);
  const buckets = oracle.buckets(step.range, step.interval, step.zone, now);
  const known = buckets.some((bucket) => bucket.came !== null);
  const at = (what: string, one: unknown, expected: unknown) => hold(`Overview, ${what}`, step.where, one, expected);
  // The table, and the API's points beside it.
  const passed = buckets.filter((bucket) => bucket.from <= now);
  at("rows of the table", shown.rows.length, passed.length);
  passed.reverse().forEach((bucket, index) => {
    const [, followers, came, left, unexplained] = shown.rows[index] ?? [];
    const point = series.points[passed.length - 1 - index];
    at("table: followers", followers, cell(bucket.followers));
    at("table: came", came, cell(bucket.came));
    at("table: left", left, cell(bucket.left));
    const told = point.unexplained;
    at("table: not yet explained", unexplained, told === null ? "–" : told > 0 ? `+${grouped(told)}` : grouped(told).replace("-", "−"));
    at("API: followers", point.followers, bucket.followers);
    at("API: came", point.gained, bucket.came);
    at("API: left", point.lost, bucket.left);
  });
  // The headline, and the caption that a screen reader hears.
  const end = known ? oracle.followers(Math.max(...buckets.filter((one) => one.followers !== null).map((one) => one.to))) : null;
  const net = moves.came - moves.left;
  const named = end === null ? null : `${grouped(end)} followers`;
  if (named === null) at("headline", shown.headline.startsWith("Nothing was observed") || series.totals.followers !== null, true);
  else {
    at("headline: followers", /^[\d,]+ followers/.exec(shown.headline)?.[0], named);
    const change = /, (?:([\d,]+) (more|fewer)|(as many)) /.exec(shown.headline);
    at("headline: change", change?.[3] ?? `${change?.[1]} ${change?.[2]}`, net === 0 ? "as many" : `${grouped(Math.abs(net))} ${net > 0 ? "more" : "fewer"}`);
    at("headline: since tracking began", shown.headline.includes("when tracking began,"), oracle.lists[0] > step.range.from);
    const went = /(?:(rose|fell) by ([\d,]+)|(stayed)) (?:to|at) ([\d,]+)\. ([\d,]+) came, ([\d,]+) left/.exec(shown.caption);
    at("caption: change", went?.[3] ?? `${went?.[1]} ${went?.[2]}`, net === 0 ? "stayed" : `${net > 0 ? "rose" : "fell"} ${grouped(Math.abs(net))}`);
    at("caption: followers", went?.[4], grouped(end!));
    at("caption: came", went?.[5], grouped(moves.came));
    at("caption: left", went?.[6], grouped(moves.left));
  }
  // The figures, and what they are held against.
  const [came, left, back] = shown.figures;
  at("figure: came", came.number, known ? grouped(moves.came) : "–");
  at("figure: left", left.number, known ? grouped(moves.left) : "–");
  at("figure: came back", back.number, known ? grouped(moves.returned) : "–");
  const then = step.compare === "off" ? null : rangeBefore(step.range, step.compare === "year", step.zone, now);
  const alike = then !== null && known && oracle.comparable(step.range, then, now);
  const were = then && oracle.moves(then);
  const word = (count: number) => `${grouped(count)} in ${step.compare === "year" ? "a year before" : "the period before"}`;
  at("figure: came before", came.before, alike ? word(were!.came) : null);
  at("figure: left before", left.before, alike ? word(were!.left) : null);
  at("figure: came back before", back.before, alike ? word(were!.returned) : null);
  // The columns, the reasons, what was seen.
  at("column: came", shown.came, known ? grouped(moves.came) : "");
  at("column: left", shown.left, known ? grouped(moves.left) : "");
  const people = (count: number) => `All ${grouped(count)} ${count === 1 ? "person" : "people"}`;
  const longer = [[moves.came, moves.peopleCame], [moves.left + moves.corrected, moves.peopleLeft]] as const;
  at("column: all", shown.all.join(", "), longer.filter(([count]) => count > 8).map(([, people_]) => people(people_.size)).join(", "));
  at("reasons", shown.reasons.map(([, count]: string[]) => count).sort().join(" "), [...moves.reasons.values()].map(grouped).sort().join(" "));
  if (moves.corrected > 0) at("reasons: corrected", shown.corrected?.join(" of "), `${grouped(moves.corrected)} of ${grouped(moves.corrected + moves.left)}`);
  at("nobody is said of what nobody saw", !known && shown.empty.some((text: string) => text.startsWith("No one")), false);
  checkShare("Overview, observed", step.where, shown.seen, step.range, now);
}

/** "97 % of this period was observed", at the moment before or after it was read. */
function checkShare(what: string, where: string, text: string, range: Range, now: number): void {
  const words = [now, now + 60_000].map((at) => {
    const share = oracle.observed(range, at);
    return share >= 1 ? "100" : String(Math.min(99, Math.round(share * 100)));
  });
  const shown = text.startsWith("All of") ? "100" : (/^(\d+) %/.exec(text)?.[1] ?? text);
  hold(what, where, words.includes(shown) ? words[0] : shown, words[0]);
}

async function checkFollowers(step: Step): Promise<void> {
  const filter = pick([null, "new", "left", "returned"]);
  const search = roll() < 0.3 ? pick(oracle.rows).user.username.slice(0, 4) : "";
  const query = `${step.query}${filter ? `&filter=${filter}` : ""}${search ? `&q=${encodeURIComponent(search)}` : ""}`;
  const where = `/followers?${query}`;
  await page.goto(new URL(where, roost.runtime.url).href);
  await page.locator(".roster table").waitFor();
  await page.locator("h1.told").waitFor();
  await page.locator(".roster:not(.stale) tbody tr .name, .roster .empty").first().waitFor();
  const { told, href, first } = await page.evaluate(() => ({
    told: document.querySelector("h1.told")?.textContent ?? "",
    href: document.querySelector<HTMLAnchorElement>("#list-files a")?.href ?? "",
    first: document.querySelectorAll(".roster tbody .cell-person").length,
  }));
  const at = (what: string, one: unknown, expected: unknown) => hold(`Followers, ${what}`, where, one, expected);
  const moves = oracle.moves(step.range);
  const back = new Set(oracle.events.filter((event) => event.kind === "returned" && event.time >= step.range.from && event.time < step.range.to).map((event) => event.user.id));
  const sets = { new: moves.peopleCame, left: moves.peopleLeft, returned: back };
  const following = oracle.rows.filter((row) => row.following).map((row) => row.user.id);
  const chosen = filter === null ? new Set(following) : sets[filter as keyof typeof sets];
  const file = await page.evaluate(async (address) => (await fetch(address)).text(), href);
  const ids = new Set(csvRows(file).map((row) => row.user_id));
  if (search === "") {
    at("people of the file", ids.size, chosen.size);
    for (const id of chosen) at("a person of the file", ids.has(id), true);
    at("rows drawn of a short list", first < 30 ? first : chosen.size, chosen.size);
  } else {
    for (const id of ids) at("a person who was searched", chosen.has(id), true);
    at("rows drawn of a search", first < 30 ? first : ids.size, ids.size);
  }
  if (filter === null && search === "") at("heading", told, `${grouped(following.length)} followers`);
  if (search !== "") at("heading claims no count", /\d/.test(told.replace(`“${search}”`, "").replace(/, .*$/, "")), false);
}

async function checkCollection(now: number): Promise<void> {
  await page.goto(new URL("/collection", roost.runtime.url).href);
  await page.locator(".unseen p").waitFor();
  const text = (await page.locator(".unseen p").textContent()) ?? "";
  const hour = Math.floor(now / HOUR) * HOUR;
  checkShare("Collection, observed", "/collection", text, { from: hour - 90 * DAY, to: hour }, now);
  await page.locator(".lists tbody tr").first().waitFor();
  const named = await page.locator(".lists tbody tr .outcome").allTextContents();
  const lists = (await roost.snapshots()).slice(0, named.length);
  lists.forEach((list, index) => {
    hold("Collection, a saved list", "/collection", named[index]?.trim(), `${grouped(list.count)} people`);
  });
}

test("every figure is what the exports say", { timeout: 1_800_000 }, async (t) => {
  for (let step = 0; step < STEPS; step += 1) {
    const now = Date.parse((await roost.get("/status")).now);
    const drawn = draw(now);
    const turn = roll();
    if (turn < 0.6) await checkOverview(drawn, now);
    else if (turn < 0.95) await checkFollowers(drawn);
    else await checkCollection(now);
  }
  await checkCollection(Date.parse((await roost.get("/status")).now));
  t.diagnostic(`ROOST_SEED=${SEED}, ${STEPS} steps`);
  let all = 0;
  for (const [what, count] of [...compared].sort()) {
    t.diagnostic(`${what}: ${count}`);
    all += count;
  }
  t.diagnostic(`${all} figures compared, ${wrong.length} differences`);
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} differences, ROOST_SEED=${SEED}`);
  assert.ok(all > STEPS * 60, "the walk has read figures");
});
