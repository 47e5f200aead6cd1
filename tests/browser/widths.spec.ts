// Every page at every width: nothing scrolls sideways, nothing is cut. Owns: the widths, the list
// of pages, and what "cut" means: a control outside of the window, or letters that end at an edge
// without an ellipsis. Must not know what a page says.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { drawn, Stage, until } from "./stage.ts";

const stage = new Stage(true);
const WIDTHS = [320, 390, 720, 768, 820, 1024, 1440, 1920, 2560];

interface Stop {
  name: string;
  path: string;
  /** What stands there when the page does. */
  ready: string;
  scene?: Parameters<Stage["mock"]["reset"]>[0];
  /** Pressed before the widths are gone through. */
  press?: string;
}

const STOPS: Stop[] = [
  { name: "Overview", path: "/", ready: ".person" },
  { name: "Overview of few days", path: "/?period=7d&day=2026-11-18", ready: ".columns-label" },
  { name: "Overview by months", path: "/?period=all&interval=month", ready: ".person" },
  { name: "Overview as a table", path: "/", ready: ".person", press: ".tide-foot .quiet-button" },
  { name: "Overview of samples", path: "/", ready: ".person", scene: { simulated: true } },
  { name: "Overview of nothing", path: "/", ready: ".column .empty", scene: { quiet: true } },
  { name: "Followers", path: "/followers", ready: ".roster tbody th", scene: { following: true } },
  { name: "Who left", path: "/followers?filter=left", ready: ".roster tbody th" },
  { name: "One person", path: "/followers?filter=left", ready: ".roster tbody th", press: ".roster tbody .name" },
  { name: "Nobody", path: "/followers?q=qqqq", ready: ".empty" },
  { name: "Tweets", path: "/tweets", ready: ".tweet-row .metric" },
  { name: "One tweet", path: "/tweets", ready: ".tweet-row .metric", press: "#row-6" },
  { name: "Live", path: "/live", ready: ".strip-bar, .live-strip, .live" },
  { name: "Collection", path: "/collection", ready: ".runs tr" },
  { name: "Collection that stopped", path: "/collection", ready: ".runs tr", scene: { collector: "stopped", money: "capped" } },
  { name: "Look-ups", path: "/collection/lookups", ready: "main h1" },
  { name: "Settings", path: "/settings", ready: "main h1" },
  { name: "Connect", path: "/connect", ready: "main h1" },
  { name: "The first run", path: "/", ready: ".way", scene: { accounts: "none" } },
  { name: "Sign-in", path: "/signin", ready: "main input", scene: { signedIn: false } },
];

/** What of the page lies outside of the window or is cut, in words. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const found: string[] = [];
    const over = document.scrollingElement!.scrollWidth - wide;
    if (over > 0) found.push(`the page scrolls ${over} px sideways`);
    const named = (element: Element): string => {
      const classes = typeof element.className === "string" ? element.className.trim().replace(/\s+/g, ".") : "";
      return `${element.tagName.toLowerCase()}${classes && `.${classes}`} “${(element.textContent ?? "").trim().slice(0, 30)}”`;
    };
    // Out of sight on purpose: for a screen reader, or until it has the focus.
    const hidden = (element: Element): boolean => {
      for (let at: Element | null = element; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.clipPath === "inset(50%)" || style.visibility === "hidden" || style.opacity === "0") return true;
      }
      return !element.checkVisibility();
    };
    const modal = document.querySelector("dialog[open]");
    const whole: ParentNode = modal ?? document;
    for (const control of whole.querySelectorAll("a[href], button, input, select, textarea, summary")) {
      if (hidden(control)) continue;
      const box = control.getBoundingClientRect();
      if (box.width === 0) continue;
      if (box.left < -1 || box.right > wide + 1) found.push(`${named(control)} from ${Math.round(box.left)} to ${Math.round(box.right)} of ${wide}`);
    }
    const walker = document.createTreeWalker(whole, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const parent = text.parentElement!;
      if (!text.textContent!.trim() || /^(SCRIPT|STYLE|OPTION|NOSCRIPT|TEXTAREA)$/.test(parent.tagName) || hidden(parent)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      let told = false;
      for (let at: Element | null = parent; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none" || at.hasAttribute("title")) told = true;
        if (told) break;
        if (/auto|scroll/.test(style.overflowX)) break;
        if (style.overflowX === "visible") continue;
        const edge = at.getBoundingClientRect();
        if (box.right > edge.right + 1 || box.left < edge.left - 1) found.push(`${named(parent)} is cut by ${named(at).split(" ")[0]}`);
        if (style.overflowY !== "visible" && !/auto|scroll/.test(style.overflowY) && box.bottom > edge.bottom + 3) found.push(`${named(parent)} is cut below by ${named(at).split(" ")[0]}`);
        break;
      }
      if (!told && (box.right > wide + 1 || box.left < -1)) found.push(`${named(parent)} reaches from ${Math.round(box.left)} to ${Math.round(box.right)} of ${wide}`);
    }
    return [...new Set(found)];
  });
}

async function sweep(page: Page, found: string[], open?: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await drawn(page, 4);
    if (open) await page.locator(`[popovertarget=${open}]`).click();
    if (open) await page.locator(`#${open}`).waitFor({ state: "visible" });
    if (open) await drawn(page, 2);
    found.push(...(await cut(page)).map((one) => `${width}: ${one}`));
    if (open) await page.keyboard.press("Escape");
    if (open) await page.locator(`#${open}`).waitFor({ state: "hidden" });
  }
}

for (const theme of ["light", "dark"] as const) {
  for (const stop of STOPS) {
    test(`nothing is cut at any width: ${stop.name} in ${theme}`, async () => {
      stage.mock.reset(stop.scene ?? {});
      const page = await stage.open(stop.path, { theme, still: true });
      await page.locator(stop.ready).first().waitFor();
      if (stop.press) await page.locator(stop.press).first().click();
      await page.locator(".skeleton").first().waitFor({ state: "hidden" });
      const found: string[] = [];
      await sweep(page, found);
      stage.forgive("401");
      assert.deepEqual(found, []);
    });
  }
}

for (const menu of ["period", "gear", "accounts", "tide-files"]) {
  test(`nothing of an open menu is cut at any width: ${menu}`, async () => {
    const page = await stage.open("/", { still: true });
    await page.locator(".person").first().waitFor();
    const found: string[] = [];
    await sweep(page, found, menu);
    assert.deepEqual(found, []);
  });
}

test("what is at the edge is found to be cut", async () => {
  const page = await stage.open("/", { still: true });
  await page.locator(".person").first().waitFor();
  await page.evaluate(() => {
    const far = document.createElement("button");
    far.textContent = "far";
    far.style.cssText = "position:absolute;left:5000px";
    const short = document.createElement("p");
    short.textContent = "much too long for that";
    short.style.cssText = "width:30px;overflow:hidden;white-space:nowrap";
    document.querySelector("main")!.append(far, short);
  });
  const found = await until(() => cut(page), (all) => all.length > 2, "three faults");
  assert.match(found.join(), /the page scrolls .* sideways.*button “far” from 5000.*“much too long for that” is cut by p/);
});
