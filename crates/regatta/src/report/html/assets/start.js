// Puts the page together and shows the view that its address names.

const VIEWS = [
  ["timeline", "Overview", () => overview()],
  ["suites", "Suites", suitesView],
  ["graph", "Graph", graphView],
  ["what-if", "What if", whatIfView],
  ["flaky", "Flaky", flakyView],
  ["environment", "Environment", environmentView],
];

const view = el("main", { id: "view", tabindex: "-1" });
const links = VIEWS.map(([name, title]) => el("a", { href: `#${name}` }, title));
let shown = {};
let routed;

function overview() {
  const failed = failuresSection();
  const timeline = timelineSection();
  const warned = data.warnings.length > 0 && el("p", { class: "quiet" }, el("a", { href: "#environment" }, count(data.warnings.length, "warning")), " about this run.");
  shown = { failed, timeline };
  return el("div", { class: "printed" }, warned, failed, timeline);
}

function route() {
  routed = location.hash;
  const [name, ...rest] = location.hash.slice(1).split("/");
  const suite = name === "suite" ? byName.get(decode(rest.join("/"))) : undefined;
  const found = VIEWS.find(([it]) => it === name) ?? VIEWS[0];
  const active = suite ? "suites" : found[0];
  shown = {};
  const content = suite ? suiteView(suite) : found[2]();
  if (!suite && found[0] === "suites") shown.suites = content;
  view.replaceChildren(content);
  links.forEach((link, place) => {
    if (VIEWS[place][0] === active) link.setAttribute("aria-current", suite ? "true" : "page");
    else link.removeAttribute("aria-current");
  });
  shown.name = suite ? "suite" : found[0];
  shown.suite = suite;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Shows a view at once, also where the address names it already.
function go(name) {
  if (location.hash !== `#${name}`) location.hash = name;
  route();
  view.focus({ preventScroll: true });
  view.scrollIntoView({ block: "nearest" });
}

const actions = {
  go,
  filter() {
    if (!shown.suites) go("suites");
    shown.suites.filter();
  },
  move(step) {
    const rows = [...view.querySelectorAll("a.row, .failure > summary")];
    const at = rows.indexOf(document.activeElement?.closest("a.row, summary"));
    if (rows.length === 0) return go("suites");
    if (at + step >= rows.length && shown.suites?.showMore()) return undefined;
    const place = at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1);
    return rows[place].focus();
  },
  open() {
    const row = document.activeElement?.closest("a.row, summary") ?? view.querySelector("a.row, .failure > summary");
    row?.click();
  },
  nextFailure() {
    if (failures.length === 0) return announce("Nothing failed");
    if (shown.suite) {
      const at = failures.indexOf(shown.suite);
      location.hash = suiteLink(failures[(at + 1) % failures.length]);
      return undefined;
    }
    if (!shown.failed) go("timeline");
    return shown.failed.next();
  },
  togglePath() {
    if (!shown.timeline) go("timeline");
    shown.timeline.togglePath?.();
  },
};

function ribbon() {
  const present = Object.keys(KINDS).map((kind) => [kind, suites.filter((it) => it.kind === kind).length]).filter(([, number]) => number > 0);
  const parts = present.map(([kind, number]) => {
    const part = el("span", { class: kind });
    part.style.flexGrow = number;
    return part;
  });
  return el("div", { class: "ribbon", "aria-hidden": "true" }, parts);
}

function start() {
  const keys = makeKeys(actions);
  const again = document.querySelector(".again");
  again.append(button("Copy", undefined, () => copy(again.querySelector("code").textContent), { "aria-label": "Copy the command" }));
  document.querySelector(".counts").after(ribbon());
  const nav = el("nav", { class: "views", "aria-label": "Views" },
    el("ul", {}, links.map((it) => el("li", {}, it))),
    el("div", { class: "bar-of-tools" },
      button("Filter", "/", actions.filter),
      failures.length > 0 && button("Next failure", "f", actions.nextFailure),
      button("Keys", "?", keys.show)));
  document.querySelector("header.top").after(nav, view);
  document.body.append(keys.dialog, el("p", { id: "said", class: "unseen", role: "status" }));
  document.documentElement.classList.add("live");
  // From here on what stood still is for paper alone.
  addEventListener("hashchange", () => {
    // Whoever changed the address may have shown the view already.
    if (routed === location.hash) return;
    route();
    view.focus({ preventScroll: true });
    scrollTo({ top: Math.min(scrollY, nav.offsetTop) });
  });
  route();
}

start();
