// The page's files beside the API: what is there, what is not, and what a browser may keep of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, Roost } from "./harness.ts";

let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 200 });
});
after(() => roost?.stop());

const PERSON = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
const ask = (path: string, init: RequestInit = PERSON, method = "GET"): Promise<Answer> => roost.raw(method, path, init);

test("every page of the page is the page, with its headers", async () => {
  const paths = ["/", "/followers", "/followers/", "/tweets", "/tweets/12", "/tweets/no-id", "/live", "/collection", "/collection/lookups", "/settings", "/connect", "/begin", "/signin?next=%2Flive"];
  const index = await ask("/");
  for (const path of paths) {
    const answer = await ask(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.text, index.text, path);
    for (const name of ["content-type", "content-security-policy", "x-content-type-options", "referrer-policy", "cache-control"]) {
      assert.equal(answer.headers.get(name), index.headers.get(name), `${name} of ${path}`);
    }
  }
  assert.match(index.headers.get("content-security-policy") ?? "", /default-src 'none'/);
});

test("a missing file is a 404 that nobody keeps", async () => {
  for (const path of ["/assets/index-gone1234.js", "/assets/", "/assets/x/y.wasm", "/nothing.js", "/apple-touch-icon.png"]) {
    const answer = await ask(path, { headers: { accept: "*/*" } });
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("cache-control"), "no-store", path);
    assert.ok(!answer.text.includes("<html"), path);
  }
  assert.equal((await ask("/assets/index-gone1234.js")).text.includes("<html"), false, "also to a person");
});

test("a person who went astray is shown the page, which says so, with 404", async () => {
  for (const path of ["/nothing", "/wp-login.php", "/followers/12", "/%00", "/..%2fsecret"]) {
    const answer = await ask(path);
    assert.equal(answer.status, 404, path);
    assert.equal(answer.headers.get("cache-control"), "no-store", path);
    assert.match(answer.text, /<title>Roost<\/title>/, path);
    assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'/, path);
  }
});

test("nothing but reading is taken by a page", async () => {
  for (const method of ["POST", "PUT", "DELETE"]) {
    assert.equal((await ask("/followers", PERSON, method)).status, 404, method);
  }
  assert.equal((await ask("/followers", PERSON, "HEAD")).status, 200);
});

test("files that are there are kept for good if their names say what is in them", async () => {
  const [script] = /\/assets\/[^"]+\.js/.exec((await ask("/")).text)!;
  const answer = await ask(script, { headers: { accept: "*/*" } });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("cache-control") ?? "", /immutable/);
  const robots = await ask("/robots.txt");
  assert.match(robots.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(robots.text, /^User-agent: \*$/m);
});
