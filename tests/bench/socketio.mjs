// A rival of `cargo xtask bench fanout`: socket.io, every post emitted to every client as it comes.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { PORT, run } from "./posts.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
http.listen(PORT, "127.0.0.1");
run((text) => io.emit("simple_tweet", text));
