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

/** A result, one JSON object a line, as CSV; `cell` writes a text as one, guarded and quoted. */
export function resultTable(text, cell) {
  const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const written = (value) => {
    if (typeof value !== "string") return String(value ?? "");
    // Spreadsheets round long numbers: an id is quoted as any text is.
    return /^\d+$/.test(value) ? `"${value}"` : cell(value);
  };
  const row = (line) => Object.values(COLUMNS).map((read) => written(read(line, line.profile ?? {}))).join(",");
  return [Object.keys(COLUMNS).join(","), ...lines.map(row), ""].join("\r\n");
}

/** The text of a file that was chosen or dropped. */
export function readText(file) {
  return file.text();
}
