"""What does this process know of the open seats? Filled from the database, kept by the facts that pass."""

from datetime import timedelta

from nats.aio.client import Client

from dispatcher import members, scarcity, store
from dispatcher.matching.seats import by_hour, fill
from services.bus.streams import STREAM
from services.house import House


async def learn_slots(house: House, client: Client) -> None:
    """Fill the index from the database, then follow the facts from where the projection had got to."""
    js = client.jetstream(timeout=10)
    last = (await js.stream_info(STREAM)).state.last_seq
    behind = [
        info.ack_floor.stream_seq
        for info in await js.consumers_info(STREAM)
        if info.name.startswith("dispatcher-") and info.ack_floor and (info.num_pending or info.num_ack_pending)
    ]
    first = min([last, *behind]) + 1
    await fill_seats(house)
    house.facts.watch(house.seats.hear)
    await house.facts.start(client, first)


async def fill_seats(house: House) -> None:
    """Who practises where, what is open, and what seats are worth, as the database remembers it."""
    async with house.database.read() as db:
        now = house.clock.now()
        since, after = now - timedelta(hours=1), ""
        while some := await store.known_slots(db, since, after):  # all at once, 120 000 slots took 100 MB for good
            fill(house.seats, some)
            after = some[-1].slot_id
        for practitioner_id in await members.fill(house.seats.people, db, now):
            house.seats.know_again(practitioner_id)
        for territory in house.territories:
            if (known := await scarcity.latest(db, territory)) is not None:
                house.seats.know_bids(territory, by_hour(known[1].bids))
