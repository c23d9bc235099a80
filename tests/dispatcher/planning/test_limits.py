"""Does a plan give no practitioner more than they take, a day and a week, and still cost the least?"""

from collections import Counter
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from dispatcher.planning.batch import plan
from dispatcher.planning.ground import Ask
from dispatcher.planning.promises import Promised, improve
from schemas.request import Need
from schemas.slot import SlotOpened
from tests.builders import MONDAY, TARN, a_need, a_slot, a_state, hours, seats_of
from tests.dispatcher.planning.test_batch import asks_of, scalar
from tests.dispatcher.worlds import days, heard, needs, standings


def worlds_with(slots: list[SlotOpened], known: list[Standing]) -> OpenSeats:
    seats = heard(slots)
    for standing in known:
        seats.know(standing)
    return seats


def too_many(taken: list[str], slots: dict[str, SlotOpened], known: list[Standing]) -> bool:
    """Whether these visits and those booked are more than somebody takes."""
    for standing in known:
        mine = [slots[slot_id].start for slot_id in taken if slots[slot_id].practitioner_id == standing.practitioner_id]
        for start in mine:
            after = Standing("", booked=(*standing.booked, *mine))
            if standing.per_day is not None and after.of_day(start) > standing.per_day:
                return True
            if standing.per_week is not None and after.of_week(start) > standing.per_week:
                return True
    return False


def by_hand(asks: list[Ask], slots: list[SlotOpened], known: list[Standing]) -> int:
    """Every assignment tried."""
    costs = scalar(asks, slots, worlds_with(slots, known))
    free, by_id = {slot.slot_id: slot.state.free for slot in slots}, {slot.slot_id: slot for slot in slots}
    choices = [[None, *(slot for (who, slot) in costs if who == ask.request_id)] for ask in asks]
    least = 10**9
    for tried in product(*choices):
        taken = [slot for slot in tried if slot]
        if any(count > free[slot] for slot, count in Counter(taken).items()) or too_many(taken, by_id, known):
            continue
        each = zip(asks, tried, strict=True)
        cost = sum(costs[ask.request_id, slot] if slot else urgency_weight(ask.need) * MISS for ask, slot in each)
        least = min(least, cost)
    return least


@settings(max_examples=60)
@given(st.lists(needs(), min_size=2, max_size=4), days(most=5), standings())
def test_no_plan_within_the_limits_costs_less(some: list[Need], slots: list[SlotOpened], known: list[Standing]) -> None:
    asks = asks_of(some)
    found = plan(asks, worlds_with(slots, known), MONDAY)
    assert not too_many(list(found.chosen.values()), {slot.slot_id: slot for slot in slots}, known)
    assert found.cost == by_hand(asks, slots, known)


@given(st.lists(needs(), min_size=2, max_size=9), days(), standings())
def test_nobody_is_given_more_than_they_take(some: list[Need], slots: list[SlotOpened], known: list[Standing]) -> None:
    found = plan(asks_of(some), worlds_with(slots, known), MONDAY)
    assert not too_many(list(found.chosen.values()), {slot.slot_id: slot for slot in slots}, known)


def test_a_week_counts_all_its_days() -> None:
    slots = [a_slot(f"s{at}", MONDAY + hours(at), practitioner_id="gp-1") for at in range(1, 8)]
    slots += [a_slot(f"t{at}", MONDAY + hours(24 + at), practitioner_id="gp-1") for at in range(1, 8)]
    seats = seats_of(*slots)
    seats.know(Standing("gp-1", per_day=3, per_week=5))
    asks = [Ask(f"r{at}", a_need(within=hours(40)), TARN) for at in range(9)]
    chosen = plan(asks, seats, MONDAY).chosen
    assert len(chosen) == 5
    assert Counter(slot_id[0] for slot_id in chosen.values())["s"] == 3


def test_a_crowd_beyond_the_first_edges_keeps_the_limit_too() -> None:
    slots = [a_slot(f"a{at:03d}", MONDAY + hours(1 + at / 20), practitioner_id="gp-a") for at in range(120)]
    slots += [a_slot(f"b{at:03d}", MONDAY + hours(9 + at / 20), practitioner_id="gp-b") for at in range(120)]
    seats = seats_of(*slots)
    seats.know(Standing("gp-a", per_day=30, per_week=None))
    found = plan([Ask(f"r{at:03d}", a_need(), TARN) for at in range(130)], seats, MONDAY)
    assert Counter(slot_id[0] for slot_id in found.chosen.values()) == {"a": 30, "b": 100}
    assert sorted(found.chosen.values()) == [f"a{at:03d}" for at in range(30)] + [f"b{at:03d}" for at in range(100)]


def test_a_promise_counts_once_among_what_was_given() -> None:
    """The day is full with the promise itself: it may stay, and nobody else may come."""
    kept = a_slot("kept", MONDAY + hours(8), practitioner_id="gp-1", state=a_state(free=0))
    free = a_slot("free", MONDAY + hours(9), practitioner_id="gp-1")
    seats = seats_of(kept, free)
    seats.know(Standing("gp-1", per_day=1, booked=(kept.start,)))
    promise = Promised(Ask("r1", a_need(), TARN), "kept", kept.start)
    found = improve([promise], [Ask("r2", a_need(within=hours(12)), TARN)], seats, MONDAY)
    assert found.moves == ()
    assert found.plan.chosen == {"r1": "kept"}


def test_a_limit_holds_between_requests_that_share_no_seat() -> None:
    """A practitioner of two professions: whoever asks for one never looks where the other does."""
    both = [a_slot("gp", practitioner_id="two-hats"), a_slot("nurse", practitioner_id="two-hats", profession="60")]
    seats = seats_of(*both)
    seats.know(Standing("two-hats", per_day=1))
    asks = [Ask("r1", a_need(within=hours(6)), TARN), Ask("r2", a_need(profession="60"), TARN)]
    assert plan(asks, seats, MONDAY).chosen == {"r1": "gp"}


def test_a_week_that_is_full_asks_its_toll_on_each_of_its_days() -> None:
    """Three visits are left in the week: two patients come today, and of two for tomorrow one is not served."""
    slots = [a_slot(f"d{at}", MONDAY + hours(1 + at), practitioner_id="gp-1") for at in range(3)]
    slots += [a_slot(f"e{at}", MONDAY + hours(20 + at), practitioner_id="gp-1") for at in range(3)]
    seats = seats_of(*slots)
    seats.know(Standing("gp-1", per_day=2, per_week=3))
    today = [Ask(f"today-{at}", a_need(within=hours(5)), TARN) for at in range(2)]
    tomorrow = [Ask(f"tomorrow-{at}", a_need(earliest=MONDAY + hours(19)), TARN) for at in range(2)]
    found = plan([*today, *tomorrow], seats, MONDAY)
    assert sorted(found.chosen.values()) == ["d0", "d1", "e0"]
    tolls = dict(zip(found.edges.slots, found.worth.toll.tolist(), strict=True))
    assert tolls["e0"] == MISS - 20 * 60  # whoever takes it leaves one unserved, whom it would have cost 20 h
    assert tolls["d1"] == MISS - 21 * 60  # if nobody came today, that one would come an hour after the other
    prices = dict(zip(found.edges.slots, found.worth.seat.tolist(), strict=True))
    assert (prices["d0"], prices["d1"]) == (4 * 60, 0)  # two at the first hour, but not one more
