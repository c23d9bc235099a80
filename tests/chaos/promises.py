"""Is what people were told about offers, promised hours, linked agendas and caps so in the end? A sentence for each
that is not."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.tables import BOOKING, PRACTITIONER, SLOT
from dispatcher.life import SEATED, TERMINAL, State
from dispatcher.tables import OFFER, REQUEST
from schemas.practitioner import Terms
from services.storage.ledger import AUDIT
from tests.chaos.people import Journal, now

SEEN = (State.BOOKED, State.CONFIRMED, State.FULFILLED, State.NO_SHOW)


async def forgotten(db: AsyncConnection, journal: Journal, *, before: datetime | None) -> list[str]:
    """What somebody was answered (before this moment): a yes, a second place, that a patient comes."""
    said = await _facts(db)
    rows = {row.id: row for row in await db.execute(select(REQUEST.c.id, REQUEST.c.state, REQUEST.c.slot_id))}
    found = await _yeses(db, journal, said, before)
    for one, at in journal.confirmed.items():
        if (before is None or at < before) and "request.confirmed.v1" not in said[one]:
            found.append(f"the patient of {one} said that she comes, and nobody knows")
    for one, (slot_id, at) in journal.moved.items():
        row = rows.get(one)
        if (before is not None and at >= before) or "request.reopened.v1" in said[one]:
            continue  # the practitioner took that slot back
        if row is None or (row.state not in TERMINAL and row.slot_id != slot_id):
            found.append(f"request {one} was given the slot {slot_id} and has {row and row.slot_id}")
    return found


async def _yeses(
    db: AsyncConnection, journal: Journal, said: Mapping[str, Collection[str]], before: datetime | None
) -> list[str]:
    """A yes that won is that practitioner's booking; or it ended: the patient needs nobody any more (the request has
    ended), the time was not free after all, or the practitioner took it back. Nothing else ends it."""
    both: Any = select(OFFER, REQUEST.c.state.label("stands"), REQUEST.c.practitioner_id.label("has"))
    both = both.join_from(OFFER, REQUEST, REQUEST.c.id == OFFER.c.request_id)
    rows = {row.id: row for row in await db.execute(both)}
    seats = await _seats(db)
    found = []
    for offer_id, yes in journal.yeses.items():
        row = rows.get(offer_id)
        if before is not None and yes.at >= before:
            continue
        if row is None:
            found.append(f"{yes.practitioner} said yes to {offer_id}, which is gone")
            continue
        hers = (row.request_id, yes.practitioner) in seats
        over = {
            "lost": not hers,
            "withdrawn": row.stands in TERMINAL and not hers,
            "undone": "booking.cancelled.v1" in said[row.request_id] and not hers,
            "accepted": row.stands in TERMINAL or (hers and row.stands in SEEN and row.has == yes.practitioner),
        }
        if not over.get(row.why if row.state == "ended" else row.state):
            found.append(
                f"{yes.practitioner} said yes to {row.request_id}: the offer is {row.state} ({row.why}), the request"
                f" {row.stands} with {row.has}"
            )
    return found


async def two_yeses(db: AsyncConnection, journal: Journal) -> list[str]:
    """Of those who were told that a patient is theirs one has her: whoever else was told so heard that the time was not
    free after all, or took it back, or nobody needs it."""
    told = defaultdict(list)
    for row in await db.execute(select(OFFER).order_by(OFFER.c.id)):
        if row.id in journal.yeses and row.state != "undone" and row.why not in ("lost", "withdrawn"):
            told[row.request_id].append(row.practitioner_id)
    return [f"{', '.join(who)} were both told that {one} is theirs" for one, who in told.items() if len(who) > 1]


async def silent(db: AsyncConnection) -> list[str]:
    """Whoever was told « a place is kept for you » has one, has ended, or a human was alerted. Never sought unseen."""
    said = await _facts(db)
    rows = await db.execute(select(REQUEST.c.id, REQUEST.c.state))
    booked = {request for request, _ in await _seats(db)}
    found = []
    for row in rows:
        if "request.promised.v1" not in said[row.id] or row.state in (*TERMINAL, State.ESCALATED):
            continue
        if row.state not in SEATED or row.id not in booked:
            found.append(f"request {row.id} was promised a place, has none ({row.state}) and nobody was alerted")
    return found


async def booked_though_taken(db: AsyncConnection, journal: Journal) -> list[str]:
    """From the answer « read » on nobody is given a seat in a time that the practitioner's linked agenda takes, for as
    long as it does. Who had one keeps it: a hold that became a booking was given before."""
    query: Any = select(BOOKING, SLOT.c.practitioner_id).join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    given = defaultdict(list)
    for row in await db.execute(query):
        given[row.practitioner_id].append(row)
    return [
        f"{one.practitioner} is taken at {row.start:%H:%M}, said so, and was given {row.request_id} afterwards"
        for one in journal.taken
        for row in given[one.practitioner]
        if row.start < one.ends and one.start < row.start + timedelta(minutes=row.minutes)
        if one.since < row.made_at and (one.until is None or row.made_at < one.until)
    ]


async def unlike_the_agenda(db: AsyncConnection, journal: Journal) -> list[str]:
    """What is open by a linked agenda is what Relais last said it read there, as far as it is to come. A slot with
    patients may stay without being said there, when it gives nobody else a seat."""
    soon = now() + timedelta(minutes=10)
    active = await db.execute(select(BOOKING.c.slot_id).where(BOOKING.c.state == "active"))
    seats = Counter(row.slot_id for row in active)
    found = []
    for feed_id, told in journal.told_open.items():
        rows = await db.execute(
            select(SLOT).where(SLOT.c.feed == feed_id, SLOT.c.status == "open", SLOT.c.start > soon)
        )
        slots = [row for row in rows if not row.gone]
        giving = {row.start for row in slots if seats[row.id] < row.capacity}
        wanted = {start for start in told if start > soon}
        found += [
            f"the slot at {at:%H:%M} is open, though its agenda says so no more" for at in sorted(giving - wanted)
        ]
        missing = wanted - {row.start for row in slots}
        found += [f"the agenda opens {at:%H:%M}, and Relais does not" for at in sorted(missing)]
    return found


async def over_the_cap(db: AsyncConnection) -> list[str]:
    """No practitioner has more visits a day, nor more regulated acts a week, than the terms say."""
    return [f"{who} has {n} {what}, of {most} at most" for who, what, n, most in await _beside_the_caps(db) if n > most]


async def at_the_cap(db: AsyncConnection) -> int:
    """How many practitioners have as many visits as their terms allow, some day or week: the caps were tried."""
    return len({who for who, _, n, most in await _beside_the_caps(db) if n == most})


async def _beside_the_caps(db: AsyncConnection) -> list[tuple[str, str, int, int]]:
    """(practitioner, of what, how many, at most) for each day and week that has any, counted from the seats by another
    hand than the product's. Days and weeks (from Monday) are those of the practitioner's own zone."""
    visits: defaultdict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    query: Any = select(BOOKING, SLOT.c.practitioner_id).join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    for row in await db.execute(query.where(BOOKING.c.state == "active")):
        visits[row.practitioner_id].append((row.start, row.counted))
    found: list[tuple[str, str, int, int]] = []
    for who in await db.execute(select(PRACTITIONER).where(PRACTITIONER.c.terms.is_not(None))):
        terms = Terms.model_validate_json(who.terms)
        here = [(start.astimezone(ZoneInfo(who.zone or "Europe/Paris")), act) for start, act in visits[who.id]]
        days = Counter(start.date() for start, _ in here)
        weeks = Counter(start.isocalendar()[:2] for start, act in here if act)
        if terms.per_day is not None:
            found += [(who.id, "visits on one day", n, terms.per_day) for n in days.values()]
        if terms.per_week is not None:
            found += [(who.id, "regulated acts in one week", n, terms.per_week) for n in weeks.values()]
    return found


async def _facts(db: AsyncConnection) -> defaultdict[str, set[str]]:
    """Which kinds of facts were said of what, by its id."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    for row in await db.execute(select(AUDIT.c.about, AUDIT.c.subject).distinct()):
        said[row.about].add(row.subject)
    return said


async def _seats(db: AsyncConnection) -> set[tuple[str, str]]:
    """(request, practitioner) of every active seat that is more than held."""
    query: Any = select(BOOKING.c.request_id, SLOT.c.practitioner_id)
    query = query.join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    rows = await db.execute(query.where(BOOKING.c.state == "active", BOOKING.c.kind != "hold"))
    return {(row.request_id, row.practitioner_id) for row in rows}
