// All suites as a table that can be filtered and sorted.

const suitesState = { text: "", kind: "all" };

function suitesView() {
  const field = el("input", { type: "search", placeholder: "Name, category, tag, owner", "aria-label": "Filter suites", value: suitesState.text });
  const said = el("p", { class: "quiet", "aria-live": "polite" });
  const kinds = Object.keys(KINDS).filter((kind) => suites.some((it) => it.kind === kind));
  const options = [["all", "All"], ...kinds.map((kind) => [kind, `${KINDS[kind][0]} ${KINDS[kind][1]}`])];
  const hasMemory = suites.some((it) => it.memory !== undefined);
  const hasPast = suites.some((it) => it.marks.length > 0);
  const hasCache = suites.some((it) => it.cache);
  const ranks = Object.keys(KINDS);
  const table = makeTable({
    label: "Suites",
    rows: filtered(),
    empty: "No suite matches.",
    order: { column: 1, direction: 1 },
    columns: [
      { title: "Suite", head: true, cell: (it) => suiteAnchor(it, { class: "row", title: it.description || undefined }), sort: (it) => it.name },
      { title: "Result", cell: (it) => kindCell(it.kind), sort: (it) => ranks.indexOf(it.kind) },
      { title: "Category", aside: true, cell: (it) => named(it.category), sort: (it) => it.category },
      { title: "Time", number: true, cell: (it) => duration(it.ran), sort: (it) => it.ran },
      hasPast && { title: "Against usual", number: true, aside: true, cell: (it) => ratioWords(it.ratio), sort: (it) => it.ratio },
      { title: "CPU", number: true, aside: true, cell: (it) => duration(it.cpu), sort: (it) => it.cpu },
      hasMemory && { title: "Memory", number: true, aside: true, cell: (it) => bytes(it.memory), sort: (it) => it.memory },
      { title: "Attempts", number: true, aside: true, cell: (it) => attemptCount(it) || "", sort: (it) => attemptCount(it) },
      hasCache && { title: "Cache", aside: true, cell: (it) => (it.cache ? (it.cache.hit ? "hit" : "miss") : ""), sort: (it) => (it.cache ? Number(it.cache.hit) : undefined) },
      hasPast && { title: "Latest runs", aside: true, cell: (it) => (it.marks.length > 0 ? spark(it) : "") },
    ].filter(Boolean),
  });

  function filtered() {
    const words = suitesState.text.toLowerCase().split(/\s+/).filter(Boolean);
    return suites.filter((it) => {
      if (suitesState.kind !== "all" && it.kind !== suitesState.kind) return false;
      const text = [it.name, it.category, it.description ?? "", it.owner ?? "", it.kind, ...it.tags, ...it.groups].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }
  function update() {
    const rows = filtered();
    table.update(rows);
    said.textContent = rows.length === suites.length ? count(rows.length, "suite") : `${rows.length} of ${count(suites.length, "suite")}`;
  }
  field.addEventListener("input", () => {
    suitesState.text = field.value;
    update();
  });
  const section = el("section", {}, el("h2", {}, "Suites"),
    el("div", { class: "bar-of-tools" }, field,
      choice("Result", options, suitesState.kind, (kind) => {
        suitesState.kind = kind;
        update();
      })),
    said, table.element);
  section.filter = () => field.focus();
  section.showMore = table.showMore;
  update();
  return section;
}

function attemptCount(suite) {
  return suite.attempt_count ?? suite.attempts.length;
}
