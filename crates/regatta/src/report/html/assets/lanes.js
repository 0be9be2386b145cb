// Who is drawn in which lane: by slot, by group or by suite.

// Returns lanes with a label, and in each what happened there in the order of time: spans of attempts, waits and ticks.
function makeLanes(mode) {
  if (mode === "suites") return suiteLanes();
  return mode === "groups" ? groupLanes() : slotLanes();
}

function spansOf(suite) {
  return suite.attempts.filter((it) => it.start !== undefined).map((attempt) => ({
    suite,
    attempt,
    start: attempt.start,
    end: attempt.end ?? run.wall,
  }));
}

function suiteLanes() {
  const shown = suites.filter((it) => it.start !== undefined || it.cache?.hit);
  const begin = (it) => it.start ?? it.cache.at;
  shown.sort((a, b) => begin(a) - begin(b) || a.index - b.index);
  return shown.map((suite) => ({
    label: suite.name,
    suite,
    spans: spansOf(suite),
    waits: suite.attempts.flatMap((it) => it.waits),
    ticks: suite.cache?.hit ? [suite] : [],
  }));
}

function slotLanes() {
  const lanes = [];
  for (const suite of suites) {
    for (const span of spansOf(suite)) {
      const slot = span.attempt.slot;
      lanes[slot] ??= { label: `Slot ${slot + 1}`, spans: [], waits: [], ticks: [] };
      lanes[slot].spans.push(span);
    }
  }
  const used = [...lanes].filter(Boolean);
  used.forEach(addWaits);
  return [...cacheLane(), ...used];
}

function groupLanes() {
  const lanes = groups.flatMap((group) => packed(group.name, suites.filter((it) => it.groups.includes(group.name))));
  const others = packed("no group", suites.filter((it) => it.groups.length === 0));
  return [...cacheLane(), ...lanes, ...others];
}

// Puts attempts into as few lanes as they need.
function packed(label, members) {
  const spans = members.flatMap(spansOf).sort((a, b) => a.start - b.start);
  const lanes = [];
  for (const span of spans) {
    let lane = lanes.find((it) => it.until <= span.start);
    if (!lane) {
      lane = { label: lanes.length === 0 ? label : "", spans: [], waits: [], ticks: [], until: 0 };
      lanes.push(lane);
    }
    lane.spans.push(span);
    lane.until = span.end;
  }
  lanes.forEach(addWaits);
  return lanes;
}

// A lane shows of each wait what lies after the attempt before: there the room was, but not for this one.
function addWaits(lane) {
  lane.spans.sort((a, b) => a.start - b.start);
  let free = 0;
  for (const span of lane.spans) {
    for (const [from, to, group] of span.attempt.waits) {
      if (to > free) lane.waits.push([Math.max(from, free), to, group]);
    }
    free = Math.max(free, span.end);
  }
}

function cacheLane() {
  const ticks = suites.filter((it) => it.cache?.hit);
  return ticks.length > 0 ? [{ label: "Cache", spans: [], waits: [], ticks }] : [];
}
