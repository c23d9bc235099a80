"""What is decided better together is decided every few minutes, territory by territory."""

from functools import partial

from dispatcher.rounds import on_round
from services.house import House
from services.ids import own_order


async def look(house: House) -> None:
    """A round for each territory."""
    for territory in house.territories:
        order = own_order(territory)
        await house.mailbox.order(order, partial(on_round, order, seats=house.seats))
