"""How does the API show what the rooms remember? Rows as JSON, opened only for those who may read them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from availability.agenda import SlotRow
from availability.store import PractitionerRow
from dispatcher.matching.choice import Option
from dispatcher.matching.eligibility import say_counts
from dispatcher.views import Count, Figures, RequestRow
from notifications.store import MessageRow
from schemas.request import Need
from services.audit.history import AuditRow
from services.house import House
from services.reference.communes import Commune, Communes
from services.reference.phones import show_phone
from services.reference.professions import PROFESSIONS

Json = dict[str, Any]
Practitioners = Mapping[str, PractitionerRow]


def show_moment(moment: datetime | None) -> str | None:
    """ISO 8601, UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()


def show_commune(commune: Commune, own: frozenset[str]) -> Json:
    """A commune of the list that opens while typing; `own` = in the asker's territory."""
    return {
        "insee": commune.insee,
        "name": commune.name,
        "postal_codes": list(commune.postal_codes),
        "departement": commune.departement,
        "population": commune.population,
        "own": commune.insee in own,
    }


def show_practitioner(row: PractitionerRow, communes: Communes) -> Json:
    """Whom a regulator may ask for."""
    return {
        "id": row.id,
        "name": row.name,
        "profession": row.profession,
        "specialty": row.specialty,
        "commune": name_of(row.commune, communes),
    }


def show_option(option: Option, practitioners: Practitioners, communes: Communes) -> Json:
    """One proposal, with its reasons."""
    of = option.slot.schedule
    return {
        "slot_id": option.slot.slot_id,
        "practitioner_id": of.practitioner_id,
        "practitioner": practitioner_name(of.practitioner_id, practitioners),
        "commune": name_of(of.place.commune, communes),
        "profession": of.profession,
        "profession_label": PROFESSIONS[of.profession].label if of.profession in PROFESSIONS else "",
        "start": show_moment(option.start),
        "minutes": max(1, of.minutes // of.capacity),
        "mode": option.mode,
        "travel_minutes": option.travel_minutes,
        "reasons": list(option.reasons),
    }


def show_need(need: Need, communes: Communes) -> Json:
    """What was asked for, without the person."""
    return {
        "profession": need.profession,
        "commune": {"insee": need.place.commune, "name": name_of(need.place.commune, communes)},
        "modes": list(need.modes),
        "earliest": show_moment(need.earliest),
        "deadline": show_moment(need.deadline),
        "hours": need.hours,
        "radius_km": need.radius_km,
        "no_vehicle": need.no_vehicle,
        "age": need.age,
        "usual_practitioner": need.usual_practitioner,
    }


def show_request(row: RequestRow, name: str | None, practitioners: Practitioners, communes: Communes) -> Json:
    """A request as the board shows it: the name is the only thing opened."""
    return {
        "id": row.request_id,
        "territory": row.territory,
        "state": row.state,
        "patient": {"name": name},
        **show_need(row.need, communes),
        "entered_at": show_moment(row.entered_at),
        "entered_by": row.entered_by,
        "slot_id": row.slot_id,
        "practitioner_id": row.practitioner_id,
        "practitioner": practitioner_name(row.practitioner_id, practitioners),
        "start": show_moment(row.start),
        "minutes": row.minutes,
        "mode": row.mode,
        "place": None if row.place is None else name_of(row.place.commune, communes),
        "reasons": list(row.reasons),
        "others": list(row.others),
        "counts": row.counts,
        "nobody": say_counts(row.counts) if row.counts else [],
        "moved": row.moved,
        "escalated_to": row.escalated_to,
        "rank": row.rank,
        "acknowledged_at": show_moment(row.acknowledged_at),
        "closed_at": show_moment(row.closed_at),
    }


async def show_patient(row: RequestRow, house: House) -> Json:
    """The person, opened: for the regulation, and for who will see the patient. Dashes when erased."""
    person = row.patient
    sealed = [person.name, person.phone, person.note, person.address, person.birth_year]
    name, phone, note, address, year = await house.vault.open_many(sealed)
    return {
        "name": name,
        "phone": show_number(phone),
        "note": note,
        "address": address,
        "birth_year": year,
        "language": person.language,
        "sms": person.sms,
    }


def show_slot(row: SlotRow, patients: Mapping[str, Json], communes: Communes) -> Json:
    """A slot of an agenda with who is coming. `patients` by request id; others show as taken seats only."""
    return {
        "id": row.slot_id,
        "practitioner_id": row.practitioner_id,
        "commune": name_of(row.place.commune, communes),
        "start": show_moment(row.start),
        "minutes": row.minutes,
        "capacity": row.capacity,
        "modes": list(row.modes),
        "status": row.status,
        "seats": [
            {
                "seat": seat.seat,
                "kind": seat.kind,
                "request_id": seat.request_id,
                "start": show_moment(seat.start),
                "minutes": seat.minutes,
                "mode": seat.mode,
                "until": show_moment(seat.expires_at),
                "patient": patients.get(seat.request_id),
            }
            for seat in row.seats
        ],
    }


def show_message(row: MessageRow, body: str | None, to: str | None) -> Json:
    """A message as the outbox shows it, opened."""
    return {
        "id": row.message_id,
        "request_id": row.request_id,
        "territory": row.territory,
        "kind": row.kind,
        "recipient": row.recipient,
        "recipient_id": row.recipient_id,
        "channel": row.channel,
        "state": row.state,
        "body": body,
        "to": show_number(to),
        "send_after": show_moment(row.send_after),
        "sent_at": show_moment(row.sent_at),
        "why": row.why,
    }


def show_audit(row: AuditRow) -> Json:
    """One line of a request's history: what, when, by whom."""
    return {"at": show_moment(row.at), "fact": row.subject, "actor": row.actor.model_dump(exclude_none=True)}


def show_figures(figures: Figures, communes: Communes) -> Json:
    """The figures of a period; counts by profession and by commune, the most asked first."""

    def tally(counts: Mapping[str, Count], label: Callable[[str], str]) -> list[Json]:
        return [
            {"code": code, "name": label(code), **asdict(count)}
            for code, count in sorted(counts.items(), key=lambda item: -item[1].asked)
        ]

    return {
        "asked": figures.asked,
        "booked": figures.booked,
        "in_time": figures.in_time,
        "within_24h": figures.within_24h,
        "open": figures.open,
        "escalated": figures.escalated,
        "withdrawn": figures.withdrawn,
        "unmet": figures.unmet,
        "confirmed": figures.confirmed,
        "came": figures.came,
        "no_show": figures.no_show,
        "median_wait_minutes": figures.median_wait_minutes,
        "by_profession": tally(figures.by_profession, profession_label),
        "by_commune": tally(figures.by_commune, lambda code: name_of(code, communes)),
        "counts": figures.counts,
        "nobody": say_counts(figures.counts) if figures.counts else [],
    }


def name_of(insee: str, communes: Communes) -> str:
    """The commune's name; its code when nobody knows it."""
    known = communes.get(insee)
    return known.name if known else insee


def profession_label(code: str) -> str:
    """The profession's label; the code when nobody knows it."""
    known = PROFESSIONS.get(code)
    return known.label if known else code


def practitioner_name(practitioner_id: str | None, practitioners: Practitioners) -> str | None:
    """The name; the id of one we no longer know."""
    known = practitioners.get(practitioner_id or "")
    return known.name if known else practitioner_id


def show_number(e164: str | None) -> str | None:
    """A number grouped for people; anything else (a dash, an address) as it is."""
    try:
        return None if e164 is None else show_phone(e164)
    except ValueError:
        return e164
