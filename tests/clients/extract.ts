// Takes out of X's OpenAPI document what the simulator's answers are checked against:
//
//   node tests/clients/extract.ts openapi.json > tests/clients/x-2.166.json
//
// The document is in github.com/xdevplatform/docs (openapi.json; version 2.166 is commit cb391259).
// Only facts are kept: paths, names, types, bounds. No words of X's.
import { readFileSync } from "node:fs";

/** What the simulator answers. */
const OPERATIONS = [
  "GET /2/users", "GET /2/users/by", "GET /2/users/me", "GET /2/users/{id}",
  "GET /2/users/by/username/{username}", "GET /2/users/{id}/followers",
  "GET /2/users/{id}/following", "GET /2/users/{id}/blocking", "GET /2/users/{id}/muting",
  "GET /2/users/{id}/tweets", "GET /2/users/{id}/mentions", "GET /2/users/{id}/liked_tweets",
  "GET /2/tweets", "POST /2/tweets", "GET /2/tweets/{id}", "DELETE /2/tweets/{id}",
  "GET /2/tweets/{id}/quote_tweets", "GET /2/tweets/{id}/retweeted_by",
  "GET /2/tweets/{id}/liking_users", "GET /2/tweets/analytics", "GET /2/tweets/search/recent",
  "GET /2/tweets/counts/recent", "GET /2/tweets/search/stream", "GET /2/tweets/sample/stream",
  "GET /2/tweets/search/stream/rules", "POST /2/tweets/search/stream/rules",
  "GET /2/tweets/search/stream/rules/counts", "GET /2/connections", "DELETE /2/connections",
  "DELETE /2/connections/all", "DELETE /2/connections/{endpoint_id}", "GET /2/usage/tweets",
  "GET /2/webhooks", "POST /2/webhooks", "PUT /2/webhooks/{webhook_id}",
  "DELETE /2/webhooks/{webhook_id}", "GET /2/activity/subscriptions",
  "POST /2/activity/subscriptions", "PUT /2/activity/subscriptions/{subscription_id}",
  "DELETE /2/activity/subscriptions/{subscription_id}",
];
/** What of a schema says nothing about a value. */
const WORDS = ["description", "example", "default", "discriminator", "externalDocs", "title"];
const PREFIX = "#/components/schemas/";

type Json = any;

const document: Json = JSON.parse(readFileSync(process.argv[2]!, "utf8"));
const schemas: Record<string, Json> = {};
const shared: Record<string, Json> = {};

/** A schema without words; what it refers to is taken along. */
function bare(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== "object" || schema === null) return schema;
  if (typeof schema.$ref === "string") return { $ref: `#/$defs/${take(schema.$ref)}` };
  const kept = Object.entries(schema).filter(([name]) => !WORDS.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => {
    if (name !== "properties") return [name, bare(value)];
    const members = Object.entries(value as Json).map(([member, inner]) => [member, bare(inner)]);
    return [name, Object.fromEntries(members)];
  }));
}

/** Takes a schema along; its name. */
function take(reference: string): string {
  const name = reference.slice(PREFIX.length);
  if (!(name in schemas)) {
    schemas[name] = {};
    schemas[name] = bare(document.components.schemas[name]);
  }
  return name;
}

/** A parameter; one that many operations share is named, and kept once. */
function parameter(given: Json): Json {
  if (given.$ref) {
    const name = given.$ref.split("/").at(-1);
    shared[name] ??= parameter(document.components.parameters[name]);
    return name;
  }
  const { name, in: place, required, schema } = given;
  const values = schema.items?.enum ?? schema.enum;
  const { minimum, maximum } = schema;
  return { name, in: place, required: required || undefined, values, minimum, maximum };
}

function operation(words: string): Json {
  const [method, path] = words.split(" ") as [string, string];
  const described = document.paths[path]?.[method.toLowerCase()];
  if (!described) throw new Error(`the document has no ${words}`);
  const good = Object.entries<Json>(described.responses).filter(([status]) => status !== "default");
  const answers = good.map(([status, { content }]) => [status, bare(content["application/json"].schema)]);
  return {
    operation: words,
    app: described.security.some((one: Json) => "BearerToken" in one),
    parameters: (described.parameters ?? []).map(parameter),
    answers: Object.fromEntries(answers),
  };
}

/** One entry per line, so that a new version shows as what changed. */
function lines(entries: string[], [open, close]: [string, string]): string {
  return `${open}\n${entries.map((entry) => `    ${entry}`).join(",\n")}\n  ${close}`;
}

/** Members in the order of their names. */
function named(table: Record<string, Json>): string[] {
  const names = Object.keys(table).sort();
  return names.map((name) => `${JSON.stringify(name)}: ${JSON.stringify(table[name])}`);
}

const operations = OPERATIONS.map((words) => JSON.stringify(operation(words)));
const mapping = document.components.schemas.Problem.discriminator.mapping as Record<string, string>;
const problems = Object.entries(mapping)
  .map(([type, reference]) => [type.split("/").at(-1), take(reference)])
  .map(([type, name]) => `${JSON.stringify(type)}: ${JSON.stringify(name)}`);
take(`${PREFIX}Error`);
console.log(`{
  "source": "github.com/xdevplatform/docs, openapi.json, version ${document.info.version}",
  "parameters": ${lines(named(shared), ["{", "}"])},
  "operations": ${lines(operations, ["[", "]"])},
  "problems": ${lines(problems, ["{", "}"])},
  "$defs": ${lines(named(schemas), ["{", "}"])}
}`);
