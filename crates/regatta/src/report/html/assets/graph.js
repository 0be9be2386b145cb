// Which suite waits for which: boxes in columns from left to right, coloured by how they ended, and the same as a table.

function graphView() {
  const heading = el("h2", {}, "Graph");
  const { graph } = data;
  if (!graph) {
    const words = suites.some((it) => it.after.length > 0)
      ? "There are too many suites for a picture that anybody could read; the table has all of them."
      : "No suite waits for another.";
    return el("section", {}, heading, el("p", { class: "quiet" }, words), suites.length > 0 && graphTable());
  }
  const [width, height] = graph.size;
  const label = `Graph of ${count(suites.length, "suite")}; the table below says the same`;
  const drawing = svg("svg", { width: width + 8, height: height + 8, viewBox: `-4 -4 ${width + 8} ${height + 8}`, role: "img", "aria-label": label },
    graph.frames.map(([[x, y, wide, tall], members]) => [
      svg("rect", { class: "frame-box", x, y, width: wide, height: tall, rx: 6 }),
      svg("text", { class: "faint", x: x + 8, y: y + 13 }, `${members} alike`),
    ]).flat(),
    graph.wires.map(([d, isCritical]) => svg("path", { class: isCritical ? "edge-line critical-edge" : "edge-line", d })),
    suites.map(graphBox));
  drawing.addEventListener("click", (event) => {
    const found = event.target.closest("[data-suite]");
    if (found) location.hash = suiteLink(suites[found.dataset.suite]);
  });
  const canvas = el("div", { class: "canvas", tabindex: "0", role: "region", "aria-label": "Picture of the graph" }, drawing);
  return el("section", {}, heading,
    el("p", { class: "quiet" }, "What is waited for stands left of what waits. The thick line is the critical path."),
    canvas, legendOfKinds(), unfolding("Graph as a table", graphTable));
}

function graphBox(suite) {
  const [x, y, width, height] = data.graph.nodes[suite.index];
  const critical = onPath.has(suite.index) ? " critical-box" : "";
  // Shapes differ as well: round ends for what passed, a cut frame for what did not run.
  const round = ["passed", "cached", "flaky"].includes(suite.kind) ? height / 2 : 3;
  const dash = ["blocked", "skipped"].includes(suite.kind) ? "4 3" : undefined;
  return svg("g", { "data-suite": suite.index, class: suite.kind },
    svg("rect", { class: `box${critical}`, x, y, width, height, rx: round, "stroke-dasharray": dash },
      svg("title", {}, `${suite.name}: ${suite.words}`)),
    svg("text", { class: "box-mark", x: x + 11, y: y + height / 2 + 4 }, KINDS[suite.kind][0]),
    svg("text", { x: x + 26, y: y + height / 2 + 4 }, cutText(suite.name, width - 30)));
}

function legendOfKinds() {
  const kinds = Object.keys(KINDS).filter((kind) => suites.some((it) => it.kind === kind));
  return el("ul", { class: "legend", "aria-label": "Legend" }, kinds.map((kind) => el("li", {}, kindCell(kind))));
}

function graphTable() {
  const dependents = suites.map(() => []);
  for (const suite of suites) for (const before of suite.after) dependents[before].push(suite);
  const names = (list) => list.flatMap((it) => [suiteAnchor(it), " "]);
  return makeTable({
    label: "Dependencies",
    rows: suites,
    columns: [
      { title: "Suite", head: true, cell: (it) => suiteAnchor(it), sort: (it) => it.name },
      { title: "Result", cell: (it) => kindCell(it.kind), sort: (it) => it.kind },
      { title: "Waits for", cell: (it) => names(it.after.map((before) => suites[before])), sort: (it) => it.after.length },
      { title: "Is waited for by", cell: (it) => names(dependents[it.index].slice(0, 20)), sort: (it) => dependents[it.index].length },
    ],
  }).element;
}
