// The door to the charts: the library is loaded when the first chart is made, beside the rest of
// the page and not before it. Owns: what was said to a chart before it was there. Must not know
// how anything is drawn (tide_chart.js does).

/** Makes a tide in `host`, now or in a moment; see tide_chart.js. */
export function makeTide(host, text, picked, pinned, zoomed) {
  let chart = null;
  let drawing = text;
  let held = -1;
  let over = false;
  import("./tide_chart.js").then(
    (loaded) => {
      if (over) return;
      chart = loaded.makeTide(host, drawing, picked, pinned, zoomed);
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
