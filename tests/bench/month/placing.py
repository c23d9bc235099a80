"""Where would more seats help most? Where the prices of a past month say, against seats like those there are."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from dispatcher.matching.columns import Ints
from dispatcher.planning.flow import assign
from dispatcher.planning.prices import worth
from schemas.values import Mode
from tests.bench.month.clock import Month
from tests.bench.month.demand import Request, requests_of_month
from tests.bench.month.hindsight import all_edges
from tests.bench.month.ours import Batch
from tests.bench.month.study import FIVE, PAST, Setting
from tests.bench.month.world import QUARTERS, Commune, Practitioner, Seat, World, a_seat, seats_of_month

SEATS_A_WEEK = 40
ROUNDS = 5
"""Seats are placed a fifth at a time, and the prices found again: the second in one place is worth less."""
PAST_DAYS = 14
HOURS = (8, 9, 10, 11, 14, 15, 16, 17, 18)


@dataclass(frozen=True, slots=True)
class Cell:
    """A seat that could be opened every week: whose profession, in which commune, on which weekday, at what hour."""

    profession: str
    commune: Commune
    weekday: int
    minute: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Requests missed in the month: as it is, with seats where prices say, and with each draw of seats at random."""

    missed: int
    by_price: int
    at_random: tuple[int, ...]

    @property
    def ratio(self) -> float:
        """How many times as many misses the seats placed by price avoid."""
        return (self.missed - self.by_price) / max(0.5, self.missed - fmean(self.at_random))


def placed(setting: Setting, seed: int, days: int, draws: int = 3) -> Placed:
    """The month of the setting with `SEATS_A_WEEK` more seats, placed by what the month before it says."""
    world, chance = setting.world, random.Random(f"placing-{seed}")
    priced = by_price(world, requests_of_month(world, PAST + seed, PAST_DAYS), PAST + seed)
    drawn = [_missed(setting, at_random(world, chance), days) for _ in range(draws)]
    return Placed(_missed(setting, [], days), _missed(setting, priced, days), tuple(drawn))


def by_price(world: World, requests: Sequence[Request], seed: int) -> list[Cell]:
    """The cells in which a seat more would have been worth most to the requests of the past, best first."""
    seats, cells, found = seats_of_month(world, seed, PAST_DAYS + 1), _cells(world), list[Cell]()
    for _ in range(ROUNDS):
        value = _values(requests, [*seats, *opened(found, PAST_DAYS)], cells)
        best: dict[tuple[str, int], Cell] = {}
        for number in np.argsort(-value, kind="stable").tolist():
            best.setdefault((cells[number].profession, cells[number].weekday), cells[number])
        found += list(best.values())[: SEATS_A_WEEK // ROUNDS]
    return found


def at_random(world: World, chance: random.Random) -> list[Cell]:
    """Seats like those there are: of anybody, on the days and at the hours at which people work."""
    people = chance.choices(world.practitioners, [len(one.template) for one in world.practitioners], k=SEATS_A_WEEK)
    days = [chance.choice(one.template)[0] for one in people]
    return [
        Cell(one.profession, one.commune, day, chance.choice(QUARTERS)) for one, day in zip(people, days, strict=True)
    ]


def opened(cells: Iterable[Cell], days: int) -> list[Seat]:
    """The seats of these cells in every week of the month, each of a newcomer who publishes long before."""
    seats = []
    for number, cell in enumerate(cells):
        modes = (Mode.OFFICE, Mode.HOME) if cell.profession == "60" else (Mode.OFFICE,)
        who = Practitioner(f"more-{number:05d}", cell.profession, cell.commune, modes, "week", ())
        seats += [a_seat(who, day, cell.minute) for day in range(days) if day % 7 == cell.weekday]
    return seats


def _values(requests: Sequence[Request], seats: Sequence[Seat], cells: Sequence[Cell]) -> Ints:
    """What a seat more in each cell would have been worth, all weeks together, in equivalent minutes."""
    possible = opened(cells, PAST_DAYS)
    every = sorted([*seats, *possible], key=lambda seat: (seat.slot.start, seat.slot.slot_id))
    there = {seat.slot.slot_id for seat in seats}
    edges = all_edges(requests, every)
    edges = replace(edges, seats=np.array([slot_id in there for slot_id in edges.slots], np.int64))
    prices = dict(zip(edges.slots, worth(edges, assign(edges)).seat.tolist(), strict=True))
    weeks = PAST_DAYS // 7
    found: Ints = np.array([prices[seat.slot.slot_id] for seat in possible], np.int64).reshape(len(cells), weeks).sum(1)
    return found


def _cells(world: World) -> list[Cell]:
    """Every hour of the week wherever somebody of the profession works."""
    places = sorted({(one.profession, one.commune) for one in world.practitioners}, key=_name)
    return [
        Cell(profession, commune, weekday, hour * 60)
        for profession, commune in places
        for weekday in range(7)
        for hour in HOURS
    ]


def _name(place: tuple[str, Commune]) -> tuple[str, str]:
    return place[0], place[1].place.commune


def _missed(setting: Setting, cells: Sequence[Cell], days: int) -> int:
    """Requests without a place at the end of the month."""
    seats = [*setting.seats, *opened(cells, days + 1)]
    return len(setting.requests) - len(Month(Batch(FIVE), seats, setting.requests).play().confirmed)
