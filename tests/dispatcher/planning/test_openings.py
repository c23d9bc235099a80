"""Is a seat that is not there worth what one would gain by having it?"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dispatcher.matching.choice import consider
from dispatcher.matching.open_slot import OpenSlot, opened
from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from dispatcher.planning.edges import Ask
from dispatcher.planning.futures import Call
from dispatcher.planning.openings import Site, Supply, supply, value
from schemas.request import Need
from schemas.slot import SlotOpened
from schemas.values import Mode
from tests.builders import AT_TEN, GAILLAC, LAVAUR, LISLE, MONDAY, TARN, a_need, an_open_slot, hours, minutes
from tests.dispatcher.worlds import days, needs

HOUR = int(MONDAY.timestamp()) // 3600
SITES = tuple(
    Site(TARN, profession, place, tuple(Mode)) for profession in ("10", "60") for place in (GAILLAC, LISLE, LAVAUR)
)
NEVER = 10**7


def called(need: Need, later: int = 0, number: int = 0) -> Call:
    """The need, asked for `later` minutes after Monday's first hour."""
    wait = timedelta(minutes=later)
    moved = {"earliest": need.earliest + wait, "deadline": need.deadline + wait}
    return Call(Ask(f"req-{number:02d}", need.model_copy(update=moved), TARN), MONDAY + wait)


def least(calls: Sequence[Call], slots: Sequence[OpenSlot]) -> tuple[int, int]:
    """By another solver, each pair judged by itself: the least cost of all, and how many it leaves out."""
    misses = [urgency_weight(call.ask.need) * MISS for call in calls]
    columns = []
    for slot in slots:
        seats = OpenSeats()
        seats.put(slot)
        judged = [consider(call.ask.need, slot, seats, call.at, territory=TARN) for call in calls]
        columns += [[NEVER if one is None else one.cost for one in judged]] * slot.state.free
    alone = np.where(np.eye(len(calls), dtype=bool), misses, NEVER)
    costs = np.concatenate([np.array(columns, np.int64).reshape(len(columns), len(calls)), alone]).T
    who, what = linear_sum_assignment(costs)
    return int(costs[who, what].sum()), int((what >= len(columns)).sum())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(needs(), st.integers(0, 24 * 60)), max_size=6),
    days(most=6),
    st.lists(st.integers(1, 30), min_size=1, max_size=2, unique=True),
)
def test_it_is_worth_what_is_gained_when_all_is_solved_again_with_it(
    some: list[tuple[Need, int]], slots: list[SlotOpened], later: list[int]
) -> None:
    calls = [called(need, after, number) for number, (need, after) in enumerate(some)]
    known = [opened(one) for one in slots if one.state.free]
    on = supply(known, (), SITES, [HOUR + one for one in later])
    found = value(on, calls, MONDAY)
    before, missed = least(calls, known)
    assume(missed == len(found.missed))  # else all could be served, which comes before the cost
    for slot, worth in zip(on.more, found.more.tolist(), strict=True):
        assert worth == before - least(calls, [*known, slot])[0]


def at_ten(on: Supply, calls: list[Call]) -> int:
    (worth,) = value(on, calls, MONDAY).more.tolist()
    return int(worth)


GP = Site(TARN, "10", GAILLAC, (Mode.OFFICE,))


def test_with_nobody_left_out_a_seat_is_worth_the_waiting_it_spares() -> None:
    on = supply([an_open_slot("later", AT_TEN + hours(3))], (), [GP], [HOUR + 2])
    assert at_ten(on, [called(a_need())]) == 180


def test_for_who_has_no_seat_it_is_worth_the_miss() -> None:
    on = supply([], (), [GP], [HOUR + 2])
    assert at_ten(on, [called(a_need())]) == MISS - 120
    assert at_ten(on, [called(a_need()), called(a_need(within=hours(6)), number=1)]) == 4 * (MISS - 120)


def test_a_seat_before_the_call_is_worth_nothing() -> None:
    on = supply([], (), [GP], [HOUR + 2])
    assert at_ten(on, [called(a_need(), later=120)]) == 0
    assert at_ten(on, [called(a_need(), later=85)]) == MISS - 35


def test_who_calls_late_is_missed_as_much_as_who_calls_now() -> None:
    on = supply([], (), [GP], [HOUR + 40])
    assert at_ten(on, [called(a_need(), later=38 * 60)]) == MISS - 120


def test_the_terms_of_practitioners_hold_for_open_seats() -> None:
    slot = an_open_slot("open", AT_TEN, practitioner_id="gp-1")
    paused = Standing("gp-1", paused_until=AT_TEN + minutes(1))
    assert value(supply([slot], [paused], [], []), [called(a_need())], MONDAY).missed == (0,)
    assert value(supply([slot], [], [], []), [called(a_need())], MONDAY).missed == ()


def test_without_seats_or_calls_nothing_is_worth_anything() -> None:
    assert value(supply([], (), [], []), [called(a_need())], MONDAY).missed == (0,)
    assert at_ten(supply([], (), [GP], [HOUR + 2]), []) == 0
