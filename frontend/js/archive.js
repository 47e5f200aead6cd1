// Opens X's export of an account, a zip of up to many gigabytes. Owns: the zip, and gzip. Must not
// know: which of its files are wanted, or what they say. Nothing is read but what is asked for:
// the zip's directory, then single entries.

import { part } from "./broken.js";

/** Opens the zip; answers what reads it: `names`, in the zip's order, and `text(index)`. */
export async function openArchive(file) {
  // Loaded by those who have an archive, never before.
  const { BlobReader, Uint8ArrayWriter, ZipReader, configure } = await part(
    () => import("@zip.js/zip.js/lib/zip-core-native.js"),
  );
  // The page's rules allow no workers made of text; the browser inflates without them.
  configure({ useWebWorkers: false });
  const zip = new ZipReader(new BlobReader(file));
  const entries = (await zip.getEntries()).filter((entry) => !entry.directory);
  return {
    names: () => entries.map((entry) => entry.filename),
    // The checksum is checked: bytes that are not what X wrote are no list of X's.
    text: async (index) =>
      decode(await entries[index].getData(new Uint8ArrayWriter(), { checkSignature: true })),
  };
}

/** A file's text. X writes UTF-8; tools of Windows that save it again may write UTF-16. */
function decode(bytes) {
  const mark = (bytes[0] << 8) | bytes[1];
  const name = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  return new TextDecoder(name).decode(bytes);
}

/** A text as a gzip file of a name. */
export async function gzipFile(name, text) {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new File([await new Response(packed).blob()], name, { type: "application/gzip" });
}
