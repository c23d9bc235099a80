"""Is the batch's plan the cheapest there is, and does it serve all who can be served?"""

from datetime import timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.matching.choice import consider
from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.batch import plan
from dispatcher.planning.edges import edges
from dispatcher.planning.ground import Ask
from schemas.request import Need
from schemas.slot import SlotOpened
from tests.builders import MONDAY, TARN, a_need, a_slot, a_state, seats_of
from tests.dispatcher.worlds import days, heard, needs


def asks_of(some: list[Need]) -> list[Ask]:
    return [Ask(f"req-{number:02d}", need, TARN) for number, need in enumerate(some)]


def scalar(asks: list[Ask], slots: list[SlotOpened], seats: OpenSeats | None = None) -> dict[tuple[str, str], int]:
    """The cost of every pair that fits, judged one by one."""
    seats = heard(slots) if seats is None else seats
    found = {}
    for ask in asks:
        for slot in slots:
            known = seats.get(slot.slot_id)
            assert known is not None
            option = consider(ask.need, known, seats, MONDAY, territory=TARN)
            if option is not None:
                found[ask.request_id, slot.slot_id] = option.cost
    return found


def cheapest_by_hand(asks: list[Ask], slots: list[SlotOpened]) -> int:
    """Every assignment tried."""
    costs = scalar(asks, slots)
    free = {slot.slot_id: slot.state.free for slot in slots}
    choices = [[None, *(slot for (who, slot) in costs if who == ask.request_id)] for ask in asks]
    least = 10**9
    for taken in product(*choices):
        if any(taken.count(slot) > count for slot, count in free.items()):
            continue
        each = zip(asks, taken, strict=True)
        total = sum(
            urgency_weight(ask.need) * MISS if slot is None else costs[ask.request_id, slot] for ask, slot in each
        )
        least = min(least, total)
    return least


@given(st.lists(needs(), max_size=6), days())
def test_every_pair_costs_the_same_one_by_one_and_in_columns(some: list[Need], slots: list[SlotOpened]) -> None:
    asks = asks_of(some)
    found = edges(asks, heard(slots), MONDAY)
    each = zip(found.request.tolist(), found.slot.tolist(), found.cost.tolist(), strict=True)
    assert {(found.requests[who], found.slots[slot]): cost for who, slot, cost in each} == scalar(asks, slots)


@settings(max_examples=60)
@given(st.lists(needs(), max_size=4), days(most=5))
def test_no_assignment_at_all_costs_less(some: list[Need], slots: list[SlotOpened]) -> None:
    asks = asks_of(some)
    assert plan(asks, heard(slots), MONDAY).cost == cheapest_by_hand(asks, slots)


def test_all_are_served_when_all_can_be_whatever_it_costs_in_waiting() -> None:
    """Five waits a day longer each cost more than one miss: the chain is made all the same."""
    one_way = [a_slot(f"s{at}", MONDAY + timedelta(hours=1 + 20 * at)) for at in range(6)]
    asks = [
        Ask(f"r{at}", a_need(earliest=MONDAY + timedelta(hours=20 * at), within=timedelta(hours=21 + 20 * at)), TARN)
        for at in range(5)
    ]
    first = Ask("r-first", a_need(within=timedelta(hours=1)), TARN)
    found = plan([first, *asks], seats_of(*one_way), MONDAY)
    assert found.missed == ()


@given(st.lists(needs(), max_size=5), days())
def test_one_seat_never_serves_two(some: list[Need], slots: list[SlotOpened]) -> None:
    found = plan(asks_of(some), heard(slots), MONDAY)
    free = {slot.slot_id: slot.state.free for slot in slots}
    assert all(list(found.chosen.values()).count(slot_id) <= free[slot_id] for slot_id in found.chosen.values())


@given(st.lists(needs(), max_size=6), days(), st.data())
def test_the_order_of_slots_and_of_requests_does_not_matter(
    some: list[Need], slots: list[SlotOpened], data: st.DataObject
) -> None:
    asks = asks_of(some)
    before = plan(asks, heard(slots), MONDAY)
    again = plan(data.draw(st.permutations(asks)), heard(data.draw(st.permutations(slots))), MONDAY)
    assert (again.chosen, again.missed, again.cost) == (before.chosen, before.missed, before.cost)


@given(st.lists(needs(), min_size=1, max_size=5), days(most=12))
def test_a_price_is_what_one_seat_more_saves(some: list[Need], slots: list[SlotOpened]) -> None:
    asks = asks_of(some)
    found = plan(asks, heard(slots), MONDAY)
    for slot, price in zip(found.edges.slots, found.worth.seat.tolist(), strict=True):
        more = [
            one.model_copy(update={"state": a_state(one.start, free=one.state.free + 1)})
            if one.slot_id == slot
            else one
            for one in slots
        ]
        assert found.cost - plan(asks, heard(more), MONDAY).cost == price
