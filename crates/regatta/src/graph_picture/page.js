"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const view = byId("view"), svg = view.querySelector("svg"), said = byId("said"), filter = byId("filter");
  const rows = [...document.querySelectorAll("tbody tr")];
  const nodes = rows.map((_, at) => byId("n" + at));
  const names = rows.map((row) => row.textContent.toLowerCase());
  const before = rows.map((row) => row.dataset.waits.split(" ").filter(Boolean).map(Number));
  const after = rows.map(() => []);
  before.forEach((list, at) => list.forEach((it) => after[it].push(at)));
  const whole = svg.viewBox.baseVal, size = { w: whole.width, h: whole.height };
  let box = { x: 0, y: 0, w: size.w, h: size.h }, here = -1;

  const show = () => svg.setAttribute("viewBox", [box.x, box.y, box.w, box.h].join(" "));
  const fit = () => { box = { x: 0, y: 0, w: size.w, h: size.h }; show(); };
  const zoom = (factor, x = 0.5, y = 0.5) => {
    const w = Math.min(size.w * 2, Math.max(120, box.w * factor)), real = w / box.w;
    box = { x: box.x + box.w * x * (1 - real), y: box.y + box.h * y * (1 - real), w, h: box.h * real };
    show();
  };
  const move = (x, y) => { box.x += box.w * x; box.y += box.h * y; show(); };
  const reach = (from, lists) => {
    const seen = new Set([from]);
    for (const at of seen) lists[at].forEach((it) => seen.add(it));
    return seen;
  };
  const light = (isLit) => {
    nodes.forEach((node, at) => node.classList.toggle("dim", !isLit(at)));
    svg.querySelectorAll(".wire,.tip").forEach((it) => it.classList.toggle("dim", !rows.every((_, at) => isLit(at))));
    rows.forEach((row, at) => { row.hidden = !isLit(at); });
  };
  const tell = (words) => { said.textContent = words; };
  const leave = () => { here = -1; nodes.forEach((it) => it.classList.remove("here")); };
  const search = () => {
    leave();
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isFound = (at) => words.every((word) => names[at].includes(word));
    light(isFound);
    tell(words.length ? rows.filter((_, at) => isFound(at)).length + " of " + rows.length + " suites" : "");
  };
  const go = (at) => {
    leave();
    here = at;
    nodes[at].classList.add("here");
    const [node, picture] = [nodes[at].getBBox(), nodes[at].getCTM()], inside = svg.getCTM().inverse().multiply(picture);
    const x = inside.e + node.width / 2, y = inside.f + node.height / 2;
    if (box.w > 1400) box = { x: 0, y: 0, w: 1100, h: 1100 * box.h / box.w };
    box.x = x - box.w / 2;
    box.y = y - box.h / 2;
    show();
    tell(nodes[at].querySelector("title").textContent.replace(/\n/g, "; "));
  };
  const step = (by) => go(((here < 0 && by < 0 ? 0 : here) + by + rows.length) % rows.length);
  const nextFailure = () => {
    const failed = rows.map((_, at) => at).filter((at) => rows[at].dataset.mark === "failed");
    if (failed.length) go(failed.find((at) => at > here) ?? failed[0]);
    else tell("No suite failed");
  };
  const isolate = (at) => {
    const seen = new Set([...reach(at, before), ...reach(at, after)]);
    light((it) => seen.has(it));
    nodes[at].classList.add("here");
    tell(rows[at].querySelector("th").textContent + " and " + (seen.size - 1) + " suites that it waits for or that wait for it; Escape shows all");
  };
  const reset = () => { filter.value = ""; leave(); light(() => true); tell(""); };

  if (!rows.length) return;
  document.querySelector(".tools").hidden = false;
  view.classList.add("live");
  show();
  byId("in").onclick = () => zoom(0.7);
  byId("out").onclick = () => zoom(1.4);
  byId("fit").onclick = () => { reset(); fit(); };
  byId("next").onclick = nextFailure;
  filter.oninput = search;
  nodes.forEach((node, at) => node.addEventListener("click", () => isolate(at)));
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && document.activeElement !== view) return;
    event.preventDefault();
    const at = view.getBoundingClientRect();
    zoom(event.deltaY > 0 ? 1.15 : 0.87, (event.clientX - at.left) / at.width, (event.clientY - at.top) / at.height);
  }, { passive: false });
  let grip = null;
  view.addEventListener("pointerdown", (event) => { grip = { x: event.clientX, y: event.clientY, box: { ...box } }; });
  window.addEventListener("pointerup", () => { grip = null; });
  window.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const scale = Math.max(grip.box.w / view.clientWidth, grip.box.h / view.clientHeight);
    box.x = grip.box.x - (event.clientX - grip.x) * scale;
    box.y = grip.box.y - (event.clientY - grip.y) * scale;
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { reset(); view.focus(); return; }
    if (event.target === filter) return;
    const keys = {
      "/": () => filter.focus(), "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4), "0": fit,
      j: () => step(1), k: () => step(-1), f: nextFailure,
    };
    const arrows = {
      ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
      Enter: () => { if (here >= 0) isolate(here); },
    };
    const act = keys[event.key] ?? (document.activeElement === view ? arrows[event.key] : undefined);
    if (act) { event.preventDefault(); act(); }
  });
})();
