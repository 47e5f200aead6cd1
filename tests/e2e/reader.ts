// A browser that comes back whenever its socket ends, as the page does, and remembers what all its
// sockets brought.
import assert from "node:assert/strict";
import { pace } from "../poll.ts";
import type { Json } from "./harness.ts";
import { Watcher } from "./watcher.ts";

/** Who was cut off comes back after so long, at least, and at most so much later. */
const BACK_MS = 100;
const JITTER_MS = 300;

export class Reader {
  /** The number it began behind. */
  first = -1;
  /** Sockets that ended under it. */
  ended = 0;
  /** Tweets so far, those that came late not among them. */
  tweets = 0;
  readonly #base: () => URL;
  readonly #roll: () => number;
  readonly #sockets: Watcher[] = [];
  #stopped = false;

  /** `base` is asked at each return; `roll` draws how long it stays away. */
  constructor(base: () => URL, roll: () => number) {
    this.#base = base;
    this.#roll = roll;
  }

  /** Watches until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      // Drawn whether or not it is needed: so much is the same at every run of a seed.
      const away = BACK_MS + this.#roll() * JITTER_MS;
      try {
        await this.#watch();
        this.ended += 1;
      } catch {
        // Refused while the object is being made again.
      }
      if (!this.#stopped) await pace(away);
    }
  }

  async #watch(): Promise<void> {
    const watcher = await Watcher.open(this.#base(), { after: this.first < 0 ? undefined : this.cursor, keep: (event) => this.#keep(event) });
    if (this.first < 0) this.first = watcher.hello!.cursor;
    this.#sockets.push(watcher);
    await watcher.until("its end", () => watcher.closed !== undefined || this.#stopped, Infinity);
    watcher.close();
  }

  /** Counts an event, and keeps little of it: a browser sees thousands. */
  #keep({ seq, kind, id, late }: Json): Json {
    if (kind === "simple_tweet" && !late) this.tweets += 1;
    return { seq, kind, id, late };
  }

  stop(): void {
    this.#stopped = true;
  }

  get isOpen(): boolean {
    return this.#sockets.at(-1)?.closed === undefined && this.#sockets.length > 0;
  }

  /** The last number that a frame or a gap covered. */
  get cursor(): number {
    return Math.max(this.first, ...this.#sockets.map((socket) => socket.cursor));
  }

  /** Whether it was told that numbers behind one are lost with a memory. */
  toldOfLossBehind(seq: number): boolean {
    return this.#sockets.some(({ gaps }) => gaps.some(({ to, reason }) => reason === "restart" && to > seq));
  }

  /** Every event, in the order in which they came. */
  events(): Json[] {
    return this.#sockets.flatMap(({ events }) => events);
  }

  inGap(seq: number): boolean {
    return this.#sockets.some(({ gaps }) => gaps.some(({ from, to }) => seq >= from && seq <= to));
  }

  /** No number was passed over in silence, and none came twice, over all its sockets. */
  assertContinuous(): void {
    assert.deepEqual(this.#sockets.flatMap(({ silent }) => silent), [], "numbers between two frames neither came nor lay in a gap");
    assert.deepEqual(this.#sockets.flatMap(({ holes }) => holes), [], "numbers that a frame covered did not come in it");
    const seqs = this.events().map(({ seq }) => seq);
    const repeats = seqs.length - new Set(seqs).size;
    assert.equal(repeats, 0, `${repeats} numbers came twice`);
  }
}
