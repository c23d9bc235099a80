"""What would one seat more be worth now? Worked out for each territory, every hour, beside the event loop."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dispatcher import calls, scarcity
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.offers.calling import peak_of
from dispatcher.planning import bids as bidding
from dispatcher.planning.demand import A_DAY, AHEAD, WATCHED, demand
from dispatcher.planning.futures import A_WEEK, LAST_SEAT, Weeks
from dispatcher.planning.openings import Site
from dispatcher.planning.outlook import Present, played, working_hours
from dispatcher.planning.outlook import scarcity as picture
from schemas.call import Peak
from schemas.scarcity import Shortage
from schemas.territory import Territory
from schemas.values import Mode
from services.house import House
from services.ids import own_order
from services.reference.zones import is_holiday

log = logging.getLogger("relais.scarcity")

LOOK = timedelta(minutes=10)
"""Between two looks whether prices are too old: a process that was started again need not wait an hour."""
FUTURES = 10
"""Futures drawn: in the trial their mean was enough."""
MOST = 5_000
"""Requests expected beyond which nothing is worked out: twice the two peak days of the largest community."""


async def look(house: House) -> None:
    """Work out what is too old; one territory that fails stops no other."""
    for territory in house.territories.values():
        try:
            await price(house, territory)
            await call(house, territory)
        except Exception as failed:
            log.error("scarcity of %s failed: %s", territory.id, type(failed).__name__)


async def call(house: House, territory: Territory) -> None:
    """Before a known peak, gently call those who agreed to be asked for the seats that the forecast misses."""
    now = house.clock.now()
    async with house.database.read() as db:
        found = await scarcity.latest(db, territory.id)
    if found is None or not timedelta() <= now - found[0] <= scarcity.EVERY + LOOK:
        return
    today = now.astimezone(territory.tz).date()
    near = [day for ahead in range(3) if is_holiday(day := today + timedelta(days=ahead), territory.departement)]
    peaks: dict[Peak, list[Shortage]] = {}
    for one in found[1].shortages:
        peak = peak_of(one, now, territory.tz, near)
        if peak is not None:
            peaks.setdefault(peak, []).append(one)
    professions = {one.profession for those in peaks.values() for one in those}
    known = [one for one in house.seats.people.of(professions) if one.territory == territory.id]
    if known:
        order = own_order(territory.id)
        await house.mailbox.order(order, partial(calls.call, order, peaks, known))


async def price(house: House, territory: Territory) -> None:
    """Work out, keep and say the scarcity of one territory, unless that was just done or nobody asked for anything.

    Each future is a step of its own in a thread: what waits for the event loop waits milliseconds.
    """
    now = house.clock.now()
    weeks = await _weeks(house, territory, now)
    if weeks is None:
        return
    present = await _present(house, territory, weeks, now)
    if sum(hourly.sum() for hourly in present.expected.expected.values()) > MOST:
        log.warning("scarcity of %s: too many requests to draw futures", territory.id)
        return
    learned = await asyncio.to_thread(bidding.learned_of, weeks, now, territory)
    seed = int(now.timestamp())
    futures = [await asyncio.to_thread(played, present, seed + number) for number in range(FUTURES)]
    order, found = own_order(territory.id), await asyncio.to_thread(picture, present, futures)
    found = found.model_copy(update={"bids": tuple(bidding.bids(learned, now, territory.tz))})
    await house.mailbox.order(order, partial(scarcity.on_priced, order, found))


async def _present(house: House, territory: Territory, weeks: Weeks, now: datetime) -> Present:
    """What is known now, as values that a thread may read while the house goes on."""
    days = (now.astimezone(territory.tz).date() + timedelta(days=ago) for ago in range(-WATCHED.days, AHEAD.days + 2))
    quiet = [day for day in days if is_holiday(day, territory.departement)]
    expected = await asyncio.to_thread(demand, weeks.past, now, territory.tz, quiet)
    slots = _slots(house, territory.id)
    ids = {slot.schedule.practitioner_id for slot in slots} | {
        one.slot.schedule.practitioner_id for one in weeks.opened
    }
    return Present(
        now=now,
        territory=territory.id,
        weeks=weeks,
        expected=expected,
        slots=slots,
        standings=[known for one in sorted(ids) if (known := house.seats.standing(one)) is not None],
        sites=_sites(house, territory.id, {profession for profession, _ in expected.expected}, slots),
        hours=working_hours(now, territory.tz),
    )


def _slots(house: House, territory: str) -> list[OpenSlot]:
    """The territory's slots that have a free seat."""
    known = (house.seats.get(slot_id) for slot_id in house.seats.index.rows)
    return [slot for slot in known if slot is not None and slot.schedule.territory == territory and slot.state.free > 0]


def _sites(house: House, territory: str, professions: Iterable[str], slots: Iterable[OpenSlot]) -> list[Site]:
    """Each commune in which somebody of one of these professions practises, once; patients are seen there as the
    profession's open slots say, in the office if there are none."""
    modes: defaultdict[str, set[Mode]] = defaultdict(set)
    for slot in slots:
        modes[slot.schedule.profession].update(slot.schedule.modes)
    sites: dict[tuple[str, str], Site] = {}
    for one in sorted(house.seats.people.of(professions), key=lambda one: one.practitioner_id):
        if one.territory == territory:
            how = tuple(sorted(modes[one.profession])) or (Mode.OFFICE,)
            sites.setdefault((one.profession, one.place.commune), Site(territory, one.profession, one.place, how))
    return list(sites.values())


async def _weeks(house: House, territory: Territory, now: datetime) -> Weeks | None:
    """What the last weeks say, read a day at a time; None when there is nothing to work out."""
    requests: list[Any] = []
    slots: list[Any] = []
    async with house.database.read() as db:
        if not await scarcity.due(db, territory.id, now):
            return None
        for ago in range(WATCHED // A_DAY, 0, -1):
            since = now - ago * A_DAY
            requests += await scarcity.entered(db, territory.id, since, since + A_DAY)
            await asyncio.sleep(0)  # SQLite answers within the event loop
        for ago in range(WATCHED // A_WEEK, 0, -1) if requests else ():
            since = now - ago * A_WEEK
            slots += await scarcity.begun(db, since - A_DAY, since + LAST_SEAT)  # the day before says what was known
            await asyncio.sleep(0)
    if not requests:
        return None
    return await asyncio.to_thread(scarcity.understood, requests, slots, territory.id, now)
