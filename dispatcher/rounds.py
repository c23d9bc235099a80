"""What is decided better together? Every few minutes: those who wait, and those whose seat only keeps a promise."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from dispatcher import store
from dispatcher.life import State, freeze_at
from dispatcher.matching.choice import consider
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import Ask
from dispatcher.planning.promises import Move as Wanted
from dispatcher.planning.promises import Promised, improve
from dispatcher.steps import look
from dispatcher.store import Desk
from dispatcher.views import RequestRow
from schemas.event import Event, Order, derived_id
from schemas.slot import ExchangeChosen, Move
from schemas.values import system_actor

EVERY = timedelta(minutes=5)
"""Between two rounds: in the trial a short one beat first come, and 60 min were worse than 5."""


async def on_round(order: Order, db: AsyncConnection, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """The round of the order's territory: who waits is proposed a seat, who is promised one may get a better one.

    May run twice, or on two machines: who was proposed something waits for its answer, and is left alone meanwhile.
    """
    desk = Desk(db)
    rows = await store.take_loose(desk, order.territory)
    promised = {row.request_id: row for row in rows if row.state is State.PROMISED and _may_move(row, seats, now)}
    waiting = {row.request_id: row for row in rows if row.state is not State.PROMISED}
    if not rows:
        return []
    for request_id in waiting:
        seats.expect_no_more(request_id)
    found = improve(
        [_promise(row) for row in promised.values()],
        [Ask(row.request_id, row.need, row.territory) for row in waiting.values()],
        seats,
        now,
    )
    said: list[Event] = []
    for chain in chains(found.moves):
        moves = [await _move(promised[one.request_id], one, seats, desk, now) for one in chain]
        said.append(ExchangeChosen.after(_cause(order, moves[0]), now, moves=tuple(moves)))
    for one in found.moves:  # a seat that somebody leaves first is found when its news comes
        if one.since is None:
            said += await look(_cause(order, one), waiting[one.request_id], seats, desk, now)
    return said


def chains(moves: Iterable[Wanted]) -> list[list[Wanted]]:
    """Moves of promised requests that need one another, because one goes where the other leaves: each chain is made
    whole or not at all, so it should be as short as can be."""
    leaving: defaultdict[str, list[Wanted]] = defaultdict(list)
    loose = {one.request_id: one for one in moves if one.since is not None}
    for one in loose.values():
        leaving[one.since or ""].append(one)
    found: list[list[Wanted]] = []
    while loose:
        chain, ahead = [], [loose.pop(next(iter(loose)))]
        while ahead:
            one = ahead.pop()
            chain.append(one)
            near = [*leaving[one.to], *(other for other in loose.values() if other.to == one.since)]
            ahead += [loose.pop(other.request_id) for other in near if other.request_id in loose]
        found.append(chain)
    return found


def _may_move(row: RequestRow, seats: OpenSeats, now: datetime) -> bool:
    """Its hour is not final yet, and its slot was heard of."""
    known = row.slot_id is not None and seats.get(row.slot_id) is not None
    return known and row.start is not None and now < freeze_at(row.need, row.start)


def _promise(row: RequestRow) -> Promised:
    assert row.slot_id is not None, "a promise has a seat"
    assert row.start is not None, "a promise has a seat"
    return Promised(Ask(row.request_id, row.need, row.territory), row.slot_id, row.start)


async def _move(row: RequestRow, wanted: Wanted, seats: OpenSeats, desk: Desk, now: datetime) -> Move:
    slot = seats.get(wanted.to)
    option = consider(row.need, slot, seats, now, held=True, territory=row.territory) if slot else None
    first = (option.mode,) if option else ()
    reasons = option.reasons if option else row.reasons
    await desk.change(row, pending=wanted.to, exchanging=True, reasons=reasons, others=())
    seats.expect(wanted.to, row.request_id, now)
    return Move(
        request_id=row.request_id,
        choice=row.choice + 1,
        from_slot=wanted.since or "",
        to_slot=wanted.to,
        modes=tuple(dict.fromkeys((*first, *row.need.modes))),
        latest=row.need.deadline,
        start=option.start if option else None,
    )


def _cause(order: Order, about: Move | Wanted) -> Order:
    """The round's order, named after one request of it: what follows lies beside the request's other facts."""
    territory = order.territory
    return Order(id=derived_id(about.request_id, "round", order.id), territory=territory, actor=system_actor(territory))
