// The run as a chart: who ran when and where, what waited for what, and which suites decided how long it took.

const MODES = [["suites", "Suites"], ["slots", "Slots"], ["groups", "Groups"]];
const FEW = 24;

function timelineSection() {
  let mode = suites.length <= FEW ? "suites" : "slots";
  const chart = el("div", { class: "chart" });
  const section = el("section", { "aria-labelledby": "timeline-title", class: "printed" }, el("h2", { id: "timeline-title" }, "Timeline"));
  if (!suites.some((it) => it.start !== undefined || it.cache?.hit)) {
    section.append(el("p", { class: "quiet" }, "Nothing ran, so there is nothing to draw."));
    return section;
  }
  const draw = () => chart.replaceChildren(...drawTimeline(mode, chart.clientWidth || 960));
  const modes = MODES.filter(([name]) => name !== "groups" || groups.length > 0);
  const pathButton = button("Critical path", "c", () => togglePath(), { "aria-pressed": "true" });
  section.append(
    el("div", { class: "bar-of-tools" },
      choice("Lanes", modes, mode, (chosen) => {
        mode = chosen;
        draw();
      }),
      pathButton),
    chart,
    legend(),
    unfolding("Timeline as a table", timelineTable, { class: "unprinted" }),
    pathSection());
  function togglePath() {
    const hidden = chart.classList.toggle("without-path");
    pathButton.setAttribute("aria-pressed", String(!hidden));
    announce(hidden ? "Critical path hidden" : "Critical path shown");
  }
  section.togglePath = togglePath;
  // The chart follows the width of the page.
  let width = 0;
  new ResizeObserver(() => {
    if (chart.clientWidth !== width) {
      width = chart.clientWidth;
      draw();
    }
  }).observe(chart);
  return section;
}

function drawTimeline(mode, width) {
  const lanes = makeLanes(mode);
  const longest = Math.max(...lanes.map((it) => [...it.label].length), 4);
  // The strips below have labels of their own.
  const gutter = Math.min(Math.max(longest * 6.6 + 10, 84), width * (width < 500 ? 0.3 : 0.22));
  const axis = timeAxis(width, gutter);
  const row = lanes.length > 60 ? 14 : 21;
  const height = lanes.length * row;
  const places = new Map();
  const drawing = svg("svg", { width, height, role: "img", "aria-label": describeTimeline(mode, lanes) });
  drawing.append(hatches());
  lanes.forEach((_, place) => {
    if (place % 2 === 1) drawing.append(svg("rect", { class: "stripe", x: 0, y: place * row, width, height: row }));
  });
  drawing.append(...drawGrid(axis, height));
  lanes.forEach((lane, place) => drawing.append(drawLane(lane, { axis, row, y: place * row, places })));
  drawing.append(drawPath(axis, row, places));
  // The table has links for the keyboard; a picture has none.
  drawing.addEventListener("click", (event) => {
    const found = event.target.closest("[data-suite]");
    if (found) location.hash = suiteLink(suites[found.dataset.suite]);
  });
  return [
    drawTicks(axis),
    el("div", { class: "lanes", tabindex: "0", role: "region", "aria-label": "Lanes of the timeline" }, drawing),
    ...drawLoad(axis),
  ];
}

function describeTimeline(mode, lanes) {
  const ran = suites.filter((it) => it.start !== undefined).length;
  return `Timeline of ${count(ran, "suite")} in ${count(lanes.length, "lane")} by ${mode}, ${duration(run.wall)} long. The table below has the same figures.`;
}

function hatches() {
  const hatch = (id, lineClass, size) =>
    svg("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { class: lineClass, x1: 0, y1: 0, x2: 0, y2: size, "stroke-width": 1.6 }));
  return svg("defs", {}, hatch("hatch", "hatch-line", 6), hatch("hatch-group", "hatch-group-line", 4));
}

function drawLane(lane, { axis, row, y, places }) {
  const group = svg("g");
  const label = svg("text", { class: lane.suite ? "" : "faint", x: 0, y: y + row / 2 + 4 }, cutText(lane.label, axis.gutter - 8), svg("title", {}, lane.label));
  if (lane.suite) label.dataset.suite = lane.suite.index;
  group.append(label);
  for (const [from, to, place] of lane.waits) {
    const [x, wide] = [axis.x(from), axis.x(to) - axis.x(from)];
    if (wide < 0.5) continue;
    const words = place < 0 ? "a slot" : groups[place].name;
    group.append(svg("rect", { class: `wait ${place < 0 ? "slots" : "group"}`, x, y: y + 4, width: wide, height: row - 8 },
      svg("title", {}, `waited ${duration(to - from)} for ${place < 0 ? "a slot" : `group ${words}`}`)));
    // A name on a hatched ground needs a ground of its own.
    const text = [`waits for ${words}`, words].find((it) => [...it].length * 6.2 < wide - 12);
    if (place >= 0 && text && row > 16) {
      group.append(
        svg("rect", { x: x + 3, y: y + 5, width: [...text].length * 5.9 + 6, height: row - 10, fill: "var(--ground)" }),
        svg("text", { class: "faint", x: x + 6, y: y + row / 2 + 4 }, text));
    }
  }
  lane.spans.forEach((span, place) => {
    const { suite, attempt } = span;
    const [x, wide] = [axis.x(span.start), Math.max(1.5, axis.x(span.end) - axis.x(span.start))];
    const before = lane.spans[place - 1];
    if (lane.suite && before) {
      group.append(svg("line", { class: "frame", "stroke-dasharray": "2 2", x1: axis.x(before.end), x2: x, y1: y + row / 2, y2: y + row / 2 }));
    }
    const isLast = attempt === suite.attempts.at(-1);
    const kind = isLast ? suite.kind : attempt.kind;
    const times = `${suite.name}: ${attempt.words}, ${duration(span.start)} to ${duration(span.end)}, ran ${duration(span.end - span.start)}`;
    const retry = suite.attempts.length > 1 ? `, attempt ${attempt.number}` : "";
    const bar = svg("g", { "data-suite": suite.index },
      svg("rect", { class: `span ${kind}`, x, y: y + 2, width: wide, height: row - 4, rx: 2 }, svg("title", {}, times + retry)));
    if (kind === "failed" || kind === "forgiven") {
      if (wide > 6) bar.append(svg("rect", { class: "span-edge", x: x + 1.5, y: y + 3.5, width: wide - 3, height: row - 7 }));
    }
    const text = cutText(lane.suite ? (kind === "failed" ? "✗" : "") : suite.name, wide - 10);
    if (text && row > 16) bar.append(svg("text", { class: "on", x: x + 5, y: y + row / 2 + 4 }, text));
    group.append(bar);
    if (isLast) places.set(suite.index, { x, wide, y });
  });
  for (const suite of lane.ticks) {
    const x = axis.x(suite.cache.at) + 1.5;
    group.append(svg("line", { class: "tick", x1: x, x2: x, y1: y + 3, y2: y + row - 3 }, svg("title", {}, `${suite.name}: cached, ${duration(suite.cache.saved)} saved`)));
  }
  return group;
}

// Outlines the suites that decided, and leads from each to the next.
function drawPath(axis, row, places) {
  const group = svg("g", { "aria-hidden": "true" });
  const steps = data.path.map((it) => places.get(it)).filter(Boolean);
  steps.forEach((step, place) => {
    group.append(svg("rect", { class: "critical", x: step.x, y: step.y + 2, width: step.wide, height: row - 4, rx: 2 }));
    const next = steps[place + 1];
    if (next) {
      const [x, y] = [step.x + step.wide, step.y + row / 2];
      group.append(svg("path", { class: "critical-link", d: `M${x} ${y}V${next.y + row / 2}H${next.x}` }));
    }
  });
  return group;
}

function legend() {
  const kinds = Object.keys(KINDS).filter((kind) => suites.some((it) => it.kind === kind && (it.start !== undefined || it.cache?.hit)));
  const swatch = (content) => svg("svg", { width: 22, height: 12, "aria-hidden": "true" }, content);
  const waits = suites.flatMap((it) => it.attempts.flatMap((attempt) => attempt.waits));
  return el("ul", { class: "legend", "aria-label": "Legend" },
    kinds.map((kind) => el("li", {}, kind === "cached"
      ? swatch(svg("line", { class: "tick", x1: 11, x2: 11, y1: 0, y2: 12 }))
      : swatch([svg("rect", { class: `span ${kind}`, width: 22, height: 12, rx: 2 }),
        (kind === "failed" || kind === "forgiven") && svg("rect", { class: "span-edge", x: 1.5, y: 1.5, width: 19, height: 9 })].filter(Boolean)),
    `${KINDS[kind][0]} ${KINDS[kind][1]}`)),
    waits.some((it) => it[2] < 0) && el("li", {}, swatch(svg("rect", { class: "wait slots", width: 22, height: 12 })), "waits for a slot"),
    waits.some((it) => it[2] >= 0) && el("li", {}, swatch(svg("rect", { class: "wait group", width: 22, height: 12 })), "waits for a group"),
    data.path.length > 0 && el("li", {}, swatch(svg("rect", { class: "critical", x: 1, y: 1, width: 20, height: 10, rx: 2 })), "critical path"));
}

function timelineTable() {
  const ran = suites.filter((it) => it.start !== undefined || it.cache?.hit);
  return makeTable({
    label: "Timeline as a table",
    rows: ran,
    order: { column: 1, direction: 1 },
    columns: [
      { title: "Suite", head: true, cell: (it) => suiteAnchor(it), sort: (it) => it.name },
      { title: "Started", number: true, cell: (it) => duration(it.start ?? it.cache.at), sort: (it) => it.start ?? it.cache.at },
      { title: "Ran", number: true, cell: (it) => duration(it.ran), sort: (it) => it.ran },
      { title: "Waited", aside: true, cell: (it) => waitWords(it.attempts.flatMap((attempt) => attempt.waits)), sort: (it) => it.waited },
      { title: "Slack", number: true, aside: true, cell: (it) => duration(it.slack), sort: (it) => it.slack },
      { title: "Slot", number: true, aside: true, cell: (it) => (it.attempts[0] ? String(it.attempts[0].slot + 1) : "") , sort: (it) => it.attempts[0]?.slot },
      { title: "Result", cell: (it) => kindCell(it.kind), sort: (it) => it.kind },
    ],
  }).element;
}

function pathSection() {
  if (data.path.length === 0) return undefined;
  const path = data.path.map((it) => suites[it]);
  const ran = path.reduce((sum, it) => sum + it.end - it.start, 0);
  const last = path.at(-1);
  const waited = last.end - path[0].start - ran;
  const floor = run.floor && ` No order of the same suites beats ${duration(run.floor[0])}, because of ${run.floor[1]}.`;
  return el("section", { class: "unprinted" }, el("h3", {}, "Critical path"),
    el("p", { class: "quiet" }, `${path.length === 1 ? "One suite" : `${count(path.length, "suite")} one after another`}: ${duration(ran)} of running`,
      waited >= 0.001 ? ` and ${duration(waited)} of waiting between them` : "", `, to the end at ${duration(last.end)}.`, floor),
    makeTable({
      label: "Critical path",
      rows: path,
      columns: [
        { title: "Suite", head: true, cell: (it) => suiteAnchor(it) },
        { title: "Started", number: true, cell: (it) => duration(it.start) },
        { title: "Ran", number: true, cell: (it) => duration(it.end - it.start) },
        { title: "Waited", aside: true, cell: (it) => waitWords(it.attempts.flatMap((attempt) => attempt.waits)) },
        { title: "Slack", number: true, cell: (it) => duration(it.slack) },
      ],
    }).element,
    el("p", { class: "quiet" }, "Slack is how much later a suite could have ended without the run ending later, as far as suites wait for each other."));
}
