"""What is a new thing, or a new act, called? An id that nobody can guess."""

import secrets
from datetime import datetime
from uuid import uuid4

from schemas.event import MOMENT, Order
from schemas.values import Actor, system_actor


def new_id(now: datetime) -> str:
    """32 hex digits, which say when it was made: the milliseconds since 1970, then 80 random bits."""
    return f"{int(now.timestamp() * 1000):0{MOMENT}x}{secrets.token_hex(10)}"


def once(actor: Actor) -> Order:
    """An order that nobody will send twice under one key: a click."""
    return Order(id=uuid4().hex, territory=actor.territory, actor=actor)


def own_order(territory: str = "operations") -> Order:
    """What the house does by itself: a sweep, a note, an alarm."""
    return Order(id=uuid4().hex, territory=territory, actor=system_actor("operations"))
