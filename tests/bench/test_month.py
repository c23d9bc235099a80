"""Does the simulated month measure what it says? A few days of it, its counters, and its generator."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from xml.etree import ElementTree

import pytest

from dispatcher.matching.seats import OpenSeats
from tests.bench.month import placing
from tests.bench.month.bids import Bids
from tests.bench.month.board import NEVER, Board
from tests.bench.month.clock import Month
from tests.bench.month.demand import WINDOW, Request, requests_of_month, urgency
from tests.bench.month.measure import gini
from tests.bench.month.placing import at_random, by_price, opened
from tests.bench.month.plots import bars, curves
from tests.bench.month.study import (
    CLAIRVOYANT,
    FIRST_COME,
    POLICIES,
    Outcome,
    Setting,
    a_setting,
    gap,
    side_by_side,
    with_troubles,
)
from tests.bench.month.troubles import NO_SHOW, REFUSES, troubles_of_month
from tests.bench.month.world import FIRST_MONDAY, REQUESTS_A_DAY, SUPPLY, Seat, a_world, seats_of_month

BATCH, PROMISES = "batch 5 min, prices", "all told 2 h before, prices"
COMPARED = {name: POLICIES[name] for name in (FIRST_COME, BATCH, PROMISES)}
NONE_OF_IT = dict.fromkeys(NEVER, 0)


@pytest.fixture(scope="module")
def setting() -> Setting:
    """Monday and Tuesday in tight supply; prices from a week of each of two months before."""
    return a_setting("tight", seed=1, days=2, past_days=7)


@pytest.fixture(scope="module")
def outcomes(setting: Setting) -> dict[str, Outcome]:
    return side_by_side(setting, COMPARED)


@pytest.mark.slow
def test_promises_come_much_nearer_to_the_limit_than_first_come(outcomes: dict[str, Outcome]) -> None:
    limit = outcomes[CLAIRVOYANT]
    assert gap(outcomes[PROMISES], limit) < 0.8 * gap(outcomes[FIRST_COME], limit)
    assert gap(outcomes[PROMISES], limit) < gap(outcomes[BATCH], limit)


@pytest.mark.slow
def test_nobody_does_better_than_the_clairvoyant(outcomes: dict[str, Outcome]) -> None:
    limit = outcomes[CLAIRVOYANT]
    assert all(gap(outcome, limit) >= 0 for outcome in outcomes.values())


@pytest.mark.slow
def test_promises_see_as_many_within_24_hours_as_first_come(outcomes: dict[str, Outcome]) -> None:
    first, promised = outcomes[FIRST_COME].figures, outcomes[PROMISES].figures
    assert promised.within_24 >= first.within_24 - 0.002
    assert promised.urgent_24 >= first.urgent_24
    assert promised.urgent_6 > first.urgent_6


@pytest.mark.slow
def test_without_prices_the_server_chooses_what_costs_this_caller_least(setting: Setting) -> None:
    """The engine's search and a plain minimum over all that is open, written apart, agree for every single caller.
    (The policies differ only in whom they ask first when a seat appears; on these calls nobody waits twice.)"""
    first_day = [one for one in setting.requests if one.entered < FIRST_MONDAY + timedelta(hours=12)]
    chosen = [
        Month(POLICIES[name](setting.learned), setting.seats, first_day).play().confirmed
        for name in ("first come, cheapest seat", "online")
    ]
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) > 100


@pytest.mark.slow
def test_what_must_never_be_never_is_whatever_goes_wrong(setting: Setting, outcomes: dict[str, Outcome]) -> None:
    assert all(outcome.never == NONE_OF_IT for name, outcome in outcomes.items() if name != CLAIRVOYANT)
    troubled = with_troubles(setting, 1, {name: POLICIES[name] for name in (FIRST_COME, PROMISES)})
    for month in troubled.values():
        assert month.never == NONE_OF_IT
        assert month.cut > 20
        assert month.mended > month.cut / 2
        assert month.flag_hours > 6


@dataclass
class Confirms:
    """A bad policy: everybody gets the seat of this number among the open ones, and nobody asks whether it is free."""

    number: int
    period: None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        for request in waiting:
            board.confirm(request, sorted(board.slots)[self.number], now)


@dataclass
class Silent:
    """A bad policy: nobody hears anything."""

    period: None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        pass


@dataclass
class Forgets:
    """A bad policy: promises, and drops the promise when the next patient calls."""

    period: None = None

    def decide(self, waiting: Sequence[Request], news: Iterable[str], board: Board, now: datetime) -> None:
        for request_id in list(board.promised):
            board.leave(request_id)
        for request in waiting:
            board.exchange(
                {request.id: next(slot_id for slot_id in sorted(board.slots) if board.is_free(slot_id))}, now
            )


@pytest.fixture(scope="module")
def few(setting: Setting) -> list[Request]:
    """Ten calls of Monday morning."""
    return [one for one in setting.requests if one.entered > FIRST_MONDAY + timedelta(hours=9)][:10]


def test_a_seat_given_twice_is_counted(setting: Setting, few: list[Request]) -> None:
    assert Month(Confirms(0), setting.seats, few).play().never["double bookings"] >= 9


def test_a_miss_nobody_was_told_of_is_counted(setting: Setting, few: list[Request]) -> None:
    assert Month(Silent(), setting.seats, few).play().never["misses kept silent"] == 10


def test_a_promise_that_is_dropped_is_counted(setting: Setting, few: list[Request]) -> None:
    assert Month(Forgets(), setting.seats, few).play().never["promises broken"] == 10


def test_a_confirmed_patient_who_is_moved_is_counted(setting: Setting, few: list[Request]) -> None:
    board, now = Board(setting.seats), few[0].entered
    board.show(now)
    first, second = sorted(board.slots)[:2]
    board.confirm(few[0], first, now)
    board.confirm(few[0], second, now)
    assert board.never["confirmations moved"] == 1
    assert board.is_free(first)


def test_a_seat_is_not_seen_before_it_is_published(setting: Setting) -> None:
    late = next(seat for seat in setting.seats if seat.published > FIRST_MONDAY + timedelta(hours=6))
    board = Board([late])
    board.show(late.published - timedelta(minutes=1))
    assert board.seats.get(late.slot.slot_id) is None
    board.show(late.published)
    assert board.seats.get(late.slot.slot_id) is not None


# --- the generator ----------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_month_and_another_is_not() -> None:
    def drawn(seed: int) -> tuple[list[Seat], list[Request]]:
        world = a_world(seed, SUPPLY["tight"])
        return seats_of_month(world, seed, 2), requests_of_month(world, seed, 2)

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_the_calls_are_those_of_the_study() -> None:
    requests = requests_of_month(a_world(2, SUPPLY["tight"]), 2, 28)
    shares = Counter(one.need.profession for one in requests)
    assert len(requests) / 28 == pytest.approx(REQUESTS_A_DAY, rel=0.02)
    assert shares["10"] / len(requests) == pytest.approx(0.55, abs=0.02)
    assert fmean(urgency(one) == 1 for one in requests) == pytest.approx(0.10, abs=0.01)
    assert all(one.need.deadline - one.entered == WINDOW for one in requests)
    assert [one.entered for one in requests] == sorted(one.entered for one in requests)


def test_nobody_is_in_two_places_at_once_and_tight_is_tighter_than_loose() -> None:
    count = {}
    for name, supply in SUPPLY.items():
        seats = seats_of_month(a_world(3, supply), 3, 7)
        count[name] = len(seats)
        assert len({(seat.slot.schedule.practitioner_id, seat.slot.start) for seat in seats}) == len(seats)
        assert all(seat.published < seat.slot.start for seat in seats)
    assert count["tight"] < REQUESTS_A_DAY * 7 < count["loose"]


def test_troubles_come_as_often_as_they_are_said_to(setting: Setting) -> None:
    troubles = troubles_of_month([seat.slot for seat in setting.seats], setting.requests, 1)
    assert len(troubles.refuses) / len(setting.seats) == pytest.approx(REFUSES, abs=0.02)
    assert len(troubles.no_shows) / len(setting.requests) == pytest.approx(NO_SHOW, abs=0.03)


# --- prices, seats, figures, drawings ---------------------------------------------------------------------


def test_the_price_of_a_seat_falls_as_those_who_might_want_it_do_not_call(setting: Setting) -> None:
    sunday = next(seat for seat in seats_of_month(setting.world, 1, 7) if seat.slot.start.weekday() == 6)
    prices = []
    for hours in (20, 6, 1):
        seats = OpenSeats()
        seats.put(sunday.slot)
        Bids(setting.learned).tell(seats, sunday.slot.start - timedelta(hours=hours))
        prices.append(seats.price(sunday.slot))
    assert prices[0] >= prices[1] >= prices[2]
    assert prices[0] > prices[2]


@pytest.mark.slow
def test_seats_are_placed_where_they_are_short(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    """In tight supply the week-end is short of everybody: prices see it, chance does not."""
    monkeypatch.setattr(placing, "ROUNDS", 1)  # eight seats at once, from one week: enough to see the week-end
    monkeypatch.setattr(placing, "PAST_DAYS", 7)
    priced = by_price(setting.world, requests_of_month(setting.world, 1001, 7), 1001)
    drawn = at_random(setting.world, random.Random(1))
    assert fmean(cell.weekday >= 5 for cell in priced[:8]) > 0.5 > fmean(cell.weekday >= 5 for cell in drawn)
    assert len(opened(priced, 14)) == 2 * len(priced) == 2 * len(drawn)


def test_gini_of_equal_loads_is_zero_and_of_one_who_does_all_nearly_one() -> None:
    assert gini([3, 3, 3, 3]) == pytest.approx(0)
    assert gini([0] * 99 + [1]) == pytest.approx(0.99)
    assert gini([]) == gini([0, 0]) == 0


def test_drawings_are_drawings() -> None:
    drawn = [
        bars("A < B", {"tight": {"first": 40.0, "ours": 20.0}, "loose": {"first": 10.0}}, "%"),
        curves("Seen", {"first": [(0, 0), (24, 88)], "ours": [(0, 0), (24, 89)]}, "hours", "%"),
    ]
    assert [ElementTree.fromstring(one).tag for one in drawn] == ["{http://www.w3.org/2000/svg}svg"] * 2
