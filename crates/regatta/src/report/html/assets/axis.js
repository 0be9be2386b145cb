// The axis of time that all charts of a run share.

function timeAxis(width, gutter) {
  const end = Math.max(run.wall, ...suites.map((it) => it.end ?? 0), 1e-6);
  const room = Math.max(40, width - gutter - 8);
  const step = niceStep(end, Math.max(2, Math.floor(room / 90)));
  const ticks = [];
  for (let place = 0; place * step <= end * 1.0001; place += 1) ticks.push(place * step);
  return { width, gutter, end, ticks, x: (time) => gutter + (Math.min(time, end) / end) * room };
}

// A step that people count in, so that about so many fit.
function niceStep(end, wanted) {
  const raw = end / wanted;
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200];
  if (raw > 1) return steps.find((it) => it >= raw) ?? 86400;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].find((it) => it * power >= raw) * power;
}

function drawGrid(axis, height) {
  return axis.ticks.map((time) => svg("line", { class: "grid", x1: axis.x(time), x2: axis.x(time), y1: 0, y2: height }));
}

function drawTicks(axis) {
  const labels = axis.ticks.map((time, place) => {
    const isLast = place === axis.ticks.length - 1 && place > 0;
    return svg("text", { class: "faint", x: axis.x(time), y: 11, "text-anchor": place === 0 ? "start" : isLast ? "end" : "middle" }, tickWords(time));
  });
  return svg("svg", { width: axis.width, height: 16, "aria-hidden": "true" }, labels);
}

function tickWords(time) {
  if (time === 0) return "0";
  if (time < 1) return `${Number((time * 1000).toPrecision(3))} ms`;
  if (time < 60) return `${Number(time.toPrecision(3))} s`;
  const minutes = Math.floor(time / 60);
  const seconds = Math.round(time % 60);
  if (minutes < 60) return seconds ? `${minutes}m ${seconds}s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)}h ${minutes % 60}m` : `${minutes / 60} h`;
}

// Cuts a text to about so many pixels of the small type of charts.
function cutText(text, room) {
  const letters = Math.floor(room / 6.2);
  const all = [...text];
  if (all.length <= letters) return text;
  return letters < 3 ? "" : `${all.slice(0, letters - 1).join("")}…`;
}
