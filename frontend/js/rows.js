// The rows of the long table of tweets, drawn without a framework: a row that scrolls out is
// filled anew and comes in at the other end. Owns: the rows' elements. Must not know: what any
// text means; each comes ready (frontend/src/tweets/rows.rs), and equal text is drawn once.
// The elements stand in the order of the rows, as readers by ear meet them.

const SVG = "http://www.w3.org/2000/svg";

function element(tag, className, role) {
  const made = document.createElement(tag);
  made.className = className;
  if (role) made.setAttribute("role", role);
  return made;
}

/** One empty row of so many cells between the text and the curve. */
function blank(cells) {
  const row = element("div", "tweet-row", "row");
  const text = element("div", "text", "gridcell");
  const lines = element("div", "lines");
  const chips = element("span", "chips");
  const link = element("a", "");
  link.dir = "auto";
  // The table is one stop of the Tab key; inside it arrows, j and k move, Enter opens.
  link.tabIndex = -1;
  lines.append(chips, link);
  text.append(lines);
  row.append(text);
  const filled = Array.from({ length: cells }, () => {
    const cell = element("div", "", "gridcell");
    const parts = [element("span", "top"), element("span", "bottom"), element("span", "label")];
    parts[2].setAttribute("aria-hidden", "true");
    cell.append(...parts);
    row.append(cell);
    return { cell, parts };
  });
  const spark = element("div", "spark", "gridcell");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "-1 -2 98 30");
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  drawing.append(path);
  spark.append(drawing);
  row.append(spark);
  return { row, chips, link, filled, spark, path, drawn: "", at: -1 };
}

function fill(slot, content) {
  slot.link.href = content.href;
  slot.link.textContent = content.text;
  slot.link.lang = content.lang;
  slot.link.className = content.stand_in ? "stand-in" : "";
  const chips = content.chips.map(([className, word]) => {
    const chip = element("span", `chip tweet-chip ${className}`);
    chip.textContent = word;
    return chip;
  });
  slot.chips.replaceChildren(...chips);
  content.cells.forEach((cell, index) => {
    const { cell: box, parts } = slot.filled[index];
    box.className = cell.class;
    box.title = cell.title;
    parts[0].textContent = cell.top;
    parts[1].textContent = cell.bottom;
    parts[2].textContent = cell.label;
  });
  slot.spark.title = content.spark_title;
  slot.path.setAttribute("d", content.spark);
}

/** Makes the rows in `host`. */
export function makeRows(host) {
  let slots = [];
  let chosen = -1;

  function mark(slot) {
    slot.row.classList.toggle("chosen", slot.at === chosen);
    slot.row.setAttribute("aria-selected", String(slot.at === chosen));
  }

  function clicked(event) {
    if (event.target.closest("a") || getSelection()?.type === "Range") return;
    const row = event.target.closest(".tweet-row");
    const link = row?.querySelector("a");
    if (!link) return;
    const { ctrlKey, metaKey, shiftKey } = event;
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }));
  }

  host.addEventListener("click", clicked);
  return {
    /** Shows the rows from `first` on, each `height` pixels high; `texts` is a JSON list. */
    show(first, height, texts) {
      const rows = JSON.parse(texts);
      const cells = rows[0]?.cells.length ?? 0;
      if (slots.length > 0 && rows.length > 0 && slots[0].filled.length !== cells) {
        host.replaceChildren();
        slots = [];
      }
      while (slots.length < rows.length) {
        const slot = blank(cells);
        slots.push(slot);
        host.append(slot.row);
      }
      while (slots.length > rows.length) slots.pop().row.remove();
      rows.forEach((content, index) => {
        const slot = slots[index];
        const text = JSON.stringify(content);
        if (slot.drawn !== text) {
          fill(slot, content);
          slot.drawn = text;
        }
        const at = first + index;
        if (slot.at !== at) {
          slot.at = at;
          slot.row.id = `row-${at}`;
          slot.row.setAttribute("aria-rowindex", String(at + 2));
        }
        slot.row.style.transform = `translateY(${at * height}px)`;
        mark(slot);
      });
    },
    /** Marks a row as the one that the keys have come to, or that is open; -1 is none. */
    choose(at) {
      chosen = at;
      slots.forEach(mark);
    },
    destroy() {
      host.removeEventListener("click", clicked);
      host.replaceChildren();
    },
  };
}

/** Scrolls the window so that so many pixels from `host`'s top stand inside it, and focuses the
    table around it, so that its keys go on from there. */
export function bringIntoView(host, top, height) {
  host.parentElement?.focus({ preventScroll: true });
  const at = host.getBoundingClientRect().top + top;
  // Under the two bars that stay, over a phone's tabs.
  const [above, below] = [96, innerHeight - 72];
  if (at < above) scrollBy(0, at - above);
  else if (at + height > below) scrollBy(0, at + height - below);
}

/** The items of an answer, and where the next ones begin. */
export function listOf(answer) {
  return [answer?.items ?? [], answer?.next_cursor ?? undefined];
}

/** The metrics that any of the tweets has, one a line. */
export function metricsOf(items) {
  const names = new Set();
  for (const item of items) for (const name in item.metrics) names.add(name);
  return [...names].join("\n");
}

/** The languages that any of the tweets is in, one a line. */
export function languagesOf(items) {
  return [...new Set(items.map((item) => item.lang).filter(Boolean))].join("\n");
}
