// `cargo xtask bench scroll`: long tasks while 10,000 tweets are scrolled through.
//   node tests/bench/scroll.ts
// Owns: the scrolling and the measuring. Must not know: how the page draws. The page and its data
// are those of tests/browser; figures are printed, nothing is asserted. Prints one line of JSON.
import { chromium, type Page } from "playwright-core";
import { startMock } from "../browser/mock.ts";

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
/** Pixels a step: a hand on a wheel, a flick, the scrollbar dragged. */
const PACES = { wheel: 240, flick: 2_400, drag: 24_000 };

/** Begins to note frames and long tasks in the page. */
async function observe(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { frames: [] as number[], long: [] as number[] };
    (window as any).benchSeen = seen;
    let last = performance.now();
    const tick = (now: number): void => {
      seen.frames.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
  });
}

const rows = (page: Page): Promise<number> => page.evaluate(() => Number(document.querySelector("#rows")?.getAttribute("aria-rowcount")) - 1);

/** Scrolls by so many pixels each frame, from the top until every row was passed. */
async function scroll(page: Page, step: number): Promise<number> {
  return page.evaluate(async (step) => {
    scrollTo(0, 0);
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    let steps = 0;
    // At the end of what is loaded the next page may still be on its way.
    for (let still = 0; still < 30; steps += 1) {
      const before = scrollY;
      scrollBy(0, step);
      await frame();
      still = scrollY === before ? still + 1 : 0;
      // A hand on the wheel does not turn 600,000 px: a fifth of it is enough.
      if (step < 1_000 && scrollY > 120_000) break;
    }
    return steps;
  }, step);
}

const mock = await startMock();
const browser = await chromium.launch({
  executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
try {
  const results: object[] = [];
  for (const [screen, viewport] of Object.entries(SIZES)) {
    for (const [pace, step] of Object.entries(PACES)) {
      mock.reset({ tweets: "many" });
      const page = await browser.newPage({ viewport });
      await page.goto(`${mock.url}/tweets`);
      await page.locator(".tweet-rows .tweet-row").nth(5).waitFor();
      await page.waitForTimeout(500);
      await observe(page);
      const steps = await scroll(page, step);
      const seen = await page.evaluate(() => (window as any).benchSeen);
      const frames: number[] = seen.frames.slice(1).sort((a: number, b: number) => a - b);
      const at = (share: number): number => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))] ?? 0;
      results.push({
        screen,
        pace,
        steps,
        rows: await rows(page),
        median_ms: at(0.5),
        p99_ms: at(0.99),
        worst_ms: at(1),
        long_tasks: seen.long.length,
        longest_ms: Math.max(0, ...seen.long),
      });
      await page.close();
    }
  }
  console.log(JSON.stringify({ results }));
} finally {
  await browser.close();
  await mock.close();
}
