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
from schemas.message import Due, MessageDue
from schemas.request import (
    Patient,
    RequestBooked,
    RequestClosed,
    RequestEscalated,
    RequestReopened,
    RequestWithdrawn,
)
from schemas.sealed import Vault
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
    return await _write(event, tellings, event.start, event.patient, links, now, desk)


async def on_request_reopened(event: RequestReopened, links: Links, now: datetime, *, desk: Desk) -> list[Event]:
    """The place was cancelled: say so to a patient who heard of it, unless a newer one is known already.

    Facts keep no order: a booking older than this, heard later, is true no more.
    """
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
) -> list[Event]:
    """Write the messages with their text sealed, and say that they are due."""
    rows: list[dict[str, Any]] = []
    due: list[Due] = []
    for telling in tellings:
        message_id = derived_id(event.id, telling.kind, telling.recipient_id)
        text = _text(telling, event, moment, patient, desk)
        body = await desk.vault.seal(event.request_id, f"message:{message_id}", text)
        to = patient.phone.model_dump_json() if patient and telling.recipient == "patient" else None
        rows.append(
            {
                "id": message_id,
                "territory": event.territory,
                "request_id": event.request_id,
                "kind": telling.kind,
                "recipient": telling.recipient,
                "recipient_id": telling.recipient_id,
                "channel": desk.channel,
                "lane": telling.lane,
                "state": "due",
                "body": body.model_dump_json(),
                "to": to,
                "actor": event.actor.person,
                "due_at": now,
                "send_after": telling.send_after,
                "valid_until": telling.valid_until,
            }
        )
        due.append(
            Due(
                message_id=message_id,
                kind=telling.kind,
                recipient=telling.recipient,
                channel=desk.channel,
                lane=telling.lane,
                send_after=telling.send_after,
            )
        )
    if not rows:
        return []
    await store.write(links.db, rows)
    return [MessageDue.after(event, now, request_id=event.request_id, messages=tuple(due))]


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
    requests = {fact.request_id for fact in facts}
    await desk.vault.ensure(requests)
    links = await Links(db).fetch(requests)
    return [await on(fact, links, now, desk=desk) for fact in facts]


def reactions(desk: Desk) -> dict[type[Event], Any]:
    """Which fact leads to what."""
    on: dict[type[Event], Any] = {
        RequestBooked: on_request_booked,
        RequestReopened: on_request_reopened,
        RequestWithdrawn: on_request_withdrawn,
        RequestClosed: on_request_closed,
        RequestEscalated: on_request_escalated,
    }
    return {fact: partial(hear, react, desk=desk) for fact, react in on.items()}
