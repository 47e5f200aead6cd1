// The tide: the chart of the Overview, drawn with uPlot. Owns: pixels, pointer and the tooltip's
// place. Must not know: where numbers come from, what they mean, or any word: all of that comes
// ready in the drawing (frontend/src/tide/drawing.rs). x counts buckets: bucket i covers
// i - 0.5 to i + 0.5, so that hours, days and months are equally wide whatever clocks do.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { dot, drawGaps, fillTip, hatch, labelsBelow, margin, onResize, placeTip, ratio, rule, tooltip, upright } from "./chart_parts.js";
import { readColours } from "./colours.js";

const COLOURS = ["ink", "ink2", "ink3", "line", "card", "came", "left", "warn", "accent"];
/** Tweets nearer than this share one mark: about one mark a day in a month; fewer on a phone,
 * where they would hide the bars. */
const NEAR_PX = 26;
const NEAR_NARROW_PX = 44;

/**
 * Makes a tide in `host`. It tells picked(i | -1), pinned(i), zoomed(from, to) of buckets, and
 * opened(first, last) of tweets. Answers { update(text), hold(i), recolour(), destroy() }.
 */
export function make(host, text, picked, pinned, zoomed, opened) {
  let drawing = JSON.parse(text);
  let colours = readColours(host, COLOURS);
  let plot = null;
  let hovered = -1;
  let shown = -1;
  let held = -1;
  // While data is set, and after the end, the plot's own events are nobody's business.
  let quiet = false;
  let left_px = 0;

  const tip = tooltip();
  // The marks of tweets: { at (in buckets), first, last }, and the one under the pointer.
  let marks = [];
  let marked = null;

  const count = () => drawing.followers.length;
  const x = (u, at) => u.valToPos(at, "x", true);
  const y = (u, value) => u.valToPos(value, "line", true);
  /** Tweets have a lane of their own along the baseline: bars begin above and below it. */
  const lane = () => (drawing.tweets.length > 0 ? 9 : 1) * ratio();
  const b = (u, value) => {
    const [zero, raw] = [u.valToPos(0, "bars", true), u.valToPos(value, "bars", true)];
    if (value === 0) return zero;
    const room = Math.max(u.bbox.top + u.bbox.height - zero, 1);
    return zero + Math.sign(raw - zero) * lane() + (raw - zero) * Math.max(1 - lane() / room, 0);
  };
  const foot = (u, up) => u.valToPos(0, "bars", true) - (up ? 1 : -1) * lane();

  function data() {
    const xs = Float64Array.from({ length: count() }, (_, i) => i);
    return [xs, drawing.followers, drawing.before, drawing.came];
  }

  const gaps = (u, words) => drawGaps(u, drawing.gaps, (at) => x(u, at - 0.5), colours, words);

  /** What was seen in part is hatched at the foot alone, under everything that is drawn. */
  function drawParts(u) {
    const { bbox } = u;
    for (const [from, to] of drawing.parts) {
      const [left, right] = [x(u, from - 0.5), x(u, to - 0.5)];
      hatch(u.ctx, { x: left, y: bbox.top + bbox.height, w: Math.max(right - left, 2 * ratio()), h: 6 * ratio() }, colours.ink3);
    }
  }

  function drawGrid(u) {
    for (const [value, label] of drawing.line_ticks) rule(u, y(u, value), label, colours.line, colours);
    let last = Infinity;
    for (const [value, label] of drawing.bar_ticks) {
      const at = b(u, value);
      // The baseline's label gives way on a low chart.
      const room = value !== 0 || Math.abs(last - at) > 12 * ratio();
      rule(u, at, room ? label : "", value === 0 ? colours.ink3 : colours.line, colours);
      last = at;
    }
    labelsBelow(u, drawing.date_ticks, (at) => x(u, at), colours);
  }

  function bar(u, i, from, to, colour, outlined) {
    const { ctx } = u;
    const slot = x(u, 1) - x(u, 0);
    // A bar fills its bucket, however few there are; the rest keeps neighbours apart.
    const width = Math.max(slot * 0.64, ratio());
    const left = Math.round(x(u, i) - width / 2);
    const start = from === 0 ? foot(u, to > 0) : b(u, from);
    let [top, bottom] = [b(u, to), start].sort((one, other) => one - other);
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
    ctx.globalAlpha = drawing.partial === i || drawing.cut.includes(i) ? 0.55 : 1;
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
      const reached = more > 0 ? came : -(left + gone);
      ctx.save();
      ctx.strokeStyle = colours.warn;
      ctx.lineWidth = 2 * ratio();
      ctx.setLineDash([2 * ratio(), 3 * ratio()]);
      ctx.beginPath();
      const towards = more > 0 ? -1 : 1;
      const start = reached === 0 ? foot(u, more > 0) : b(u, reached);
      const from = start + 3 * towards * ratio();
      const far = Math.max(Math.abs(b(u, reached + more) - start), 7 * ratio());
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
    // The line before lifts its pen over what is hatched, as this one does.
    const hatched = (i) => drawing.gaps.some(([from, to]) => i >= from && i < to);
    trace(u, drawing.before.map((value, i) => (hatched(i) ? null : value)), colours.ink3, 1, [4, 4]);
    const now = drawing.partial;
    const solid = drawing.followers.slice();
    if (now !== null && now > 0 && solid[now] !== null && solid[now - 1] !== null) {
      const last = solid.map((value, i) => (i === now || i === now - 1 ? value : null));
      solid[now] = null;
      trace(u, last, colours.ink, 2, [3, 5]);
    }
    trace(u, solid, colours.ink, 2, []);
  }

  /** Puts tweets together that would touch: as wide as the window is. */
  function cluster(u) {
    marks = [];
    const near = u.over.clientWidth < 480 ? NEAR_NARROW_PX : NEAR_PX;
    for (const [index, [at]] of drawing.tweets.entries()) {
      const last = marks.at(-1);
      if (last && u.valToPos(at, "x") - u.valToPos(last.from, "x") < near) {
        last.last = index;
        last.at = (last.from + at) / 2;
      } else marks.push({ from: at, at, first: index, last: index });
    }
  }

  /** Tweets are diamonds on the baseline, 6 px from the middle to a corner; several are a count. */
  function drawTweets(u) {
    cluster(u);
    const { ctx } = u;
    const level = b(u, 0);
    ctx.save();
    ctx.font = `600 ${10 * ratio()}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const mark of marks) {
      const many = mark.last > mark.first;
      const size = (many ? 9 : 6) * ratio();
      const at = x(u, mark.at);
      const lit = marked?.first === mark.first;
      ctx.beginPath();
      ctx.moveTo(at, level - size);
      ctx.lineTo(at + size, level);
      ctx.lineTo(at, level + size);
      ctx.lineTo(at - size, level);
      ctx.closePath();
      ctx.fillStyle = many && !lit ? colours.card : colours.accent;
      ctx.strokeStyle = many ? colours.accent : colours.card;
      ctx.lineWidth = 1.5 * ratio();
      ctx.fill();
      ctx.stroke();
      if (!many) continue;
      ctx.fillStyle = lit ? colours.card : colours.accent;
      const count = mark.last - mark.first + 1;
      ctx.fillText(count > 99 ? "…" : String(count), at, level + 0.5 * ratio());
    }
    ctx.restore();
  }

  /** The mark under the pointer, if one is. */
  function underPointer(u) {
    const { left: px, top } = u.cursor;
    if (px < 0 || Math.abs(top - u.valToPos(0, "bars")) > 11) return null;
    const near = marks.filter((mark) => Math.abs(u.valToPos(mark.at, "x") - px) < 11);
    const far = (mark) => Math.abs(u.valToPos(mark.at, "x") - px);
    return near.sort((one, other) => far(one) - far(other))[0] ?? null;
  }

  function drawPick(u) {
    const at = held >= 0 ? held : hovered;
    if (at < 0 || at >= count()) return;
    u.ctx.save();
    upright(u, x(u, at), held >= 0 ? colours.accent : colours.ink3, held >= 0 ? 1.5 : 1);
    const value = drawing.followers[at];
    if (value !== null) dot(u, x(u, at), y(u, value), held >= 0 ? colours.accent : colours.ink, colours.card);
    u.ctx.restore();
  }

  function showTip(u) {
    if (marked) {
      const inside = drawing.tweets.slice(marked.first, marked.last + 1);
      const title = inside.length === 1 ? drawing.tweets_word[0] : `${inside.length} ${drawing.tweets_word[1]}`;
      const notes = inside.slice(0, 6).map(([, when, name]) => `${when} · ${name}`);
      if (inside.length > 6) notes.push("…");
      fillTip(tip, { title, rows: [], notes });
      shown = -1;
      placeTip(tip, host, u.valToPos(marked.at, "x") + u.over.offsetLeft);
      return;
    }
    const at = hovered >= 0 ? hovered : held;
    if (at < 0 || at >= count()) {
      tip.hidden = true;
      shown = -1;
      return;
    }
    if (at !== shown) {
      fillTip(tip, drawing.tips[at]);
      shown = at;
    }
    placeTip(tip, host, u.valToPos(at, "x") + u.over.offsetLeft);
  }

  function hover(u) {
    if (quiet) return;
    const over = underPointer(u);
    const turned = over?.first !== marked?.first;
    marked = over;
    if (turned) u.over.style.cursor = over ? "pointer" : "";
    const at = u.cursor.left >= 0 && u.cursor.idx !== null ? u.cursor.idx : -1;
    if (at === hovered && !turned) return;
    if (at !== hovered) {
      hovered = at;
      picked(at);
    }
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

  const ticks = () => [...drawing.line_ticks, ...drawing.bar_ticks];

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
        drawClear: [(u) => gaps(u, false), drawGrid, drawParts, (u) => gaps(u, true)],
        draw: [drawBars, drawTweets, drawLines, drawPick],
        setCursor: [hover],
        // Places are known from here on: what is held keeps its tooltip beside it.
        ready: [showTip],
        setSelect: [select],
      },
    };
  }

  function clicked() {
    // The click that ends a drag pins nothing.
    if (dragged) dragged = false;
    else if (quiet) return;
    else if (marked) opened(marked.first, marked.last);
    else if (hovered >= 0) pinned(hovered);
  }

  function left() {
    dragged = false;
    if (quiet || hovered < 0) return;
    hovered = -1;
    marked = null;
    picked(-1);
    plot.redraw(false);
    showTip(plot);
  }

  function build() {
    plot?.destroy();
    left_px = margin(ticks());
    plot = new uPlot(options(), data(), host);
    plot.over.addEventListener("click", clicked);
    plot.over.addEventListener("pointerleave", left);
    host.append(tip);
    showTip(plot);
  }

  build();
  const watcher = onResize(host, build);

  return {
    update(next) {
      const before = count();
      drawing = JSON.parse(next);
      shown = -1;
      marked = null;
      if (count() !== before && hovered >= 0) {
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
