"""Which times does a week that repeats open? Patterns, what they leave out, and their slots as moments (aware UTC)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from availability.agenda import ANYBODY, Audience, NewSlot, Practice, SlotRow, slot_ends
from schemas.practitioner import Absence
from schemas.territory import Hours
from schemas.values import Capacity, Minutes, Mode, Value, Visibility

ROLLING = timedelta(days=14)
"""How far ahead patterns are opened: unscheduled care is sought for hours or days, and what is open fills memories."""
MOST_A_DAY = 200
"""Slots a day of one pattern: a whole day in steps of five minutes would be 288, and a slip of the pen."""

Weekday = Annotated[int, Field(ge=0, le=6)]


Span = tuple[datetime, datetime]
"""[start, end)."""


class Pattern(Value):
    """A week that repeats, by the clock of the place.

    `days` are weekdays, Monday = 0; from `begins` to `ends` (after midnight when that is not later) slots of `minutes`
    follow one another. It holds from the day `since` to the day `until`, `every` so many weeks counted from that of
    `since`, not on the days `without`, and out of hours only if `out_of_hours` says so. Of its slots `own_share` per
    cent, spread over the day, are for own patients. `place` None = the practitioner's main one.
    """

    days: tuple[Weekday, ...] = Field(min_length=1, max_length=7)
    begins: time
    ends: time
    minutes: Minutes
    capacity: Capacity = 1
    modes: tuple[Mode, ...] = Field(default=(Mode.OFFICE,), min_length=1, max_length=len(Mode))
    audience: Audience = ANYBODY
    place: Practice | None = None
    own_share: int = Field(default=0, ge=0, le=100)
    out_of_hours: bool = False
    since: date
    until: date | None = None
    every: int = Field(default=1, ge=1, le=4)
    without: tuple[date, ...] = Field(default=(), max_length=366)

    @model_validator(mode="after")
    def _opens_something(self) -> "Pattern":
        open_ = self.open_minutes()
        if open_ < self.minutes or open_ // self.minutes > MOST_A_DAY:
            raise ValueError("between one slot and two hundred fit in the day")
        if self.until is not None and self.until < self.since:
            raise ValueError("a pattern ends after it begins")
        return self

    def open_minutes(self) -> int:
        """Minutes from `begins` to `ends` on an ordinary day."""
        begins, ends = (one.hour * 60 + one.minute for one in (self.begins, self.ends))
        return (ends - begins) % (24 * 60)

    def holds(self, day: date) -> bool:
        """Whether the pattern opens anything on this day."""
        if day < self.since or (self.until is not None and day > self.until) or day in self.without:
            return False
        weeks = (_monday(day) - _monday(self.since)).days // 7
        return day.weekday() in self.days and weeks % self.every == 0


class Occurrence(NamedTuple):
    """One slot of a pattern: which pattern (its number among those expanded), when, and whether it is for own
    patients."""

    start: datetime
    pattern: int
    minutes: int
    own: bool


class Calendar(NamedTuple):
    """A territory's clock, what is out of hours there, and the public holidays of the coming weeks."""

    zone: ZoneInfo
    hours: Hours
    holidays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Where:
    """By which clock and out-of-hours a practitioner's patterns go, and when he or she is away."""

    zone: ZoneInfo
    hours: Hours
    holidays: frozenset[date] = frozenset()
    absences: tuple[Absence, ...] = ()


def expand(patterns: Sequence[Pattern], where: Where, since: datetime, until: datetime) -> list[Occurrence]:
    """The slots of one practitioner's patterns that begin in [since, until), sorted; none overlaps another: where two
    patterns do, the one that began first wins, and the first of the list when they began together.

    The hours are those of the clock: a run that holds the hour the clock skips is shorter, one that holds the hour it
    repeats longer, and slots always last their minutes.
    """
    found = sorted(one for at, pattern in enumerate(patterns) for one in _of(at, pattern, where, since, until))
    kept: list[Occurrence] = []
    free_from = since - timedelta(days=2)
    for one in found:
        if one.start >= free_from:
            free_from = one.start + timedelta(minutes=one.minutes)
            if one.start >= since:
                kept.append(one)
    return kept


def _of(at: int, pattern: Pattern, where: Where, since: datetime, until: datetime) -> Iterator[Occurrence]:
    """What one pattern opens: also what began a day before, which may be in the way of another."""
    day, last = (since - timedelta(days=1)).astimezone(where.zone).date(), until.astimezone(where.zone).date()
    step = timedelta(minutes=pattern.minutes)
    over = timedelta(days=int(pattern.ends <= pattern.begins))
    while day <= last:
        if pattern.holds(day):
            start = datetime.combine(day, pattern.begins, where.zone).astimezone(UTC)
            ends = datetime.combine(day + over, pattern.ends, where.zone).astimezone(UTC)
            number = 0
            out: dict[tuple[int, bool], bool] = {}  # by half an hour: no zone is off by less
            while start + step <= ends and start < until:
                half = (start.hour, start.minute < 30)
                if half not in out:
                    local = start.astimezone(where.zone)
                    out[half] = not pattern.out_of_hours and where.hours.out(local, where.holidays)
                if not out[half] and not _away(where, start, step):
                    own = (number + 1) * pattern.own_share // 100 > number * pattern.own_share // 100
                    yield Occurrence(start, at, pattern.minutes, own)
                start, number = start + step, number + 1
        day += timedelta(days=1)


def _away(where: Where, start: datetime, step: timedelta) -> bool:
    return any(away.since < start + step and start < away.until for away in where.absences)


def slot_of(one: Occurrence, pattern: Pattern, pattern_id: str) -> NewSlot:
    """The slot to open."""
    audience = pattern.audience.model_copy(update={"visibility": Visibility.OWN}) if one.own else pattern.audience
    return NewSlot(
        start=one.start,
        minutes=pattern.minutes,
        capacity=pattern.capacity,
        modes=pattern.modes,
        audience=audience,
        pattern=pattern_id,
        place=pattern.place,
    )


def fitting(slots: Iterable[NewSlot], taken: Iterable[SlotRow], busy: Iterable[Span] = ()) -> list[NewSlot]:
    """Those of the slots (sorted) that overlap none of what is taken, nor a time in which the practitioner is busy."""
    others = sorted([*((row.start, slot_ends(row)) for row in taken), *busy])
    kept, at, until = [], 0, None
    for slot in slots:
        while at < len(others) and others[at][0] < slot_ends(slot):
            until = others[at][1] if until is None else max(until, others[at][1])
            at += 1
        if until is None or until <= slot.start:
            kept.append(slot)
    return kept


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
