"""What would a seat be worth that nobody has opened? The best chain of moves that it would set off."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from dispatcher.matching.columns import FREE, REFUSED, START, Ints, asked, costs, together
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from dispatcher.planning.edges import Edges
from dispatcher.planning.flow import Assignment, assign
from dispatcher.planning.futures import Call
from dispatcher.planning.prices import Worth, worth
from schemas.values import Mode, Place, SlotState

TOGETHER = 64
"""Calls judged at once: about an hour or two of them, beside the seats they could have."""
KEPT = 24
"""Edges of a call at first, twice; and at most so many more each time."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Site:
    """Where somebody of the profession practises, and how patients are seen there."""

    territory: str
    profession: str
    place: Place
    modes: tuple[Mode, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Slots, their rows in the table, and their numbers by profession, the soonest first."""

    slots: tuple[OpenSlot, ...]
    rows: Ints
    starts: Ints
    of: Mapping[str, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """The seats that are open, and one more at each site in each hour: those that are not."""

    seats: OpenSeats
    open: Stock
    more: Stock


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Of one future: `more[s]` = by how many equivalent minutes all would cost less with slot number s of `Supply.more`
    (0 = nothing); `missed` = the numbers of the calls that nobody serves in time."""

    more: Ints
    missed: tuple[int, ...]


def supply(
    slots: Iterable[OpenSlot], standings: Iterable[Standing], sites: Iterable[Site], hours: Iterable[int]
) -> Supply:
    """The open slots under their practitioners' terms; and a seat at each site that begins with each of these hours
    (epoch seconds // 3600)."""
    seats, when = OpenSeats(), tuple(hours)
    for standing in standings:
        seats.know(standing)
    is_open = tuple(slot for slot in slots if slot.state.free > 0)
    more = tuple(_one_more(number, site, hour) for number, site in enumerate(sites) for hour in when)
    for slot in (*is_open, *more):
        seats.put(slot)
    return Supply(seats, _stock(is_open, seats), _stock(more, seats))


def value(on: Supply, calls: Sequence[Call]) -> Value:
    """What seats would be worth if these calls came, decided all together and judged each at its own moment.

    Nobody sits on a seat that is not there, so it changes nothing but what its first taker gains: what that call costs
    all (its own cost and the price of the seat it leaves, or its miss), less its cost here.
    """
    best, paid = _assigned(on, calls)
    more = np.zeros(len(on.more.slots), np.int64)
    for one in _judged(on, on.more, calls):
        more[one.slots] = np.maximum(more[one.slots], (paid.request[one.calls][:, None] - one.minutes).max(axis=0))
    return Value(more, tuple(np.flatnonzero(best.taken < 0).tolist()))


def _one_more(number: int, site: Site, hour: int) -> OpenSlot:
    start = datetime.fromtimestamp(hour * 3600, UTC)
    state = SlotState(version=0, free=1, next_start=hour * 3600)
    slot_id = f"more-{number}-{hour}"
    return OpenSlot(slot_id, site.territory, "", site.profession, site.place, start, 15, 1, site.modes, state)


def _stock(slots: tuple[OpenSlot, ...], seats: OpenSeats) -> Stock:
    rows = np.array([seats.index.rows[slot.slot_id] for slot in slots], np.int64)
    starts = seats.index.table.numbers[rows, START]
    of: defaultdict[str, list[int]] = defaultdict(list)
    for number in np.argsort(starts, kind="stable").tolist():
        of[slots[number].profession].append(number)
    return Stock(slots, rows, starts, {profession: np.array(some, np.int64) for profession, some in of.items()})


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Numbers of some calls, numbers of the slots that begin in their time, and what each costs each."""

    calls: Ints
    slots: Ints
    minutes: Ints


def _assigned(on: Supply, calls: Sequence[Call]) -> tuple[Assignment, Worth]:
    """The assignment of least cost and its prices. The solver lets nothing else run, so it gets few edges, and those
    that the prices say would pay, until there are none: as if it had had them all."""
    blocks = list(_judged(on, on.open, calls))
    used = [_first(one) for one in blocks]
    while True:
        found = _edges(on, calls, blocks, used)
        best = assign(found)
        paid = worth(found, best)
        news = [_paying(one, had, paid) for one, had in zip(blocks, used, strict=True)]
        if not any(new.any() for new in news):
            return best, paid
        used = [had | new for had, new in zip(used, news, strict=True)]


def _first(one: _Judged) -> Bools:
    """The cheapest edges of each call, and some of the others, each call beginning at another place: who all want the
    same seats would otherwise hide from one another what is left."""
    width = one.minutes.shape[1]
    if width <= 2 * KEPT:
        return one.minutes < REFUSED
    cheap = np.partition(one.minutes, KEPT - 1, axis=1)[:, KEPT - 1 : KEPT]
    spread = (np.arange(width) + one.calls[:, None]) % (width // KEPT) == 0
    return ((one.minutes <= cheap) | spread) & (one.minutes < REFUSED)


def _paying(one: _Judged, had: Bools, paid: Worth) -> Bools:
    """The edges that would pay at these prices, the best of each call."""
    gain = np.where(had, 0, paid.request[one.calls][:, None] - paid.seat[one.slots] - one.minutes)
    most = min(KEPT, gain.shape[1])
    best: Bools = (gain > 0) & (gain >= np.partition(gain, -most, axis=1)[:, -most, None])
    return best


def _edges(on: Supply, calls: Sequence[Call], blocks: Sequence[_Judged], used: Sequence[Bools]) -> Edges:
    parts = [np.empty((3, 0), np.int64)]
    for one, these in zip(blocks, used, strict=True):
        who, what = np.nonzero(these)
        parts.append(np.stack([one.calls[who], one.slots[what], one.minutes[who, what]]))
    request, slot, cost = np.concatenate(parts, axis=1)
    order = np.lexsort((slot, request))
    return Edges(
        requests=tuple(call.ask.request_id for call in calls),
        slots=tuple(one.slot_id for one in on.open.slots),
        request=request[order],
        slot=slot[order],
        cost=cost[order],
        seats=on.seats.index.table.numbers[on.open.rows, FREE],
        miss=np.array([urgency_weight(call.ask.need) * MISS for call in calls], np.int64),
        last=np.full(len(calls), REFUSED, np.int64),
    )


def _judged(on: Supply, stock: Stock, calls: Sequence[Call]) -> Iterator[_Judged]:
    """Each call beside all slots of its professions that begin in its time, some calls at once."""
    table = on.seats.index.table
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, call in enumerate(calls):
        alike[call.ask.need.professions].append(number)
    for professions, numbers in alike.items():
        slots = np.concatenate([np.empty(0, np.int64), *(stock.of[one] for one in professions if one in stock.of)])
        slots = slots[np.argsort(stock.starts[slots], kind="stable")]
        for begin in range(0, len(numbers), TOGETHER):
            some = [calls[number] for number in numbers[begin : begin + TOGETHER]]
            reach = min(one.at for one in some).timestamp(), max(one.ask.need.deadline for one in some).timestamp()
            low, high = np.searchsorted(stock.starts[slots], reach, side="right")
            near = slots[low:high]
            if len(near):
                rows = stock.rows[near]
                block = together([asked(one.ask.need, one.ask.territory, table, one.at) for one in some])
                minutes = costs(block, table.numbers[rows], table.points[rows])
                yield _Judged(np.array(numbers[begin : begin + TOGETHER], np.int64), near, minutes)
