// Output of suites. A line is a text, or a list of classes and texts in turn.

function logLine(line, isFirstError) {
  const content = [];
  if (typeof line === "string") content.push(line);
  else for (let at = 0; at < line.length; at += 2) content.push(line[at] ? el("span", { class: line[at] }, line[at + 1]) : line[at + 1]);
  return el("span", { class: isFirstError ? "line first" : "line" }, content);
}

// The end of a log. With `around`, only so many lines about the first that tells of an error.
function logView(label, { tail: place, log, printed }, around) {
  const link = logLink(log);
  const whole = link && el("a", { href: link }, "Whole log");
  if (place === undefined) {
    const words = printed === 0 ? "It printed nothing." : log ? "Its output is not part of this page." : "There is no log.";
    return el("div", {}, el("p", { class: "quiet" }, words), whole && el("p", { class: "links" }, whole));
  }
  const tail = tails[place];
  let [from, to] = [0, tail.lines.length];
  if (around) {
    from = tail.first_error === undefined ? Math.max(0, to - around) : Math.max(0, tail.first_error - 1);
    to = Math.min(to, from + around);
  }
  const lines = tail.lines.slice(from, to).map((line, index) => logLine(line, from + index === tail.first_error));
  const notes = [];
  if (from > 0 || to < tail.lines.length) notes.push(`Lines ${from + 1} to ${to} of the last ${tail.lines.length}`);
  else if (tail.cut > 0) notes.push(`The last ${count(tail.lines.length, "line")}`);
  if (tail.cut > 0) notes.push(`${bytes(tail.cut)} of the log are not part of this page`);
  const output = el("pre", { tabindex: "0", role: "region", "aria-label": label }, lines);
  // The trouble is to be seen at once; how tall lines are is known once they are on the page.
  requestAnimationFrame(() => {
    const first = output.querySelector(".first");
    if (first) output.scrollTop = first.offsetTop - output.offsetTop - 60;
  });
  return el("div", {},
    output,
    el("p", { class: "links" }, notes.length > 0 && el("span", { class: "quiet" }, `${notes.join("; ")}.`), whole));
}

// The logs of all attempts that are listed, as tabs where there are several.
function attemptLogs(suite, around) {
  const attempts = suite.attempts;
  const label = (it) => `Output of ${suite.name}, attempt ${it.number}`;
  if (attempts.length === 0) {
    if (suite.cache?.hit) return logView(`Output of ${suite.name}, as it was kept`, suite.cache, around);
    return el("p", { class: "quiet" }, "It never started, so there is no output.");
  }
  if (attempts.length === 1) return logView(label(attempts[0]), attempts[0], around);
  // The latest that failed says most; where none did, the last.
  const told = attempts.findLastIndex((it) => it.kind === "failed");
  const tabs = attempts.map((it) => [
    [mark(it.kind), ` Attempt ${it.number}`],
    () => el("div", {}, el("p", { class: "quiet" }, `${it.words}, after ${duration(it.end - it.start)}`), logView(label(it), it, around)),
    label(it),
  ]);
  return tabbed(`Attempts of ${suite.name}`, tabs, told < 0 ? attempts.length - 1 : told);
}
