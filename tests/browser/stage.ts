// What every browser test stands on: Chromium, the stand-in, one page at a time. Owns: starting
// and ending them, and failing a test that left something on the console. Must not know the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before, beforeEach } from "node:test";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import * as poll from "../poll.ts";
import { startMock, type Mock } from "./mock.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Something that moved without anyone having done anything. */
interface Shift {
  value: number;
  what: string;
}

export interface Opening {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  /** The viewer asked for little motion. */
  still?: boolean;
}

/** Waits until `read` gives what is wanted; the page works in its own time. */
export async function until<T>(read: () => Promise<T> | T, wanted: (value: T) => boolean, what: string): Promise<T> {
  let value: T;
  const ready = async (): Promise<boolean> => wanted((value = await read()));
  await poll.until(() => `${what}: ${JSON.stringify(value)}`, ready, { patience: 20_000, every: 50 });
  return value!;
}

/** Waits until `read` gives the same three times in a row. */
export async function rest<T>(read: () => Promise<T>, same: (a: T, b: T) => boolean, what: string): Promise<T> {
  let [last, times] = [await read(), 0];
  const rests = async (): Promise<boolean> => {
    const now = await read();
    times = same(now, last) ? times + 1 : 0;
    last = now;
    return times >= 2;
  };
  await poll.until(what, rests, { patience: 20_000, every: 50 });
  return last;
}

/** Waits until the page has drawn so many more frames: what it was told before is shown by then. */
export function drawn(page: Page, frames = 30): Promise<void> {
  return page.evaluate(async (frames) => {
    for (let count = 0; count < frames; count += 1) await new Promise((done) => requestAnimationFrame(done));
  }, frames);
}

export class Stage {
  mock!: Mock;
  page!: Page;
  /** What went wrong in the page so far; a test that expects an error empties it. */
  troubles: string[] = [];
  /** Every address the page has loaded. */
  loaded: string[] = [];
  private browser!: Browser;
  private context?: BrowserContext;

  /** Puts itself around the tests of a file; `drawing` has WebGL drawn in software. */
  constructor(drawing = false) {
    before(async () => {
      this.mock = await startMock();
      this.browser = await chromium.launch({
        executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
        args: ["--no-sandbox", "--disable-background-networking", ...(drawing ? ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"] : [])],
      });
    });
    after(async () => {
      await this.browser.close();
      await this.mock.close();
    });
    beforeEach(() => {
      this.mock.reset();
      this.troubles = [];
      this.loaded = [];
    });
    afterEach(async () => {
      await this.context?.close();
      assert.deepEqual(this.troubles, [], "nothing on the console");
    });
  }

  async open(path: string, { width = 1440, height = 900, theme = "light", still = false }: Opening = {}): Promise<Page> {
    this.context = await this.browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: still ? "reduce" : "no-preference",
      timezoneId: "UTC",
      hasTouch: width < 500,
    });
    const { context } = this;
    this.page = await context.newPage();
    this.page.on("console", (message) => message.type() === "error" && this.troubles.push(message.text()));
    this.page.on("pageerror", (error) => this.troubles.push(String(error)));
    this.page.on("request", (request) => this.loaded.push(request.url()));
    await this.page.addInitScript(() => {
      const shifts: Shift[] = [];
      (window as unknown as { shifts: Shift[] }).shifts = shifts;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean; sources: { node: Element | null }[] }[]) {
          if (!entry.hadRecentInput) shifts.push({ value: entry.value, what: entry.sources.map(({ node }) => node?.nodeName + "." + (node?.className ?? "")).join(", ") });
        }
      }).observe({ type: "layout-shift", buffered: true });
      document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
    });
    await this.page.goto(this.mock.url + path);
    return this.page;
  }

  /** Closes what is open; the next one begins anew. */
  async leave(): Promise<void> {
    await this.context?.close();
  }

  /** Path and query of the page's address. */
  path(): string {
    return this.page.url().slice(this.mock.url.length);
  }

  /** How often the API was asked so. */
  asked(method: string, part: string): number {
    return this.mock.calls.filter((call) => call.method === method && call.path.includes(part)).length;
  }

  /** Takes expected errors off the console's account. */
  forgive(part: string): void {
    this.troubles = this.troubles.filter((text) => !text.includes(part));
  }

  /** How much the page has moved by itself so far (CLS, all of it in one window). */
  async shift(): Promise<number> {
    return this.page.evaluate(() => (window as unknown as { shifts: Shift[] }).shifts.reduce((sum, { value }) => sum + value, 0));
  }

  /** What moved, and by how much. */
  async shifted(): Promise<string> {
    return this.page.evaluate(() => (window as unknown as { shifts: Shift[] }).shifts.map(({ value, what }) => `${value.toFixed(4)} ${what}`).join("; "));
  }

  /** What axe finds; of all of WCAG 2.2 to AA, where `all` is asked for: its own choice leaves some out. */
  async accessibility(all = false): Promise<string[]> {
    await this.page.evaluate(AXE);
    return this.page.evaluate(async (all) => {
      const { violations } = await (window as unknown as { axe: { run(page: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run(document, all ? { runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } } : {});
      return violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 120)} ${node.failureSummary}`).join(" | ")}`);
    }, all);
  }
}
