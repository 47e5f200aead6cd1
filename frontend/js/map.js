// The door to the live map: the map itself is loaded when somebody opens it, never before.
// Owns: that, and the page's one animation loop. Must not know: what a frame does.

import { part } from "./broken.js";

/** Loads the map and makes it in `host`; see live_map.js. */
export async function openMap(host, camera, listener) {
  const { makeMap } = await part(() => import("./live_map.js"));
  return makeMap(host, camera ? JSON.parse(camera) : null, listener);
}

/** What the map tells: functions of Rust's, under names. */
export function listen(pointed, drawn, moved) {
  return { pointed, drawn, moved };
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
