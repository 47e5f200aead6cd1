// The door to the charts: the library is loaded when the first chart is made, beside the rest of
// the page and not before it. Owns: what was said to a chart before it was there. Must not know
// how anything is drawn (tide_chart.js and tweet_chart.js do).

import { part } from "./broken.js";

const LOAD = {
  tide: () => part(() => import("./tide_chart.js")),
  tweet: () => part(() => import("./tweet_chart.js")),
};

/** Makes a chart of a kind in `host`, now or in a moment; see the file of its kind. */
export function makeChart(kind, host, text, picked, pinned, zoomed, opened) {
  let chart = null;
  let drawing = text;
  let held = -1;
  let over = false;
  LOAD[kind]().then(
    (loaded) => {
      if (over) return;
      chart = loaded.make(host, drawing, picked, pinned, zoomed, opened);
      chart.hold(held);
    },
    (error) => {
      console.error(error);
      const note = document.createElement("p");
      note.className = "note";
      note.setAttribute("role", "alert");
      note.textContent = "The chart could not be loaded. Reload the page when the network is there.";
      if (!over) host.append(note);
    },
  );
  return {
    update(next) {
      drawing = next;
      chart?.update(next);
    },
    hold(bucket) {
      held = bucket;
      chart?.hold(bucket);
    },
    recolour: () => chart?.recolour(),
    destroy() {
      over = true;
      chart?.destroy();
    },
  };
}
