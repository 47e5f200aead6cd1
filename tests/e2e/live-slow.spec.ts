// A browser that never reads, on the runtime's own port, while a megabyte a second goes out.
//
// Runs alone: the readers beside it must keep up with the megabyte.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { ADMIN_TOKEN, Roost } from "./harness.ts";
import { Watcher } from "./watcher.ts";

let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 100, runs: true, streamRate: 1_000 });
});
after(() => roost?.stop());

/** Opens a live socket by hand and reads nothing behind the greeting. */
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

/** The delays of the tweets a browser got, in milliseconds, sorted. */
function delays(watcher: Watcher, from: number): number[] {
  return watcher.delays.slice(from).sort((a, b) => a - b);
}

function p99(sorted: number[]): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

test("whoever never reads is dropped, and holds nobody up", { timeout: 90_000 }, async (t) => {
  const readers = await Promise.all([1, 2, 3].map(() => Watcher.open(roost.runtime.url)));
  await readers[0]!.until("a stream", () => readers.every((reader) => reader.events.length > 2_000));
  const calm = p99(delays(readers[0]!, 0));
  const counted = async () => (await roost.get("/status")).live.viewers;
  assert.equal(await counted(), 3);
  const before = readers[0]!.delays.length;
  const silent = await sleeper();
  const at = Date.now();
  assert.equal(await counted(), 4);
  await roost.until("the silent one to be dropped", async () => (await counted()) === 3, 40_000);
  const took = Date.now() - at;
  const loud = p99(delays(readers[0]!, before));
  t.diagnostic(`dropped after ${(took / 1000).toFixed(1)} s; p99 of the others ${calm} ms before, ${loud} ms meanwhile`);
  assert.ok(took < 20_000);
  for (const reader of readers) {
    assert.deepEqual([reader.silent, reader.gaps], [[], []]);
    reader.close();
  }
  silent.destroy();
});
