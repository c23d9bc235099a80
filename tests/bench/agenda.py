"""How long does it take to expand a community's weeks? 400 practitioners, 90 days: `python -m tests.bench.agenda`."""

from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from rich.console import Console

from availability.agenda_weeks import Pattern, Where, expand
from schemas.territory import Hours
from services.reference.zones import is_holiday

PRACTITIONERS, DAYS = 400, 90
MOST_SECONDS = 2.0
PARIS = ZoneInfo("Europe/Paris")
SINCE = datetime(2026, 3, 2, tzinfo=UTC)  # a month before the clock jumps, and Easter
out = Console(highlight=False)


def week_of(number: int) -> list[Pattern]:
    """Three weeks that repeat: mornings of 15 minutes, afternoons of 20, every other Saturday."""
    first = date(2026, 1, 5)
    return [
        Pattern(days=(0, 1, 2, 3, 4), begins=time(8 + number % 2), ends=time(12), minutes=15, since=first),
        Pattern(days=(0, 1, 3, 4), begins=time(14), ends=time(18, 30), minutes=20, own_share=25, since=first),
        Pattern(days=(5,), begins=time(9), ends=time(12), minutes=10, every=2, since=first),
    ]


def measure() -> tuple[int, float]:
    """How many slots, in how many seconds, in one process."""
    days = (SINCE.date() + timedelta(days=ahead) for ahead in range(DAYS + 1))
    where = Where(PARIS, Hours(saturday_until=12), frozenset(day for day in days if is_holiday(day, "81")))
    people = [week_of(number) for number in range(PRACTITIONERS)]
    began = perf_counter()
    slots = sum(len(expand(patterns, where, SINCE, SINCE + timedelta(days=DAYS))) for patterns in people)
    return slots, perf_counter() - began


if __name__ == "__main__":
    slots, seconds = min((measure() for _ in range(3)), key=lambda one: one[1])
    out.print(f"{PRACTITIONERS} practitioners x {DAYS} days: {slots} slots in {seconds:.2f} s (best of 3)")
    raise SystemExit(seconds > MOST_SECONDS)
