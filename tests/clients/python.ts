// A Python program of this folder as tests: each line that it writes is one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { ROOT } from "../e2e/runtime.ts";
import { Simulator, type World } from "../e2e/simulator.ts";

/** The world that the clients read: small enough to be read whole. */
export const WORLD: World = { followers: 300, runs: true, streamRate: 20, now: "2026-09-01T12:00:00Z" };

interface Step {
  name: string;
  /** What went wrong, or null. */
  wrong: string | null;
}

/** Runs `program` against a simulator of its own and declares a test per step of it. */
export async function steps(program: string, world: World = WORLD): Promise<void> {
  const simulator = await Simulator.start(world);
  await run(program, { ROOST_XSIM_URL: simulator.url });
  await simulator.stop();
}

/** Runs `program` with these settings to its end and declares a test per step of it. */
export async function run(program: string, settings: Record<string, string>): Promise<void> {
  const python = spawn("python3", [join(ROOT, "tests/clients", program)], {
    env: {
      ...process.env,
      PYTHONPATH: process.env.ROOST_CLIENTS_PYTHON ?? "",
      PYTHONDONTWRITEBYTECODE: "1",
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(python, "exit");
  const told: Step[] = [];
  for await (const line of createInterface({ input: python.stdout })) {
    const step = readStep(line);
    if (step) told.push(step);
  }
  const [code] = await ended;
  for (const { name, wrong } of told) {
    test(name, () => assert.ok(wrong === null, wrong ?? ""));
  }
  test(`${program} came to its end`, () => {
    assert.equal(code, 0);
    assert.ok(told.length > 0, "it took no step");
  });
}

/** A line that tells of a step; a client may write lines of its own. */
function readStep(line: string): Step | undefined {
  try {
    const step = JSON.parse(line);
    return typeof step?.name === "string" && "wrong" in step ? step : undefined;
  } catch {
    return undefined;
  }
}
