// The worker as built, in Cloudflare's own runtime, against the simulator of X.
//
// Knows the HTTP API and the simulator's control surface; nothing of what is inside the worker.
// The simulator's clock stands still unless a test moves it, and no test waits for a time to pass:
// each polls for what it waits for.
import assert from "node:assert/strict";
import { until } from "../poll.ts";
import { Runtime } from "./runtime.ts";
import { ACCOUNT, iso, Simulator, type World } from "./simulator.ts";

export { ACCOUNT, iso, Simulator };
export const ADMIN_TOKEN = "e2e-admin-token";

/** Longest wait for anything: a crawl of a small world takes about a second. */
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

export type Json = Record<string, any>;

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** The body as JSON; `undefined` if it is none. */
  json: any;
}

export interface Options extends World {
  /** Settings of the worker that replace the usual ones. */
  settings?: Record<string, string>;
  /** A port for V8's inspector. */
  inspect?: boolean;
  /** A packed state folder to begin with. */
  state?: string;
  /** A simulator that runs already; it stops with the worker. */
  sim?: Simulator;
}

/** When a crawl ran by the simulator's clock, and what came of it. */
export interface Crawl {
  run: Json;
  start: number;
  end: number;
}

/** Settings of the worker for a test. */
function settings(upstream: string, extra: Record<string, string> = {}): Record<string, string> {
  return {
    ROOST_SIM: "1",
    X_API_URL: upstream,
    ADMIN_TOKEN,
    X_BEARER_TOKEN: "sim-bearer",
    X_API_KEY: "sim-key",
    X_API_SECRET: "sim-key-secret",
    X_ACCESS_TOKEN: "12-sim",
    X_ACCESS_SECRET: "sim-token-secret",
    ...extra,
  };
}

/** A deployment under test. */
export class Roost {
  readonly sim: Simulator;
  readonly runtime: Runtime;

  constructor(sim: Simulator, runtime: Runtime) {
    this.sim = sim;
    this.runtime = runtime;
  }

  static async start(options: Options = {}): Promise<Roost> {
    const sim = options.sim ?? (await Simulator.start(options));
    try {
      const vars = settings(sim.url, options.settings);
      return new Roost(sim, await Runtime.start(vars, options.inspect ?? false, options.state));
    } catch (error) {
      await sim.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.runtime.stop();
    await this.sim.stop();
  }

  /** Any request, as a stranger unless `headers` say otherwise. */
  async raw(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await fetch(new URL(path, this.runtime.url), { redirect: "manual", ...init, method });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const text = bytes.toString("utf8");
    let json: any;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: answer.status, headers: answer.headers, bytes, text, json };
  }

  /** A request of the owner to the API; a body that is not bytes goes as JSON. */
  api(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${ADMIN_TOKEN}` };
    let sent: any = body;
    if (body !== undefined && !(body instanceof Uint8Array)) {
      headers["content-type"] = "application/json";
      sent = JSON.stringify(body);
    }
    return this.raw(method, `/api/v1${path}`, { headers, body: sent });
  }

  /** GETs what must be there. */
  async get(path: string): Promise<any> {
    const answer = await this.api("GET", path);
    assert.equal(answer.status, 200, `GET ${path}: ${answer.text.slice(0, 500)}`);
    return answer.json ?? answer.bytes;
  }

  /** Every item of a list. */
  async all(path: string): Promise<Json[]> {
    const items: Json[] = [];
    let cursor: string | null = null;
    do {
      const join = path.includes("?") ? "&" : "?";
      const next: string = cursor === null ? "" : `${join}cursor=${encodeURIComponent(cursor)}`;
      const page = await this.get(path + next);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return items;
  }

  async account(id = ACCOUNT): Promise<Json> {
    return this.get(`/accounts/${id}`);
  }

  async track(id = ACCOUNT, more: Json = {}): Promise<Json> {
    // Nobody is looked up unless a test says so: what checks cost is counted to the cent.
    const body = { id, schedule: "manual", monthly_cap_usd: 1_000_000, verify: false, ...more };
    const answer = await this.api("POST", "/accounts", body);
    assert.ok([200, 201].includes(answer.status), answer.text);
    return answer.json;
  }

  /** As if nothing had been tracked here: no account, no faults, an honest X, an hour later. */
  async fresh(more: Json = {}): Promise<void> {
    await this.sim.call("DELETE", "/sim/faults");
    await this.sim.call("POST", "/sim/world", { count_factor: 1 });
    for (const { id } of await this.all("/accounts")) {
      const answer = await this.api("DELETE", `/accounts/${id}`);
      assert.equal(answer.status, 204, answer.text);
    }
    await this.advance(3600);
    await this.track(ACCOUNT, more);
  }

  async advance(seconds: number): Promise<number> {
    return (await this.sim.call("POST", "/sim/clock", { advance_s: seconds })).now;
  }

  /** The hourly cron, at the simulator's time. */
  async tick(): Promise<void> {
    await this.runtime.scheduled(await this.sim.now());
  }

  evict(account = ACCOUNT): Promise<void> {
    return this.runtime.evict("Account", account);
  }

  /** Takes the account out of memory after each call to X, counted by slow answers, until a run ends. */
  async evictBetweenCalls(slow: number[], run: Promise<unknown>): Promise<void> {
    let over = false;
    void run.catch(() => {}).then(() => (over = true));
    const calls = async () => (await Promise.all(slow.map((fault) => this.fired(fault)))).reduce((a, b) => a + b, 0);
    for (let before = 0; !over; ) {
      await this.evict();
      await this.tick();
      await this.until("another call, or the end", async () => over || (await calls()) > before);
      before = await calls();
    }
  }

  /** Asks the simulator for a fault of the follower pages, or of another route. */
  async fault(kind: string, more: Json = {}): Promise<number> {
    const body = { route: "/2/users/*/followers", kind, ...more };
    return (await this.sim.call("POST", "/sim/faults", body)).id;
  }

  /** How often a fault was met. */
  async fired(id: number): Promise<number> {
    const faults: Json[] = await this.sim.call("GET", "/sim/faults");
    return faults.find((fault) => fault.id === id)?.fired ?? 0;
  }

  /** Polls until `ready` gives something. */
  async until<T>(
    what: string,
    ready: () => Promise<T | undefined | false>,
    patience = PATIENCE_MS,
    every = POLL_MS,
  ): Promise<T> {
    return until<T>(what, ready, { patience, every });
  }

  /** The run once it has ended. A crawl that waits for X has its wait skipped. */
  async ended(run: string): Promise<Json> {
    return this.until(`run ${run}`, async () => {
      const found = await this.get(`/runs/${run}`);
      if (found.state !== "running") return found;
      await this.skipWait(found.account ?? ACCOUNT);
      return undefined;
    });
  }

  /** If the collector waits for X, moves the clock to where it goes on, and ticks. */
  async skipWait(account = ACCOUNT): Promise<boolean> {
    const { collector, tweets, verify, following } = await this.account(account);
    const waits = [
      verify.state === "waiting" && verify.next_look,
      collector.state === "waiting" && collector.next_check,
      tweets.state === "waiting" && tweets.next_read,
      following.state === "waiting" && following.next_read,
    ].filter(Boolean);
    if (waits.length === 0) return false;
    const ahead = Date.parse(waits.sort()[0]) - (await this.sim.now());
    if (ahead > 0) await this.advance(Math.ceil(ahead / 1000));
    await this.tick();
    return true;
  }

  /** Waits until the collector waits for X. */
  async waiting(account = ACCOUNT): Promise<Json> {
    return this.until("the collector to wait", async () => {
      const { collector } = await this.account(account);
      return collector.state === "waiting" && collector;
    });
  }

  /** Waits until everyone who is due was looked up. */
  async lookedUp(account = ACCOUNT): Promise<Json> {
    return this.until("everyone due to be looked up", async () => {
      const { verify } = await this.account(account);
      if (verify.state === "waiting") await this.skipWait(account);
      return verify.state !== "checking" && verify.state !== "waiting" && verify.due === 0 && verify;
    });
  }

  async startCrawl(account = ACCOUNT): Promise<string> {
    const answer = await this.api("POST", `/accounts/${account}/crawl`);
    assert.equal(answer.status, 202, answer.text);
    return answer.json.run;
  }

  /** A full check from its start to its end. */
  async crawl(account = ACCOUNT): Promise<Crawl> {
    const start = await this.sim.now();
    const run = await this.ended(await this.startCrawl(account));
    return { run, start, end: await this.sim.now() };
  }

  /** A full check that must be accepted. */
  async goodCrawl(account = ACCOUNT): Promise<Crawl> {
    const crawl = await this.crawl(account);
    assert.equal(crawl.run.state, "done", JSON.stringify(crawl.run));
    return crawl;
  }

  async send(name: string, file: Uint8Array, account = ACCOUNT): Promise<Answer> {
    return this.api("POST", `/accounts/${account}/snapshots?name=${encodeURIComponent(name)}`, file);
  }

  /** The same, in the place of the file of that name. */
  async sendOver(name: string, file: Uint8Array): Promise<Answer> {
    return this.api("POST", `/accounts/${ACCOUNT}/snapshots?replace=true&name=${encodeURIComponent(name)}`, file);
  }

  /** Imports a file and waits for its run. */
  async import(name: string, file: Uint8Array, account = ACCOUNT): Promise<Json> {
    const answer = await this.send(name, file, account);
    assert.equal(answer.status, 202, answer.text);
    return this.ended(answer.json.run);
  }

  async events(query = "", account = ACCOUNT): Promise<Json[]> {
    return this.all(`/accounts/${account}/followers/events?limit=1000&${query}`);
  }

  async snapshots(account = ACCOUNT): Promise<Json[]> {
    return this.all(`/accounts/${account}/snapshots`);
  }

  async snapshotOf(name: string, account = ACCOUNT): Promise<Json> {
    const found = (await this.snapshots(account)).find((snapshot) => snapshot.name === name);
    assert.ok(found, `no snapshot ${name}`);
    return found;
  }

  /** An export as stored bytes. */
  async export(file: string, account = ACCOUNT): Promise<Buffer> {
    const answer = await this.api("GET", `/accounts/${account}/export/${file}`);
    assert.equal(answer.status, 200, answer.text.slice(0, 500));
    return answer.bytes;
  }

  /**
   * Holds the ledger of a check `b`, and of `a` before it, to the truth: nobody is reported lost
   * who did not leave, and nobody who left before `b` began is missed.
   */
  async assertTrue(a: Crawl, b: Crawl): Promise<void> {
    const at = encodeURIComponent(iso(b.start));
    const events = await this.events(`from=${at}`);
    const ids = (...kinds: string[]) =>
      events
        .filter((event) => kinds.includes(event.kind) && event.state !== "retracted")
        .map((event) => event.user.id)
        .sort();
    const widest = await this.sim.truth(a.start, b.end);
    const [whileA, whileB, between] = await Promise.all([
      this.sim.truth(a.start, a.end),
      this.sim.truth(b.start, b.end),
      this.sim.truth(a.end, b.start),
    ]);
    const touched = new Set([whileA, whileB].flatMap((t) => [...t.followed, ...t.lost]).map((c: Json) => c.id));
    const left = new Set(widest.lost.map((change: Json) => change.id));
    const came = new Set(widest.followed.map((change: Json) => change.id));
    const lost = ids("lost");
    const gained = ids("followed", "returned");
    assert.deepEqual(lost.filter((id) => !left.has(id)), [], "reported lost, but never left");
    assert.deepEqual(gained.filter((id) => !came.has(id)), [], "reported as new, but never came");
    const missed = (net: string[], found: string[]) =>
      net.filter((id) => !touched.has(id) && !found.includes(id));
    assert.deepEqual(missed(between.net.lost, lost), [], "left, but not reported");
    assert.deepEqual(missed(between.net.followed, gained), [], "came, but not reported");
  }

  /** Nobody may be reported lost: of a check that failed or was set aside. */
  async assertNobodyLost(): Promise<void> {
    assert.deepEqual(await this.events("kind=lost"), []);
  }
}

/** The name Roost gives a list of an instant. */
export function followersName(at: number | string): string {
  return `FOLLOWERS_${iso(at).replace(/\.\d+Z$/, "Z")}.json.gz`;
}

/** The ids of some events, sorted. */
export function idsOf(events: Json[]): string[] {
  return events.map((event) => event.user.id).sort();
}
