// The README's pictures, from a running `cargo xtask dev`:
//   node tests/browser/screenshots.ts --base http://127.0.0.1:8787 --token … --out docs/screenshots
// Owns: which views are shown, in which size and theme. Must not know: the data behind them.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Page } from "playwright-core";

const { values } = parseArgs({
  options: {
    base: { type: "string", default: "http://127.0.0.1:8787" },
    token: { type: "string", default: "" },
    out: { type: "string", default: "docs/screenshots" },
  },
});

interface Picture {
  name: string;
  path: string;
  width: number;
  height: number;
  theme: "light" | "dark";
  /** Waits until the picture is worth taking. */
  ready(page: Page): Promise<void>;
}

const tide = async (page: Page): Promise<void> => {
  await page.locator(".tide-canvas canvas").waitFor();
  await page.locator(".person, .column .empty").first().waitFor();
};
const roster = (page: Page): Promise<void> => page.locator(".roster tbody tr").nth(5).waitFor();

/** The first person of the table, in the drawer. */
const drawer = async (page: Page): Promise<void> => {
  await roster(page);
  await page.locator(".roster tbody .name").nth(1).click();
  await page.locator(".drawer .facts").waitFor();
};

const tweets = (page: Page): Promise<void> => page.locator(".tweet-rows .tweet-row").nth(5).waitFor();

/** A tweet of some days, with its curve. */
const tweet = async (page: Page): Promise<void> => {
  await tweets(page);
  await page.locator(".tweet-rows .tweet-row").nth(8).click();
  await page.locator(".curve-canvas canvas").waitFor();
};

/** A stream that has run for a while: a full list, a map with tweets all over it. */
const live = async (page: Page): Promise<void> => {
  await page.locator(".map-ground canvas").waitFor();
  await page.locator(".feed-row").nth(7).waitFor();
  await page.waitForTimeout(15_000);
};

const PICTURES: Picture[] = [
  { name: "overview-light", path: "/", width: 1440, height: 900, theme: "light", ready: tide },
  { name: "overview-dark", path: "/", width: 1440, height: 900, theme: "dark", ready: tide },
  { name: "followers-light", path: "/followers", width: 1440, height: 900, theme: "light", ready: roster },
  { name: "person-dark", path: "/followers?filter=left", width: 1440, height: 900, theme: "dark", ready: drawer },
  { name: "collection-light", path: "/collection", width: 1440, height: 900, theme: "light", ready: (page) => page.locator(".runs h2").waitFor() },
  { name: "connect-light", path: "/connect", width: 1440, height: 900, theme: "light", ready: (page) => page.locator(".key-row").first().waitFor() },
  { name: "tweets-light", path: "/tweets", width: 1440, height: 900, theme: "light", ready: tweets },
  { name: "tweet-dark", path: "/tweets", width: 1440, height: 900, theme: "dark", ready: tweet },
  { name: "tweets-phone-light", path: "/tweets", width: 390, height: 844, theme: "light", ready: tweets },
  { name: "live-light", path: "/live", width: 1440, height: 900, theme: "light", ready: live },
  { name: "live-dark", path: "/live", width: 1440, height: 900, theme: "dark", ready: live },
  { name: "live-phone-dark", path: "/live", width: 390, height: 844, theme: "dark", ready: live },
  { name: "overview-phone-light", path: "/", width: 390, height: 844, theme: "light", ready: tide },
  { name: "followers-phone-dark", path: "/followers", width: 390, height: 844, theme: "dark", ready: roster },
];

mkdirSync(values.out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-background-networking",
    "--hide-scrollbars",
    // The map is drawn on the CPU where there is no card.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
  ],
});
try {
  for (const picture of PICTURES) {
    const { width, height } = picture;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: picture.theme,
      timezoneId: "UTC",
      hasTouch: width < 500,
      isMobile: width < 500,
    });
    const page = await context.newPage();
    const hash = values.token ? `#token=${encodeURIComponent(values.token)}` : "";
    await page.goto(new URL(picture.path + hash, values.base).href);
    await picture.ready(page);
    // Fonts, pictures and the 120 ms of a drawer.
    await page.waitForTimeout(600);
    const file = join(values.out, `${picture.name}.png`);
    await page.screenshot({ path: file });
    console.log(file);
    await context.close();
  }
} finally {
  await browser.close();
}
