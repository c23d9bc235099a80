"""How is a person forgotten? The keys are dropped, in every copy and backup; that it was done is remembered.

First the keys, then the record of it: when something fails in between, the same asked again ends the work.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import orders, store
from dispatcher.life import TERMINAL
from notifications import store as notices
from notifications import strangers
from schemas.event import Event, Order
from schemas.values import Actor, Refused
from services.house import House


def phone_digest(house: House, e164: str) -> str:
    """What stands in the request's row for its number: keyed, so that it tells nothing to who lacks the keys."""
    return house.vault.digest(f"phone\x1f{e164}")


async def erase(house: House, request_ids: Sequence[str], actor: Actor, *, withdraw: bool) -> list[Event] | Refused:
    """Make everything sealed about these requests unreadable for ever. The facts, committed.

    One that is still open is withdrawn first when `withdraw` says so; else nothing at all is done.
    """
    async with house.database.read() as db:
        rows = (await store.requests_of(db, request_ids)).values()
    still_open = [row for row in rows if row.state not in TERMINAL]
    if still_open and not withdraw:
        return Refused(code="still_open", about={"request_id": still_open[0].request_id})
    said: list[Event] = []
    for row in still_open:
        ended = await _order(house, row.territory, actor, row.request_id, orders.withdraw)
        if isinstance(ended, Refused) and ended.code != "already_closed":
            return ended
        said += ended if isinstance(ended, list) else []
    await house.vault.erase(row.request_id for row in rows)
    for row in rows:
        forgotten = await _order(house, row.territory, actor, row.request_id, _forget)
        if isinstance(forgotten, Refused):
            return forgotten
        said += forgotten
    return said


async def erase_stranger(house: House, e164: str, actor: Actor) -> list[Event]:
    """Forget what this number wrote in the actor's territory without being known. The facts, committed. The key is
    dropped by the sweep that finds nothing sealed with it any more."""
    digest, order = house.vault.digest(e164), Order(id=uuid4().hex, territory=actor.territory, actor=actor)
    found = await house.mailbox.order(order, lambda db, now: strangers.forget(order, digest, db, now))
    return found if isinstance(found, list) else []


async def _forget(order: Order, request_id: str, db: AsyncConnection, now: datetime) -> list[Event] | Refused:
    await notices.forget_request(db, request_id)
    return await orders.erase(order, request_id, db, now)


async def _order(house: House, territory: str, actor: Actor, request_id: str, act: orders.Act) -> list[Event] | Refused:
    order = Order(id=uuid4().hex, territory=territory, actor=actor)
    return await house.mailbox.order(order, lambda db, now: act(order, request_id, db, now))
