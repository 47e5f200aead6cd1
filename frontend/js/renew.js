// Loads the page anew when `cargo xtask dev` serves a newer build. Owns: noticing it. Must not know: what
// changed. Only in quick builds (vite.config.js), and idle where no `dev` runs: the id is then null.
const EVERY_MS = 500;

async function served() {
  const answer = await fetch("/build.json", { cache: "no-store" });
  return (await answer.json()).id;
}

async function watch(first) {
  for (;;) {
    await new Promise((done) => setTimeout(done, EVERY_MS));
    // While the worker is being replaced nobody answers.
    const now = await served().catch(() => null);
    if (now !== null && now !== first) return location.reload();
  }
}

served().then((id) => id !== null && watch(id));
