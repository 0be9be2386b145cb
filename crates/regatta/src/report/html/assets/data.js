"use strict";
// The data of the page, and what follows from it everywhere. Nothing here touches the document but to read the data.

const data = JSON.parse(document.getElementById("data").textContent);
const { run, suites, groups, tails } = data;

// Kinds in the order in which a reader cares for them, with mark and word.
const KINDS = {
  failed: ["✗", "failed"],
  forgiven: ["⚑", "quarantined"],
  flaky: ["≈", "flaky"],
  blocked: ["⊘", "blocked"],
  skipped: ["–", "skipped"],
  passed: ["✓", "passed"],
  cached: ["≡", "cached"],
};

suites.forEach((suite, index) => {
  suite.index = index;
  suite.after ??= [];
  suite.groups ??= [];
  suite.tags ??= [];
  suite.attempts ??= [];
  for (const attempt of suite.attempts) {
    attempt.waits ??= [];
    attempt.samples ??= [];
  }
  suite.marks = readTrail(suite.past?.trail ?? "");
  const usual = suite.past?.usual?.[0];
  suite.ratio = usual && suite.ran !== undefined ? suite.ran / usual : undefined;
  suite.waited = suite.attempts.flatMap((it) => it.waits).reduce((sum, it) => sum + it[1] - it[0], 0);
});

const byName = new Map(suites.map((suite) => [suite.name, suite]));
const onPath = new Set(data.path);
const blockedBy = new Map();
for (const suite of suites) {
  if (suite.root !== undefined) {
    if (!blockedBy.has(suite.root)) blockedBy.set(suite.root, []);
    blockedBy.get(suite.root).push(suite);
  }
}

// What counts before what does not, and of those what blocks the most.
const blocks = (suite) => blockedBy.get(suite.index)?.length ?? 0;
const failures = suites.filter((it) => it.kind === "failed" || it.kind === "forgiven");
failures.sort((a, b) => (a.kind > b.kind) - (a.kind < b.kind) || blocks(b) - blocks(a));

// Reads what the latest runs of a suite came to: a letter a run, and the milliseconds of a clean pass.
function readTrail(trail) {
  const kinds = { p: "passed", r: "flaky", c: "cached", f: "failed", s: "skipped" };
  const runs = trail.matchAll(/([a-z])(\d*)/g);
  return [...runs].map(([, letter, millis]) => ({
    kind: kinds[letter] ?? "skipped",
    took: millis === "" ? undefined : Number(millis) / 1000,
  }));
}

// Returns where a log is, undefined where it cannot be reached.
function logLink(file) {
  return run.logs === undefined || !file ? undefined : run.logs + encodeURIComponent(file);
}

function suiteLink(suite) {
  return `#suite/${encodeURIComponent(suite.name)}`;
}
