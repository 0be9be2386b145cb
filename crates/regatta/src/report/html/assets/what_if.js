// What the run would have taken otherwise, by the rules of the real scheduler.

function whatIfView() {
  const heading = el("h2", {}, "What if");
  const rows = data.what_if;
  if (rows.length === 0) {
    return el("section", {}, heading, el("p", { class: "quiet" }, "There are no estimates: nothing ran, the run was cut short, or it went over several rounds."));
  }
  const base = rows[0].time;
  const longest = Math.max(...rows.map((it) => it.time), base);
  const change = (it) => (base > 0 ? it.time / base - 1 : 0);
  const words = (it) => {
    if (it === rows[0]) return "";
    const share = change(it);
    if (Math.abs(share) < 0.005) return "no change";
    return `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;
  };
  const table = makeTable({
    label: "What if",
    rows,
    columns: [
      { title: "Change", head: true, cell: (it) => (it.suite === undefined ? named(it.words) : [suiteAnchor(suites[it.suite]), " split in two"]) },
      { title: "Estimate", number: true, cell: (it) => duration(it.time) },
      { title: "Difference", number: true, cell: words },
      { title: "Beside as it was", aside: true, cell: (it) => gainBar(it.time, base, longest) },
    ],
  });
  return el("section", {}, heading,
    el("p", { class: "quiet" }, `The same suites with the times they took, put in order and started by the rules of the scheduler, with one thing changed. The run itself took ${duration(run.wall)}; what starting and ending cost, pauses before retries and how suites slow each other down are not part of the estimates.`),
    table.element);
}

function gainBar(time, base, longest) {
  const width = 320;
  const x = (it) => (longest > 0 ? (it / longest) * width : 0);
  const [low, high] = [Math.min(time, base), Math.max(time, base)];
  return svg("svg", { width, height: 12, "aria-hidden": "true" },
    svg("rect", { class: "base", width: x(low), height: 12, rx: 2 }),
    svg("rect", { class: time < base ? "gain" : "loss", x: x(low), width: x(high) - x(low), height: 12, rx: 2, opacity: time < base ? 0.35 : 1 }));
}
