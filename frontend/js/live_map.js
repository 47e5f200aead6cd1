// The live map: MapLibre for the ground and the camera, our own canvases above it. Owns: the
// camera, pointers on the map, the box that is drawn with them, numbers. Must not know: tweets;
// Rust says what to draw and is told what was pointed at. Loaded on demand by map.js.
import { Map as Ground, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { readColours } from "./colours.js";
import { loadGround, recolourGround, styleOf } from "./ground.js";
import { copies, makeOverlay } from "./overlay.js";

/** MapLibre's own: a world is so many pixels wide at zoom 0. */
const TILE = 512;
/** Blips in the ring; as in blips.rs. */
const MOST = 16384;
const COLOURS = ["card", "edge", "ink", "accent", "on-accent", "map-land"];

setWorkerUrl(worker);

const mercator = (lat) => (1 - Math.log(Math.tan(Math.PI / 4 + (Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 360)) / Math.PI) / 2;
const latitude = (y) => (Math.atan(Math.exp((1 - 2 * y) * Math.PI)) * 360) / Math.PI - 90;
const square = ([lon, lat]) => [lon / 360 + 0.5, mercator(lat)];
const east = (x) => (((x % 1) + 1) % 1) * 360 - 180;

const layer = (host, tag, name) => {
  const made = document.createElement(tag);
  made.className = name;
  made.setAttribute("aria-hidden", "true");
  host.append(made);
  return made;
};

/** The camera that shows the whole world once. */
function whole(host) {
  return { center: [10, 24], zoom: Math.log2(Math.max(host.clientWidth, host.clientHeight, 256) / TILE) };
}

/** Draws what stands still: numbers of countries, clusters, the chosen box. */
function makeBoard(canvas, host, centres) {
  const pen = canvas.getContext("2d");
  let colour = readColours(host, COLOURS);
  let shown = { countries: [], clusters: [], box: null };
  const place = (camera, shift, x, y) => [(x + shift - camera.x) * camera.world + camera.width / 2, (y - camera.y) * camera.world + camera.height / 2];

  /** Boxes of numbers drawn so far. */
  let taken = [];
  const free = (box) => !taken.some((one) => one[0] < box[2] && box[0] < one[2] && one[1] < box[3] && box[1] < one[3]);

  function country(left, top, count) {
    pen.font = "600 11px system-ui, sans-serif";
    const half = Math.max(8, pen.measureText(count).width / 2 + 5);
    // Under the name, or as near as there is room; one without room waits for a closer look.
    const boxes = [2, 20, -36].map((down) => [left - half, top + down, left + half, top + down + 16]);
    const box = boxes.find(free);
    if (!box) return;
    taken.push(box);
    pen.beginPath();
    pen.roundRect(box[0], box[1], half * 2, 16, 4);
    pen.fillStyle = colour.card;
    pen.fill();
    pen.strokeStyle = colour.edge;
    pen.stroke();
    pen.fillStyle = colour.ink;
    pen.fillText(count, left, box[1] + 8.5);
  }

  function cluster(left, top, count) {
    const radius = Math.min(34, 9 + 2.2 * Math.log2(count + 1));
    taken.push([left - radius, top - radius, left + radius, top + radius]);
    pen.beginPath();
    pen.arc(left, top, radius, 0, 2 * Math.PI);
    pen.fillStyle = colour.accent;
    pen.fill();
    pen.strokeStyle = colour["map-land"];
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.lineWidth = 1;
    pen.font = "600 11px system-ui, sans-serif";
    pen.fillStyle = colour["on-accent"];
    pen.fillText(count > 999 ? `${Math.round(count / 100) / 10}K` : count, left, top + 0.5);
  }

  return {
    show(next) {
      shown = { ...shown, ...next };
    },
    recolour() {
      colour = readColours(host, COLOURS);
    },
    draw(camera) {
      pen.setTransform(camera.ratio, 0, 0, camera.ratio, 0, 0);
      pen.clearRect(0, 0, camera.width, camera.height);
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      taken = [];
      for (const shift of copies(camera)) {
        if (shown.box) {
          const [west, south, till, north] = shown.box;
          const [left, top] = place(camera, shift, ...square([west, north]));
          const [right, bottom] = place(camera, shift, ...square([till < west ? till + 360 : till, south]));
          pen.strokeStyle = colour.accent;
          pen.lineWidth = 2;
          pen.strokeRect(left, top, right - left, bottom - top);
          pen.lineWidth = 1;
        }
        for (const [x, y, count] of shown.clusters) cluster(...place(camera, shift, x, y), count);
        for (const [code, count, x, y] of shown.countries.toSorted((one, other) => other[1] - one[1])) {
          const at = centres.get(code);
          country(...place(camera, shift, ...(at ? square(at) : [x, y])), count);
        }
      }
    },
  };
}

/** A rectangle drawn with the pointer; `done(west, south, east, north)`. */
function makeBoxTool(host, camera, done) {
  const frame = layer(host, "div", "map-box");
  frame.hidden = true;
  let start = null;
  const at = (event) => {
    const box = host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const degrees = ([left, top]) => {
    const now = camera();
    return [(left - now.width / 2) / now.world + now.x, (top - now.height / 2) / now.world + now.y];
  };
  const show = ([left, top]) => {
    frame.hidden = false;
    frame.style.left = `${Math.min(left, start[0])}px`;
    frame.style.top = `${Math.min(top, start[1])}px`;
    frame.style.width = `${Math.abs(left - start[0])}px`;
    frame.style.height = `${Math.abs(top - start[1])}px`;
  };
  const pane = layer(host, "div", "map-pane");
  pane.hidden = true;
  pane.addEventListener("pointerdown", (event) => {
    start = at(event);
    pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => start && show(at(event)));
  pane.addEventListener("pointercancel", () => {
    start = null;
    frame.hidden = true;
  });
  pane.addEventListener("pointerup", (event) => {
    if (!start) return;
    const end = at(event);
    const [[x1, y1], [x2, y2]] = [degrees(start), degrees(end)];
    const small = Math.abs(end[0] - start[0]) < 6 || Math.abs(end[1] - start[1]) < 6;
    start = null;
    frame.hidden = true;
    if (!small) done(east(Math.min(x1, x2)), latitude(Math.max(y1, y2)), east(Math.max(x1, x2)), latitude(Math.min(y1, y2)));
  });
  return {
    use(on) {
      pane.hidden = !on;
      if (!on) {
        start = null;
        frame.hidden = true;
      }
    },
  };
}

/**
 * Makes the map in `host`. `camera` is null or [lon, lat, zoom]. `listener` gets
 * pointed(x, y, world, clicked) with x < 0 for nowhere, drawn(w, s, e, n), moved(lon, lat, zoom, byHand).
 */
export async function makeMap(host, camera, listener) {
  const ground = await loadGround();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const map = new Ground({
    container: layer(host, "div", "map-ground"),
    style: styleOf(ground, host),
    ...(camera ? { center: [camera[0], camera[1]], zoom: camera[2] } : whole(host)),
    maxZoom: 9,
    pixelRatio: ratio,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    rollEnabled: false,
    fadeDuration: calm.matches ? 0 : 200,
    validateStyle: false,
    locale: { "Map.Title": "Map of tweets: arrow keys move it, plus and minus zoom" },
  });
  map.getContainer().removeAttribute("aria-hidden");
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const blips = layer(host, "canvas", "map-blips");
  const numbers = layer(host, "canvas", "map-numbers");
  const overlay = makeOverlay(blips, host, MOST);
  const board = makeBoard(numbers, host, ground.centres);

  const look = () => {
    const centre = map.getCenter();
    const [x, y] = square([centre.lng, centre.lat]);
    return { x, y, world: TILE * 2 ** map.getZoom(), width: host.clientWidth, height: host.clientHeight, ratio };
  };
  let spans = [];
  let clock = 0;
  let dirty = true;
  let anchor = null;

  function place() {
    if (!anchor) return;
    const now = look();
    const near = Math.round(now.x - anchor.x);
    const left = (anchor.x + near - now.x) * now.world + now.width / 2;
    const top = (anchor.y - now.y) * now.world + now.height / 2;
    const { offsetWidth: width, offsetHeight: height } = anchor.element;
    const aside = left + 14 + width > now.width ? left - width - 14 : left + 14;
    const stay = (at, most) => Math.round(Math.max(8, Math.min(at, most - 8)));
    anchor.element.style.transform = `translate(${stay(aside, now.width - width)}px, ${stay(top - 24, now.height - height)}px)`;
  }

  function draw() {
    const now = look();
    overlay.draw(now, spans, clock, calm.matches);
    if (dirty) {
      board.draw(now);
      place();
    }
    dirty = false;
  }

  function fit() {
    for (const canvas of [blips, numbers]) {
      canvas.width = Math.round(host.clientWidth * ratio);
      canvas.height = Math.round(host.clientHeight * ratio);
    }
    dirty = true;
  }

  const box = makeBoxTool(host, look, listener.drawn);
  const sizes = new ResizeObserver(() => {
    fit();
    map.resize();
    draw();
  });
  sizes.observe(host);
  fit();

  const point = (event, clicked) => {
    const [x, y] = square([event.lngLat.lng, event.lngLat.lat]);
    listener.pointed(((x % 1) + 1) % 1, y, TILE * 2 ** map.getZoom(), clicked);
  };
  const tell = (event) => {
    const centre = map.getCenter().wrap();
    listener.moved(centre.lng, centre.lat, map.getZoom(), Boolean(event?.originalEvent || event?.ours));
  };
  map.on("mousemove", (event) => point(event, false));
  map.on("mouseout", () => listener.pointed(-1, -1, 1, false));
  map.on("click", (event) => point(event, true));
  map.on("moveend", tell);
  // While the camera moves the blips are drawn with it, in the same frame.
  map.on("render", () => {
    if (map.isMoving()) {
      dirty = true;
      draw();
    }
  });
  map.on("moveend", () => (dirty = true));
  tell();

  return {
    write: (first, data) => overlay.write(first, data),
    /** Stretches of the ring that may be alive, as first, count, first, count. */
    draw(pairs, at) {
      spans = [];
      for (let index = 0; index + 1 < pairs.length; index += 2) if (pairs[index + 1] > 0) spans.push([pairs[index], pairs[index + 1]]);
      clock = at;
      if (!map.isMoving()) draw();
    },
    /** Numbers and box: {countries: [[code, count, x, y]], clusters: [[x, y, count]], box}. */
    show(text) {
      board.show(JSON.parse(text));
      dirty = true;
    },
    /** Keeps an element beside a place. */
    pin(element, x, y) {
      anchor = { element, x, y };
      place();
    },
    unpin() {
      anchor = null;
    },
    pointer(on) {
      map.getCanvas().style.cursor = on ? "pointer" : "";
    },
    boxTool: (on) => box.use(on),
    zoomBy: (by) => map.easeTo({ zoom: map.getZoom() + by, duration: calm.matches ? 0 : 200 }, { ours: true }),
    home: () => map.easeTo({ ...whole(host), duration: calm.matches ? 0 : 400 }, { ours: true }),
    recolour() {
      overlay.recolour();
      board.recolour();
      if (map.isStyleLoaded() || map.getLayer("land")) recolourGround(map, host);
      dirty = true;
    },
    destroy() {
      sizes.disconnect();
      overlay.destroy();
      map.remove();
      host.replaceChildren();
    },
  };
}
