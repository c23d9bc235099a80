"""Which steps do orders, facts and timers share? Look, choose, alert, end."""

from datetime import datetime
from typing import Literal

from dispatcher import roster, store
from dispatcher.asking import ask_people, stop
from dispatcher.life import OVERDUE_EVERY, PLACED, State, Timer, Wake, escalate_at, timers_when_escalated, told_later
from dispatcher.matching.choice import Option, count_refusals, propose
from dispatcher.matching.ranking import left_to_others
from dispatcher.matching.seats import OpenSeats
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Cause, Event
from schemas.request import (
    CareUnmatched,
    RequestClosed,
    RequestConfirmed,
    RequestEscalated,
    RequestUntold,
    RequestWithdrawn,
    Untold,
)
from schemas.slot import Seating, SlotChosen
from schemas.values import Mode

Outcome = Literal["fulfilled", "no_show", "redirected", "advised", "unmet"]


async def look(
    cause: Cause,
    row: RequestRow,
    seats: OpenSeats,
    desk: Desk,
    now: datetime,
    lost: tuple[str, ...] = (),
) -> list[Event]:
    """Propose the best seat; when there is none, or the best is left to others, ask people."""
    seats.expect_no_more(row.request_id)
    found = propose(row.need, seats, row.territory, now, without=lost)
    best = found.options[0] if found.options else None
    if best is None or is_left(row, best):
        counts = found.counts or count_refusals(row.need, seats, row.territory, now)
        row = await desk.change(row, counts=counts, unmatched=True)
        return await ask_people(cause, row, seats, desk, now)
    seats.expect(best.slot.slot_id, row.request_id, now)
    slot_id, whose = best.slot.slot_id, best.slot.schedule.territory
    modes = (best.mode, *(mode for mode in row.need.modes if mode is not best.mode))
    said = (modes, found.why(), found.others())
    kind: Seating = "guarantee" if told_later(row.need, best.start, now) else "booking"
    return [await choose(cause, row, slot_id, whose, *said, desk, now, lost=lost, kind=kind, start=best.start)]


def is_left(row: RequestRow, option: Option) -> bool:
    """Whether the seat is left to those who have not called yet. Once a human was alerted nothing is."""
    return row.state is not State.ESCALATED and left_to_others(option.cost, option.terms["scarcity"], row.need)


async def choose(
    cause: Cause,
    row: RequestRow,
    slot_id: str,
    slot_territory: str,
    modes: tuple[Mode, ...],
    reasons: tuple[str, ...],
    others: tuple[str, ...],
    desk: Desk,
    now: datetime,
    lost: tuple[str, ...] = (),
    kind: Seating = "booking",
    start: datetime | None = None,
) -> Event:
    choice = row.choice + 1
    await desk.change(
        row,
        choice=choice,
        pending=slot_id,
        unmatched=False,
        reasons=reasons,
        others=others,
        lost=lost,
    )
    return SlotChosen.after(
        cause,
        now,
        key=f"{row.request_id}:{choice}",
        territory=row.territory,
        request_id=row.request_id,
        slot_id=slot_id,
        choice=choice,
        modes=modes,
        patient_territory=row.territory,
        slot_territory=slot_territory,
        reasons=reasons,
        kind=kind,
        usual_practitioner=row.need.usual_practitioner,
        regulated_at=row.entered_at,
        start=start,
    )


def say_unmatched(cause: Cause, row: RequestRow, now: datetime) -> Event:
    """Why there was no seat for it, as the look just found."""
    due = escalate_at(now, row.need.deadline)
    return CareUnmatched.after(cause, now, request_id=row.request_id, counts=row.counts, escalate_at=due)


async def alert(
    cause: Cause,
    row: RequestRow,
    rank: int,
    why: Literal["no_place", "unanswered", "overdue"],
    seats: OpenSeats,
    desk: Desk,
    now: datetime,
) -> Event:
    """Alert the human of that rank; after the last one it begins again with the first."""
    person = await roster.on_call(desk.db, row.territory, rank)
    counts = count_refusals(row.need, seats, row.territory, now)
    await desk.change(
        row,
        state=State.ESCALATED,
        escalated_to=person,
        rank=rank,
        acknowledged_at=row.acknowledged_at if why == "overdue" else None,
        counts=counts,
    )
    timers = timers_when_escalated(row.need, now)
    if why == "overdue":
        timers = [Timer(Wake.OVERDUE, now + OVERDUE_EVERY)] + [t for t in timers if t.wake is not Wake.OVERDUE]
    await store.add_timers(desk.db, row.request_id, timers)
    return RequestEscalated.after(
        cause,
        now,
        request_id=row.request_id,
        person=person,
        rank=rank,
        deadline=row.need.deadline,
        counts=counts,
        why=why,
    )


async def close_as(cause: Cause, row: RequestRow, outcome: Outcome, desk: Desk, now: datetime) -> list[Event]:
    asked_no_more = await stop(cause, row, "withdrawn", desk, now)
    await end(desk, row, State(outcome), now)
    slot_id = row.slot_id or row.pending
    closed = RequestClosed.after(cause, now, request_id=row.request_id, outcome=outcome, slot_id=slot_id)
    return [*asked_no_more, closed]


async def untold(cause: Cause, row: RequestRow, why: Untold, start: datetime, desk: Desk, now: datetime) -> list[Event]:
    """Whoever gets no SMS is told by a named human, of the place at `start` or the promise until then."""
    if row.patient.sms:
        return []
    person = await roster.on_call(desk.db, row.territory)
    return [RequestUntold.after(cause, now, key=why, request_id=row.request_id, person=person, start=start, why=why)]


async def confirmed(cause: Cause, row: RequestRow, desk: Desk, now: datetime) -> Event:
    """The patient comes."""
    await desk.change(row, state=State.CONFIRMED, confirmed_for=row.slot_id)
    return RequestConfirmed.after(cause, now, request_id=row.request_id, slot_id=row.slot_id)


async def withdrawn(cause: Cause, row: RequestRow, desk: Desk, now: datetime) -> list[Event]:
    """Nobody need see the patient any more."""
    asked_no_more = await stop(cause, row, "withdrawn", desk, now)
    await end(desk, row, State.WITHDRAWN, now)
    known = row.state in PLACED  # nobody was told the hour of a seat that only keeps a promise
    return [
        *asked_no_more,
        RequestWithdrawn.after(
            cause,
            now,
            request_id=row.request_id,
            slot_id=row.slot_id or row.pending,
            practitioner_id=row.practitioner_id if known else None,
            start=row.start if known else None,
            patient=row.patient,
        ),
    ]


async def end(desk: Desk, row: RequestRow, state: State, now: datetime) -> None:
    await desk.change(row, state=state, pending=None, unmatched=False, closed_at=now)
    await store.set_timers(desk.db, row.request_id, [])
