// A destination of notices as a test sees it: keeps what came, and answers as it is told to.
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Json } from "./harness.ts";

export interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  body: Json;
}

/** How one request is answered; `hold` never is, until the receiver is released. */
export type Reply = { status: number; headers?: Record<string, string>; text?: string } | "hold" | "cut";

export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Server;
  readonly #replies: Reply[] = [];
  #always: Reply = { status: 200 };
  #held: ServerResponse[] = [];

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((ready) => receiver.#server.listen(0, "127.0.0.1", ready));
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** The answers of the next requests, then as always. */
  next(...replies: Reply[]): void {
    this.#replies.push(...replies);
  }

  always(reply: Reply): void {
    this.#always = reply;
  }

  /** What came to a path. */
  at(path: string): Received[] {
    return this.received.filter((one) => one.path.split("?")[0] === path);
  }

  reset(): void {
    this.received.length = 0;
    this.#replies.length = 0;
    this.#always = { status: 200 };
    this.release();
  }

  /** Cuts the connections of whoever still waits. */
  release(): void {
    for (const response of this.#held) response.destroy();
    this.#held = [];
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString("utf8");
    this.received.push({ path: request.url ?? "", headers: request.headers, text, body: JSON.parse(text) });
    const reply = this.#replies.shift() ?? this.#always;
    if (reply === "hold") return void this.#held.push(response);
    if (reply === "cut") return void response.destroy();
    response.writeHead(reply.status, reply.headers);
    response.end(reply.text ?? "");
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** Whether a webhook's body is signed with this key. */
export function signed(one: Received, secret: string): boolean {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(one.headers["roost-signature"])) ?? [];
  return v1 === createHmac("sha256", secret).update(`${t}.${one.text}`).digest("hex");
}
