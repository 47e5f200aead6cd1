// Who may call what, and what a wrong call is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ACCOUNT, ADMIN_TOKEN, type Answer, Roost } from "./harness.ts";

let roost: Roost;

before(async () => {
  roost = await Roost.start({ followers: 200 });
  await roost.track();
});
after(() => roost?.stop());

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

function assertProblem(answer: Answer, status: number, ...words: string[]) {
  assert.equal(answer.status, status, answer.text.slice(0, 300));
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  for (const field of ["type", "title", "detail", "request_id"]) {
    assert.equal(typeof answer.json[field], "string", `${field} in ${answer.text}`);
  }
  assert.equal(answer.json.status, status);
  assert.ok(answer.json.request_id.length > 0);
  for (const word of words) assert.ok(answer.json.detail.includes(word), `${word} in ${answer.text}`);
}

async function signIn(): Promise<string> {
  const answer = await roost.raw("POST", "/api/v1/session", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: ADMIN_TOKEN }),
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.headers.get("set-cookie") ?? "";
}

test("what is open answers without a token", async () => {
  for (const path of ["/api/v1/health", "/api/v1/status", "/api/v1/openapi.json", "/docs/api"]) {
    assert.equal((await roost.raw("GET", path)).status, 200, path);
  }
});

test("the API is described to machines and to people", async () => {
  const document = await roost.raw("GET", "/api/v1/openapi.json");
  assert.ok(document.json.paths["/accounts/{account}"], "no paths");
  const page = await roost.raw("GET", "/docs/api");
  assert.match(page.text, /<title>Roost API<\/title>[^]*<section id="Account">/);
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'; style-src 'unsafe-inline'/);
  for (const [answer, kind] of [[document, "application/json"], [page, "text/html; charset=utf-8"]] as const) {
    assert.equal(answer.headers.get("content-type"), kind);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  }
});

test("the public status names nobody", async () => {
  const { text, json } = await roost.raw("GET", "/api/v1/status");
  assert.equal(json.collector.accounts, 1);
  const { username, name } = await roost.account();
  for (const secret of [username, name, `"${ACCOUNT}"`]) assert.ok(!text.includes(secret), text);
});

test("every other route asks for the token", async () => {
  const { json: document } = await roost.raw("GET", "/api/v1/openapi.json");
  const open = ["/health", "/status", "/openapi.json", "/session", "/auth/x/callback", "/hooks/x", "/feeds/{feed}"];
  let asked = 0;
  for (const [path, operations] of Object.entries<any>(document.paths)) {
    const short = path.replace(/^\/api\/v1/, "");
    if (open.includes(short)) continue;
    const filled = short.replace("{account}", ACCOUNT).replace(/\{\w+\}/g, "1");
    for (const method of Object.keys(operations)) {
      if (!["get", "post", "put", "patch", "delete"].includes(method)) continue;
      const answer = await roost.raw(method.toUpperCase(), `/api/v1${filled}`);
      assertProblem(answer, 401, "ADMIN_TOKEN");
      asked++;
    }
  }
  assert.ok(asked >= 20, `only ${asked} routes in the document`);
});

test("a wrong token is refused", async () => {
  for (const token of ["", "wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1)]) {
    const answer = await roost.raw("GET", "/api/v1/accounts", bearer(token));
    assertProblem(answer, 401);
    assert.equal(answer.headers.get("www-authenticate"), "Bearer");
  }
  const basic = { headers: { authorization: `Basic ${btoa(`a:${ADMIN_TOKEN}`)}` } };
  assertProblem(await roost.raw("GET", "/api/v1/accounts", basic), 401);
});

test("a wrong token leaves a run record", async () => {
  await roost.raw("DELETE", `/api/v1/accounts/${ACCOUNT}`, bearer("wrong"));
  const runs = await roost.all("/runs?what=refused");
  assert.ok(runs.length >= 1);
  assert.equal(runs[0].state, "failed");
  assert.equal(runs[0].error.status, 401);
});

test("refusals without end do not fill the run log", async () => {
  for (let i = 0; i < 20; i++) await roost.raw("GET", "/api/v1/accounts", bearer("wrong"));
  assert.ok((await roost.all("/runs?what=refused")).length <= 3);
});

test("signing in gives a cookie that scripts and other sites never see", async () => {
  const cookie = await signIn();
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/"]) {
    assert.ok(cookie.toLowerCase().includes(part.toLowerCase()), cookie);
  }
  assert.ok(!cookie.includes(ADMIN_TOKEN), "the token itself is in the cookie");
  const headers = { cookie: cookie.split(";")[0] };
  assert.equal((await roost.raw("GET", "/api/v1/accounts", { headers })).status, 200);
});

test("a changed cookie is no cookie", async () => {
  const [name, value] = (await signIn()).split(";")[0].split("=");
  for (const forged of [value.slice(0, -2), `x${value}`, value.replace(/\d/, (d) => String((Number(d) + 1) % 10))]) {
    const headers = { cookie: `${name}=${forged}` };
    assertProblem(await roost.raw("GET", "/api/v1/accounts", { headers }), 401);
  }
});

test("signing in with a wrong token gives nothing", async () => {
  const answer = await roost.raw("POST", "/api/v1/session", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: "wrong" }),
  });
  assertProblem(answer, 401);
  assert.equal(answer.headers.get("set-cookie"), null);
});

test("signing out takes the cookie back", async () => {
  const headers = { cookie: (await signIn()).split(";")[0] };
  const answer = await roost.raw("DELETE", "/api/v1/session", { headers });
  assert.equal(answer.status, 204);
  assert.match(answer.headers.get("set-cookie") ?? "", /Max-Age=0/i);
});

test("another site's page cannot write with the cookie", async () => {
  const cookie = (await signIn()).split(";")[0];
  const write = (origin: string) =>
    roost.raw("PATCH", `/api/v1/accounts/${ACCOUNT}`, {
      headers: { cookie, origin, "content-type": "application/json" },
      body: JSON.stringify({ schedule: "manual" }),
    });
  assertProblem(await write("https://evil.example"), 403, "evil.example");
  assertProblem(await write("null"), 403);
  assert.equal((await write(roost.runtime.url.origin)).status, 200);
});

test("an unknown account is 404 on every route of accounts", async () => {
  for (const [method, rest] of [
    ["GET", ""],
    ["PATCH", ""],
    ["DELETE", ""],
    ["GET", "/followers"],
    ["GET", "/followers/5"],
    ["GET", "/followers/events"],
    ["GET", "/followers/series"],
    ["GET", "/snapshots"],
    ["GET", "/coverage"],
    ["GET", "/export/NEW_FOLLOWERS.json.gz"],
    ["POST", "/crawl"],
    ["POST", "/replay"],
  ]) {
    const body = method === "PATCH" ? { schedule: "daily" } : undefined;
    assertProblem(await roost.api(method, `/accounts/404${rest}`, body), 404);
  }
  assertProblem(await roost.api("GET", "/accounts/abc"), 404);
  assertProblem(await roost.api("GET", "/accounts/99999999999999999999999"), 404);
});

test("an account that X does not know is not tracked: 404, with X's words", async () => {
  for (const body of [{ id: "999999999" }, { username: "nobody_here" }]) {
    assertProblem(await roost.api("POST", "/accounts", body), 404, "X shows no such account", "Could not find user");
  }
  assert.equal((await roost.all("/accounts")).length, 1);
});

test("a cap that cannot be is refused before X is asked, which costs", async () => {
  const { usd } = await roost.sim.call("GET", "/sim/bill");
  for (const monthly_cap_usd of [-1, 1e9]) {
    assertProblem(await roost.api("POST", "/accounts", { id: "13", monthly_cap_usd }), 400, "monthly_cap_usd");
  }
  assert.equal((await roost.sim.call("GET", "/sim/bill")).usd, usd);
});

test("starting something for an unknown account leaves a run record", async () => {
  await roost.api("POST", "/accounts/404/crawl");
  await roost.send("FOLLOWERS_2026-01-01T00:00:00Z.json.gz", Buffer.from("x"), "404");
  const runs = await roost.all("/runs?account=404&state=failed");
  assert.deepEqual(new Set(runs.map((run) => run.error.status)), new Set([404]));
  assert.ok(runs.some((run) => run.what.includes("crawl")), JSON.stringify(runs));
  assert.ok(runs.some((run) => /import|snapshots/.test(run.what)), JSON.stringify(runs));
});

test("an unknown query parameter is 400 and is told what there is", async () => {
  assertProblem(await roost.api("GET", "/accounts?limt=5"), 400, "limt", "limit");
  assertProblem(await roost.api("GET", `/accounts/${ACCOUNT}/followers/events?sort=x`), 400, "sort");
  assertProblem(await roost.api("GET", "/budget?x=1"), 400, "none");
});

test("a parameter of the wrong form is 400 and is named", async () => {
  const followers = `/accounts/${ACCOUNT}/followers`;
  for (const [path, name] of [
    [`${followers}?limit=0`, "limit"],
    [`${followers}?limit=1001`, "limit"],
    [`${followers}?as_of=yesterday`, "as_of"],
    [`${followers}?sort=shoe`, "sort"],
    [`${followers}?filter=shoe`, "filter"],
    [`${followers}/events?kind=blocked`, "kind"],
    [`${followers}/events?state=sure`, "state"],
    [`${followers}/events?cursor=1`, "cursor"],
    [`${followers}?cursor=x`, "cursor"],
    ["/accounts?cursor=404", "cursor"],
    [`/accounts/${ACCOUNT}/snapshots?cursor=x`, "cursor"],
    [`/accounts/${ACCOUNT}/tweets?cursor=x`, "cursor"],
    ["/runs?cursor=x", "cursor"],
    ["/lookups?cursor=x", "cursor"],
    ["/stream/archive?cursor=~", "cursor"],
    [`${followers}/series?interval=minute`, "interval"],
    [`${followers}?sort=`, "sort"],
    [`${followers}?cursor=`, "cursor"],
    ["/live/events?after=", "after"],
    ["/hooks/x", "crc_token"],
    [`${followers}/series?tz=Middle/Earth`, "Middle/Earth"],
    [`${followers}/series?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`, "from"],
  ]) {
    assertProblem(await roost.api("GET", path), 400, name);
  }
});

test("a wrong route is 404, a wrong method 405", async () => {
  assertProblem(await roost.api("GET", "/nothing"), 404);
  const answer = await roost.api("DELETE", "/health");
  assertProblem(answer, 405, "GET");
  assert.equal(answer.headers.get("allow"), "GET");
  const check = await roost.api("OPTIONS", `/accounts/${ACCOUNT}/tweets/check`);
  assert.equal(check.headers.get("allow"), "POST");
});

test("a call that is refused leaves a failed run with the reason", async () => {
  for (const [method, path, body] of [
    ["POST", "/credentials/check", {}],
    ["PUT", "/stream", { stait: "on" }],
    ["PATCH", `/accounts/${ACCOUNT}`, { schedule: "sometimes" }],
  ] as const) {
    const answer = await roost.api(method, path, body);
    assertProblem(answer, 400);
    const what = `${method} ${path.replace(ACCOUNT, "{account}")}`;
    const runs = (await roost.all("/runs?state=failed")).filter((run) => run.what === what);
    const said = runs.map((run) => run.error.detail);
    assert.ok(said.includes(answer.json.detail), `${what}: ${said}`);
  }
});

test("a body that is required is required", async () => {
  for (const [method, path] of [
    ["PUT", "/stream"],
    ["PUT", "/budget"],
    ["PATCH", `/accounts/${ACCOUNT}`],
    ["POST", "/lookups"],
  ] as const) {
    assertProblem(await roost.api(method, path), 400, "empty");
  }
});

test("how large wasm's memory is, is said where it is asked", async () => {
  const name = "x-roost-wasm-bytes";
  assert.equal((await roost.raw("GET", "/api/v1/health")).headers.get(name), null);
  const asked = await roost.raw("GET", "/api/v1/health", { headers: { [name]: "1" } });
  assert.ok(Number(asked.headers.get(name)) > 0);
});

test("a body that is no JSON, or not the right JSON, is 400", async () => {
  const send = (body: string) =>
    roost.raw("PATCH", `/api/v1/accounts/${ACCOUNT}`, { ...bearer(ADMIN_TOKEN), body });
  assertProblem(await send("{"), 400);
  for (const body of ["[]", '["daily"]', "null", '"daily"', "5", " [] "]) {
    assertProblem(await send(body), 400, "JSON object");
  }
  assertProblem(await send('{"schedule":"sometimes"}'), 400);
  assertProblem(await send('{"monthly_cap_usd":-1}'), 400);
});

test("every answer carries a request id", async () => {
  for (const path of ["/api/v1/health", "/api/v1/nothing"]) {
    const answer = await roost.raw("GET", path, bearer(ADMIN_TOKEN));
    assert.ok(answer.headers.get("x-request-id"), path);
  }
});

test("the page is served, also under its own paths", async () => {
  for (const path of ["/", "/followers?from=2026-01-01"]) {
    const answer = await roost.raw("GET", path);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("content-type") ?? "", /text\/html/);
  }
});

test("without an ADMIN_TOKEN nothing but the open routes answers", async () => {
  const bare = await Roost.start({ followers: 100, settings: { ADMIN_TOKEN: "" } });
  try {
    assert.equal((await bare.raw("GET", "/api/v1/health")).status, 200);
    for (const token of ["", "x", ADMIN_TOKEN]) {
      assertProblem(await bare.raw("GET", "/api/v1/accounts", bearer(token)), 503, "ADMIN_TOKEN");
    }
  } finally {
    await bare.stop();
  }
});
