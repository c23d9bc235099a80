"""May a practitioner get one more visit? The terms, and what is booked in the week, of those in hand."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from availability.tables import BOOKING, LIVE, PRACTITIONER, SLOT
from schemas.practitioner import Terms, Visit, Why, counts_as_regulated, refused_by, usual_terms

WEEK = timedelta(days=8)
"""What was booked this long before the earliest moment asked for may be in the same week."""

_THESE: Any = bindparam("these", expanding=True)
# Locked: two processes that each give the last visit of the week would give one too many.
_TERMS = select(PRACTITIONER).where(PRACTITIONER.c.id.in_(_THESE)).order_by(PRACTITIONER.c.id).with_for_update()
# From the practitioners' slots to their seats: an inner join begins with everybody's bookings while PostgreSQL has no
# statistics. A slot as it was opened (version 1) has none.
_VISITS = (
    select(SLOT.c.practitioner_id, BOOKING.c.request_id, BOOKING.c.start, BOOKING.c.counted)
    .outerjoin_from(SLOT, BOOKING, (BOOKING.c.slot_id == SLOT.c.id) & LIVE)
    .where(SLOT.c.practitioner_id.in_(_THESE), SLOT.c.start > bindparam("since"), SLOT.c.version > 1)
)


class Visits:
    """The visits of some practitioners in one transaction: asked for together, changed here as seats are taken."""

    def __init__(self, db: AsyncConnection) -> None:
        self._db = db
        self._terms: dict[str, tuple[Terms, ZoneInfo]] = {}
        self._visits: dict[str, dict[str, Visit]] = {}

    async def fetch(self, practitioner_ids: Iterable[str], now: datetime) -> None:
        """Take these in hand."""
        missing = set(practitioner_ids) - self._terms.keys()
        if not missing:
            return
        for row in await self._db.execute(_TERMS, {"these": list(missing)}):
            self._terms[row.id] = terms_of(row), ZoneInfo(row.zone or "Europe/Paris")
        capped = [one for one in missing if one in self._terms and _has_a_cap(self._terms[one][0])]
        self._visits.update({one: {} for one in missing})
        if capped:
            for row in await self._db.execute(_VISITS, {"these": capped, "since": now - WEEK}):
                if row.request_id is not None:
                    self._visits[row.practitioner_id][row.request_id] = Visit(row.start, row.counted)

    async def refusal(
        self, practitioner_id: str, request_id: str, start: datetime, now: datetime, *, counted: bool
    ) -> Why | None:
        """Why this practitioner gets no visit at that time, None = may have it. The request's own seat is not counted
        against it."""
        await self.fetch([practitioner_id], now)
        known = self._terms.get(practitioner_id)
        if known is None:
            return None
        others = (visit for one, visit in self._visits[practitioner_id].items() if one != request_id)
        return refused_by(known[0], known[1], others, start, counted=counted)

    async def allow(
        self, leaving: Iterable[tuple[str, str]], coming: Iterable[tuple[str, str, datetime]], now: datetime
    ) -> bool:
        """Whether, once these (practitioner, request) have left, all of these (and start) may come. Changes nothing."""
        before = {one: dict(visits) for one, visits in self._visits.items()}
        try:
            for practitioner_id, request_id in leaving:
                self.remove(practitioner_id, request_id)
            for practitioner_id, request_id, start in coming:
                if await self.refusal(practitioner_id, request_id, start, now, counted=True) is not None:
                    return False
                self.add(practitioner_id, request_id, start, counted=True)
            return True
        finally:
            self._visits = before

    def counts(self, practitioner_id: str, start: datetime, usual: str | None, regulated_at: datetime | None) -> bool:
        """Whether the visit is a regulated act. What does not say when it was regulated counts: rather too many."""
        known = self._terms.get(practitioner_id)
        own = usual == practitioner_id
        if known is None or regulated_at is None:
            return not own
        return counts_as_regulated(start, regulated_at, known[1], own_patient=own)

    def add(self, practitioner_id: str, request_id: str, start: datetime, *, counted: bool) -> None:
        self._visits.setdefault(practitioner_id, {})[request_id] = Visit(start, counted)

    def remove(self, practitioner_id: str, request_id: str) -> None:
        self._visits.get(practitioner_id, {}).pop(request_id, None)


def terms_of(row: Any) -> Terms:
    """The terms as kept; the usual ones when nothing was said yet."""
    return usual_terms(row.profession) if row.terms is None else Terms.model_validate_json(row.terms)


def _has_a_cap(terms: Terms) -> bool:
    return terms.per_day is not None or terms.per_week is not None
