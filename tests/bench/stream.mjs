// A rival of `cargo xtask bench stream`: Node doing what Roost does with each post: read it, gather
// what the page needs, and encode `simple_tweet` and, where a place is known, `geo_blip`.
//   node stream.mjs FILE RUNS
import { readFileSync } from "node:fs";

const file = readFileSync(process.argv[2]);
const RUNS = Number(process.argv[3] ?? 5);
const EARTH_M = 6_371_008.8;
/** A place with a larger radius than this says the country at best. */
const COUNTRY_RADIUS_M = 500_000;
const RAD = Math.PI / 180;
/** X's picture for those who have none. */
const NO_PICTURE = "/default_profile_images/";

/** Links of a text in order, in the characters that X counts. */
function entities(found) {
  if (!found) return [];
  const all = [];
  for (const { start, end, expanded_url, url, display_url } of found.urls ?? []) {
    all.push({ start, end, url: expanded_url ?? url, display: display_url });
  }
  for (const { start, end, username } of found.mentions ?? []) {
    all.push({ start, end, url: `https://x.com/${username}` });
  }
  for (const { start, end, tag } of found.hashtags ?? []) {
    all.push({ start, end, url: `https://x.com/hashtag/${encodeURIComponent(tag)}` });
  }
  for (const { start, end, tag } of found.cashtags ?? []) {
    all.push({ start, end, url: `https://x.com/search?q=%24${encodeURIComponent(tag)}` });
  }
  return all.sort((a, b) => a.start - b.start);
}

/** Metres between two points. */
function distance(lat1, lon1, lat2, lon2) {
  const a =
    Math.sin(((lat2 - lat1) * RAD) / 2) ** 2 +
    Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.sin(((lon2 - lon1) * RAD) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** To a centimetre. */
function neat(degrees) {
  return Math.round(degrees * 1e7) / 1e7;
}

function inRange(lat, lon) {
  return Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
}

/** Where a post was: its own point, or the centre of its place's box with half the diagonal. */
function whereabouts(geo, places) {
  const place = places?.find((candidate) => candidate.id === geo?.place_id);
  const point = geo?.coordinates?.coordinates;
  if (point && inRange(point[1], point[0])) {
    return { lat: point[1], lon: point[0], precision: "exact", radius_m: 0, place };
  }
  const box = place?.geo?.bbox;
  if (!box) return undefined;
  const [west, south, east, north] = box;
  if (!inRange(south, west) || !inRange(north, east)) return undefined;
  let lon = west <= east ? (west + east) / 2 : (west + east + 360) / 2;
  if (lon > 180) lon -= 360;
  const radius_m = Math.round(distance(south, west, north, east) / 2);
  const kind = place.place_type;
  const wide = kind === "country" || (kind === "admin" && radius_m > COUNTRY_RADIUS_M);
  const precision = wide ? "country" : "place";
  return { lat: neat((south + north) / 2), lon: neat(lon), precision, radius_m, place };
}

const KINDS = { replied_to: "reply", quoted: "quote", retweeted: "retweet" };

/** The events of one post, as texts. */
function events(line, at, seq, out) {
  const { data, includes, matching_rules } = JSON.parse(line);
  const user = includes?.users?.find((candidate) => candidate.id === data.author_id);
  const found = whereabouts(data.geo, includes?.places);
  const country = found?.place?.country_code;
  const referred = data.referenced_tweets?.[0];
  const note = data.note_tweet;
  const links = entities(note ? note.entities : data.entities);
  const avatar = user?.profile_image_url;
  const rules = matching_rules?.map((rule) => rule.tag || rule.id) ?? [];
  out.push(
    JSON.stringify({
      seq,
      kind: "simple_tweet",
      at,
      id: data.id,
      author_id: data.author_id,
      username: user?.username ?? "",
      name: user?.name ?? "",
      avatar: avatar?.includes(NO_PICTURE) ? undefined : avatar,
      body: note?.text ?? data.text,
      entities: links.length > 0 ? links : undefined,
      created_at: data.created_at,
      lang: data.lang,
      country,
      rules: rules.length > 0 ? rules : undefined,
      refers: referred && { type: referred.type, id: referred.id },
      sensitive: data.possibly_sensitive || undefined,
    }),
  );
  if (!found) return;
  out.push(
    JSON.stringify({
      seq: seq + 1,
      kind: "geo_blip",
      at,
      tweet_id: data.id,
      author_id: data.author_id,
      lat: found.lat,
      lon: found.lon,
      precision: found.precision,
      radius_m: found.radius_m,
      place: found.place?.full_name,
      country,
      lang: data.lang,
      type: KINDS[referred?.type] ?? "tweet",
    }),
  );
}

function run() {
  const text = file.toString("utf8");
  const at = new Date().toISOString();
  let [posts, made, bytes, from] = [0, 0, 0, 0];
  let out = [];
  for (let to = text.indexOf("\r\n"); to >= 0; from = to + 2, to = text.indexOf("\r\n", from)) {
    if (to === from) continue;
    events(text.slice(from, to), at, made + out.length, out);
    posts += 1;
    // Frames are made of so many at a time.
    if (out.length >= 64) {
      made += out.length;
      bytes += Buffer.byteLength(out.join(","));
      out = [];
    }
  }
  made += out.length;
  bytes += Buffer.byteLength(out.join(","));
  return { posts, events: made, bytes };
}

const ms = [];
let last;
for (let at = 0; at < RUNS; at += 1) {
  const start = performance.now();
  last = run();
  ms.push(performance.now() - start);
}
console.log(JSON.stringify({ ...last, ms }));
