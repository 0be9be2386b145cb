// Where and how the run went, what to be wary of, and where each number comes from.

function environmentView() {
  return el("div", {},
    el("section", {}, el("h2", {}, "Environment"), pairs(data.facts.map(([name, value]) => [name, named(value)]))),
    el("section", {}, el("h3", {}, "Warnings"),
      data.warnings.length > 0 ? el("ul", {}, data.warnings.map((it) => el("li", {}, named(it)))) : el("p", { class: "quiet" }, "There are none.")),
    el("section", {}, el("h3", {}, "How each number was measured"), pairs([
      ["Wall time", "from the moment the run was decided to its last verdict, on a clock that no change of date can bend; pauses of the run do not count"],
      ["Time of a suite", "from the start of its command until it and all it had started were gone, over all its attempts"],
      ["CPU time", "user and system time of all attempts that were measured"],
      ["Speed-up", "the time of all attempts together, over the wall time"],
      ["Parallel efficiency", "the speed-up, over the number of slots"],
      ["Saved by the cache", "how long the attempts took whose results were used instead of running again"],
      ["Waits", "an attempt could run, but had no room: a group is named where it was full at that time"],
      ["Critical path", "the suite that ended last, before it the one of its dependencies that ended last, and so on"],
      ["Slack", "how much later a suite could have ended without the run ending later, as far as suites wait for each other"],
      ["Against usual", "its time over the median of its latest passes at the first attempt under the same conditions"],
    ])));
}
