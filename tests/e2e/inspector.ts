// How much memory the worker takes, asked of V8's inspector.
//
// Two parts: what JavaScript holds, sampled, and the wasm instance's linear memory, which the
// heap figures leave out and which never shrinks, so that asking at the end tells its peak.
import { setTimeout as pause } from "node:timers/promises";

const SAMPLE_MS = 50;

export interface Peak {
  wasm: number;
  heap: number;
  samples: number;
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { done: (result: any) => void; failed: (error: Error) => void }>();
  #last = 0;
  /** Of the worker's global scope. */
  #context = 0;
  #heap = 0;
  #samples = 0;
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

  /** Samples the heap until `peak` is called. */
  watch(): void {
    this.#sampling = (async () => {
      while (this.#socket.readyState === WebSocket.OPEN) {
        const usage = await this.ask("Runtime.getHeapUsage");
        const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = usage;
        this.#heap = Math.max(this.#heap, usedSize + embedderHeapUsedSize + backingStorageSize);
        this.#samples++;
        await pause(SAMPLE_MS);
      }
    })().catch(() => {});
  }

  /** The size of every wasm memory there is, in bytes. */
  async wasm(): Promise<number> {
    await this.ask("Runtime.enable");
    const { result } = await this.ask("Runtime.evaluate", {
      expression: "WebAssembly.Memory.prototype",
      contextId: this.#context,
    });
    const { objects } = await this.ask("Runtime.queryObjects", { prototypeObjectId: result.objectId });
    const sum = await this.ask("Runtime.callFunctionOn", {
      objectId: objects.objectId,
      functionDeclaration: "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }",
      returnByValue: true,
    });
    return sum.result.value;
  }

  async peak(): Promise<Peak> {
    const wasm = await this.wasm();
    this.#socket.close();
    await this.#sampling;
    return { wasm, heap: this.#heap, samples: this.#samples };
  }
}
