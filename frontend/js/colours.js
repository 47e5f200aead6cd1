// Reads the page's colours for canvases. Custom properties may hold light-dark(): only a
// computed colour is a colour.

/** The colours of these custom properties as they are inside `host` now. */
export function readColours(host, names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  host.append(probe);
  const colours = {};
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}

/** `rgb(1, 2, 3)` as three shares from 0 to 1, as shaders want it. */
export function shares(colour) {
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
}
