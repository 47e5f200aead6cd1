// Starts the page: loads the wasm that `cargo xtask build` wrote to ../pkg and runs it. Owns
// only the start and what is shown when it fails; everything else is the app's.
import init from "../pkg/frontend.js";
import { giveBack, part, watchTraps } from "./broken.js";

function failed(error) {
  console.error(error);
  const box = document.createElement("main");
  box.className = "boot-failed";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = "Roost could not start: a part of it could not be loaded. Is the network there?";
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = "Reload";
  again.addEventListener("click", () => location.reload());
  box.append(words, again);
  document.body.replaceChildren(box);
}

// The first page draws the tide: its chart comes beside the wasm, not after it.
if (location.pathname === "/") import("./tide_chart.js").catch(() => {});

watchTraps();
giveBack();
part(() => init()).catch(failed);
