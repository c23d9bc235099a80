"""Who must hear that the house itself is in trouble? Everybody on the rosters, without NATS: it may be what is down."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import roster
from notifications import store as notifications
from notifications.audience import URGENT_FOR, ways_to
from notifications.wording import Facts, render
from notifications.writing import Desk
from schemas.event import Event, Order, derived_id
from schemas.message import Due, MessageDue
from schemas.territory import Territory
from services.build import known_territories
from services.clock import Clock
from services.ids import own_order
from services.mailbox import Mailbox
from services.providers import known_channels, ways
from services.settings import Settings
from services.storage.database import Database
from services.storage.keyring import Keyring, master_key
from services.watch.alarms import ring

ABOUT = "watchdog"


def desk_of(settings: Settings, clock: Clock) -> Desk:
    """What writing the messages needs. Its vault is to be closed."""
    vault = Keyring(Database(settings.keyring), clock, master_key(settings.data_dir, settings.master_key))
    return Desk(vault, known_territories(settings), settings.base_url, ways(known_channels(settings)))


async def alarm_everybody(mailbox: Mailbox, desk: Desk, kind: str, words: str) -> None:
    """Write the alarm down, unless it is raised already, with a message to each named human, once in all territories.

    The messages are rows at once, in the same transaction: whoever sends them looks every second.
    """
    order = own_order()

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        fresh, said = await ring(order, db, now, kind, ABOUT, words, None)
        told: set[str] = set()
        for territory in desk.territories.values() if fresh else ():
            people = {one.person for one in await roster.people(db, territory.id)} - told
            told |= people
            if people:
                said.append(await _tell(order, territory, sorted(people), db, now, desk))
        return said

    await mailbox.order(order, decide)


async def _tell(
    order: Order, territory: Territory, people: Sequence[str], db: AsyncConnection, now: datetime, desk: Desk
) -> Event:
    facts = Facts(territory.name, now, f"{desk.base_url}/console", territory.phone)
    text = render("alarm", "fr", facts, territory.tz, await notifications.own_texts(db, territory.id))
    due, rows, by = [], [], ways_to("human", 0, None, desk.ways)
    for person in people:
        message_id = derived_id(order.id, "alarm", person)
        body = await desk.vault.seal(order.id, f"message:{message_id}", text)
        due.append(Due(message_id=message_id, kind="alarm", recipient="human", channel=by[0], lane=0, send_after=now))
        rows.append({
            **due[-1].model_dump(exclude={"message_id"}), "id": message_id, "territory": territory.id,
            "request_id": order.id, "recipient_id": person, "state": "due", "body": body.model_dump_json(), "to": None,
            "actor": order.actor.person, "due_at": now, "valid_until": now + URGENT_FOR, "then": ",".join(by[1:]),
        })  # fmt: skip
    await notifications.write(db, rows)
    cause = order.model_copy(update={"territory": territory.id})
    return MessageDue.after(cause, now, key=territory.id, request_id=order.id, messages=tuple(due))
