// Starts the page: loads the wasm that `cargo xtask build` wrote to ../pkg and runs it. Owns
// only the start and what is shown when it fails; everything else is the app's.
import init from "../pkg/frontend.js";

function failed(error) {
  console.error(error);
  const box = document.createElement("main");
  box.className = "boot-failed";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  // A deployment removes the files of the one before it: a page kept open over it asks for
  // names that are gone, and reloading is the whole cure.
  words.textContent = "Roost could not start. It may have been updated while this page was open.";
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Reload";
  again.addEventListener("click", () => location.reload());
  box.append(words, again);
  document.body.replaceChildren(box);
}

// The first page draws the tide: its chart comes beside the wasm, not after it.
if (location.pathname === "/") import("./tide_chart.js").catch(() => {});

init().catch(failed);
