// X's own archive, chosen on the Collection page: it is looked at in the browser, what is missing is
// said, and only what is said leaves it. The zips are made here, of the shapes X's have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { broken, classic, manifest, people, person, renamed, script, tweets, zip, type Files, type Packing, type Stated } from "./archives.ts";
import { Stage, until } from "./stage.ts";

const stage = new Stage();
const SECRET = "a message nobody else should read";
const TWO = ["1700000000000000001", "1700000000000000003"];

/** What X's zips hold, with things in between that are not for us. */
function files(account: string): Files {
  return {
    "Your archive.html": "<!doctype html>",
    "data/account.js": script("account.part0", [{ account: { email: SECRET } }]),
    "data/direct-messages.js": script("direct_messages.part0", [{ text: SECRET }]),
    "data/follower.js": people("30", "4"),
    "data/follower-part1.js": people("5000000000000000005"),
    "data/manifest.js": manifest(account),
    "data/tweets.js": tweets(...TWO),
  };
}

async function chooseBytes(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/zip", buffer });
}

const choose = async (page: Page, name: string, entries: Files, packing: Packing = {}): Promise<void> =>
  chooseBytes(page, name, await zip(entries, packing));

/** What the page says of the archive it read. */
async function found(page: Page): Promise<string> {
  const box = page.locator(".archive");
  await box.waitFor();
  return box.innerText();
}

/** Why the page takes nothing of it. */
async function trouble(page: Page): Promise<string> {
  const line = page.locator(".import .trouble");
  await line.waitFor();
  assert.equal(stage.asked("POST", "/snapshots"), 0);
  return line.innerText();
}

const posts = () => stage.mock.calls.filter((call) => call.method === "POST" && call.path.endsWith("/snapshots"));

/** What was told of the account itself. */
const named = () =>
  stage.mock.calls.filter((call) => call.method === "POST" && call.path === "/accounts").map((call) => JSON.parse(call.body));

interface Sent {
  names: string[];
  followers: string[];
  /** Entries of the list without an id. */
  unreadable: number;
  tweets: Record<string, unknown>[];
}

/** Presses the button; answers what was sent, once so many files were. */
async function sent(page: Page, count: number): Promise<Sent> {
  assert.equal(posts().length, 0, "sent before it was asked for");
  await page.locator(".archive").getByRole("button").click();
  await until(posts, (calls) => calls.length === count, "the files");
  await page.locator(".sent-row.good").nth(count - 1).waitFor();
  assert.equal(posts().length, count);
  assert.equal(stage.mock.calls.filter((call) => `${call.body}${gunzipped(call.bytes)}`.includes(SECRET)).length, 0);
  const names = posts().map((call) => call.query.get("name") ?? "");
  assert.deepEqual(new Set(posts().map((call) => call.query.get("origin"))), new Set(["archive"]));
  const read = (kind: string) => {
    const call = posts().find((one) => one.query.get("name")?.startsWith(kind));
    return call && JSON.parse(gunzipped(call.bytes));
  };
  const list: { id?: string }[] = read("FOLLOWERS_") ?? [];
  const { promoted, unpromoted } = read("TWEETS_") ?? { promoted: [], unpromoted: [] };
  assert.deepEqual(promoted, []);
  const followers = list.flatMap((one) => one.id ?? []);
  return { names, followers, unreadable: list.length - followers.length, tweets: unpromoted };
}

const gunzipped = (bytes: Buffer): string => (bytes[0] === 0x1f ? gunzipSync(bytes).toString("utf8") : "");

test("an archive is looked at first, and its lists alone are sent", async () => {
  const page = await stage.open("/collection");
  await choose(page, "twitter-2026-03-03.zip", files("12"));
  const text = await found(page);
  assert.match(text, /archive of @tidewater, made .*3 followers, 2 tweets\./);
  assert.match(text, /Only these two lists leave your browser;/);
  assert.equal(await page.locator(".archive .doubt").count(), 0);
  assert.deepEqual(await stage.accessibility(), []);
  const all = await sent(page, 2);
  assert.deepEqual(all.names, ["FOLLOWERS_2026-03-03T10:11:12Z.json.gz", "TWEETS_2026-03-03T10:11:12Z.json.gz"]);
  assert.deepEqual([all.followers, all.unreadable], [["4", "30", "5000000000000000005"], 0]);
  assert.deepEqual(all.tweets.map((one) => one.id), TWO);
  assert.deepEqual(named(), [], "the account has a handle already");
});

test("an account that has no handle yet learns it from its archive", async () => {
  stage.mock.scene.named = false;
  const page = await stage.open("/collection");
  await choose(page, "archive.zip", files("12"));
  assert.match(await found(page), /Only these two lists and the handle @tidewater leave your browser;/);
  assert.equal(await page.title(), "Collection · Roost");
  await sent(page, 2);
  assert.deepEqual(named().map(({ id, username, read }) => [id, username, read]), [["12", "tidewater", false]]);
});

test("of two archives the second is said not to be opened", async () => {
  const page = await stage.open("/collection");
  const buffer = await zip(files("12"));
  const both = ["one.zip", "two.zip"].map((name) => ({ name, mimeType: "application/zip", buffer }));
  await page.locator("input[type=file]").setInputFiles(both);
  assert.match(await found(page), /3 followers, 2 tweets\./);
  assert.match(await page.locator(".sent-row.bad").innerText(), /two\.zip[^]*not opened: choose one archive at a time/);
});

test("an archive of another account is refused by its name", async () => {
  const page = await stage.open("/collection");
  await choose(page, "other.zip", files("13"));
  assert.match(await trouble(page), /This archive is of @tidewater/);
});

/** A zip that is packed otherwise than X does reads as X's. */
async function reads(entries: Files, packing: Packing = {}): Promise<void> {
  const page = await stage.open("/collection");
  await choose(page, "packed-anew.zip", entries, packing);
  assert.match(await found(page), /3 followers, 2 tweets\./);
  const all = await sent(page, 2);
  assert.deepEqual([all.followers, all.tweets.map((one) => one.id)], [["4", "30", "5000000000000000005"], TWO]);
}

test("an archive packed anew on Windows is read", () => reads(renamed(files("12"), (name) => `twitter-2026\\${name.replaceAll("/", "\\")}`)));

test("an archive packed anew on a Mac is read", () =>
  reads({
    "twitter/.DS_Store": "x",
    ...renamed(files("12"), (name) => `twitter/${name}`),
    "__MACOSX/twitter/data/._tweets.js": "Mac OS X resource",
    "__MACOSX/twitter/data/._manifest.js": "Mac OS X resource",
  }));

test("an archive whose files lie at the root, in any order, is read", () =>
  reads(Object.fromEntries(Object.entries(renamed(files("12"), (name) => name.replace("data/", ""))).reverse())));

test("a zip64 archive is read", () => reads(files("12"), { zip64: true }));

test("files that were saved again with byte order marks are read", () => {
  const marks = { "data/follower.js": "utf-16le", "data/tweets.js": "utf-16be", "data/manifest.js": "utf-8" };
  const entries = files("12");
  for (const [name, coding] of Object.entries(marks)) {
    const text = `\ufeff${String(entries[name])}`;
    const bytes = Buffer.from(text, coding === "utf-8" ? "utf-8" : "utf-16le");
    entries[name] = coding === "utf-16be" ? bytes.swap16() : bytes;
  }
  return reads(entries);
});

test("a name with a line break in it stays one name", () => reads({ ...files("12"), "data/x\ndata/follower.js": people("99") }));

const COUNTED: Stated[] = [
  { kind: "follower", file: "data/follower.js", count: 2 },
  { kind: "follower", file: "data/follower-part1.js", count: 1 },
  { kind: "tweets", file: "data/tweets.js", count: 2 },
];

/** A zip whose list of followers may not be whole: the list stays, the tweets are offered. */
async function doubted(entries: Files, words: RegExp, bytes?: Buffer): Promise<void> {
  const page = await stage.open("/collection");
  await (bytes ? chooseBytes(page, "doubted.zip", bytes) : choose(page, "doubted.zip", entries));
  const text = await found(page);
  assert.match(text, words);
  assert.match(text, /Only the list of tweets leaves your browser;/);
  assert.deepEqual(await stage.accessibility(), []);
  const all = await sent(page, 1);
  assert.deepEqual([all.names, all.tweets.length], [["TWEETS_2026-03-03T10:11:12Z.json.gz"], 2]);
}

test("a list of which a file is missing is not imported", () => {
  const { "data/follower-part1.js": _, ...left } = files("12");
  return doubted({ ...left, "data/manifest.js": manifest("12", { stated: COUNTED }) }, /1 of 3 followers is missing from this zip\. The list is not imported/);
});

test("a list that is shorter than X counted is not imported", () =>
  doubted({ ...files("12"), "data/follower.js": people("30"), "data/manifest.js": manifest("12", { stated: COUNTED }) }, /1 of 3 followers is missing/));

test("a list of an archive in several zips is not imported", () =>
  doubted({ ...files("12"), "data/manifest.js": manifest("12", { partial: true }) }, /this zip is one of several/));

test("a list without its second of three files is not imported", () =>
  doubted({ ...files("12"), "data/follower-part2.js": people("7"), "data/follower-part1.js": "" }, /follower-part1\.js is damaged or cut short/));

test("an archive without followers gives its tweets", () =>
  doubted({ ...files("12"), "data/follower.js": script("follower.part0", []), "data/follower-part1.js": script("follower.part1", []) }, /It lists no followers/));

test("a damaged file of followers is told from a whole one", async () => {
  const packed = await zip(files("12"), { stored: true });
  const at = packed.indexOf('"accountId": "30"');
  packed[at + '"accountId": "'.length] = "8".charCodeAt(0);
  await doubted({}, /follower\.js is damaged or cut short/, packed);
});

test("entries that cannot be read are counted and stay entries", async () => {
  const page = await stage.open("/collection");
  const odd = [person("4"), null, { follower: {} }, { follower: { accountId: 1310630474755178497 } }, person("30")];
  const entries = {
    "data/manifest.js": manifest("12", { stated: [{ kind: "follower", file: "data/follower.js", count: 5 }] }),
    "data/follower.js": script("follower.part0", odd),
    // Bare, as before 2020, and odd in one field each.
    "data/tweet.js": script("tweet.part0", [
      classic("1100000000000000001", "one", { favorite_count: 5 }),
      { tweet: classic("1100000000000000002", "two", { entities: null }) },
      { tweet: { full_text: "three" } },
    ]),
  };
  await choose(page, "odd.zip", entries);
  const text = await found(page);
  assert.match(text, /2 followers, 2 tweets\./);
  assert.match(text, /3 of 5 entries of the list of followers cannot be read.*nobody counts as having left/);
  assert.match(text, /1 entry of the tweets cannot be read/);
  const all = await sent(page, 2);
  assert.deepEqual([all.followers, all.unreadable], [["4", "30"], 3]);
  assert.deepEqual(all.tweets.map((one) => one.public_metrics), [{ like_count: 5, retweet_count: 1 }, { like_count: 5, retweet_count: 1 }]);
});

test("archives broken by seed are read as far as they go", async () => {
  const page = await stage.open("/collection");
  for (let seed = 1; seed <= 12; seed += 1) {
    const { files, ids, unreadable, doubt } = broken(seed);
    await choose(page, `seed-${seed}.zip`, files);
    const text = await found(page);
    const whole = !doubt && ids.length > 0;
    assert.equal(/The list is not imported|It lists no followers/.test(text), !whole, `seed ${seed}: ${text}`);
    const all = await sent(page, whole ? 2 : 1);
    assert.deepEqual([all.followers, all.unreadable], whole ? [ids, unreadable] : [[], 0], `seed ${seed}: ${text}`);
    await page.reload();
    stage.mock.calls.length = 0;
  }
});

test("long tweets, pictures and versions are read as the API tells them", async () => {
  const page = await stage.open("/collection");
  const [first, second] = TWO;
  const whole = `${"The tide came early and ".repeat(34)}the end https://t.co/zzzzzzzzzz`;
  const link = { shortUrl: "https://t.co/zzzzzzzzzz", expandedUrl: "https://example.org/", displayUrl: "example.org", fromIndex: "1", toIndex: "2" };
  const initial = { editTweetIds: TWO };
  const picture = { url: "https://t.co/aaaaaaaaaa", display_url: "pic.twitter.com/abc", indices: ["0", "23"] };
  await choose(page, "rich.zip", {
    "data/manifest.js": manifest("12"),
    "data/follower.js": people("4"),
    "data/tweets.js": script("tweets.part0", [
      { tweet: classic(first, "Low water", { edit_info: { initial } }) },
      { tweet: classic(second, "https://t.co/aaaaaaaaaa Low waters", { entities: { media: [picture] }, edit_info: { edit: { initialTweetId: first, editControlInitial: initial } } }) },
      { tweet: classic("1700000000000000009", `${whole.slice(0, 274)}… https://t.co/abcdefghij`) },
    ]),
    "data/note-tweet.js": script("note_tweet.part0", [
      { noteTweet: { noteTweetId: "1", createdAt: "2023-09-09T12:33:11.000Z", core: { text: whole, urls: [link] } } },
    ]),
  });
  assert.match(await found(page), /1 follower, 2 tweets\./);
  const all = await sent(page, 2);
  const note = all.tweets[2].note_tweet as { text: string; entities: { urls: { start: number }[] } };
  assert.deepEqual([note.text, note.entities.urls[0].start], [whole, whole.indexOf("https://")]);
  assert.deepEqual(all.tweets[1].edit_history_tweet_ids, TWO);
  const urls = (all.tweets[1].entities as { urls: { display_url: string }[] }).urls;
  assert.equal(urls[0].display_url, "pic.x.com/abc");
});

/** A zip of which nothing can be taken says why, and what to do. */
async function refused(entries: Files, words: RegExp): Promise<void> {
  const page = await stage.open("/collection");
  await choose(page, "refused.zip", entries);
  assert.match(await trouble(page), words);
}

test("a zip that is no archive says what is missing", () => refused({ "data/photo.js": "x" }, /refused\.zip: there is no data\/manifest\.js in it/));

test("an archive of the years without a manifest is named as too old", async () => {
  await refused({ "data/js/tweets/2016_01.js": "Grailbird.data.tweets_2016_01 = []" }, /before 2021.*ask X for a new one/);
});

test("an archive of 2019 is named as too old", () => refused({ "tweet.js": "x", "follower.js": "x" }, /before 2021.*ask X for a new one/));

test("lists without the manifest say that it is missing", () => refused({ "data/tweets.js": tweets("1") }, /not data\/manifest\.js, which says whose they are/));

test("an archive with nothing to import says why", () =>
  refused(
    { "data/manifest.js": manifest("12", { stated: COUNTED.slice(0, 2) }), "data/follower.js": people("4", "30") },
    /1 of 3 followers is missing from this zip\..*There are no tweets in it that can be read: nothing was imported\./,
  ));
