// The latest runs of a suite as a row of small bars, the newest last: height is time, a full red bar a failure.

function spark(suite) {
  const marks = [...suite.marks, { kind: suite.kind, took: suite.kind === "passed" ? suite.ran : undefined }].slice(-20);
  const longest = Math.max(...marks.map((it) => it.took ?? 0), 1e-9);
  const height = 18;
  let passes = "";
  let fails = "";
  let others = "";
  marks.forEach((it, place) => {
    const x = place * 5;
    const bar = (size) => `M${x} ${height - size}h4v${size}h-4z`;
    if (it.took !== undefined) passes += bar(Math.max(2, (it.took / longest) * height).toFixed(1));
    else if (it.kind === "failed" || it.kind === "forgiven") fails += bar(height);
    else others += bar(2);
  });
  const failed = marks.filter((it) => it.kind === "failed" || it.kind === "forgiven").length;
  const label = `${count(marks.length, "run")}, ${failed} failed`;
  return svg("svg", { class: "spark", width: 100, height, viewBox: `0 0 100 ${height}`, role: "img", "aria-label": label },
    svg("title", {}, label),
    svg("path", { class: "pass", d: passes }),
    svg("path", { class: "fail", d: fails }),
    svg("path", { class: "other", d: others }));
}
