// X's archives as zips, of the shapes X's have and of those that people make of them. Owns: the
// scripts inside. Must not know: what the page makes of them. Everybody in them is invented.
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from "@zip.js/zip.js";

export const MADE = "2026-03-03T10:11:12.000Z";

/** What is in a zip: names and texts, or bytes. */
export type Files = Record<string, string | Uint8Array>;

export const script = (name: string, data: unknown): string => `window.YTD.${name} = ${JSON.stringify(data, null, 2)}`;

export interface Stated {
  kind: "follower" | "tweets" | "noteTweet";
  file: string;
  count: number;
}

/** `stated`: how many entries X says there are. */
export function manifest(accountId: string, { stated = [], partial = false, made = MADE }: { stated?: Stated[]; partial?: boolean; made?: string } = {}): string {
  const dataTypes: Record<string, { files: object[] }> = {};
  for (const { kind, file, count } of stated) {
    (dataTypes[kind] ??= { files: [] }).files.push({ fileName: file, globalName: "YTD.x.part0", count: String(count) });
  }
  const config = {
    userInfo: { accountId, userName: "tidewater", displayName: "Tide = Water" },
    archiveInfo: { sizeBytes: "123456", generationDate: made, isPartialArchive: partial, maxPartSizeBytes: "53687091200" },
    dataTypes,
  };
  return `window.__THAR_CONFIG = ${JSON.stringify(config, null, 2)}`;
}

export const person = (accountId: string): object => ({
  follower: { accountId, userLink: `https://twitter.com/intent/user?user_id=${accountId}` },
});

export const people = (...ids: string[]): string => script("follower.part0", ids.map(person));

/** A tweet as it stands in `tweets.js` since 2022, without the object around it. */
export const classic = (id: string, text = `Tweet ${id}`, more: object = {}): object => ({
  id_str: id,
  id,
  full_text: text,
  created_at: "Sat Sep 09 12:33:11 +0000 2023",
  favorite_count: "5",
  retweet_count: "1",
  entities: { urls: [], hashtags: [], symbols: [], user_mentions: [] },
  ...more,
});

export const tweets = (...ids: string[]): string => script("tweets.part0", ids.map((id) => ({ tweet: classic(id) })));

export interface Packing {
  zip64?: boolean;
  password?: string;
  /** Not compressed, so that a byte of a text is a byte of the zip. */
  stored?: boolean;
}

export async function zip(files: Files, { zip64 = false, password, stored = false }: Packing = {}): Promise<Buffer> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { zip64, password, level: stored ? 0 : 6 });
  for (const [name, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await writer.add(name, new Uint8ArrayReader(bytes));
  }
  return Buffer.from(await writer.close());
}

/** The same files under names that `rename` gives. */
export const renamed = (files: Files, rename: (name: string) => string): Files =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [rename(name), content]));

/** An archive broken by seed, and what is readable of its followers. */
export interface Broken {
  files: Files;
  /** Ascending; an entry beside them that cannot be read is counted. */
  ids: string[];
  unreadable: number;
  /** Somebody may be missing from the list. */
  doubt: boolean;
}

/** Numbers below `end`, the same for a seed everywhere (Mulberry32). */
function numbers(seed: number): (end: number) => number {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
}

/** Entries from which no id can be read, as they stand in the file. */
const UNREADABLE = ["null", "{}", '{"follower":{}}', '{"follower":{"accountId":1310630474755178497}}', '{"follower":{"accountId":"4","x":undefined}}', '"4"'];

export function broken(seed: number): Broken {
  const below = numbers(seed);
  const files: Files = { "data/tweets.js": tweets("1700000000000000003") };
  const [stated, ids]: [Stated[], string[]] = [[], []];
  const [counted, parts] = [below(2) === 0, 1 + below(3)];
  let [unreadable, doubt] = [0, false];
  for (let part = 0; part < parts; part += 1) {
    const file = part === 0 ? "data/follower.js" : `data/follower-part${part}.js`;
    const entries = Array.from({ length: 2 + below(12) }, () => {
      if (below(8) === 0) return UNREADABLE[below(UNREADABLE.length)];
      // No two alike: the number of those before stands in front.
      const id = String((1 + ids.length) * 1_000_003 + below(1_000));
      ids.push(id);
      return JSON.stringify(person(id));
    });
    unreadable += entries.filter((entry) => UNREADABLE.includes(entry)).length;
    stated.push({ kind: "follower", file, count: entries.length });
    const fate = below(8);
    const left = counted && fate === 0 ? entries.slice(1) : entries;
    const text = `window.YTD.follower.part${part} = [${left.join(below(2) === 0 ? ",\n  " : ",")}]`;
    doubt ||= left !== entries || fate === 1;
    files[file] = fate === 1 ? text.slice(0, 40 + below(text.length - 41)) : text;
  }
  files["data/manifest.js"] = manifest("12", { stated: counted ? stated : [] });
  ids.sort((one, other) => Number(one) - Number(other));
  return { files, ids, unreadable, doubt };
}
