// A browser that asks for more and never reads, on the runtime's own port: it is closed, and what
// lies waiting for it keeps nothing from anybody else.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { stopwatch } from "../poll.ts";
import { ADMIN_TOKEN, Roost } from "./harness.ts";
import { Watcher } from "./watcher.ts";

/** Messages that a browser may send in ten seconds. */
const MESSAGES = 10;
/** Events in the window before it is asked for: as a browser's frames, some megabytes. */
const WINDOW = 1_000;
let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 100, runs: true, streamRate: 300 });
});
after(() => roost?.stop());

/** A live socket by hand, which reads nothing behind the greeting. */
async function sleeper(): Promise<Socket> {
  const { hostname, port } = roost.runtime.url;
  const socket = connect(Number(port), hostname);
  await new Promise((done) => socket.once("connect", done));
  socket.write(
    `GET /api/v1/live HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
      `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`,
  );
  await new Promise<void>((done, failed) => {
    socket.once("data", (head) => (String(head).includes(" 101 ") ? done() : failed(new Error(String(head)))));
  });
  socket.pause();
  return socket;
}

/** Says something in a frame of its own; a mask of zeroes leaves it as it is. */
function say(socket: Socket, text: string): void {
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
}

/** Reads at last, until some words come. */
async function reads(socket: Socket, words: string): Promise<boolean> {
  let end = "";
  let ended = false;
  socket.on("data", (bytes) => (end = (end + bytes.toString("latin1")).slice(-4_096)));
  socket.on("close", () => (ended = true));
  socket.resume();
  return roost.until("the end of what waited", async () => ended || end.includes(words)).then(() => end.includes(words));
}

/** How many events were not sent to slow browsers so far. */
const skipped = async (): Promise<number> => (await roost.get("/status")).live.skipped;

/** Waits until events are handed out without anybody being skipped: the newest number by then. */
async function nobodySkipped(): Promise<number> {
  const newest = async (): Promise<number> => (await roost.get("/live/events")).to;
  let [before, from] = [await skipped(), await newest()];
  return roost.until("nobody to be skipped", async () => {
    const [to, after] = [await newest(), await skipped()];
    if (to > from && after === before) return to;
    [before, from] = [after, await newest()];
    return undefined;
  });
}

/** The delays of the tweets a browser got, in milliseconds: 99 of 100 are shorter. */
function p99(watcher: Watcher, from = 0): number {
  const sorted = watcher.delays.slice(from).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

test("whoever never reads is dropped, and holds nobody up", { timeout: 120_000 }, async (t) => {
  const readers = await Promise.all([1, 2, 3].map(() => Watcher.open(roost.runtime.url)));
  await readers[0]!.until("a stream", () => readers.every((reader) => reader.events.length > WINDOW), 60_000);
  const [before, calm] = [readers[0]!.delays.length, p99(readers[0]!)];
  const silent = await sleeper();
  // Everything there is, again and again: more than the system's own buffers take.
  for (let times = 0; times < MESSAGES; times += 1) say(silent, '{"t":"resume","after":0}');
  const passed = stopwatch();
  await roost.until("it to be skipped", async () => (await skipped()) > 0);
  // The worker closes it after 15 s of the clock on the wall.
  const last = await nobodySkipped();
  t.diagnostic(`dropped after ${passed()} ms; p99 of the others ${calm} ms before, ${p99(readers[0]!, before)} ms meanwhile`);
  assert.equal((await roost.get("/status")).live.viewers, readers.length);
  for (const reader of readers) {
    await reader.until("all there is", () => reader.cursor >= last);
    assert.deepEqual([reader.silent, reader.holes, reader.gaps, reader.repeats], [[], [], [], 0]);
    reader.close();
  }
  assert.ok(await reads(silent, "too slow for 15 s"), "it is told why");
  silent.destroy();
});
