"""Which walls hold the house up? Each bug here takes one away; the simulation has to notice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

import availability.handlers
import availability.orders
import dispatcher.places
import dispatcher.store
import notifications.store
import notifications.writing
import services.simulation.process
from notifications.tables import MESSAGE
from schemas.event import Order
from schemas.values import system_actor
from services.bus.relay import Relay
from services.mailbox import Mailbox
from services.sender import Sender
from services.simulation.day import Stage
from services.simulation.wire import Ears

Plant = Callable[[pytest.MonkeyPatch, Stage], None]


def no_inbox(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """What was dealt with is dealt with again."""
    claim = Mailbox._claim

    async def take_all(self: Any, db: Any, group: Any, now: Any) -> Any:
        await claim(self, db, group, now)
        return list(group)

    patch.setattr(Mailbox, "_claim", take_all)


def no_outbox(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """Facts are published while their transaction is still open."""
    write = Mailbox._write

    async def say_first(self: Any, db: Any, outcomes: Any, now: Any) -> None:
        self._tell(outcomes)
        await write(self, db, outcomes, now)

    patch.setattr(Mailbox, "_write", say_first)


def no_sweep_of_the_outbox(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """What a crash left unpublished stays there."""
    patch.setattr(Relay, "sweep", _nothing)


def no_sweep_of_the_timers(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """Nobody looks at the deadlines."""
    patch.setattr(services.simulation.process, "on_timers", _nothing)


def no_sweep_of_the_holds(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """A seat held while talking stays held."""
    patch.setattr(services.simulation.process, "expire_holds", _nothing)


def no_seat_index(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """Neither the database nor the room looks who sits there already."""
    stage.file.change_empty("DROP INDEX booking_one_per_seat; DROP INDEX booking_one_per_request")
    for room in (availability.handlers, availability.orders):
        look = room.seat_for
        patch.setattr(room, "seat_for", _blind(look))


def _blind(look: Any) -> Any:
    return lambda slot, request_id, now: look(None if slot is None else slot._replace(seats=()), request_id, now)


def no_message_key(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The notifications hear twice, and what they write has a new name each time."""
    numbers = count()
    deaf_in_the_notifications(patch, stage)
    patch.setattr(notifications.writing, "derived_id", lambda *parts: f"random-{next(numbers)}")


def deaf_in_the_notifications(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The inbox of one room is gone, and the key of each message still prevents the second one: no bug yet."""
    claim = Mailbox._claim

    async def take_all(self: Any, db: Any, group: Any, now: Any) -> Any:
        claimed = await claim(self, db, group, now)
        return [one for one in group if one in claimed or one.reader.startswith("notifications-")]

    patch.setattr(Mailbox, "_claim", take_all)


def acknowledged_before_commit(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The stream is told that a fact was dealt with, and then it is."""
    listen = Ears.listen

    async def ack_first(self: Any, reader: str, batch: Any) -> None:
        for raw in batch:
            await raw.ack()
        await listen(self, reader, batch)

    patch.setattr(Ears, "listen", ack_first)


def no_receipts(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """An order that comes again is carried out again."""
    order = Mailbox.order

    async def forget(self: Any, asked: Order, decide: Any, *, fingerprint: Any = None) -> Any:
        return await order(self, asked, decide)

    patch.setattr(Mailbox, "order", forget)


def older_news_wins(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """The projection of slots takes whatever comes last."""
    news = dispatcher.store._NEWS
    patch.setattr(
        dispatcher.store,
        "_KNOW_STATE",
        news.on_conflict_do_update(
            index_elements=["slot_id"], set_={"version": news.excluded.version, "state": news.excluded.state}
        ),
    )


def lost_messages_are_sent_again(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """What a dead sender may have sent is sent once more."""

    async def again(self: Any) -> None:
        order = Order(id="again", territory="operations", actor=system_actor("operations"))

        async def decide(db: Any, now: datetime) -> list[Any]:
            old = (MESSAGE.c.state == "claimed") & (MESSAGE.c.claimed_at < now - timedelta(seconds=90))
            await db.execute(update(MESSAGE).where(old).values(state="due"))
            return []

        await self._mailbox.order(order, decide)

    patch.setattr(Sender, "settle_lost", again)


def an_empty_index_after_a_restart(patch: pytest.MonkeyPatch, stage: Stage) -> None:
    """A process that comes back knows only the slots of which it hears from now on."""

    async def learn_nothing(house: Any, client: Any) -> None:
        house.facts.watch(house.seats.hear)
        await house.facts.start(client, (await client.stream_info("CARE")).state.last_seq + 1)

    patch.setattr(services.simulation.process, "learn_slots", learn_nothing)


async def _nothing(*_: Any, **__: Any) -> Any:
    return []
