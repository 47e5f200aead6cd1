// `cargo xtask bench page`: Lighthouse over every page.
//   ROOST_LIGHTHOUSE=<folder with its node_modules> node tests/bench/page.ts [--quick]
// Owns: which pages, and what of a report is printed. Must not know the pages. Page and data are
// those of tests/browser. Prints one line of JSON.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { startMock, type Scene } from "../browser/mock.ts";

const PAGES: [string, string, Partial<Scene>][] = [
  ["Overview", "/", {}],
  ["Followers", "/followers", {}],
  ["Who left", "/followers?filter=left", {}],
  ["Tweets", "/tweets", {}],
  ["Live", "/live", {}],
  ["Collection", "/collection", {}],
  ["Settings", "/settings", {}],
  ["Connect", "/connect", {}],
  ["First run", "/begin", { accounts: "none" }],
  ["Sign-in", "/signin", { signedIn: false }],
];
const HELD = ["accessibility", "best-practices"];

interface Report {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { score: number | null; numericValue?: number }>;
}

const require = createRequire(join(process.env.ROOST_LIGHTHOUSE ?? ".", "package.json"));
const load = (name: string): Promise<any> => import(pathToFileURL(require.resolve(name)).href);
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const screens: [string, object | undefined][] = [["desktop", desktopConfig]];
if (!process.argv.includes("--quick")) screens.unshift(["phone", undefined]);

const mock = await startMock();
const port = 20_000 + (process.pid % 20_000);
const browser = await chromium.launch({ executablePath: process.env.ROOST_CHROMIUM, args: ["--no-sandbox", `--remote-debugging-port=${port}`] });
const results = [];
for (const [page, path, scene] of PAGES) {
  for (const [screen, config] of screens) {
    mock.reset(scene);
    const options = { port, output: "json", logLevel: "error", onlyCategories: ["performance", ...HELD] };
    const { lhr }: { lhr: Report } = await lighthouse(mock.url + path, options, config);
    const score = (name: string): number => Math.round((lhr.categories[name].score ?? 0) * 100);
    const value = (name: string): number => lhr.audits[name]?.numericValue ?? 0;
    const failed = HELD.flatMap((name) => lhr.categories[name].auditRefs).filter((one) => one.weight > 0 && (lhr.audits[one.id].score ?? 1) < 1);
    results.push({
      page, screen,
      accessibility: score("accessibility"), "best-practices": score("best-practices"), performance: score("performance"),
      fcp_ms: value("first-contentful-paint"), lcp_ms: value("largest-contentful-paint"), tbt_ms: value("total-blocking-time"), cls: value("cumulative-layout-shift"),
      failed: failed.map((one) => one.id),
    });
    console.error(`${page}, ${screen}: ${score("accessibility")} ${score("best-practices")} ${score("performance")} ${failed.map((one) => one.id).join(" ")}`);
  }
}
await browser.close();
await mock.close();
console.log(JSON.stringify({ results }));
