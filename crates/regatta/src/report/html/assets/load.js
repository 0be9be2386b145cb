// How busy the run was, on the axis of the timeline: what ran and what could have, CPUs and memory.

function drawLoad(axis) {
  const spans = suites.flatMap(spansOf);
  if (spans.length === 0) return [];
  const running = steps(spans.map((it) => [it.start, it.end]));
  const ready = steps(suites.flatMap((it) => it.attempts.flatMap((attempt) => attempt.waits.map(([from, to]) => [from, to]))));
  const strips = [strip(axis, {
    label: "Running",
    area: running,
    line: ready,
    limit: run.slots,
    words: (it) => String(it),
    described: `Suites that ran, at most ${peak(running)}, and suites that could have run but waited, at most ${peak(ready)}`,
    legend: "dashed: ready",
  })];
  const sampled = spans.filter((it) => it.attempt.samples.length > 0);
  if (sampled.length > 0) {
    const cpu = summed(axis, sampled, cpuOf);
    const memory = summed(axis, sampled, memoryOf);
    strips.push(strip(axis, { label: "CPUs", area: cpu, words: (it) => it.toFixed(1), described: `CPUs in use, at most ${peak(cpu).toFixed(1)}` }));
    strips.push(strip(axis, { label: "Memory", area: memory, words: bytes, described: `Memory in use, at most ${bytes(peak(memory))}` }));
  }
  return strips;
}

function peak(points) {
  return points.reduce((most, it) => Math.max(most, it[1]), 0);
}

// Counts how many of some intervals hold at each moment.
function steps(intervals) {
  const changes = intervals.flatMap(([from, to]) => [[from, 1], [to, -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const points = [[0, 0]];
  let level = 0;
  for (const [at, change] of changes) {
    level += change;
    const last = points.at(-1);
    if (last[0] === at) last[1] = level;
    else points.push([at, level]);
  }
  return points;
}

// Adds up what attempts used, at some hundred moments.
function summed(axis, spans, amountAt) {
  const pieces = Math.min(240, Math.max(30, Math.floor(axis.width / 5)));
  return Array.from({ length: pieces + 1 }, (_, place) => {
    const at = (place / pieces) * axis.end;
    const during = spans.filter((it) => it.start <= at && at < it.end);
    return [at, during.reduce((sum, it) => sum + amountAt(it.attempt.samples, at - it.start), 0)];
  });
}

// The CPUs in use at a moment of an attempt: the slope between two looks at it.
function cpuOf(samples, at) {
  const next = samples.findIndex((it) => it[0] > at);
  if (next === -1) return 0;
  const [time, cpu] = samples[next];
  const [before, used] = next > 0 ? samples[next - 1] : [0, 0];
  return time > before ? (cpu - used) / (time - before) : 0;
}

function memoryOf(samples, at) {
  const next = samples.findIndex((it) => it[0] > at);
  return (next === -1 ? samples.at(-1) : samples[Math.max(0, next - 1)])[2];
}

function strip(axis, { label, area, line, limit, words, described, legend: note }) {
  const height = 46;
  const top = Math.max(peak(area), line ? peak(line) : 0, 1e-9);
  const y = (value) => (height - 4 - (value / top) * (height - 10)).toFixed(1);
  const path = (points) => points.map(([at, value], place) => `${place === 0 ? "M" : "H"}${axis.x(at).toFixed(1)}${place === 0 ? " " : "V"}${y(value)}`).join("") + `H${axis.x(axis.end).toFixed(1)}`;
  const base = y(0);
  return svg("svg", { width: axis.width, height, role: "img", "aria-label": described },
    svg("title", {}, described),
    drawGrid(axis, height),
    svg("text", { class: "faint", x: 0, y: 14 }, cutText(label, axis.gutter - 6)),
    svg("text", { class: "faint", x: 0, y: 27 }, cutText(`max ${words(peak(area))}`, axis.gutter - 6)),
    note && axis.gutter > 70 && svg("text", { class: "faint", x: 0, y: 40 }, cutText(note, axis.gutter - 6)),
    svg("path", { class: "area", d: `${path(area)}V${base}H${axis.x(0)}Z` }),
    svg("path", { class: "outline", d: path(area) }),
    limit && limit <= top && svg("line", { class: "limit", x1: axis.x(0), x2: axis.x(axis.end), y1: y(limit), y2: y(limit) }),
    line && svg("path", { class: "second", d: path(line) }),
    svg("line", { class: "frame", x1: axis.x(0), x2: axis.x(axis.end), y1: base, y2: base }));
}
