// One tweet's metrics over its life, drawn with uPlot. Owns: pixels, pointer and the tooltip's
// place. Must not know: where numbers come from, what they mean, whether the scale is
// logarithmic, or any word: all of that comes ready (frontend/src/tweets/curve.rs). x is hours
// since the tweet was written.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { dot, drawGaps, fillTip, labelsBelow, margin, onResize, placeTip, ratio, rule, tooltip, upright } from "./chart_parts.js";
import { readColours } from "./colours.js";

const COLOURS = ["ink", "ink2", "ink3", "line", "card", "accent", "accent-tint", "warn", "kind-tweet", "kind-reply", "kind-quote", "kind-repost"];
/** Colour, width and dash of each line: told apart without colour too. */
const LINES = [
  ["ink", 2, []],
  ["kind-tweet", 2, []],
  ["kind-reply", 2, [7, 4]],
  ["kind-quote", 2, [2, 4]],
  ["kind-repost", 2, [9, 3, 2, 3]],
];

/** Makes the curve in `host`; see charts.js. `picked` gets a reading or -1, `pinned` a reading. */
export function make(host, text, picked, pinned) {
  let drawing = JSON.parse(text);
  let colours = readColours(host, COLOURS);
  let plot = null;
  let hovered = -1;
  let shown = -1;
  let held = -1;
  let quiet = false;
  let left_px = 0;
  const tip = tooltip();

  const x = (u, at) => u.valToPos(at, "x", true);
  const y = (u, value) => u.valToPos(value, "y", true);

  /** The lines at the right end have their names beside them; a phone has the legend alone. */
  function grid(u) {
    for (const [value, label] of drawing.y_ticks) rule(u, y(u, value), label, colours.line, colours);
    labelsBelow(u, drawing.x_ticks, (at) => x(u, at), colours);
  }

  function band(u) {
    const { ctx } = u;
    const { at, low, mid, high } = drawing.band;
    if (at.length === 0) return;
    ctx.save();
    ctx.beginPath();
    at.forEach((hour, i) => ctx.lineTo(x(u, hour), y(u, high[i])));
    for (let i = at.length - 1; i >= 0; i -= 1) ctx.lineTo(x(u, at[i]), y(u, low[i]));
    ctx.closePath();
    ctx.fillStyle = colours["accent-tint"];
    ctx.fill();
    ctx.beginPath();
    at.forEach((hour, i) => ctx.lineTo(x(u, hour), y(u, mid[i])));
    ctx.strokeStyle = colours.accent;
    ctx.lineWidth = ratio();
    ctx.setLineDash([4 * ratio(), 4 * ratio()]);
    ctx.stroke();
    ctx.restore();
  }

  function line(u, index) {
    const { ctx } = u;
    const [colour, width, dash] = LINES[index % LINES.length];
    ctx.save();
    ctx.strokeStyle = colours[colour];
    ctx.lineWidth = width * ratio();
    ctx.lineJoin = "round";
    ctx.lineCap = dash.length > 0 ? "butt" : "round";
    ctx.setLineDash(dash.map((part) => part * ratio()));
    ctx.beginPath();
    const { values } = drawing.lines[index];
    let down = false;
    values.forEach((value, i) => {
      if (value === null) {
        down = false;
        return;
      }
      const [at, level] = [x(u, drawing.at[i]), y(u, value)];
      if (down && drawing.joined[i]) {
        ctx.lineTo(at, level);
        return;
      }
      ctx.moveTo(at, level);
      // A reading alone between gaps is a dot, not nothing.
      const next = values[i + 1];
      if (next === undefined || next === null || !drawing.joined[i + 1]) lone.push([index, i]);
      down = true;
    });
    ctx.stroke();
    ctx.restore();
  }

  let lone = [];

  function lines(u) {
    lone = [];
    for (let index = drawing.lines.length - 1; index >= 0; index -= 1) line(u, index);
    const { ctx } = u;
    ctx.save();
    for (const [index, i] of lone) {
      ctx.fillStyle = colours[LINES[index % LINES.length][0]];
      ctx.beginPath();
      ctx.arc(x(u, drawing.at[i]), y(u, drawing.lines[index].values[i]), 3 * ratio(), 0, 2 * Math.PI);
      ctx.fill();
    }
    // X corrected itself: a wedge that points down onto the reading that fell.
    for (const [i, index] of drawing.falls) {
      const value = drawing.lines[index]?.values[i];
      if (value === null || value === undefined) continue;
      const [at, level, size] = [x(u, drawing.at[i]), y(u, value) - 6 * ratio(), 6 * ratio()];
      ctx.fillStyle = colours.warn;
      ctx.strokeStyle = colours.card;
      ctx.lineWidth = 1.5 * ratio();
      ctx.beginPath();
      ctx.moveTo(at, level);
      ctx.lineTo(at - size * 0.75, level - size * 1.2);
      ctx.lineTo(at + size * 0.75, level - size * 1.2);
      ctx.closePath();
      ctx.stroke();
      ctx.fill();
    }
    ctx.restore();
  }

  function pick(u) {
    const at = held >= 0 ? held : hovered;
    if (at < 0 || at >= drawing.at.length) return;
    u.ctx.save();
    upright(u, x(u, drawing.at[at]), held >= 0 ? colours.accent : colours.ink3, held >= 0 ? 1.5 : 1);
    drawing.lines.forEach(({ values }, index) => {
      if (values[at] === null) return;
      dot(u, x(u, drawing.at[at]), y(u, values[at]), colours[LINES[index % LINES.length][0]], colours.card);
    });
    u.ctx.restore();
  }

  function showTip(u) {
    const at = hovered >= 0 ? hovered : held;
    if (at < 0 || at >= drawing.at.length) {
      tip.hidden = true;
      shown = -1;
      return;
    }
    if (at !== shown) {
      fillTip(tip, drawing.tips[at]);
      shown = at;
    }
    placeTip(tip, host, u.valToPos(drawing.at[at], "x") + u.over.offsetLeft);
  }

  /** The reading next to the pointer. */
  function nearest(u) {
    if (u.cursor.left < 0 || drawing.at.length === 0) return -1;
    const hour = u.posToVal(u.cursor.left, "x");
    let best = 0;
    drawing.at.forEach((at, i) => {
      if (Math.abs(at - hour) <= Math.abs(drawing.at[best] - hour)) best = i;
    });
    return best;
  }

  function hover(u) {
    if (quiet) return;
    const at = nearest(u);
    if (at === hovered) return;
    hovered = at;
    picked(at);
    u.redraw(false);
    showTip(u);
  }

  function left() {
    if (quiet || hovered < 0) return;
    hovered = -1;
    picked(-1);
    plot.redraw(false);
    showTip(plot);
  }

  function options() {
    return {
      width: Math.max(host.clientWidth, 100),
      height: Math.max(host.clientHeight, 100),
      padding: [12, 10, 28, left_px],
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { time: false, range: () => [0, drawing.hours] }, y: { range: () => drawing.y } },
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false }, bind: { dblclick: () => null } },
      hooks: {
        drawClear: [
          (u) => drawGaps(u, drawing.gaps, (at) => x(u, at), colours, false),
          band,
          grid,
          (u) => drawGaps(u, drawing.gaps, (at) => x(u, at), colours, true),
        ],
        draw: [lines, pick],
        setCursor: [hover],
        // Places are known from here on: what is held keeps its tooltip beside it.
        ready: [showTip],
      },
    };
  }

  // uPlot keeps the pointer and the scales; the lines it is given only make it draw.
  const data = () => [[0, drawing.hours], [drawing.y[0], drawing.y[1]]];
  const ticks = () => drawing.y_ticks;

  function build() {
    plot?.destroy();
    left_px = margin(ticks());
    plot = new uPlot(options(), data(), host);
    plot.over.addEventListener("click", () => !quiet && hovered >= 0 && pinned(hovered));
    plot.over.addEventListener("pointerleave", left);
    host.append(tip);
    showTip(plot);
  }

  build();
  const watcher = onResize(host, build);

  return {
    update(next) {
      drawing = JSON.parse(next);
      shown = -1;
      if (hovered >= drawing.at.length) {
        hovered = -1;
        picked(-1);
      }
      if (margin(ticks()) !== left_px) {
        build();
        return;
      }
      quiet = true;
      plot.setData(data());
      quiet = false;
      showTip(plot);
    },
    /** Shows a reading as pinned; -1 lets go. */
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
