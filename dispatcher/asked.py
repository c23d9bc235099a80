"""What does the dispatcher remember of offers? Who was asked about whom, and what each answered."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.offers.curve import Answer, Curve, learn
from dispatcher.offers.offer import OfferRow, offer_row
from dispatcher.offers.person import Asked
from dispatcher.tables import OFFER
from schemas.event import derived_id
from schemas.offer import Circle

LEARNED_FROM = timedelta(days=90)
MOST_LEARNED = 500
SILENT_AFTER = timedelta(hours=1)
"""An offer that stood so long without an answer is a no; one that ended sooner says nothing."""
REMEMBERED = timedelta(days=30)
"""Who was asked longer ago was not asked lately."""

_MAKE = insert(OFFER).on_conflict_do_nothing()
_TAKE = insert(OFFER)
_AGREE = _TAKE.on_conflict_do_update(
    index_elements=["id"],
    set_={name: _TAKE.excluded[name] for name in ("state", "answer", "why", "start", "minutes", "mode", "answered_at")},
)
_OPEN = select(OFFER).where(OFFER.c.request_id == bindparam("this"), OFFER.c.state == "made").order_by(OFFER.c.id)


def offer_id(request_id: str, practitioner_id: str) -> str:
    """One for each pair: nobody is asked twice about the same request."""
    return derived_id(request_id, "offer", practitioner_id)


async def make(db: AsyncConnection, offers: Sequence[OfferRow], profession: str) -> None:
    """Remember that these were asked."""
    await db.execute(_MAKE, [_columns(one, profession) for one in offers])


async def agree(db: AsyncConnection, offer: OfferRow, profession: str, start: datetime, now: datetime) -> None:
    """Remember that this practitioner takes the patient at `start`, asked or not. One for a request: the database sees
    to it."""
    said = {"state": "accepted", "answer": "yes", "why": None, "start": start, "answered_at": now}
    await db.execute(_AGREE, _columns(offer, profession) | said)


async def change(db: AsyncConnection, offer_id: str, **fields: Any) -> None:
    await db.execute(update(OFFER).where(OFFER.c.id == offer_id).values(fields))


async def offer(db: AsyncConnection, offer_id: str) -> OfferRow | None:
    """The offer as it is. It changes only with its request in hand."""
    row = (await db.execute(select(OFFER).where(OFFER.c.id == offer_id))).one_or_none()
    return None if row is None else offer_row(row)


async def open_of(db: AsyncConnection, request_id: str) -> list[OfferRow]:
    """The offers about the request that wait for an answer."""
    return [offer_row(row) for row in await db.execute(_OPEN, {"this": request_id})]


async def accepted_of(db: AsyncConnection, request_id: str) -> OfferRow | None:
    """The offer that was accepted for the request, if one is."""
    query = select(OFFER).where(OFFER.c.request_id == request_id, OFFER.c.state == "accepted")
    row = (await db.execute(query)).one_or_none()
    return None if row is None else offer_row(row)


async def all_of(db: AsyncConnection, request_id: str) -> list[OfferRow]:
    """Everybody who was asked about the request, ring by ring."""
    query = select(OFFER).where(OFFER.c.request_id == request_id)
    rows = await db.execute(query.order_by(OFFER.c.ring, OFFER.c.made_at, OFFER.c.km, OFFER.c.id))
    return [offer_row(row) for row in rows]


async def waiting_for(db: AsyncConnection, practitioner_id: str) -> list[OfferRow]:
    """What this practitioner may still answer, the first to end first."""
    query = select(OFFER).where(OFFER.c.practitioner_id == practitioner_id, OFFER.c.state == "made")
    return [offer_row(row) for row in await db.execute(query.order_by(OFFER.c.until, OFFER.c.id))]


async def undo(db: AsyncConnection, request_id: str) -> None:
    """Whoever had accepted took it back: another may."""
    mine = OFFER.c.request_id == request_id, OFFER.c.state == "accepted"
    await db.execute(update(OFFER).where(*mine).values(state="undone"))


async def history(
    db: AsyncConnection, request_id: str, practitioner_ids: Collection[str], now: datetime
) -> dict[str, Asked]:
    """What each of these was asked lately, and whether about this request."""
    this, no = OFFER.c.request_id == request_id, OFFER.c.answer == "no"
    query = select(
        OFFER.c.practitioner_id,
        func.max(case((this, 1), else_=0)).label("this"),
        func.max(OFFER.c.made_at).label("last"),
        func.max(case((no, OFFER.c.answered_at))).label("refused"),
        func.sum(case((OFFER.c.state == "made", 1), else_=0)).label("open"),
    ).group_by(OFFER.c.practitioner_id)
    mine = OFFER.c.practitioner_id.in_(bindparam("these", expanding=True)), OFFER.c.made_at > now - REMEMBERED
    rows = await db.execute(query.where(*mine), {"these": list(practitioner_ids)})
    return {row.practitioner_id: Asked(bool(row.this), row.last, row.refused, row.open) for row in rows}


async def last_ring(db: AsyncConnection, request_id: str) -> int:
    """The number of the last ring that was asked, -1 = none."""
    mine = OFFER.c.request_id == request_id, OFFER.c.circle != Circle.EXTRA
    query = select(func.max(OFFER.c.ring)).where(*mine)
    found = (await db.execute(query)).scalar_one()
    return -1 if found is None else int(found)


async def curve(db: AsyncConnection, territory: str, profession: str, now: datetime) -> Curve:
    """What the answers of the territory's practitioners of that profession teach."""
    mine = OFFER.c.territory == territory, OFFER.c.profession == profession, OFFER.c.circle != Circle.EXTRA
    query = select(OFFER.c.made_at, OFFER.c.answered_at, OFFER.c.answer, OFFER.c.ended_at)
    query = query.where(*mine, OFFER.c.made_at > now - LEARNED_FROM, OFFER.c.made_at < now - SILENT_AFTER)
    rows = await db.execute(query.order_by(OFFER.c.made_at.desc()).limit(MOST_LEARNED))
    stood = ((row, (row.answered_at or row.ended_at or now) - row.made_at) for row in rows)
    return learn([Answer(so_long if row.answer == "yes" else None) for row, so_long in stood
                  if row.answer or so_long >= SILENT_AFTER])  # fmt: skip


async def ledger(db: AsyncConnection, since: datetime, practitioner_ids: Iterable[str]) -> list[OfferRow]:
    """What these were asked since then."""
    mine = OFFER.c.practitioner_id.in_(list(practitioner_ids)), OFFER.c.made_at >= since
    return [offer_row(row) for row in await db.execute(select(OFFER).where(*mine).order_by(OFFER.c.made_at))]


def _columns(one: OfferRow, profession: str) -> dict[str, Any]:
    return {
        "id": one.offer_id, "request_id": one.request_id, "practitioner_id": one.practitioner_id,
        "territory": one.territory, "profession": profession, "ring": one.ring, "circle": one.circle,
        "state": one.state, "answer": one.answer, "why": one.why, "km": one.km, "mode": one.mode, "start": one.start,
        "minutes": one.minutes, "made_at": one.made_at, "until": one.until, "answered_at": one.answered_at,
    }  # fmt: skip
