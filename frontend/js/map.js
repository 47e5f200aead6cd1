// The door to the live map: the map itself is loaded when somebody opens it, never before.
// Owns: that, and the page's one animation loop. Must not know: what a frame does.

/** Loads the map and makes it in `host`; see live_map.js. */
export async function openMap(host, camera, listener) {
  const { makeMap } = await import("./live_map.js");
  return makeMap(host, JSON.parse(camera), listener);
}

/** What the map tells: functions of Rust's, under names. */
export function listen(frame, pointed, drawn, moved) {
  return { frame, pointed, drawn, moved };
}

/** Calls `frame` before each paint until `stop` is called. */
export function frames(frame) {
  let handle = 0;
  const step = () => {
    handle = requestAnimationFrame(step);
    frame();
  };
  handle = requestAnimationFrame(step);
  return () => cancelAnimationFrame(handle);
}

/** Whether the viewer asked for little motion. */
export function isStill() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
