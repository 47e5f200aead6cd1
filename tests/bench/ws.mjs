// A rival of `cargo xtask bench fanout`: npm `ws`, every post sent to every client as it comes.
import { WebSocketServer } from "ws";
import { PORT, run } from "./posts.mjs";

const server = new WebSocketServer({ host: "127.0.0.1", port: PORT });
run((text) => {
  for (const client of server.clients) client.send(text);
});
