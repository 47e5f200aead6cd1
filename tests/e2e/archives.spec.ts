// Lists of X's archive: ids without names, beside lists that have them. What the page makes of a zip
// is in tests/browser/archive.spec.ts.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { ACCOUNT, followersName, type Json, Roost } from "./harness.ts";

const DAY_MS = 86_400_000;
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 300 });
});
after(() => roost?.stop());
beforeEach(() => roost.fresh({ read: false }));

/** A list that names people, and one of the same people as X's archive of the next day has it. */
async function lists(): Promise<[string, Buffer, string, Buffer]> {
  const at = (await roost.sim.now()) - 2 * DAY_MS;
  const named = await roost.sim.snapshot(at);
  const users: Json[] = JSON.parse(gunzipSync(named).toString());
  const bare = gzipSync(JSON.stringify(users.map(({ id }) => ({ id }))));
  return [followersName(at), named, followersName(at + DAY_MS), bare];
}

const handles = async (): Promise<string[]> =>
  (await roost.all(`/accounts/${ACCOUNT}/followers?sort=id&limit=1000`)).map((one) => one.user.username);

test("a list of ids takes no name and renames nobody, whichever comes first", async () => {
  const [day, named, next, bare] = await lists();
  await roost.import(day, named);
  const expected = await handles();
  assert.ok(expected.length > 200 && expected.every((handle) => handle !== ""));
  await roost.import(next, bare);
  assert.deepEqual(await handles(), expected);
  assert.deepEqual(await roost.events(), []);
  await roost.fresh({ read: false });
  await roost.import(next, bare);
  assert.ok((await handles()).every((handle) => handle === ""), "listed by their ids");
  await roost.import(day, named);
  assert.deepEqual(await handles(), expected);
  assert.deepEqual(await roost.events(), []);
});

test("a list with entries that nobody can read makes nobody left", async () => {
  const [day, named, next, bare] = await lists();
  await roost.import(day, named);
  const users: Json[] = JSON.parse(gunzipSync(bare).toString());
  // Three of them are there, but cannot be read; two more are not there.
  await roost.import(next, gzipSync(JSON.stringify([...users.slice(5), {}, {}, {}])));
  assert.deepEqual(await roost.events("kind=lost"), []);
  const { entries, unreadable } = await roost.snapshotOf(next);
  assert.deepEqual([entries, unreadable], [users.length - 2, 3]);
});

test("an account begun by its id learns its handle once, and keeps it", async () => {
  assert.equal((await roost.account()).username, "");
  await roost.track(ACCOUNT, { read: false, username: "@tidewater" });
  assert.equal((await roost.account()).username, "tidewater");
  await roost.track(ACCOUNT, { read: false, username: "elsewhere" });
  assert.equal((await roost.account()).username, "tidewater");
});
