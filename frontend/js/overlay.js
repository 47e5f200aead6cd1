// Blips over the map, drawn by WebGL2 where there is one and by a plain canvas where not. Owns:
// the buffer on the card, the shaders, the canvas. Must not know: tweets, or where the map came
// from. Rust owns the ring (frontend/src/live/blips.rs) and writes parts of it here; one blip is
// STRIDE floats: x and y on the Mercator square (0 to 1), the time it was born (s), the radius
// (in squares; 0 is a point), its kind. Fading and growing old happen in the shader: nothing
// is done for a blip after it was written. Cheap by that: at most two draws a copy of the world.
import { readColours, shares } from "./colours.js";

const STRIDE = 5;
/** Seconds that a blip is seen; as in blips.rs. */
const LIFE = 6;
const KINDS = ["kind-tweet", "kind-reply", "kind-quote", "kind-repost"];
/** What a plain canvas can still draw at every frame. */
const PLAIN_MOST = 500;

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 corner;
layout(location=1) in vec2 at;
layout(location=2) in float birth;
layout(location=3) in float radius;
layout(location=4) in float kind;
uniform vec2 centre, size;
uniform float world, clock, life, shift, still;
out vec2 spot;
out float reach, light;
flat out int shape;
void main() {
  float age = clock - birth;
  if (age < 0.0 || age > life) { gl_Position = vec4(2.0, 2.0, 2.0, 1.0); return; }
  reach = radius > 0.0 ? max(radius * world, 6.0) : 0.0;
  light = still > 0.5 ? 1.0 : min(age / 0.12, 1.0) * (1.0 - smoothstep(0.15, 1.0, age / life));
  shape = int(kind);
  spot = corner * (reach > 0.0 ? reach + 2.0 : 6.0);
  vec2 px = (at + vec2(shift, 0.0) - centre) * world + spot;
  gl_Position = vec4(px / size * vec2(2.0, -2.0), 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 spot;
in float reach, light;
flat in int shape;
uniform vec3 colours[4], ground;
uniform float ratio;
out vec4 paint;
float within(float edge) { return 1.0 - smoothstep(-0.75 / ratio, 0.75 / ratio, edge); }
float outline(vec2 p) {
  if (shape == 1) return max(abs(p.x) * 0.87 - p.y * 0.5, p.y) - 2.1;
  if (shape == 2) return (abs(p.x) + abs(p.y)) * 0.71 - 2.9;
  if (shape == 3) return max(abs(p.x), abs(p.y)) - 2.7;
  return length(p) - 3.0;
}
void main() {
  vec3 colour = colours[shape];
  if (reach > 0.0) {
    float far = length(spot);
    float line = within(abs(far - reach + 0.75) - 0.75);
    float turns = atan(spot.y, spot.x) / 6.2832 + 0.5;
    float beats = max(4.0, floor(6.2832 * reach / (shape == 2 ? 5.0 : 9.0)));
    if (shape == 1 || shape == 2) line *= step(fract(turns * beats), shape == 1 ? 0.66 : 0.5);
    if (shape == 3) line = max(line, within(abs(far - reach + 3.5) - 0.5));
    float inside = within(far - reach) * 0.06;
    float alpha = max(line * 0.9, inside) * light;
    paint = vec4(colour * alpha, alpha);
    return;
  }
  float edge = outline(spot);
  float whole = within(edge - 1.0);
  float fill = within(edge);
  float alpha = whole * light;
  paint = vec4(mix(ground, colour, fill) * alpha, alpha);
}`;

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(made) ?? "no shader");
  return made;
}

/** The copies of the world in sight: 0 is the one from -180 to 180 degrees. */
export function copies(camera) {
  const half = camera.width / 2 / camera.world;
  const shifts = [];
  for (let shift = Math.floor(camera.x - half); shift <= Math.floor(camera.x + half); shift += 1) shifts.push(shift);
  return shifts;
}

/** Draws with WebGL2; null where there is none. */
function withCard(canvas, ring) {
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: false, premultipliedAlpha: true });
  if (!gl) return null;
  let places = null;
  let blips = null;
  let dead = false;

  function start() {
    const made = program(gl);
    gl.useProgram(made);
    places = {};
    for (const name of ["centre", "size", "world", "clock", "life", "shift", "still", "ratio", "colours", "ground"]) places[name] = gl.getUniformLocation(made, name);
    gl.bindVertexArray(gl.createVertexArray());
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    blips = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, blips);
    gl.bufferData(gl.ARRAY_BUFFER, ring, gl.DYNAMIC_DRAW);
    for (let place = 1; place <= 4; place += 1) {
      gl.enableVertexAttribArray(place);
      gl.vertexAttribDivisor(place, 1);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  function from(first) {
    const bytes = STRIDE * 4;
    const start = first * bytes;
    gl.vertexAttribPointer(1, 2, gl.FLOAT, false, bytes, start);
    gl.vertexAttribPointer(2, 1, gl.FLOAT, false, bytes, start + 8);
    gl.vertexAttribPointer(3, 1, gl.FLOAT, false, bytes, start + 12);
    gl.vertexAttribPointer(4, 1, gl.FLOAT, false, bytes, start + 16);
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
      if (!dead) gl.bufferSubData(gl.ARRAY_BUFFER, first * STRIDE * 4, data);
    },
    draw(camera, spans, clock, still, paint) {
      if (dead) return;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (spans.length === 0) return;
      gl.uniform2f(places.centre, camera.x, camera.y);
      gl.uniform2f(places.size, camera.width, camera.height);
      gl.uniform1f(places.world, camera.world);
      gl.uniform1f(places.clock, clock);
      gl.uniform1f(places.life, LIFE);
      gl.uniform1f(places.still, still ? 1 : 0);
      gl.uniform1f(places.ratio, camera.ratio);
      gl.uniform3fv(places.colours, paint.kinds.flatMap(shares));
      gl.uniform3fv(places.ground, shares(paint.ground));
      for (const [first, count] of spans) {
        from(first);
        for (const shift of copies(camera)) {
          gl.uniform1f(places.shift, shift);
          gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, count);
        }
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
