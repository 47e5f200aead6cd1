// What the specs of clients in JavaScript share: the client from its own folder, and X's hosts led to
// the simulator as a proxy that ends TLS would.
import assert from "node:assert/strict";
import http from "node:http";
import https from "node:https";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

export const SCOPES = ["tweet.read", "users.read", "follows.read", "offline.access"];
const X = ["api.x.com", "api.twitter.com"];

/** A package of the folder that the stage installed. */
export function load(name: string): any {
  return createRequire(join(process.env.ROOST_CLIENTS_NODE ?? "", "package.json"))(name);
}

/** Sends what is meant for X by `https` or `fetch` to a simulator, and says what it was meant for. */
export function leadToSimulator(simulator: string): void {
  const to = new URL(simulator);
  const usual = https.request;
  https.request = ((options: any, ...rest: any[]) => {
    if (!X.includes(options.host)) return (usual as any)(options, ...rest);
    const headers = {
      ...options.headers,
      "x-forwarded-proto": "https",
      "x-forwarded-host": options.host,
    };
    const meant = { ...options, headers, protocol: "http:", host: to.hostname, port: to.port };
    return (http.request as any)(meant, ...rest);
  }) as typeof https.request;
  syncBuiltinESMExports();
  const fetched = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const meant = new URL(input instanceof Request ? input.url : String(input));
    if (!X.includes(meant.host)) return fetched(input, init);
    const headers = new Headers(init?.headers);
    headers.set("x-forwarded-proto", "https");
    headers.set("x-forwarded-host", meant.host);
    return fetched(simulator + meant.pathname + meant.search, { ...init, headers });
  };
}

/** Presses Allow on the consent page of an address; where the browser is sent. */
export async function allow(simulator: string, address: string): Promise<URL> {
  const { pathname, search } = new URL(address);
  const answer = await fetch(simulator + pathname + search, {
    method: "POST",
    body: new URLSearchParams({ user: "12", decision: "allow" }),
    redirect: "manual",
  });
  assert.equal(answer.status, 302, await answer.text());
  return new URL(answer.headers.get("location")!);
}
