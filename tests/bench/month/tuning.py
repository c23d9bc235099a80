"""What does each setting change? One at a time, a fortnight of one territory: `python -m tests.bench.month.tuning`."""

from collections.abc import Mapping
from datetime import timedelta

from rich.console import Console

from tests.bench.month.bids import Bids
from tests.bench.month.fairness import Shares
from tests.bench.month.ours import Batch, Late
from tests.bench.month.report import table
from tests.bench.month.study import FIRST_COME, HOUR, PEERS, Make, a_setting, side_by_side
from tests.bench.month.world import SUPPLY

DAYS = 14
MINUTE = timedelta(minutes=1)


def batch(minutes: int, weight: float = 1.0) -> Make:
    """A batch each so many minutes, told at once; prices × `weight`."""
    return lambda learned: Batch(minutes * MINUTE, Bids(learned, weight))


def late(hours: float, weight: float = 1.0, *, minutes: int = 5, fair: bool = False) -> Make:
    """All told so many hours before."""
    return lambda learned: Late(
        minutes * MINUTE, hours * HOUR, Bids(learned, weight) if weight else None, Shares() if fair else None
    )


TRIED: Mapping[str, Make] = {
    FIRST_COME: PEERS[FIRST_COME],
    **{f"batch {minutes} min, prices": batch(minutes) for minutes in (1, 5, 15, 60)},
    **{f"batch 5 min, prices × {weight:g}": batch(5, weight) for weight in (0.5, 1.5, 2)},
    **{f"all told {hours:g} h before, prices": late(hours) for hours in (4, 3, 2, 1.5, 1)},
    **{f"all told 2 h before, prices × {weight:g}": late(2, weight) for weight in (0, 0.5, 1.5, 2)},
    "all told 2 h before, prices, each minute": late(2, minutes=1),
    "all told 2 h before, prices, fair": late(2, fair=True),
}


def main() -> None:
    """A table for each supply."""
    out = Console(highlight=False, soft_wrap=True)
    for supply in SUPPLY:
        out.print(f"\n{supply}\n{table([side_by_side(a_setting(supply, 1, DAYS), TRIED)])}")


if __name__ == "__main__":
    main()
