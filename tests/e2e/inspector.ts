// How much memory the worker takes, asked of V8's inspector.
//
// Two parts, sampled at the same moment: what JavaScript holds, garbage not yet collected among
// it, and the wasm instance's linear memory, which the heap figures leave out.
import { setTimeout as pause } from "node:timers/promises";

const SAMPLE_MS = 50;

export interface Peak {
  /** The largest sum of both at one moment, and its parts, in bytes. */
  sum: number;
  wasm: number;
  heap: number;
  /** The largest of each, whenever that was. */
  wasmMost: number;
  heapMost: number;
  samples: number;
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: any) => void; failed: (error: Error) => void }>();
  #last = 0;
  /** Of the worker's global scope. */
  #context = 0;
  /** The array of the isolate's wasm memories. */
  #memories = "";
  readonly #peak: Peak = { sum: 0, wasm: 0, heap: 0, wasmMost: 0, heapMost: 0, samples: 0 };
  #sampling: Promise<void> | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result, error, method, params } = JSON.parse(String(data));
      if (method === "Runtime.executionContextCreated") this.#context = params.context.id;
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.failed(new Error(error.message));
      else waiting?.done(result);
    });
  }

  /** Connects to the isolate of the worker itself: others serve queues, buckets and assets. */
  static async connect(base: URL, name: string): Promise<Inspector> {
    const list: any[] = await (await fetch(new URL("/json", `http://${base.host}`))).json();
    const target = list.find(({ id, title, webSocketDebuggerUrl }) => `${id} ${title} ${webSocketDebuggerUrl}`.includes(name));
    if (!target) throw new Error(`no ${name} among ${JSON.stringify(list)}`);
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((open, failed) => {
      socket.addEventListener("open", open, { once: true });
      socket.addEventListener("error", () => failed(new Error("the inspector does not answer")), { once: true });
    });
    return new Inspector(socket);
  }

  ask(method: string, params: Record<string, unknown> = {}): Promise<any> {
    const id = ++this.#last;
    return new Promise((done, failed) => {
      this.#waiting.set(id, { done, failed });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Samples until `close` is called. */
  async watch(): Promise<void> {
    await this.ask("Runtime.enable");
    const { result } = await this.ask("Runtime.evaluate", {
      expression: "WebAssembly.Memory.prototype",
      contextId: this.#context,
    });
    // Once only: finding objects collects garbage, which would make the figures kinder.
    const { objects } = await this.ask("Runtime.queryObjects", { prototypeObjectId: result.objectId });
    this.#memories = objects.objectId;
    this.#sampling = (async () => {
      while (this.#socket.readyState === WebSocket.OPEN) {
        await this.#sample();
        await pause(SAMPLE_MS);
      }
    })().catch(() => {});
  }

  async #sample(): Promise<void> {
    const [usage, { result }] = await Promise.all([
      this.ask("Runtime.getHeapUsage"),
      this.ask("Runtime.callFunctionOn", {
        objectId: this.#memories,
        functionDeclaration: "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }",
        returnByValue: true,
      }),
    ]);
    const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
    const heap = usedSize + embedderHeapUsedSize + backingStorageSize;
    const wasm: number = result.value;
    const peak = this.#peak;
    peak.samples++;
    peak.heapMost = Math.max(peak.heapMost, heap);
    peak.wasmMost = Math.max(peak.wasmMost, wasm);
    if (heap + wasm > peak.sum) Object.assign(peak, { sum: heap + wasm, heap, wasm });
  }

  /** The peak so far. */
  async peak(): Promise<Peak> {
    // Wasm memory never shrinks: a last sample misses no growth since the one before.
    await this.#sample();
    return { ...this.#peak };
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#sampling;
  }
}
