"""Who is told when a fact is heard? Read, decide, write the messages, say that they are due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import audience, store
from notifications.audience import LINK_AFTER_VISIT, LINK_WHILE_SOUGHT, Telling
from notifications.wording import Facts, render
from schemas.event import Event, derived_id
from schemas.message import MessageDue
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


async def on_request_booked(event: RequestBooked, db: AsyncConnection, now: datetime, *, desk: Desk) -> list[Event]:
    """Tell the patient and the practitioner; what was still waiting to be said is replaced."""
    link = await store.link_of(db, event.request_id)
    if link is not None and (link.ended or link.told > event.at):
        return []
    row = store.LinkRow(
        event.request_id, event.territory, event.slot_id, event.at, event.start + LINK_AFTER_VISIT, ended=False
    )
    await _keep_link(row, db, desk)
    moved = event.moved and await store.was_told(db, event.request_id, event.request_id)
    if event.moved:
        await store.supersede(db, event.request_id)
    tellings = audience.of_booking(
        event.request_id,
        event.practitioner_id,
        event.start,
        now,
        sms=event.patient.sms,
        moved=moved,
        interactive=event.interactive,
    )
    return await _write(event, tellings, event.start, event.patient, db, now, desk)


async def on_request_reopened(event: RequestReopened, db: AsyncConnection, now: datetime, *, desk: Desk) -> list[Event]:
    """The place was cancelled: say so to a patient who heard of it, unless a newer one is known already.

    Facts keep no order: a booking older than this, heard later, is true no more.
    """
    link = await store.link_of(db, event.request_id)
    if link is not None and (link.ended or link.told > event.at):
        return []
    expires_at = max(event.at + LINK_WHILE_SOUGHT, link.expires_at if link else event.start)
    row = store.LinkRow(event.request_id, event.territory, event.slot_id, event.at, expires_at, ended=False)
    await _keep_link(row, db, desk)
    if link is None or link.slot_id != event.slot_id:
        return []
    await store.supersede(db, event.request_id)
    tellings = audience.of_cancellation(event.request_id, event.start, now, sms=event.patient.sms)
    return await _write(event, tellings, event.start, event.patient, db, now, desk)


async def on_request_withdrawn(
    event: RequestWithdrawn, db: AsyncConnection, now: datetime, *, desk: Desk
) -> list[Event]:
    """Nothing more is said of the booking. Who heard of it hears of its end, the patient unless it was her own act."""
    told = await store.was_told(db, event.request_id, event.request_id)
    practitioner = event.practitioner_id
    if practitioner is not None and not await store.was_told(db, event.request_id, practitioner):
        practitioner = None
    await _end(event, db, now, desk)
    tell_patient = told and event.patient.sms and event.actor.role is not Role.PATIENT
    tellings = audience.of_withdrawal(event.request_id, practitioner, event.start, now, tell_patient=tell_patient)
    return await _write(event, tellings, event.start or now, event.patient, db, now, desk)


async def on_request_closed(event: RequestClosed, db: AsyncConnection, now: datetime, *, desk: Desk) -> list[Event]:
    """The request has ended: what was waiting to be said is true no more."""
    await _end(event, db, now, desk)
    return []


async def on_request_escalated(
    event: RequestEscalated, db: AsyncConnection, now: datetime, *, desk: Desk
) -> list[Event]:
    """Alert the named human."""
    return await _write(event, audience.of_escalation(event.person, now), event.deadline, None, db, now, desk)


async def _end(event: RequestWithdrawn | RequestClosed, db: AsyncConnection, now: datetime, desk: Desk) -> None:
    """Remember the end, also when the booking was not heard of yet; the link still shows the kind last page."""
    await store.supersede(db, event.request_id)
    link = await store.link_of(db, event.request_id)
    told = link.told if link else event.at
    expires_at = link.expires_at if link else event.at + LINK_AFTER_VISIT
    row = store.LinkRow(event.request_id, event.territory, event.slot_id, told, expires_at, ended=True)
    await _keep_link(row, db, desk)


async def _keep_link(row: store.LinkRow, db: AsyncConnection, desk: Desk) -> None:
    """Keep where the patient's token leads; the token itself is derived whenever it is written."""
    await store.keep_link(db, row, desk.vault.digest(desk.vault.token("patient", row.request_id)))


async def _write(
    event: Any,
    tellings: Sequence[Telling],
    moment: datetime,
    patient: Patient | None,
    db: AsyncConnection,
    now: datetime,
    desk: Desk,
) -> list[Event]:
    """Write the messages with their text sealed, and say that they are due."""
    rows, said = [], []
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
        said.append(
            MessageDue.after(
                event,
                now,
                key=message_id,
                message_id=message_id,
                request_id=event.request_id,
                kind=telling.kind,
                recipient=telling.recipient,
                channel=desk.channel,
                lane=telling.lane,
                send_after=telling.send_after,
            )
        )
    if rows:
        await store.write(db, rows)
    return list(said)


def _text(telling: Telling, event: Any, moment: datetime, patient: Patient | None, desk: Desk) -> str:
    territory = desk.territories[event.territory]
    where = {"practitioner": "/me", "human": "/console"}
    path = where.get(telling.recipient) or f"/p/{desk.vault.token('patient', event.request_id)}"
    language = patient.language if patient and telling.recipient == "patient" else "fr"
    facts = Facts(territory.name, moment, desk.base_url + path, territory.phone)
    return render(telling.kind, language, facts, territory.tz)


def reactions(desk: Desk) -> dict[type[Event], Any]:
    """Which fact leads to what."""
    return {
        RequestBooked: partial(on_request_booked, desk=desk),
        RequestReopened: partial(on_request_reopened, desk=desk),
        RequestWithdrawn: partial(on_request_withdrawn, desk=desk),
        RequestClosed: partial(on_request_closed, desk=desk),
        RequestEscalated: partial(on_request_escalated, desk=desk),
    }
