// The simulator of X as a process of its own, its clock standing still.
//
// Knows its command line and its control surface under `/sim/`.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "./harness.ts";
import { ROOT } from "./runtime.ts";

export const XSIM = process.env.ROOST_XSIM ?? join(ROOT, "target/debug/xsim");
/** The account that a simulated world is about. */
export const ACCOUNT = "12";

export interface World {
  followers?: number;
  seed?: number;
  /** Refuse what X would refuse. */
  rateLimits?: boolean;
  /** Start of the clock, RFC 3339. */
  now?: string;
  /** Whether the clock runs: tweets come only while it does. */
  runs?: boolean;
  /** Tweets a second on a stream. */
  streamRate?: number;
  /** Tweets that the account writes a day. */
  tweetsADay?: number;
  /** Tweets that it wrote in the five years before the last 100 days. */
  tweetsBefore?: number;
  /** Followers that the account gains a day, from the first midnight on. */
  gainedADay?: number;
  /** Followers that it loses a day, by every kind of loss. */
  lostADay?: number;
  /** Which of X's two namings it answers in. */
  dialect?: "tweet" | "post";
  /** What becomes of a refresh token that is sent again. */
  refreshReuse?: "grace" | "strict";
  /** The secret of the app's OAuth 2.0 client; empty for a public client. */
  clientSecret?: string;
}

/** The simulator as a process of its own. */
export class Simulator {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(world: World): Promise<Simulator> {
    const flags = [
      "--port", "0",
      "--speed", world.runs ? "1" : "0",
      "--stream-rate", String(world.streamRate ?? 10),
      "--seed", String(world.seed ?? 7),
      "--tweets-a-day", String(world.tweetsADay ?? 3),
      "--tweets-before", String(world.tweetsBefore ?? 0),
      "--followers", String(world.followers ?? 2000),
      "--rate-limits", world.rateLimits ? "x" : "off",
      // Noon of the first of a month: no test of a few days crosses a month's end, where caps
      // begin anew.
      "--now", world.now ?? "2026-09-01T12:00:00Z",
    ];
    if (world.gainedADay !== undefined) flags.push("--gained-a-day", String(world.gainedADay));
    if (world.lostADay !== undefined) flags.push("--lost-a-day", String(world.lostADay));
    if (world.dialect !== undefined) flags.push("--dialect", world.dialect);
    if (world.refreshReuse !== undefined) flags.push("--refresh-reuse", world.refreshReuse);
    if (world.clientSecret !== undefined) flags.push(`--client-secret=${world.clientSecret}`);
    if (!existsSync(XSIM)) {
      throw new Error(`no simulator at ${XSIM}: cargo build -p xsim`);
    }
    const child = spawn(XSIM, flags, { stdio: ["ignore", "pipe", "inherit"] });
    const url = await new Promise<string>((found, failed) => {
      child.once("exit", (code) => failed(new Error(`xsim ended with ${code}`)));
      child.once("error", failed);
      child.stdout!.on("data", (line) => {
        const address = /http:\/\/[0-9.:]+/.exec(String(line));
        if (address) found(address[0]);
      });
    });
    return new Simulator(child, url);
  }

  async call(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(this.url + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  }

  async now(): Promise<number> {
    return (await this.call("GET", "/sim/clock")).now;
  }

  /** The follower list at an instant as a snapshot's file. */
  async snapshot(at: number | string, account = ACCOUNT): Promise<Buffer> {
    const when = encodeURIComponent(iso(at));
    const answer = await fetch(`${this.url}/sim/snapshot?account=${account}&at=${when}`);
    assert.equal(answer.status, 200);
    return Buffer.from(await answer.arrayBuffer());
  }

  async truth(from: number | string, to: number | string, account = ACCOUNT): Promise<Json> {
    const [f, t] = [from, to].map((at) => encodeURIComponent(iso(at)));
    return this.call("GET", `/sim/truth?account=${account}&from=${f}&to=${t}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill();
    await ended;
  }
}

export function iso(at: number | string): string {
  return typeof at === "string" ? at : new Date(at).toISOString();
}
