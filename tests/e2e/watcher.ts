// A browser of the live socket, as a test sees it: it keeps what came and checks continuity.
import assert from "node:assert/strict";
import { until } from "../poll.ts";
import { ADMIN_TOKEN, type Json } from "./harness.ts";

/** Longest wait for a frame, in milliseconds, and the rest between two looks. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 10;

export interface WatchOptions {
  /** Frames are held to continuity: each begins where the one before ended. */
  subscribe?: Json;
  /** Asked for first: everything after this number. */
  after?: number;
  token?: string;
  /** What is kept of an event; all of it unless this says otherwise. */
  keep?: (event: Json) => Json;
}

/** One browser. */
export class Watcher {
  readonly events: Json[] = [];
  readonly gaps: Json[] = [];
  readonly byes: Json[] = [];
  readonly statuses: Json[] = [];
  /** From when Roost had a tweet to when it came here, in milliseconds. */
  readonly delays: number[] = [];
  hello: Json | undefined;
  /** The last number covered by a frame or a gap. */
  cursor = -1;
  /** Numbers that neither came nor lay in a gap: there must be none. */
  readonly silent: [number, number][] = [];
  /**
   * Numbers that a frame covered and did not bring. Whoever subscribes to everything has none,
   * unless X has had something deleted: then each number of a frame is an event in it.
   */
  readonly holes: number[] = [];
  /** Events that came twice on one socket. */
  repeats = 0;
  closed: CloseEvent | undefined;
  readonly #socket: WebSocket;
  readonly #after: number | undefined;
  readonly #keep: (event: Json) => Json;
  readonly #everything: boolean;
  readonly #seen = new Set<number>();
  /** This machine's clock less the deployment's. */
  #skew: number | undefined;

  private constructor(socket: WebSocket, options: WatchOptions) {
    this.#socket = socket;
    this.#after = options.after;
    this.#keep = options.keep ?? ((event) => event);
    this.#everything = options.subscribe === undefined;
    socket.binaryType = "arraybuffer";
  }

  static async open(base: URL, options: WatchOptions = {}): Promise<Watcher> {
    const url = new URL("/api/v1/live", base);
    url.protocol = "ws:";
    if (options.after !== undefined) url.searchParams.set("after", String(options.after));
    const token = options.token ?? ADMIN_TOKEN;
    const socket = new WebSocket(url, ["roost.v1", `bearer.${token}`]);
    const watcher = new Watcher(socket, options);
    socket.addEventListener("message", (message) => watcher.#take(message.data));
    let refused: Error | undefined;
    socket.addEventListener("error", () => (refused ??= new Error("the socket was refused")));
    socket.addEventListener("close", (event) => {
      watcher.closed = event;
      refused ??= new Error(`closed: ${event.code} ${event.reason}`);
    });
    // An object that a test broke on purpose may never answer: nobody waits for it for ever.
    await watcher.until("hello", () => {
      if (refused) throw refused;
      return watcher.hello !== undefined;
    }).catch((error) => {
      socket.close();
      throw error;
    });
    if (options.subscribe) watcher.say({ t: "subscribe", ...options.subscribe });
    return watcher;
  }

  say(frame: Json | string): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  close(): void {
    this.#socket.close();
  }

  #take(data: unknown): void {
    assert.equal(typeof data, "string", "a binary frame nobody asked for");
    const frame = JSON.parse(data as string);
    switch (frame.t) {
      case "hello":
        this.hello = frame;
        this.#skew = Date.now() - frame.server_time;
        this.cursor = this.#after ?? frame.cursor;
        return;
      case "events":
        this.#cover(frame.from, frame.to);
        for (const event of frame.events) {
          assert.ok(event.seq >= frame.from && event.seq <= frame.to, JSON.stringify(frame).slice(0, 300));
          if (this.#seen.has(event.seq)) this.repeats += 1;
          this.#seen.add(event.seq);
          this.events.push(this.#keep(event));
          if (event.kind === "simple_tweet" && this.#skew !== undefined) {
            this.delays.push(Date.now() - this.#skew - Date.parse(event.at));
          }
        }
        if (this.#everything) this.#count(frame);
        return;
      case "gap":
        this.gaps.push(frame);
        this.#cover(frame.from, frame.to);
        return;
      case "status":
        this.statuses.push(frame);
        return;
      case "bye":
        this.byes.push(frame);
        return;
      case "pong":
        return;
      default:
        assert.fail(`a frame of a kind unknown: ${data}`);
    }
  }

  #cover(from: number, to: number): void {
    if (from > this.cursor + 1) this.silent.push([this.cursor + 1, from - 1]);
    this.cursor = Math.max(this.cursor, to);
  }

  /** Notes the numbers that a frame covers and does not bring. */
  #count({ from, to, events }: Json): void {
    const brought = new Set(events.map((event: Json) => event.seq));
    for (let seq = from; seq <= to; seq += 1) if (!brought.has(seq)) this.holes.push(seq);
  }

  /** The numbers of a kind of event. */
  of(kind: string): Json[] {
    return this.events.filter((event) => event.kind === kind);
  }

  async until(what: string, ready: () => boolean, patience = PATIENCE_MS): Promise<void> {
    await until(what, ready, { patience, every: LOOK_MS });
  }
}
