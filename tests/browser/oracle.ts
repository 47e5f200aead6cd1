// What the page ought to say, worked out from the exported NDJSON alone. Owns: local days, who
// came and left in a range, what was observed. Must not know: the worker's code or its API's sums.
// It is slow and plain on purpose: two ways of counting that agree are evidence, one is a claim.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Without a schedule two lists may be this far apart. */
const LIMIT = 26 * HOUR;
const NEIGHBOURS = 7;

export type Interval = "hour" | "day" | "week" | "month";
export interface Range {
  from: number;
  to: number;
}
export interface Event {
  kind: string;
  user: { id: string; username: string; name: string };
  at: string;
  state: string | null;
  reason: string | null;
}
export interface Row {
  user: { id: string; username: string; name: string };
  following: boolean;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a zone's clocks show, as if it were UTC. */
export function local(zone: string, at: number): number {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
    clock = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...numeric });
    clocks.set(zone, clock);
  }
  const part = Object.fromEntries(clock.formatToParts(Math.floor(at / 1000) * 1000).map(({ type, value }) => [type, Number(value)]));
  const shown = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return shown + (((at % 1000) + 1000) % 1000);
}

/** The first instant at which a zone's clocks show this; every zone of the walk shows it. */
export function instant(zone: string, shown: number): number {
  const apart = [-DAY, DAY].map((day) => local(zone, shown + day) - (shown + day));
  const found = apart.map((offset) => shown - offset).filter((at) => local(zone, at) === shown);
  if (found.length === 0) throw new Error(`${zone} never shows ${new Date(shown).toISOString()}`);
  return Math.min(...found);
}

/** The local date as UTC midnight. */
export const dateOf = (zone: string, at: number): number => Math.floor(local(zone, at) / DAY) * DAY;
export const day = (text: string): number => Date.parse(`${text}T00:00:00Z`);
export const isoDay = (date: number): string => new Date(date).toISOString().slice(0, 10);

function monthStart(date: number, more = 0): number {
  const at = new Date(date);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + more, 1);
}

/** The range of a period as the page names it; `custom` has dates of its own. */
export function rangeOf(period: string, dates: [string, string] | null, zone: string, now: number, began: number): Range {
  const today = dateOf(zone, now);
  const span = (): [number, number] => {
    const back = (days: number): [number, number] => [today - days * DAY, today];
    if (dates) return [day(dates[0]), day(dates[1])];
    switch (period) {
      case "today": return back(0);
      case "yesterday": return [today - DAY, today - DAY];
      case "7d": return back(6);
      case "28d": return back(27);
      case "30d": return back(29);
      case "91d": return back(90);
      case "month": return [monthStart(today), today];
      case "last-month": return [monthStart(today, -1), monthStart(today) - DAY];
      case "year": return [Date.UTC(new Date(today).getUTCFullYear(), 0, 1), today];
      case "6mo": return [monthStart(today, -5), today];
      case "12mo": return [monthStart(today, -11), today];
      default: return [Math.min(dateOf(zone, began), today), today];
    }
  };
  const [first, last] = span();
  return { from: instant(zone, first), to: instant(zone, last + DAY) };
}

/** The range that it is held against, its end cut at the same part. */
export function rangeBefore({ from, to }: Range, year: boolean, zone: string, now: number): Range {
  const days = Math.round((dateOf(zone, to) - dateOf(zone, from)) / DAY);
  const shift = (at: number): number => {
    const shown = local(zone, at);
    if (!year) return instant(zone, shown - days * DAY);
    const date = new Date(shown);
    const [month, dayOfMonth] = [date.getUTCMonth(), date.getUTCDate()];
    const last = new Date(Date.UTC(date.getUTCFullYear() - 1, month + 1, 0)).getUTCDate();
    const moved = Date.UTC(date.getUTCFullYear() - 1, month, Math.min(dayOfMonth, last));
    return instant(zone, moved + (shown - Math.floor(shown / DAY) * DAY));
  };
  return { from: shift(from), to: now > from && now < to ? shift(now) : shift(to) };
}

/** The widths that the page offers for a range, its choice first. */
export function widths({ from, to }: Range): Interval[] {
  const days = Math.floor((to - from + DAY / 2) / DAY);
  if (days <= 1) return ["hour"];
  if (days <= 5) return ["day", "hour"];
  if (days <= 13) return ["day"];
  if (days <= 61) return ["day", "week"];
  if (days <= 130) return ["day", "week", "month"];
  if (days <= 730) return ["week", "month"];
  return ["month", "week"];
}

/** Where the buckets of a range begin, and where the last ends. */
export function edges({ from, to }: Range, interval: Interval, zone: string): number[] {
  if (interval === "hour") {
    const found = [];
    for (let at = from; at < to; at += HOUR) found.push(at);
    return [...found, to];
  }
  let date = dateOf(zone, from);
  if (interval === "week") date -= ((new Date(date).getUTCDay() + 6) % 7) * DAY;
  if (interval === "month") date = monthStart(date);
  const found = [instant(zone, date)];
  while (found[found.length - 1] < to) {
    date = interval === "month" ? monthStart(date, 1) : date + (interval === "week" ? 7 : 1) * DAY;
    found.push(instant(zone, date));
  }
  return found;
}

export interface Moves {
  came: number;
  left: number;
  returned: number;
  corrected: number;
  peopleCame: Set<string>;
  peopleLeft: Set<string>;
  reasons: Map<string, number>;
}

export interface Bucket extends Range {
  followers: number | null;
  came: number | null;
  left: number | null;
}

/** Everything exported, and the questions that the page answers. */
export class Oracle {
  readonly events: (Event & { time: number })[];
  readonly rows: Row[];
  /** When there is a list, ascending. */
  readonly lists: number[];
  /** Since when Roost has looked for itself; what lists of before showed could not be looked up. */
  readonly watched: number;
  private readonly limits: number[];

  constructor(events: Event[], rows: Row[], lists: number[], watched: number) {
    this.watched = watched;
    this.events = events.map((event) => ({ ...event, time: Date.parse(event.at) }));
    this.rows = rows;
    this.lists = [...lists].sort((one, other) => one - other);
    const apart = this.lists.slice(1).map((at, index) => at - this.lists[index]);
    const rhythm = (near: number[]): number => {
      const median = [...near].sort((one, other) => one - other)[Math.floor(near.length / 2)] ?? 0;
      return Math.min(median + Math.floor(median / 12), LIMIT);
    };
    this.limits = this.lists.map((_, at) =>
      Math.max(LIMIT, rhythm(apart.slice(Math.max(0, at - NEIGHBOURS), at)), rhythm(apart.slice(at + 1, at + 1 + NEIGHBOURS))),
    );
  }

  moves({ from, to }: Range): Moves {
    const found: Moves = { came: 0, left: 0, returned: 0, corrected: 0, peopleCame: new Set(), peopleLeft: new Set(), reasons: new Map() };
    for (const event of this.events) {
      if (event.time < from || event.time >= to) continue;
      if (event.kind === "followed" || event.kind === "returned") {
        found.came += 1;
        found.returned += event.kind === "returned" ? 1 : 0;
        found.peopleCame.add(event.user.id);
      } else if (event.kind === "lost" && event.state === "retracted") found.corrected += 1;
      else if (event.kind === "lost") {
        found.left += 1;
        found.peopleLeft.add(event.user.id);
        const known = event.reason ?? "unknown";
        const reason = known === "unknown" && event.time < this.watched ? "before" : known;
        found.reasons.set(reason, (found.reasons.get(reason) ?? 0) + 1);
      }
    }
    return found;
  }

  /** Followers by the last list before an instant: those of now, without what happened since. */
  followers(before: number): number {
    const now = this.rows.filter((row) => row.following).length;
    const since = this.moves({ from: before, to: Infinity });
    return now - since.came + since.left;
  }

  bucket(range: Range, width: number, now: number): Bucket {
    const end = Math.min(range.to, now);
    const limit = (Math.max(width, HOUR) * 15) / 10;
    const told = this.lists.some((at, index) => {
      const next = this.lists[index + 1];
      return next !== undefined && next - at <= limit && Math.min(next, end) > Math.max(at, range.from);
    });
    const listed = this.lists.some((at) => at >= range.from && at < range.to);
    if (!told && !listed) return { ...range, followers: null, came: null, left: null };
    const { came, left } = this.moves(range);
    return { ...range, followers: this.followers(range.to), came, left };
  }

  buckets(range: Range, interval: Interval, zone: string, now: number): Bucket[] {
    const all = edges(range, interval, zone);
    return all.slice(1).map((to, index) => {
      const cut = { from: Math.max(all[index], range.from), to: Math.min(to, range.to) };
      return this.bucket(cut, to - all[index], now);
    });
  }

  /** The share of a range up to now that was observed. */
  observed({ from, to }: Range, now: number): number {
    const end = Math.min(to, now);
    let seen = 0;
    this.lists.forEach((at, index) => {
      const next = this.lists[index + 1] ?? now;
      if (next - at <= this.limits[index]) seen += Math.max(0, Math.min(next, end) - Math.max(at, from));
    });
    return end > from ? seen / (end - from) : 0;
  }

  /** Whether two ranges were observed so alike that the page compares them. */
  comparable(one: Range, other: Range, now: number): boolean {
    const [a, b] = [this.observed(one, now) * 100, this.observed(other, now) * 100];
    return Math.min(a, b) >= 50 && Math.abs(a - b) <= 10;
  }
}
