"""What would a seat be worth that nobody has opened? The best chain of moves that it would set off."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from dispatcher.matching.columns import Asked, Ints, Table, asked, costs, together
from dispatcher.matching.open_slot import OpenSlot, Schedule
from dispatcher.matching.pair import wish_of
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from dispatcher.planning.batch import solved
from dispatcher.planning.futures import Call
from dispatcher.planning.ground import Seeker, ground
from dispatcher.planning.plan import Solved
from schemas.values import Mode, Place, SlotState

TOGETHER = 64
"""Calls judged at once: about an hour or two of them, beside the seats they could have."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where somebody of the profession practises, and how patients are seen there."""

    territory: str
    profession: str
    place: Place
    modes: tuple[Mode, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """The seats that are open; and those that are not: one more at each site in each hour, `more`, with their rows in a
    table of their own, their starts, and their numbers by profession, the soonest first."""

    open: OpenSeats
    more: tuple[OpenSlot, ...]
    table: Table
    rows: Ints
    starts: Ints
    of: Mapping[str, Ints]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """Of one future: `more[s]` = by how many equivalent minutes all would cost less with slot number s of `Supply.more`
    (0 = nothing); `missed` = the numbers of the calls that nobody serves in time."""

    more: Ints
    missed: tuple[int, ...]


def supply(
    slots: Iterable[OpenSlot], standings: Iterable[Standing], sites: Iterable[Site], hours: Sequence[int]
) -> Supply:
    """The open slots under their practitioners' terms; and a seat at each site that begins with each of these hours
    (epoch seconds // 3600)."""
    seats, others = OpenSeats(), OpenSeats()
    for standing in standings:
        seats.know(standing)
    for slot in slots:
        seats.put(slot)
    more = tuple(_one_more(number, site, hour) for number, site in enumerate(sites) for hour in hours)
    for slot in more:
        others.put(slot)
    rows = np.array([others.index.rows[slot.slot_id] for slot in more], np.int64)
    starts = others.index.table.starts[rows]
    of: defaultdict[str, list[int]] = defaultdict(list)
    for number in np.argsort(starts, kind="stable").tolist():
        of[more[number].schedule.profession].append(number)
    soonest = {profession: np.array(some, np.int64) for profession, some in of.items()}
    return Supply(seats, more, others.index.table, rows, starts, soonest)


def value(on: Supply, calls: Sequence[Call], now: datetime) -> Value:
    """What seats would be worth if these calls came, decided all together and judged each at its own moment.

    Nobody sits on a seat that is not there, so it changes nothing but what its first taker gains: what that call costs
    all (its own cost and the price of the seat it leaves, or its miss), less its cost here.
    """
    found = decided(on.open, calls, now)
    number = {call.ask.request_id: at for at, call in enumerate(calls)}
    at = np.array([number[request_id] for request_id in found.edges.requests], np.int64)
    paid, more = np.zeros(len(calls), np.int64), np.zeros(len(on.more), np.int64)
    paid[at] = found.worth.request
    for numbers, slots, minutes in _judged(on, calls):
        more[slots] = np.maximum(more[slots], (paid[numbers][:, None] - minutes).max(axis=0))
    return Value(more, tuple(sorted(at[found.assignment.taken < 0].tolist())))


def decided(seats: OpenSeats, calls: Iterable[Call], now: datetime) -> Solved:
    """The plan of least cost for these calls, each judged at its own moment."""
    on, near = ground(seats, now, {}), seats.index.near
    looking = sorted(calls, key=lambda call: call.ask.request_id)
    return solved(
        [Seeker(one.ask, _numbers(one, on.table), near(one.ask.need, one.ask.territory)) for one in looking], on, {}
    )


def _judged(on: Supply, calls: Sequence[Call]) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Numbers of some calls, of the slots of `more` that begin in their time, and what each costs each."""
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, call in enumerate(calls):
        alike[call.ask.need.professions].append(number)
    for professions, numbers in alike.items():
        slots = np.concatenate([np.empty(0, np.int64), *(on.of[one] for one in professions if one in on.of)])
        slots = slots[np.argsort(on.starts[slots], kind="stable")]
        for begin in range(0, len(numbers), TOGETHER):
            these = numbers[begin : begin + TOGETHER]
            some = [calls[number] for number in these]
            reach = min(one.at for one in some).timestamp(), max(one.ask.need.deadline for one in some).timestamp()
            low, high = np.searchsorted(on.starts[slots], reach, side="right")
            near = slots[low:high]
            if len(near):
                block = together([_numbers(one, on.table) for one in some])
                yield np.array(these, np.int64), near, costs(block, on.table.rows(on.rows[near]))


def _numbers(call: Call, table: Table) -> Asked:
    """The call as its own moment sees it."""
    need = call.ask.need
    return asked(need, wish_of(need, call.at), call.ask.territory, table)


def _one_more(number: int, site: Site, hour: int) -> OpenSlot:
    start = datetime.fromtimestamp(hour * 3600, UTC)
    state = SlotState(version=0, free=1, next_start=hour * 3600)
    slot_id = f"more-{number}-{hour}"
    schedule = Schedule(site.territory, "", site.profession, site.place, 15, 1, site.modes)
    return OpenSlot(slot_id, schedule, start, state)
