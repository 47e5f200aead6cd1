// The live map: MapLibre for the ground and the camera, our own canvases above it. Owns: the
// camera, pointers on the map, the box that is drawn with them, numbers. Must not know: tweets;
// Rust says what to draw and is told what was pointed at. Loaded on demand by map.js.
import { Map as Ground, setWorkerUrl } from "maplibre-gl";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { loadGround, recolourGround, styleOf } from "./ground.js";
import { copies, makeOverlay } from "./overlay.js";

/** MapLibre's own: a world is so many pixels wide at zoom 0. */
const TILE = 512;
/** Blips in the ring; as in blips.rs. */
const MOST = 16384;
/** While the camera rests blips are drawn so often: fading takes seconds. */
const REST_MS = 30;

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

/** Pixels of a number's box: one digit, what is around them, its height. */
const [DIGIT, AROUND, HIGH] = [7, 10, 16];
/** Under a country's name, or as near as there is room: pixels from its place to the box. */
const BESIDE = [2, 20, -36];

/**
 * Shows what stands still: numbers of countries, clusters, the chosen box. They are elements, each
 * moved by the compositor: a canvas of theirs would cost as much at every frame as the blips.
 */
function makeBoard(host, centres) {
  const board = layer(host, "div", "map-numbers");
  const pool = [];
  let shown = { countries: [], clusters: [], box: null };
  /** What is on the board: {x, y, left, top} each, a place and pixels from it, beside its element. */
  let marks = [];

  const put = (mark, camera) => {
    const left = Math.round((mark.x - camera.x) * camera.world + camera.width / 2 + mark.left);
    const top = Math.round((mark.y - camera.y) * camera.world + camera.height / 2 + mark.top);
    mark.element.style.transform = `translate(${left}px, ${top}px)`;
    if (mark.till) {
      mark.element.style.width = `${Math.round((mark.till[0] - mark.x) * camera.world)}px`;
      mark.element.style.height = `${Math.round((mark.till[1] - mark.y) * camera.world)}px`;
    }
  };

  /** The marks that fit, by what is shown and where the camera stands. */
  function chosen(camera) {
    const taken = [];
    const found = [];
    const take = (box) => {
      if (taken.some((one) => one[0] < box[2] && box[0] < one[2] && one[1] < box[3] && box[1] < one[3])) return false;
      taken.push(box);
      return true;
    };
    const near = (x, y, by) => Math.abs((x - camera.x) * camera.world) < camera.width / 2 + by && Math.abs((y - camera.y) * camera.world) < camera.height / 2 + by;
    const px = (x, y) => [(x - camera.x) * camera.world, (y - camera.y) * camera.world];
    for (const shift of copies(camera)) {
      if (shown.box) {
        const [west, south, till, north] = shown.box;
        const [left, top] = square([west, north]);
        const [right, bottom] = square([till < west ? till + 360 : till, south]);
        found.push({ name: "map-area", text: "", x: left + shift, y: top, left: 0, top: 0, till: [right + shift, bottom] });
      }
      for (const [at, y, count] of shown.clusters) {
        const x = at + shift;
        const radius = Math.round(Math.min(34, 9 + 2.2 * Math.log2(count + 1)));
        if (!near(x, y, radius)) continue;
        const [left, top] = px(x, y);
        taken.push([left - radius, top - radius, left + radius, top + radius]);
        found.push({ name: "map-cluster", text: count > 999 ? `${Math.round(count / 100) / 10}K` : `${count}`, x, y, left: -radius, top: -radius, wide: 2 * radius });
      }
      for (const [code, count, x, y] of shown.countries.toSorted((one, other) => other[1] - one[1])) {
        const centre = centres.get(code);
        const [middle, down] = centre ? square(centre) : [x, y];
        if (!near(middle + shift, down, 40)) continue;
        const text = `${count}`;
        const wide = Math.max(HIGH, text.length * DIGIT + AROUND);
        const [left, top] = px(middle + shift, down);
        // One without room waits for a closer look.
        const beside = BESIDE.find((off) => take([left - wide / 2, top + off, left + wide / 2, top + off + HIGH]));
        if (beside !== undefined) found.push({ name: "map-number", text, x: middle + shift, y: down, left: -wide / 2, top: beside, wide });
      }
    }
    return found;
  }

  return {
    show(next) {
      shown = { ...shown, ...next };
    },
    /** Chooses anew what fits. */
    draw(camera) {
      marks = chosen(camera);
      while (pool.length < marks.length) pool.push(board.appendChild(document.createElement("span")));
      pool.forEach((element, at) => {
        const mark = marks[at];
        element.hidden = !mark;
        if (!mark) return;
        mark.element = element;
        if (element.className !== mark.name) element.className = mark.name;
        if (element.textContent !== mark.text) element.textContent = mark.text;
        element.style.width = mark.wide ? `${mark.wide}px` : "";
        element.style.height = mark.name === "map-cluster" ? `${mark.wide}px` : "";
        put(mark, camera);
      });
    },
    /** The camera moves: what is there goes along. */
    move(camera) {
      for (const mark of marks) put(mark, camera);
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
  const overlay = makeOverlay(blips, host, MOST);
  const board = makeBoard(host, ground.centres);
  // To ask the host would lay the page out, at every frame.
  let [width, height] = [host.clientWidth, host.clientHeight];

  const look = () => {
    const centre = map.getCenter();
    const [x, y] = square([centre.lng, centre.lat]);
    return { x, y, world: TILE * 2 ** map.getZoom(), width, height, ratio };
  };
  let spans = [];
  let clock = 0;
  let dirty = true;
  let anchor = null;
  let drawn = 0;

  function place(now = look()) {
    if (!anchor) return;
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
    drawn = performance.now();
    if (map.isMoving()) board.move(now);
    else if (dirty) board.draw(now);
    if (dirty) place(now);
    dirty = false;
  }

  function fit() {
    [width, height] = [host.clientWidth, host.clientHeight];
    blips.width = Math.round(width * ratio);
    blips.height = Math.round(height * ratio);
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
      if (!map.isMoving() && (dirty || performance.now() - drawn >= REST_MS)) draw();
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
