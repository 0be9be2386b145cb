"""Tables: samples into rows of ratios, and figures beside their targets.

Pure: knows neither tools nor how samples came about.
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """What one figure of Regatta should be: at most `limit`, in `unit`."""

    what: str
    figure: float
    limit: float
    unit: str

    def render(self):
        verdict = "met" if self.figure <= self.limit else "MISSED"
        return f"| {self.what} | {self.figure:.4g} {self.unit} | at most {self.limit:g} {self.unit} | {verdict} |"


def wall(samples):
    """Returns the median wall time in seconds."""
    return median(sample.wall for sample in samples)


def peak_mib(samples):
    """Returns the largest peak of any run."""
    return max(sample.peak_kib for sample in samples) / 1024


def ratio_to_floor(samples, floor):
    """Returns the median of each run over the floor's median in the same round."""
    by_round = {}
    for sample in floor:
        by_round.setdefault(sample.round, []).append(sample.wall)
    return median(sample.wall / median(by_round[sample.round]) for sample in samples)


def passed(samples):
    return [sample for sample in samples if sample.status == 0]


def render_samples(title, samples_by_tool, count, bound=None):
    """Returns the table of one workload with count suites.

    Ratios are to the floor of the same round or, where there is none, to the
    bound in seconds that no order of the suites can beat.
    """
    floor = passed(samples_by_tool.get("floor", []))
    lines = [
        f"### {title}",
        "",
        f"| tool | runs | wall s, median (min-max) | × {'floor' if floor else 'bound'} | + µs a suite | own CPU s | peak MiB | foreign cores |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for label, samples in samples_by_tool.items():
        good = passed(samples)
        if not good:
            status = samples[0].status if samples else "never run"
            lines.append(f"| {label} | failed ({status}) | | | | | | |")
            continue
        ratio = ratio_to_floor(good, floor) if floor else wall(good) / bound if bound else None
        least = wall(floor) if floor else bound or 0.0
        walls = [sample.wall for sample in good]
        lines.append(
            f"| {label} | {len(good)} | {wall(good):.3f} ({min(walls):.3f}-{max(walls):.3f}) "
            f"| {f'{ratio:.2f}' if ratio else '-'} | {(wall(good) - least) / count * 1e6:.0f} "
            f"| {median(sample.own_cpu for sample in good):.2f} | {peak_mib(good):.1f} "
            f"| {median(sample.foreign_cores for sample in good):.2f} |"
        )
    return "\n".join(lines)


def render_targets(targets):
    """Returns the table of Regatta's figures beside what they should be."""
    lines = ["### Regatta's targets", "", "| figure | measured | target | |", "|---|---|---|---|"]
    return "\n".join(lines + [target.render() for target in targets])
