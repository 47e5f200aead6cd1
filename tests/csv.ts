// CSV as RFC 4180 has it, read for tests: what a program that knows quotes sees.

/** The rows of a file, each by its column's name. */
export function rows(text: string): Record<string, string>[] {
  const [names = [], ...lines] = cells(text);
  return lines.map((line) => Object.fromEntries(names.map((name, at) => [name, line[at] ?? ""])));
}

function cells(text: string): string[][] {
  const lines: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy;
  for (let found = cell.exec(text); found && cell.lastIndex <= text.length; found = cell.exec(text)) {
    const [whole, quoted, plain, end] = found;
    if (whole === "" && lines.at(-1)?.length === 0) break;
    lines.at(-1)?.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (end === "\r\n") lines.push([]);
    if (end === "") break;
  }
  return lines.filter((line) => line.length > 0);
}
