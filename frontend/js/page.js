// What the page asks of the browser and what Rust has no short way to say. Owns: nothing; each
// function is one question or one act. Must not know: what the page shows.

export { complain } from "./broken.js";

// --- zones -----------------------------------------------------------------------------------

const formatters = new Map();

function formatter(zone) {
  let made = formatters.get(zone);
  if (!made) {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formatters.set(zone, made);
  }
  return made;
}

/** Local time less UTC in a zone at an instant, in milliseconds. */
export function zoneOffset(zone, at) {
  const part = {};
  for (const { type, value } of formatter(zone).formatToParts(at)) part[type] = Number(value);
  const local = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second);
  return local - Math.floor(at / 1000) * 1000;
}

/** Whether the browser knows a zone. */
export function zoneIsKnown(zone) {
  try {
    formatter(zone);
    return true;
  } catch {
    return false;
  }
}

/** The browser's own zone. */
export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Every zone the browser knows, one per line. */
export function zones() {
  const known = Intl.supportedValuesOf?.("timeZone") ?? [];
  return ["UTC", ...known.filter((zone) => zone !== "UTC")].join("\n");
}

// --- address ---------------------------------------------------------------------------------

/** Path and query of the address. */
export function address() {
  return location.pathname + location.search;
}

/** The whole address, to be copied. */
export function origin() {
  return location.origin;
}

/** Goes to an address; the one that is left remembers how far down one was. */
export function navigate(path, replace) {
  if (replace) {
    history.replaceState(history.state, "", path);
    return;
  }
  history.replaceState({ top: scrollY }, "");
  history.pushState(null, "", path);
  page = location.pathname;
  wanted = 0;
}

// Which page is shown, and where Back leads to: pixels from the top, until it is long enough.
let page = location.pathname;
let wanted = 0;

/** Whether the page is on its way back to a place that one left. */
export function isReturning() {
  return wanted > 0;
}

/** Goes to a place as soon as what stood there does again: within 10 s, unless one scrolls. */
function returnTo(top) {
  wanted = top;
  const until = performance.now() + 10_000;
  const go = () => {
    if (wanted !== top) return;
    const there = document.documentElement.scrollHeight >= top + innerHeight;
    if (there) scrollTo(0, top);
    if (there || performance.now() > until) wanted = 0;
    else requestAnimationFrame(go);
  };
  if (top > 0) requestAnimationFrame(go);
}

/** Takes Back, Forward and Reload to where one was. */
export function keepPlaces() {
  history.scrollRestoration = "manual";
  returnTo(history.state?.top ?? 0);
  addEventListener("pagehide", () => history.replaceState({ top: scrollY }, ""));
  addEventListener("popstate", (event) => {
    const turned = page !== location.pathname;
    page = location.pathname;
    const top = event.state?.top;
    wanted = 0;
    if (top > 0) returnTo(top);
    // A page that one never left begins at its top.
    else if (turned || top === 0) scrollTo(0, 0);
  });
  for (const moved of ["wheel", "touchmove", "pointerdown"]) addEventListener(moved, () => (wanted = 0), { passive: true });
}

/** Loads another page in place of this one. */
export function leave(path) {
  location.replace(path);
}

/** The token of `#token=…`, taken out of the address before anyone can copy it. */
export function takeToken() {
  const match = /^#token=(.+)$/.exec(location.hash);
  if (!match) return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

/** Calls `follow` with path and query for clicks on links that stay on this page. */
export function onLinks(follow) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || /^\/(api|auth|docs|hooks)\/|\.html$/.test(url.pathname)) return;
    if (url.hash && url.pathname === location.pathname) return;
    event.preventDefault();
    follow(url.pathname + url.search);
  });
}

// --- storage: absent or forbidden storage is an empty one ---------------------------------------

function storage(session) {
  return session ? sessionStorage : localStorage;
}

export function stored(session, key) {
  try {
    return storage(session).getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** Keeps a value; an empty one is removed. */
export function store(session, key, value) {
  try {
    if (value) storage(session).setItem(key, value);
    else storage(session).removeItem(key);
  } catch {
    // Private windows may refuse; the page works without memory.
  }
}

/** Forgets all that this tab keeps: the token, notes that were not stored. */
export function forgetTab() {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
}

// --- requests ------------------------------------------------------------------------------------

/** The value of a JSON text; undefined if it is none. */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends a file, telling the share sent so far, which `fetch` does not tell. Answers [status, body
 * text]; status 0 means that nobody answered.
 */
export function upload(path, file, bearer, progress) {
  return new Promise((resolve) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.setRequestHeader("content-type", "application/gzip");
    call.setRequestHeader("accept", "application/json");
    if (bearer) call.setRequestHeader("authorization", `Bearer ${bearer}`);
    call.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    };
    call.onload = () => resolve([call.status, call.responseText]);
    call.onerror = () => resolve([0, "the connection was cut"]);
    call.send(file);
  });
}

// --- small acts ----------------------------------------------------------------------------------

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** "auto", "light" or "dark"; kept for early.js, which sets it before the first paint. */
export function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  store(false, "roost.theme", theme === "auto" ? "" : theme);
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls back when the system turns dark or light. */
export function onSystemTheme(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => changed());
}

/** Whether letters typed into the element are text. */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "range", "button", "submit", "file"].includes(target.type);
  }
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Whether the element, or one around it, uses arrow keys itself. */
export function takesArrows(target) {
  return (
    target instanceof Element &&
    target.closest("[data-arrows], input, select, textarea, dialog, [popover]") !== null
  );
}

// --- popovers ------------------------------------------------------------------------------------

/** Puts a popover by an element: under it, above it where there is no room below. */
function place(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = popover.getBoundingClientRect();
  const room = 8;
  const wanted = popover.dataset.align === "end" ? at.right - size.width : at.left;
  const left = Math.max(room, Math.min(wanted, innerWidth - size.width - room));
  const below = at.bottom + 6;
  const above = at.top - size.height - 6;
  const top = below + size.height > innerHeight - room && above > room ? above : below;
  popover.style.left = `${Math.round(left)}px`;
  popover.style.top = `${Math.round(top)}px`;
}

/** Places every menu (a popover with a button that names it) when it opens. */
export function installPopovers() {
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!(menu instanceof HTMLElement) || event.newState !== "open" || !menu.id) return;
      const button = document.querySelector(`[popovertarget="${menu.id}"]`);
      if (button) place(menu, button);
    },
    true,
  );
  // The toggle event comes a moment after the first paint: have the place ready before it.
  document.addEventListener(
    "beforetoggle",
    (event) => {
      const menu = event.target;
      if (!(menu instanceof HTMLElement) || event.newState !== "open" || !menu.id) return;
      const button = document.querySelector(`[popovertarget="${menu.id}"]`);
      if (button) requestAnimationFrame(() => menu.matches(":popover-open") && place(menu, button));
    },
    true,
  );
}

/** Opens a popover by an element that is not its own button. */
export function openPopover(popover, anchor) {
  if (popover.matches(":popover-open")) popover.hidePopover();
  popover.showPopover();
  place(popover, anchor);
  // What it shows comes a moment later, and may make it higher than the room that is there.
  requestAnimationFrame(() => popover.matches(":popover-open") && place(popover, anchor));
}

export function togglePopover(selector) {
  document.querySelector(selector)?.togglePopover();
}

export function popoverIsOpen() {
  return document.querySelector(":popover-open") !== null;
}

export function closePopover(selector) {
  const popover = document.querySelector(selector);
  if (popover?.matches(":popover-open")) popover.hidePopover();
}

/** Opens a dialog so that the rest of the page is out of reach. */
export function openDialog(dialog) {
  if (!dialog.open) dialog.showModal();
}

export function closeDialog(dialog) {
  if (dialog.open) dialog.close();
}

/** Top edge of an element against the window, and the window's height. */
export function placeOf(element) {
  return [element.getBoundingClientRect().top, innerHeight];
}

/** Focuses what a selector finds; tells whether there was anything. */
export function focusOn(selector) {
  const found = document.querySelector(selector);
  found?.focus();
  return found !== null;
}

/** Says beside a field of the form in sight what is wrong with it, until it is typed into. */
export function blame(name, text) {
  const form = document.querySelector("dialog[open]") ?? document.querySelector("main");
  const field = form?.querySelector(`[name="${CSS.escape(name)}"]`);
  if (!field) return false;
  let said = field.parentElement.querySelector(":scope > .field-trouble");
  if (!said) {
    said = document.createElement("span");
    said.className = "field-trouble";
    said.id = `wrong-${name}`;
    said.setAttribute("role", "alert");
    field.after(said);
  }
  said.textContent = text;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", said.id);
  const mended = () => {
    said.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  };
  field.addEventListener("input", mended, { once: true });
  field.focus();
  return true;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function isNarrow() {
  return matchMedia("(max-width: 719px)").matches;
}

export function isHidden() {
  return document.hidden;
}

export function scrollToTop() {
  scrollTo(0, 0);
}

let lent = null;

/** Focuses what a selector finds, and remembers what had the focus. */
export function lendFocus(selector) {
  lent ??= document.activeElement;
  document.querySelector(selector)?.focus({ preventScroll: true });
}

export function returnFocus() {
  if (lent?.isConnected) lent.focus({ preventScroll: true });
  lent = null;
}

const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });
const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** A country's name by its ISO code; the code if there is none. */
export function regionName(code) {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

/** A language's name by its BCP 47 tag; the tag if there is none. */
export function languageName(tag) {
  try {
    return languages.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** Whether the browser has a network at all. */
export function isOnline() {
  return navigator.onLine;
}

/** Whether the element, or one around it, does something by the space bar itself. */
export function takesSpace(target) {
  return target instanceof Element && target.closest("button, a, input, select, textarea, summary, dialog, [popover], [role=button]") !== null;
}

/** Hands a text to the viewer as a file. */
export function saveText(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Takes away what stood there before the page did. */
export function endBoot() {
  document.getElementById("boot")?.remove();
}

export function setTitle(title) {
  document.title = title;
}
