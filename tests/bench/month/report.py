"""What is told of the months? Tables in Markdown, and drawings."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from tests.bench.month.placing import SEATS_A_WEEK, Placed
from tests.bench.month.plots import bars, curves
from tests.bench.month.study import CLAIRVOYANT, FIRST_COME, Outcome, Troubled, gap

Months = Sequence[Mapping[str, Outcome]]
"""One element a seed: the outcome of each policy."""


@dataclass(frozen=True, slots=True)
class Studied:
    """All that was found of one month: each policy, again with troubles, and with more seats."""

    policies: Mapping[str, Outcome]
    troubled: Mapping[str, Troubled]
    placed: Placed


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


def tables(studied: Mapping[str, Sequence[Studied]]) -> str:
    """All tables, in Markdown."""
    said = []
    for supply, months in studied.items():
        said += [f"\n## {supply}\n", table([month.policies for month in months])]
        said += ["\nWith refusals, no-shows and cancellations:\n", troubled([month.troubled for month in months])]
        said += ["", _placed([month.placed for month in months]), "", _never(months)]
    return "\n".join(said) + "\n"


def troubled(months: Sequence[Mapping[str, Troubled]]) -> str:
    """One row a policy, means over the seeds."""
    heads = (
        "policy", "seen in 24 h, of those who still wanted", "U1 in 24 h", "came", "lost a seat to a practitioner's no",
        "of them seen in time", "withdrew", "a human told, before the deadline",
    )  # fmt: skip
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name in months[0]:
        each = [month[name] for month in months]
        cells = (
            name,
            f"{fmean(one.within_24 for one in each):.2%}",
            f"{fmean(one.urgent_24 for one in each):.1%}",
            f"{fmean(one.came for one in each):.1%}",
            f"{fmean(one.cut for one in each):.0f}",
            f"{sum(one.mended for one in each) / max(1, sum(one.cut for one in each)):.0%}",
            f"{fmean(one.withdrew for one in each):.0f}",
            f"{fmean(one.flag_hours for one in each):.1f} h",
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _placed(months: Sequence[Placed]) -> str:
    """What more seats avoid, by price and at random."""
    by_price = sum(one.missed - one.by_price for one in months)
    at_random = sum(one.missed - fmean(one.at_random) for one in months)
    each = "; ".join(f"{one.missed}: {one.by_price} / {fmean(one.at_random):.0f}" for one in months)
    return (
        f"{SEATS_A_WEEK} seats a week more: misses in a month as it is: with seats by price / at random: {each}. "
        f"By price they avoid **×{by_price / max(0.5, at_random):.1f}** as many."
    )


def _never(months: Sequence[Studied]) -> str:
    """What must never be, all policies and seeds together, with and without troubles."""
    counted: Counter[str] = Counter()
    for month in months:
        for never in [*(one.never for one in month.policies.values()), *(one.never for one in month.troubled.values())]:
            counted.update(never)
    return "; ".join(f"{what}: {count}" for what, count in counted.items())


def write(studied: Mapping[str, Sequence[Studied]], folder: Path) -> None:
    """The tables and the drawings of all supplies."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tables.md").write_text(tables(studied), "utf-8")
    months = {supply: [one.policies for one in found] for supply, found in studied.items()}
    names = [name for name in next(iter(months.values()))[0] if name != CLAIRVOYANT]
    gaps = {supply: {name: 100 * mean_gap(name, found) for name in names} for supply, found in months.items()}
    (folder / "gap.svg").write_text(bars("How much dearer than the clairvoyant's month", gaps, "%"), "utf-8")
    for supply, found in months.items():
        lines = {name: _seen_by(name, found) for name in DRAWN if name in found[0]}
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
