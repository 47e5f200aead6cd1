// Bulk look-ups of the stand-in: half of the people a question, so that whoever asks sees one run.
// Owns: their numbers and their results. Must not know: HTTP.
import { NOW } from "./world.ts";

const HOUR = 3_600_000;
const PRICE = 0.01;
const iso = (at: number): string => new Date(at).toISOString().replace(".000Z", "Z");

interface NewLookup {
  ids: string[];
  usernames: string[];
  start: boolean | null;
}

interface Lookup {
  id: string;
  by: "ids" | "usernames";
  people: number;
  done: number;
  classes: Record<string, number>;
  state: "running" | "done" | "failed";
  reason: string | null;
  waits_until: string | null;
  started: string;
  ended: string | null;
  expires: string | null;
  usd: number;
  spent_usd: number;
}

export class Lookups {
  items: Lookup[] = [];
  /** There are no keys to ask X with. */
  refuse = false;
  private readonly names = new Map<string, string[]>();

  /** One that ended, one that was ended by X, one that waits. */
  fill(): void {
    const old = (id: string, by: Lookup["by"], people: number, more: Partial<Lookup>): Lookup => ({
      id,
      by,
      people,
      done: people,
      classes: { found: people - 20, suspended: 3, missing: 15, protected: 2 },
      state: "done",
      reason: null,
      waits_until: null,
      started: iso(NOW - 26 * HOUR),
      ended: iso(NOW - 25 * HOUR),
      expires: iso(NOW + 143 * HOUR),
      usd: people * PRICE,
      spent_usd: (people - 20) * PRICE,
      ...more,
    });
    const open = { ended: null, expires: null, state: "running" as const };
    this.items = [
      old("l3", "usernames", 1_200, { ...open, done: 400, classes: { found: 388, missing: 12 }, started: iso(NOW - HOUR), spent_usd: 3.88, reason: "The day's limit of $5 is reached", waits_until: iso(NOW + 14 * HOUR) }),
      old("l2", "usernames", 96, { state: "failed", done: 0, classes: {}, spent_usd: 0, reason: "Unauthorized: X took none of the keys. Set them anew" }),
      old("l1", "ids", 9_840, {}),
    ];
  }

  /** What it costs, or the look-up that now runs. */
  start(body: NewLookup): object {
    const by = body.ids.length > 0 ? "ids" : "usernames";
    const names = body[by];
    const told = { run: null as string | null, people: names.length, calls: Math.ceil(names.length / 100), usd: names.length * PRICE };
    if (body.start === false) return told;
    const id = `l${this.items.length + 4}`;
    this.names.set(id, names);
    this.items.unshift({
      id,
      by,
      people: names.length,
      done: 0,
      classes: {},
      state: "running",
      reason: null,
      waits_until: null,
      started: iso(NOW),
      ended: null,
      expires: null,
      usd: told.usd,
      spent_usd: 0,
    });
    return { ...told, run: id };
  }

  /** One of them; what runs has come further. The last person of each is not on X. */
  one(id: string): Lookup | undefined {
    const found = this.items.find((one) => one.id === id);
    if (found?.state === "running" && !found.waits_until) {
      found.done = Math.min(found.people, found.done + Math.ceil(found.people / 2));
      const missing = found.done === found.people ? 1 : 0;
      found.classes = { found: found.done - missing, ...(missing ? { missing } : {}) };
      found.spent_usd = (found.done - missing) * PRICE;
      if (missing) Object.assign(found, { state: "done", ended: iso(NOW), expires: iso(NOW + 168 * HOUR) });
    }
    return found;
  }

  /** Lines of JSON; one name is what a spreadsheet would run. */
  result(id: string): string {
    const names = this.names.get(id) ?? [];
    const line = (key: string, index: number): object =>
      index === names.length - 1
        ? { key, class: "missing" }
        : {
            key,
            class: "found",
            id: String(2_244_994_945 + index),
            profile: { id: String(2_244_994_945 + index), username: key, name: '=1+1, "Ada"', description: "one\ntwo", public_metrics: { followers_count: 12, following_count: 3, tweet_count: 7 } },
          };
    return names.map((key, index) => `${JSON.stringify(line(key, index))}\n`).join("");
  }

  delete(id: string): void {
    this.items = this.items.filter((one) => one.id !== id);
  }
}
