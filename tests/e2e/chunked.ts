// A POST whose body comes in chunks and says no length.
import { request } from "node:http";
import { ADMIN_TOKEN } from "./harness.ts";

/** What came of it; 0: the connection was closed before an answer was read. */
export function chunked(url: string, chunks: Iterable<Buffer>): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "transfer-encoding": "chunked" };
    const sent = request(url, { method: "POST", headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.on("error", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", () => resolve({ status: 0, text: "" }));
    const rest = chunks[Symbol.iterator]();
    const go = () => {
      for (let next = rest.next(); !next.done; next = rest.next()) {
        if (!sent.write(next.value)) return sent.once("drain", go);
      }
      return sent.end();
    };
    go();
  });
}
