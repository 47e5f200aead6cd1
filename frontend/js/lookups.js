// Files of people: the one chosen to look them up, and X's answer as a table. Owns: the table's
// columns. Must not know: the API. Invariant: no cell begins a formula; ids are texts.

const COLUMNS = {
  asked: (line) => line.key,
  answer: (line) => line.class,
  id: (line) => line.id,
  username: (line, user) => user.username,
  name: (line, user) => user.name,
  followers: (line, user) => user.public_metrics?.followers_count,
  following: (line, user) => user.public_metrics?.following_count,
  tweets: (line, user) => user.public_metrics?.tweet_count,
  joined: (line, user) => user.created_at,
  verified: (line, user) => user.verified_type,
  protected: (line, user) => user.protected,
  location: (line, user) => user.location,
  description: (line, user) => user.description,
  why: (line) => line.why,
};

function cell(value) {
  if (typeof value !== "string") return String(value ?? "");
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  // Spreadsheets round long numbers: an id is quoted as any text is.
  return /^\d+$|[",\r\n]|^ | $/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A result, one JSON object a line, as CSV. */
export function resultTable(text) {
  const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const rows = lines.map((line) => Object.values(COLUMNS).map((read) => cell(read(line, line.profile ?? {}))).join(","));
  return [Object.keys(COLUMNS).join(","), ...rows, ""].join("\r\n");
}

/** The text of a file that was chosen or dropped. */
export function readText(file) {
  return file.text();
}
