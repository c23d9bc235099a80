"""I4: does a patient hear of each thing once, and does no message wait unseen?"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from notifications.sending import GRACE
from notifications.tables import IS_DUE, MESSAGE
from schemas.request import RequestBooked, RequestPromised, RequestReopened, RequestWithdrawn
from services.checks.look import LATE, Look, rows
from services.storage.ledger import AUDIT

LIVE = MESSAGE.c.state.in_(("due", "claimed", "sent", "ambiguous"))
HANDED_OVER_WITHIN = timedelta(minutes=2)

_OF = {
    "booked": (("booked", "moved"), RequestBooked.subject),
    "reminder": (("reminder",), RequestBooked.subject),
    "promised": (("promised",), RequestPromised.subject),
    "cancelled": (("cancelled",), RequestReopened.subject),
    "withdrawn": (("withdrawn", "sought_no_more"), RequestWithdrawn.subject),
}


async def heard_too_often(look: Look) -> list[str]:
    """A patient has at most one live or accepted message for each booking, each cancellation, and the end."""
    found = []
    for name, (kinds, subject) in _OF.items():
        query = _more_than(kinds, _facts(subject))
        found += [
            f"le patient de {row.request_id} entend « {name} » {row.n} fois, plus que ce n'est arrivé"
            for row in await rows(look, query)
        ]
    return found


async def first_booking_heard_twice(look: Look) -> list[str]:
    """« Your place is found » is said once: what follows it is « your place has moved »."""
    found = await rows(look, _more_than(("booked",), 1))
    return [f"le patient de {row.request_id} entend {row.n} fois parler d'une première place" for row in found]


async def waits_unseen(look: Look) -> list[str]:
    """A message leaves within two minutes of its time; one whose sender died is shown as such in time."""
    due = IS_DUE & (MESSAGE.c.send_after < look.now - HANDED_OVER_WITHIN)
    left = (MESSAGE.c.state == "claimed") & (MESSAGE.c.claimed_at < look.now - GRACE - LATE)
    query = select(MESSAGE.c.id, MESSAGE.c.kind, MESSAGE.c.state).where(due | left).order_by(MESSAGE.c.send_after)
    return [
        f"le message {row.id} ({row.kind}, {row.state}) n'est ni remis ni dit en échec"
        for row in await rows(look, query)
    ]


def _facts(subject: str) -> Any:
    """How many such facts the audit has of the message's request."""
    counted = select(func.count()).select_from(AUDIT)
    of = counted.where(AUDIT.c.about == MESSAGE.c.request_id, AUDIT.c.subject == subject)
    return of.correlate(MESSAGE).scalar_subquery()


def _more_than(kinds: tuple[str, ...], allowed: ColumnElement[int] | int) -> Any:
    mine = select(MESSAGE.c.request_id, func.count().label("n"))
    mine = mine.where(MESSAGE.c.recipient == "patient", LIVE, MESSAGE.c.kind.in_(kinds))
    return mine.group_by(MESSAGE.c.request_id).having(func.count() > allowed).order_by(MESSAGE.c.request_id)
