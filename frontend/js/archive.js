// Opens X's export of an account, a zip of up to many gigabytes. Owns: the zip, and gzip. Must not
// know: which of its files are wanted, or what they say. Nothing is read but what is asked for:
// the zip's directory, then single entries.

/** Opens the zip; answers what reads it: `names`, one per line, and `text(name)`. */
export async function openArchive(file) {
  // Loaded by those who have an archive, never before.
  const { BlobReader, TextWriter, ZipReader, configure } = await import(
    "@zip.js/zip.js/lib/zip-core-native.js"
  );
  // The page's rules allow no workers made of text; the browser inflates without them.
  configure({ useWebWorkers: false });
  const zip = new ZipReader(new BlobReader(file));
  const entries = new Map();
  for (const entry of await zip.getEntries()) {
    if (!entry.directory) entries.set(entry.filename, entry);
  }
  return {
    names: () => [...entries.keys()].join("\n"),
    text: (name) => entries.get(name).getData(new TextWriter()),
  };
}

/** A text as a gzip file of a name. */
export async function gzipFile(name, text) {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new File([await new Response(packed).blob()], name, { type: "application/gzip" });
}
