"""Who is told when a fact is heard? Read, decide, write the messages, say that they are due."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import audience, store
from notifications.audience import LINK_AFTER_VISIT, LINK_WHILE_SOUGHT, Telling
from notifications.store import LinkRow, Links
from notifications.wording import Facts, render
from schemas.event import Event, derived_id
from schemas.house import AlarmRaised
from schemas.message import Due, MessageDue, MessageFailed
from schemas.request import (
    Patient,
    RequestBooked,
    RequestClosed,
    RequestEscalated,
    RequestPromised,
    RequestReopened,
    RequestWithdrawn,
)
from schemas.sealed import Erased, Sealed, Vault, unreadable
from schemas.territory import Territory
from schemas.values import Role


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing a message needs besides the fact: who can seal, the territories' names and zones, where links
    lead (`base_url`), and the channel messages leave by."""

    vault: Vault
    territories: Mapping[str, Territory]
    base_url: str
    channel: str


async def on_request_booked(event: RequestBooked, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the patient and the practitioner; what was still waiting to be said is replaced."""
    link, version = await links.of(event.request_id), 2 * event.choice
    if link is not None and (link.ended or _is_older(event, version, link)):
        return []
    row = LinkRow(
        event.request_id, event.territory, event.slot_id, event.at, version, event.start + LINK_AFTER_VISIT, ended=False
    )
    await _keep_link(row, links, desk)
    moved = event.moved and await store.was_told(links.db, event.request_id, event.request_id)
    if event.moved:
        await store.supersede(links.db, event.request_id)
    tellings = audience.of_booking(
        event.request_id,
        event.practitioner_id,
        event.start,
        now,
        sms=event.patient.sms,
        moved=moved,
        interactive=event.interactive,
    )
    said = await _write(event, tellings, event.start, event.patient, links, now, desk)
    if event.left is not None and await store.was_told(links.db, event.request_id, event.left.practitioner_id):
        left = audience.of_leaving(event.left.practitioner_id, event.left.start, now)
        said += await _write(event, left, event.left.start, None, links, now, desk, key="left")
    return said


async def on_request_promised(event: RequestPromised, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the patient that a place is kept and by when; nobody, when only the seat behind the promise has changed."""
    if event.again:
        return []
    link, version = await links.of(event.request_id), 2 * event.choice
    if link is not None and (link.ended or link.version > version):
        return []
    expires_at = event.deadline + LINK_AFTER_VISIT
    row = LinkRow(event.request_id, event.territory, event.slot_id, event.at, version, expires_at, ended=False)
    await _keep_link(row, links, desk)
    tellings = audience.of_promise(event.request_id, event.deadline, now, sms=event.patient.sms)
    return await _write(event, tellings, event.deadline, event.patient, links, now, desk)


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
    await _keep_link(row, links, desk)
    if link is None or link.slot_id != event.slot_id:
        return []
    await store.supersede(links.db, event.request_id)
    tellings = audience.of_cancellation(event.request_id, event.start, now, sms=event.patient.sms)
    return await _write(event, tellings, event.start, event.patient, links, now, desk)


async def on_request_withdrawn(event: RequestWithdrawn, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Nothing more is said of the booking. Who heard of it hears of its end, the patient unless it was her own act."""
    told = await store.was_told(links.db, event.request_id, event.request_id)
    practitioner = event.practitioner_id
    if practitioner is not None and not await store.was_told(links.db, event.request_id, practitioner):
        practitioner = None
    await _end(event, links, now, desk)
    tell_patient = told and event.patient.sms and event.actor.role is not Role.PATIENT
    tellings = audience.of_withdrawal(event.request_id, practitioner, event.start, now, tell_patient=tell_patient)
    return await _write(event, tellings, event.start or now, event.patient, links, now, desk)


async def on_request_closed(event: RequestClosed, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """The request has ended: what was waiting to be said is true no more."""
    await _end(event, links, now, desk)
    return []


async def on_request_escalated(event: RequestEscalated, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Alert the named human."""
    return await _write(event, audience.of_escalation(event.person, now), event.deadline, None, links, now, desk)


async def on_alarm_raised(event: AlarmRaised, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the named human that something is wrong. In a territory nobody knows there is nobody to tell."""
    if event.territory not in desk.territories:
        return []
    return await _write(event, audience.of_alarm(event.person, now), event.at, None, links, now, desk)


async def _end(event: RequestWithdrawn | RequestClosed, links: Links, now: datetime, desk: Desk) -> None:
    """Remember the end, also when the booking was not heard of yet; the link still shows the kind last page."""
    await store.supersede(links.db, event.request_id)
    link = await links.of(event.request_id)
    told, version = (link.told, link.version) if link else (event.at, 0)
    expires_at = link.expires_at if link else event.at + LINK_AFTER_VISIT
    row = LinkRow(event.request_id, event.territory, event.slot_id, told, version, expires_at, ended=True)
    await _keep_link(row, links, desk)


def _is_older(event: RequestBooked | RequestReopened, version: int, link: LinkRow) -> bool:
    """Something later is known of the place. A release that did not count choices yet went by the clock."""
    return link.version > version if event.choice else link.told > event.at


async def _keep_link(row: LinkRow, links: Links, desk: Desk) -> None:
    """Keep where the patient's token leads; the token itself is derived whenever it is written."""
    await links.keep(row, desk.vault.digest(desk.vault.token("patient", row.request_id)))


async def _write(
    event: Any,
    tellings: Sequence[Telling],
    moment: datetime,
    patient: Patient | None,
    links: Links,
    now: datetime,
    desk: Desk,
    *,
    key: str = "",
) -> list[Event]:
    """Write the messages with their text sealed, and say that they are due (or cannot be: the person is erased)."""
    rows: list[dict[str, Any]] = []
    due: list[Due] = []
    said: list[Event] = []
    about = _about(event)
    for telling in tellings:
        message_id = derived_id(event.id, telling.kind, telling.recipient_id)
        text = _text(telling, event, moment, patient, desk)
        body = await _sealed(telling, about, message_id, text, desk)
        named = {"message_id": message_id, "kind": telling.kind, "channel": desk.channel}
        fate: dict[str, Any] = {"state": "due", "why": None, "body": body, "to": None}
        if body is None:
            fate |= {"state": "failed", "why": "erased", "body": unreadable(about, "message")}
            said.append(MessageFailed.after(event, now, key=message_id, why="not_sent", request_id=about, **named))
        else:
            fate["to"] = patient.phone if patient and telling.recipient == "patient" else None
            due.append(Due(recipient=telling.recipient, lane=telling.lane, send_after=telling.send_after, **named))
        rows.append(_row(event, telling, message_id, about, desk.channel, fate, now))
    if rows:
        await store.write(links.db, rows)
    if due:
        said.append(MessageDue.after(event, now, key=key, request_id=about, messages=tuple(due)))
    return said


def _about(event: Any) -> str:
    """What the messages of a fact are about: its request; an alarm that names none is about itself."""
    about: str = getattr(event, "request_id", None) or event.alarm_id
    return about


def _own_key(person: str) -> str:
    return f"to:{person}"


async def _sealed(telling: Telling, about: str, message_id: str, text: str, desk: Desk) -> Sealed[str] | None:
    """The text: the patient's under the request's key, None when she was erased; a professional's, which names nobody
    and must be heard also of an erased patient, under the professional's own."""
    try:
        subject = about if telling.recipient == "patient" else _own_key(telling.recipient_id)
        return await desk.vault.seal(subject, f"message:{message_id}", text)
    except Erased:
        return None


def _row(
    event: Any, telling: Telling, message_id: str, about: str, channel: str, fate: dict[str, Any], now: datetime
) -> dict[str, Any]:
    sealed = {name: fate[name].model_dump_json() if fate[name] else None for name in ("body", "to")}
    return {
        "id": message_id,
        "territory": event.territory,
        "request_id": about,
        "kind": telling.kind,
        "recipient": telling.recipient,
        "recipient_id": telling.recipient_id,
        "channel": channel,
        "lane": telling.lane,
        "state": fate["state"],
        "why": fate["why"],
        "actor": event.actor.person,
        "due_at": now,
        "send_after": telling.send_after,
        "valid_until": telling.valid_until,
        **sealed,
    }


def _text(telling: Telling, event: Any, moment: datetime, patient: Patient | None, desk: Desk) -> str:
    territory = desk.territories[event.territory]
    where = {"practitioner": "/me", "human": "/console"}
    path = where.get(telling.recipient) or f"/p/{desk.vault.token('patient', event.request_id)}"
    language = patient.language if patient and telling.recipient == "patient" else "fr"
    facts = Facts(territory.name, moment, desk.base_url + path, territory.phone)
    return render(telling.kind, language, facts, territory.tz)


async def hear(
    on: Callable[..., Awaitable[list[Event]]],
    facts: Sequence[Any],
    db: AsyncConnection,
    now: datetime,
    *,
    desk: Desk,
) -> list[list[Event]]:
    """React to each fact, with the links and the keys of their requests in hand."""
    requests = set(map(_about, facts))
    practitioners = {_own_key(fact.practitioner_id) for fact in facts if getattr(fact, "practitioner_id", None)}
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
        AlarmRaised: on_alarm_raised,
    }
    return {fact: partial(hear, react, desk=desk) for fact, react in on.items()}
