// The ground of the live map, made at build time from Natural Earth (public domain; by way of
// the npm package world-atlas) and the list of cities beside this file. Owns: cutting at the
// antimeridian, packing, where a country's name and number stand. Must not know: colours.
//
// What it writes, as JSON: coordinates are whole hundredths of a degree (1.1 km, a tenth of a
// pixel at the closest zoom), each after the first as the difference from the one before.
//   land     polygons: rings, the outer one first
//   borders  lines between countries
//   labels   [name, ISO 3166-1 alpha-2 or "", lon, lat, zoom from which it is named]
//   cities   [name, lon, lat, zoom]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoArea, geoCentroid, geoEquirectangular, geoStream } from "d3-geo";
import { feature, mesh } from "topojson-client";
import { CITIES } from "./cities.mjs";

const STEPS = 100;
/** Mercator ends there. */
const NORTH = 85.05;

const read = (name) => JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`world-atlas/${name}.json`), "utf8"));

/** Rings (or lines) of a shape on the sphere, cut at the antimeridian, in degrees. */
function planar(shape) {
  const projection = geoEquirectangular().scale(180 / Math.PI).translate([0, 0]).precision(0);
  const lines = [];
  let line = [];
  geoStream(
    shape,
    projection.stream({
      point: (x, y) => line.push([x, Math.max(-NORTH, Math.min(NORTH, -y))]),
      lineStart: () => (line = []),
      lineEnd: () => lines.push(line),
      polygonStart: () => {},
      polygonEnd: () => {},
      sphere: () => {},
    }),
  );
  return lines;
}

/** Twice the signed area on the plane. */
function turn(ring) {
  let sum = 0;
  for (let at = 0; at < ring.length; at += 1) {
    const [x, y] = ring[at];
    const [nextX, nextY] = ring[(at + 1) % ring.length];
    sum += x * nextY - nextX * y;
  }
  return sum;
}

function inside([x, y], ring) {
  let odd = false;
  for (let at = 0, last = ring.length - 1; at < ring.length; last = at, at += 1) {
    const [x1, y1] = ring[at];
    const [x2, y2] = ring[last];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/** Polygons with their holes, from rings of which the outer ones turn the way of the largest. */
function polygons(rings) {
  const sized = rings.map((ring) => ({ ring, turn: turn(ring) })).sort((a, b) => Math.abs(b.turn) - Math.abs(a.turn));
  const outward = Math.sign(sized[0].turn);
  const outer = sized.filter((one) => Math.sign(one.turn) === outward).map((one) => [one.ring]);
  for (const hole of sized.filter((one) => Math.sign(one.turn) === -outward)) {
    const around = outer.findLast((polygon) => inside(hole.ring[0], polygon[0]));
    around?.push(hole.ring);
  }
  return outer;
}

/** Whole steps, repeats left out, then differences. */
function packed(line) {
  const numbers = [];
  let [lastX, lastY] = [0, 0];
  for (const [lon, lat] of line) {
    const [x, y] = [Math.round(lon * STEPS), Math.round(lat * STEPS)];
    if (numbers.length > 0 && x === lastX && y === lastY) continue;
    numbers.push(x - lastX, y - lastY);
    [lastX, lastY] = [x, y];
  }
  return numbers;
}

/** Where the middle of the largest part is no good place for a name. */
const PLACES = {
  US: [-98.5, 39.5], CA: [-104, 57.5], RU: [96, 62.5], NO: [9.2, 61.3], FR: [2.4, 46.7], NZ: [171.2, -43.6], ID: [113.5, -1.2],
  MY: [102.2, 4.2], JP: [138.3, 36.5], PH: [121.4, 16.4], HR: [15.6, 45.3], VN: [108.1, 13.9], CL: [-70.9, -31.5], TH: [101.3, 15.6],
  SE: [15.4, 61.8], GB: [-1.7, 52.9], IT: [12.3, 43.0], SO: [45.6, 4.1], PT: [-8.1, 39.6], FI: [26.4, 62.6], AQ: [10, -80],
};

/** Short names where Natural Earth's are cut. */
const NAMES = {
  US: "United States", CD: "DR Congo", CF: "Central African Rep.", SS: "South Sudan", DO: "Dominican Rep.", BA: "Bosnia and Herz.",
  GQ: "Equatorial Guinea", EH: "Western Sahara", SB: "Solomon Islands", FK: "Falkland Islands", CZ: "Czechia", MK: "North Macedonia",
  SZ: "Eswatini", CI: "Côte d’Ivoire", TR: "Türkiye",
};

/** ISO alpha-2 of a numeric code: browsers' own locale data knows the pairs. */
function alpha(numeric) {
  if (!numeric) return "";
  const code = Intl.getCanonicalLocales(`und-${String(numeric).padStart(3, "0")}`)[0].split("-")[1] ?? "";
  return /^[A-Z]{2}$/.test(code) ? code : "";
}

/** The zoom from which a country of so much of the sphere (in steradians) is named. */
function namedFrom(area) {
  const steps = [[0.18, 0], [0.06, 0.8], [0.02, 1.5], [0.008, 2.1], [0.003, 2.8], [0.0006, 3.6]];
  return (steps.find(([least]) => area >= least) ?? [0, 4.4])[1];
}

function labels(countries) {
  const made = countries.features.map(({ id, properties, geometry }) => {
    const parts = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
    const shapes = parts.map((coordinates) => ({ type: "Polygon", coordinates }));
    const largest = shapes.reduce((one, other) => (geoArea(other) > geoArea(one) ? other : one));
    const code = alpha(id);
    const [lon, lat] = PLACES[code] ?? geoCentroid(largest);
    const round = (degrees) => Math.round(degrees * STEPS) / STEPS;
    return [NAMES[code] ?? properties.name, code, round(lon), round(lat), namedFrom(geoArea(largest))];
  });
  const sorted = made.filter(([name, code]) => code !== "AQ" && name).sort((a, b) => a[4] - b[4] || a[0].localeCompare(b[0]));
  // An outlying part with the code of its country is not where that country's number stands.
  return sorted.filter(([, code], at) => !code || sorted.findIndex((one) => one[1] === code) === at);
}

/** The whole ground, as text. */
export function basemap() {
  const topology = read("countries-50m");
  const land = feature(topology, topology.objects.land);
  const borders = mesh(topology, topology.objects.countries, (one, other) => one !== other);
  return JSON.stringify({
    steps: STEPS,
    land: polygons(planar(land).filter((ring) => ring.length > 3)).map((polygon) => polygon.map(packed)),
    borders: planar(borders).map(packed),
    labels: labels(feature(topology, topology.objects.countries)),
    cities: CITIES,
  });
}
