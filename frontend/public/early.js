// What cannot wait for modules: the chosen theme, before the first paint, and the cure for a page
// whose files are gone.
try {
  const theme = localStorage.getItem("roost.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system's theme it is.
}

let reloads = false;

/**
 * Loads the page anew after one of its files could not be loaded: a deployment removes the files of
 * the one before it. Once for each file, and only if the server answers: a browser that is offline
 * would lose the page. Tells whether it does so.
 */
globalThis.reloadOnce = async (missing) => {
  // An element says the address, an import an error that holds it, where the browser tells it.
  const file = /\/assets\/[\w.-]+/.exec(missing)?.[0] ?? missing;
  try {
    const before = (sessionStorage.getItem("roost.reloaded") ?? "").split("\n");
    if (before.includes(file) || !(await fetch("/", { method: "HEAD", cache: "no-store" })).ok) return false;
    // Two parts may be missed at once: one of them is enough.
    if (reloads) return true;
    sessionStorage.setItem("roost.reloaded", [...before.slice(-20), file].join("\n"));
  } catch {
    return false;
  }
  reloads = true;
  location.reload();
  return true;
};

addEventListener(
  "error",
  (event) => {
    const { target } = event;
    const file = target instanceof HTMLScriptElement ? target.src : target instanceof HTMLLinkElement ? target.href : "";
    if (file.includes("/assets/")) globalThis.reloadOnce(file);
  },
  true,
);
