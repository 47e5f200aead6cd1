// The door to the charts: the library is loaded when the first chart is made, beside the rest of
// the page and not before it. Owns: what was said to a chart before it was there. Must not know
// how anything is drawn (tide_chart.js and tweet_chart.js do).

const LOAD = {
  tide: () => import("./tide_chart.js"),
  tweet: () => import("./tweet_chart.js"),
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
    (error) => console.error(error),
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
