"""The work that every tool gets, and the least time it can take.

Knows no tool and measures nothing.
"""

import random
from dataclasses import dataclass

LINE = "2026-01-01T00:00:00 some 80 column line of test output, as verbose suites print"


@dataclass(frozen=True)
class Suite:
    """One command, what must have passed before it, and whom it must not meet."""

    name: str
    command: str
    needs: tuple[str, ...] = ()
    group: str | None = None
    seconds: float = 0.0


def nothing(count):
    """Returns suites that do nothing: what is left is the cost of running a suite."""
    return [Suite(f"t{i}", "true") for i in range(count)]


def output(mib):
    """Returns eight suites that print that many MiB of 80-column lines each."""
    line = LINE.ljust(79)[:79]
    return [Suite(f"t{i}", f"yes '{line}' | head -c {mib << 20}") for i in range(8)]


def sleeper(name, seconds, needs=(), group=None):
    seconds = round(seconds, 3)
    return Suite(name, f"sleep {seconds}", tuple(needs), group, seconds)


def chain(prefix, durations):
    """Returns suites of which each needs the one before."""
    suites = []
    for i, seconds in enumerate(durations):
        suites.append(sleeper(f"{prefix}{i:02d}", seconds, [suites[-1].name] if suites else []))
    return suites


def uneven():
    """Returns 60 sleeps: 35 alone, then a long chain of short links, then a join.

    The critical path stands late in the file and has no long link, so neither
    file order nor longest-first starts it early.
    """
    rng = random.Random(20261122)
    alone = [sleeper(f"a{i:02d}", rng.uniform(0.02, 0.56)) for i in range(35)]
    long_chain = chain("c", [rng.uniform(0.30, 0.36) for _ in range(14)])
    joined = chain("d", [rng.uniform(0.15, 0.25) for _ in range(7)])
    join = sleeper("e", rng.uniform(0.15, 0.25), [joined[-1].name, "a03", "a20", "a34"])
    return alone + long_chain + joined + [join] + [sleeper(f"z{i}", s) for i, s in enumerate((0.9, 1.0, 0.95))]


def misleading():
    """Returns 60 sleeps where counting links misleads.

    Five chains of six short links come before the critical path, which is four
    links of a second: only who knows the durations starts it first.
    """
    rng = random.Random(20261122)
    alone = [sleeper(f"a{i:02d}", rng.uniform(0.02, 0.20)) for i in range(26)]
    decoys = [chain(f"d{c}", [rng.uniform(0.25, 0.35) for _ in range(6)]) for c in range(5)]
    return alone + [suite for decoy in decoys for suite in decoy] + chain("z", [1.0] * 4)


def grouped():
    """Returns 8 suites that exclude each other, listed before 40 free ones."""
    members = [sleeper(f"g{i}", 0.5, group="db") for i in range(8)]
    return members + [sleeper(f"i{i:02d}", 0.2) for i in range(40)]


def write_packages(folder, packages=200, files=250):
    """Writes that many packages of files of about a kilobyte each, and suites that each read one. Returns their names."""
    rng = random.Random(20261122)
    lines = []
    names = []
    for package in range(packages):
        sources = folder / f"packages/p{package:03d}/src"
        sources.mkdir(parents=True)
        for file in range(files):
            (sources / f"f{file:03d}.txt").write_text(f"{package} {file} {rng.random()}\n" * 32)
        name = f"p{package:03d}"
        names.append(name)
        lines.append(f'[suites.{name}]\ncommand = "true"\ninputs = ["packages/{name}/src/**"]\n')
    (folder / "regatta.toml").write_text("\n".join(lines))
    (folder / ".gitignore").write_text("node_modules\n*.log\n")
    return names


def lower_bound(suites, slots):
    """Returns the seconds that no order can beat: total work, longest chain or group."""
    by_name = {suite.name: suite for suite in suites}
    finish = {}

    def earliest_finish(name):
        if name not in finish:
            suite = by_name[name]
            finish[name] = suite.seconds + max(map(earliest_finish, suite.needs), default=0)
        return finish[name]

    groups = {}
    for suite in suites:
        if suite.group:
            groups[suite.group] = groups.get(suite.group, 0) + suite.seconds
    return max(
        sum(suite.seconds for suite in suites) / slots,
        max(earliest_finish(suite.name) for suite in suites),
        max(groups.values(), default=0),
    )
