// Suites that fail although nothing changes: how often, how sure that is, what it costs, and how to live with it.

function flakyView() {
  const rows = suites.filter((it) => it.past?.flaky || it.kind === "flaky").map(flakyRow);
  const heading = el("h2", {}, "Flaky suites");
  if (rows.length === 0) {
    const words = run.has_past ? "None failed although nothing had changed, neither in this run nor in those before." : "None in this run; no earlier runs were known when it started.";
    return el("section", {}, heading, el("p", { class: "quiet" }, words));
  }
  const table = makeTable({
    label: "Flaky suites",
    rows,
    order: { column: 1, direction: -1 },
    columns: [
      { title: "Suite", head: true, cell: (it) => suiteAnchor(it.suite, { class: "row" }), sort: (it) => it.suite.name },
      { title: "Fails", number: true, cell: (it) => percent(it.rate, 1), sort: (it) => it.rate },
      { title: "19 times of 20", number: true, cell: (it) => `${percent(it.low)} to ${percent(it.high)}`, sort: (it) => it.low },
      { title: "Attempts", number: true, cell: (it) => `${it.failed} of ${it.all}`, sort: (it) => it.all },
      { title: "Flips", number: true, aside: true, cell: (it) => String(it.flips), sort: (it) => it.flips },
      { title: "Retries cost here", number: true, aside: true, cell: (it) => duration(it.wasted), sort: (it) => it.wasted },
      { title: "Latest runs", aside: true, cell: (it) => spark(it.suite) },
    ],
  });
  const loose = rows.filter((it) => !it.suite.quarantine);
  const lines = loose.flatMap((it) => quarantineLines(it.suite)).join("\n");
  return el("section", {}, heading,
    el("p", { class: "quiet" }, "Failures without a change, out of all attempts that count: those of the runs before, and of this one. The interval is Wilson's. A flip is a change of the verdict although nothing had changed."),
    table.element,
    loose.length > 0 && el("section", {}, el("h3", {}, "Quarantine"),
      el("p", { class: "quiet" }, "Lines for quarantine.toml beside regatta.toml: these suites would still run, and their failures would not fail the run. Say why, who and where."),
      el("pre", { tabindex: "0", role: "region", "aria-label": "Lines for quarantine.toml" }, lines),
      button("Copy these lines", undefined, () => copy(lines))));
}

function flakyRow(suite) {
  const failedNow = suite.attempts.filter((it) => it.kind === "failed");
  const [failures, attempts] = suite.past?.flaky ?? [0, suite.past?.runs ?? 0];
  // A failure without a pass in the same run may have a reason; the history will know.
  const counts = suite.kind === "flaky";
  const failed = failures + (counts ? failedNow.length : 0);
  const all = Math.max(1, attempts + (counts ? suite.attempts.length : suite.kind === "passed" ? 1 : 0));
  const [low, high] = wilson(failed, all);
  const wasted = counts ? failedNow.reduce((sum, it) => sum + (it.end - it.start), 0) : 0;
  return { suite, failed, all, low, high, rate: failed / all, flips: (suite.past?.flips ?? 0) + Number(counts), wasted };
}

// Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
function wilson(failed, all) {
  const z = 1.959964;
  const share = failed / all;
  const centre = share + (z * z) / (2 * all);
  const margin = z * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  const scale = 1 + (z * z) / all;
  return [Math.max(0, (centre - margin) / scale), Math.min(1, (centre + margin) / scale)];
}

function quarantineLines(suite) {
  const key = /^[A-Za-z0-9_-]+$/.test(suite.name) ? suite.name : JSON.stringify(suite.name);
  return [`[suites.${key}]`, 'reason = ""', `owner = ${JSON.stringify(suite.owner ?? "")}`, 'issue = ""', `expires = "${run.quarantine_until}"`, ""];
}

// A page from a file may not be allowed to reach the clipboard; then the text is selected where it stands.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied");
  } catch {
    const place = [...document.querySelectorAll("pre, code")].find((it) => it.textContent === text);
    if (place) getSelection().selectAllChildren(place);
    announce("Selected; copy it from here");
  }
}
