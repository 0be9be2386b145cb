// Every key, and the button that does the same.

function makeKeys(act) {
  const actions = [
    ["/", "Filter the suites", act.filter],
    ["j", "To the next suite of a list", () => act.move(1)],
    ["k", "To the one before", () => act.move(-1)],
    ["Enter", "Open it", act.open],
    ["f", "To the next failure", act.nextFailure],
    ["g t", "Timeline", () => act.go("timeline")],
    ["g g", "Graph", () => act.go("graph")],
    ["g s", "Suites", () => act.go("suites")],
    ["g w", "What if", () => act.go("what-if")],
    ["g f", "Flaky suites", () => act.go("flaky")],
    ["g e", "Environment", () => act.go("environment")],
    ["c", "Show or hide the critical path", act.togglePath],
    ["?", "These keys", () => dialog.showModal()],
  ];
  const dialog = el("dialog", { "aria-labelledby": "keys-title" },
    el("h2", { id: "keys-title" }, "Keys"),
    el("ul", {}, actions.map(([key, words, run]) => el("li", {},
      button(key, undefined, () => {
        dialog.close();
        run();
      }, { "aria-label": `${words} (key ${key})` }), words))),
    button("Close", undefined, () => dialog.close()));
  const byKey = new Map(actions.map(([key, , run]) => [key, run]));
  let prefix = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest?.("input")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    // A link or a button knows itself what Enter means.
    if (event.key === "Enter") return;
    const key = prefix + event.key;
    prefix = event.key === "g" && prefix === "" ? "g " : "";
    const run = prefix === "" ? byKey.get(key) : undefined;
    if (run) {
      event.preventDefault();
      run();
    }
  });
  return { dialog, show: () => dialog.showModal() };
}
