// The tide: the one chart of the page, drawn with uPlot. Owns: pixels, pointer and the tooltip's
// place. Must not know: where numbers come from, what they mean, or any word: all of that comes
// ready in the drawing (frontend/src/tide/drawing.rs). x counts buckets: bucket i covers
// i - 0.5 to i + 0.5, so that hours, days and months are equally wide whatever clocks do.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { readColours } from "./colours.js";

const COLOURS = ["ink", "ink2", "ink3", "line", "card", "came", "left", "warn", "accent"];
const FONT = "12px system-ui, sans-serif";

function hatch(ctx, box, colour, scale) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.x, box.y, box.w, box.h);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = scale;
  ctx.beginPath();
  const step = 7 * scale;
  // The pattern is fixed to the page, not to the gap: neighbours then join without a seam.
  for (let x = Math.floor((box.x - box.h) / step) * step; x < box.x + box.w; x += step) {
    ctx.moveTo(x, box.y + box.h);
    ctx.lineTo(x + box.h, box.y);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * Makes a tide in `host`. `listener` gets picked(i | -1), pinned(i) and zoomed(from, to).
 * Answers { update(drawing), pick(i, pinned), recolour(), destroy() }.
 */
export function makeTide(host, text, picked, pinned, zoomed) {
  let drawing = JSON.parse(text);
  let colours = readColours(host, COLOURS);
  let plot = null;
  let hovered = -1;
  let shown = -1;
  let held = -1;
  // While data is set, and after the end, the plot's own events are nobody's business.
  let quiet = false;
  let left_px = 0;

  const tip = document.createElement("div");
  tip.className = "tide-tip";
  tip.hidden = true;

  const count = () => drawing.followers.length;
  const ratio = () => uPlot.pxRatio;
  const x = (u, at) => u.valToPos(at, "x", true);
  const y = (u, value) => u.valToPos(value, "line", true);
  const b = (u, value) => u.valToPos(value, "bars", true);

  function data() {
    const xs = Float64Array.from({ length: count() }, (_, i) => i);
    return [xs, drawing.followers, drawing.before, drawing.came];
  }

  function drawGaps(u, words) {
    const { ctx, bbox } = u;
    for (const [from, to, word] of drawing.gaps) {
      const left = Math.max(x(u, from - 0.5), bbox.left);
      const right = Math.min(x(u, to - 0.5), bbox.left + bbox.width);
      const width = Math.max(right - left, 2 * ratio());
      if (words) nameGap(ctx, bbox, left, width, word);
      else hatch(ctx, { x: left, y: bbox.top, w: width, h: bbox.height }, colours.line, ratio());
    }
  }

  /** The word stands over the grid, in a gap that has room for it. */
  function nameGap(ctx, bbox, left, width, word) {
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

  const scaled = (font) => font.replace(/^(\d+)px/, (_, px) => `${px * ratio()}px`);

  function drawGrid(u) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.font = scaled(FONT);
    ctx.textBaseline = "middle";
    ctx.textAlign = "right";
    ctx.lineWidth = ratio();
    const rule = (at, label, colour) => {
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
    };
    for (const [value, label] of drawing.line_ticks) rule(y(u, value), label, colours.line);
    let last = Infinity;
    for (const [value, label] of drawing.bar_ticks) {
      const at = b(u, value);
      // The baseline's label gives way on a low chart.
      const room = value !== 0 || Math.abs(last - at) > 12 * ratio();
      rule(at, room ? label : "", value === 0 ? colours.ink3 : colours.line);
      last = at;
    }
    drawDates(u);
    ctx.restore();
  }

  function drawDates(u) {
    const { ctx, bbox } = u;
    ctx.textBaseline = "top";
    ctx.textAlign = "center";
    ctx.fillStyle = colours.ink3;
    const bottom = bbox.top + bbox.height;
    let edge = -Infinity;
    for (const [value, label] of drawing.date_ticks) {
      const half = ctx.measureText(label).width / 2;
      const lowest = half;
      const highest = ctx.canvas.width - half;
      const at = Math.min(Math.max(x(u, value), lowest), highest);
      if (at - half < edge) continue;
      ctx.fillText(label, at, bottom + 8 * ratio());
      edge = at + half + 12 * ratio();
    }
  }

  function bar(u, i, from, to, colour, outlined) {
    const { ctx } = u;
    const slot = x(u, 1) - x(u, 0);
    const width = Math.max(Math.min(slot * 0.5, 18 * ratio()), ratio());
    const left = Math.round(x(u, i) - width / 2);
    let [top, bottom] = [b(u, to), b(u, from)].sort((one, other) => one - other);
    // One person is always seen.
    if (bottom - top < 2 * ratio()) {
      if (to < from) bottom = top + 2 * ratio();
      else top = bottom - 2 * ratio();
    }
    const radius = Math.min(width / 2, 1.5 * ratio(), (bottom - top) / 2);
    // An outline lies inside its bar, and a gap keeps it from the solid one.
    const inset = outlined ? 0.75 * ratio() : 0;
    if (outlined && bottom - top > 4 * ratio()) top += ratio();
    ctx.beginPath();
    ctx.roundRect(left + inset, top + inset, Math.round(width) - 2 * inset, Math.max(bottom - top - 2 * inset, 0), radius);
    ctx.globalAlpha = drawing.partial === i ? 0.55 : 1;
    if (outlined) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = 1.5 * ratio();
      ctx.stroke();
    } else {
      ctx.fillStyle = colour;
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  function drawBars(u) {
    const { ctx } = u;
    for (let i = 0; i < count(); i += 1) {
      const [came, left, gone] = [drawing.came[i], drawing.left[i], drawing.gone[i]];
      if (came > 0) bar(u, i, 0, came, colours.came, false);
      if (left > 0) bar(u, i, 0, -left, colours.left, false);
      if (gone > 0) bar(u, i, -left, -left - gone, colours.left, true);
      const more = drawing.unexplained[i];
      if (more === 0) continue;
      // Beyond the bar, dotted: X counts them, no name is known.
      const start = more > 0 ? came : -(left + gone);
      ctx.save();
      ctx.strokeStyle = colours.warn;
      ctx.lineWidth = 2 * ratio();
      ctx.setLineDash([2 * ratio(), 3 * ratio()]);
      ctx.beginPath();
      const towards = more > 0 ? -1 : 1;
      const from = b(u, start) + 3 * towards * ratio();
      const far = Math.max(Math.abs(b(u, start + more) - b(u, start)), 7 * ratio());
      ctx.moveTo(x(u, i), from);
      ctx.lineTo(x(u, i), from + towards * far);
      ctx.stroke();
      ctx.restore();
    }
  }

  function trace(u, values, colour, width, dash) {
    const { ctx } = u;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * ratio();
    ctx.lineJoin = "round";
    ctx.lineCap = "round";
    ctx.setLineDash(dash.map((part) => part * ratio()));
    ctx.beginPath();
    let down = false;
    values.forEach((value, i) => {
      if (value === null) {
        down = false;
      } else if (down) {
        ctx.lineTo(x(u, i), y(u, value));
      } else {
        ctx.moveTo(x(u, i), y(u, value));
        // A value alone between gaps is a dot, not nothing.
        if (values[i + 1] === undefined || values[i + 1] === null) {
          ctx.lineTo(x(u, i) + 0.01, y(u, value));
        }
        down = true;
      }
    });
    ctx.stroke();
    ctx.restore();
  }

  function drawLines(u) {
    trace(u, drawing.before, colours.ink3, 1, [4, 4]);
    const now = drawing.partial;
    const solid = drawing.followers.slice();
    if (now !== null && now > 0 && solid[now] !== null && solid[now - 1] !== null) {
      const last = solid.map((value, i) => (i === now || i === now - 1 ? value : null));
      solid[now] = null;
      trace(u, last, colours.ink, 2, [3, 5]);
    }
    trace(u, solid, colours.ink, 2, []);
  }

  function drawPick(u) {
    const at = held >= 0 ? held : hovered;
    if (at < 0 || at >= count()) return;
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = held >= 0 ? colours.accent : colours.ink3;
    ctx.lineWidth = (held >= 0 ? 1.5 : 1) * ratio();
    const level = Math.round(x(u, at)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(level, bbox.top);
    ctx.lineTo(level, bbox.top + bbox.height);
    ctx.stroke();
    const value = drawing.followers[at];
    if (value !== null) {
      ctx.fillStyle = held >= 0 ? colours.accent : colours.ink;
      ctx.strokeStyle = colours.card;
      ctx.lineWidth = 2 * ratio();
      ctx.beginPath();
      ctx.arc(x(u, at), y(u, value), 4.5 * ratio(), 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  function showTip(u) {
    const at = hovered >= 0 ? hovered : held;
    if (at < 0 || at >= count()) {
      tip.hidden = true;
      shown = -1;
      return;
    }
    if (at !== shown) {
      fillTip(drawing.tips[at]);
      shown = at;
    }
    tip.hidden = false;
    const centre = u.valToPos(at, "x") + u.over.offsetLeft;
    const width = tip.offsetWidth;
    const right = centre + 14;
    const fits = right + width < host.clientWidth;
    const left = fits ? right : Math.max(0, centre - 14 - width);
    tip.style.transform = `translate(${Math.round(left)}px, 8px)`;
  }

  function fillTip(content) {
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

  function hover(u) {
    if (quiet) return;
    const at = u.cursor.left >= 0 && u.cursor.idx !== null ? u.cursor.idx : -1;
    if (at === hovered) return;
    hovered = at;
    picked(at);
    u.redraw(false);
    showTip(u);
  }

  function select(u) {
    const { left, width } = u.select;
    if (quiet || width < 8) return;
    const bucket = (at) => Math.min(Math.max(Math.round(u.posToVal(at, "x")), 0), count() - 1);
    const [from, to] = [bucket(left), bucket(left + width)];
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    dragged = true;
    zoomed(from, to);
  }

  let dragged = false;

  /** Room for the longest number at the left. */
  function margin() {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.font = FONT;
    const ticks = [...drawing.line_ticks, ...drawing.bar_ticks];
    const widths = ticks.map(([, label]) => ctx.measureText(label).width);
    return Math.ceil(Math.max(20, ...widths)) + 14;
  }

  function options() {
    return {
      width: Math.max(host.clientWidth, 100),
      height: Math.max(host.clientHeight, 100),
      padding: [8, 4, 28, left_px],
      legend: { show: false },
      axes: [{ show: false }, { show: false }, { show: false }],
      scales: {
        x: { time: false, range: () => [-0.5, Math.max(count() - 0.5, 0.5)] },
        line: { range: () => drawing.line },
        bars: { range: () => drawing.bars },
      },
      series: [
        {},
        { scale: "line", paths: () => null, points: { show: false } },
        { scale: "line", paths: () => null, points: { show: false } },
        { scale: "bars", paths: () => null, points: { show: false } },
      ],
      cursor: {
        x: false,
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false, dist: 8 },
        bind: { dblclick: () => null },
      },
      hooks: {
        drawClear: [(u) => drawGaps(u, false), drawGrid, (u) => drawGaps(u, true)],
        draw: [drawBars, drawLines, drawPick],
        setCursor: [hover],
        setSelect: [select],
      },
    };
  }

  function clicked() {
    // The click that ends a drag pins nothing.
    if (dragged) dragged = false;
    else if (quiet) return;
    else if (hovered >= 0) pinned(hovered);
  }

  function left() {
    dragged = false;
    if (quiet || hovered < 0) return;
    hovered = -1;
    picked(-1);
    plot.redraw(false);
    showTip(plot);
  }

  function build() {
    plot?.destroy();
    left_px = margin();
    plot = new uPlot(options(), data(), host);
    plot.over.addEventListener("click", clicked);
    plot.over.addEventListener("pointerleave", left);
    host.append(tip);
    showTip(plot);
  }

  build();
  let size = [host.clientWidth, host.clientHeight];
  const watcher = new ResizeObserver(() => {
    const now = [host.clientWidth, host.clientHeight];
    if (now[0] === size[0] && now[1] === size[1]) return;
    size = now;
    build();
  });
  watcher.observe(host);

  return {
    update(next) {
      const before = count();
      drawing = JSON.parse(next);
      shown = -1;
      if (count() !== before && hovered >= 0) {
        hovered = -1;
        picked(-1);
      }
      if (margin() !== left_px) {
        build();
        return;
      }
      quiet = true;
      plot.setData(data());
      quiet = false;
      showTip(plot);
    },
    /** Shows a bucket as pinned; -1 lets go. */
    hold(at) {
      held = at;
      plot.redraw(false);
      showTip(plot);
    },
    recolour() {
      colours = readColours(host, COLOURS);
      plot.redraw(false);
    },
    destroy() {
      quiet = true;
      watcher.disconnect();
      plot.destroy();
      tip.remove();
    },
  };
}
