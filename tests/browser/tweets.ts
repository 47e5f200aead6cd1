// A made-up stream of tweets, in the shapes of the live protocol. Owns: numbers, the replay
// window, who asked for what. Must not know: HTTP. Quiet until it is told to flow, so that a
// test says what comes and when.
import type { Socket } from "./socket.ts";
import { NOW, random } from "./world.ts";

const WINDOW = 20_000;

/** Name, country, longitude, latitude, half-diagonal of its box in km, weight, language. */
const CITIES: [string, string, number, number, number, number, string][] = [
  ["Tokyo", "JP", 139.69, 35.69, 38, 37, "ja"], ["Osaka", "JP", 135.5, 34.69, 18, 19, "ja"], ["Fukuoka", "JP", 130.4, 33.59, 16, 5, "ja"],
  ["Seoul", "KR", 126.98, 37.57, 20, 25, "ko"], ["Jakarta", "ID", 106.85, -6.21, 24, 30, "in"], ["Surabaya", "ID", 112.75, -7.25, 18, 8, "in"],
  ["Manila", "PH", 120.98, 14.6, 17, 24, "en"], ["Bangkok", "TH", 100.5, 13.76, 30, 15, "th"], ["Kuala Lumpur", "MY", 101.69, 3.14, 15, 8, "en"],
  ["Singapore", "SG", 103.82, 1.35, 23, 6, "en"], ["Hanoi", "VN", 105.83, 21.03, 20, 8, "vi"], ["Delhi", "IN", 77.21, 28.61, 28, 32, "hi"],
  ["Mumbai", "IN", 72.88, 19.08, 26, 24, "hi"], ["Bengaluru", "IN", 77.59, 12.97, 22, 13, "en"], ["Kolkata", "IN", 88.36, 22.57, 15, 15, "en"],
  ["Karachi", "PK", 67, 24.86, 25, 16, "en"], ["Riyadh", "SA", 46.68, 24.71, 30, 12, "ar"], ["Jeddah", "SA", 39.17, 21.49, 20, 6, "ar"],
  ["Dubai", "AE", 55.27, 25.2, 30, 6, "ar"], ["Cairo", "EG", 31.24, 30.04, 22, 21, "ar"], ["Istanbul", "TR", 28.98, 41.01, 40, 25, "tr"],
  ["Ankara", "TR", 32.85, 39.92, 24, 8, "tr"], ["Lagos", "NG", 3.38, 6.52, 22, 20, "en"], ["Abuja", "NG", 7.4, 9.08, 16, 6, "en"],
  ["Accra", "GH", -0.19, 5.6, 12, 5, "en"], ["Nairobi", "KE", 36.82, -1.29, 18, 9, "en"], ["Johannesburg", "ZA", 28.05, -26.2, 30, 11, "en"],
  ["Cape Town", "ZA", 18.42, -33.92, 28, 6, "en"], ["London", "GB", -0.13, 51.51, 29, 26, "en"], ["Manchester", "GB", -2.24, 53.48, 9, 6, "en"],
  ["Paris", "FR", 2.35, 48.86, 8, 16, "fr"], ["Lyon", "FR", 4.84, 45.76, 6, 4, "fr"], ["Madrid", "ES", -3.7, 40.42, 18, 15, "es"],
  ["Barcelona", "ES", 2.17, 41.39, 9, 9, "es"], ["Lisbon", "PT", -9.14, 38.72, 8, 5, "pt"], ["Berlin", "DE", 13.4, 52.52, 24, 9, "de"],
  ["Munich", "DE", 11.58, 48.14, 13, 4, "de"], ["Rome", "IT", 12.5, 41.9, 24, 8, "it"], ["Milan", "IT", 9.19, 45.46, 9, 6, "it"],
  ["Amsterdam", "NL", 4.9, 52.37, 11, 5, "nl"], ["Warsaw", "PL", 21.01, 52.23, 15, 6, "pl"], ["Kyiv", "UA", 30.52, 50.45, 19, 7, "uk"],
  ["New York", "US", -74.01, 40.71, 31, 34, "en"], ["Los Angeles", "US", -118.24, 34.05, 42, 26, "en"], ["Chicago", "US", -87.63, 41.88, 26, 15, "en"],
  ["Houston", "US", -95.37, 29.76, 40, 13, "en"], ["Atlanta", "US", -84.39, 33.75, 18, 11, "en"], ["Miami", "US", -80.19, 25.76, 9, 8, "es"],
  ["Seattle", "US", -122.33, 47.61, 14, 7, "en"], ["Toronto", "CA", -79.38, 43.65, 26, 11, "en"], ["Mexico City", "MX", -99.13, 19.43, 29, 24, "es"],
  ["Bogotá", "CO", -74.07, 4.71, 22, 11, "es"], ["Lima", "PE", -77.04, -12.05, 28, 10, "es"], ["Santiago", "CL", -70.67, -33.45, 22, 8, "es"],
  ["Buenos Aires", "AR", -58.38, -34.6, 13, 17, "es"], ["São Paulo", "BR", -46.63, -23.55, 38, 28, "pt"], ["Rio de Janeiro", "BR", -43.17, -22.91, 34, 15, "pt"],
  ["Recife", "BR", -34.88, -8.05, 11, 6, "pt"], ["Sydney", "AU", 151.21, -33.87, 40, 8, "en"], ["Melbourne", "AU", 144.96, -37.81, 38, 6, "en"],
  ["Moscow", "RU", 37.62, 55.76, 36, 9, "ru"], ["Auckland", "NZ", 174.76, -36.85, 25, 3, "en"],
];
const TEXTS: Record<string, string[]> = {
  ja: ["今日の夕焼け、すごくきれい 🌇", "駅前の新しいパン屋さん、並んだ甲斐あった", "推しのライブまであと3日！ #カウントダウン"],
  ko: ["오늘 점심은 냉면 🍜 날씨가 너무 좋다", "드디어 주말! #주말그램"],
  in: ["Macet lagi di Sudirman, sabar ya semua", "Kopi pagi dulu ☕ baru kerja"],
  th: ["ฝนตกหนักมากวันนี้ รถติดทั้งเมือง", "กาแฟร้านนี้อร่อยมาก ☕"],
  vi: ["Phở sáng nay ngon quá 🍲", "Cuối tuần đi Hội An thôi!"],
  hi: ["आज की चाय सबसे अच्छी थी ☕", "बारिश के बाद शहर कितना सुंदर लगता है"],
  ar: ["صباح الخير من القاهرة ☀️", "أفضل قهوة في المدينة #قهوة", "المباراة الليلة لا تفوتوها"],
  tr: ["Vapurda simit keyfi 🥨", "Bugün trafik inanılmaz, metroya bindim"],
  fr: ["Le marché du dimanche, toujours un bonheur 🥖", "Quelqu’un a vu le match hier soir ?"],
  es: ["Qué atardecer tan bonito hoy 🌅", "Por fin lunes… dijo nadie nunca", "El café de la esquina sube otra vez 😅 #café"],
  pt: ["Que jogo foi esse?! ⚽🔥", "Bom dia com café coado e pão de queijo"],
  de: ["Endlich Sonne über der Stadt ☀️", "Die Bahn ist pünktlich. Ich wiederhole: pünktlich."],
  it: ["Tramonto sul Tevere, senza filtri", "Chi viene al concerto sabato? 🎶"],
  nl: ["Tegenwind heen én terug, hoe dan 🚲", "Mooie dag voor een rondje door de stad"],
  pl: ["Wreszcie weekend! Jedziemy w góry 🏔️", "Kawa, książka i deszcz za oknem"],
  uk: ["Доброго ранку, Києве ☀️", "Найкраща кава в місті — тут"],
  ru: ["Первый снег в этом году ❄️", "Кто-нибудь знает хорошую пекарню рядом?"],
  en: [
    "Coffee first, everything else later ☕", "Anyone else watching the match tonight? #football", "The bridge at sunset never gets old 🌉",
    "New post: what a year of cycling to work taught me https://t.co/a1b2c3d4e5", "Delays on the northern line again. Walk if you can!",
    "Grateful for small mornings and long walks with the dog, and for whoever invented banana bread. Back to work now.", "The queue for that new ramen place goes round the block. Worth it? 🍜",
  ],
};
const GIVEN = "Ada Amara Beatriz Chidi Clara Dmitri Elif Farid Giulia Hana Hugo Ines Jonas Kaito Lena Luca Maren Mina Noor Olek Priya Rafael Samir Selma Uma Yara Zoë".split(" ");
const FAMILY = "Abara Bianchi Castillo Chen Dubois Eriksen Fofana García Ivanova Kato Kowalski Moreau Nakamura Okafor Petrov Rossi Santos Tanaka Weber Yilmaz".split(" ");

const iso = (at: number): string => new Date(at).toISOString();

export interface LiveEvent {
  seq: number;
  kind: string;
  at: string;
  [field: string]: unknown;
}

interface Asked {
  lang?: string[];
  country?: string[];
  text?: string | null;
  bbox?: [number, number, number, number] | null;
  rules?: string[];
}

/** `#tags` and links in code points, as X counts. */
function entities(body: string): { start: number; end: number; url: string; display?: string }[] {
  return [...body.matchAll(/#[\p{L}\p{N}_]+|https:\/\/\S+/gu)].map((match) => {
    const start = [...body.slice(0, match.index)].length;
    const end = start + [...match[0]].length;
    if (match[0].startsWith("#")) return { start, end, url: `https://x.com/hashtag/${encodeURIComponent(match[0].slice(1))}` };
    return { start, end, url: match[0], display: "example.org/cycling" };
  });
}

export class LiveStream {
  state: "live" | "off" | "waiting" | "stopped" = "live";
  /** Pings are not answered. */
  mute = false;
  /** How many more connections are cut at once. */
  refuse = 0;
  /** What was heard from clients, newest last. */
  heard: string[] = [];
  readonly started = Date.now();
  private readonly next = random(11);
  private readonly sockets = new Map<Socket, { asked: Asked; sent: number }>();
  private events: LiveEvent[] = [];
  private seq = 0;
  private tweets = 0;
  private placed = 0;
  private timers: NodeJS.Timeout[] = [];
  private rate = 0;
  private carry = 0;
  private share = 0.36;

  /** The stand-in's time: its clock begins at NOW and runs. */
  now(): number {
    return NOW + Date.now() - this.started;
  }

  get viewers(): number {
    return this.sockets.size;
  }

  private id(): string {
    return String(1_790_000_000_000_000_000n + BigInt(this.seq) * 4_194_304n);
  }

  private pick<T>(list: T[]): T {
    return list[Math.floor(this.next() * list.length)];
  }

  private city(): (typeof CITIES)[number] {
    let left = this.next() * CITIES.reduce((sum, city) => sum + city[5], 0);
    return CITIES.find((city) => (left -= city[5]) < 0) ?? CITIES[0];
  }

  /** One more event; sent with the next flush. */
  push(event: Record<string, unknown> & { kind: string }): LiveEvent {
    this.seq += 1;
    const made = { seq: this.seq, at: iso(this.now()), ...event } as LiveEvent;
    this.events.push(made);
    if (this.events.length > WINDOW) this.events.splice(0, this.events.length - WINDOW);
    return made;
  }

  /** One more tweet, with a blip if it has a place; `own` replaces what is made up. */
  tweet(own: Record<string, unknown> = {}, place: Record<string, unknown> | null | undefined = undefined): LiveEvent {
    const city = this.city();
    const [name, country, lon, lat, reach, , lang] = city;
    const id = this.id();
    const given = this.pick(GIVEN);
    const family = this.pick(FAMILY);
    const roll = this.next();
    const type = roll < 0.56 ? "tweet" : roll < 0.78 ? "reply" : roll < 0.86 ? "quote" : "retweet";
    const refers = { reply: "replied_to", quote: "quoted", retweet: "retweeted" }[type as "reply"];
    const body = this.pick(TEXTS[lang] ?? TEXTS.en);
    const has = place === undefined ? this.next() < this.share : place !== null;
    const made = this.push({
      kind: "simple_tweet",
      id,
      author_id: String(7_000 + Math.floor(this.next() * 900)),
      username: `${given}_${family}`.normalize("NFD").replace(/[^\w]/g, "").toLowerCase().slice(0, 15),
      name: `${given} ${family}`,
      body,
      entities: entities(String(own.body ?? body)),
      created_at: iso(this.now() - 700),
      lang,
      ...(has ? { country } : {}),
      rules: [this.next() < 0.7 ? "everyday" : "sport"],
      ...(refers ? { refers: { type: refers, id: "1" } } : {}),
      ...own,
    });
    this.tweets += 1;
    if (!has) return made;
    this.placed += 1;
    const exact = this.next();
    const spread = (): number => ((this.next() + this.next() + this.next()) / 1.5 - 1) * (reach / 111);
    const where =
      exact < 0.25
        ? { precision: "exact", lon: lon + spread(), lat: lat + spread(), radius_m: 0, place: name }
        : exact < 0.8
          ? { precision: "place", lon, lat, radius_m: reach * 1000, place: name }
          : { precision: "country", lon, lat, radius_m: 900_000, place: country };
    this.push({ kind: "geo_blip", tweet_id: made.id, author_id: made.author_id, country, lang, type, ...where, ...place });
    return made;
  }

  private passes(event: LiveEvent, asked: Asked): boolean {
    if (event.kind === "notice") return true;
    const tweet = event.kind === "simple_tweet" ? event : this.events.find((one) => one.kind === "simple_tweet" && one.id === event.tweet_id);
    const words = (asked.text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const text = String(tweet?.body ?? "").toLowerCase();
    if (!words.every((word) => text.includes(word))) return false;
    if (asked.lang?.length && !asked.lang.includes(String(tweet?.lang))) return false;
    if (asked.country?.length && !asked.country.includes(String(event.country))) return false;
    if (asked.rules?.length && !asked.rules.some((rule) => (tweet?.rules as string[] | undefined)?.includes(rule))) return false;
    if (!asked.bbox) return true;
    const [west, south, east, north] = asked.bbox;
    const blip = event.kind === "geo_blip" ? event : this.events.find((one) => one.kind === "geo_blip" && one.tweet_id === event.id);
    const [lon, lat] = [Number(blip?.lon ?? NaN), Number(blip?.lat ?? NaN)];
    return lat >= south && lat <= north && (west <= east ? lon >= west && lon <= east : lon >= west || lon <= east);
  }

  floor(): number {
    return this.events[0]?.seq ?? this.seq + 1;
  }

  /** Sends what is new to everyone. */
  flush(): void {
    for (const [socket, state] of this.sockets) {
      if (state.sent >= this.seq) continue;
      const fresh = this.events.slice(-(this.seq - state.sent));
      this.sendEvents(socket, state.asked, state.sent + 1, fresh);
      state.sent = this.seq;
    }
  }

  private sendEvents(socket: Socket, asked: Asked, from: number, events: LiveEvent[]): void {
    const passing = events.filter((event) => this.passes(event, asked));
    socket.send(JSON.stringify({ t: "events", from, to: this.seq, events: passing }));
  }

  /** Numbers that will not come, to everyone. */
  gap(count: number, reason: string): void {
    const from = this.seq + 1;
    this.seq += count;
    for (const [socket, state] of this.sockets) {
      socket.send(JSON.stringify({ t: "gap", from, to: this.seq, reason }));
      state.sent = this.seq;
    }
  }

  status(): void {
    const text = JSON.stringify({
      t: "status", received: this.tweets, delivered: this.tweets, viewers: this.sockets.size, rate: this.state === "live" ? this.rate : 0,
      lag_ms: 940, stream: this.state, placed: [this.placed, this.tweets], session_usd: 0.42,
    });
    for (const socket of this.sockets.keys()) socket.send(text);
  }

  /** Tweets come by themselves from now on. */
  flow(rate: number, share = 0.36): void {
    this.rate = rate;
    this.share = share;
    this.stop();
    const step = 250;
    this.timers = [
      setInterval(() => {
        this.carry += (rate * step) / 1000;
        for (; this.carry >= 1; this.carry -= 1) this.tweet();
        this.flush();
      }, step),
      setInterval(() => this.status(), 1_000),
    ];
  }

  /** A past, so that there is something to rewind to. */
  past(count: number, perSecond: number, own: (index: number) => Record<string, unknown> = () => ({}), place: null | undefined = undefined): void {
    const begin = this.now() - (count / perSecond) * 1000;
    const from = this.events.length;
    for (let index = 0; index < count; index += 1) this.tweet(own(index), place);
    const made = this.events.slice(from);
    made.forEach((event, index) => {
      event.at = iso(begin + (index / made.length) * (count / perSecond) * 1000);
      if (event.created_at) event.created_at = event.at;
    });
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
  }

  /** Ends every connection; 0 pulls the cable. */
  drop(code = 0): void {
    for (const socket of [...this.sockets.keys()]) {
      if (code === 0) socket.cut();
      else socket.close(code);
    }
  }

  say(text: string): void {
    for (const socket of this.sockets.keys()) socket.send(text);
  }

  joined(socket: Socket): void {
    if (this.refuse > 0) {
      this.refuse -= 1;
      socket.cut();
      return;
    }
    this.sockets.set(socket, { asked: {}, sent: this.seq });
    socket.send(JSON.stringify({ t: "hello", protocol: 1, cursor: this.seq, floor: this.floor(), server_time: this.now() }));
    this.status();
  }

  left(socket: Socket): void {
    this.sockets.delete(socket);
  }

  hear(socket: Socket, text: string): void {
    this.heard.push(text);
    const state = this.sockets.get(socket);
    const message = JSON.parse(text) as { t: string; after?: number } & Asked;
    if (!state) return;
    if (message.t === "ping" && !this.mute) socket.send('{"t":"pong"}');
    if (message.t === "subscribe") state.asked = message;
    if (message.t !== "resume") return;
    const after = message.after ?? 0;
    const floor = this.floor();
    if (after + 1 < floor) socket.send(JSON.stringify({ t: "gap", from: after + 1, to: floor - 1, reason: "expired" }));
    const from = Math.max(after + 1, floor);
    if (from <= this.seq) this.sendEvents(socket, state.asked, from, this.events.filter((event) => event.seq >= from));
    state.sent = this.seq;
  }

  // --- what the API says of it ----------------------------------------------------------------

  private settings = {
    state: "on", mode: "filtered", track: ["coffee", "football"], follow: [] as string[], locations: [] as number[][], session_cap_usd: 1, month_cap_usd: 5,
    stop_without_viewers: true, fill_gaps: true, archive: false, archive_hours: 24, tries: null, filter_level: "none", stall_warnings: true,
  };
  private owned: { id: string; tag: string | null; [field: string]: unknown }[] = [
    { id: "11", value: "(coffee OR café) -is:retweet", tag: "everyday", origin: "track", estimate: { posts_7d: 12_400, usd_per_day: 8.86, at: iso(NOW) } },
    { id: "12", value: "football lang:en", tag: "sport", origin: "own", estimate: { posts_7d: 3_100, usd_per_day: 2.21, at: iso(NOW) } },
  ];

  stream(): unknown {
    const off = this.settings.state === "off";
    return {
      ...this.settings,
      connection: { state: off ? "off" : this.state, since: iso(NOW), last_byte: iso(NOW), retry_at: null, attempts: 0, why: this.state === "stopped" ? "X refused the token (401). Set X_BEARER_TOKEN and start again." : null },
      meter: { session_posts: 84, session_usd: 0.42, month_posts: 512, month_usd: 2.56, rate: this.rate },
      sample_granted: null,
      price: { post_usd: 0.005, count_usd: 0.005, posts_7d: 15_500, usd_per_day: 11.07 },
    };
  }

  change(body: Record<string, unknown>): unknown {
    Object.assign(this.settings, body);
    if (body.state) this.state = body.state === "on" ? "live" : "off";
    this.status();
    return this.stream();
  }

  rules(): unknown[] {
    return this.owned;
  }

  /** A rule, or null while its price is not accepted. */
  addRule(body: { value: string; tag: string | null; accept_usd_per_day: number | null }): unknown {
    if (body.accept_usd_per_day === null) return null;
    const rule = { id: String(20 + this.owned.length), value: body.value, tag: body.tag, origin: "own", estimate: { posts_7d: 12_400, usd_per_day: 8.9, at: iso(NOW) } };
    this.owned.push(rule);
    return rule;
  }

  deleteRules(ids: string[]): void {
    this.owned = this.owned.filter((rule) => !ids.includes(rule.id));
  }

  coverage(): unknown {
    const next = random(3);
    const minutes = Array.from({ length: 48 }, (_, index) => {
      const out = index === 33 ? 44 : index === 34 ? 20 : 0;
      const received = Math.round((560 + 120 * Math.sin(index / 5) + 60 * next()) * (1 - out / 60));
      return { at: iso(NOW - (48 - index) * 60_000), received, delivered: received, missed: index === 20 ? 96 : 0, disconnected_s: out, filled: index === 34 ? 31 : 0 };
    });
    const sum = (of: (minute: (typeof minutes)[number]) => number): number => minutes.reduce((all, minute) => all + of(minute), 0);
    return {
      minutes,
      totals: { received: sum((m) => m.received), delivered: sum((m) => m.delivered), missed: 96, disconnected_s: 64, filled: 31, share: 0.997 },
      gaps: [{ from: iso(NOW - 15 * 60_000 + 16_000), to: iso(NOW - 14 * 60_000 + 20_000), why: "X closed the connection" }],
    };
  }
}
