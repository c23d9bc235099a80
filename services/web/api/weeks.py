"""How does a practitioner say which week repeats? Set it, change it, leave days out, end it."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Annotated, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import patterns, weeks
from availability import store as agendas
from availability.agenda_weeks import Pattern, Weekday
from availability.patterns import PatternRow
from schemas.event import Event, derived_id
from schemas.slot import SlotClosed, SlotOpened
from schemas.territory import Territory
from schemas.values import Capacity, Minutes, Mode, Refused
from services.agendas import calendar_of
from services.house import House
from services.ids import new_id, once
from services.reference import dates
from services.web.api.lookups import own_territory, place_of
from services.web.api.slots import actor_for, say_overlap, specialty_of
from services.web.api.terms import may_see
from services.web.bodies import ForWhom, Id, Line, Modes, PlaceKey
from services.web.entry import date_mistake
from services.web.orders import Key, carry_out, keyed
from services.web.problems import Mistake, Problem
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, show_moment

router = APIRouter(tags=["slots"])

Words = Annotated[Line, Field(max_length=60)]
T = TypeVar("T")


class Week(ForWhom):
    """A week that repeats: on `days` (Monday = 0) from `begins` to `ends` (« 9h », « 18h30 »; after midnight when that
    is not later), slots of `minutes` one after the other. `since`, `until`, `without`: days, in ISO or French words
    (`since` = today unless said). `every` so many weeks; `own_share` per cent of the slots for own patients;
    `out_of_hours`: also at night, on Sundays and public holidays. `place`: the key of a further place of practice."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    begins: Words
    ends: Words
    minutes: Minutes
    capacity: Capacity = 1
    modes: Modes = (Mode.OFFICE,)
    place: PlaceKey | None = None
    own_share: int = Field(default=0, ge=0, le=100)
    out_of_hours: bool = False
    since: Words | None = None
    until: Words | None = None
    every: int = Field(default=1, ge=1, le=4)
    without: Annotated[tuple[Words, ...], Field(max_length=366)] = ()


@router.get("/api/practitioners/{practitioner_id}/weeks")
async def look(request: Request, practitioner_id: Id) -> list[Json]:
    """The weeks that repeat, the first set first."""
    house, account = house_of(request), signed_in(request)
    await may_see(house, account, practitioner_id)
    async with house.database.read() as db:
        return [show_week(row) for row in await patterns.of(db, practitioner_id)]


@router.post("/api/practitioners/{practitioner_id}/weeks", status_code=201)
async def add(request: Request, practitioner_id: Id, week: Week, key: Key) -> Json:
    """One week more; its slots of the coming fortnight are open at once."""
    house, account = house_of(request), signed_in(request)
    return await set_week(house, account, practitioner_id, None, week, key)


@router.post("/api/weeks/{pattern_id}")
async def change(request: Request, pattern_id: Id, week: Week) -> Json:
    """The week is so from now on, all of it. Who has a seat keeps it."""
    house, account = house_of(request), signed_in(request)
    row = await _mine(house, account, pattern_id)
    return await set_week(house, account, row.practitioner_id, pattern_id, week, None)


@router.post("/api/weeks/{pattern_id}/end")
async def end(request: Request, pattern_id: Id) -> Json:
    """It repeats no more. Who has a seat keeps it."""
    return await end_week(house_of(request), signed_in(request), pattern_id)


async def set_week(
    house: House, account: Account, practitioner_id: str, pattern_id: str | None, week: Week, key: str | None
) -> Json:
    """Carry it out: {id, opened, closed}. `pattern_id` None = a new one, whose id follows from `key`, if there is one:
    the same sent twice is one. Raises the problems of what cannot be."""
    who = await may_see(house, account, practitioner_id)
    territory, actor = own_territory(house, account), actor_for(account, practitioner_id)
    order = once(actor) if key is None else keyed(actor, "weeks", key)
    name = pattern_id or derived_id(new_id(house.clock.now()), order.id)

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        pattern = read_week(week, specialty_of(who), now, territory)
        pattern = pattern.model_copy(update={"place": await place_of(db, practitioner_id, week.place)})
        calendar = calendar_of(territory, now)
        return say_overlap(
            await weeks.set_pattern(order, practitioner_id, name, pattern, calendar, db, now), now, territory
        )

    facts = await carry_out(house, order, decide, content=None if key is None else week)
    return {"id": facts[0].pattern_id, **_counted(facts)}  # type: ignore[attr-defined]  # PatternSet comes first


async def end_week(house: House, account: Account, pattern_id: str) -> Json:
    """Carry it out: {id, opened, closed}."""
    row = await _mine(house, account, pattern_id)
    order = once(actor_for(account, row.practitioner_id))

    async def decide(db: AsyncConnection, now: datetime) -> list[Event] | Refused:
        return await weeks.end_pattern(order, pattern_id, db, now)

    return {"id": pattern_id, **_counted(await carry_out(house, order, decide))}


def read_week(week: Week, specialty: str, now: datetime, territory: Territory) -> Pattern:
    """The pattern with its hours and days read. Raises the problem `invalid` with every mistake."""
    mistakes: list[Mistake] = []

    def read(text: str, how: Callable[[str], T], instead: T, *, field: str) -> T:
        try:
            return how(text)
        except (ValueError, OverflowError) as wrong:
            mistakes.append(date_mistake(field, wrong))
            return instead

    def day(text: str) -> date:
        return dates.parse_day(text, now=now, zone=territory.tz)

    today = now.astimezone(territory.tz).date()
    begins = read(week.begins, dates.parse_hour, time(0), field="begins")
    ends = read(week.ends, dates.parse_hour, time(0), field="ends")
    since = read(week.since, day, today, field="since") if week.since else today
    until = read(week.until, day, since, field="until") if week.until else None
    without = tuple(read(text, day, today, field=f"without.{number}") for number, text in enumerate(week.without))
    if not mistakes and until is not None and until < since:
        mistakes.append(Mistake("until", "since_after_until"))
    said = week.model_dump(include={"days", "minutes", "capacity", "modes", "own_share", "out_of_hours", "every"})
    audience = week.audience(specialty)
    if not mistakes:
        try:
            return Pattern(
                **said, begins=begins, ends=ends, since=since, until=until, without=without, audience=audience
            )
        except ValidationError:
            mistakes.append(Mistake("ends", "week_opens_nothing"))
    raise Problem("invalid", mistakes=mistakes)


def show_week(row: PatternRow) -> Json:
    """The week as JSON; the moment in UTC."""
    return {
        "id": row.pattern_id,
        "practitioner_id": row.practitioner_id,
        **row.pattern.model_dump(mode="json", exclude={"audience", "place"}),
        "place": row.pattern.place and row.pattern.place.key,
        **row.pattern.audience.model_dump(mode="json"),
        "opened_until": show_moment(row.opened_until),
    }


async def _mine(house: House, account: Account, pattern_id: str) -> PatternRow:
    """The pattern of somebody one acts for. Raises the problem `unknown_pattern`."""
    mine = await acts_for(house, account)
    async with house.database.read() as db:
        row = await patterns.pattern(db, pattern_id)
        known = None if row is None else await agendas.practitioner(db, row.practitioner_id)
    if row is None or known is None or row.practitioner_id not in mine:
        raise Problem("unknown_pattern")
    return row


def _counted(facts: list[Event]) -> Json:
    return {
        "opened": sum(isinstance(fact, SlotOpened) for fact in facts),
        "closed": sum(isinstance(fact, SlotClosed) for fact in facts),
    }
