"""Does the best seat win, for the right reasons, whatever was heard first?"""

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.matching.choice import consider, propose
from dispatcher.matching.eligibility import say_counts
from dispatcher.matching.ranking import say_minutes
from schemas.request import Need
from schemas.slot import SlotOpened
from schemas.values import Mode
from tests.builders import (
    AT_TEN,
    GAILLAC,
    LAVAUR,
    LISLE,
    MONDAY,
    NARBONNE,
    SOMEWHERE,
    TARN,
    a_need,
    a_slot,
    a_state,
    hours,
    minutes,
    seats_of,
)
from tests.dispatcher.worlds import Scan, days, heard, ids, needs


def best(need: Need, *slots: SlotOpened) -> str | None:
    options = propose(need, seats_of(*slots), TARN, MONDAY, limit=1).options
    return options[0].slot.slot_id if options else None


def refusals(need: Need, *slots: SlotOpened) -> dict[str, int]:
    found = propose(need, seats_of(*slots), TARN, MONDAY)
    assert not found.options
    return found.counts


# --- examples -------------------------------------------------------------------------------------------


def test_the_soonest_slot_of_the_commune_is_taken() -> None:
    assert best(a_need(), a_slot("noon", MONDAY + hours(4)), a_slot("ten", AT_TEN)) == "ten"


def test_half_an_hour_of_road_is_worth_waiting_less_than_an_hour() -> None:
    far = a_slot("lavaur", AT_TEN, place=LAVAUR)  # 31 min of road: as bad as 62 min of waiting
    assert best(a_need(), far, a_slot("gaillac", AT_TEN + minutes(60))) == "gaillac"
    assert best(a_need(), far, a_slot("gaillac", AT_TEN + minutes(70))) == "lavaur"


def test_an_urgent_patient_is_sent_further_to_be_seen_sooner() -> None:
    slots = a_slot("lavaur", AT_TEN, place=LAVAUR), a_slot("gaillac", AT_TEN + minutes(30))
    assert best(a_need(within=hours(24)), *slots) == "gaillac"
    assert best(a_need(within=hours(6)), *slots) == "lavaur"


def test_the_usual_practitioner_is_worth_waiting_two_hours_more() -> None:
    need = a_need(usual_practitioner="gp-usual")
    later = a_slot("usual", AT_TEN + minutes(119), practitioner_id="gp-usual")
    found = propose(need, seats_of(a_slot("soon"), later), TARN, MONDAY)
    assert ids(found.options) == ["usual", "soon"]
    assert found.options[0].reasons[0] == "médecin traitant"
    assert best(need, a_slot("soon"), a_slot("usual", AT_TEN + minutes(121), practitioner_id="gp-usual")) == "soon"


def test_the_most_urgent_wait_half_an_hour_more_for_the_usual_practitioner() -> None:
    need = a_need(usual_practitioner="gp-usual", within=hours(6))
    assert best(need, a_slot("soon"), a_slot("usual", AT_TEN + minutes(29), practitioner_id="gp-usual")) == "usual"
    assert best(need, a_slot("soon"), a_slot("usual", AT_TEN + minutes(31), practitioner_id="gp-usual")) == "soon"


def test_the_usual_practitioner_is_always_shown_even_much_later() -> None:
    late = a_slot("usual", MONDAY + hours(20), practitioner_id="gp-usual", place=LAVAUR)
    soon = [a_slot(name) for name in "abcd"]
    found = propose(a_need(usual_practitioner="gp-usual"), seats_of(late, *soon), TARN, MONDAY)
    assert ids(found.options) == ["a", "b", "usual"]


def test_a_usual_nurse_is_not_called_a_usual_gp() -> None:
    nurse = a_slot("nurse", profession="60", practitioner_id="nurse-1")
    found = propose(a_need(profession="60", usual_practitioner="nurse-1"), seats_of(nurse), TARN, MONDAY)
    assert found.options[0].reasons[0] == "professionnel habituel"


def test_the_usual_practitioner_who_is_late_gives_way() -> None:
    late = a_slot("usual", MONDAY + hours(25), practitioner_id="gp-usual")
    assert best(a_need(usual_practitioner="gp-usual"), a_slot("other"), late) == "other"


def test_equals_are_settled_by_id_never_by_chance() -> None:
    assert best(a_need(), a_slot("b"), a_slot("a"), a_slot("c")) == "a"


def test_nobody_is_sent_where_nobody_can_be_in_time() -> None:
    assert refusals(a_need(), a_slot(start=MONDAY + minutes(29))) == {"too_soon": 1}
    assert refusals(a_need(), a_slot(start=MONDAY + minutes(30), place=LAVAUR)) == {"too_soon": 1}
    assert best(a_need(), a_slot("lavaur", MONDAY + minutes(31), place=LAVAUR)) == "lavaur"


def test_a_teleconsultation_needs_ten_minutes_notice_and_no_road() -> None:
    need = a_need(modes=(Mode.TELE,))
    far = a_slot("far", MONDAY + minutes(10), place=NARBONNE, modes=(Mode.TELE,))
    assert best(need, far) == "far"
    assert refusals(need, a_slot(start=MONDAY + minutes(9), modes=(Mode.TELE,))) == {"too_soon": 1}


def test_a_teleconsultation_from_an_unknown_place_is_fine() -> None:
    assert best(a_need(modes=(Mode.TELE,)), a_slot("screen", place=SOMEWHERE, modes=(Mode.TELE,))) == "screen"


def test_a_home_visit_needs_three_quarters_of_an_hour_notice() -> None:
    need = a_need(modes=(Mode.HOME,))
    assert refusals(need, a_slot(start=MONDAY + minutes(44), modes=(Mode.HOME,))) == {"too_soon": 1}
    assert best(need, a_slot("home", MONDAY + minutes(45), modes=(Mode.HOME,))) == "home"


def test_a_patient_on_foot_goes_to_the_commune_or_is_visited() -> None:
    office, home = a_slot("office", place=LISLE), a_slot("home", place=LISLE, modes=(Mode.HOME,))
    need = a_need(no_vehicle=True, modes=(Mode.OFFICE, Mode.HOME))
    assert best(need, office, home) == "home"
    assert refusals(a_need(no_vehicle=True), office) == {"too_far": 1}
    assert best(need, a_slot("here", place=GAILLAC)) == "here"


def test_beyond_the_radius_nobody_is_sent() -> None:
    assert refusals(a_need(radius_km=20), a_slot(place=LAVAUR)) == {"too_far": 1}
    assert best(a_need(radius_km=24), a_slot("lavaur", place=LAVAUR)) == "lavaur"


def test_the_window_and_the_deadline_are_the_patients_own() -> None:
    need = a_need(earliest=MONDAY + hours(5), within=hours(8))
    assert refusals(need, a_slot(start=MONDAY + hours(5) - minutes(1))) == {"too_soon": 1}
    assert refusals(need, a_slot(start=MONDAY + hours(8) + minutes(1))) == {"too_late": 1}
    assert best(need, a_slot("first", MONDAY + hours(5))) == "first"
    assert best(need, a_slot("last", MONDAY + hours(8))) == "last"


def test_a_full_slot_is_counted_as_full() -> None:
    assert refusals(a_need(), a_slot(state=a_state(free=0))) == {"full": 1}


def test_a_slot_already_lost_is_not_proposed_again() -> None:
    seats = seats_of(a_slot("a"), a_slot("b"))
    assert ids(propose(a_need(), seats, TARN, MONDAY, without=("a",)).options) == ["b"]


def test_the_neighbours_slots_are_not_ours_to_give() -> None:
    assert refusals(a_need(), a_slot(territory="grand-narbonne")) == {}


def test_the_reasons_are_those_a_regulator_would_say() -> None:
    found = propose(a_need(), seats_of(a_slot("a", place=LISLE), a_slot("b", AT_TEN + minutes(35))), TARN, MONDAY)
    assert [option.reasons for option in found.options] == [
        ("dans 2 h", "à 16 min de route"),
        ("dans 2 h 35", "dans la commune"),
    ]
    assert found.others() == ("dans 2 h 35, dans la commune (+3 min : plus tard)",)


def test_a_second_choice_of_mode_says_so() -> None:
    need = a_need(modes=(Mode.HOME, Mode.TELE))
    found = propose(need, seats_of(a_slot(modes=(Mode.TELE,))), TARN, MONDAY)
    assert found.options[0].reasons == ("dans 2 h", "sans déplacement", "autre mode que souhaité")


def test_waiting_times_are_read_as_people_say_them() -> None:
    assert [say_minutes(m).replace("\u00a0", " ") for m in (0, 45, 120, 130, 24 * 60, 27 * 60, -5)] == [
        "0 min", "45 min", "2 h", "2 h 10", "1 j", "1 j 3 h", "0 min",
    ]  # fmt: skip


def test_refusals_are_said_with_their_plural_the_most_frequent_first() -> None:
    assert say_counts({"full": 1, "too_late": 12}) == ["12 créneaux hors délai", "1 créneau complet"]
    assert say_counts({}) == ["aucun créneau de cette profession n'est publié dans le territoire"]


# --- properties -----------------------------------------------------------------------------------------


@given(needs(), days())
def test_what_is_proposed_is_what_a_full_scan_would_find(need: Need, slots: list[SlotOpened]) -> None:
    found = propose(need, heard(slots), TARN, MONDAY, limit=5)
    scan = Scan(need, slots)
    assert ids(found.options) == [slot.slot_id for slot in scan.best(5)]
    assert [option.cost for option in found.options] == [scan.costs(slot) for slot in scan.best(5)]
    assert all(option.mode is scan.how(slot) for option, slot in zip(found.options, scan.best(5), strict=True))


@given(needs(), days())
def test_the_choice_fits_or_none_does(need: Need, slots: list[SlotOpened]) -> None:
    found = propose(need, heard(slots), TARN, MONDAY)
    fitting = {slot.slot_id for slot in slots if Scan(need, slots).fits(slot)}
    assert set(ids(found.options)) <= fitting
    assert bool(found.options) == bool(fitting)


@given(needs(), days(), st.randoms(use_true_random=False))
def test_the_order_in_which_slots_were_heard_of_does_not_matter(
    need: Need, slots: list[SlotOpened], dice: random.Random
) -> None:
    before = propose(need, heard(slots), TARN, MONDAY)
    dice.shuffle(slots)
    assert propose(need, heard(slots), TARN, MONDAY) == before


@given(needs(), days(), st.integers(1, 90))
def test_a_sooner_slot_that_fits_never_makes_the_answer_later(need: Need, slots: list[SlotOpened], by: int) -> None:
    seats = heard(slots)
    before = propose(need, seats, TARN, MONDAY, limit=1).options
    if not before:
        return
    sooner = before[0].start - timedelta(minutes=by)
    seats.hear(a_slot("slot-new", sooner, place=need.place, modes=(need.modes[0],)))
    after = propose(need, seats, TARN, MONDAY, limit=1).options
    assert after[0].start <= before[0].start


@given(needs(), days())
def test_a_usual_practitioner_who_fits_is_always_shown(need: Need, slots: list[SlotOpened]) -> None:
    found = propose(need, heard(slots), TARN, MONDAY).options
    scan = Scan(need, slots)
    if any(scan.fits(slot) and slot.practitioner_id == need.usual_practitioner for slot in slots):
        assert need.usual_practitioner in [option.slot.schedule.practitioner_id for option in found]


@given(needs(), days())
def test_when_nobody_fits_every_coming_slot_has_one_reason(need: Need, slots: list[SlotOpened]) -> None:
    found = propose(need, heard(slots), TARN, MONDAY)
    coming = [slot for slot in slots if slot.start > MONDAY and slot.profession == need.profession]
    assert sum(found.counts.values()) == (0 if found.options else len(coming))


@given(needs(), days(most=8))
def test_one_slot_considered_alone_is_judged_as_among_others(need: Need, slots: list[SlotOpened]) -> None:
    seats = heard(slots)
    proposed = {option.slot.slot_id: option for option in propose(need, seats, TARN, MONDAY, limit=8).options}
    for slot in slots:
        known = seats.get(slot.slot_id)
        assert known is not None
        assert consider(need, known, seats, MONDAY) == proposed.get(slot.slot_id)


@given(needs(), days(most=12), st.data())
def test_seats_already_proposed_to_others_are_not_proposed_twice(
    need: Need, slots: list[SlotOpened], data: st.DataObject
) -> None:
    seats, proposed = heard(slots), dict[str, int]()
    for slot in slots:
        times = proposed[slot.slot_id] = data.draw(st.integers(0, 3))
        for number in range(times):
            seats.expect(slot.slot_id, f"somebody-{number}", MONDAY)
    found = propose(need, seats, TARN, MONDAY, limit=12)
    assert ids(found.options) == [slot.slot_id for slot in Scan(need, slots, proposed=proposed).best()]
