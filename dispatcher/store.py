"""What does the dispatcher remember? Requests, timers, the slots it has heard of."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher.life import OPEN, State, Timer, Wake
from dispatcher.matching.open_slot import OpenSlot, opened, same
from dispatcher.tables import KNOWN, REQUEST, TIMER
from dispatcher.views import Board, RequestRow, request_row
from schemas.event import Event
from schemas.request import Need, Patient
from schemas.slot import SlotOpened
from schemas.values import LONGEST, SlotState

_DETAILS: TypeAdapter[SlotOpened] = TypeAdapter(SlotOpened)


# Built once: making a statement costs more than running it.
_LOAD = (
    select(REQUEST).where(REQUEST.c.id.in_(bindparam("these", expanding=True))).order_by(REQUEST.c.id).with_for_update()
)
_CHANGE = update(REQUEST).where(REQUEST.c.id == bindparam("this")).execution_options(later="this")
_WAITING = (
    select(REQUEST)
    .where(
        REQUEST.c.unmatched,
        REQUEST.c.territory == bindparam("territory"),
        REQUEST.c.profession == bindparam("profession"),
    )
    .order_by(REQUEST.c.deadline, REQUEST.c.id)
    .limit(bindparam("limit"))
)
_ADD = insert(REQUEST).on_conflict_do_nothing()
_NO_TIMERS = delete(TIMER).where(TIMER.c.request_id == bindparam("this")).execution_options(later="this")
_TIMER = insert(TIMER).execution_options(later="request_id")
_ADD_TIMER = _TIMER.on_conflict_do_update(index_elements=["request_id", "wake"], set_={"due": _TIMER.excluded.due})
_DROP_TIMER = (
    delete(TIMER)
    .where(TIMER.c.request_id == bindparam("this"), TIMER.c.wake == bindparam("of"))
    .execution_options(later="this")
)
_TAKE_DUE = (
    delete(TIMER)
    .where(TIMER.c.request_id.in_(bindparam("these", expanding=True)), TIMER.c.due <= bindparam("now"))
    .returning(TIMER)
)
_NEWS = insert(KNOWN).execution_options(later="slot_id")
_KNOW_OPENED = _NEWS.on_conflict_do_update(
    index_elements=["slot_id"], set_={"details": _NEWS.excluded.details, "start": _NEWS.excluded.start}
)
_KNOW_STATE = _NEWS.on_conflict_do_update(
    index_elements=["slot_id"],
    set_={"version": _NEWS.excluded.version, "state": _NEWS.excluded.state},
    where=KNOWN.c.version < _NEWS.excluded.version,
)


async def add(
    db: AsyncConnection,
    request_id: str,
    territory: str,
    need: Need,
    patient: Patient,
    by: str,
    now: datetime,
    interactive: bool,
    phone_digest: str | None = None,
) -> bool:
    """Remember a new request as seeking; False when it is already there."""
    row = {
        "id": request_id, "territory": territory, "state": State.SEEKING, "profession": need.profession,
        "need": need.model_dump_json(), "patient": patient.model_dump_json(), "deadline": need.deadline,
        "entered_at": now, "entered_by": by, "interactive": interactive, "choice": 0,
        "unmatched": False, "lost": "[]", "reasons": "[]",
        "others": "[]", "counts": "{}", "moved": False, "exchanging": False, "rank": -1, "phone_digest": phone_digest,
    }  # fmt: skip
    return bool((await db.execute(_ADD, row)).rowcount)


class Desk:
    """The requests in hand in one transaction: asked for together, locked where the database can (in the order of
    their ids, and before their timers: nobody waits in a ring), changed here and there alike."""

    def __init__(self, db: AsyncConnection) -> None:
        self.db = db
        self._rows: dict[str, RequestRow] = {}

    async def fetch(self, request_ids: Iterable[str]) -> "Desk":
        """Take these in hand, with one question to the database."""
        missing = set(request_ids) - self._rows.keys()
        if missing:
            for row in await self.db.execute(_LOAD, {"these": list(missing)}):
                self._rows[row.id] = request_row(row)
        return self

    async def take(self, ids: Sequence[str]) -> list[RequestRow]:
        """Those of these that exist, in this order. Whoever had to wait for one sees it as it is now: it may not be
        what was looked for any more."""
        await self.fetch(ids)
        return [self._rows[request_id] for request_id in ids if request_id in self._rows]

    async def load(self, request_id: str) -> RequestRow | None:
        """The request as it is now."""
        return (await self.fetch([request_id]))._rows.get(request_id)

    async def change(self, row: RequestRow, **fields: Any) -> RequestRow:
        """The request with these fields changed."""
        columns = {name: _AS_TEXT[name](value) if name in _AS_TEXT else value for name, value in fields.items()}
        await self.db.execute(_CHANGE, {"this": row.request_id, **columns})
        changed = self._rows[row.request_id] = row._replace(**fields)
        return changed


_AS_TEXT: Mapping[str, Callable[[Any], str | None]] = {
    "lost": json.dumps,
    "reasons": json.dumps,
    "others": json.dumps,
    "counts": json.dumps,
    "patient": lambda patient: patient.model_dump_json(),
    "place": lambda place: None if place is None else place.model_dump_json(),
}


async def set_timers(db: AsyncConnection, request_id: str, timers: Sequence[Timer]) -> None:
    """These timers and no others."""
    await db.execute(_NO_TIMERS, {"this": request_id})
    await add_timers(db, request_id, timers)


async def add_timers(db: AsyncConnection, request_id: str, timers: Sequence[Timer]) -> None:
    """These timers too; one of each kind, the new one wins."""
    if timers:
        rows = [{"request_id": request_id, "wake": timer.wake, "due": timer.due} for timer in timers]
        await db.execute(_ADD_TIMER, rows)


async def drop_timer(db: AsyncConnection, request_id: str, wake: Wake) -> None:
    await db.execute(_DROP_TIMER, {"this": request_id, "of": wake})


async def timers_of(db: AsyncConnection, request_id: str) -> dict[Wake, datetime]:
    """When which timer of the request is due."""
    rows = await db.execute(select(TIMER.c.wake, TIMER.c.due).where(TIMER.c.request_id == request_id))
    return {Wake(row.wake): row.due for row in rows}


async def take_due(desk: Desk, now: datetime, limit: int = 200) -> list[tuple[str, Timer]]:
    """Take due timers out, those of the `limit` most overdue requests at most, and their requests in hand. Whoever
    takes one is the only one who acts on it. Requests first: who has a request in hand changes its timers."""
    due = select(TIMER.c.request_id).where(TIMER.c.due <= now).order_by(TIMER.c.due).limit(limit)
    ids = list((await desk.db.execute(due)).scalars())
    if not ids:
        return []
    await desk.fetch(ids)
    rows = list(await desk.db.execute(_TAKE_DUE, {"these": ids, "now": now}))
    return [(row.request_id, Timer(Wake(row.wake), row.due)) for row in sorted(rows, key=lambda row: row.due)]


async def without_timer(db: AsyncConnection, limit: int = 100) -> list[RequestRow]:
    """Open requests that no timer watches: there should be none; the sweep mends them."""
    watched = select(TIMER.c.request_id).where(TIMER.c.request_id == REQUEST.c.id).exists()
    rows = await db.execute(select(REQUEST).where(REQUEST.c.state.in_(OPEN), ~watched).limit(limit))
    return [request_row(row) for row in rows]


async def waiting(db: AsyncConnection, territory: str, profession: str, limit: int) -> list[RequestRow]:
    """Requests that were looked for in vain, the nearest deadline first."""
    about = {"territory": territory, "profession": profession, "limit": limit}
    return [request_row(row) for row in await db.execute(_WAITING, about)]


LOOSE_AT_MOST = 5_000


async def take_loose(desk: Desk, territory: str) -> list[RequestRow]:
    """Who is promised a seat or waits for one in the territory, and was proposed nothing yet: what may still be decided
    otherwise."""
    mine = select(REQUEST.c.id).where(REQUEST.c.territory == territory, REQUEST.c.pending.is_(None))
    ids: list[str] = []
    for kind in (REQUEST.c.state == State.PROMISED, REQUEST.c.unmatched):  # one after the other: each has its index
        loose = mine.where(kind).order_by(REQUEST.c.deadline, REQUEST.c.id).limit(LOOSE_AT_MOST)
        ids += (await desk.db.execute(loose)).scalars()
    rows = await desk.take(ids)
    return [row for row in rows if row.pending is None and (row.unmatched or row.state is State.PROMISED)]


async def know_slot(db: AsyncConnection, fact: Event) -> None:
    """Remember what a fact says of a slot, unless something later is known."""
    state: SlotState | None = getattr(fact, "state", None)
    if state is None:
        return
    slot_id = fact.slot_id  # type: ignore[attr-defined]  # every fact with a state has one
    row: dict[str, Any] = {"slot_id": slot_id, "version": state.version, "state": state.model_dump_json()}
    if isinstance(fact, SlotOpened):
        await db.execute(_KNOW_OPENED, row | {"details": fact.model_dump_json(), "start": fact.start})
    else:
        await db.execute(_KNOW_STATE, row)


async def known_slots(db: AsyncConnection, since: datetime, after: str = "", limit: int = 2000) -> list[OpenSlot]:
    """The slots that may end after `since`, as last heard of: the next `limit` after that id, in the order of ids."""
    began = since - timedelta(minutes=LONGEST)
    mine = KNOWN.c.start > began, KNOWN.c.details.is_not(None), KNOWN.c.slot_id > after
    rows = await db.execute(select(KNOWN).where(*mine).order_by(KNOWN.c.slot_id).limit(limit))
    return [
        opened(_DETAILS.validate_json(row.details))._replace(state=same(SlotState.model_validate_json(row.state)))
        for row in rows
    ]


async def request(db: AsyncConnection, request_id: str) -> RequestRow | None:
    """The request as it is now."""
    return (await requests_of(db, [request_id])).get(request_id)


async def requests_of(db: AsyncConnection, ids: Iterable[str]) -> dict[str, RequestRow]:
    """Those that exist, by id."""
    rows = await db.execute(select(REQUEST).where(REQUEST.c.id.in_(list(ids))))
    return {row.id: request_row(row) for row in rows}


async def with_phone(db: AsyncConnection, territory: str, phone_digest: str) -> list[RequestRow]:
    """The requests that were entered with this number, the latest first."""
    mine = (REQUEST.c.phone_digest == phone_digest) & (REQUEST.c.territory == territory)
    rows = await db.execute(select(REQUEST).where(mine).order_by(REQUEST.c.entered_at.desc()))
    return [request_row(row) for row in rows]


async def ended_before(db: AsyncConnection, before: datetime, after: str, limit: int) -> tuple[list[str], str]:
    """Of the next `limit` requests in the order of their ids, those that ended before then; and where to go on ("" =
    from the beginning). What is asked of the database does not grow with the table."""
    query = select(REQUEST.c.id, REQUEST.c.closed_at).where(REQUEST.c.id > after).order_by(REQUEST.c.id).limit(limit)
    rows = list(await db.execute(query))
    old = [row.id for row in rows if row.closed_at is not None and row.closed_at < before]
    return old, rows[-1].id if len(rows) == limit else ""


async def forget_phone(db: AsyncConnection, request_id: str) -> None:
    """Nobody finds the request by its number any more."""
    await db.execute(update(REQUEST).where(REQUEST.c.id == request_id).values(phone_digest=None))


async def board(db: AsyncConnection, territory: str, limit: int = 60, *, ended_since: datetime | None = None) -> Board:
    """What the regulator watches: open requests by deadline, and those that ended since `ended_since`."""
    shown: ColumnElement[bool] = REQUEST.c.state.in_(OPEN)
    counted = select(func.count()).select_from(REQUEST).where(REQUEST.c.territory == territory, shown)
    if ended_since is not None:
        shown = or_(shown, REQUEST.c.closed_at > ended_since)
    # Those without a place come first: they are what the board is for.
    placed = REQUEST.c.start.is_not(None)
    rows = await db.execute(
        select(REQUEST)
        .where(REQUEST.c.territory == territory, shown)
        .order_by(placed, REQUEST.c.deadline, REQUEST.c.id)
        .limit(limit)
    )
    return Board([request_row(row) for row in rows], int((await db.execute(counted)).scalar_one()))


async def counts(db: AsyncConnection) -> dict[str, int]:
    """How many requests are open, by state; of all territories."""
    asked = select(REQUEST.c.state, func.count()).where(REQUEST.c.state.in_(OPEN)).group_by(REQUEST.c.state)
    found = {row[0]: row[1] for row in await db.execute(asked)}
    return {state.value: found.get(state.value, 0) for state in OPEN}


async def entered_between(db: AsyncConnection, territory: str, since: datetime, until: datetime) -> list[RequestRow]:
    """Requests entered in [since, until): what the figures are made of."""
    rows = await db.execute(
        select(REQUEST).where(
            REQUEST.c.territory == territory, REQUEST.c.entered_at >= since, REQUEST.c.entered_at < until
        )
    )
    return [request_row(row) for row in rows]
