"""Do the rules and the cost say the same of one slot and of a column of slots, and does the index hide none?"""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.matching.choice import Option, consider, propose
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing, refusal
from dispatcher.planning.edges import edges
from dispatcher.planning.ground import Ask
from schemas.request import Need
from schemas.slot import SlotOpened
from schemas.values import Mode, Visibility
from tests.builders import MONDAY, TARN, a_need, a_slot, hours, minutes, seats_of
from tests.dispatcher.worlds import NEIGHBOURS, heard, particular_days, particular_needs, standings


def world(slots: list[SlotOpened], known: list[Standing], prices: dict[tuple[str, int], int]) -> OpenSeats:
    seats = heard(slots)
    for standing in known:
        seats.know(standing)
    for territory in (TARN, NEIGHBOURS):
        seats.know_bids(territory, prices)
    return seats


def one_by_one(need: Need, slots: list[SlotOpened], seats: OpenSeats) -> dict[str, Option]:
    """Each slot judged alone."""
    found = {}
    for slot in slots:
        known = seats.get(slot.slot_id)
        assert known is not None
        option = consider(need, known, seats, MONDAY, territory=TARN)
        if option is not None:
            found[slot.slot_id] = option
    return found


hour = int(MONDAY.timestamp()) // 3600
prices = st.dictionaries(
    st.tuples(st.sampled_from(["10", "60"]), st.integers(hour, hour + 9)),
    st.integers(1, 300),
)


@given(st.lists(particular_needs(), min_size=1, max_size=5), particular_days(), standings(), prices)
def test_a_column_is_judged_as_each_of_its_slots(
    some: list[Need], slots: list[SlotOpened], known: list[Standing], worth: dict[tuple[str, int], int]
) -> None:
    seats = world(slots, known, worth)
    found = edges([Ask(f"req-{at}", need, TARN) for at, need in enumerate(some)], seats, MONDAY)
    each = zip(found.request.tolist(), found.slot.tolist(), found.cost.tolist(), strict=True)
    assert {(found.requests[who], found.slots[slot]): cost for who, slot, cost in each} == {
        (f"req-{at}", slot_id): option.cost
        for at, need in enumerate(some)
        for slot_id, option in one_by_one(need, slots, seats).items()
    }


@given(particular_needs(), particular_days(), standings(), prices)
def test_what_is_proposed_is_the_cheapest_of_all_that_fit(
    need: Need, slots: list[SlotOpened], known: list[Standing], worth: dict[tuple[str, int], int]
) -> None:
    seats = world(slots, known, worth)
    every = one_by_one(need, slots, seats)
    ranked = sorted(every.values(), key=lambda option: (option.cost, option.slot.slot_id))
    found = propose(need, seats, TARN, MONDAY, limit=20)
    assert list(found.options) == ranked
    assert all(option.cost == sum(option.terms.values()) for option in found.options)
    if not ranked:
        seen = [slot for slot in slots if slot.profession in need.professions and slot.start > MONDAY]
        own = [slot for slot in seen if slot.territory == TARN]
        assert len(own) <= sum(found.counts.values()) <= len(seen)


@given(particular_needs(), particular_days(), standings())
def test_no_term_of_a_practitioner_and_no_consent_is_ever_broken(
    need: Need, slots: list[SlotOpened], known: list[Standing]
) -> None:
    seats = world(slots, known, {})
    mine = {one.practitioner_id: one for one in known}
    for option in propose(need, seats, TARN, MONDAY, limit=20).options:
        slot = option.slot
        assert not refusal(mine.get(slot.schedule.practitioner_id), slot.start)
        assert slot.schedule.practitioner_id not in need.excluded
        assert (
            slot.schedule.visibility is not Visibility.OWN or slot.schedule.practitioner_id == need.usual_practitioner
        )
        assert slot.schedule.visibility is not Visibility.CPTS or slot.schedule.territory == TARN


@given(particular_days(), standings(), st.data())
def test_terms_that_change_leave_no_trace(slots: list[SlotOpened], known: list[Standing], data: st.DataObject) -> None:
    need = data.draw(particular_needs())
    seats = world(slots, known, {})
    for one in known:
        seats.know(Standing(one.practitioner_id))
    assert propose(need, seats, TARN, MONDAY).options == propose(need, heard(slots), TARN, MONDAY).options


def test_a_slot_whose_row_was_used_before_inherits_nothing() -> None:
    """Its predecessor was a neighbour's, for its own patients, with a term that refused."""
    old = a_slot("old", MONDAY + hours(1), practitioner_id="gp-1", territory=NEIGHBOURS, visibility=Visibility.OWN)
    seats = seats_of(old)
    seats.know(Standing("gp-1", paused_until=MONDAY + hours(30), excess=0.5))
    seats.forget_before(MONDAY + hours(2))
    seats.hear(a_slot("new", MONDAY + hours(5), practitioner_id="gp-2"))
    assert [option.cost for option in propose(a_need(), seats, TARN, MONDAY).options] == [300]


def test_a_slot_shown_to_neighbours_is_proposed_once_to_its_own_territory() -> None:
    seats = seats_of(a_slot("shown", visibility=Visibility.PUBLIC, modes=(Mode.OFFICE, Mode.TELE)))
    for modes in ((Mode.OFFICE,), (Mode.TELE,)):
        found = propose(a_need(modes=modes), seats, TARN, MONDAY)
        assert [option.slot.slot_id for option in found.options] == ["shown"]


def test_equals_are_settled_by_id_though_one_begins_after_all_that_were_looked_at() -> None:
    """More than enough begin before nine; the one at nine costs no more than the best of them."""
    early = [a_slot(f"y{at:02d}", MONDAY + minutes(35)) for at in range(70)]
    best = a_slot("z", MONDAY + minutes(30))  # the second choice of mode: 30 + 30
    nine = a_slot("a", MONDAY + minutes(60), modes=(Mode.HOME,))
    need = a_need(modes=(Mode.HOME, Mode.OFFICE))
    found = propose(need, seats_of(*early, best, nine), TARN, MONDAY, limit=1)
    assert [(option.slot.slot_id, option.cost) for option in found.options] == [("a", 60)]
