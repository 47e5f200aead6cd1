// A websocket server of the bare kind: text frames, no extensions. Owns: the handshake and the
// frames (RFC 6455). Must not know: what is said. Node has a client but no server of its own.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

export interface Socket {
  /** The subprotocols that the client offered. */
  offered: string[];
  send(text: string): void;
  close(code?: number): void;
  /** Ends the connection as a cable does that is pulled. */
  cut(): void;
}

export interface Listener {
  heard(text: string): void;
  gone(): void;
}

function frame(opcode: number, payload: Buffer): Buffer {
  const length = payload.length;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, length])
      : length < 65_536
        ? Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), Buffer.from(new Uint32Array([length]).buffer).swap32()]);
  return Buffer.concat([head, payload]);
}

/** Calls back for every whole frame; what is incomplete waits for more bytes. */
function reader(each: (opcode: number, payload: Buffer) => void): (bytes: Buffer) => void {
  let waiting = Buffer.alloc(0);
  return (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (;;) {
      if (waiting.length < 6) return;
      let length = waiting[1] & 0x7f;
      let at = 2;
      if (length === 126) {
        length = waiting.readUInt16BE(2);
        at = 4;
      }
      if (waiting.length < at + 4 + length) return;
      const mask = waiting.subarray(at, at + 4);
      const payload = Buffer.from(waiting.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ mask[index % 4]));
      const opcode = waiting[0] & 0x0f;
      waiting = waiting.subarray(at + 4 + length);
      each(opcode, payload);
    }
  };
}

/** Answers the handshake; `listener` hears what comes. */
export function accept(request: IncomingMessage, stream: Duplex, listener: Listener): Socket {
  const key = String(request.headers["sec-websocket-key"] ?? "");
  const proof = createHash("sha1").update(key + GUID).digest("base64");
  const offered = String(request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim()).filter(Boolean);
  const protocol = offered.length > 0 ? `Sec-WebSocket-Protocol: ${offered[0]}\r\n` : "";
  stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n${protocol}\r\n`);
  let open = true;
  const end = (): void => {
    if (open) listener.gone();
    open = false;
  };
  const socket: Socket = {
    offered,
    send: (text) => open && void stream.write(frame(1, Buffer.from(text))),
    close(code = 1000) {
      if (open) stream.end(frame(8, Buffer.from([code >> 8, code & 0xff])));
      end();
    },
    cut() {
      stream.destroy();
      end();
    },
  };
  stream.on("data", reader((opcode, payload) => {
    if (opcode === 1) listener.heard(payload.toString("utf8"));
    else if (opcode === 8) socket.close();
    else if (opcode === 9) stream.write(frame(10, payload));
  }));
  stream.on("close", end);
  stream.on("error", end);
  return socket;
}
