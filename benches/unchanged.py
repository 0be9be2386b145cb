"""The same packages for other tools: each is told of every file, and to do
something only if one has changed.

A tool is a function of a folder and the packages in it; it writes the tool's
configuration there and returns the Invocation that decides that nothing has to
be done. Knows neither what Regatta is told nor how time is measured.
"""

import json
import os
import shutil
from pathlib import Path

from tools import Invocation

# Two at a time, as the walk beside has as many threads.
SLOTS = str(min(os.cpu_count() or 1, 64))


def sources(folder, package):
    return sorted(str(path.relative_to(folder)) for path in (folder / "packages" / package / "src").iterdir())


def command(package, tool):
    """Returns a shell line that leaves a trace of having run."""
    return f"echo {package} >> {tool}.ran"


def traces(folder, tool):
    """Returns how often the tool has done something."""
    return len((folder / f"{tool}.ran").read_text().splitlines())


def ninja(program):
    def prepare(folder, packages):
        lines = [f"builddir = .{program}", "rule test", "  command = $cmd && touch $out"]
        for package in packages:
            lines.append(f"build .{program}/{package}: test {' '.join(sources(folder, package))}")
            lines.append(f"  cmd = {command(package, program)}")
        (folder / f"{program}.ninja").write_text("\n".join(lines) + "\n")
        return Invocation([program, "-f", f"{program}.ninja", f"-j{SLOTS}"], f"mkdir -p .{program}")

    return prepare


def make(folder, packages):
    rules = ["all: " + " ".join(f".make/{package}" for package in packages)]
    for package in packages:
        rules.append(f".make/{package}: {' '.join(sources(folder, package))}")
        rules.append(f"\t@{command(package, 'make')} && touch $@")
    (folder / "Makefile").write_text("\n".join(rules) + "\n")
    # Without the rules that make knows by itself, which would be tried for every file.
    return Invocation(["make", "-rR", f"-j{SLOTS}"], "mkdir -p .make", {"MAKEFLAGS": ""})


def task(folder, packages):
    tasks = {"all": {"deps": list(packages)}}
    for package in packages:
        tasks[package] = {"sources": [f"packages/{package}/src/**"], "cmds": [command(package, "task")]}
    # JSON is YAML. By default task compares the content of files.
    (folder / "Taskfile.yml").write_text(json.dumps({"version": "3", "silent": True, "tasks": tasks}))
    return Invocation(["task", "-C", SLOTS, "all"], "true")


def turbo(folder, packages):
    """Makes each package one of a workspace, with a stand-in for npm, whose start would hide turbo's own cost."""
    shim = folder / ".shim/npm"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\n[ "$1" = run ] && exec sh ./test.sh\nexec {shutil.which("npm")} "$@"\n')
    shim.chmod(0o755)
    lock = {"": {"name": "root", "workspaces": ["packages/*"]}}
    for package in packages:
        place = Path("packages") / package
        manifest = {"name": package, "version": "1.0.0", "scripts": {"test": "sh ./test.sh"}}
        (folder / place / "package.json").write_text(json.dumps(manifest))
        (folder / place / "test.sh").write_text(f"cd ../.. && {command(package, 'turbo')}\n")
        lock[str(place)] = {"version": "1.0.0"}
        lock[f"node_modules/{package}"] = {"resolved": str(place), "link": True}
    workspace = {"name": "root", "private": True, "packageManager": "npm@10.0.0", "workspaces": ["packages/*"]}
    (folder / "package.json").write_text(json.dumps(workspace))
    lockfile = {"name": "root", "lockfileVersion": 3, "requires": True, "packages": lock}
    (folder / "package-lock.json").write_text(json.dumps(lockfile))
    (folder / "turbo.json").write_text(json.dumps({"tasks": {"test": {"outputs": []}}}))
    return Invocation(
        ["turbo", "run", "test", f"--concurrency={SLOTS}", "--ui=stream"],
        "true",
        {
            "TURBO_TELEMETRY_DISABLED": "1",
            "DO_NOT_TRACK": "1",
            "PATH": f"{shim.parent}:{os.environ['PATH']}",
        },
    )


# By the labels of `tools.PEERS`, which knows what each needs; all others have no notion of a change.
PEERS = {"ninja": ninja("ninja"), "n2": ninja("n2"), "make": make, "task": task, "turbo": turbo}

# What the tools write beside the packages.
IGNORED = ".turbo\n.ninja\n.n2\n.n2_db\n.make\n.task\n*.ran\n"
