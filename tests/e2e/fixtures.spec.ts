// What older builds of Roost stored, opened by this one: nothing is lost, every object answers; and
// what cannot be brought up to date stops loudly, with its data untouched.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DatabaseSync } from "node:sqlite";
import { ACCOUNT, type Json, Roost, Simulator } from "./harness.ts";
import { STORING, type StoringObject } from "./runtime.ts";
import { Receiver } from "./receiver.ts";
import { fixtures, SECRET, WORLD } from "../fixtures/fixtures.ts";

/** Not answered with a document, or to strangers alone. */
const APART = new Set(["/live", "/live/events", "/auth/x/start", "/auth/x/callback", "/hooks/x", "/feeds/{feed}"]);
const EXPORTS = ["NEW_FOLLOWERS.json.gz", "LOST_FOLLOWERS.json.gz", "USER_INFO.json.gz", "STATS_TWEETS.json.gz", "events.csv", "tweets.csv"];

/** With the fixture's own world, as it is when the older build stopped. */
async function open(state: string, now: string): Promise<Roost> {
  const sim = await Simulator.start(WORLD);
  await sim.call("POST", "/sim/clock", { now });
  return Roost.start({ sim, state, settings: { ROOST_SECRET: SECRET } });
}

/** What a class of objects has stored, read by `look` for each of them. */
async function stored<T>(roost: Roost, objects: StoringObject, look: (database: DatabaseSync) => T): Promise<T[]> {
  const found: T[] = [];
  await roost.runtime.rewrite(objects, (database) => void found.push(look(database)));
  return found;
}

const versionOf = (database: DatabaseSync) => database.prepare("SELECT version FROM roost_version").all();

/** Tables and their columns, indexes, views: by name, however they came to be. */
function formOf(database: DatabaseSync): Json {
  const named = database.prepare(
    "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite%' AND name NOT LIKE '%cf_%' ORDER BY type, name",
  );
  return named.all().map((one: Json) => ({
    ...one,
    columns: database
      .prepare("SELECT name, type, pk, dflt_value FROM pragma_table_info(?) ORDER BY name")
      .all(one.name)
      .map((column) => ({ ...column })),
  }));
}

async function values(roost: Roost): Promise<Record<string, string[]>> {
  const first = async (path: string, field: string) => (await roost.all(path)).slice(0, 1).map((one) => one[field]);
  const [person] = await roost.all(`/accounts/${ACCOUNT}/followers`);
  return {
    account: (await roost.all("/accounts")).map(({ id }) => id),
    user: [person.user.id],
    tweet: await first(`/accounts/${ACCOUNT}/tweets`, "id"),
    name: (await roost.snapshots()).map(({ name }) => encodeURIComponent(name)),
    run: await first("/runs", "id"),
    lookup: await first("/lookups", "id"),
    alert: await first("/alerts", "id"),
    part: await first("/stream/archive", "name"),
    file: EXPORTS,
  };
}

/** A path for each value of its parameter that is listed; of an account's things, the first account's. */
function filled(path: string, by: Record<string, string[]>): string[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const many = names.at(-1);
  if (many === undefined) return [path];
  const fixed = names.slice(0, -1).reduce((text, name) => text.replace(`{${name}}`, by[name]?.[0] ?? "0"), path);
  return (by[many] ?? []).map((value) => fixed.replace(`{${many}}`, value));
}

for (const { name, state, facts } of fixtures()) {
  describe(`what ${name} stored`, () => {
    let roost: Roost;
    before(async () => {
      roost = await open(state, facts.now);
    });
    after(() => roost?.stop());

    test("nothing that only the owner can say is lost", async () => {
      for (const [user, was] of Object.entries<Json>(facts.notes)) {
        const is = await roost.get(`/accounts/${ACCOUNT}/followers/${user}`);
        assert.deepEqual([is.note, is.muted], [was.note, was.muted]);
      }
      const muted = await roost.all(`/accounts/${ACCOUNT}/followers?filter=muted`);
      const wasMuted = facts.answers[`/accounts/${ACCOUNT}/followers?filter=muted`];
      assert.deepEqual(muted.map((row) => row.user.id), wasMuted.map((row: Json) => row.user.id));
      const alerts = (await roost.all("/alerts")).map(({ id, name, kind, destination, state }) => ({ id, name, kind, destination, state }));
      const wereAlerts = facts.answers["/alerts"];
      assert.deepEqual(alerts, wereAlerts.map(({ id, name, kind, destination, state }: Json) => ({ id, name, kind, destination, state })));
    });

    test("accounts, lists and runs are all there", async () => {
      const kept: [string, string][] = [["/accounts", "id"], ["/runs", "id"]];
      for (const { id } of facts.answers["/accounts"]) kept.push([`/accounts/${id}/snapshots`, "name"]);
      for (const [path, field] of kept) {
        const was = facts.answers[path].map((one: Json) => one[field]);
        assert.ok(was.length > 0, `the fixture has ${path}`);
        const is = new Set((await roost.all(path)).map((one) => one[field]));
        assert.deepEqual(was.filter((one: string) => !is.has(one)), [], path);
      }
    });

    test("whoever really left is still said to have left", async () => {
      const left = new Set(facts.truth[ACCOUNT].lost.map((change: Json) => change.id));
      const was: Json[] = facts.answers[`/accounts/${ACCOUNT}/followers/events`];
      const wanted = was.filter((event) => event.kind === "lost" && event.state === "confirmed" && left.has(event.user.id));
      assert.ok(wanted.length > 20);
      const is = new Map((await roost.events("kind=lost")).map((event) => [event.id, event.state]));
      assert.deepEqual(wanted.filter((event) => is.get(event.id) !== "confirmed").map((event) => event.id), []);
    });

    test("every GET answers", async () => {
      const { paths } = await roost.get("/openapi.json");
      const by = await values(roost);
      const asked = Object.keys(paths)
        .filter((path) => paths[path].get !== undefined)
        .map((path) => path.replace(/^\/api\/v1/, ""))
        .filter((path) => !APART.has(path));
      assert.ok(asked.length > 20, asked.join(" "));
      for (const path of asked.flatMap((one) => filled(one, by))) {
        const answer = await roost.api("GET", path);
        assert.ok(answer.status < 500, `GET ${path}: ${answer.status} ${answer.text.slice(0, 300)}`);
      }
    });

    test("its tables come to the form of new ones", async () => {
      const fresh = await Roost.start({ followers: 20 });
      try {
        await fresh.track();
        for (const path of ["/runs", "/lookups", "/alerts", "/stream"]) await fresh.get(path);
        for (const objects of STORING) {
          const [made] = await stored(fresh, objects, (database) => [formOf(database), versionOf(database)]);
          for (const grown of await stored(roost, objects, (database) => [formOf(database), versionOf(database)])) {
            assert.deepEqual(grown, made, objects);
          }
        }
      } finally {
        await fresh.stop();
      }
    });
  });
}

describe("an object whose data cannot be used", () => {
  const [fixture] = fixtures();
  let roost: Roost;
  before(async () => {
    roost = await open(fixture.state, fixture.facts.now);
  });
  after(() => roost?.stop());

  const path = `/accounts/${ACCOUNT}`;
  const dump = (database: DatabaseSync) => [
    formOf(database),
    database.prepare("SELECT * FROM notes ORDER BY user").all(),
    database.prepare("SELECT * FROM changes ORDER BY at, dir, user").all(),
    database.prepare("SELECT * FROM snapshots ORDER BY name").all(),
  ];

  /** Every call says why, ticks change nothing, and without the `hurt` all goes on. */
  async function stops(hurt: string, heal: string, says: RegExp): Promise<void> {
    await roost.runtime.rewrite("Account", (database) => database.exec(hurt));
    const before = JSON.stringify(await stored(roost, "Account", dump));
    const calls: [string, string, unknown?][] = [
      ["GET", path], ["GET", `${path}/followers`], ["GET", `${path}/export/LOST_FOLLOWERS.json.gz`], ["POST", `${path}/replay`],
      ["POST", `${path}/crawl`], ["PATCH", path, { verify: true }], ["DELETE", path],
    ];
    for (const [method, at, body] of calls) {
      const answer = await roost.api(method, at, body);
      assert.equal(answer.status, 503, `${method} ${at}: ${answer.text}`);
      assert.equal(answer.json.title, "Object stopped");
      assert.match(answer.json.detail, /^The Account object has stopped\./);
      assert.match(answer.json.detail, says);
      assert.match(answer.json.detail, /Nothing of its data was changed\.$/);
    }
    await roost.tick();
    assert.equal(JSON.stringify(await stored(roost, "Account", dump)), before);
    await roost.runtime.rewrite("Account", (database) => database.exec(heal));
    assert.equal((await roost.all("/accounts")).length, 2);
  }

  /** The version of every account, once each was opened. */
  async function current(): Promise<number> {
    await roost.all("/accounts");
    const [[{ version }]] = (await stored(roost, "Account", versionOf)) as unknown as { version: number }[][];
    return version;
  }

  test("a migration that fails leaves it as it was", () =>
    // An index of version 1 cannot be made where a table has its name.
    stops(
      "DROP TABLE IF EXISTS roost_version; DROP INDEX IF EXISTS changes_by_user; CREATE TABLE changes_by_user (x)",
      "DROP TABLE changes_by_user",
      /version 0 and could not be brought to version 1: .*changes_by_user.*Deploy the Roost that ran before/s,
    ));

  test("data of a newer Roost is left to it", async () => {
    const version = await current();
    await stops(
      "UPDATE roost_version SET version = 99",
      `UPDATE roost_version SET version = ${version}`,
      new RegExp(`version 99, written by a newer Roost; this Roost knows versions up to ${version}\\. Deploy the newer`),
    );
  });

  test("a version that says nothing is not guessed", async () => {
    const version = await current();
    await stops("DELETE FROM roost_version", `INSERT INTO roost_version VALUES (${version})`, /should hold one version/);
  });
});

test("lists that an older Roost read are read again: false losses are taken back, each channel is told once", async () => {
  const fixture = fixtures().find(({ name }) => name === "b679fb7");
  assert.ok(fixture);
  const { facts, state } = fixture;
  const receiver = await Receiver.start();
  const roost = await open(state, facts.now);
  try {
    const alerts = await roost.all("/alerts");
    for (const { id, name } of alerts.filter(({ kind }) => kind === "webhook")) {
      const answer = await roost.api("PATCH", `/alerts/${id}`, { destination: receiver.url(`/${name.replaceAll(" ", "-")}`) });
      assert.equal(answer.status, 200, answer.text);
    }
    const spent = (await roost.get("/budget")).spent_usd;
    await roost.tick();
    // Thrown out of memory while lists are read: it goes on where it was.
    const heals = async () => (await roost.all("/runs")).filter((run) => run.what === "heal");
    for (let n = 0; n < 3; n += 1) {
      await roost.evict();
      await roost.tick();
    }
    const runs = await roost.until("the lists to be read again", async () => {
      const runs = await heals();
      return runs.length === facts.answers["/accounts"].length && runs.every((run) => run.state !== "running") && runs;
    });
    assert.deepEqual(runs.map((run) => run.state), ["done", "done"]);
    assert.equal((await roost.get("/budget")).spent_usd, spent, "nothing is billed");

    const left = new Set(facts.truth[ACCOUNT].lost.map((change: Json) => change.id));
    const stand = (await roost.events("kind=lost")).filter((event) => event.state !== "retracted");
    assert.deepEqual(stand.filter((event) => !left.has(event.user.id)).map((event) => event.user.id), [], "nobody who never left");
    for (const [sort, ids] of Object.entries<string[]>(facts.never_left)) {
      const still = await Promise.all(ids.map((id) => roost.api("GET", `/accounts/${ACCOUNT}/followers/${id}`)));
      assert.deepEqual(still.map((answer) => answer.json.following), ids.map(() => true), sort);
    }
    const ahead = (await roost.snapshots("13")).find(({ name }) => name.includes("2062"));
    assert.equal(ahead?.state, "quarantined");
    assert.match(ahead?.reason, /dated in the future/);

    await roost.tick();
    const corrections = (path: string) =>
      receiver.at(path).filter(({ body }) => /reported as having left @\w+ never left/.test(body.summary));
    await roost.until("the corrections", async () => corrections("/phone").length > 0 && corrections("/settled-only").length > 0);
    // Everything again changes nothing.
    await roost.ended((await roost.api("POST", `/accounts/${ACCOUNT}/replay`)).json.run);
    await roost.tick();
    const wasLost = (event: Json) => event.kind === "lost" && event.state !== "retracted";
    const reported = new Set(facts.answers[`/accounts/${ACCOUNT}/followers/events`].filter(wasLost).map((event: Json) => event.user.id));
    const inTime = [...facts.never_left.numbers, ...facts.never_left.spoilt].filter((id) => reported.has(id));
    assert.ok(inTime.length > 10);
    const forGood = new Set(facts.truth[ACCOUNT].lost.filter((change: Json) => change.back === null).map((change: Json) => change.id));
    const mark = (await roost.api("POST", `/alerts/${alerts[0].id}/test`)).status;
    assert.ok(mark < 300);
    await roost.until("what came later", async () => receiver.received.some(({ body }) => /This is a test/.test(body.summary)));
    for (const path of ["/phone", "/settled-only"]) {
      const [one, ...more] = corrections(path);
      assert.deepEqual(more.map(({ body }) => body.summary), [], path);
      const told = one.body.corrections.map(({ event }: Json) => event.user.id);
      assert.deepEqual(inTime.filter((id) => !told.includes(id)), [], one.body.summary);
      assert.deepEqual(told.filter((id: string) => forGood.has(id)), [], "nobody who is gone");
    }
    // Of those missing from the newest lists, which are in doubt, the next check knows more.
    await roost.advance(3600);
    await roost.goodCrawl();
    await roost.tick();
    await roost.until("what was in doubt", async () => corrections("/phone").length > 1 && corrections("/settled-only").length > 1);
    for (const path of ["/phone", "/settled-only"]) {
      const [, two, ...more] = corrections(path);
      assert.deepEqual(more.map(({ body }) => body.summary), [], path);
      const told = two.body.corrections.map(({ event }: Json) => event.user.id);
      assert.deepEqual(told.toSorted(), facts.never_left.unreadable.toSorted());
    }
    assert.equal((await heals()).length, 2, "once");
  } finally {
    await roost.stop();
    await receiver.stop();
  }
});
