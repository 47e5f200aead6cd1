// Faults of the stream, one after the other and on top of each other, while browsers watch: there
// is never a second upstream connection, and every number reaches every browser once or lies in a
// gap that it was told of. Each fault is seen to have happened. Afterwards every tweet that X writes
// reaches every browser once.
//
// 48 faults, three of each kind, and 60 browsers: what is shown depends on the kinds and on both
// kinds of object having browsers, not on how many. `ROOST_LONG=1` makes it 200 of each.
// `ROOST_SEED` repeats the order of the faults and how long browsers stay away.
import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { stopwatch, until } from "../poll.ts";
import { ADMIN_TOKEN, iso, type Json, Roost } from "./harness.ts";
import { Reader } from "./reader.ts";
import { dice, seed, shuffled } from "./seed.ts";

const STREAM = "/2/tweets/search/stream";
const LONG = process.env.ROOST_LONG === "1";
const FAULTS = LONG ? 200 : 48;
const READERS = LONG ? 200 : 60;
/** Browsers on the Live object; the rest watch through a relay. */
const ON_LIVE = Math.ceil(READERS * 0.6);
/** Of four faults one comes as soon as the one before was seen, into whatever is going on. */
const ON_TOP = 0.25;
/** Tweets after the last fault of which each must reach each browser once. */
const CALM = 200;
/** Between two faults at least one tweet comes, as a rule: fewer show that nothing was shaken. */
const LEAST_SHAKEN = FAULTS / 2;
/** A machine that does much else needs a minute for what takes a second. */
const PATIENCE_MS = 120_000;
let roost: Roost;
/** Connections in which X fell silent. */
let silences = 0;

before(async () => {
  // One relay for whoever finds no place: it counts those who are about to come back twice.
  const settings = { LIVE_SOCKETS: String(ON_LIVE), RELAY_SOCKETS: "4000" };
  roost = await Roost.start({ followers: 100, runs: true, streamRate: 40, settings });
  roost.runtime.mayBreakDown = true;
});
after(() => roost?.stop());

/** How it is seen that a fault happened. */
interface Proof {
  /** What is waited for. */
  what: string;
  seen: () => boolean | Promise<boolean>;
  /** Whether the connection takes no more orders: X can only end it. */
  stuck?: boolean;
}

/** Asks the worker. A question that a panic takes with it is never answered: it is given up. */
function ask(method: string, path: string, signal = AbortSignal.timeout(20_000)) {
  return roost.raw(method, path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, signal });
}

/** A control of the worker that tests have. */
const control = (what: string, signal?: AbortSignal) => ask("POST", `/api/sim/live/${what}`, signal);

/** Has a wait of minutes pass at once. An object that is being made again does not answer. */
async function hurry(): Promise<void> {
  const answer = await control("hurry").catch(() => undefined);
  assert.notEqual(answer?.status, 404, answer?.text);
}

async function connection(): Promise<Json> {
  const answer = await ask("GET", "/api/v1/stream").catch(() => undefined);
  return answer?.json?.connection ?? {};
}

const upstream = (): Promise<Json> => roost.sim.call("GET", "/sim/connections");

/** X ends every connection. */
async function endAll(): Promise<void> {
  const headers = { authorization: "Bearer sim-bearer" };
  const answer = await fetch(`${roost.sim.url}/2/connections/all`, { method: "DELETE", headers });
  assert.equal(answer.status, 200, await answer.text());
}

/** Whether something is so within a second: where not, there is another way. */
function soon(seen: () => boolean): Promise<boolean> {
  return until("it", seen, { patience: 1_000, every: 10 }).catch(() => false);
}

/** Waits until a fault is seen. What is made again wakes only when it is asked for something. */
function happens(kind: string, { what, seen }: Proof): Promise<boolean> {
  const ready = async () => {
    const happened = await seen();
    if (!happened) await hurry();
    return happened;
  };
  return roost.until(`${kind}: ${what}`, ready, PATIENCE_MS);
}

/** Faults of a stream, with browsers that watch. */
class Shaking {
  readonly readers: Reader[];
  /** The open connection takes nothing that it is told. */
  #stuck = false;

  constructor(readers: Reader[]) {
    this.readers = readers;
  }

  /** Inflicts a fault, sees that it happened, and waits until all is well unless `hasty`. */
  async inflict(kind: string, hasty: boolean): Promise<void> {
    const proof = await KINDS[kind]!(this);
    await happens(kind, proof);
    this.#stuck = proof.stuck ?? false;
    if (!hasty) await this.recover();
  }

  /** Ends whatever connection is open, so that there is a next one. */
  async end(): Promise<void> {
    if (this.#stuck) await endAll();
    else await roost.sim.call("POST", "/sim/notice", { kind: "cut" });
  }

  /** Waits until tweets come anew and everyone watches. */
  async recover(): Promise<void> {
    if (this.#stuck) await endAll();
    this.#stuck = false;
    const before = this.#tweets();
    await this.#live("tweets after a fault", async () => this.#tweets() > before);
    await roost.until("everyone to watch", async () => this.readers.every((reader) => reader.isOpen));
  }

  /** Waits for another connection than there was, which meets no fault. */
  async renew(): Promise<void> {
    await roost.sim.call("DELETE", "/sim/faults");
    const before = (await upstream()).total;
    await endAll();
    await this.#live("another connection", async () => (await upstream()).total > before);
  }

  /** Waits until the one connection is open on both sides, and something else is so. */
  async #live(what: string, also: () => Promise<boolean>): Promise<void> {
    await roost.until(what, async () => {
      const live = (await also()) && (await upstream()).open === 1 && (await connection()).state === "live";
      if (!live) await this.#help();
      return live;
    }, PATIENCE_MS);
  }

  /** What an owner does in the end: waits, and switches on again what gave up. */
  async #help(): Promise<void> {
    const { state, why } = await connection();
    if (state === "stopped") {
      assert.match(why, /does not take the rules/, "a stop that no fault here brings about");
      await roost.api("PUT", "/stream", { state: "on" });
    }
    await hurry();
  }

  /** The most that any browser has. */
  #tweets(): number {
    return Math.max(...this.readers.map((reader) => reader.tweets));
  }

  /** Sockets that ended so far. */
  get ended(): number {
    return this.readers.reduce((sum, reader) => sum + reader.ended, 0);
  }

  /** Whether some browser was told that numbers behind this one are lost with a memory. */
  lostBehind(seq: number): boolean {
    return this.readers.some((reader) => reader.toldOfLossBehind(seq));
  }
}

type Inflict = (shaking: Shaking) => Promise<Proof>;

/** A fault that the next connection meets; the open one is ended, so that there is a next one. */
const meets = (kind: string, args: Json = {}, stuck = false): Inflict => async (shaking) => {
  const id = await roost.fault(kind, { route: STREAM, args });
  const seen = async () => {
    const { open } = await upstream();
    if ((await roost.fired(id)) === 1) return true;
    // What was open before does not have the fault.
    if (open > 0) await shaking.end();
    return false;
  };
  return { what: `a connection to meet ${kind}`, seen, stuck };
};

/**
 * X falls silent. In the long form the first such connection is left to the worker, which gives it
 * up after 20 s of the clock on the wall; the others X ends.
 */
const fallsSilent: Inflict = async (shaking) => {
  const proof = await meets("stall")(shaking);
  silences += 1;
  return { ...proof, stuck: !LONG || silences > 1 };
};

/** A line of X's, for a stream that is open and listens. */
const line = (body: Json): Inflict => async (shaking) => {
  await shaking.recover();
  const lines = async () => (await roost.sim.call("GET", "/sim/stream")).notices;
  const before = await lines();
  let told = 0;
  const seen = async () => {
    if ((await lines()) > before) return true;
    const { open, total } = await upstream();
    // One that was about to end took the order with it: the next one is told.
    if (open > 0 && told !== total) await roost.sim.call("POST", "/sim/notice", body);
    told = open > 0 ? total : told;
    return false;
  };
  return { what: `a stream to bring ${JSON.stringify(body)}`, seen };
};

/** Numbers are reserved in blocks of so many; a new memory begins behind the block of the last. */
const BLOCK = 65_536;

/** The newest number, as soon as the Live object says it. */
async function head(): Promise<number> {
  return roost.until("the newest number", async () => {
    const answer = await ask("GET", "/api/v1/live/events").catch(() => undefined);
    return answer?.json?.to as number | undefined;
  });
}

/** The newest number of a memory that has given one out: only then a loss of it can be told. */
async function headToLose(shaking: Shaking): Promise<number> {
  const to = await head();
  if (to % BLOCK !== 0) return to;
  await shaking.recover();
  return head();
}

/** Has an object thrown out of memory. */
async function evict(object: string): Promise<void> {
  const { status, text } = await control(object);
  assert.equal(status, 200, `${object}: ${text}`);
}

/** The Live object loses its memory, and browsers are told which numbers went with it. */
const losesLive: Inflict = async (shaking) => {
  const before = await headToLose(shaking);
  await evict("evict");
  return { what: "browsers to be told of a lost memory", seen: () => shaking.lostBehind(before) };
};

/** A relay has nothing of its own to lose: its sockets end. */
const losesRelay: Inflict = async (shaking) => {
  for (;;) {
    // None may be about to end for another reason.
    await shaking.recover();
    const before = shaking.ended;
    const seen = () => shaking.ended > before;
    await evict("relay/evict");
    if (await soon(seen)) return { what: "a socket to end", seen };
    // All had come back at the same moment, when the Live object had room: it sends them away.
    await happens("Live evicted", await losesLive(shaking));
  }
};

/** A new version of the worker: both objects are made again. */
const deploys: Inflict = async (shaking) => {
  await evict("relay/evict");
  return losesLive(shaking);
};

/** A panic takes the memory of every object of the isolate, and answers nobody. */
const panics: Inflict = async (shaking) => {
  const before = await headToLose(shaking);
  const given = new AbortController();
  let answer: string | undefined;
  const panic = () => {
    answer = undefined;
    const failed = (error: unknown) => (answer = `500 ${error}`);
    void control("panic", given.signal).then(({ status, text }) => (answer = `${status} ${text}`), failed);
  };
  const seen = async () => {
    if (shaking.lostBehind(before)) {
      given.abort();
      return true;
    }
    if (answer === undefined) return false;
    // By the runtime, which sees that there will be no answer, or by an object that was being made
    // again: only that one is asked once more, or there would be a second panic at some later time.
    assert.match(answer, /^500/, `a panic was asked for and answered: ${answer}`);
    if ((await head()) < (Math.floor(before / BLOCK) + 1) * BLOCK) panic();
    return false;
  };
  panic();
  return { what: "browsers to be told of a lost memory", seen };
};

/** A connection that lives on at X without its reader holds the only place there is. */
const haunts: Inflict = async (shaking) => {
  await shaking.recover();
  const before = (await upstream()).refused_ghost;
  const met = await meets("ghost")(shaking);
  await happens("ghost", met);
  const seen = async () => {
    const { open, refused_ghost } = await upstream();
    if (refused_ghost > before) return true;
    if (open > 0) await shaking.end();
    return false;
  };
  return { what: "a connect to be refused for a ghost", seen };
};

/** Sixteen ways in which it goes wrong. */
const KINDS: Record<string, Inflict> = {
  cut: meets("cut"),
  stall: fallsSilent,
  "429": meets("status_429"),
  "503": meets("status_503"),
  "420": meets("status_420"),
  "409": meets("status_409"),
  disconnect: meets("disconnect"),
  "v2 disconnect": line({ kind: "v2_error", disconnect_type: "UpstreamOperationalDisconnect" }),
  ghost: haunts,
  "bad line": line({ raw: '{"data":{"id":' }),
  slow: meets("slow", { bytes_per_s: 10_000 }, true),
  empty: meets("empty"),
  "Live evicted": losesLive,
  "relay evicted": losesRelay,
  panic: panics,
  deploy: deploys,
};

test("no fault makes a second connection, and none is silent", { timeout: LONG ? 1_800_000 : 600_000 }, async (t) => {
  const start = seed();
  const roll = dice(start);
  t.diagnostic(`ROOST_SEED=${start}`);
  const began = await roost.sim.now();
  await roost.until("the stream", async () => (await connection()).state === "live");
  const readers = Array.from({ length: READERS }, () => {
    return new Reader(() => roost.runtime.url, dice(Math.floor(roll() * 2 ** 31)));
  });
  const running = readers.map((reader) => reader.run());
  try {
    await roost.until("everyone to watch", async () => readers.every((reader) => reader.isOpen));
    await shake(new Shaking(readers), roll, t);
    const shaken = Math.min(...readers.map((reader) => reader.tweets));
    assert.ok(shaken >= LEAST_SHAKEN, `a browser saw ${shaken} tweets between ${FAULTS} faults`);
    const calm = await beCalm(readers);
    check(readers, calm);
    await checkWritten(readers, began - 10_000);
  } finally {
    for (const reader of readers) reader.stop();
  }
  await Promise.all(running);
  const { peak, refused_open, total } = await upstream();
  assert.deepEqual([peak, refused_open], [1, 0], "two upstream connections");
  tell(t, readers, total);
});

/** Fault after fault, each kind as often as the others, until all is well again. */
async function shake(shaking: Shaking, roll: () => number, t: TestContext): Promise<void> {
  const names = Object.keys(KINDS);
  const order = shuffled(Array.from({ length: FAULTS }, (_, at) => names[at % names.length]!), roll);
  const passed = stopwatch();
  for (const kind of order) await shaking.inflict(kind, roll() < ON_TOP);
  t.diagnostic(`${FAULTS} faults in ${passed()} ms: ${order.join(", ")}`);
  await shaking.recover();
  await shaking.renew();
}

/** X writes for a while and nothing goes wrong: the tweets it wrote, once everyone has all there is. */
async function beCalm(readers: Reader[]): Promise<string[]> {
  await roost.sim.call("POST", "/sim/stream", { rate: 150 });
  const from = await roost.sim.now();
  await roost.until(`${CALM} tweets`, async () => (await written(from)).length >= CALM);
  await roost.sim.call("POST", "/sim/stream", { pause: true });
  // X goes on to the end of the second that is under way.
  const second = Math.floor((await roost.sim.now()) / 1_000);
  await roost.until("X to be quiet", async () => (await roost.sim.now()) >= (second + 1) * 1_000);
  const ids = await written(from);
  const last = ids.at(-1);
  await roost.until("the last tweet to come", async () => {
    return readers.some((reader) => reader.events().some(({ id }) => id === last));
  });
  const to = await head();
  await roost.until(`everyone to have number ${to}`, async () => readers.every((reader) => reader.cursor >= to));
  return ids;
}

/** What X wrote since, and the rules let through. */
async function written(from: number): Promise<string[]> {
  const [f, t] = [iso(from), iso(await roost.sim.now())].map(encodeURIComponent);
  return (await roost.sim.call("GET", `/sim/tweets?from=${f}&to=${t}&rules=1`)).ids;
}

/** The ids of some tweets, as they came. */
const tweetsOf = (events: Json[]): string[] => events.filter(({ kind }) => kind === "simple_tweet").map(({ id }) => id);

/** Each number once or in a gap, the same for everyone; each tweet of the calm once. */
function check(readers: Reader[], calm: string[]): void {
  const tweets = new Map<number, string>();
  for (const reader of readers) {
    reader.assertContinuous();
    const events = reader.events();
    for (const { seq, id } of events) {
      if (tweets.has(seq)) assert.equal(id, tweets.get(seq), `two browsers got different events as number ${seq}`);
      tweets.set(seq, id);
    }
    const wanted = new Set(calm);
    const came = tweetsOf(events).filter((id) => wanted.has(id));
    const missing = calm.filter((id) => !came.includes(id));
    assert.deepEqual([missing, came.length], [[], calm.length], "each tweet after the last fault comes once");
  }
  const last = Math.min(...readers.map((reader) => reader.cursor));
  for (const reader of readers) {
    const has = new Set(reader.events().map(({ seq }) => seq));
    const missing = [...tweets.keys()].filter((seq) => seq > reader.first && seq <= last && !has.has(seq));
    assert.deepEqual(missing.filter((seq) => !reader.inGap(seq)), [], "numbers that others have neither came nor lay in a gap");
  }
}

/** Nothing came that X did not write, and a tweet came again only by a search after a gap. */
async function checkWritten(readers: Reader[], began: number): Promise<void> {
  const all = new Set(await written(began));
  for (const reader of readers) {
    const seen = new Set<string>();
    for (const { seq, id, late } of reader.events().filter(({ kind }) => kind === "simple_tweet")) {
      assert.ok(all.has(id), `X never wrote ${id}`);
      assert.ok(!seen.has(id) || late, `${id} came twice, the second time as number ${seq}`);
      seen.add(id);
    }
  }
}

function tell(t: TestContext, readers: Reader[], total: number): void {
  const counts = readers.map((reader) => reader.events().length).sort((a, b) => a - b);
  const ended = readers.reduce((sum, reader) => sum + reader.ended, 0);
  t.diagnostic(
    `${total} connections, never two; ${READERS} browsers, ${ended} sockets ended under them; ` +
      `${counts[0]} to ${counts.at(-1)} events each`,
  );
}
