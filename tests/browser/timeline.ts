// The made-up account's own tweets with their metrics, the same on every run. Owns: the data behind
// mock.ts, in the shapes of the API. Must not know: HTTP. A value is a function of the tweet and
// the instant, so that lists, series and totals agree.
import { HOUR, NOW, random } from "./world.ts";

const DAY = 24 * HOUR;
const iso = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");
/** Nothing was read: the credits were used up. */
const GAP = [Date.parse("2026-11-03T00:00:00Z"), Date.parse("2026-11-06T00:00:00Z")];
/** What an edit replaced, what X deleted, what was advertised: by place from the newest. */
const EDITED = 4;
const DELETED = 9;

const TEXTS: [string, string][] = [
  ["en", "The tide tables for December are out. We print them the old way: by hand, one sheet a day, from four buoys and a lot of tea."],
  ["en", "New on the blog: how we measured a harbour with a bicycle bell and two phones https://t.co/h4rb0urb3l"],
  ["en", "Grateful for everyone who came to the pier yesterday. 200 people, one very patient seal. #tidewater"],
  ["de", "Sturmflut um Mitternacht: wer am Hafen wohnt, bringt die Fahrräder rein. Messwerte live auf unserer Karte."],
  ["en", "Small fix, big relief: our gauges now survive being sat on by gulls."],
  ["es", "La marea de hoy llegó doce minutos antes de lo previsto. Nadie se quejó, salvo los relojes."],
  ["ja", "今朝の干潮、記録的でした。写真は明日まとめて載せます 🌊"],
  ["ar", "قياسات المد اليوم أعلى من المتوسط، والبحر هادئ ☀️ #البحر"],
  ["en", "Three things we learned from 90 days of hourly measurements:\n\n1. The sea keeps its own calendar.\n2. So do the gulls.\n3. Spreadsheets lie at 3 a.m."],
  ["en", "Does anyone still use paper charts? Asking for a friend who owns forty."],
  ["fr", "Le port se vide, la marée aussi. Demain matin à 6 h 12, basse mer."],
  ["en", "We are hiring someone who likes mud, numbers and early mornings. https://t.co/j0bsj0bs"],
];

const FAMILIES: Record<string, Record<string, number>> = {
  public: { impression_count: 1, like_count: 0.031, retweet_count: 0.0062, reply_count: 0.0034, quote_count: 0.0011, bookmark_count: 0.0046 },
  non_public: { impression_count: 1, url_link_clicks: 0.009, user_profile_clicks: 0.004, engagements: 0.058 },
  organic: { impression_count: 1, like_count: 0.031, retweet_count: 0.0062, reply_count: 0.0034, url_link_clicks: 0.009, user_profile_clicks: 0.004 },
  promoted: { impression_count: 1, like_count: 0.012, retweet_count: 0.001, reply_count: 0.0008, url_link_clicks: 0.02, user_profile_clicks: 0.002 },
};

interface Tweet {
  id: string;
  at: number;
  text: string;
  lang: string;
  kind: "tweet" | "reply" | "quote" | "retweet";
  size: number;
  /** Hours in which it gets most of what it gets. */
  pace: number;
  promoted: boolean;
  deleted: number | null;
}

export interface Ask {
  query: URLSearchParams;
  from: number | null;
  to: number | null;
}

export class Timeline {
  readonly tweets: Tweet[] = [];

  constructor(count = 240) {
    const next = random(23);
    const step = Math.min(DAY * 0.36, (90 * DAY * 8) / count);
    let at = NOW - 3 * HOUR;
    for (let index = 0; index < count; index += 1) {
      const [lang, text] = TEXTS[Math.floor(next() * TEXTS.length)];
      const roll = next();
      const kind = roll < 0.62 ? "tweet" : roll < 0.86 ? "reply" : roll < 0.96 ? "quote" : "retweet";
      this.tweets.push({
        id: String(1_991_000_000_000_000_000n - BigInt(index) * 137_438_953_472n),
        at: Math.floor(at / 60_000) * 60_000,
        text: kind === "reply" ? `@harbourmaster ${text}` : text,
        lang,
        kind,
        size: Math.floor(900 * 10 ** (next() * 1.7)),
        pace: 4 + next() * 14,
        promoted: index % 17 === 6,
        deleted: index === DELETED ? NOW - 20 * HOUR : null,
      });
      at -= step * (0.3 + 1.4 * next());
    }
  }

  /** A metric of a tweet at an instant; null where X does not tell it. */
  value(tweet: Tweet, metric: string, at: number): number | null {
    const [family, name] = metric.split(".");
    const share = FAMILIES[family]?.[name];
    if (share === undefined || at < tweet.at) return null;
    if (family === "promoted" && !tweet.promoted) return null;
    const age = (Math.min(at, tweet.deleted ?? at) - tweet.at) / HOUR;
    // The author's metrics end when a tweet is 30 days old.
    const told = family === "public" ? age : Math.min(age, 720);
    const grown = (hours: number): number => 0.82 * (1 - Math.exp(-hours / tweet.pace)) + 0.18 * (1 - Math.exp(-hours / 400));
    const organic = tweet.size * share * grown(told);
    const bought = tweet.promoted ? tweet.size * 1.4 * (FAMILIES.promoted[name] ?? 0) * Math.max(0, Math.min(1, (told - 18) / 60)) : 0;
    if (family === "promoted") return Math.floor(bought);
    return Math.floor(family === "organic" ? organic : organic + bought);
  }

  private metrics(tweet: Tweet): string[] {
    const families = Object.keys(FAMILIES).filter((family) => family !== "promoted" || tweet.promoted);
    return families.flatMap((family) => Object.keys(FAMILIES[family]).map((name) => `${family}.${name}`));
  }

  private after(tweet: Tweet): object | null {
    if (tweet.at < NOW - 88 * DAY || (tweet.at < GAP[1] && tweet.at + DAY > GAP[0])) return null;
    const usual = { low: 5.5, mid: 7, high: 10.2, weeks: 8 };
    const came = Math.round(6 + Math.log10(tweet.size) ** 2 * ((Number(tweet.id.slice(-4)) % 10) / 9));
    const complete = NOW - tweet.at > DAY;
    const beside = came - 1 > usual.high ? "more" : came + 2 < usual.low ? "fewer" : "usual";
    return {
      came,
      left: 4,
      came_range: { low: came - 1, high: came + 2 },
      left_range: { low: 4, high: 4 },
      complete,
      usual: complete ? usual : null,
      usual_left: complete ? { low: 3, mid: 4, high: 6, weeks: 8 } : null,
      beside: complete ? beside : "usual",
    };
  }

  private item(tweet: Tweet, from: number, to: number, metric: string): object {
    const end = Math.min(to, NOW);
    const growth = (name: string, one: number, other: number): number | null => {
      const last = this.value(tweet, name, other);
      return last === null ? null : last - (this.value(tweet, name, one) ?? 0);
    };
    const names = this.metrics(tweet);
    const known = (read: (name: string) => number | null): Record<string, number> =>
      Object.fromEntries(names.map((name) => [name, read(name)]).filter(([, value]) => value !== null));
    const parts = 24;
    const width = (end - from) / parts;
    const sparkline = Array.from({ length: parts }, (_, part) => {
      const [one, other] = [from + part * width, from + (part + 1) * width];
      const unseen = other <= tweet.at || (one >= GAP[0] && other <= GAP[1]);
      return unseen ? null : growth(metric, one, other);
    });
    return {
      id: tweet.id,
      text: tweet.deleted ? null : tweet.text,
      created_at: iso(tweet.at),
      kind: tweet.kind,
      lang: tweet.lang,
      promoted: tweet.promoted,
      deleted_at: tweet.deleted && iso(tweet.deleted),
      read_at: iso(NOW - 30 * 60_000),
      private_until: NOW - tweet.at < 30 * DAY ? iso(tweet.at + 30 * DAY) : null,
      metrics: known((name) => this.value(tweet, name, NOW)),
      growth: known((name) => growth(name, from, end)),
      sparkline_metric: metric,
      sparkline,
      followers_after: this.after(tweet),
    };
  }

  /** The rows that were asked for; made when they are read, one page of a long list at a time. */
  list({ query, from, to }: Ask): (() => object)[] {
    const words = (name: string): string[] => (query.get(name) ?? "").split(",").filter(Boolean);
    const kinds = words("kind");
    const langs = words("lang");
    const text = (query.get("q") ?? "").toLowerCase();
    const promoted = query.get("promoted");
    const rows = this.tweets.filter(
      (tweet) =>
        (kinds.length === 0 || kinds.includes(tweet.kind)) &&
        (langs.length === 0 || langs.includes(tweet.lang)) &&
        (promoted === null || String(tweet.promoted) === promoted) &&
        (from === null || tweet.at >= from) &&
        (to === null || tweet.at < to) &&
        (text === "" || (tweet.deleted === null && tweet.text.toLowerCase().includes(text))),
    );
    const begin = Date.parse(query.get("growth_from") ?? iso(from ?? NOW - 30 * DAY));
    const end = Date.parse(query.get("growth_to") ?? iso(to ?? NOW));
    const sort = query.get("sort") ?? "-created";
    const key = sort.replace(/^-/, "");
    const metric = key.replace(/^growth\./, "");
    const worth = (tweet: Tweet): number => {
      if (key === "created") return tweet.at;
      if (key === "after") return (this.after(tweet) as { came: number } | null)?.came ?? -1;
      const last = this.value(tweet, metric, Math.min(end, NOW)) ?? -1;
      return key.startsWith("growth.") ? last - (this.value(tweet, metric, begin) ?? 0) : last;
    };
    const worths = new Map(rows.map((tweet) => [tweet.id, worth(tweet)]));
    const sign = sort.startsWith("-") ? -1 : 1;
    rows.sort((one, other) => sign * ((worths.get(one.id) ?? 0) - (worths.get(other.id) ?? 0)));
    const drawn = metric.includes(".") ? metric : "public.impression_count";
    return rows.map((tweet) => () => this.item(tweet, begin, end, drawn));
  }

  /** What all but reposts did, as one point. */
  totals(query: URLSearchParams): object {
    const [from, to] = [Date.parse(query.get("from") ?? iso(NOW - 30 * DAY)), Math.min(Date.parse(query.get("to") ?? iso(NOW)), NOW)];
    const own = this.tweets.filter((tweet) => tweet.kind !== "retweet" && tweet.at < to);
    const metrics = (query.get("metrics") ?? "public.impression_count").split(",");
    const grew = (metric: string): number => own.reduce((sum, tweet) => sum + (this.value(tweet, metric, to) ?? 0) - (this.value(tweet, metric, from) ?? 0), 0);
    const written = own.filter((tweet) => tweet.at >= from).length;
    const point = { at: iso(from), written, read: own.length, growth: metrics.map(grew), partial: true };
    return { tz: query.get("tz") ?? "UTC", interval: query.get("interval") ?? "day", metrics, points: own.length > 0 ? [point] : [] };
  }

  detail(id: string): object | null {
    const at = this.tweets.findIndex((tweet) => tweet.id === id);
    const tweet = this.tweets[at];
    if (!tweet) return null;
    const links = [...tweet.text.matchAll(/#\S+|https:\/\/\S+/gu)].map((match) => {
      const start = [...tweet.text.slice(0, match.index)].length;
      return { start, end: start + [...match[0]].length, url: match[0].startsWith("#") ? `https://x.com/hashtag/${encodeURIComponent(match[0].slice(1))}` : match[0], ...(match[0].startsWith("#") ? {} : { display: "tidewater.example/harbour" }) };
    });
    return {
      ...this.item(tweet, NOW - 30 * DAY, NOW, "public.impression_count"),
      username: "tidewater",
      name: "Tidewater Studio",
      avatar: null,
      entities: tweet.deleted ? [] : links,
      sensitive: false,
      replaces: at === EDITED ? [this.tweets[EDITED + 1].id] : [],
      replaced_by: at === EDITED + 1 ? this.tweets[EDITED].id : null,
      next_read: tweet.deleted ? null : iso(NOW + 30 * 60_000),
      readings: this.readings(tweet).length,
      falls: this.falls(tweet).map((fall) => ({ at: iso(fall), metric: "public.like_count", from: 40, to: 37 })),
    };
  }

  /** Hourly on the first day, 6-hourly in the first week, daily to 30 days, then weekly. */
  private readings(tweet: Tweet): number[] {
    const times: number[] = [];
    for (let at = Math.ceil(tweet.at / HOUR) * HOUR; at <= Math.min(NOW, tweet.deleted ?? NOW); at += HOUR) {
      const [age, hour] = [at - tweet.at, at / HOUR];
      const every = age < DAY ? 1 : age < 7 * DAY ? 6 : age < 30 * DAY ? 24 : 168;
      if (hour % every === 0 && !(at >= GAP[0] && at < GAP[1])) times.push(at);
    }
    return times;
  }

  /** X corrects itself once in a while. */
  private falls(tweet: Tweet): number[] {
    return tweet.size > 9_000 ? this.readings(tweet).slice(9, 10) : [];
  }

  series(id: string, query: URLSearchParams): object | null {
    const tweet = this.tweets.find((one) => one.id === id);
    if (!tweet) return null;
    const [from, to] = [Date.parse(query.get("from") ?? iso(tweet.at)), Date.parse(query.get("to") ?? iso(NOW))];
    const interval = query.get("interval") ?? "day";
    const step = interval === "hour" ? HOUR : DAY;
    const metrics = (query.get("metrics") ?? "public.impression_count").split(",");
    const readings = this.readings(tweet);
    const falls = this.falls(tweet);
    const points = [];
    for (let at = Math.floor(from / step) * step; at < to; at += step) {
      const inside = readings.filter((time) => time >= at && time < at + step);
      const last = inside.at(-1);
      const dip = (metric: string): number => (falls.some((fall) => inside.includes(fall)) && !metric.startsWith("promoted") ? 0.97 : 1);
      const value = (metric: string): number | null => {
        const told = metric.startsWith("public") || (last ?? 0) < tweet.at + 30 * DAY;
        const known = last === undefined || !told ? null : this.value(tweet, metric, last);
        return known === null ? null : Math.floor(known * dip(metric));
      };
      const fell = falls.some((fall) => inside.includes(fall)) ? [0] : [];
      points.push({ at: iso(at), values: metrics.map(value), ...(fell.length > 0 ? { fell } : {}), partial: at + step > NOW });
    }
    const usual = { ...tweet, size: 4_200, pace: 9, promoted: false, deleted: null };
    const band = points
      .map((point) => Date.parse(point.at))
      .filter((at) => at >= tweet.at)
      .map((at) => {
        const mid = this.value(usual, metrics[0].replace("promoted", "organic"), at) ?? 0;
        return { at: iso(at), age_hours: (at - tweet.at) / HOUR, low: mid * 0.45, mid, high: mid * 1.9, tweets: 214 };
      });
    return { tz: query.get("tz") ?? "UTC", interval, metrics, points, median: query.get("median") === "true" ? band : null };
  }

  hours(): object[] {
    const hour = (hour: number, mid: number, tweets: number): object => ({ hour, tweets, low: mid * 0.5, mid, high: mid * 1.8, few: tweets < 5 });
    return [hour(17, 5_840, 22), hour(18, 5_210, 31), hour(8, 4_760, 19), hour(12, 4_020, 27), hour(21, 3_300, 24), hour(6, 7_900, 3)];
  }
}
