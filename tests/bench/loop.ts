// `cargo xtask bench loop`: an open page, and when it shows a text.
//   node tests/bench/loop.ts --page http://127.0.0.1:8787/ --token …
// Reads lines `<text>` and answers each with a line once the page shows that text. Owns: the browser.
// Must not know: who changes the page, and how long that may take.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({ options: { page: { type: "string" }, token: { type: "string" } } });
const PATIENCE_MS = 600_000;

const browser = await chromium.launch({
  executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.goto(`${values.page}#token=${values.token}`);
await page.locator(".tide-canvas canvas").waitFor({ timeout: PATIENCE_MS });
console.log("open");
for await (const text of createInterface({ input: process.stdin })) {
  // The page loads itself anew meanwhile: a locator outlives that, a handle does not.
  await page.locator(`xpath=//*[contains(., ${JSON.stringify(text)}) or contains(@aria-label, ${JSON.stringify(text)})]`).first().waitFor({ state: "attached", timeout: PATIENCE_MS });
  console.log("shown");
}
await browser.close();
