// X's own archive, chosen on the Collection page: it is looked at in the browser, and its lists alone
// are sent. The zips are made here, of the shapes X's have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { TextReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";
import type { Page } from "playwright-core";
import { Stage, until } from "./stage.ts";

const stage = new Stage();
const MADE = "2026-03-03T10:11:12.000Z";
const SECRET = "a message nobody else should read";

const script = (name: string, data: unknown): string => `window.YTD.${name} = ${JSON.stringify(data)}`;
const manifest = (accountId: string): string =>
  `window.__THAR_CONFIG = ${JSON.stringify({
    userInfo: { accountId, userName: "tidewater", displayName: "Tide" },
    archiveInfo: { generationDate: MADE, isPartialArchive: false },
    dataTypes: {},
  })}`;
const person = (accountId: string): object => ({ follower: { accountId, userLink: "https://twitter.com/intent/user" } });
const tweet = (id: string): object => ({
  tweet: { id_str: id, full_text: `Tweet ${id}`, created_at: "Sat Sep 09 12:33:11 +0000 2023", favorite_count: "5", retweet_count: "1", entities: {} },
});

/** What X's zips hold, with things in between that are not for us. */
function files(account: string): Record<string, string> {
  return {
    "Your archive.html": "<!doctype html>",
    "data/account.js": script("account.part0", [{ account: { email: SECRET } }]),
    "data/direct-messages.js": script("direct_messages.part0", [{ text: SECRET }]),
    "data/follower.js": script("follower.part0", [person("30"), person("4")]),
    "data/follower-part1.js": script("follower.part1", [person("5000000000000000005")]),
    "data/manifest.js": manifest(account),
    "data/tweets.js": script("tweets.part0", [tweet("1700000000000000003"), tweet("1700000000000000001")]),
  };
}

async function choose(page: Page, name: string, entries: Record<string, string>): Promise<void> {
  const zip = new ZipWriter(new Uint8ArrayWriter());
  for (const [path, text] of Object.entries(entries)) await zip.add(path, new TextReader(text));
  const buffer = Buffer.from(await zip.close());
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/zip", buffer });
}

test("an archive is looked at first, and its lists alone are sent", async () => {
  const page = await stage.open("/collection");
  await choose(page, "twitter-2026-03-03.zip", files("12"));
  const found = page.locator(".archive");
  await found.waitFor();
  assert.match(await found.innerText(), /archive of @tidewater, made .*3 followers, 2 tweets\./);
  assert.equal(stage.asked("POST", "/snapshots"), 0, "sent before it was asked for");
  assert.deepEqual(await stage.accessibility(), []);
  await found.getByRole("button").click();
  const posts = () => stage.mock.calls.filter((call) => call.method === "POST" && call.path.endsWith("/snapshots"));
  await until(posts, (sent) => sent.length === 2, "both lists");
  const [followers, tweets] = posts();
  assert.deepEqual(
    posts().map((call) => call.query.get("name")),
    ["FOLLOWERS_2026-03-03T10:11:12Z.json.gz", "TWEETS_2026-03-03T10:11:12Z.json.gz"],
  );
  assert.deepEqual(posts().map((call) => call.query.get("origin")), ["archive", "archive"]);
  const sent = [followers, tweets].map((call) => gunzipSync(call.bytes).toString("utf8"));
  assert.deepEqual(JSON.parse(sent[0]), [{ id: "4" }, { id: "30" }, { id: "5000000000000000005" }]);
  const { promoted, unpromoted } = JSON.parse(sent[1]);
  assert.deepEqual([promoted, unpromoted.map((one: { id: string }) => one.id)], [[], ["1700000000000000001", "1700000000000000003"]]);
  assert.equal(stage.mock.calls.filter((call) => `${call.body}${sent.join("")}`.includes(SECRET)).length, 0);
});

test("an archive of another account is refused by its name", async () => {
  const page = await stage.open("/collection");
  await choose(page, "other.zip", files("13"));
  const trouble = page.locator(".import .trouble");
  await trouble.waitFor();
  assert.match(await trouble.innerText(), /This archive is of @tidewater/);
  assert.equal(stage.asked("POST", "/snapshots"), 0);
});

test("a zip that is no archive says what is missing", async () => {
  const page = await stage.open("/collection");
  await choose(page, "photos.zip", { "data/photo.js": "x" });
  const trouble = page.locator(".import .trouble");
  await trouble.waitFor();
  assert.match(await trouble.innerText(), /photos\.zip: there is no data\/manifest\.js in it/);
});
