"""What do practitioners' agendas go by, and who opens and gives back time? The territory's calendar, and a sweep."""

import logging
from datetime import datetime, timedelta
from functools import partial

from availability import unused, weeks
from availability.agenda_weeks import ROLLING, Calendar
from schemas.territory import Territory
from services.house import House
from services.ids import own_order
from services.reference.zones import is_holiday

log = logging.getLogger("relais.agendas")

EVERY = 60.0
"""Seconds between two looks. Most find nothing: a pattern is opened further once a day."""


def calendar_of(territory: Territory, now: datetime) -> Calendar:
    """The clock of the territory, its out-of-hours, and the public holidays around the coming weeks."""
    today = now.astimezone(territory.tz).date()
    days = (today + timedelta(days=ahead) for ahead in range(-7, ROLLING.days + 8))
    return Calendar(
        territory.tz, territory.hours, frozenset(day for day in days if is_holiday(day, territory.departement))
    )


async def look(house: House) -> None:
    """Open weeks that repeat as far ahead as they should be, and give back what nobody has taken, as early as its
    practitioner asked for; one territory that fails stops no other."""
    for territory in house.territories.values():
        order, calendar = own_order(territory.id), calendar_of(territory, house.clock.now())
        try:
            await house.mailbox.order(order, partial(weeks.roll, order, calendar))
            await house.mailbox.order(own_order(territory.id), partial(unused.give_back, order, territory.tz))
        except Exception as failed:
            log.error("agendas of %s failed: %s", territory.id, type(failed).__name__)
