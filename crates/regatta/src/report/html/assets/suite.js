// One suite: how it went, how it went before, what it printed, and why it ran at all.

function suiteView(suite) {
  return el("div", {},
    el("section", {},
      el("h2", {}, mark(suite.kind), " ", named(suite.name)),
      suite.description && el("p", {}, named(suite.description)),
      el("p", {}, suite.words, ".", suite.news && ` ${suite.news}.`),
      factsOfSuite(suite)),
    logSection(suite),
    casesSection(suite),
    historySection(suite),
    attemptsSection(suite),
    resourcesSection(suite),
    cacheSection(suite));
}

function pairs(entries) {
  const shown = entries.filter(([, value]) => value !== undefined && value !== "" && value !== null && value !== false);
  return el("dl", { class: "pairs" }, shown.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function factsOfSuite(suite) {
  const anchors = (list) => list.length > 0 && list.flatMap((it, place) => [place > 0 && ", ", suiteAnchor(it)]);
  const usual = suite.past?.usual;
  const entry = suite.quarantine;
  return pairs([
    ["Command", el("code", { class: "command" }, suite.command)],
    ["Run it alone", el("code", { class: "command" }, aloneCommand(suite))],
    ["Category", named(suite.category)],
    ["Tags", suite.tags.join(", ")],
    ["Owner", suite.owner],
    ["Time", suite.ran !== undefined && [duration(suite.ran), usual && `; usually ${duration(usual[0])}, give or take ${duration(usual[1])}`]],
    ["Waited", waitWords(suite.attempts.flatMap((it) => it.waits))],
    ["Slack", duration(suite.slack)],
    ["Waits for", anchors(suite.after.map((it) => suites[it]))],
    ["Blocked by", suite.root !== undefined && suiteAnchor(suites[suite.root])],
    ["Blocks", anchors(blockedBy.get(suite.index) ?? [])],
    ["Groups", suite.groups.join(", ")],
    ["Slots it takes", suite.cpus && String(suite.cpus)],
    ["Rounds", suite.rounds && `${suite.rounds.total}, failed in ${suite.rounds.failed}; ${suite.rounds.passed_attempts} attempts passed, ${suite.rounds.failed_attempts} failed`],
    ["Quarantine", entry && `${entry.reason} (${entry.owner}, ${entry.issue}), ${entry.expired ? "expired on" : "until"} ${entry.expires}`],
    ["Diagnosis", suite.diagnosis && (logLink(suite.diagnosis) ? el("a", { href: logLink(suite.diagnosis) }, suite.diagnosis) : suite.diagnosis)],
  ]);
}

function logSection(suite) {
  return el("section", {}, el("h3", {}, "Output"), attemptLogs(suite));
}

function casesSection(suite) {
  const cases = suite.cases;
  if (!cases) return undefined;
  const [total, passed, failed, skipped] = cases.counts;
  const kinds = { p: "passed", f: "failed", e: "failed", s: "skipped" };
  const hasPlaces = cases.list.some((it) => it[5]);
  const table = makeTable({
    label: `Cases of ${suite.name}`,
    rows: cases.list,
    columns: [
      { title: "Case", head: true, cell: ([group, name]) => [group && [named(group), " › "], named(name)], sort: (it) => `${it[0]} ${it[1]}` },
      { title: "Result", cell: (it) => kindCell(kinds[it[2]]), sort: (it) => "fesp".indexOf(it[2]) },
      { title: "Time", number: true, cell: (it) => duration(it[3]), sort: (it) => it[3] ?? undefined },
      { title: "Message", aside: true, cell: (it) => it[4] ?? "" },
      hasPlaces && { title: "Place", aside: true, cell: (it) => (it[5] ? el("code", {}, it[5]) : "") },
    ].filter(Boolean),
  });
  return el("section", {}, el("h3", {}, "Cases"),
    el("p", { class: "quiet" }, `${count(total, "case")}: ${passed} passed, ${failed} failed, ${skipped} skipped; told as ${cases.format}.`,
      cases.left_out > 0 && ` ${count(cases.left_out, "case")} not listed.`, cases.trouble && ` Not all could be read: ${cases.trouble}.`),
    cases.list.length > 0 && table.element);
}

function historySection(suite) {
  const marks = [...suite.marks, { kind: suite.kind, took: suite.kind === "passed" ? suite.ran : undefined, now: true }];
  const heading = el("h3", {}, "History");
  if (suite.marks.length === 0) {
    return el("section", {}, heading, el("p", { class: "quiet" }, run.has_past ? "It has not run before." : "No earlier runs were known when this one started."));
  }
  const times = suite.marks.map((it) => it.took).filter((it) => it !== undefined).sort((a, b) => a - b);
  const band = times.length >= 3 ? [quantile(times, 0.1), quantile(times, 0.5), quantile(times, 0.9)] : undefined;
  const words = band
    ? `Four of five of its latest passes took ${duration(band[0])} to ${duration(band[2])} (the band), half of them less than ${duration(band[1])}.`
    : "Too few passes for a band.";
  const table = () => makeTable({
    label: `Latest runs of ${suite.name}`,
    slim: true,
    rows: [...marks].reverse(),
    columns: [
      { title: "Run", head: true, cell: (it) => (it.now ? "this one" : `${marks.length - 1 - marks.indexOf(it)} before`) },
      { title: "Result", cell: (it) => kindCell(it.kind) },
      { title: "Time of a clean pass", number: true, cell: (it) => duration(it.took) },
    ],
  }).element;
  const chart = el("div", { class: "chart" });
  const draw = () => chart.replaceChildren(historyChart(suite, marks, band, Math.min(chart.clientWidth || 640, 760)));
  new ResizeObserver(draw).observe(chart);
  return el("section", {}, heading, el("p", { class: "quiet" }, words), chart, unfolding("History as a table", table));
}

function historyChart(suite, marks, band, width) {
  const [height, gutter, top] = [140, 62, 16];
  const highest = Math.max(...marks.map((it) => it.took ?? 0), band?.[2] ?? 0, 1e-6) * 1.1;
  const x = (place) => gutter + 10 + ((width - gutter - 24) * place) / Math.max(1, marks.length - 1);
  const y = (time) => height - 8 - (time / highest) * (height - 8 - top);
  const points = marks.map((it, place) => it.took !== undefined && `${x(place).toFixed(1)},${y(it.took).toFixed(1)}`).filter(Boolean);
  const label = `Time of the latest ${count(marks.length, "run")} of ${suite.name}; the table below has the same figures`;
  return svg("svg", { width, height, role: "img", "aria-label": label },
    [0, highest / 2.2, highest / 1.1].map((time) => [
      svg("line", { class: "grid", x1: gutter, x2: width, y1: y(time), y2: y(time) }),
      svg("text", { class: "faint", x: gutter - 8, y: y(time) + 4, "text-anchor": "end" }, duration(time)),
    ]).flat(),
    band && svg("rect", { class: "band", x: gutter, width: width - gutter, y: y(band[2]), height: Math.max(2, y(band[0]) - y(band[2])) }),
    band && svg("line", { class: "middle", x1: gutter, x2: width, y1: y(band[1]), y2: y(band[1]) }),
    svg("polyline", { class: "trend", points: points.join(" ") }),
    marks.map((it, place) => {
      const title = svg("title", {}, `${it.now ? "this run" : `${marks.length - 1 - place} before`}: ${KINDS[it.kind][1]} ${duration(it.took)}`);
      if (it.took !== undefined) return svg("circle", { class: `dot ${it.kind}${it.now ? " now" : ""}`, cx: x(place), cy: y(it.took), r: it.now ? 5 : 3.5 }, title);
      const at = x(place);
      if (it.kind === "failed" || it.kind === "forgiven") return svg("path", { class: "cross", d: `M${at - 4} ${top - 6}l8 8m0-8l-8 8` }, title);
      return svg("rect", { class: `dot ${it.kind}`, x: at - 3, y: top - 5, width: 6, height: 6 }, title);
    }));
}

function attemptsSection(suite) {
  if (suite.attempts.length < 2) return undefined;
  const table = makeTable({
    label: `Attempts of ${suite.name}`,
    slim: true,
    rows: suite.attempts,
    columns: [
      { title: "Attempt", head: true, cell: (it) => String(it.number) },
      { title: "Result", cell: (it) => [mark(it.kind), ` ${it.words}`] },
      { title: "Started", number: true, cell: (it) => duration(it.start) },
      { title: "Ran", number: true, cell: (it) => duration(it.end - it.start) },
      { title: "Log", aside: true, cell: (it) => (logLink(it.log) ? el("a", { href: logLink(it.log) }, it.log) : it.log ?? "") },
    ],
  });
  const all = attemptCount(suite);
  return el("section", {}, el("h3", {}, "Attempts"), all > suite.attempts.length && el("p", { class: "quiet" }, `${suite.attempts.length} of ${all}.`), table.element);
}

function resourcesSection(suite) {
  const measured = suite.attempts.filter((it) => it.cpu !== undefined);
  const left = suite.attempts.flatMap((it) => it.leftovers ?? []);
  if (measured.length === 0 && left.length === 0) return undefined;
  const sampled = measured.filter((it) => it.samples.length > 1).at(-1);
  return el("section", {}, el("h3", {}, "Resources"),
    pairs([
      ["CPU time", duration(suite.cpu)],
      ["CPUs in use", suite.ran > 0 && suite.cpu !== undefined && (suite.cpu / suite.ran).toFixed(1)],
      ["Most memory", bytes(suite.memory)],
      ["Printed", suite.attempts.at(-1)?.printed !== undefined && bytes(suite.attempts.at(-1).printed)],
      ["Left behind", left.join(", ")],
    ]),
    sampled && unfolding("What it used over time", () => makeTable({
      label: `What ${suite.name} used over time`,
    slim: true,
      rows: sampled.samples,
      columns: [
        { title: "After", head: true, cell: (it) => duration(it[0]) },
        { title: "CPU time", number: true, cell: (it) => duration(it[1]) },
        { title: "Memory", number: true, cell: (it) => bytes(it[2]) },
      ],
    }).element));
}

function cacheSection(suite) {
  const { cache, not_stored: notStored } = suite;
  if (!cache && !notStored) return undefined;
  return el("section", {}, el("h3", {}, "Cache"), pairs([
    ["Result", cache && (cache.hit ? "an earlier pass was used" : "it had to run")],
    [cache?.hit ? "Made" : "What changed", cache?.reason],
    ["Saved", cache?.hit && duration(cache.saved)],
    ["Not kept", notStored],
    ["Key", cache?.key && el("code", {}, cache.key)],
  ]));
}
