"""Who was registered before anybody said who practitioners are, and what they allow? Said now, some at a time."""

from availability.orders import describe_practitioners
from services.house import House
from services.ids import own_order

EVERY = 15.0
"""Seconds between two looks. Once all are described there is nothing to find."""


async def describe(house: House) -> None:
    """Say of the next ones who they are: the dispatcher asks nobody it has not heard of."""
    order = own_order()
    zones = {territory.id: territory.zone for territory in house.territories.values()}
    await house.mailbox.order(order, lambda db, now: describe_practitioners(order, zones, db, now))
