// The posts that the rivals of `cargo xtask bench fanout` send. Owns: their size, number, time and
// pace. Must not know: how they are sent. Each carries the moment it was due: a server that is
// late for its own posts shows as late, as it would with posts that come from elsewhere.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    rate: { type: "string", default: "250" },
    bytes: { type: "string", default: "200" },
  },
});

export const PORT = Number(values.port);
const RATE = Number(values.rate);
const BYTES = Number(values.bytes);
/** A server this far behind its own posts has lost them: numbers are skipped, viewers see it. */
const BEHIND_MS = 5_000;

/** A `simple_tweet` of seed size as JSON, `BYTES` long. */
export function post(seq, at) {
  const text = (body) => JSON.stringify({ username: "ada", name: "Ada", body });
  const body = `seq=${seq} at=${Math.floor(at)} `;
  return text(body + "x".repeat(Math.max(0, BYTES - text(body).length)));
}

/** Calls `each(text)` for every post as it comes due, `RATE` a second, for ever. */
export function run(each) {
  let start = Date.now();
  let seq = 0;
  setInterval(() => {
    const now = Date.now();
    const due = start + (seq * 1000) / RATE;
    if (now - due > BEHIND_MS) seq = Math.floor(((now - start) * RATE) / 1000);
    while (start + (seq * 1000) / RATE <= now) {
      each(post(seq, start + (seq * 1000) / RATE));
      seq += 1;
    }
  }, 2);
}
