// A proxy before the simulator that changes one thing of X's answers: a header or a field of the
// JSON body, by a seed. The simulator's own clock header is left alone: X has none.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Json } from "./harness.ts";

/** What takes the place of a value. */
const VALUES: readonly unknown[] = [
  null, true, "", "soon", "NaN", "-1", [], {}, [[]], 0, -1, -(2 ** 63), 1.5, 2 ** 31, 2 ** 53, 2 ** 63, 1e300,
  "9".repeat(40), "x".repeat(70_000), "9999-12-31T23:59:59.999Z", "0000-01-01T00:00:00Z", "+58881-03-09T15:06:40Z", "\u0000\ud800",
];
/** What takes the place of a header; `undefined`: it is left out. */
const HEADERS: readonly (string | undefined)[] = [
  undefined, "", "soon", "-1", "0", "NaN", "1e9", "1793534400000", "99999999999999999999", "253402300800", "900", "300, 300",
];
const LIMITS = ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"];

/** A status of X's own outages, or a token that cannot be read, is answered so often: it is asked again
 * for six hours, and each wait is a step of the test. */
const OUTAGES = 5;

/** One change, made to every answer of a route until it is taken back. */
export interface Mutation {
  /** Part of the paths it is for. */
  route: string;
  what: "header" | "field" | "repeat" | "reorder" | "status";
  /** Which header, field, entry or value: drawn once, taken modulo what there is. */
  at: number;
  value: number;
}

/** The places of a JSON document: a container and a key each. */
function places(value: unknown, found: [Json, string][] = []): [Json, string][] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Json, key]);
    places((value as Json)[key], found);
  }
  return found;
}

function changed(body: string, { what, at, value }: Mutation): string {
  let json: any;
  try {
    json = JSON.parse(body);
  } catch {
    return body;
  }
  if (what === "field") {
    const all = places(json);
    const place = all[at % Math.max(all.length, 1)];
    if (place === undefined) return body;
    const [holder, key] = place;
    const drawn = value % (VALUES.length + 1);
    if (drawn === VALUES.length) Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key];
    else holder[key] = VALUES[drawn];
  } else if (Array.isArray(json.data)) {
    if (what === "repeat") json.data.push(json.data[at % Math.max(json.data.length, 1)]);
    else json.data.reverse();
  }
  return JSON.stringify(json);
}

export class Proxy {
  readonly url: string;
  readonly #server: Server;
  /** The simulator's address. */
  target = "";
  mutation: Mutation | undefined;
  /** Answers that reached Roost changed. */
  reached = 0;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const proxy = new Proxy(server, `http://127.0.0.1:${port}`);
    server.on("request", (request, answer) => {
      proxy.#pass(request, answer).catch(() => answer.destroy());
    });
    return proxy;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #mutationOf(path: string): Mutation | undefined {
    if (this.mutation === undefined || !path.includes(this.mutation.route)) return undefined;
    const lasts = this.mutation.what !== "status" && !this.mutation.route.endsWith("/token");
    return lasts || this.reached < OUTAGES ? this.mutation : undefined;
  }

  async #pass(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!["host", "connection", "content-length", "accept-encoding"].includes(name)) headers.set(name, String(value));
    }
    // Roost signs the address that it knows.
    headers.set("x-forwarded-host", request.headers.host ?? "");
    // What is to be changed must be readable.
    headers.set("accept-encoding", "identity");
    const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
    const left = new AbortController();
    answer.on("close", () => left.abort());
    const got = await fetch(this.target + request.url, { method: request.method!, headers, body, signal: left.signal, redirect: "manual" });
    const path = request.url!.split("?")[0]!;
    const mutation = this.#mutationOf(path);
    const out = new Map<string, string>();
    got.headers.forEach((value, name) => {
      if (!["connection", "content-length", "transfer-encoding", "keep-alive"].includes(name)) out.set(name, value);
    });
    if (mutation?.what === "header" || mutation?.what === "status") {
      const name = LIMITS[mutation.at % LIMITS.length]!;
      const value = HEADERS[mutation.value % HEADERS.length];
      value === undefined ? out.delete(name) : out.set(name, value);
    }
    const status = mutation?.what === "status" ? [429, 500, 204, 409][mutation.at % 4]! : got.status;
    if (mutation !== undefined) this.reached++;
    answer.writeHead(status, Object.fromEntries(out));
    if (path.endsWith("/stream")) {
      answer.flushHeaders();
      // Frame by frame: what comes is changed as it comes.
      const text = new TextDecoder();
      for await (const chunk of got.body!) {
        const frames = text.decode(chunk, { stream: true }).split("\r\n");
        answer.write(frames.map((frame) => (mutation === undefined ? frame : changed(frame, mutation))).join("\r\n"));
      }
      answer.end();
      return;
    }
    const whole = await got.text();
    if (status === 204) answer.end();
    else answer.end(mutation === undefined ? whole : changed(whole, mutation));
  }
}
