// The map's ground: sources and layers for MapLibre from the packed basemap
// (frontend/map/basemap.mjs). Owns: what is drawn under the blips, and how it looks. Must not
// know: blips. Nothing here asks any other host: names are drawn with the machine's own font. The
// file is fetched here and not by gloo-net, because what is in it goes to MapLibre alone.
import packed from "virtual:basemap";
import { readColours } from "./colours.js";

const COLOURS = ["map-land", "map-sea", "ink2", "ink3"];

/** Differences of whole steps back to degrees. */
function unpack(numbers, steps) {
  const line = [];
  let [x, y] = [0, 0];
  for (let at = 0; at < numbers.length; at += 2) {
    x += numbers[at];
    y += numbers[at + 1];
    line.push([x / steps, y / steps]);
  }
  return line;
}

const shape = (type, coordinates, properties = {}) => ({ type: "Feature", properties, geometry: { type, coordinates } });
const source = (features) => ({ type: "geojson", data: { type: "FeatureCollection", features }, maxzoom: 6, tolerance: 0.6 });

/** Fetches and unpacks the ground: sources, and where each country's number stands. */
export async function loadGround() {
  const response = await fetch(packed);
  if (!response.ok) throw new Error(`the map's ground: ${response.status}`);
  const ground = await response.json();
  const names = ([name, , lon, lat, from]) => shape("Point", [lon, lat], { name, from });
  const closed = (ring) => [...ring, ring[0]];
  return {
    centres: new Map(ground.labels.filter(([, code]) => code).map(([, code, lon, lat]) => [code, [lon, lat]])),
    sources: {
      land: source(ground.land.map((rings) => shape("Polygon", rings.map((ring) => closed(unpack(ring, ground.steps)))))),
      borders: source(ground.borders.map((line) => shape("LineString", unpack(line, ground.steps)))),
      countries: source(ground.labels.map(names)),
      cities: source(ground.cities.map(([name, lon, lat, from]) => shape("Point", [lon, lat], { name, from }))),
    },
  };
}

/** Paint of each layer in the colours of now. */
function paints(host) {
  const colour = readColours(host, COLOURS);
  const text = (ink) => ({ "text-color": ink, "text-halo-color": colour["map-land"], "text-halo-width": 1.2 });
  return {
    sea: { "background-color": colour["map-sea"] },
    land: { "fill-color": colour["map-land"], "fill-antialias": true },
    borders: { "line-color": colour["map-sea"], "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.7, 6, 1.6] },
    countries: text(colour.ink2),
    cities: text(colour.ink3),
  };
}

function names(id, size, extra) {
  return {
    id,
    type: "symbol",
    source: id,
    filter: [">=", ["zoom"], ["get", "from"]],
    layout: {
      "text-field": ["get", "name"],
      "text-font": ["system-ui"],
      "text-size": size,
      "text-max-width": 7,
      "text-padding": 6,
      "symbol-sort-key": ["get", "from"],
      ...extra,
    },
  };
}

/** A style for MapLibre. */
export function styleOf(ground, host) {
  const paint = paints(host);
  const layers = [
    { id: "sea", type: "background" },
    { id: "land", type: "fill", source: "land" },
    { id: "borders", type: "line", source: "borders" },
    names("cities", 11, { "text-anchor": "bottom", "text-offset": [0, -0.7] }),
    names("countries", ["interpolate", ["linear"], ["zoom"], 1, 11, 5, 14], { "text-anchor": "bottom", "text-letter-spacing": 0.02 }),
  ];
  return { version: 8, sources: ground.sources, layers: layers.map((layer) => ({ ...layer, paint: paint[layer.id] })) };
}

/** Gives the layers the colours of now. */
export function recolourGround(map, host) {
  for (const [layer, paint] of Object.entries(paints(host))) {
    for (const [property, value] of Object.entries(paint)) map.setPaintProperty(layer, property, value);
  }
}
