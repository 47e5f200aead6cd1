// Signing in at X: what the owner and the browser do, step by step.
import assert from "node:assert/strict";
import { ACCOUNT, ADMIN_TOKEN, type Roost } from "./harness.ts";

/** The client of X's that Roost signs in with. */
export const CLIENT = { X_CLIENT_ID: "roost-client", X_CLIENT_SECRET: "roost-client-secret" };

export interface Begun {
  url: URL;
  cookie: string;
}

/** Roost begins: X's address to go to, and the cookie that belongs to it. */
export async function begin(roost: Roost, query = ""): Promise<Begun> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, accept: "application/json" };
  const answer = await roost.raw("GET", `/auth/x/start${query}`, { headers });
  assert.equal(answer.status, 200, answer.text);
  const cookie = answer.headers.get("set-cookie") ?? "";
  return { url: new URL(answer.json.url), cookie: cookie.split(";")[0]! };
}

/** What the owner does on X's consent page; where X sends the browser. */
export async function consent(url: URL, user = ACCOUNT, decision = "allow"): Promise<string> {
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /name="decision" value="allow"/);
  const body = new URLSearchParams({ user, decision });
  const answer = await fetch(url, { method: "POST", body, redirect: "manual" });
  assert.equal(answer.status, 302, await answer.text());
  const back = new URL(answer.headers.get("location")!);
  return back.pathname + back.search;
}

/** The browser comes back from X: what Roost's page is told. */
export async function comeBack(roost: Roost, path: string, cookie: string): Promise<URLSearchParams> {
  const answer = await roost.raw("GET", path, { headers: { cookie } });
  assert.equal(answer.status, 302, answer.text);
  const to = new URL(answer.headers.get("location")!);
  assert.equal(to.pathname, "/connect");
  assert.match(answer.headers.get("set-cookie") ?? "", /^roost_x=; .*Max-Age=0/);
  return to.searchParams;
}

/** A sign-in from start to end; its outcome. */
export async function signIn(roost: Roost, user = ACCOUNT, query = ""): Promise<string> {
  const { url, cookie } = await begin(roost, query);
  return (await comeBack(roost, await consent(url, user), cookie)).get("x")!;
}
