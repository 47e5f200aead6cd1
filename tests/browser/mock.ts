// A stand-in for the worker: serves dist/ as Cloudflare would (headers, the page for its own paths) and
// answers the API from a small made-up world. Owns: states that are hard to bring about with the
// real thing (empty, failing, stopped, first run). Must not know: the page. The clock stands still,
// so that every run sees the same days; but the live stream's runs on from there. By hand:
// `node tests/browser/mock.ts --port 8770 --rate 12`.
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { accept } from "./socket.ts";
import { Lookups } from "./lookups.ts";
import { LiveStream } from "./tweets.ts";
import { Timeline } from "./timeline.ts";
import { HOUR, NOW, World, type Filter, type Sort } from "./world.ts";

export const TOKEN = "0123456789abcdef0123456789abcdef";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DIST = join(process.env.ROOST_BUILD ?? join(ROOT, "build/quick"), "dist");

/** What the stand-in does next; tests set it between steps. */
export interface Scene {
  /** `none`: no account yet. `counted`: no list yet. */
  accounts: "one" | "none" | "counted";
  /** Its handle is known. */
  named: boolean;
  collector: "idle" | "checking" | "stopped";
  simulated: boolean;
  signedIn: boolean;
  /** Paths that contain one of these answer 500. */
  failing: string[];
  /** Answers come this much later. */
  slowMs: number;
  /** No event in any period. */
  quiet: boolean;
  /** `off`: nothing was ever read. `many`: 10,000 tweets. `stopped`: X refused. `first`: the first reading runs. */
  tweets: "on" | "off" | "many" | "stopped" | "first";
  /** Whom the account follows was read. */
  following: boolean;
  /** Keys for X that are set; `ended` makes the sign-in one that X ended. */
  keys: string[];
  push: "off" | "on" | "broken";
  /** `capped`: a limit is reached. `paused`: X takes no calls. */
  money: "fine" | "capped" | "paused";
}

const CALM: Scene = {
  accounts: "one",
  named: true,
  collector: "idle",
  simulated: false,
  signedIn: true,
  failing: [],
  slowMs: 0,
  quiet: false,
  tweets: "on",
  following: false,
  keys: [],
  push: "off",
  money: "fine",
};

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: string;
  /** The body as it came. */
  bytes: Buffer;
}

export interface Mock {
  url: string;
  scene: Scene;
  /** Every call to the API so far. */
  calls: Call[];
  /** The live stream. */
  live: LiveStream;
  lookups: Lookups;
  /** Back to the beginning. */
  reset(scene?: Partial<Scene>): void;
  close(): Promise<void>;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The headers that the deployed page gets: the CSP is tested as it is shipped. */
function pageHeaders(): Record<string, string> {
  const lines = readFileSync(join(ROOT, "frontend/_headers"), "utf8").split("\n");
  const headers: Record<string, string> = {};
  let all = false;
  for (const line of lines) {
    if (/^\/\*/.test(line)) all = true;
    else if (/^\S/.test(line)) all = false;
    const match = /^\s+([\w-]+):\s*(.+)$/.exec(line);
    if (all && match) headers[match[1]] = match[2];
  }
  return headers;
}

/** The page's own paths, as `shared::routes::is_page` has them. */
const PAGES = /^\/(followers|tweets(\/[^/]*)?|live|collection(\/lookups)?|settings|connect|begin|signin)?\/?$/;

/** A file, the page for its own paths, and 404 for all else: to a person with the page, which says so. */
function serveFile(path: string, accept: string, response: ServerResponse): void {
  const wanted = join(DIST, normalize(decodeURIComponent(path)));
  const file = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile();
  const known = file || PAGES.test(path);
  if (!known && (path.startsWith("/assets/") || !accept.includes("text/html"))) {
    response.writeHead(404, { "cache-control": "no-store" }).end();
    return;
  }
  const name = file ? wanted : join(DIST, "index.html");
  response.writeHead(known ? 200 : 404, { ...pageHeaders(), "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
  createReadStream(name).pipe(response);
}

function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "/docs/api#mock", title, status, detail, request_id: "req-7f3a" }));
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function page<T>(items: T[], query: URLSearchParams): { items: T[]; next_cursor: string | null } {
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 100);
  const next = from + limit < items.length ? String(from + limit) : null;
  return { items: items.slice(from, from + limit), next_cursor: next };
}

const instant = (text: string | null, otherwise: number): number => (text ? Date.parse(text) : otherwise);

/** Starts a stand-in; port 0 takes any free one. */
export async function startMock(port = 0): Promise<Mock> {
  let world = new World();
  let timelines: Partial<Record<"few" | "many", Timeline>> = {};
  const timeline = (): Timeline => {
    const many = mock.scene.tweets === "many";
    return (timelines[many ? "many" : "few"] ??= new Timeline(many ? 10_000 : 240));
  };
  const mock: Mock = {
    url: "",
    scene: { ...CALM },
    calls: [],
    live: new LiveStream(),
    lookups: new Lookups(),
    reset(scene = {}) {
      world = new World();
      timelines = {};
      mock.live.stop();
      mock.live.drop();
      mock.live = new LiveStream();
      mock.lookups = new Lookups();
      mock.scene = { ...CALM, keys: [], ...scene };
      mock.calls = [];
    },
    close() {
      mock.live.stop();
      mock.live.drop();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  function get(path: string, query: URLSearchParams, response: ServerResponse): void {
    const { scene } = mock;
    const from = instant(query.get("from"), NOW - 30 * 24 * HOUR);
    const to = instant(query.get("to"), NOW);
    const rest = path.replace(/^\/accounts\/\d+/, "");
    if (path === "/status") return json(response, world.status(scene.simulated));
    if (path === "/accounts") return json(response, { items: world.accounts(scene), next_cursor: null });
    if (path === "/setup") return json(response, world.setup(scene.simulated));
    if (path === "/budget") return json(response, world.budget(scene));
    if (path === "/alerts") return json(response, page(world.alerts, query));
    if (/^\/alerts\/\w+\/log$/.test(path)) return json(response, page(world.alertLog(), query));
    if (path === "/credentials") return json(response, world.credentials(scene));
    if (path === "/runs") return json(response, page(world.runs(), query));
    if (path.startsWith("/runs/")) return json(response, { ...world.runs()[1], id: path.slice(6) });
    if (path === "/lookups") return json(response, page(mock.lookups.items, query));
    const lookup = /^\/lookups\/(\w+)(\/result)?$/.exec(path);
    if (lookup?.[2]) {
      response.writeHead(200, { "content-type": "application/x-ndjson", "content-disposition": `attachment; filename="lookup-${lookup[1]}.ndjson"` });
      response.end(mock.lookups.result(lookup[1]));
      return;
    }
    const found = lookup && mock.lookups.one(lookup[1]);
    if (found) return json(response, found);
    if (path === "/stream") return json(response, mock.live.stream());
    if (path === "/stream/rules") return json(response, page(mock.live.rules(), query));
    if (path === "/stream/coverage") return json(response, mock.live.coverage());
    if (rest === "") return json(response, world.accounts(scene)[0]);
    if (rest === "/push") return json(response, world.push(scene));
    if (rest === "/coverage") return json(response, world.coverage(from, to));
    if (rest === "/snapshots") return json(response, page(world.snapshots(), query));
    if (rest === "/followers/series") {
      const interval = query.get("interval") ?? "day";
      return json(response, world.series(from, to, interval, query.get("compare"), scene));
    }
    if (rest === "/followers/events") {
      const kinds = (query.get("kind") ?? "followed,lost,returned,renamed").split(",");
      const events = scene.quiet ? [] : world.eventsBetween(from, to).filter((event) => kinds.includes(event.kind));
      return json(response, page(events, query));
    }
    if (rest === "/followers") {
      const rows = world.followers({
        query: query.get("q") ?? "",
        filter: query.get("filter") as Filter | null,
        sort: (query.get("sort") ?? "-since") as Sort,
        from,
        to,
        narrow: query,
      });
      return json(response, page(scene.accounts === "counted" || (scene.quiet && query.has("filter")) ? [] : rows, query));
    }
    if (rest === "/tweets") {
      const written = (name: string): number | null => (query.has(name) ? instant(query.get(name), NOW) : null);
      const rows = scene.tweets === "off" ? [] : timeline().list({ query, from: written("from"), to: written("to") });
      const { items, next_cursor } = page(rows, query);
      return json(response, { items: items.map((make) => make()), next_cursor });
    }
    if (rest === "/tweets/totals") return json(response, timeline().totals(query));
    if (rest === "/tweets/hours") return json(response, page(timeline().hours(), query));
    const tweet = /^\/tweets\/(\d+)(\/series)?$/.exec(rest);
    const told = tweet && (tweet[2] ? timeline().series(tweet[1], query) : timeline().detail(tweet[1]));
    if (told) return json(response, told);
    const person = /^\/followers\/(\d+)$/.exec(rest);
    const detail = person && world.detail(person[1]);
    if (detail) return json(response, detail);
    problem(response, 404, "Not found", `There is nothing at ${path}.`);
  }

  function change(call: Call, response: ServerResponse): void {
    const { method, path } = call;
    const body = call.body.startsWith("{") ? JSON.parse(call.body) : {};
    if (method === "POST" && path === "/accounts") {
      mock.scene.accounts = "counted";
      return json(response, world.accounts(mock.scene)[0], 201);
    }
    if (method === "PUT" && path === "/stream") return json(response, mock.live.change(body));
    if (method === "POST" && path === "/stream/rules") {
      const rule = mock.live.addRule(body);
      if (rule) return json(response, rule, 201);
      const price = 'To save the rule send it again with "accept_usd_per_day": 8.90.';
      return problem(response, 409, "Price first", `12,400 posts in 7 days, about $8.90 a day. ${price}`);
    }
    if (method === "DELETE" && path === "/stream/rules") mock.live.deleteRules((call.query.get("ids") ?? "").split(","));
    if (method === "POST" && /\/(crawl|snapshots|tweets\/check|following\/check)$/.test(path)) return json(response, { run: "r-new" }, 202);
    if (method === "POST" && path === "/lookups") {
      if (mock.lookups.refuse && body.start) return problem(response, 409, "No keys", "There is no key that may ask X for other people.");
      return json(response, mock.lookups.start(body), body.start ? 202 : 200);
    }
    if (method === "DELETE" && path.startsWith("/lookups/")) mock.lookups.delete(path.slice(9));
    const person = /^\/accounts\/\d+\/followers\/(\d+)$/.exec(path);
    if (method === "PUT" && path.endsWith("/push")) {
      mock.scene.push = body.on ? "on" : "off";
      return json(response, world.push(mock.scene));
    }
    if (method === "PUT" && path === "/budget") {
      if (body.paused === false) mock.scene.money = "fine";
      return json(response, world.budget(mock.scene));
    }
    if (method === "POST" && path === "/alerts") {
      if (/\/\/(localhost|10\.)/.test(body.destination ?? "")) return problem(response, 400, "Bad request", "`destination`: 10.0.0.1 is a private address");
      return json(response, world.addAlert(body), 201);
    }
    const alert = /^\/alerts\/(\w+)(\/test|\/retry)?$/.exec(path);
    if (alert && method === "PATCH") return json(response, world.changeAlert(alert[1], body));
    if (alert && method === "POST") return json(response, alert[2] === "/test" ? world.alertLog()[0] : { messages: 1 });
    if (alert && method === "DELETE") world.alerts = world.alerts.filter((one) => one.id !== alert[1]);
    const key = /^\/credentials\/([\w-]+)$/.exec(path);
    if (key && method === "PUT") {
      if (body.token === "wrong") return problem(response, 400, "Bad request", "`token` holds a space or a character that no key of X has");
      mock.scene.keys = [...mock.scene.keys, key[1]];
      return json(response, world.credentials(mock.scene));
    }
    if (key && method === "POST") {
      return json(response, {
        usd: 0.01,
        items: mock.scene.keys.map((name) => ({ name, asked: "GET /2/users/me", ok: name !== "client", detail: name === "client" ? "Client not enrolled." : "Answered.", step: name === "client" ? world.credentials(mock.scene).steps[1] : null })),
      });
    }
    if (key && method === "DELETE") mock.scene.keys = mock.scene.keys.filter((name) => name !== key[1]);
    if (method === "PATCH" && person) return json(response, world.changePerson(person[1], body));
    if (method === "PATCH" && typeof body.tweets === "boolean") mock.scene.tweets = body.tweets ? "on" : "off";
    if (method === "PATCH" && typeof body.following === "boolean") mock.scene.following = body.following;
    if (method === "PATCH") return json(response, { ...world.changeAccount(body, mock.scene) });
    if (method === "DELETE") {
      response.writeHead(204).end();
      return;
    }
    problem(response, 405, "No such method", `${method} ${path}`);
  }

  async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = decodeURIComponent(url.pathname.slice("/api/v1".length));
    const bytes = await bodyOf(request);
    const call: Call = { method: request.method ?? "GET", path, query: url.searchParams, body: bytes.toString("utf8"), bytes };
    mock.calls.push(call);
    const { scene } = mock;
    if (scene.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, scene.slowMs));
    if (path === "/session" && call.method === "POST") {
      if (JSON.parse(call.body).token !== TOKEN) return problem(response, 401, "Not signed in", "This is not the token.");
      scene.signedIn = true;
      return json(response, { expires: new Date(NOW + 24 * HOUR).toISOString() });
    }
    if (path === "/session") {
      scene.signedIn = false;
      response.writeHead(204).end();
      return;
    }
    const bearer = request.headers.authorization === `Bearer ${TOKEN}`;
    if (path !== "/status" && !scene.signedIn && !bearer) {
      return problem(response, 401, "Not signed in", "Send the token, or sign in.");
    }
    if (scene.failing.some((part) => path.includes(part))) {
      return problem(response, 500, "Something broke", "The stand-in was told to fail.");
    }
    if (path.includes("/export/")) {
      response.writeHead(200, { "content-type": "text/csv", "content-disposition": "attachment" });
      response.end("id,username\n");
      return;
    }
    if (call.method === "GET") get(path, url.searchParams, response);
    else change(call, response);
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://mock");
    if (url.pathname.startsWith("/api/v1/")) {
      api(request, response, url).catch((error) => problem(response, 500, "The stand-in broke", String(error)));
    } else if (url.pathname === "/mock/scene") {
      // For looking by hand: /mock/scene?accounts=none&collector=stopped
      const entries = [...url.searchParams].map(([name, value]) => [name, value === "true" ? true : value === "false" ? false : value]);
      mock.reset(Object.fromEntries(entries));
      json(response, mock.scene);
    } else {
      serveFile(url.pathname, request.headers.accept ?? "", response);
    }
  });
  server.on("upgrade", (request: IncomingMessage, stream) => {
    const url = new URL(request.url ?? "/", "http://mock");
    const bearer = String(request.headers["sec-websocket-protocol"] ?? "").includes(`bearer.${TOKEN}`);
    if (url.pathname !== "/api/v1/live" || (!mock.scene.signedIn && !bearer)) {
      stream.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
      return;
    }
    const { live } = mock;
    const socket = accept(request, stream, { heard: (text) => live.hear(socket, text), gone: () => live.left(socket) });
    live.joined(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  mock.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return mock;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf("--port");
  const mock = await startMock(at > 0 ? Number(process.argv[at + 1]) : 0);
  const rate = process.argv.indexOf("--rate");
  if (rate > 0) {
    const perSecond = Number(process.argv[rate + 1]);
    mock.live.past(Math.min(6_000, 600 * perSecond), perSecond);
    mock.live.flow(perSecond);
  }
  console.log(`${mock.url}/#token=${TOKEN}`);
}
