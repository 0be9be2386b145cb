// What failed: the causes first, each with what it blocked.

const FAILURES = 3;
const AROUND = 9;

function failureItem(suite, open) {
  const blocked = blockedBy.get(suite.index) ?? [];
  const summary = el("summary", {},
    mark(suite.kind), " ", el("h3", {}, named(suite.name)),
    el("span", { class: "words" }, suite.words),
    suite.news && el("span", { class: "news" }, suite.news),
    blocked.length > 0 && el("span", { class: "news" }, `blocks ${count(blocked.length, "suite")}`));
  const item = el("details", { class: `failure ${suite.kind}`, "data-suite": suite.index }, summary);
  item.addEventListener("toggle", () => {
    if (item.open && item.childElementCount === 1) item.append(failureInside(suite, blocked));
  });
  item.open = open;
  return item;
}

function failureInside(suite, blocked) {
  const failedCases = (suite.cases?.list ?? []).filter((it) => "fe".includes(it[2]));
  return el("div", { class: "inside" },
    failedCases.length > 0 && el("ul", { class: "quiet" }, failedCases.slice(0, 10).map(([group, name, , , message, place]) =>
      el("li", {}, named([group, name].filter(Boolean).join(" › ")), message && `: ${message.split("\n")[0]}`, place && el("code", {}, ` ${place}`)))),
    attemptLogs(suite, AROUND),
    blocked.length > 0 && unfolding(`Blocked by it: ${count(blocked.length, "suite")}`,
      () => el("p", {}, blocked.flatMap((it) => [suiteAnchor(it), " "])), { class: "blocked-list" }),
    el("p", { class: "links" },
      el("a", { href: suiteLink(suite) }, "Everything about ", named(suite.name)),
      el("code", { class: "command" }, aloneCommand(suite))));
}

function failuresSection() {
  if (failures.length === 0) return undefined;
  const list = el("div", { class: "failures" });
  const rest = el("p", { class: "more" });
  function show(until) {
    const next = failures.slice(list.childElementCount, until);
    list.append(...next.map((it, place) => failureItem(it, list.childElementCount + place === 0)));
    const left = failures.length - until;
    rest.replaceChildren(...(left > 0 ? [button(`Show ${count(Math.min(left, 50), "more failure")}`, undefined, () => show(until + 50))] : []));
  }
  show(FAILURES);
  const section = el("section", { "aria-labelledby": "failures-title" }, el("h2", { id: "failures-title" }, count(failures.length, "failure")), list, rest);
  // Leads to the failure after the one that has the focus.
  section.next = () => {
    const at = document.activeElement?.closest?.(".failure");
    const place = at ? [...list.children].indexOf(at) + 1 : 0;
    if (place >= list.childElementCount && place < failures.length) show(place + 50);
    const item = list.children[place % list.childElementCount];
    item.open = true;
    item.firstElementChild.focus();
  };
  return section;
}
