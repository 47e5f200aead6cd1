// A state folder of the runtime as files that can be committed: each gzipped, in the same tree.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";

function files(folder: string): string[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name)).sort();
}

/** Packs what a runtime, which must have stopped, left in `folder`; what was at `to` goes. */
export function pack(folder: string, to: string): void {
  for (const path of files(folder).filter((path) => path.endsWith(".sqlite"))) {
    const database = new DatabaseSync(path);
    // What is still in the journal beside it moves into the file.
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
  }
  rmSync(to, { recursive: true, force: true });
  for (const path of files(folder).filter((path) => !/\.sqlite-(wal|shm)$/.test(path))) {
    const target = join(to, `${relative(folder, path)}.gz`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, gzipSync(readFileSync(path), { level: 9 }));
  }
}

/** Unpacks into an empty `folder` what `pack` wrote. */
export function unpack(from: string, folder: string): void {
  for (const path of files(from)) {
    const target = join(folder, relative(from, path).replace(/\.gz$/, ""));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, gunzipSync(readFileSync(path)));
  }
}
