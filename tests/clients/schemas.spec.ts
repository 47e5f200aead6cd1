// Every answer of the simulator against X's own description (x-2.166.json, made by extract.ts): each
// operation with each documented value of each parameter, alone and in seeded mixtures, in the dialect
// that the description speaks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../e2e/runtime.ts";
import { Simulator } from "../e2e/simulator.ts";
import { load } from "./javascript.ts";
import { WORLD } from "./python.ts";

interface Parameter {
  name: string;
  in: "query" | "path";
  required?: boolean;
  values?: string[];
  minimum?: number;
  maximum?: number;
}

interface Operation {
  operation: string;
  app: boolean;
  parameters: (string | Parameter)[];
  answers: Record<string, object>;
}

const text = readFileSync(join(ROOT, "tests/clients/x-2.166.json"), "utf8");
const document = JSON.parse(text) as {
  parameters: Record<string, Parameter>;
  operations: Operation[];
  problems: Record<string, string>;
  $defs: object;
};
/** Mixtures of parameters per operation. */
const MIXTURES = 12;

const { default: Ajv } = load("ajv");
const { default: addFormats } = load("ajv-formats");
// X's formats for numbers and identifiers are no formats of JSON Schema.
const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
addFormats(ajv);
ajv.addSchema({ $id: "x", $defs: document.$defs });

const compiled = new Map<string, any>();

/** What an answer says that its schema does not allow. */
function wrongs(schema: object, body: unknown): string[] {
  const named = JSON.stringify(schema).replaceAll("#/$defs/", "x#/$defs/");
  const validate = compiled.get(named) ?? ajv.compile(JSON.parse(named));
  compiled.set(named, validate);
  return validate(body) ? [] : validate.errors.map((error: any) => `${error.instancePath} ${error.message}`);
}

/** The same for each entry of `errors`, by the schema that its type names. */
function wrongProblems(body: any): string[] {
  return (body.errors ?? []).flatMap((error: any) => {
    const name = document.problems[String(error.type).split("/").at(-1)!];
    return name ? wrongs({ $ref: `#/$defs/${name}` }, error).map((why) => `${name}${why}`) : [];
  });
}

/** Numbers from a seed, the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const simulator = await Simulator.start(WORLD);
const bearers = { app: "sim-bearer", user: "sim-user" };

async function call(method: string, path: string, app: boolean, body?: unknown) {
  const answer = await fetch(simulator.url + path, {
    method,
    headers: { authorization: `Bearer ${app ? bearers.app : bearers.user}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json().catch(() => undefined) };
}

const own = (await call("GET", "/2/users/12/tweets?max_results=100", false)).body.data.map((one: any) => one.id);
const found = await call("GET", "/2/tweets/search/recent?query=the%20is:quote&max_results=50&tweet.fields=referenced_tweets", true);
const quoted = found.body.data.map((one: any) => one.referenced_tweets[0].id);
await call("POST", "/2/tweets/search/stream/rules", true, { add: [{ value: "the", tag: "english" }, { value: "cat" }] });

/** What the parameters that name things may be. */
function sample(operation: string, name: string): string[] {
  const day = (n: number) => new Date(Date.parse(WORLD.now!) - n * 86_400_000).toISOString();
  switch (name) {
    case "id":
      if (/blocking|muting/.test(operation)) return ["12"];
      return operation.includes("/tweets/{id}") ? [own[0], own[7], quoted[0], quoted[3], "9"] : ["12", "13", "9"];
    case "ids":
      if (operation.includes("rules")) return ["1"];
      return operation.includes("/tweets") ? [own.slice(0, 40).join(), [own[1], "9"].join()] : ["12,13", "12,9"];
    case "usernames": return ["solvej,marit", "solvej,nobody_at_all"];
    case "username": return ["solvej", "nobody_at_all"];
    case "query": return ["the", "cat OR dog"];
    case "start_time": return [day(2)];
    case "end_time": return [day(1)];
    case "exclude": return ["replies", "retweets", "replies,retweets"];
    case "endpoints": return ["filtered_stream"];
    default: return [];
  }
}

/** Parameters that are left out: a token is one of a page before, and the rest narrows nothing here. */
const LEFT_OUT = [
  "pagination_token", "next_token", "since_id", "until_id", "backfill_minutes", "dry_run", "delete_all",
];
/** A stream's times: recovery is for enterprises alone. */
const OF_RECOVERY = ["start_time", "end_time"];

function parametersOf({ operation, parameters }: Operation): Parameter[] {
  const all = parameters.map((one) => (typeof one === "string" ? document.parameters[one]! : one));
  const leftOut = operation.endsWith("stream") ? [...LEFT_OUT, ...OF_RECOVERY] : LEFT_OUT;
  return all.filter(({ name }) => !leftOut.includes(name));
}

/** An address with some values of some parameters. */
function address(operation: Operation, pick: (list: string[], one: Parameter) => string[]): string {
  let path = operation.operation.split(" ")[1]!;
  const query = new URLSearchParams();
  for (const one of parametersOf(operation)) {
    const samples = one.values ?? sample(operation.operation, one.name);
    const range = one.maximum === undefined ? [] : [one.minimum ?? 1, Math.min(one.maximum, 60)].map(String);
    const picked = pick(samples.length > 0 ? samples : range, one);
    const value = picked.length > 0 || !one.required ? picked.join() : samples[0]!;
    if (one.in === "path") path = path.replace(`{${one.name}}`, value.split(",")[0]!);
    else if (value) query.set(one.name, value);
  }
  return `${path}?${query}`;
}

/** The addresses of an operation: each documented value alone, all of them, and mixtures. */
function addresses(operation: Operation, seed: number): string[] {
  const draw = random(seed);
  const isList = ({ name }: Parameter) => name.includes(".fields") || name === "expansions";
  const alone = parametersOf(operation).flatMap((one) =>
    (one.values ?? []).map((value) => address(operation, (_, other) => (other.name === one.name ? [value] : []))));
  const all = address(operation, (list, one) => (isList(one) ? list : []));
  const mixtures = Array.from({ length: MIXTURES }, () =>
    address(operation, (list, one) => {
      if (isList(one)) return list.filter(() => draw() < 0.4);
      const value = list[Math.floor(draw() * list.length)];
      return value !== undefined && draw() < 0.6 ? [value] : [];
    }));
  return [...new Set([...alone, all, ...mixtures])];
}

async function check(operation: Operation, path: string, body?: unknown): Promise<number> {
  const [method] = operation.operation.split(" ") as [string];
  const answer = await call(method, path, operation.app, body);
  const isThere = !path.includes("nobody_at_all") && !/\/9[/?]/.test(path);
  const said = `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 300)}`;
  const schema = isThere || answer.status === 200 ? operation.answers[answer.status] : { $ref: "#/$defs/Problem" };
  assert.ok(schema, said);
  if (!isThere) assert.ok([200, 404].includes(answer.status), said);
  assert.deepEqual([...wrongs(schema, answer.body), ...wrongProblems(answer.body)], [], said);
  return answer.status;
}

const STREAMS = ["GET /2/tweets/search/stream", "GET /2/tweets/sample/stream"];

for (const [n, operation] of document.operations.entries()) {
  const isRead = operation.operation.startsWith("GET") && !STREAMS.includes(operation.operation);
  if (!isRead) continue;
  test(operation.operation, async () => {
    for (const path of addresses(operation, n + 1)) await check(operation, path);
  });
}

const named = (words: string) => document.operations.find(({ operation }) => operation === words)!;

for (const words of STREAMS) {
  test(words, async () => {
    const operation = named(words);
    const paths = addresses(operation, 7).slice(-MIXTURES / 4);
    for (const path of [address(operation, (list, one) => (one.values ? list : [])), ...paths]) {
      for (const message of await messages(path, 40)) {
        const schema = operation.answers[200]!;
        assert.deepEqual([...wrongs(schema, message), ...wrongProblems(message)], [], JSON.stringify(message));
      }
    }
  });
}

/** The first messages of a stream. */
async function messages(path: string, count: number): Promise<unknown[]> {
  const stop = new AbortController();
  const answer = await fetch(simulator.url + path, {
    headers: { authorization: `Bearer ${bearers.app}` },
    signal: stop.signal,
  });
  assert.equal(answer.status, 200, `${path}: ${answer.status === 200 ? "" : await answer.text()}`);
  const read: unknown[] = [];
  let rest = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop()!;
    read.push(...lines.filter((line) => line !== "").map((line) => JSON.parse(line)));
    if (read.length >= count) break;
  }
  stop.abort();
  return read;
}

test("POST and DELETE /2/tweets", async () => {
  const post = named("POST /2/tweets");
  assert.equal(await check(post, "/2/tweets", { text: "a tweet of a test" }), 201);
  const id = (await call("GET", "/2/users/12/tweets?max_results=5", false)).body.data[0].id;
  const remove = named("DELETE /2/tweets/{id}");
  assert.equal(await check(remove, `/2/tweets/${id}`), 200);
});

test("POST /2/tweets/search/stream/rules", async () => {
  const rules = named("POST /2/tweets/search/stream/rules");
  const path = "/2/tweets/search/stream/rules";
  assert.equal(await check(rules, path, { add: [{ value: "tea", tag: "hot" }] }), 200);
  assert.equal(await check(rules, path, { add: [{ value: "tea" }, { value: "coffee" }] }), 200);
  assert.equal(await check(rules, path, { delete: { values: ["tea", "coffee"] } }), 200);
});

test("DELETE /2/connections", async () => {
  for (const words of ["DELETE /2/connections/all", "DELETE /2/connections/{endpoint_id}"]) {
    assert.equal(await check(named(words), words.split(" ")[1]!.replace("{endpoint_id}", "filtered_stream")), 200);
  }
});

test("what a stranger may not do is told as X tells it", async () => {
  for (const [method, path, app] of [
    ["GET", "/2/users/me", true],
    ["GET", "/2/users/12/muting", true],
    ["GET", "/2/usage/tweets", false],
    ["GET", "/2/users/12?user.fields=shoe_size", true],
    ["GET", "/2/nothing", true],
    ["DELETE", "/2/tweets/9", false],
  ] as const) {
    const answer = await call(method, path, app);
    assert.ok(answer.status >= 400, `${path}: ${answer.status}`);
    assert.deepEqual(wrongs({ $ref: "#/$defs/Problem" }, answer.body), [], `${path}: ${JSON.stringify(answer.body)}`);
  }
});

test("the simulator ends", () => simulator.stop());
