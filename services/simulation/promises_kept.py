"""Was everything kept at the end? Requests, seats, facts, alerts, messages, and the picture of what is free."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from availability.agenda import seat_start
from dispatcher.life import OPEN, PLACED, escalate_at
from services.simulation.faults import SKEW_AT_MOST
from services.simulation.file import moment
from services.simulation.people import People
from services.simulation.phones import Phones
from services.simulation.process import Process
from services.simulation.transport import Transport

Ask = Callable[..., list[Any]]

_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_PARIS = ZoneInfo("Europe/Paris")
_PLACE_SAID = ("booked", "moved", "reminder")
LATE_AT_MOST = timedelta(seconds=60 + 2 * SKEW_AT_MOST)
"""How late an alert may be: a minute, by clocks that may differ."""
TOO_NEAR = timedelta(minutes=45)
"""Nobody is sent to a seat this near, in whatever mode: one that is further may not be left out."""


def entered(ask: Ask, people: People) -> list[str]:
    """I1: whoever was told that the request is entered finds it."""
    known = {row[0] for row in ask("SELECT id FROM care_request")}
    return [f"I1: {one} was promised and does not exist" for one in people.entered if one not in known]


def holds_end(ask: Ask) -> list[str]:
    """I2: no hold outlives its time."""
    holds = ask("SELECT request_id FROM booking WHERE state = 'active' AND kind = 'hold'")
    return [f"I2: the hold of {row[0]} never ends" for row in holds]


def heard(ask: Ask, transport: Transport) -> list[str]:
    """I7: what was committed is in the stream, nothing else is, and each reader has done it or set it aside."""
    said = {row[0] for row in ask("SELECT id FROM outbox")}
    streamed = [message.headers.get("Nats-Msg-Id", "") for message in transport.stored]
    done = {(row[0], row[1]) for row in ask("SELECT reader, event_id FROM inbox")}
    aside = {(row[0], row[1]) for row in ask("SELECT reader, event_id FROM aside")}
    found = [f"I7: {one} was committed and is not in the stream" for one in sorted(said - set(streamed))]
    found += [f"I5: {one} is in the stream and nobody committed it"
              for one in sorted(set(streamed) - said - set(transport.strange))]  # fmt: skip
    for reader in transport.readers.values():
        found += [f"I7: the server gave up {seq} for {reader.name}" for seq in reader.given_up]
        for message in transport.stored:
            key = (reader.name, message.headers.get("Nats-Msg-Id", ""))
            if message.topic.split(".", 2)[2] == reader.subject and key not in done | aside:
                found.append(f"I7: {reader.name} acknowledged {message.seq} and did not do it")
    found += [f"I7: {one} was set aside by {reader}" for reader, one in sorted(aside) if one not in transport.strange]
    set_aside = {one for _, one in aside}
    return found + [f"I7: the strange {one} was not set aside" for one in transport.strange if one not in set_aside]


_PLACE_OR_END = (
    "request.promised.v1", "request.booked.v1", "request.withdrawn.v1", "request.closed.v1", "end",
)  # fmt: skip
"""A promise keeps a real seat: when that is lost, the request is reopened."""


def alerted(ask: Ask, end: datetime) -> list[str]:
    """I3, seen from outside: who had no place when a human had to know was said to a named human within a minute."""
    found = []
    for request_id, state, text in ask("SELECT id, state, deadline FROM care_request"):
        deadline, since, alerts = moment(text), None, []
        story = ask("SELECT subject, at, actor FROM audit WHERE about = ? ORDER BY seq", request_id)
        for subject, at, _ in [*story, ("end", None, None)]:
            now = moment(at) if at else end
            begins = subject in ("request.entered.v1", "request.reopened.v1")
            ends = subject in _PLACE_OR_END
            if since is not None and (begins or ends):
                due = escalate_at(since, deadline)
                if now > due + LATE_AT_MOST and not _in_time(alerts, since, due):
                    found.append(f"I3: {request_id} ({state}) had no place at {due:%H:%M:%S} and no human knew in time")
                since = None
            if begins:
                since = now
            if subject == "request.escalated.v1":
                alerts.append(now)
    return found


def _in_time(alerts: Sequence[datetime], since: datetime, due: datetime) -> bool:
    return any(since - LATE_AT_MOST <= one <= due + LATE_AT_MOST for one in alerts)


def told(ask: Ask, people: People, phones: Phones) -> list[str]:
    """I4: nobody gets the same message twice; what a patient's phone says last is true; nothing is lost unseen."""
    rung = Counter(one.letter.key for one in phones.rung)
    found = [f"I4: message {key} rang {n} times" for key, n in rung.items() if n > 1]
    failed = {row[0] for row in ask("SELECT DISTINCT about FROM audit WHERE subject = 'message.failed.v1'")}
    for key, request_id, kind, state in ask("SELECT id, request_id, kind, state FROM message ORDER BY id"):
        if state == "sent" and not rung[key]:
            found.append(f"I4: {kind} of {request_id} is called sent and rang nowhere")
        if state in ("superseded", "due") and rung[key]:
            found.append(f"I4: {kind} of {request_id} is called {state} and rang")
        if state in ("ambiguous", "failed") and request_id not in failed:
            found.append(f"I4: {kind} of {request_id} was lost and nobody can see it")
    return found + _not_twice(ask) + _last_word(ask, phones) + _humans(ask)


def _not_twice(ask: Ask) -> list[str]:
    """Each kind of message is said once for each fact that leads to it."""
    because = {
        "booked": "request.booked", "moved": "request.booked", "new_patient": "request.booked",
        "reminder": "request.booked", "to_call": "request.untold",
        "cancelled": "request.reopened", "withdrawn": "request.withdrawn", "seat_freed": "request.withdrawn",
        "escalated": "request.escalated", "promised": "request.promised", "sought_no_more": "request.withdrawn",
        "offer": "offer.made", "offer_taken": "offer.ended", "offer_withdrawn": "offer.ended",
        "offer_lost": "offer.ended", "slot_returned": "slot.returned", "call": "call.made",
        "alarm": "alarm.raised", "call_15": "request.answered", "being_read": "request.answered",
        "stranger_wrote": "stranger.wrote", "stranger_alarm": "stranger.wrote",
        "patient_wrote": "request.answered", "patient_alarm": "request.answered",
    }  # fmt: skip
    facts = Counter({(about, subject): n for about, subject, n in ask(
        "SELECT about, subject, count(*) FROM audit GROUP BY about, subject")})  # fmt: skip
    rows = ask(  # an offer that was over before it was said leaves a mark, and says nothing
        "SELECT request_id, recipient, kind, count(*) FROM message"
        " WHERE NOT (kind = 'offer' AND state = 'superseded') GROUP BY request_id, recipient, kind"
    )
    return [
        f"I4: the {recipient} of {request_id} hears {kind} {n} times"
        for request_id, recipient, kind, n in rows
        if n > facts[request_id, f"{because[kind]}.v1"]
    ]


def _last_word(ask: Ask, phones: Phones) -> list[str]:
    """The last that a patient's phone said is true; the practitioner knows of the place, too; unless it was lost."""
    found = []
    asked = f"SELECT id, state, start, practitioner_id FROM care_request WHERE state IN ({_OPEN}) ORDER BY id"
    for request_id, state, start, practitioner in ask(asked):
        lost = {
            row[0]
            for row in ask(
                "SELECT recipient_id FROM message WHERE request_id = ? AND state IN ('ambiguous', 'failed')", request_id
            )
        }
        keys = {row[0] for row in ask("SELECT id FROM message WHERE request_id = ?", request_id)}
        rang = [one.letter for one in phones.rung if one.letter.key in keys]
        last = next((one for one in reversed(rang) if one.recipient == request_id), None)
        if state not in PLACED:
            if last is not None and last.kind in _PLACE_SAID and request_id not in lost:
                found.append(f"I4: {request_id} has no place; last word: {last.text}")
            continue
        place = f"{moment(start).astimezone(_PARIS):%Hh%M}".lstrip("0")
        true = last is not None and last.kind in _PLACE_SAID and place in last.text
        by_sms = not ask("SELECT 1 FROM care_request WHERE id = ? AND patient LIKE '%\"sms\":false%'", request_id)
        if by_sms and not true and request_id not in lost:
            found.append(f"I4: {request_id} has a place at {place}; last word: {last.text if last else 'none'}")
        knows = any(one.kind == "new_patient" and one.recipient == practitioner and place in one.text for one in rang)
        if not knows and practitioner not in lost:
            found.append(f"I4: {practitioner} was not told of {request_id} at {place}")
    return found


def _humans(ask: Ask) -> list[str]:
    """Every alert became a message."""
    alerts = Counter(row[0] for row in ask("SELECT about FROM audit WHERE subject = 'request.escalated.v1'"))
    written = Counter(row[0] for row in ask("SELECT request_id FROM message WHERE kind = 'escalated'"))
    return [
        f"I4: {one} was escalated {n} times, {written[one]} messages" for one, n in alerts.items() if n != written[one]
    ]


def seen(ask: Ask, processes: Sequence[Process]) -> list[str]:
    """The index in memory shows each slot as availability has it; of several free seats those not too near."""
    found = []
    for slot_id, capacity, status, version, ends, begins, minutes in ask(
        "SELECT id, capacity, status, version, ends, start, minutes FROM slot ORDER BY id"
    ):
        taken = {row[0] for row in ask("SELECT seat FROM booking WHERE slot_id = ? AND state = 'active'", slot_id)}
        left = [seat for seat in range(capacity) if seat not in taken and status == "open"]
        starts = [seat_start(moment(begins), minutes, capacity, seat) for seat in left]
        for process in processes:
            slot = process.house.seats.get(slot_id)
            if slot is None and moment(ends) > process.clock.now():
                found.append(f"the index of {process.name} does not know slot {slot_id}")
            far = [at for at in starts if slot and (at >= slot.start or at > process.clock.now() + TOO_NEAR)]
            free = max(len(far), min(1, len(starts)))
            if slot is not None and (slot.state.version, slot.state.free) != (version, free):
                found.append(
                    f"the index of {process.name} sees {slot.state.free} free seats of {slot_id} (version "
                    f"{slot.state.version}), there are {free} (version {version})"
                )
        known = ask("SELECT version FROM known_slot WHERE slot_id = ?", slot_id)
        if not known or known[0][0] != version:
            found.append(f"the projection has slot {slot_id} at {known}, it is at version {version}")
    return found
