"""How much will be asked for in the coming hours, of whom and from where? The last weeks, and the known hourly profile.

What a territory's own weeks say counts for more the more there is of it; with too little, no forecast is invented.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from dispatcher.matching.columns import Floats, Ints
from dispatcher.matching.pair import lower_second
from dispatcher.planning.forecast import Where
from schemas.request import Need

WATCHED = timedelta(days=28)
"""How far one looks back: four of each day of the week."""
AHEAD = timedelta(hours=48)
ENOUGH = 20
"""Requests of a profession below which nothing is forecast; and what the known profile, and the whole territory's
communes, count for beside a profession's own requests (ours: 20 requests tell a rate to about a quarter)."""
A_DAY = timedelta(days=1)
SUNDAY = 6

WEEKDAY = (1.24, 1.05, 1.00, 1.00, 1.06, 0.95, 0.70)
"""Monday ×1.24, Sunday ×0.70 (study); the other days are set so that the week's mean is 1."""
HOURS = (
    *(0.6, 0.4, 0.3, 0.3, 0.3, 0.5),
    *(1.2, 3.5, 9.4, 10.8, 9.8, 7.2),
    *(4.2, 4.3, 6.0, 6.0, 6.2, 7.3),
    *(7.3, 5.2, 3.6, 2.6, 1.7, 1.3),
)
"""Per cent of a day's requests in each local hour: peak 9-11 h and a second bump 17-19 h (study); 14-18 h holds 25 %
(regulated calls, Rennes 2022: 25.4 %)."""


@dataclass(frozen=True, slots=True)
class Past:
    """A request that was entered, and when (aware)."""

    entered_at: datetime
    need: Need


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """`expected[profession, commune]`: requests in each of the coming hours, clock hours from number `first` (epoch
    seconds // 3600) on; of the present hour and the last one only what lies ahead. `unknown`: professions that were
    asked for too seldom."""

    first: int
    expected: Mapping[Where, Floats]
    unknown: tuple[str, ...]


def demand(past: Iterable[Past], now: datetime, zone: ZoneInfo, quiet: Collection[date] = ()) -> Demand:
    """What is expected until `now` + AHEAD. `quiet` are public holidays: days like Sundays.

    Rate: requests of the profession over the hours watched, which begin with the territory's first request, a day ago
    at the latest. Hour: the known profile, bent by what each hour of the week had. Commune: the profession's own
    shares, beside those of all professions.
    """
    known = [one for one in past if now - WATCHED <= one.entered_at < now]
    since = min([now - A_DAY, *(one.entered_at for one in known)])
    watched, coming = _Hours(since, now, zone, quiet), _Hours(now, now + AHEAD, zone, quiet)
    places, asked = Counter(one.need.place.commune for one in known), Counter(one.need.profession for one in known)
    expected = {}
    for profession, count in asked.items():
        if count < ENOUGH:
            continue
        own = [one for one in known if one.need.profession == profession]
        rate = count / watched.weight.sum()
        seen = np.bincount([watched.kind_at(one.entered_at) for one in own], minlength=len(_WEEK))
        due = rate * np.bincount(watched.kind, watched.weight, minlength=len(_WEEK))
        hourly = rate * coming.weight * ((seen + ENOUGH) / (due + ENOUGH))[coming.kind]
        here = Counter(one.need.place.commune for one in own)
        for commune, of_all in places.items():
            share = (here[commune] + ENOUGH * of_all / len(known)) / (count + ENOUGH)
            expected[profession, commune] = share * hourly
    unknown = tuple(sorted(profession for profession, count in asked.items() if count < ENOUGH))
    return Demand(coming.first, expected, unknown)


_WEEK = np.array([day * hour for day in WEEKDAY for hour in HOURS]) * 24 / sum(HOURS)
"""What each hour of the week has beside the mean hour, Monday's midnight first."""


class _Hours:
    """The clock hours from `since` to `until`: `kind` = the hour of the week in the zone, `weight` = the profile's, for
    the part of it that lies between."""

    def __init__(self, since: datetime, until: datetime, zone: ZoneInfo, quiet: Collection[date]) -> None:
        self._zone, self._quiet = zone, quiet
        begin, end = since.timestamp(), until.timestamp()
        self.first = lower_second(since) // 3600
        hours = np.arange(self.first, -int(-end // 3600))
        self.kind: Ints = np.array([self.kind_at(datetime.fromtimestamp(one * 3600, UTC)) for one in hours.tolist()])
        part = (np.minimum(end, (hours + 1) * 3600) - np.maximum(begin, hours * 3600)) / 3600
        self.weight: Floats = _WEEK[self.kind] * part

    def kind_at(self, moment: datetime) -> int:
        local = moment.astimezone(self._zone)
        day = SUNDAY if local.date() in self._quiet else local.weekday()
        return day * 24 + local.hour
