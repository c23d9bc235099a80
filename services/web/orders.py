"""How does what a person asks become an order? Ids, keys and answers, the same for every door."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.event import Event, Order, derived_id
from schemas.values import Actor, Refused
from services.house import House
from services.web.problems import refusal

Key = Annotated[str, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{8,100}$")]
"""One for each thing typed, the same at every try: the second try answers as the first and does nothing."""

Decide = Callable[[AsyncConnection, datetime], Awaitable[list[Event] | Refused]]


def keyed(actor: Actor, door: str, key: str) -> Order:
    """The order that this person's key names at this door."""
    return Order(id=derived_id(actor.person, f"{door}:{key}"), territory=actor.territory, actor=actor)


async def carry_out(house: House, order: Order, decide: Decide, *, content: BaseModel | None = None) -> list[Event]:
    """The facts, committed. With `content` the answer is kept under the order's id.

    Raises the problem that a refusal is, and `KeyReused` when the id comes again with other content.
    """
    fingerprint = None if content is None else house.vault.digest(content.model_dump_json())
    outcome = await house.mailbox.order(order, decide, fingerprint=fingerprint)
    if isinstance(outcome, Refused):
        raise refusal(outcome)
    return outcome
