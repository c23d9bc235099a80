"""How much care is asked for, and when? By year, weekday and hour: a Monday peak and a winter peak."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import cos, exp, pi
from random import Random

from dispatcher.planning.demand import HOURS, SUNDAY, WEEKDAY
from schemas.territory import Territory
from services.reference.zones import is_holiday

# The study behind Relais's matching: 350 requests on a mean day in a community of 400 professionals. A
# community where few have joined hears of few requests, so the count follows the professionals, not the
# inhabitants.
PER_PROFESSIONAL = 350 / 400

HOLIDAY = WEEKDAY[SUNDAY]

# Influenza adds 30 to 55 % (published range): 45 % at the height, a rounded hill of 45 days on both sides
# (ours).
WINTER_PEAK = 0.45
WINTER_DAY = (1, 20)  # 20 January
WINTER_SPREAD = 45  # days


def requests_expected(territory: Territory, professionals: int, hour: datetime) -> float:
    """How many requests are expected in the local hour that begins at `hour` (aware)."""
    local = hour.astimezone(territory.tz)
    share = HOURS[local.hour] / sum(HOURS)
    return professionals * PER_PROFESSIONAL * share * busy(territory, local.date())


def busy(territory: Territory, day: date) -> float:
    """How that day compares with the year's mean day without influenza: 1.24 = a quarter more."""
    weekday = HOLIDAY if is_holiday(day, territory.departement) else WEEKDAY[day.weekday()]
    return weekday * winter(day)


def winter(day: date) -> float:
    """1 in summer, up to 1.45 around 20 January: a rounded hill."""
    away = min(abs((day - date(year, *WINTER_DAY)).days) for year in (day.year, day.year + 1))
    return 1 + WINTER_PEAK * (1 + cos(pi * away / WINTER_SPREAD)) / 2 if away < WINTER_SPREAD else 1.0


def hours_between(start: datetime, end: datetime) -> Iterator[tuple[datetime, float]]:
    """The whole hours from `start` to `end`, each with the part of it that lies before the end (0 to 1]."""
    hour = start.astimezone(UTC)
    while hour < end:
        yield hour, min(1.0, (end - hour) / timedelta(hours=1))
        hour += timedelta(hours=1)


def poisson(mean: float, dice: Random) -> int:
    """A Poisson count. Knuth's product, in pieces of 20 so that nothing underflows."""
    count = 0
    while mean > 0:
        limit, mean = exp(-min(mean, 20.0)), mean - 20.0
        product = dice.random()
        while product > limit:
            count += 1
            product *= dice.random()
    return count
