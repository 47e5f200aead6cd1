// The live socket. Owns: opening it with what proves who asks. Must not know: what is said.
// After `close` nothing is told any more.

/**
 * Opens a socket to a path of this site. The session's cookie goes along by itself; a token of
 * this tab goes as a subprotocol, the only header a page may set.
 */
export function openSocket(path, token, heard, closed) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let over = false;
  const end = (code) => {
    if (!over) closed(code);
    over = true;
  };
  let socket;
  try {
    socket = new WebSocket(url, token ? ["roost.v1", `bearer.${token}`] : ["roost.v1"]);
  } catch {
    // A token with letters that a subprotocol must not have: the cookie has to do.
    socket = new WebSocket(url, ["roost.v1"]);
  }
  socket.onmessage = ({ data }) => {
    if (!over && typeof data === "string") heard(data);
  };
  socket.onclose = ({ code }) => end(code);
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close() {
      over = true;
      socket.close();
    },
  };
}
