// When something broke. Owns: the view that says so, and what was typed until then. Must not know
// what the page shows. Invariant: what was typed is kept for this tab alone, and no secret is.

const TYPED = "roost.typed";
/** Kept no longer than that: what one meant to type an hour ago is no help. */
const KEPT_MS = 600_000;
const FIELDS = "textarea, input:not([type]), input[type=text], input[type=search], input[type=url], input[type=email], input[type=number], input[type=date]";

/** Tells the fields of a page apart: by what they are called, and which of that name it is. */
function named() {
  const count = new Map();
  return [...document.querySelectorAll(FIELDS)].map((field) => {
    const name = field.id || field.getAttribute("aria-label") || field.closest("label")?.textContent.trim() || field.placeholder;
    const at = count.get(name) ?? 0;
    count.set(name, at + 1);
    return { field, name, key: `${name} ${at}` };
  });
}

function typed() {
  return named().filter(({ field }) => field.value !== "" && !field.readOnly);
}

/** Keeps what was typed, for the page as it is loaded next in this tab. */
export function keepTyped() {
  const fields = typed().map(({ field, key }) => [key, field.value]);
  try {
    if (fields.length > 0) sessionStorage.setItem(TYPED, JSON.stringify({ path: location.pathname, at: Date.now(), fields }));
  } catch {
    // No storage: it can be copied from the view that says what broke.
  }
}

/** Puts back what was typed, into its fields as they appear. */
export function giveBack() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(TYPED) ?? "null");
    sessionStorage.removeItem(TYPED);
  } catch {
    return;
  }
  if (kept?.path !== location.pathname || Date.now() - kept.at > KEPT_MS) return;
  const waiting = new Map(kept.fields);
  const fill = () => {
    for (const { field, key } of named()) {
      const value = waiting.get(key);
      if (value === undefined) continue;
      waiting.delete(key);
      if (field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (waiting.size === 0 || Date.now() - kept.at > KEPT_MS) watch.disconnect();
  };
  // A frame later: a field's own value is set after it appears.
  let due = 0;
  const watch = new MutationObserver(() => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(fill);
  });
  watch.observe(document.body, { childList: true, subtree: true });
}

function element(kind, text, parent) {
  const made = document.createElement(kind);
  made.textContent = text;
  parent.append(made);
  return made;
}

function button(text, parent, act) {
  const made = element("button", text, parent);
  made.type = "button";
  made.className = "button";
  made.addEventListener("click", act);
  return made;
}

/** After a panic nothing answers any more: says so over everything, once, with the cure. */
export function complain(text) {
  console.error(text);
  if (document.querySelector(".broken")) return;
  const box = document.createElement("dialog");
  box.className = "broken";
  box.setAttribute("role", "alertdialog");
  box.setAttribute("aria-labelledby", "broken-title");
  element("h1", "The page broke", box).id = "broken-title";
  element("p", "An error stopped it. Nothing that was stored is lost; reload to go on.", box);
  const fields = typed();
  if (fields.length > 0) {
    keepTyped();
    element("p", "What you had typed is put back after that. Here it is, to be copied:", box);
    for (const { field, name } of fields) {
      const label = element("label", name, box);
      const copy = document.createElement("textarea");
      copy.readOnly = true;
      copy.rows = 2;
      copy.value = field.value;
      label.append(copy);
    }
  }
  const acts = element("div", "", box);
  acts.className = "dialog-actions";
  button("Go to the Overview", acts, () => location.assign("/"));
  const again = button("Reload", acts, () => location.reload());
  again.classList.add("primary");
  const details = element("details", "", box);
  element("summary", "The error, for a report", details);
  element("pre", text, details);
  // It stays: what lies under it is dead.
  box.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(box);
  box.showModal();
  again.focus();
}

/** Watches for what ends the page without a word of its own: memory that ran out, a deep stack. */
export function watchTraps() {
  const trapped = (error) => error instanceof WebAssembly.RuntimeError && complain(String(error));
  addEventListener("error", (event) => trapped(event.error));
  addEventListener("unhandledrejection", (event) => trapped(event.reason));
}

/** Loads a part of the page; one that is gone has the page loaded anew, once. */
export async function part(load) {
  try {
    return await load();
  } catch (error) {
    keepTyped();
    if (await globalThis.reloadOnce(String(error))) await new Promise(() => {});
    throw error;
  }
}
