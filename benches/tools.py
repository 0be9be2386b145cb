"""The tools: how each is told to run the same suites, a log each.

A tool is a function of a folder, suites and slots: it writes the tool's native
configuration into the folder and returns the Invocation to time there. Knows
neither what the suites do nor how time is measured.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Invocation:
    """What is timed, run in the tool's folder."""

    argv: list[str]
    # Shell command before each run, not timed: forget what the last one left.
    before: str = "mkdir -p log"
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tool:
    """A tool, the programs it needs, and which suites it can express."""

    prepare: object
    programs: tuple[str, ...]
    knows_needs: bool = True
    knows_groups: bool = False

    def missing(self):
        """Returns the programs that are not installed."""
        return [program for program in self.programs if not shutil.which(program)]

    def can_run(self, suites):
        """Says whether the tool has words for every need and group of the suites."""
        needs = any(suite.needs for suite in suites)
        groups = any(suite.group for suite in suites)
        return (self.knows_needs or not needs) and (self.knows_groups or not groups)


def logged(suite):
    return f"{{ {suite.command}; }} > log/{suite.name}.log 2>&1"


def commands_file(folder, lines):
    (folder / "commands").write_text("".join(line + "\n" for line in lines))


def floor(program, mode):
    def prepare(folder, suites, slots):
        commands_file(folder, (suite.command for suite in suites))
        return Invocation([str(program), "-P", str(slots), "-f", "commands", "-l", "log", "-m", mode])

    return prepare


def regatta(program, run_keys=""):
    """Returns the preparation for Regatta, with further lines for its [run] table."""

    def prepare(folder, suites, slots):
        write_regatta_toml(folder / "regatta.toml", suites, run_keys)
        return Invocation([str(program), "-j", str(slots), "--log-dir", "log"])

    return prepare


def write_regatta_toml(path, suites, run_keys=""):
    lines = ["[run]", run_keys]
    for suite in suites:
        lines += [f"[suites.{suite.name}]", f"command = {json.dumps(suite.command)}"]
        if suite.needs:
            lines.append(f"depends_on = {json.dumps(suite.needs)}")
        if suite.group:
            lines.append(f"parallel_group = {json.dumps(suite.group)}")
    path.write_text("\n".join(lines) + "\n")


def make(folder, suites, slots):
    names = " ".join(suite.name for suite in suites)
    rules = [f".PHONY: all {names}", f"all: {names}"]
    for suite in suites:
        rules += [f"{suite.name}: {' '.join(suite.needs)}", "\t@" + logged(suite).replace("$", "$$")]
    (folder / "Makefile").write_text("\n".join(rules) + "\n")
    # Without the flags of a make around the bench.
    return Invocation(["make", "-k", f"-j{slots}"], env={"MAKEFLAGS": ""})


def ninja(program):
    def prepare(folder, suites, slots):
        lines = []
        for group in sorted({suite.group for suite in suites if suite.group}):
            lines += [f"pool {group}", "  depth = 1"]
        lines += ["rule suite", "  command = { $cmd; } > log/$out.log 2>&1"]
        for suite in suites:
            after = " || " + " ".join(suite.needs) if suite.needs else ""
            # No suite makes the file it is named after, so all are always out of date.
            lines += [f"build {suite.name}: suite{after}", "  cmd = " + suite.command.replace("$", "$$")]
            if suite.group:
                lines.append(f"  pool = {suite.group}")
        (folder / "build.ninja").write_text("\n".join(lines) + "\n")
        return Invocation([program, "-k", "0", f"-j{slots}"], "mkdir -p log; rm -f .ninja_log .ninja_deps .n2_db")

    return prepare


def ctest(folder, suites, slots):
    lines = []
    for suite in suites:
        lines.append(f'add_test({suite.name} "/bin/sh" "-c" [==[{suite.command}]==])')
        if suite.needs:
            lines.append(f'set_tests_properties({suite.name} PROPERTIES DEPENDS "{";".join(suite.needs)}")')
        if suite.group:
            lines.append(f'set_tests_properties({suite.name} PROPERTIES RESOURCE_LOCK "{suite.group}")')
    (folder / "CTestTestfile.cmake").write_text("\n".join(lines) + "\n")
    return Invocation(["ctest", f"-j{slots}"], "rm -rf Testing")


def xargs(folder, suites, slots):
    """Runs suites of a group under flock, where a waiting one holds its slot."""
    commands_file(
        folder,
        (f"flock {suite.group}.lock sh -c '{logged(suite)}'" if suite.group else logged(suite) for suite in suites),
    )
    return Invocation(["xargs", "-a", "commands", "-d", "\\n", "-n1", "-P", str(slots), "sh", "-c"])


def parallel(folder, suites, slots):
    commands_file(folder, (suite.command for suite in suites))
    return Invocation(["parallel", "-j", str(slots), "--joblog", "joblog", "--results", "log/{#}/", "-a", "commands"])


def just(folder, suites, slots):
    lines = ["[parallel]", "all: " + " ".join(suite.name for suite in suites)]
    for suite in suites:
        lines += ["[parallel]"] if suite.needs else []
        lines += [f"{suite.name}: {' '.join(suite.needs)}", f"\t@{logged(suite)}"]
    (folder / "justfile").write_text("\n".join(lines) + "\n")
    return Invocation(["just", "--jobs", str(slots), "all"])


def task(folder, suites, slots):
    tasks = {"all": {"deps": [suite.name for suite in suites]}}
    for suite in suites:
        # Its built-in shell would not start a process for `true`.
        quoted = suite.command.replace("'", "'\\''")
        command = f"sh -c '{quoted}' > log/{suite.name}.log 2>&1"
        tasks[suite.name] = {"run": "once", "deps": suite.needs, "cmds": [command]}
    # JSON is YAML.
    (folder / "Taskfile.yml").write_text(json.dumps({"version": "3", "silent": True, "tasks": tasks}))
    return Invocation(["task", "-C", str(slots), "all"])


def turbo(folder, suites, slots):
    """Writes a package for each suite, since turbo runs packages' scripts.

    It runs them through npm, which costs a quarter of a second each; a stand-in
    for npm goes straight to the command, so that turbo alone is measured.
    """
    shim = folder / "shim/npm"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n[ "$1" = run ] && exec sh ./command\nexec {shutil.which("npm")} "$@"\n')
    shim.chmod(0o755)
    workspace = {"name": "root", "private": True, "packageManager": "npm@10.0.0", "workspaces": ["packages/*"]}
    tasks = {"test": {"cache": False}}
    lock = {"": {"name": "root", "workspaces": ["packages/*"]}}
    for suite in suites:
        package = Path("packages") / suite.name
        (folder / package).mkdir(parents=True)
        manifest = {"name": suite.name, "version": "1.0.0", "scripts": {"test": suite.command}}
        (folder / package / "package.json").write_text(json.dumps(manifest))
        (folder / package / "command").write_text(suite.command + "\n")
        lock[str(package)] = {"version": "1.0.0"}
        lock[f"node_modules/{suite.name}"] = {"resolved": str(package), "link": True}
        if suite.needs:
            tasks[f"{suite.name}#test"] = {"cache": False, "dependsOn": [f"{need}#test" for need in suite.needs]}
    (folder / "package.json").write_text(json.dumps(workspace))
    lockfile = {"name": "root", "lockfileVersion": 3, "requires": True, "packages": lock}
    (folder / "package-lock.json").write_text(json.dumps(lockfile))
    (folder / "turbo.json").write_text(json.dumps({"tasks": tasks}))
    (folder / ".gitignore").write_text("node_modules\n.turbo\nlog\n")
    # turbo asks git what changed; the repository around the bench is not meant.
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return Invocation(
        ["turbo", "run", "test", f"--concurrency={slots}", "--ui=stream"],
        "rm -rf packages/*/.turbo",
        {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "PATH": f"{shim.parent}:{os.environ['PATH']}"},
    )


PEERS = {
    "make": Tool(make, ("make",)),
    "ninja": Tool(ninja("ninja"), ("ninja",), knows_groups=True),
    "n2": Tool(ninja("n2"), ("n2",)),
    "xargs": Tool(xargs, ("xargs", "flock"), knows_needs=False, knows_groups=True),
    "ctest": Tool(ctest, ("ctest",), knows_groups=True),
    "just": Tool(just, ("just",)),
    "task": Tool(task, ("task",)),
    "parallel": Tool(parallel, ("parallel",), knows_needs=False),
    "turbo": Tool(turbo, ("turbo", "npm", "git")),
}
