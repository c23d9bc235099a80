"""How is a message written? Its text worded and sealed, its row, and the fact that it is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from notifications import store
from notifications.audience import Telling, ways_to
from notifications.segments import segments
from notifications.store import LinkRow, Links
from notifications.texts import DISCREET
from notifications.wording import Facts, OwnTexts, render
from schemas.event import Event, derived_id
from schemas.message import Due, MessageDue, MessageFailed
from schemas.sealed import Erased, Sealed, Vault, unreadable
from schemas.territory import Territory


@dataclass(frozen=True, slots=True)
class Desk:
    """What writing a message needs besides the fact: who can seal, the territories' names and zones, where links
    lead (`base_url`), and the channels messages leave by."""

    vault: Vault
    territories: Mapping[str, Territory]
    base_url: str
    ways: tuple[str, ...] = ("console",)


class Addressee(Protocol):
    """What is known of a patient, or of a stranger who wrote: number, language, whether others read the phone."""

    @property
    def phone(self) -> Sealed[str] | None: ...
    @property
    def language(self) -> str: ...
    @property
    def discreet(self) -> bool: ...


async def keep_link(row: LinkRow, links: Links, desk: Desk) -> None:
    """Keep where the patient's token leads; the token itself is derived whenever it is written."""
    await links.keep(row, desk.vault.digest(desk.vault.token("patient", row.request_id)))


async def write(
    event: Any,
    tellings: Sequence[Telling],
    moment: datetime,
    patient: Addressee | None,
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
    subject = about(event)
    own = await links.texts(event.territory) if tellings else {}
    for telling in tellings:
        message_id = message_of(event, telling.kind, telling.recipient_id)
        text = _text(telling, event, moment, patient, desk, own)
        body = await _sealed(telling, subject, message_id, text, desk)
        phone = patient.phone if patient and telling.recipient == "patient" else None
        number = await _number(phone, desk)
        ways = ways_to(telling.recipient, telling.lane, number, desk.ways)
        named = {"message_id": message_id, "kind": telling.kind, "channel": ways[0]}
        fate: dict[str, Any] = {"state": "due", "why": None, "body": body, "to": None, "ways": ways}
        fate["discreet"] = _discreet(telling, patient)
        if body is None:
            fate |= {"state": "failed", "why": "erased", "body": unreadable(subject, "message")}
            said.append(MessageFailed.after(event, now, key=message_id, why="not_sent", request_id=subject, **named))
        else:
            fate |= {"to": phone, "digest": desk.vault.digest(number) if number else None, "segments": segments(text)}
            due.append(Due(recipient=telling.recipient, lane=telling.lane, send_after=telling.send_after, **named))
        rows.append(_row(event, telling, message_id, subject, fate, now))
    if rows:
        await store.write(links.db, rows)
    if due:
        said.append(MessageDue.after(event, now, key=key, request_id=subject, messages=tuple(due)))
    return said


def about(event: Any) -> str:
    """What the messages of a fact are about: its request; a slot that nobody took, a call, and an alarm that names none
    are about themselves."""
    names = (getattr(event, name, None) for name in ("request_id", "slot_id", "alarm_id", "id"))
    named: str = next(name for name in names if name)
    return named


def message_of(event: Any, kind: str, recipient_id: str) -> str:
    """The id of what a fact leads to. Messages of an offer are named after the offer: so its end, which may be heard
    first, finds them."""
    return derived_id(getattr(event, "offer_id", event.id), kind, recipient_id)


def own_key(person: str) -> str:
    return f"to:{person}"


async def _sealed(telling: Telling, about: str, message_id: str, text: str, desk: Desk) -> Sealed[str] | None:
    """The text: the patient's under the request's key, None when she was erased; a professional's, which names nobody
    and must be heard also of an erased patient, under the professional's own."""
    try:
        subject = about if telling.recipient == "patient" else own_key(telling.recipient_id)
        return await desk.vault.seal(subject, f"message:{message_id}", text)
    except Erased:
        return None


async def _number(phone: Sealed[str] | None, desk: Desk) -> str | None:
    """The patient's number, for its digest and to know a landline; None when there is none, or no longer."""
    try:
        return None if phone is None else await desk.vault.open(phone)
    except Erased:
        return None


async def never_write(event: Any, telling: Telling, links: Links, now: datetime, desk: Desk) -> None:
    """What this telling would say is over before it was said: whoever comes to write it finds it written."""
    message_id, subject = message_of(event, telling.kind, telling.recipient_id), about(event)
    fate = {"state": "superseded", "why": None, "body": unreadable(subject, "message"), "to": None, "ways": desk.ways}
    await store.write(links.db, [_row(event, telling, message_id, subject, fate, now)])


def _row(
    event: Any, telling: Telling, message_id: str, about: str, fate: dict[str, Any], now: datetime
) -> dict[str, Any]:
    sealed = {name: fate[name].model_dump_json() if fate[name] else None for name in ("body", "to")}
    return {
        "id": message_id,
        "territory": event.territory,
        "request_id": about,
        "kind": telling.kind,
        "recipient": telling.recipient,
        "recipient_id": telling.recipient_id,
        "channel": fate["ways"][0],
        "then": ",".join(fate["ways"][1:]),
        "to_digest": fate.get("digest"),
        "segments": fate.get("segments", 1),
        "discreet": fate.get("discreet", False),
        "lane": telling.lane,
        "state": fate["state"],
        "why": fate["why"],
        "actor": event.actor.person,
        "due_at": now,
        "send_after": telling.send_after,
        "valid_until": telling.valid_until,
        **sealed,
    }


def _text(telling: Telling, event: Any, moment: datetime, patient: Addressee | None, desk: Desk, own: OwnTexts) -> str:
    territory = desk.territories[event.territory]
    where = {"practitioner": "/me", "human": "/console"}
    path = where.get(telling.recipient) or f"/p/{desk.vault.token('patient', about(event))}"
    path = "/alerts" if telling.kind == "test" else path
    language = patient.language if patient and telling.recipient == "patient" else "fr"
    hidden = _discreet(telling, patient)
    facts = Facts(DISCREET if hidden else territory.name, moment, desk.base_url + path, territory.phone)
    return render(telling.kind, language, facts, territory.tz, {} if hidden else own)


def _discreet(telling: Telling, patient: Addressee | None) -> bool:
    """Whether it does not say who writes: neither by name nor in the territory's own words."""
    return patient is not None and patient.discreet and telling.recipient == "patient"
