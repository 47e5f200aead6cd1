// Looking people up, against the stand-in: the price comes first, progress and waits are told, the
// result is a file. Every test also fails on a console error or a breach of the CSP.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Download, Page } from "playwright-core";
import { Stage, until } from "./stage.ts";

const stage = new Stage();
const PATH = "/collection/lookups";
interface Body {
  ids: string[];
  usernames: string[];
  start: boolean;
}
const bodies = (): Body[] => stage.mock.calls.filter((call) => call.method === "POST" && call.path === "/lookups").map((call) => JSON.parse(call.body));

/** Types names and has their price shown. */
async function priced(page: Page, names: string): Promise<void> {
  await page.getByLabel("Ids or handles").fill(names);
  await page.getByRole("button", { name: "What does it cost?" }).click();
  await page.getByRole("button", { name: /^Start/ }).waitFor();
}

async function saved(page: Page, press: () => Promise<void>): Promise<[string, string]> {
  const [download] = (await Promise.all([page.waitForEvent("download"), press()])) as [Download, void];
  return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
}

for (const [theme, width] of [["light", 1440], ["dark", 390]] as const) {
  test(`axe finds nothing on look-ups in ${theme}, ${width} wide, and nothing sticks out`, async () => {
    stage.mock.lookups.fill();
    const page = await stage.open(PATH, { theme, width, height: 844 });
    await page.locator(".lookup-list .key-row").nth(2).waitFor();
    await priced(page, "ada grace_h 12 not/one");
    assert.deepEqual(await stage.accessibility(), []);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  });
}

test("nobody is asked for before the price was shown and Start was pressed", async () => {
  const page = await stage.open("/collection");
  await page.getByRole("link", { name: "Look people up" }).click();
  await page.getByText("Nobody was looked up in the last 7 days.").waitFor();
  const cost = page.getByRole("button", { name: "What does it cost?" });
  assert.ok(await cost.isDisabled(), "nobody is named");
  await priced(page, "username\n@Ada, https://x.com/grace_h?s=20\nada bad-name\n2244994945");
  const told = page.locator("#names-told");
  assert.match(await told.innerText(), /1 id and 2 handles: two look-ups\. 1 is named again\./);
  assert.match(await told.innerText(), /Left out: “bad-name” \(line 3\)/);
  assert.match(await page.locator(".look-up-end").innerText(), /3 people in 2 calls to X, at most about \$0\.03/);
  assert.ok(bodies().every((body) => body.start === false), "so far only prices");
  await page.getByLabel("Ids or handles").fill("ada grace");
  await cost.waitFor();
  assert.equal(await page.getByRole("button", { name: /^Start/ }).count(), 0, "another list has no price yet");
  await priced(page, "ada grace linus");
  await page.getByRole("button", { name: "Start, at most about $0.03" }).click();
  await page.locator(".lookup-list .key-row", { hasText: "3 handles" }).waitFor();
  assert.deepEqual(bodies().at(-1), { ids: [], usernames: ["ada", "grace", "linus"], start: true, pool: null, tries: null, batch: null });
  assert.equal(bodies().filter((body) => body.start).length, 1);
});

test("a look-up is followed to its end, saved in both forms, and deleted", async () => {
  const page = await stage.open(PATH);
  await priced(page, "ada grace linus");
  await page.getByRole("button", { name: /^Start/ }).click();
  const row = page.locator(".lookup-list .key-row");
  await row.getByText("2 found; 1 to go.").waitFor();
  await row.getByText("2 found, 1 not on X.").waitFor();
  assert.match(await row.innerText(), /done.*\$0\.02 spent\. Its result is kept until 28 Nov: X's profiles must not be kept longer/s);
  const [name, lines] = await saved(page, () => row.getByRole("link", { name: "NDJSON" }).click());
  assert.match(name, /^lookup-\w+\.ndjson$/);
  assert.equal(lines.trim().split("\n").length, 3);
  const [, table] = await saved(page, () => row.getByRole("button", { name: "CSV" }).click());
  const [head, first] = table.split("\r\n");
  assert.equal(head, "asked,answer,id,username,name,followers,following,tweets,joined,verified,protected,location,description,why");
  assert.equal(first, `ada,found,"2244994945",ada,"'=1+1, ""Ada""",12,3,7,,,,,"one\ntwo",`);
  await row.getByRole("button", { name: "Delete…" }).click();
  await page.locator("dialog[open]").getByRole("button", { name: "Delete" }).click();
  await page.getByText("Nobody was looked up in the last 7 days.").waitFor();
  assert.equal(stage.asked("DELETE", "/lookups/"), 1);
});

test("what waits says for what and until when, what ended early why", async () => {
  stage.mock.lookups.fill();
  const page = await stage.open(PATH);
  const rows = page.locator(".lookup-list .key-row");
  assert.match(await rows.nth(0).innerText(), /waiting.*388 found, 12 not on X; 800 to go\..*The day's limit of \$5 is reached\. It goes on by itself tomorrow 00:30/s);
  assert.match(await rows.nth(1).innerText(), /ended early.*X took none of the keys/s);
  assert.equal(await rows.nth(1).getByRole("link", { name: "NDJSON" }).count(), 0, "there is no result");
});

test("a file of names fills the form", async () => {
  const page = await stage.open(PATH);
  await page.locator(".look-up input[type=file]").setInputFiles({ name: "names.csv", mimeType: "text/csv", buffer: Buffer.from("id\n12\n13\n") });
  await page.getByText("2 ids.").waitFor();
  assert.equal(await page.getByLabel("Ids or handles").inputValue(), "id\n12\n13\n");
});

test("a refusal stays with its form and leads to the keys", async () => {
  const page = await stage.open(PATH);
  await priced(page, "ada");
  stage.mock.lookups.refuse = true;
  await page.getByRole("button", { name: /^Start/ }).click();
  const failed = page.locator(".look-up .failed");
  await failed.waitFor();
  assert.match(await failed.innerText(), /No keys.*req-7f3a/s);
  assert.equal(await page.getByLabel("Ids or handles").inputValue(), "ada");
  stage.mock.lookups.refuse = false;
  await failed.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("button", { name: /^Start/ }).waitFor();
  stage.mock.scene.failing = ["/lookups"];
  await page.getByRole("button", { name: /^Start/ }).click();
  await until(() => failed.count(), (count) => count === 1, "the failure is shown");
  assert.equal(await page.getByRole("link", { name: "Connect with X" }).count(), 0, "keys would not help");
  stage.forgive("409");
  stage.forgive("500");
});
