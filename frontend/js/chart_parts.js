// What the charts share: hatching, words on the canvas, the tooltip. Owns: nothing. Must not
// know: what is drawn.
import uPlot from "uplot";

export const FONT = "12px system-ui, sans-serif";

export const ratio = () => uPlot.pxRatio;

/** A font in the canvas's own pixels. */
export const scaled = (font) => font.replace(/^(\d+)px/, (_, px) => `${px * ratio()}px`);

export function hatch(ctx, box, colour) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.x, box.y, box.w, box.h);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio();
  ctx.beginPath();
  const step = 7 * ratio();
  // The pattern is fixed to the page, not to the gap: neighbours then join without a seam.
  for (let x = Math.floor((box.x - box.h) / step) * step; x < box.x + box.w; x += step) {
    ctx.moveTo(x, box.y + box.h);
    ctx.lineTo(x + box.h, box.y);
  }
  ctx.stroke();
  ctx.restore();
}

/** Gaps with `place` from a gap's edge to the canvas: hatched first, named over the grid. */
export function drawGaps(u, gaps, place, colours, words) {
  const { ctx, bbox } = u;
  for (const [from, to, word] of gaps) {
    const left = Math.max(place(from), bbox.left);
    const right = Math.min(place(to), bbox.left + bbox.width);
    const width = Math.max(right - left, 2 * ratio());
    if (words) nameGap(ctx, bbox, left, width, word, colours);
    else hatch(ctx, { x: left, y: bbox.top, w: width, h: bbox.height }, colours.line);
  }
}

/** The word stands over the grid, in a gap that has room for it. */
function nameGap(ctx, bbox, left, width, word, colours) {
  ctx.save();
  ctx.font = scaled(FONT);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const middle = left + width / 2;
  const wide = ctx.measureText(word).width + 12 * ratio();
  if (wide <= width) {
    const at = bbox.top + bbox.height * 0.31;
    ctx.fillStyle = colours.card;
    ctx.beginPath();
    ctx.roundRect(middle - wide / 2, at - 11 * ratio(), wide, 22 * ratio(), 4 * ratio());
    ctx.fill();
    ctx.fillStyle = colours.ink2;
    ctx.fillText(word, middle, at);
  }
  ctx.restore();
}

/** A level with its label at the left. */
export function rule(u, at, label, colour, colours) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = scaled(FONT);
  ctx.textBaseline = "middle";
  ctx.textAlign = "right";
  ctx.lineWidth = ratio();
  const level = Math.round(at) + 0.5;
  ctx.strokeStyle = colour;
  ctx.globalAlpha = colour === colours.line ? 0.7 : 1;
  ctx.beginPath();
  ctx.moveTo(bbox.left, level);
  ctx.lineTo(bbox.left + bbox.width, level);
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.fillStyle = colours.ink3;
  ctx.fillText(label, bbox.left - 8 * ratio(), level);
  ctx.restore();
}

/** Labels under the chart; one that would touch the one before is left out. */
export function labelsBelow(u, ticks, place, colours) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.font = scaled(FONT);
  ctx.textBaseline = "top";
  ctx.textAlign = "center";
  ctx.fillStyle = colours.ink3;
  const bottom = bbox.top + bbox.height;
  let edge = -Infinity;
  for (const [value, label] of ticks) {
    const half = ctx.measureText(label).width / 2;
    const at = Math.min(Math.max(place(value), half), ctx.canvas.width - half);
    if (at - half < edge) continue;
    ctx.fillText(label, at, bottom + 8 * ratio());
    edge = at + half + 12 * ratio();
  }
  ctx.restore();
}

/** Room for the longest number at the left, in CSS pixels. */
export function margin(ticks) {
  const ctx = document.createElement("canvas").getContext("2d");
  ctx.font = FONT;
  const widths = ticks.map(([, label]) => ctx.measureText(label).width);
  return Math.ceil(Math.max(20, ...widths)) + 14;
}

/** A level line that goes up and down through the chart. */
export function upright(u, at, colour, width) {
  const { ctx, bbox } = u;
  const level = Math.round(at) + 0.5;
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * ratio();
  ctx.beginPath();
  ctx.moveTo(level, bbox.top);
  ctx.lineTo(level, bbox.top + bbox.height);
  ctx.stroke();
}

/** A dot with a rim that parts it from its line. */
export function dot(u, x, y, colour, rim) {
  const { ctx } = u;
  ctx.fillStyle = colour;
  ctx.strokeStyle = rim;
  ctx.lineWidth = 2 * ratio();
  ctx.beginPath();
  ctx.arc(x, y, 4.5 * ratio(), 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
}

/** An empty tooltip. */
export function tooltip() {
  const tip = document.createElement("div");
  tip.className = "tide-tip";
  tip.hidden = true;
  return tip;
}

export function fillTip(tip, content) {
  const title = document.createElement("strong");
  title.textContent = content.title;
  const list = document.createElement("dl");
  for (const [mark, label, value] of content.rows) {
    const row = document.createElement("div");
    const name = document.createElement("dt");
    name.className = `mark ${mark}`;
    name.textContent = label;
    const number = document.createElement("dd");
    number.textContent = value;
    row.append(name, number);
    list.append(row);
  }
  const notes = content.notes.map((note) => {
    const line = document.createElement("p");
    line.textContent = note;
    return line;
  });
  tip.replaceChildren(title, list, ...notes);
}

/** Puts a tooltip beside a place, on the side that has room. */
export function placeTip(tip, host, centre) {
  tip.hidden = false;
  const width = tip.offsetWidth;
  const right = centre + 14;
  const beside = right + width < host.clientWidth ? right : centre - 14 - width;
  // Never outside of the chart, whatever its size: the page would scroll sideways.
  const left = Math.max(0, Math.min(beside, host.clientWidth - width));
  tip.style.transform = `translate(${Math.round(left)}px, 8px)`;
}

/** Calls back when `host` has another size. */
export function onResize(host, act) {
  let size = [host.clientWidth, host.clientHeight];
  const watcher = new ResizeObserver(() => {
    const now = [host.clientWidth, host.clientHeight];
    if (now[0] === size[0] && now[1] === size[1]) return;
    size = now;
    act();
  });
  watcher.observe(host);
  return watcher;
}
