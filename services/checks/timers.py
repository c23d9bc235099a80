"""I3: is every open request watched by a timer that rings in time, and a human alerted before the miss?"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from dispatcher.life import OPEN, PLACED, State, Wake
from dispatcher.tables import REQUEST, TIMER
from services.checks.look import LATE, Look, rows


def _watched_by(*wakes: Wake) -> ColumnElement[bool]:
    watches = exists().where(TIMER.c.request_id == REQUEST.c.id)
    return watches.where(TIMER.c.wake.in_(wakes)) if wakes else watches


_NEEDS = or_(
    and_(REQUEST.c.state.in_((State.SEEKING, State.OFFERING)), ~_watched_by(Wake.ESCALATE)),
    and_(REQUEST.c.state == State.OFFERING, ~_watched_by(Wake.RING)),
    and_(REQUEST.c.state == State.ESCALATED, REQUEST.c.acknowledged_at.is_(None), ~_watched_by(Wake.STEP_UP)),
    and_(REQUEST.c.state == State.PROMISED, ~_watched_by(Wake.FREEZE)),
    and_(REQUEST.c.state.in_(PLACED), ~_watched_by(Wake.VISIT_OVER)),
    and_(REQUEST.c.state.in_(OPEN), ~_watched_by()),
)


async def unwatched(look: Look) -> list[str]:
    """An open request has the timer its state needs: one that alerts a human, the next human, or ends the visit."""
    query = select(REQUEST.c.id, REQUEST.c.state).where(_NEEDS).order_by(REQUEST.c.deadline)
    found = await rows(look, query)
    return [f"la demande {row.id} ({row.state}) n'a pas l'échéance qui doit la surveiller" for row in found]


async def watched_after_its_end(look: Look) -> list[str]:
    """A request that has ended, or does not exist, has no timer."""
    open_ = exists().where(REQUEST.c.id == TIMER.c.request_id, REQUEST.c.state.in_(OPEN))
    query: Any = select(TIMER.c.request_id).where(~open_).distinct().order_by(TIMER.c.request_id)
    return [f"la demande {row.request_id} est finie et garde une échéance" for row in await rows(look, query)]


async def rung_late(look: Look) -> list[str]:
    """No timer is overdue by more than a minute."""
    query = select(TIMER.c.request_id, TIMER.c.wake, TIMER.c.due).where(TIMER.c.due < look.now - LATE)
    found = await rows(look, query.order_by(TIMER.c.due))
    return [
        f"la demande {row.request_id} attend « {row.wake} » depuis {row.due:%Y-%m-%d %H:%M:%S}, plus d'une minute"
        for row in found
    ]


async def alerted_after_the_miss(look: Look) -> list[str]:
    """Who has no place is escalated before the deadline: the alert's timer rings before it (or at once)."""
    late = and_(TIMER.c.due > REQUEST.c.deadline, TIMER.c.due > look.now + LATE)
    joined = REQUEST.join(TIMER, (TIMER.c.request_id == REQUEST.c.id) & (TIMER.c.wake == Wake.ESCALATE))
    query = select(REQUEST.c.id).select_from(joined).where(REQUEST.c.state.in_((State.SEEKING, State.OFFERING)), late)
    found = await rows(look, query.order_by(REQUEST.c.deadline))
    return [f"la demande {row.id} n'alertera un humain qu'après son échéance" for row in found]
