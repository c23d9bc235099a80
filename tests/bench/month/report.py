"""What is told of the months? Tables in Markdown, and drawings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from tests.bench.month.plots import bars, curves
from tests.bench.month.study import CLAIRVOYANT, FIRST_COME, Outcome, gap

Months = Sequence[Mapping[str, Outcome]]
"""One element a seed: the outcome of each policy."""
HEADS = (
    "policy", "gap to the limit", "against first come (each seed)", "seen in 24 h", "U1 in 24 h", "U1 in 6 h",
    "weighted wait", "km", "usual GP", "Gini of GPs' load",
)  # fmt: skip


def table(months: Months) -> str:
    """One row a policy, means over the seeds; the gap against first come of the same month for each seed too."""
    rows = ["| " + " | ".join(HEADS) + " |", "|" + "---|" * len(HEADS)]
    for name in months[0]:
        rows.append("| " + " | ".join([name, *_cells(name, months)]) + " |")
    return "\n".join(rows)


def mean_gap(name: str, months: Months) -> float:
    """The mean gap of a policy to the limit."""
    return fmean(gap(month[name], month[CLAIRVOYANT]) for month in months)


def _cells(name: str, months: Months) -> list[str]:
    figures = [month[name].figures for month in months]
    ratios = [gap(month[name], month[CLAIRVOYANT]) / gap(month[FIRST_COME], month[CLAIRVOYANT]) for month in months]
    mean = mean_gap(name, months) / mean_gap(FIRST_COME, months)
    return [
        f"{mean_gap(name, months):.1%}",
        f"**{mean:.2f}** ({', '.join(f'{one:.2f}' for one in ratios)})" if len(ratios) > 1 else f"**{mean:.2f}**",
        f"{fmean(one.within_24 for one in figures):.2%}",
        f"{fmean(one.urgent_24 for one in figures):.1%}",
        f"{fmean(one.urgent_6 for one in figures):.1%}",
        f"{fmean(one.weighted_wait for one in figures):.0f} min",
        f"{fmean(one.km for one in figures):.1f}",
        f"{fmean(one.usual for one in figures):.0%}",
        f"{fmean(one.gini for one in figures):.3f}",
    ]


def write(studied: Mapping[str, Months], folder: Path) -> None:
    """The tables and the drawings of all supplies."""
    folder.mkdir(parents=True, exist_ok=True)
    said = [f"## {supply}\n\n{table(months)}\n" for supply, months in studied.items()]
    (folder / "tables.md").write_text("\n".join(said), "utf-8")
    names = [name for name in next(iter(studied.values()))[0] if name != CLAIRVOYANT]
    gaps = {supply: {name: 100 * mean_gap(name, months) for name in names} for supply, months in studied.items()}
    (folder / "gap.svg").write_text(bars("How much dearer than the clairvoyant's month", gaps, "%"), "utf-8")
    for supply, months in studied.items():
        lines = {name: _seen_by(name, months) for name in DRAWN if name in months[0]}
        drawn = curves(f"Patients seen, {supply} supply", lines, "hours after the call", "% of all requests")
        (folder / f"seen-{supply}.svg").write_text(drawn, "utf-8")


DRAWN = (CLAIRVOYANT, FIRST_COME, "batch 5 min, prices", "all told 2 h before, prices")


def _seen_by(name: str, months: Months) -> list[tuple[float, float]]:
    """Of all requests, the share seen within each half hour after the call."""
    waits = sorted(wait for month in months for wait in month[name].waits)
    everybody = sum(len(month[name].waits) / month[name].figures.within_24 for month in months)
    points, at = [(0.0, 0.0)], 0
    for half in range(1, 49):
        while at < len(waits) and waits[at] <= half / 2:
            at += 1
        points.append((half / 2, 100 * at / everybody))
    return points
