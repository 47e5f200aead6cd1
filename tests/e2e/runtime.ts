// The worker as built, in Cloudflare's own runtime on this machine.
//
// Reads the real wrangler.toml through wrangler and hands the outcome to Miniflare, as `wrangler
// dev` does. Not wrangler's own test harness: that fetches on behalf of the worker, and a body of
// X that is cut off would never end instead of failing; it has no inspector either.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { pack, unpack } from "./state.ts";

export const ROOT = process.env.ROOST_ROOT ?? resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** What is tested: a folder with wrangler.toml, worker/build/ and dist/, as `cargo xtask build` makes them. */
const BUILD = process.env.ROOST_BUILD ?? join(ROOT, "build/quick");
const NAME = "roost";

/** What the worker's code never says unless a panic took the whole instance with it. */
const CRITICAL = /panicked|Critical|Reinitializing Wasm|stale object/;

/** The classes of objects that have tables. */
export const STORING = ["Account", "Control", "Live", "Lookups", "Notices"] as const;
export type StoringObject = (typeof STORING)[number];

export class Runtime {
  url!: URL;
  /** What the worker wrote to its console. */
  readonly logs: string[] = [];
  /** Whether a test makes the worker panic on purpose. */
  mayBreakDown = false;
  #vars: Record<string, string>;
  readonly #inspect: boolean;
  readonly #folder = mkdtempSync(join(tmpdir(), "roost-e2e-"));
  #miniflare!: Miniflare;

  private constructor(vars: Record<string, string>, inspect: boolean) {
    this.#vars = vars;
    this.#inspect = inspect;
  }

  /** With the packed `state` of another runtime, if it is given. */
  static async start(vars: Record<string, string>, inspect = false, state?: string): Promise<Runtime> {
    const runtime = new Runtime(vars, inspect);
    if (state !== undefined) unpack(state, runtime.#folder);
    await runtime.#boot();
    return runtime;
  }

  async #boot(): Promise<void> {
    process.env.WRANGLER_LOG ??= "error";
    // Cloudflare's limit. Without one V8 lets garbage pile up as if it had the whole machine.
    process.env.MINIFLARE_WORKERD_V8_FLAGS ??= "--max-heap-size=128";
    const config = join(BUILD, "wrangler.toml");
    const { workerOptions } = unstable_getMiniflareWorkerOptions(config) as { workerOptions: any };
    for (const consumer of Object.values<any>(workerOptions.queueConsumers)) {
      // A queue's batch waits a second for more messages: a second that every crawl would cost.
      consumer.maxBatchTimeout = 0;
    }
    const built = join(BUILD, "worker/build");
    this.#miniflare = new Miniflare(
      convertV4MiniflareOptions({
        ...workerOptions,
        name: NAME,
        rootPath: built,
        modules: [
          { type: "ESModule", path: join(built, "index.js") },
          { type: "CompiledWasm", path: join(built, "index_bg.wasm") },
        ],
        // Not those of wrangler.toml and .dev.vars: they belong to the owner's own upstream.
        bindings: this.#vars,
        host: "127.0.0.1",
        port: 0,
        ...(this.#inspect ? { inspectorPort: 0 } : {}),
        cf: false,
        telemetry: { enabled: false },
        unsafeTriggerHandlers: true,
        resourcePersistencePath: this.#folder,
        log: new Log(LogLevel.ERROR),
        handleStructuredLogs: ({ message }) => void this.logs.push(message),
      }),
    );
    this.url = await this.#miniflare.ready;
  }

  /** Fires cron, by the clock of whoever asks. */
  async scheduled(at: number): Promise<void> {
    const url = new URL(`/cdn-cgi/local/scheduled?cron=0+*+*+*+*&time=${at}`, this.url);
    const answer = await fetch(url);
    const text = await answer.text();
    if (answer.status !== 200 || text !== "ok") throw new Error(`cron: ${answer.status} ${text}`);
  }

  /** Takes a Durable Object out of memory; its storage stays. */
  async evict(
    objects: "Account" | "Control" | "Live" | "Lookups" | "Notices" | "Relay",
    name: string,
  ): Promise<void> {
    await this.#miniflare.unsafeEvictDurableObject(NAME, objects, { name });
  }

  /** The worker's own bindings: bucket, queue. */
  async bindings(): Promise<Record<string, any>> {
    return this.#miniflare.getBindings(NAME);
  }

  async inspector(): Promise<URL> {
    return this.#miniflare.getInspectorURL();
  }

  /** Stops the runtime, deletes whatever the objects of a class have stored, and starts it again. */
  async forget(objects: "Account" | "Control"): Promise<void> {
    await this.#miniflare.dispose();
    const stored = readdirSync(this.#folder, { recursive: true, encoding: "utf8" });
    const gone = stored.filter((path) => path.includes(objects) && path.includes(".sqlite"));
    if (gone.length === 0) throw new Error(`no storage of ${objects} in ${stored.join(", ")}`);
    for (const path of gone) rmSync(join(this.#folder, path), { force: true });
    await this.#boot();
  }

  /** Stops the runtime, changes what the objects of a class have stored, and starts it again. */
  async rewrite(objects: StoringObject, change: (database: DatabaseSync) => void): Promise<void> {
    await this.#miniflare.dispose();
    const stored = readdirSync(this.#folder, { recursive: true, encoding: "utf8" });
    const files = stored.filter((path) => path.includes(objects) && path.endsWith(".sqlite") && !path.endsWith("metadata.sqlite"));
    if (files.length === 0) throw new Error(`no storage of ${objects} in ${stored.join(", ")}`);
    for (const file of files) {
      const database = new DatabaseSync(join(this.#folder, file));
      change(database);
      database.close();
    }
    await this.#boot();
  }

  /** Stops the runtime, packs its state into a folder, and starts it again. */
  async pack(to: string): Promise<void> {
    await this.#miniflare.dispose();
    pack(this.#folder, to);
    await this.#boot();
  }

  /** Starts the runtime again with some settings changed. */
  async reconfigure(vars: Record<string, string>): Promise<void> {
    await this.#miniflare.dispose();
    this.#vars = { ...this.#vars, ...vars };
    await this.#boot();
  }

  /** Every file that the runtime has written. */
  stored(): Buffer[] {
    const paths = readdirSync(this.#folder, { recursive: true, withFileTypes: true });
    return paths.filter((path) => path.isFile()).map((path) => readFileSync(join(path.parentPath, path.name)));
  }

  /** Kills the runtime as a power cut would, and starts it again on the same storage. */
  async powerCut(): Promise<void> {
    for (const pid of children(process.pid)) {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("workerd")) process.kill(pid, "SIGKILL");
    }
    await this.#miniflare.dispose().catch(() => {});
    await this.#boot();
  }

  async stop(): Promise<void> {
    await this.#miniflare.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
    const critical = this.logs.filter((line) => CRITICAL.test(line));
    if (critical.length > 0 && !this.mayBreakDown) throw new Error(`the worker broke down:\n${critical.join("\n")}`);
  }
}

function children(pid: number): number[] {
  const found = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return found === "" ? [] : found.split(" ").map(Number);
}
