"""Who is told when a fact is heard? Read, decide, write the messages, say that they are due."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import audience, store
from notifications.audience import LINK_AFTER_VISIT, LINK_WHILE_SOUGHT
from notifications.store import LinkRow, Links
from notifications.writing import Desk, about, keep_link, message_of, never_write, own_key, write
from schemas.call import CallMade
from schemas.event import Event
from schemas.house import AlarmRaised
from schemas.message import StrangerWrote
from schemas.offer import OfferEnded, OfferMade
from schemas.request import (
    RequestAnswered,
    RequestBooked,
    RequestClosed,
    RequestEscalated,
    RequestPromised,
    RequestReopened,
    RequestUntold,
    RequestWithdrawn,
)
from schemas.sealed import Sealed
from schemas.slot import SlotReturned
from schemas.values import Role


async def on_request_booked(event: RequestBooked, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the patient and the practitioner; what was still waiting to be said is replaced."""
    link, version = await links.of(event.request_id), 2 * event.choice
    if link is not None and (link.ended or _is_older(event, version, link)):
        return []
    row = LinkRow(
        event.request_id, event.territory, event.slot_id, event.at, version, event.start + LINK_AFTER_VISIT, ended=False
    )
    await keep_link(row, links, desk)
    moved = event.moved and await store.was_told(links.db, event.request_id, event.request_id)
    if link is not None:
        await store.supersede(links.db, event.request_id, place=True)
    tellings = audience.of_booking(
        event.request_id,
        event.practitioner_id,
        event.start,
        now,
        sms=event.patient.sms,
        moved=moved,
        interactive=event.interactive,
        zone=desk.territories[event.territory].tz,
    )
    said = await write(event, tellings, event.start, event.patient, links, now, desk)
    if event.left is not None and await store.was_told(links.db, event.request_id, event.left.practitioner_id):
        left = audience.of_leaving(event.left.practitioner_id, event.left.start, now)
        said += await write(event, left, event.left.start, None, links, now, desk, key="left")
    return said


async def on_request_promised(event: RequestPromised, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the patient that a place is kept and by when; nobody, when only the seat behind the promise has changed."""
    if event.again:
        return []
    link, version = await links.of(event.request_id), 2 * event.choice
    if link is not None and (link.ended or link.version >= version):
        return []
    expires_at = event.deadline + LINK_AFTER_VISIT
    row = LinkRow(event.request_id, event.territory, event.slot_id, event.at, version, expires_at, ended=False)
    await keep_link(row, links, desk)
    if link is not None:
        await store.supersede(links.db, event.request_id, place=True)
    tellings = audience.of_promise(event.request_id, event.deadline, now, sms=event.patient.sms)
    return await write(event, tellings, event.deadline, event.patient, links, now, desk)


async def on_request_reopened(event: RequestReopened, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """The place was cancelled: say so to a patient who heard of it, unless a newer one is known already.

    Facts keep no order: a booking older than this, heard later, is true no more.
    """
    if event.promised:
        return []  # she never heard of that place, and the promise stands
    link, version = await links.of(event.request_id), 2 * event.choice + 1
    if link is not None and (link.ended or _is_older(event, version, link)):
        return []
    expires_at = max(event.at + LINK_WHILE_SOUGHT, link.expires_at if link else event.start)
    row = LinkRow(event.request_id, event.territory, event.slot_id, event.at, version, expires_at, ended=False)
    await keep_link(row, links, desk)
    if link is None or link.slot_id != event.slot_id:
        return []
    await store.supersede(links.db, event.request_id, place=True)
    tellings = audience.of_cancellation(event.request_id, event.start, now, sms=event.patient.sms)
    return await write(event, tellings, event.start, event.patient, links, now, desk)


async def on_request_withdrawn(event: RequestWithdrawn, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Nothing more is said of the booking. Who heard of it hears of its end, the patient unless it was her own act."""
    told = await store.was_told(links.db, event.request_id, event.request_id)
    practitioner = event.practitioner_id
    if practitioner is not None and not await store.was_told(links.db, event.request_id, practitioner):
        practitioner = None
    await _end(event, links, now, desk)
    tell_patient = told and event.patient.sms and event.actor.role is not Role.PATIENT
    tellings = audience.of_withdrawal(event.request_id, practitioner, event.start, now, tell_patient=tell_patient)
    return await write(event, tellings, event.start or now, event.patient, links, now, desk)


async def on_request_closed(event: RequestClosed, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """The request has ended: what was waiting to be said is true no more."""
    await _end(event, links, now, desk)
    return []


async def on_request_escalated(event: RequestEscalated, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Alert the named human."""
    return await write(event, audience.of_escalation(event.person, now), event.deadline, None, links, now, desk)


async def on_request_answered(event: RequestAnswered, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Somebody must read what the patient wrote, and the patient hears that somebody does."""
    tellings = audience.of_answer(event.request_id, event.person, now, alarm=event.alarm, sms=event.patient.sms)
    return await write(event, tellings, event.at, event.patient, links, now, desk)


async def on_request_untold(event: RequestUntold, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Somebody must phone the patient."""
    return await write(event, audience.of_untold(event.person, event.start, now), event.start, None, links, now, desk)


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody of whom only the number is known."""

    phone: Sealed[str] | None
    language: str = "fr"
    discreet: bool = False


async def on_stranger_wrote(event: StrangerWrote, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Somebody must read it, and the stranger hears that somebody does."""
    sms = event.phone is not None
    tellings = audience.of_answer(event.reply_id, event.person, now, alarm=event.alarm, sms=sms, who="stranger")
    return await write(event, tellings, event.at, Stranger(event.phone), links, now, desk)


async def on_offer_made(event: OfferMade, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Ask the practitioner, unless it was over before we heard of it."""
    if await store.fate(links.db, message_of(event, "offer", event.practitioner_id)) is not None:
        return []
    telling = audience.of_offer(event.practitioner_id, event.hours, event.until, now)
    return await write(event, [telling], event.start, None, links, now, desk)


async def on_offer_ended(event: OfferEnded, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Nobody need answer any more: who was asked hears it; what was not said yet is not said."""
    asked = audience.of_offer(event.practitioner_id, 0, event.start, now)
    message_id = message_of(event, asked.kind, event.practitioner_id)
    fate = await store.fate(links.db, message_id)
    if fate is None:
        await never_write(event, asked, links, now, desk)
    else:
        await store.retract(links.db, message_id)
    tellings = audience.of_end_of_offer(event.practitioner_id, event.why, event.start, now)
    if event.why != "lost" and fate in (None, "due", "superseded"):
        return []
    return await write(event, tellings, event.start, None, links, now, desk)


async def on_slot_returned(event: SlotReturned, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the practitioner, once a day: whoever is told of one knows of the others."""
    if not event.first:
        return []
    return await write(
        event, audience.of_return(event.practitioner_id, event.start, now), event.start, None, links, now, desk
    )


async def on_call_made(event: CallMade, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Ask the practitioner whether there is time to spare."""
    tellings = audience.of_call(event.practitioner_id, event.until, now)
    return await write(event, tellings, event.until, None, links, now, desk)


async def on_alarm_raised(event: AlarmRaised, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the named human that something is wrong. In a territory nobody knows there is nobody to tell."""
    if event.territory not in desk.territories:
        return []
    return await write(event, audience.of_alarm(event.person, now), event.at, None, links, now, desk)


async def _end(event: RequestWithdrawn | RequestClosed, links: Links, now: datetime, desk: Desk) -> None:
    """Remember the end, also when the booking was not heard of yet; the link still shows the kind last page."""
    await store.supersede(links.db, event.request_id)
    link = await links.of(event.request_id)
    told, version = (link.told, link.version) if link else (event.at, 0)
    expires_at = link.expires_at if link else event.at + LINK_AFTER_VISIT
    row = LinkRow(event.request_id, event.territory, event.slot_id, told, version, expires_at, ended=True)
    await keep_link(row, links, desk)


def _is_older(event: RequestBooked | RequestReopened, version: int, link: LinkRow) -> bool:
    """This, or something later, is known of the place. A release that did not count choices yet went by the clock."""
    return link.version >= version if event.choice else link.told > event.at


async def hear(
    on: Callable[..., Awaitable[list[Event]]],
    facts: Sequence[Any],
    db: AsyncConnection,
    now: datetime,
    *,
    desk: Desk,
) -> list[list[Event]]:
    """React to each fact, with the links and the keys of their requests in hand."""
    requests = set(map(about, facts))
    practitioners = {own_key(fact.practitioner_id) for fact in facts if getattr(fact, "practitioner_id", None)}
    await desk.vault.ensure(requests | practitioners)
    links = await Links(db).fetch(requests)
    return [await on(fact, links, now, desk=desk) for fact in facts]


def reactions(desk: Desk) -> dict[type[Event], Any]:
    """Which fact leads to what."""
    on: dict[type[Event], Any] = {
        RequestBooked: on_request_booked,
        RequestPromised: on_request_promised,
        RequestReopened: on_request_reopened,
        RequestWithdrawn: on_request_withdrawn,
        RequestClosed: on_request_closed,
        RequestEscalated: on_request_escalated,
        RequestAnswered: on_request_answered,
        RequestUntold: on_request_untold,
        StrangerWrote: on_stranger_wrote,
        OfferMade: on_offer_made,
        OfferEnded: on_offer_ended,
        SlotReturned: on_slot_returned,
        CallMade: on_call_made,
        AlarmRaised: on_alarm_raised,
    }
    return {fact: partial(hear, react, desk=desk) for fact, react in on.items()}
