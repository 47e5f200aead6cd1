// Chance that can be had again: numbers that follow from a seed, which a test tells and
// `ROOST_SEED` sets.
import { randomInt } from "node:crypto";

/** The seed of this run: `ROOST_SEED`, or any. */
export function seed(): number {
  const asked = process.env.ROOST_SEED;
  if (asked === undefined || asked === "") return randomInt(2 ** 31);
  const number = Number(asked);
  if (!Number.isSafeInteger(number)) throw new Error(`ROOST_SEED=${asked}: a whole number is expected`);
  return number;
}

/** Draws numbers from 0 to below 1, always the same for a seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same things in another order. */
export function shuffled<T>(things: readonly T[], roll: () => number): T[] {
  const rest = [...things];
  for (let at = rest.length - 1; at > 0; at -= 1) {
    const other = Math.floor(roll() * (at + 1));
    [rest[at], rest[other]] = [rest[other]!, rest[at]!];
  }
  return rest;
}
