// `cargo xtask bench map`: frames a second of the Live page while blips pour in.
//   node tests/bench/map.ts --seconds 8 --rates 0,1000
// Owns: a socket server with made-up posts, and the measuring. Must not know: how the page draws.
// The page is served as in tests/browser; its socket is a real one, so that receiving costs what it
// costs. Prints one line of JSON.
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { chromium, type CDPSession, type Page } from "playwright-core";
import { WebSocketServer } from "ws";
import { startMock } from "../browser/mock.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    rates: { type: "string", default: "0,1000" },
  },
});
const SECONDS = Number(values.seconds);
const RATES = values.rates.split(",").map(Number);

/** Seconds that the page shows a blip (frontend/src/live/blips.rs). */
const LIFE_S = 10;
/** As the worker flushes. */
const FLUSH_MS = 250;
/** As many tweets for the feed as X's stream brings at most. */
const TWEETS_A_SECOND = 250;
const SIZE = { width: 1440, height: 900 };
const ABOUT = ["tweet", "reply", "quote", "retweet"];

/** The stream of made-up posts: so many blips a second, all over the world. */
class Posts {
  rate = 0;
  /** Blips of each frame sent while some of it is seen. */
  #sent: number[] = [];
  #seq = 0;
  #owed = 0;
  #tweets = 0;

  /** Blips sent in the last seconds that one lives. */
  get alive(): number {
    return this.#sent.reduce((sum, count) => sum + count, 0);
  }

  get cursor(): number {
    return this.#seq;
  }

  /** A frame with what came in the last `ms`. */
  frame(ms: number): string {
    const from = this.#seq + 1;
    const at = new Date().toISOString();
    const events: object[] = [];
    this.#owed += (this.rate * ms) / 1000;
    this.#tweets += (TWEETS_A_SECOND * ms) / 1000;
    this.#sent.push(Math.floor(this.#owed));
    if (this.#sent.length > (LIFE_S * 1000) / FLUSH_MS) this.#sent.shift();
    for (; this.#owed >= 1; this.#owed -= 1) {
      const id = this.#id();
      if (this.#tweets >= 1) {
        this.#tweets -= 1;
        events.push(this.#tweet(id, at));
      }
      events.push(this.#blip(id, at));
    }
    return JSON.stringify({ t: "events", from, to: this.#seq, events });
  }

  #id(): string {
    return (((BigInt(Date.now()) - 1288834974657n) << 22n) | BigInt(this.#seq % 4194304)).toString();
  }

  #tweet(id: string, at: string): object {
    this.#seq += 1;
    return {
      seq: this.#seq,
      kind: "simple_tweet",
      at,
      id,
      author_id: "7",
      username: "ada",
      name: "Ada",
      body: `Post number ${this.#seq} of a busy day, as long as posts are on average, with a word more`,
      created_at: at,
      lang: "en",
    };
  }

  #blip(tweet_id: string, at: string): object {
    this.#seq += 1;
    const exact = this.#seq % 4 === 0;
    return {
      seq: this.#seq,
      kind: "geo_blip",
      at,
      tweet_id,
      author_id: "7",
      lat: 60 - Math.random() * 100,
      lon: Math.random() * 360 - 180,
      precision: exact ? "exact" : "place",
      radius_m: exact ? 0 : 8000,
      country: "DE",
      lang: "en",
      type: ABOUT[this.#seq % ABOUT.length],
    };
  }
}

/** The page's files and API from the stand-in of the browser tests, the live socket from here. */
async function serve(posts: Posts): Promise<{ url: string; close(): Promise<void> }> {
  const mock = await startMock();
  const server = createServer((asked, answer) => {
    const to = new URL(asked.url ?? "/", mock.url);
    const headers = { ...asked.headers, host: to.host };
    const onward = request(to, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    asked.pipe(onward);
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "roost.v1" });
  server.on("upgrade", (asked, socket, head) => {
    sockets.handleUpgrade(asked, socket, head, (client) => {
      const hello = { t: "hello", protocol: 1, cursor: posts.cursor, floor: 1, server_time: Date.now() };
      client.send(JSON.stringify(hello));
      client.on("message", (said) => {
        if (String(said).includes('"ping"')) client.send('{"t":"pong"}');
      });
    });
  });
  const timer = setInterval(() => {
    const frame = posts.frame(FLUSH_MS);
    for (const client of sockets.clients) client.send(frame);
  }, FLUSH_MS);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
    await mock.close();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

/** Has the page note its frames, its long tasks, and how often and how much its canvases draw. */
async function observe(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = { frames: [] as number[], long: [] as number[], points: 0, blips: 0, ground: 0 };
    (window as any).benchSeen = seen;
    const now = { blips: false, ground: false };
    const note = (gl: WebGL2RenderingContext, vertices: number): void => {
      const ours = (gl.canvas as HTMLCanvasElement).classList.contains("map-blips");
      now[ours ? "blips" : "ground"] = true;
      if (ours) seen.points += vertices;
    };
    const proto = WebGL2RenderingContext.prototype;
    const { drawArrays, drawArraysInstanced, drawElements } = proto;
    proto.drawArrays = function (mode, first, vertices) {
      note(this, vertices);
      drawArrays.call(this, mode, first, vertices);
    };
    proto.drawArraysInstanced = function (mode, first, vertices, instances) {
      note(this, instances);
      drawArraysInstanced.call(this, mode, first, vertices, instances);
    };
    proto.drawElements = function (mode, vertices, type, offset) {
      note(this, vertices);
      drawElements.call(this, mode, vertices, type, offset);
    };
    let last = performance.now();
    const tick = (at: number): void => {
      seen.frames.push(at - last);
      last = at;
      for (const canvas of ["blips", "ground"] as const) {
        if (now[canvas]) seen[canvas] += 1;
        now[canvas] = false;
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    const noteLong = (list: PerformanceObserverEntryList): void => {
      for (const entry of list.getEntries()) seen.long.push(entry.duration);
    };
    new PerformanceObserver(noteLong).observe({ type: "longtask" });
  });
}

/** Seconds that the page's main thread has worked, and the clock that counts them. */
async function busy(cdp: CDPSession): Promise<{ task: number; now: number }> {
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { task: of("TaskDuration"), now: of("Timestamp") };
}

/** Drags the map to and fro. */
async function drag(page: Page, until: number): Promise<void> {
  const box = (await page.locator("canvas.maplibregl-canvas").boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let step = 0; Date.now() < until; step += 1) {
    await page.mouse.move(x + 250 * Math.sin(step / 20), y + 60 * Math.sin(step / 31));
    await page.waitForTimeout(8);
  }
  await page.mouse.up();
}

async function measure(page: Page, cdp: CDPSession, rate: number, moving: boolean): Promise<object> {
  await page.evaluate(() => {
    const seen = (window as any).benchSeen;
    Object.assign(seen, { frames: [], long: [], points: 0, blips: 0, ground: 0 });
  });
  const before = await busy(cdp);
  const until = Date.now() + SECONDS * 1000;
  if (moving) await drag(page, until);
  else await page.waitForTimeout(SECONDS * 1000);
  const after = await busy(cdp);
  const seen = await page.evaluate(() => (window as any).benchSeen);
  const frames: number[] = seen.frames.slice(1).sort((a: number, b: number) => a - b);
  const at = (share: number): number => frames[Math.min(frames.length - 1, Math.floor(frames.length * share))] ?? 0;
  return {
    blips_s: rate,
    alive: posts.alive,
    moving,
    frames: frames.length,
    // A blip in two copies of the world, or of a shader that is not its own, counts again.
    points: Math.round(seen.points / Math.max(1, seen.blips)),
    drawn_s: seen.blips / SECONDS,
    ground_s: seen.ground / SECONDS,
    median_ms: at(0.5),
    p99_ms: at(0.99),
    worst_ms: at(1),
    busy: (after.task - before.task) / (after.now - before.now),
    long_tasks: seen.long.length,
    longest_ms: Math.max(0, ...seen.long),
  };
}

const posts = new Posts();
const server = await serve(posts);
const browser = await chromium.launch({
  executablePath: process.env.ROOST_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
  ],
});
try {
  const page = await browser.newPage({ viewport: SIZE });
  await observe(page);
  await page.goto(`${server.url}/live`);
  await page.locator("canvas.maplibregl-canvas").waitFor();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const results: object[] = [];
  for (const rate of RATES) {
    posts.rate = rate;
    // As many are alive as will be.
    await page.waitForTimeout((LIFE_S + 1) * 1000);
    for (const moving of [false, true]) results.push(await measure(page, cdp, rate, moving));
  }
  console.log(JSON.stringify({ results }));
} finally {
  await browser.close();
  await server.close();
}
