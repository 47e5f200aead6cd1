// Blips over the map, drawn by WebGL2 where there is one and by a plain canvas where not. Owns:
// the buffer on the card, the shaders, the canvas. Must not know: tweets, or where the map came
// from. Rust owns the ring (frontend/src/live/blips.rs) and writes parts of it here; one blip is
// STRIDE floats: x and y on the Mercator square (0 to 1), the time it was born (s), the radius
// (in squares; 0 is a point), its kind. Fading and growing old happen in the shader: nothing
// is done for a blip after it was written. Each is a point of the card's own, drawn many at once:
// also a card that is a CPU draws thousands. Only wide rings are bands of triangles.
import { readColours, shares } from "./colours.js";

const STRIDE = 5;
/** Seconds that a blip is seen; as in blips.rs. */
const LIFE = 10;
const KINDS = ["kind-tweet", "kind-reply", "kind-quote", "kind-repost"];
/** What a plain canvas can still draw at every frame. */
const PLAIN_MOST = 500;
/** Its lines by kind, in pixels. */
const DASHES = [[], [6, 3], [2.5, 2.5], [9, 1.5]];

/** Rings wider than this (reach in pixels) are drawn as bands and not as squares; as in blips.rs. */
const WIDE = 40;
/** The least reach of a ring, in pixels; as in blips.rs. */
const LEAST = 6;
/** Corners around a band: at 3,000 pixels the chord is 1.6 pixels from the arc. */
const CORNERS = 96;
/** So far outside a point's middle may lie, in pixels: the widest ring that is a point, and its line. */
const MARGIN = WIDE + 2;

// What all three shaders share. A blip that is not alive, or that is another shader's, is put
// where nothing is drawn. What is the same all over a blip is worked out here, once a blip: a
// card that is a CPU does for every pixel whatever a pixel's shader says, branches not taken
// included. Hence a shader for dots, one for rings, one for wide rings.
const COMMON = `#version 300 es
precision highp float;
uniform vec2 centre, size;
uniform float world, clock, life, shift, still, ratio, least, wide;
uniform vec3 colours[4];
layout(location=0) in vec2 at;
layout(location=1) in float birth;
layout(location=2) in float radius;
layout(location=3) in float kind;
flat out vec4 ink;
flat out int shape;
float reach;
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
bool alive() {
  float age = clock - birth;
  reach = radius > 0.0 ? max(radius * world, least) : 0.0;
  float light = still > 0.5 ? 1.0 : min(age / 0.12, 1.0) * (1.0 - smoothstep(0.15, 1.0, age / life));
  shape = int(kind);
  ink = vec4(colours[shape], 1.0) * light;
  return age >= 0.0 && light > 0.01 && age <= life;
}
vec4 place(vec2 off) {
  vec2 px = (at + vec2(shift, 0.0) - centre) * world + off;
  return vec4(px / size * vec2(2.0, -2.0), 0.0, 1.0);
}`;

const DOTS = `${COMMON}
flat out float across;
void main() {
  bool seen = alive() && reach == 0.0;
  across = least * 0.5 + 1.75;
  gl_Position = seen ? place(vec2(0.0)) : NOWHERE;
  gl_PointSize = 2.0 * ratio * across;
}`;

const RINGS = `${COMMON}
flat out vec2 ring;
flat out int doublings;
void main() {
  bool seen = alive() && reach > 0.0 && reach <= wide;
  doublings = reach < 12.0 ? 2 : reach < 24.0 ? 3 : 4;
  ring = vec2(reach, reach + 0.75);
  gl_Position = seen ? place(vec2(0.0)) : NOWHERE;
  gl_PointSize = 2.0 * ratio * ring.y;
}`;

const BANDS = `${COMMON}
layout(location=4) in vec2 corner;
out vec2 spot;
out float turn;
flat out vec2 ring;
void main() {
  bool seen = alive();
  ring = vec2(reach, max(4.0, floor(6.2832 * reach / 9.0)));
  turn = corner.x * ring.y;
  float angle = corner.x * 6.2831853;
  float far = corner.y > 0.5 ? (reach + 2.0) * ${(1 / Math.cos(Math.PI / CORNERS)).toFixed(6)} : reach - 6.0;
  spot = vec2(cos(angle), sin(angle)) * far;
  gl_Position = seen ? place(spot) : NOWHERE;
}`;

const HEAD = `#version 300 es
precision highp float;
uniform float ratio;
flat in vec4 ink;
flat in int shape;
out vec4 paint;
float within(float edge) { return clamp(0.5 - edge * ratio, 0.0, 1.0); }`;

// A kind is a shape of its own, with a rim in the ground's colour.
const DOT_INK = `${HEAD}
uniform vec3 ground;
flat in float across;
float outline(vec2 p) {
  float square = max(abs(p.x), abs(p.y)) - 2.7;
  float lozenge = (abs(p.x) + abs(p.y)) * 0.71 - 2.9;
  float triangle = max(abs(p.x) * 0.87 - p.y * 0.5, p.y) - 2.1;
  float circle = length(p) - 3.0;
  return shape == 0 ? circle : shape == 1 ? triangle : shape == 2 ? lozenge : square;
}
void main() {
  float scale = across / 4.75;
  float edge = outline((gl_PointCoord - 0.5) * 9.5) * scale;
  paint = vec4(mix(ground * ink.a, ink.rgb, within(edge)), ink.a) * within(edge - 1.0);
}`;

// A kind is a line of its own: whole, dashes, dots, twofold. The angle is doubled, and doubled
// again, instead of being told from the tangent: a fifth of the work.
const RING_INK = `${HEAD}
flat in vec2 ring;
flat in int doublings;
void main() {
  vec2 spot = (gl_PointCoord - 0.5) * 2.0 * ring.y;
  float far = length(spot);
  float line = within(abs(far - ring.x + 0.75) - 0.75);
  vec2 turn = spot / max(far, 0.001);
  turn = vec2(turn.x * turn.x - turn.y * turn.y, 2.0 * turn.x * turn.y);
  turn = vec2(turn.x * turn.x - turn.y * turn.y, 2.0 * turn.x * turn.y);
  vec2 more = vec2(turn.x * turn.x - turn.y * turn.y, 2.0 * turn.x * turn.y);
  vec2 most = vec2(more.x * more.x - more.y * more.y, 2.0 * more.x * more.y);
  float wave = doublings == 2 ? turn.x : doublings == 3 ? more.x : most.x;
  float dash = shape == 1 ? step(-0.5, wave) : shape == 2 ? step(0.0, wave) : 1.0;
  float inner = shape == 3 ? within(abs(far - ring.x + 3.5) - 0.5) : 0.0;
  float alpha = max(max(line * dash, inner) * 0.9, within(far - ring.x) * 0.06);
  paint = ink * alpha;
}`;

const BAND_INK = `${HEAD}
flat in vec2 ring;
in vec2 spot;
in float turn;
void main() {
  float far = length(spot);
  float line = within(abs(far - ring.x + 0.75) - 0.75);
  float dash = shape == 1 ? step(fract(turn), 0.66) : shape == 2 ? step(fract(turn * 2.0), 0.5) : 1.0;
  float inner = shape == 3 ? within(abs(far - ring.x + 3.5) - 0.5) : 0.0;
  paint = ink * max(line * dash, inner) * 0.9;
}`;

const NAMES = ["centre", "size", "world", "clock", "life", "shift", "still", "ratio", "least", "wide", "colours", "ground"];

/** A program and the places of what it is told. */
function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(made) ?? "no shader");
  return { made, places: Object.fromEntries(NAMES.map((name) => [name, gl.getUniformLocation(made, name)])) };
}

/** The copies of the world in sight: 0 is the one from -180 to 180 degrees. */
export function copies(camera) {
  const half = camera.width / 2 / camera.world;
  const shifts = [];
  for (let shift = Math.floor(camera.x - half); shift <= Math.floor(camera.x + half); shift += 1) shifts.push(shift);
  return shifts;
}

/** The least reach of a ring where so many blips share the map: a crowd is smaller. */
export function leastReach(spans) {
  const alive = spans.reduce((sum, [, count]) => sum + count, 0);
  return LEAST - 2 * Math.max(0, Math.min(1, (alive - 1_500) / 4_500));
}

/** The wide rings among stretches of the ring that cross what is in sight, packed as there. */
export function wideRings(ring, spans, camera, shift, wide) {
  const found = [];
  const least = wide / camera.world;
  for (const [first, count] of spans) {
    for (let at = first * STRIDE; at < (first + count) * STRIDE; at += STRIDE) {
      const reach = ring[at + 3] * camera.world;
      if (ring[at + 3] <= least) continue;
      const across = Math.abs((ring[at] + shift - camera.x) * camera.world);
      const down = Math.abs((ring[at + 1] - camera.y) * camera.world);
      if (across > camera.width / 2 + reach + 2 || down > camera.height / 2 + reach + 2) continue;
      // All that is seen lies inside the ring: its line is elsewhere.
      if (Math.hypot(across + camera.width / 2, down + camera.height / 2) < reach - 6) continue;
      for (let part = 0; part < STRIDE; part += 1) found.push(ring[at + part]);
    }
  }
  return new Float32Array(found);
}

/** Draws with WebGL2; null where there is none. */
function withCard(canvas, ring) {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true });
  if (!gl) return null;
  let blips = null;
  let points = [];
  let bands = null;
  let wide = WIDE;
  let dead = false;

  /** Where x and y, birth, radius, kind lie in the buffer that is bound. */
  function parts(each) {
    for (const [place, size, from] of [[0, 2, 0], [1, 1, 8], [2, 1, 12], [3, 1, 16]]) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, STRIDE * 4, from);
      gl.vertexAttribDivisor(place, each);
    }
  }

  function filled(data, usage) {
    const made = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, made);
    gl.bufferData(gl.ARRAY_BUFFER, data, usage);
    return made;
  }

  function arrays() {
    const made = gl.createVertexArray();
    gl.bindVertexArray(made);
    return made;
  }

  function start() {
    const array = arrays();
    blips = filled(ring, gl.DYNAMIC_DRAW);
    parts(0);
    points = [[DOTS, DOT_INK], [RINGS, RING_INK]].map(([vertex, fragment]) => ({ ...program(gl, vertex, fragment), array }));
    bands = { ...program(gl, BANDS, BAND_INK), array: arrays(), buffer: filled(new Float32Array(STRIDE), gl.STREAM_DRAW) };
    parts(1);
    const corners = Array.from({ length: 2 * (CORNERS + 1) }, (_, at) => [Math.floor(at / 2) / CORNERS, at % 2]);
    filled(new Float32Array(corners.flat()), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(4);
    gl.vertexAttribPointer(4, 2, gl.FLOAT, false, 8, 0);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    // No card needs to draw points of any size.
    wide = Math.min(WIDE, (gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE)?.[1] ?? 1) / 4 - 1);
  }

  function use({ made, array, places }, camera, clock, still, paint, least) {
    gl.useProgram(made);
    gl.bindVertexArray(array);
    gl.uniform2f(places.centre, camera.x, camera.y);
    gl.uniform2f(places.size, camera.width + 2 * MARGIN, camera.height + 2 * MARGIN);
    gl.uniform1f(places.world, camera.world);
    gl.uniform1f(places.clock, clock);
    gl.uniform1f(places.life, LIFE);
    gl.uniform1f(places.still, still ? 1 : 0);
    gl.uniform1f(places.ratio, camera.ratio);
    gl.uniform1f(places.least, least);
    gl.uniform1f(places.wide, wide);
    gl.uniform3fv(places.colours, paint.kinds.flatMap(shares));
    gl.uniform3fv(places.ground, shares(paint.ground));
  }

  const lost = (event) => {
    event.preventDefault();
    dead = true;
  };
  const back = () => {
    start();
    dead = false;
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", back);
  start();
  return {
    write(first, data) {
      if (dead) return;
      gl.bindBuffer(gl.ARRAY_BUFFER, blips);
      gl.bufferSubData(gl.ARRAY_BUFFER, first * STRIDE * 4, data);
    },
    draw(camera, spans, clock, still, paint) {
      if (dead) return;
      // A point whose middle is out of sight is not drawn at all, so a margin is in sight.
      const margin = Math.round(MARGIN * camera.ratio);
      gl.viewport(-margin, -margin, canvas.width + 2 * margin, canvas.height + 2 * margin);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (spans.length === 0) return;
      const shifts = copies(camera);
      const least = leastReach(spans);
      for (const one of points) {
        use(one, camera, clock, still, paint, least);
        for (const shift of shifts) {
          gl.uniform1f(one.places.shift, shift);
          for (const [first, count] of spans) gl.drawArrays(gl.POINTS, first, count);
        }
      }
      for (const shift of shifts) {
        const rings = wideRings(ring, spans, camera, shift, wide);
        if (rings.length === 0) continue;
        use(bands, camera, clock, still, paint, least);
        gl.uniform1f(bands.places.shift, shift);
        gl.bindBuffer(gl.ARRAY_BUFFER, bands.buffer);
        gl.bufferData(gl.ARRAY_BUFFER, rings, gl.STREAM_DRAW);
        gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 2 * (CORNERS + 1), rings.length / STRIDE);
      }
    },
    destroy() {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", back);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** Draws the newest few hundred on a plain canvas. */
function without(canvas, ring) {
  const pen = canvas.getContext("2d");
  return {
    write() {},
    draw(camera, spans, clock, still, paint) {
      pen.setTransform(camera.ratio, 0, 0, camera.ratio, 0, 0);
      pen.clearRect(0, 0, camera.width, camera.height);
      const blips = spans.flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at));
      for (const blip of blips.slice(-PLAIN_MOST)) {
        const [x, y, birth, radius, kind] = ring.subarray(blip * STRIDE, blip * STRIDE + STRIDE);
        const age = clock - birth;
        if (age < 0 || age > LIFE) continue;
        pen.globalAlpha = still ? 1 : Math.min(1, 1.15 * (1 - age / LIFE));
        for (const shift of copies(camera)) {
          const [left, top] = [(x + shift - camera.x) * camera.world + camera.width / 2, (y - camera.y) * camera.world + camera.height / 2];
          pen.beginPath();
          pen.arc(left, top, radius > 0 ? Math.max(radius * camera.world, 6) : 3, 0, 2 * Math.PI);
          pen.fillStyle = pen.strokeStyle = paint.kinds[kind];
          pen.setLineDash(DASHES[kind]);
          if (radius > 0) pen.stroke();
          else pen.fill();
        }
      }
      pen.globalAlpha = 1;
    },
    destroy() {},
  };
}

/** The overlay of a canvas for `most` blips. */
export function makeOverlay(canvas, host, most) {
  const ring = new Float32Array(most * STRIDE).fill(-1e6);
  const painter = withCard(canvas, ring) ?? without(canvas, ring);
  let paint = null;
  let clean = false;
  const overlay = {
    /** Writes blips from the `first` on. */
    write(first, data) {
      ring.set(data, first * STRIDE);
      painter.write(first, data);
    },
    /** Draws stretches of the ring; nothing over nothing is left as it is. */
    draw(camera, spans, clock, still) {
      if (spans.length === 0 && clean) return;
      painter.draw(camera, spans, clock, still, paint);
      clean = spans.length === 0;
    },
    recolour() {
      const read = readColours(host, [...KINDS, "map-land"]);
      paint = { kinds: KINDS.map((kind) => read[kind]), ground: read["map-land"] };
      clean = false;
    },
    destroy: () => painter.destroy(),
  };
  overlay.recolour();
  return overlay;
}
