"""Who was asked how often, who saw whom, and what counts? The week of each practitioner, and the receipts of acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from availability.store import PractitionerRow
from availability.unused import use_of
from dispatcher import asked, members
from dispatcher.offers.offer import Tally, tally
from dispatcher.views import RequestRow
from schemas.practitioner import SUPPLEMENT_WITHIN


@dataclass(frozen=True, slots=True)
class Line:
    """One practitioner's week: what was asked and answered, visits, and acts that count to the cap (None = no cap)."""

    practitioner_id: str
    name: str
    offers: Tally
    visits: int
    counted: int
    cap: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What proves a regulated act: who regulated it and when, who saw the patient and when, and what follows."""

    request_id: str
    practitioner_id: str
    practitioner: str
    start: datetime
    regulated_by: str
    regulated_at: datetime
    within_48h: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """One week, from Monday, in the territory's time; the most visits first."""

    since: datetime
    until: datetime
    lines: tuple[Line, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class UseLine:
    """One practitioner's month: the seats that were offered and are over, those used, and the share that was not."""

    practitioner_id: str
    name: str
    offered: int
    used: int
    unused_share: float


def month_of(now: datetime, zone: ZoneInfo, back: int = 0) -> tuple[datetime, datetime]:
    """The month `now` is in, or the one `back` months before: [the 1st, the next 1st)."""
    local = now.astimezone(zone)
    months = local.year * 12 + local.month - 1 - back
    first, after = (datetime(one // 12, one % 12 + 1, 1, tzinfo=zone) for one in (months, months + 1))
    return first, after


async def use(
    db: AsyncConnection, people: Sequence[PractitionerRow], since: datetime, until: datetime
) -> list[UseLine]:
    """What became of what these practitioners opened, the most offered first; who opened nothing is left out."""
    found = await use_of(db, [one.id for one in people], since, until)
    lines = [
        UseLine(one.id, one.name, use.offered, use.used, use.unused_share)
        for one in people
        if (use := found.get(one.id)) is not None
    ]
    return sorted(lines, key=lambda line: (-line.offered, line.name))


def week_of(now: datetime, zone: ZoneInfo, back: int = 0) -> tuple[datetime, datetime]:
    """The week `now` is in, or the one `back` weeks before: [Monday, Monday)."""
    day = now.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday(), weeks=back)
    ends = monday + timedelta(days=7)
    return (
        datetime(monday.year, monday.month, monday.day, tzinfo=zone),
        datetime(ends.year, ends.month, ends.day, tzinfo=zone),
    )


async def ledger(
    db: AsyncConnection,
    people: Sequence[PractitionerRow],
    since: datetime,
    until: datetime,
    regulators: Mapping[str, str],
) -> Ledger:
    """The week of these practitioners. `regulators`: the names of those who regulate, by id."""
    ids = [one.id for one in people]
    offers = [one for one in await asked.ledger(db, since, ids) if one.made_at < until]
    acts = await members.acts_of(db, ids, since, until)
    counts = tally(offers)
    lines = [_line(one, counts.get(one.id, Tally()), acts) for one in people]
    names = {one.id: one.name for one in people}
    return Ledger(
        since,
        until,
        tuple(sorted(lines, key=lambda line: (-line.visits, -line.offers.asked, line.name))),
        tuple(_receipt(act, {**names, **regulators}) for act in acts),
    )


def _line(who: PractitionerRow, offers: Tally, acts: Sequence[RequestRow]) -> Line:
    mine = [act for act in acts if act.practitioner_id == who.id]
    return Line(who.id, who.name, offers, len(mine), sum(act.counted for act in mine), who.terms.per_week)


def _receipt(act: RequestRow, names: Mapping[str, str]) -> Receipt:
    assert act.practitioner_id is not None and act.start is not None  # noqa: PT018 - a visit has both
    return Receipt(
        act.request_id,
        act.practitioner_id,
        names.get(act.practitioner_id, act.practitioner_id),
        act.start,
        names.get(act.entered_by, act.entered_by),
        act.entered_at,
        act.start - act.entered_at <= SUPPLEMENT_WITHIN,
        act.counted,
    )
