"""Timing: one run of a tool, and rounds in which the tools take turns.

Knows no tool and no workload; `measure` (measure.c) does the measuring.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """One run. Times in seconds; cores are used by what was not the run."""

    status: int
    wall: float
    cpu: float
    own_cpu: float
    peak_kib: int
    foreign_cores: float
    round: int


@dataclass
class Bench:
    """Where the bench works and how patient it is."""

    measure: Path
    folder: Path
    # A run is killed after this, in seconds.
    time_limit: float = 120.0
    # A tool that took longer than this once is not asked again.
    patience: float = 30.0


def prepare(bench, name, tools, suites, slots):
    """Returns {tool: (folder, invocation)} with every tool's configuration written."""
    prepared = {}
    for label, tool in tools.items():
        folder = bench.folder / f"{name}-{label.replace(' ', '-')}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        prepared[label] = (folder, tool.prepare(folder, suites, slots))
    return prepared


def take_turns(bench, prepared, rounds, settle=None):
    """Returns {tool: [Sample]}: in a round each tool runs once, in rotated order.

    A machine that slows down thereby slows all of them; the floor runs before
    every fourth tool, so that a ratio is taken within the same minutes. A tool
    that fails is dropped. settle(folder) runs after each run, not timed.
    """
    samples = {label: [] for label in prepared}
    dropped = set()
    others = [label for label in prepared if label != "floor"]
    for number in range(rounds):
        start = number * 7 % max(1, len(others))
        for label in with_floor(others[start:] + others[:start], "floor" in prepared):
            if label in dropped:
                continue
            folder, invocation = prepared[label]
            sample = run_once(bench, folder, invocation, number)
            samples[label].append(sample)
            note(f"  round {number + 1}/{rounds} {label}: {sample.wall:.3f} s" + describe_failure(folder, sample))
            if sample.status or sample.wall > bench.patience:
                dropped.add(label)
            if settle:
                settle(folder)
    return samples


def with_floor(labels, has_floor):
    if not has_floor:
        return labels
    fours = [labels[i : i + 4] for i in range(0, len(labels), 4)] or [[]]
    return [label for four in fours for label in ["floor", *four]]


def run_once(bench, folder, invocation, number):
    subprocess.run(invocation.before, shell=True, cwd=folder, check=True)
    out = bench.folder / "sample.json"
    out.unlink(missing_ok=True)
    busy_before, before = busy_seconds(), time.monotonic()
    with open(folder / "stderr.txt", "wb") as stderr:
        process = subprocess.Popen(
            [bench.measure, out, "--", *invocation.argv],
            cwd=folder,
            env=environment() | invocation.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            process.wait(bench.time_limit)
        except BaseException as stopped:
            # Too slow, or Ctrl-C: the tool is in a session of its own.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(stopped, subprocess.TimeoutExpired):
                raise
            return Sample(124, bench.time_limit, 0, 0, 0, 0, number)
    measured = json.loads(out.read_text())
    foreign = (busy_seconds() - busy_before - measured["cpu"]) / (time.monotonic() - before)
    return Sample(**measured, foreign_cores=max(0.0, foreign), round=number)


def environment():
    """Returns this environment without what would change a tool's behaviour."""
    return {k: v for k, v in os.environ.items() if not k.startswith("REGATTA") and k not in ("MAKEFLAGS", "MFLAGS", "CI")}


def busy_seconds():
    """Returns the CPU seconds this machine has spent so far on anything."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def describe_failure(folder, sample):
    if not sample.status:
        return ""
    last_words = (folder / "stderr.txt").read_text(errors="replace").strip()[-300:]
    return f", failed with status {sample.status}: {last_words}"


def note(text):
    """Prints progress, on stderr so that stdout is the table alone."""
    os.write(2, f"{text}\n".encode())
