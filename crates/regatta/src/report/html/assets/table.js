// A table that can be sorted and shows its rows piece by piece, so that thousands of them cost nothing.

const PIECE = 100;

// Makes a table. A column has `title` and `cell`; `sort` where it can be sorted by a value, `number` where it holds
// amounts, `aside` where narrow screens do without it, `head` where it names its row. A `slim` table has few columns and is
// not stretched.
function makeTable({ label, columns, rows, order, empty, slim }) {
  const body = el("tbody");
  const more = el("p", { class: "more" });
  let sorting = order ?? { column: -1, direction: 1 };
  let shown = PIECE;
  let sorted = [];
  const heads = columns.map((column, place) => {
    const attributes = { scope: "col", class: classes(column) };
    if (!column.sort) return el("th", attributes, column.title);
    return el("th", attributes, button(column.title, undefined, () => {
      const again = sorting.column === place;
      sorting = { column: place, direction: again ? -sorting.direction : column.number ? -1 : 1 };
      sort();
    }));
  });
  const table = el("table", {}, el("caption", { class: "unseen" }, label), el("thead", {}, el("tr", {}, heads)), body);
  const element = el("div", { class: slim && "slim" }, el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label }, table), more);

  function sort() {
    const column = columns[sorting.column];
    sorted = [...rows];
    if (column) {
      const keyed = sorted.map((row) => [column.sort(row), row]);
      keyed.sort(([a], [b]) => {
        // What is not known comes last, whichever way.
        if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
        return sorting.direction * (a < b ? -1 : a > b ? 1 : 0);
      });
      sorted = keyed.map(([, row]) => row);
    }
    heads.forEach((head, place) => {
      if (place === sorting.column) head.setAttribute("aria-sort", sorting.direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    shown = Math.min(shown, PIECE);
    body.replaceChildren();
    fill();
  }

  function fill() {
    const next = sorted.slice(body.childElementCount, shown);
    body.append(...next.map((row) => el("tr", {}, columns.map((column) => cell(column, row)))));
    if (sorted.length === 0) body.append(el("tr", {}, el("td", { colspan: columns.length, class: "quiet" }, empty ?? "There is nothing to show.")));
    const rest = sorted.length - shown;
    more.replaceChildren(...(rest > 0
      ? [button(`Show ${count(Math.min(rest, PIECE), "more row")}`, undefined, showMore), " ", el("span", { class: "quiet" }, `${count(rest, "row")} not shown`)]
      : []));
  }

  // The row after the last one gets the focus, where the reader was.
  function showMore() {
    const before = body.childElementCount;
    shown += PIECE;
    fill();
    body.children[before]?.querySelector("a, button")?.focus();
  }

  sort();
  return {
    element,
    showMore: () => sorted.length > shown && (showMore(), true),
    update(newRows) {
      rows = newRows;
      sort();
    },
  };
}

function classes(column) {
  return [column.number && "number", column.aside && "aside"].filter(Boolean).join(" ") || undefined;
}

function cell(column, row) {
  const content = column.cell(row);
  if (column.head) return el("th", { scope: "row", class: classes(column) }, content);
  return el("td", { class: classes(column) }, content);
}
