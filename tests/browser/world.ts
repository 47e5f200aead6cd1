// A made-up account with 90 days of history, the same on every run. Owns: the data behind
// mock.ts, in the shapes of the API. Must not know: HTTP.

export const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Where the stand-in's clock stands. */
export const NOW = Date.parse("2026-11-21T10:30:00Z");
const FIRST = NOW - 90 * DAY;
const FOLLOWERS = 10_432;
/** X refused for a while: nothing was observed. */
const GAP = [Date.parse("2026-11-03T00:00:00Z"), Date.parse("2026-11-06T00:00:00Z")];

const iso = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

/** A small generator (mulberry32): good enough to look alive, and always the same. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const GIVEN = "Ada Amara Anselm Beatriz Bjørn Chidi Clara Dmitri Elif Esther Farid Freya Giulia Hana Hugo Ines Ivo Jonas Kaito Lena Leyla Luca Maren Mateo Mina Nadia Noor Olek Paula Priya Quentin Rafael Rosa Samir Selma Tomás Uma Viktor Wanda Yara Yusuf Zoë".split(" ");
const FAMILY = "Abara Albrecht Bianchi Castillo Chen Dubois Eriksen Fofana García Haddad Ivanova Jansen Kato Kowalski Lindqvist Marchetti Moreau Nakamura Okafor Petrov Quist Rossi Santos Tanaka Ueda Varga Weber Yilmaz Zhang".split(" ");
const PROFILES = ["Maps, bikes and slow coffee.", "Building small tools for small teams.", "Photographer. Mostly birds, sometimes people.", "Data by day, sourdough by night.", "", "Researcher, tides and coastlines."];

export type Filter = "new" | "left" | "returned" | "mutual" | "muted" | "mutual_left" | "not_back";
export type Sort = string;

export interface Person {
  id: string;
  username: string;
  name: string;
  avatar: string | null;
}

export interface Event {
  id: string;
  kind: "followed" | "lost" | "returned" | "renamed";
  user: Person;
  at: string;
  not_before: string | null;
  snapshot: string;
  state: "suspected" | "confirmed" | "retracted" | null;
  reason: string | null;
  confidence: string | null;
  how: string;
  muted: boolean;
  followers: number | null;
}

interface Follower {
  user: Person;
  followers: number;
  verified: string | null;
  protected: boolean;
  description: string | null;
  joined: string;
  since: string | null;
  last_change: string | null;
  following: boolean;
  mutual: boolean | null;
  muted: boolean;
  note: string | null;
  posts?: number;
  left?: { at: string; not_before: string | null; state: string | null; reason: string | null; confidence: string | null };
}

interface Scene {
  named: boolean;
  accounts: "one" | "none" | "counted";
  collector: "idle" | "checking" | "stopped";
  simulated: boolean;
  quiet: boolean;
  tweets: "on" | "off" | "many" | "stopped" | "first";
  following: boolean;
  push: "off" | "on" | "broken";
  money: "fine" | "capped" | "paused";
}

interface Change {
  verify?: boolean | null;
  muted?: boolean | null;
  note?: string | null;
  schedule?: string | null;
  monthly_cap_usd?: number | null;
}

/** Schedules with what 30 days and the first full check cost. */
const PRICES: [string, number, number][] = [
  ["manual", 0, 0],
  ["count_only", 0.3, 0],
  ["count_audit", 0.9, 0],
  ["push", 43.1, 0],
  ["daily", 312.9, 0],
  ["hourly", 312.9, 0],
];

export class World {
  private readonly people: Follower[] = [];
  private readonly events: Event[] = [];
  private schedule = "daily";
  private cap = 40;
  private looks = false;

  constructor() {
    const next = random(7);
    for (let index = 0; index < FOLLOWERS + 900; index += 1) this.people.push(this.person(index, next));
    this.history(next);
  }

  private person(index: number, next: () => number): Follower {
    const pick = <T>(list: T[]): T => list[Math.floor(next() * list.length)];
    const [given, family] = [pick(GIVEN), pick(FAMILY)];
    const plain = `${given}_${family}`.normalize("NFD").replace(/[^\w]/g, "").toLowerCase();
    const size = Math.floor(10 ** (1 + next() * 3.6));
    return {
      user: { id: String(1_000_000_007 + index * 7_919), username: `${plain}${index % 97}`, name: `${given} ${family}`, avatar: null },
      followers: size,
      verified: next() < 0.06 ? "blue" : null,
      protected: next() < 0.04,
      description: pick(PROFILES) || null,
      joined: iso(FIRST - Math.floor(next() * 3_000) * DAY),
      since: null,
      last_change: null,
      following: true,
      mutual: next() < 0.12,
      muted: false,
      note: null,
    };
  }

  /** Hourly checks from the first day on; people come and go, but not in the gap. */
  private history(next: () => number): void {
    let fresh = FOLLOWERS - 700;
    let leaving = 0;
    for (let at = FIRST + DAY; at <= NOW; at += HOUR) {
      const check = at - (at % HOUR);
      if (check >= GAP[0] && check < GAP[1]) continue;
      const wave = 1 + 0.5 * Math.sin(check / DAY / 3);
      if (next() < 0.36 * wave && fresh < this.people.length) this.add("followed", this.people[fresh++], check, next);
      if (next() < 0.02 && leaving > 40) this.add("returned", this.people[(leaving - 30) * 11], check, next);
      if (next() < 0.26 / wave) this.add("lost", this.people[leaving++ * 11], check, next);
    }
    for (const rest of this.people.slice(fresh)) rest.following = false;
    this.events.reverse();
  }

  private add(kind: Event["kind"], follower: Follower | undefined, check: number, next: () => number): void {
    if (!follower) return;
    const at = iso(check);
    const lost = kind === "lost";
    const recent = NOW - check < 5 * HOUR;
    const state = recent ? "suspected" : next() < 0.06 ? "retracted" : "confirmed";
    const roll = next();
    const reason = recent ? "unknown" : roll < 0.66 ? "unfollowed" : roll < 0.82 ? "gone" : roll < 0.92 ? "suspended" : "unknown";
    const still = kind !== "lost" || state === "retracted";
    follower.following = still;
    follower.last_change = at;
    if (kind !== "lost") follower.since = at;
    this.events.push({
      id: `${at}:${kind}:${follower.user.id}`,
      kind,
      user: follower.user,
      at,
      not_before: iso(check - HOUR),
      snapshot: `FOLLOWERS_${at}.json.gz`,
      state: lost ? state : null,
      reason: lost ? reason : null,
      confidence: lost ? (reason === "unfollowed" ? "likely" : reason === "unknown" ? "unknown" : "certain") : null,
      how: lost && reason !== "unfollowed" && !recent ? "lookup" : "crawl",
      muted: false,
      followers: follower.followers,
    });
  }

  /** Newest first. */
  eventsBetween(from: number, to: number): Event[] {
    return this.events.filter((event) => Date.parse(event.at) >= from && Date.parse(event.at) < to);
  }

  private net(from: number, to: number): { gained: number; lost: number; gone: number; returned: number; events: Event[] } {
    const events = this.eventsBetween(from, to);
    const of = (test: (event: Event) => boolean): number => events.filter(test).length;
    return {
      gone: of((event) => event.kind === "lost" && event.state !== "retracted" && (event.reason === "gone" || event.reason === "suspended")),
      gained: of((event) => event.kind === "followed" || event.kind === "returned"),
      lost: of((event) => event.kind === "lost" && event.state !== "retracted"),
      returned: of((event) => event.kind === "returned"),
      events,
    };
  }

  private points(from: number, to: number, interval: string, counted: boolean): object[] {
    const step = interval === "hour" ? HOUR : interval === "week" ? 7 * DAY : interval === "month" ? 30 * DAY : DAY;
    const points = [];
    for (let at = from; at < to; at += step) {
      const end = Math.min(at + step, to);
      const passed = Math.min(end, NOW) - at;
      const unseen = Math.max(0, Math.min(end, NOW, GAP[1]) - Math.max(at, GAP[0])) + Math.max(0, Math.min(end, NOW, FIRST + DAY) - at);
      const covered = passed > 0 ? Math.max(0, 1 - unseen / passed) : 0;
      const known = covered > 0 && !counted;
      const { gained, lost, gone } = this.net(at, end);
      const after = this.net(end, NOW + 1);
      const followers = FOLLOWERS - (after.gained - after.lost);
      const odd = known && Math.floor(at / DAY) % 9 === 4 ? -2 : 0;
      points.push({
        at: iso(at),
        followers: known ? followers : null,
        gained: known ? gained : null,
        lost: known ? lost : null,
        gone: known ? gone : null,
        net: known ? gained - lost : null,
        x_count: passed > 0 && (known || counted) ? followers + 3 : null,
        unexplained: known ? odd : null,
        covered,
        partial: end > NOW,
      });
    }
    return points;
  }

  series(from: number, to: number, interval: string, compare: string | null, scene: Scene): object {
    const counted = scene.accounts === "counted";
    const people = (events: Event[], kinds: string[]): number =>
      new Set(events.filter((event) => kinds.includes(event.kind) && event.state !== "retracted").map((event) => event.user.id)).size;
    const totals = (one: number, other: number): object => {
      const since = iso(Math.max(one, FIRST));
      const seen = { observed: this.coverage(one, other).observed, unexplained_since: since };
      if (other <= FIRST) return { gained: 0, lost: 0, returned: 0, net: 0, unexplained: null, ...seen, unexplained_since: null };
      const { gained, lost, returned, events } = this.net(one, other);
      const after = this.net(other, NOW + 1);
      const followers = FOLLOWERS - (after.gained - after.lost);
      if (scene.quiet || counted) return { gained: 0, lost: 0, returned: 0, net: 0, unexplained: 0, ...seen, followers, change: 0, since };
      const different = { people_came: people(events, ["followed", "returned"]), people_left: people(events, ["lost"]) };
      return { gained, lost, returned, net: gained - lost, unexplained: -7, ...seen, ...different, followers, change: gained - lost, since };
    };
    const shift = compare === "year" ? 365 * DAY : to - from;
    const then = [from - shift, Math.min(to, Math.max(NOW, from)) - shift] as const;
    const losses = scene.quiet || counted ? [] : this.net(from, to).events.filter((event) => event.kind === "lost");
    const counts = new Map<string, number>();
    for (const event of losses) {
      if (event.state !== "retracted") counts.set(event.reason ?? "unknown", (counts.get(event.reason ?? "unknown") ?? 0) + 1);
    }
    return {
      tz: "UTC",
      interval,
      points: this.points(from, to, interval, counted),
      compare: compare && !counted ? this.points(...then, interval, false) : null,
      totals: totals(from, to),
      compare_totals: compare ? totals(...then) : null,
      compare_to: compare ? iso(then[1]) : null,
      comparable: compare !== null && !counted && Math.abs(this.coverage(from, to).observed - this.coverage(...then).observed) <= 0.1,
      reasons: [...counts].map(([reason, count]) => ({ reason, count })),
      retracted: losses.filter((event) => event.state === "retracted").length,
      suspected: losses.filter((event) => event.state === "suspected").length,
    };
  }

  coverage(from: number, to: number): { from: string; to: string; observed: number; spans: object[] } {
    const end = Math.min(to, NOW);
    const edges: [number, number, string, string | null][] = [
      [Math.min(from, FIRST), FIRST, "gap", "Not tracked yet."],
      [FIRST, GAP[0], "observed", null],
      [GAP[0], GAP[1], "gap", "X refused (credits)"],
      [GAP[1], end, "observed", null],
    ];
    const spans = edges
      .map(([one, other, state, reason]) => ({ from: Math.max(one, from), to: Math.min(other, end), state, reason }))
      .filter((span) => span.from < span.to);
    const seen = spans.filter((span) => span.state === "observed").reduce((sum, span) => sum + span.to - span.from, 0);
    return {
      from: iso(from),
      to: iso(end),
      observed: seen / (end - from),
      spans: spans.map((span) => ({ ...span, from: iso(span.from), to: iso(span.to) })),
    };
  }

  followers(ask: { query: string; filter: Filter | null; sort: Sort; from: number; to: number; narrow: URLSearchParams }): Follower[] {
    const ids = (kind: string): Set<string> =>
      new Set(this.eventsBetween(ask.from, ask.to).filter((event) => event.kind === kind && event.state !== "retracted").map((event) => event.user.id));
    let rows = this.people;
    if (ask.filter === "new") rows = rows.filter((row) => ids("followed").has(row.user.id));
    else if (ask.filter === "left" || ask.filter === "mutual_left") {
      const left = ids("lost");
      rows = rows.filter((row) => left.has(row.user.id) && (row.mutual || ask.filter === "left"));
    } else if (ask.filter === "not_back") rows = rows.filter((row) => row.mutual && !row.following);
    else if (ask.filter === "returned") {
      const back = ids("returned");
      rows = rows.filter((row) => back.has(row.user.id));
    } else rows = rows.filter((row) => row.following);
    if (ask.filter === "mutual") rows = rows.filter((row) => row.mutual);
    if (ask.filter === "muted") rows = rows.filter((row) => row.muted);
    const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const words = fold(ask.query).split(/\s+/).filter(Boolean);
    rows = rows.filter((row) => words.every((word) => fold(`${row.user.name} ${row.user.username} ${row.note ?? ""}`).includes(word)));
    if (ask.filter === "left" || ask.filter === "mutual_left") rows = this.leavers(rows, ask);
    const key = ask.sort.replace(/^-/, "");
    const sign = ask.sort.startsWith("-") ? -1 : 1;
    const value = (row: Follower): string | number =>
      key === "name" ? row.user.name : key === "followers" ? row.followers : key === "left" ? (row.left?.at ?? "") : key === "changed" ? (row.last_change ?? "") : (row.since ?? "");
    return [...rows].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      return sign * (a < b ? -1 : a > b ? 1 : 0);
    });
  }

  /** Who left, each with how, narrowed as it was asked. */
  private leavers(rows: Follower[], ask: { to: number; narrow: URLSearchParams }): Follower[] {
    const told = rows.map((row) => {
      const lost = this.events.find((event) => event.user.id === row.user.id && event.kind === "lost" && Date.parse(event.at) < ask.to);
      const { at, not_before, state, reason, confidence } = lost ?? this.events[0];
      return { ...row, posts: row.followers % 60, left: { at, not_before, state, reason, confidence } };
    });
    const [reason, least] = [ask.narrow.get("reason"), Number(ask.narrow.get("followers_min") ?? 0)];
    return told.filter(
      (row) =>
        (reason === null || row.left.reason === reason) &&
        row.followers >= least &&
        (ask.narrow.get("mutual") !== "true" || row.mutual) &&
        (ask.narrow.get("inactive") !== "true" || row.posts < (NOW - Date.parse(row.joined)) / (30 * DAY)),
    );
  }

  detail(id: string): object | null {
    const follower = this.people.find((row) => row.user.id === id);
    if (follower === undefined) return null;
    return { ...follower, profile_at: iso(NOW - 9 * HOUR), events: this.events.filter((event) => event.user.id === id) };
  }

  changePerson(id: string, change: Change): object {
    const follower = this.people.find((row) => row.user.id === id);
    if (follower && typeof change.muted === "boolean") follower.muted = change.muted;
    if (follower && typeof change.note === "string") follower.note = change.note || null;
    return follower ?? {};
  }

  changeAccount(change: Change, scene: Scene): object {
    this.schedule = change.schedule ?? this.schedule;
    this.cap = change.monthly_cap_usd ?? this.cap;
    this.looks = change.verify ?? this.looks;
    return this.accounts(scene)[0];
  }

  accounts(scene: Scene): object[] {
    if (scene.accounts === "none") return [];
    const listed = scene.accounts === "one";
    const stopped = scene.collector === "stopped";
    return [
      {
        id: "12",
        username: scene.named ? "tidewater" : "",
        name: "Tidewater Studio",
        avatar: null,
        upstream: scene.simulated ? "http://127.0.0.1:9801" : "https://api.x.com",
        simulated: scene.simulated,
        owned: true,
        schedule: listed ? this.schedule : "count_only",
        monthly_cap_usd: this.cap,
        spent_month_usd: 6.42,
        followers: listed ? FOLLOWERS : null,
        x_count: FOLLOWERS + 3,
        x_count_at: iso(NOW - 12 * 60_000),
        created_at: iso(FIRST),
        first_snapshot: listed ? iso(FIRST) : null,
        collector: {
          state: scene.collector,
          reason: stopped ? "credits: X wants to be paid before it answers again." : null,
          run: scene.collector === "checking" ? "r-1" : null,
          read: scene.collector === "checking" ? 4_280 : null,
          expected: scene.collector === "checking" ? FOLLOWERS : null,
          last_check: listed ? iso(NOW - 12 * 60_000) : null,
          last_read: iso(NOW - 12 * 60_000),
          next_check: stopped ? null : iso(NOW + 15 * HOUR + 30 * 60_000),
        },
        tweets: this.reading(scene),
        following: {
          on: scene.following,
          state: "idle",
          following: 412,
          blocked: scene.following ? 7 : null,
          last_read: scene.following ? iso(NOW - 30 * HOUR) : null,
          next_read: scene.following ? iso(NOW + 138 * HOUR) : null,
          following_usd: 0.001,
          block_usd: 0.001,
          once_usd: 0.42,
          month_usd: 1.8,
        },
        verify: { on: this.looks, state: "idle", reason: null, run: null, due: this.looks ? 3 : 0, next_look: null, look_usd: 0.01, month_usd: 2.4 },
        daily_cap_usd: null,
        schedule_prices: PRICES.map(([schedule, month_usd, first_usd]) => ({ schedule, month_usd, first_usd, what: "" })),
        push: { state: scene.push, reason: null, last_event: null },
        prices: { follower_usd: 0.001, profile_usd: 0.01, full_check_usd: 10.43, certain: true },
      },
    ];
  }

  private reading(scene: Scene): object {
    const on = scene.tweets !== "off";
    const stopped = scene.tweets === "stopped";
    return {
      on,
      state: stopped ? "stopped" : scene.tweets === "first" ? "checking" : "idle",
      reason: stopped ? "credits: X wants to be paid before it answers again." : null,
      run: scene.tweets === "first" ? "r-1" : null,
      known: !on ? 0 : scene.tweets === "many" ? 10_000 : 240,
      last_read: on ? iso(NOW - 30 * 60_000) : null,
      next_read: on && !stopped ? iso(NOW + 30 * 60_000) : null,
      complete: on && scene.tweets !== "first",
      month_usd: 2.79,
      first_usd: on && scene.tweets !== "first" ? 0 : 3.2,
    };
  }

  status(simulated: boolean): object {
    return {
      now: iso(NOW),
      version: "0.1.0",
      simulated,
      collector: { accounts: 1, checking: 0, stopped: 0, last_check: iso(NOW - 12 * 60_000), last_tick: iso(NOW - 30 * 60_000) },
      stream: { state: "off", since: null, last_byte: null },
      live: { viewers: 0, events_by_kind: {}, sent_messages: 0, malformed: 0, hydrator_failures: {}, skipped: 0 },
      quotas: {},
    };
  }

  setup(simulated: boolean): object {
    return {
      bearer: false,
      owner: true,
      owner_id: "12",
      upstream: "https://api.x.com",
      simulated,
      owned_follower_usd: 0.001,
      follower_usd: 0.01,
      profile_usd: 0.01,
      default_cap_usd: 5,
    };
  }

  push({ push }: Scene): object {
    const on = push === "on";
    return {
      state: push,
      reason: push === "broken" ? "this address cannot be reached from X" : null,
      since: on ? iso(NOW - 50 * HOUR) : null,
      url: on ? "https://roost.example/hooks/x" : null,
      events: on ? ["follow.follow", "follow.unfollow"] : [],
      last_event: on ? iso(NOW - 3 * 60_000) : null,
      taken: on ? 214 : 0,
      event_usd: 0.01,
      month_usd: 3.1,
      audit: on ? { at: iso(NOW - 12 * 60_000), not_before: iso(NOW - 24 * HOUR), told: 12, missed_came: 0, missed_left: 2, contradicted: 0 } : null,
    };
  }

  budget({ money }: Scene): object {
    return {
      month: "2026-11",
      cap_usd: null,
      spent_usd: 6.42,
      forecast_usd: 9.6,
      keep_unused: 1,
      by_resource: [
        { resource: "owned_follower", count: 5_980, repeats: 31_220, usd: 5.98 },
        { resource: "user", count: 44, repeats: 12, usd: 0.44 },
      ],
      spent_today_usd: 0.31,
      day_cap_usd: null,
      keep_unused_percent: null,
      paused: money === "paused" ? { since: iso(NOW - 2 * HOUR), until: iso(NOW + 10 * HOUR), why: "X's credits are used up" } : null,
      by_feature: [
        { feature: "followers", usd: 5.98, today_usd: 0.3 },
        { feature: "verification", usd: 0.44, today_usd: 0.01 },
      ],
      accounts: [
        {
          account: "12",
          cap_usd: this.cap,
          spent_usd: 6.42,
          halted: money === "capped" ? { why: "the monthly limit of $10 is reached", goes_on: iso(Date.parse("2026-12-01T00:00:00Z")) } : null,
        },
      ],
      quotas: {},
    };
  }

  runs(): object[] {
    const run = (index: number, what: string, trigger: string, state: string, counts: object, detail: string | null): object => {
      const started = NOW - 12 * 60_000 - index * 7 * HOUR;
      const error = detail && { type: "/docs/api#x", title: "X refused", status: 402, detail, request_id: "req-11" };
      return { id: `r-${index}`, trigger, what, account: "12", state, started: iso(started), ended: iso(started + 94_000), duration_ms: 94_000, error, counts };
    };
    return [
      run(0, "crawl", "cron", "done", { pages: 11, followers: 10_432, gained: 9, lost: 4, retries: 1 }, null),
      run(1, "import", "fetch", "done", { followers: 10_427, gained: 3, lost: 2 }, null),
      run(2, "crawl", "cron", "quarantined", { pages: 4, followers: 3_910 }, "3,910 of about 10,430 followers came"),
      run(3, "crawl", "cron", "failed", { pages: 2, retries: 4 }, "X refused: the credits of this app are used up. Buy credits in X's developer console"),
      run(4, "count", "cron", "done", {}, null),
    ];
  }

  /** Places for notices. */
  alerts: Record<string, unknown>[] = [];

  addAlert(body: Record<string, unknown>): object {
    const made = {
      id: `a${this.alerts.length + 1}`,
      name: "",
      destination: String(body.destination ?? "").split("/")[2] ?? "",
      state: "on",
      reason: null,
      accounts: [],
      min_followers: 0,
      empty_digests: false,
      created_at: iso(NOW),
      last_sent: null,
      next_due: null,
      waiting: 0,
      dead: 0,
      unknown: 0,
      ...Object.fromEntries(Object.entries(body).filter(([name, value]) => name !== "destination" && name !== "token" && value !== null)),
    };
    this.alerts.push(made);
    return { ...made, secret: body.kind === "webhook" ? "planted-signing-key" : null, feed: body.kind === "feed" ? "/feeds/planted.atom" : null };
  }

  changeAlert(id: string, body: Record<string, unknown>): object {
    const found = this.alerts.find((one) => one.id === id) ?? {};
    return Object.assign(found, Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
  }

  alertLog(): object[] {
    const message = (id: string, state: string, error: string | null): object => ({
      id,
      kind: "news",
      state,
      title: "12 people left @tidewater",
      count: 12,
      created_at: iso(NOW - HOUR),
      due: null,
      sent_at: state === "sent" ? iso(NOW - HOUR) : null,
      attempts: 1,
      error,
    });
    return [message("m3", "dead", "discord.com answered 404"), message("m2", "unknown", null), message("m1", "sent", null)];
  }

  /** Keys for X: `set` names those that are there, `ended` a sign-in that X ended. */
  credentials({ keys }: { keys: string[] }): { items: { name: string }[]; steps: { id: string; title: string; text: string; url: string }[] } {
    const item = (name: string, what: string, more: object = {}) => {
      const there = keys.includes(name);
      const state = there ? "ready" : "missing";
      const source = there ? "stored" : null;
      const stored_at = there ? new Date(NOW - 3 * HOUR).toISOString() : null;
      const none = { overridden: false, account: null, username: null, scopes: [], renewed_at: null, expires: null, checked_at: null, problem: null, todo: null, step: null };
      return { name, what, state, source, stored_at, ...none, ...more };
    };
    const items = [
      item("bearer", "Opens the stream, and reads other people's accounts."),
      item("owner", "Reads your own account at the own-account price."),
      item("client", "Lets accounts sign in."),
    ];
    if (keys.includes("user-12")) items.push(item("user-12", "Reads this account.", { account: "12", username: "tidewater", expires: new Date(NOW + HOUR).toISOString() }));
    if (keys.includes("ended")) {
      const more = { state: "ended", source: "stored", account: "13", username: "ebb", problem: "X ended this sign-in.", todo: "Sign in again.", step: "sign-in" };
      items.push(item("user-13", "Reads this account.", more));
    }
    const step = (id: string, title: string): { id: string; title: string; text: string; url: string } => ({ id, title, text: `What to do about “${title}”.`, url: "https://console.x.com" });
    return {
      can_store: true,
      storing: null,
      callback: "https://roost.example/auth/x/callback",
      sign_in: null,
      check_usd: keys.length > 0 ? 0.01 : 0,
      items,
      steps: [step("account", "Open a developer account"), step("app", "Make an app"), step("sign-in", "Switch on OAuth 2.0")],
    } as never;
  }

  snapshots(): object[] {
    return Array.from({ length: 40 }, (_, index) => {
      const at = iso(NOW - 12 * 60_000 - index * DAY);
      const aside = index === 2;
      return {
        name: `FOLLOWERS_${at}.json.gz`,
        kind: "followers",
        at,
        bytes: aside ? 412_300 : 1_431_200 - index * 900,
        count: aside ? 3_910 : FOLLOWERS - index * 3,
        state: aside ? "quarantined" : "accepted",
        reason: aside ? "3,910 of about 10,430 followers came" : null,
        etag: `"e${index}"`,
        run: `r-${index}`,
      };
    });
  }
}
