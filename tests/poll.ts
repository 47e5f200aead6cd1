// Waiting: the one place where tests look at the time that passes. A test waits for a state: it
// looks again and again until the state is there, and fails by the state's name once its patience
// is over. No other file may call `setTimeout` or `waitForTimeout`, so that no test sleeps and none
// asserts how long something took.

export interface Patience {
  /** Longest wait, in milliseconds: a state that is not there by then never comes. */
  patience: number;
  /** Rest between two looks, in milliseconds. */
  every: number;
}

type Found<T> = T | undefined | null | false | void;

/** Looks until `ready` gives something; `what` names it for whoever waited in vain. */
export async function until<T>(
  what: string | (() => string),
  ready: () => Found<T> | Promise<Found<T>>,
  { patience, every }: Patience,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await ready();
    if (found) return found;
    if (Date.now() > deadline) {
      throw new Error(`waited ${patience / 1000} s for ${typeof what === "string" ? what : what()}`);
    }
    await pace(every);
  }
}

/**
 * Lets time pass: the pace at which somebody outside acts, such as a browser that comes back after
 * a moment. Never a wait for something to have happened: that is `until`.
 */
export function pace(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Begins to take the time, in milliseconds: to be told by `t.diagnostic`, never to be asserted. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => Math.round(performance.now() - began);
}
