"""Does each rule refuse what it should, in words a regulator would use?"""

import pytest

from dispatcher.matching.choice import NEAR_BEST, near_best, propose
from dispatcher.matching.eligibility import LEFT, RULES, WORDS, say_counts
from dispatcher.matching.fairness import excesses
from dispatcher.matching.radius import WIDEST, enlarge, widened
from dispatcher.matching.standing import Standing
from schemas.request import Need
from schemas.slot import SlotOpened
from schemas.values import AgeBand, Mode, Visibility
from tests.builders import AT_TEN, LAVAUR, LISLE, MONDAY, TARN, a_need, a_slot, hours, minutes, seats_of
from tests.dispatcher.worlds import NEIGHBOURS, ids


def answer(need: Need, slot: SlotOpened, *known: Standing) -> str:
    """« taken », or the rule that refuses the slot; "" when it is not even looked at."""
    seats = seats_of(slot)
    for standing in known:
        seats.know(standing)
    found = propose(need, seats, TARN, MONDAY)
    return "taken" if found.options else next(iter(found.counts), "")


def test_every_rule_has_its_words() -> None:
    assert WORDS.keys() == {*RULES, LEFT}
    assert say_counts({"not_shown": 2, "excluded": 1}) == [
        "2 créneaux réservés à d'autres", "1 créneau d'un professionnel écarté",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("visibility", "own_patient", "ours", "neighbours"),
    [
        (Visibility.OWN, "taken", "not_shown", ""),
        (Visibility.CPTS, "taken", "taken", ""),
        (Visibility.SNP, "taken", "taken", "taken"),
        (Visibility.PRO, "taken", "taken", "taken"),
        (Visibility.PUBLIC, "taken", "taken", "taken"),
    ],
)
def test_a_slot_is_for_those_it_is_shown_to(
    visibility: Visibility, own_patient: str, ours: str, neighbours: str
) -> None:
    slot = a_slot(practitioner_id="gp-1", visibility=visibility)
    assert answer(a_need(usual_practitioner="gp-1"), slot) == own_patient
    assert answer(a_need(), slot) == ours
    theirs = slot.model_copy(update={"territory": NEIGHBOURS})
    assert answer(a_need(), theirs) == neighbours


def test_a_neighbours_seat_is_within_the_radius_even_on_a_screen() -> None:
    far = a_slot(place=LAVAUR, modes=(Mode.TELE,), territory=NEIGHBOURS, visibility=Visibility.PUBLIC)
    need = a_need(modes=(Mode.TELE,))
    assert answer(need, far) == "taken"
    assert answer(need.model_copy(update={"radius_km": 20.0}), far) != "taken"
    assert answer(need.model_copy(update={"radius_km": 20.0}), far.model_copy(update={"territory": TARN})) == "taken"


def test_an_excluded_practitioner_is_not_proposed_even_as_the_usual_one() -> None:
    need = a_need(excluded=("gp-1",), usual_practitioner="gp-1")
    assert answer(need, a_slot(practitioner_id="gp-1")) == "excluded"
    assert answer(need, a_slot(practitioner_id="gp-2")) == "taken"


def test_a_protocol_lets_other_professions_serve() -> None:
    pharmacist = a_slot(profession="21")
    assert answer(a_need(), pharmacist) == ""
    assert answer(a_need(also=("60", "21")), pharmacist) == "taken"


def test_a_specialist_is_not_a_gp_nor_a_gp_a_specialist() -> None:
    assert answer(a_need(), a_slot(specialty="SM02")) == "other_specialty"
    assert answer(a_need(specialty="SM02"), a_slot()) == "other_specialty"
    assert answer(a_need(specialty="SM02"), a_slot(specialty="SM02")) == "taken"


def test_a_slot_for_children_is_for_children_whose_age_is_known() -> None:
    slot = a_slot(ages=(AgeBand.CHILD, AgeBand.INFANT))
    assert answer(a_need(age=AgeBand.CHILD), slot) == "taken"
    assert answer(a_need(age=AgeBand.SENIOR), slot) == "other_age"
    assert answer(a_need(), slot) == "other_age"
    assert answer(a_need(), a_slot()) == "taken"


def test_a_slot_kept_for_some_reasons_is_for_these() -> None:
    slot = a_slot(reasons=("vaccination",))
    assert answer(a_need(reason="vaccination"), slot) == "taken"
    assert answer(a_need(reason="fever"), slot) == "other_reason"
    assert answer(a_need(), slot) == "other_reason"


def test_a_practitioners_own_terms_are_never_overridden() -> None:
    slot, need = a_slot(practitioner_id="gp-1"), a_need(usual_practitioner="gp-1")
    assert answer(need, slot, Standing("gp-1", paused_until=AT_TEN + minutes(1))) == "paused"
    assert answer(need, slot, Standing("gp-1", paused_until=AT_TEN)) == "taken"
    assert answer(need, slot, Standing("gp-1", absences=((AT_TEN, AT_TEN + hours(1)),))) == "absent"
    assert answer(need, slot, Standing("gp-1", absences=((AT_TEN - hours(1), AT_TEN),))) == "taken"
    assert answer(need, slot, Standing("gp-2", paused_until=AT_TEN + hours(9))) == "taken"


def test_the_day_and_the_week_are_those_of_the_calendar_where_the_practitioner_works() -> None:
    slot = a_slot(practitioner_id="gp-1")  # Monday 11:00 in France
    late_sunday, early_monday = MONDAY - hours(10), MONDAY - hours(8.5)  # 23:00 and 00:30 in France
    assert answer(a_need(), slot, Standing("gp-1", per_day=1, booked=(late_sunday,))) == "taken"
    assert answer(a_need(), slot, Standing("gp-1", per_day=1, booked=(early_monday,))) == "day_full"
    sunday = tuple(MONDAY + hours(6 * 24) for _ in range(20))
    assert answer(a_need(), slot, Standing("gp-1", booked=sunday)) == "week_full"
    assert answer(a_need(), slot, Standing("gp-1", booked=sunday[1:])) == "taken"
    assert answer(a_need(), slot, Standing("gp-1", per_week=None, booked=sunday)) == "taken"


# --- ranking --------------------------------------------------------------------------------------------


def test_whoever_was_given_much_gives_way_to_an_equal() -> None:
    busy, idle = a_slot("a", practitioner_id="gp-a"), a_slot("b", practitioner_id="gp-b")
    seats = seats_of(busy, idle)
    seats.know(Standing("gp-a", booked=(MONDAY,) * 4, excess=0.1))
    found = propose(a_need(), seats, TARN, MONDAY)
    assert ids(found.options) == ["b", "a"]
    assert found.options[1].terms["fairness"] == 30
    assert found.others() == ("dans 2 h, dans la commune (+30 min : ce professionnel a déjà 4 demandes cette semaine)",)


def test_excess_is_what_was_given_above_the_mean_share() -> None:
    assert excesses({"a": 8, "b": 2}, {"a": 10, "b": 10}) == pytest.approx({"a": 0.3, "b": 0.0})
    assert excesses({}, {"a": 0}) == {"a": 0.0}


def test_a_seat_dear_to_others_is_left_to_them_when_another_is_nearly_as_good() -> None:
    seats = seats_of(a_slot("dear"), a_slot("later", AT_TEN + minutes(60)))
    ten = int(AT_TEN.timestamp()) // 3600
    seats.know_bids(TARN, {("10", ten): 59})
    assert ids(propose(a_need(), seats, TARN, MONDAY).options) == ["dear", "later"]
    seats.know_bids(TARN, {("10", ten): 61})
    assert ids(propose(a_need(), seats, TARN, MONDAY).options) == ["later", "dear"]
    seats.know_bids(TARN, {})
    assert ids(propose(a_need(), seats, TARN, MONDAY).options) == ["dear", "later"]


def test_the_best_says_what_it_is_the_soonest_of() -> None:
    far_soon = a_slot("lavaur", AT_TEN, place=LAVAUR)  # 31 min of road
    near = a_slot("gaillac", AT_TEN + minutes(30))
    assert propose(a_need(), seats_of(near), TARN, MONDAY).why()[0] == "le plus tôt"
    assert propose(a_need(), seats_of(far_soon, near), TARN, MONDAY).why()[0] == "le plus tôt à moins de 5 min de route"
    lisle = a_slot("lisle", AT_TEN + minutes(10), place=LISLE)  # 16 min
    found = propose(a_need(), seats_of(far_soon, lisle), TARN, MONDAY)
    assert found.why()[0] == "le plus tôt à moins de 20 min de route"
    usual = a_need(usual_practitioner="gp-usual")
    own = a_slot("own", AT_TEN + minutes(60), practitioner_id="gp-usual")
    found = propose(usual, seats_of(a_slot("here", AT_TEN), own), TARN, MONDAY)
    assert found.why()[0] == "médecin traitant"  # another is sooner and as near: nothing is claimed


def test_a_free_choice_is_among_those_near_the_best() -> None:
    slots = [a_slot(str(after), AT_TEN + minutes(after)) for after in (0, 30, 31)]
    options = propose(a_need(), seats_of(*slots), TARN, MONDAY).options
    assert ids(near_best(options, a_need())) == ["0", "30"]
    urgent = propose(a_need(within=hours(6)), seats_of(*slots), TARN, MONDAY).options
    assert ids(near_best(urgent, a_need(within=hours(6)))) == ["0", "30"]  # 30 min waited cost 4 x 30
    assert urgent[1].cost - urgent[0].cost == 4 * NEAR_BEST
    assert near_best((), a_need()) == ()


# --- radius ---------------------------------------------------------------------------------------------


def test_the_radius_grows_by_the_published_steps() -> None:
    assert [enlarge(km) for km in (5, 10, 20, 30, 40, 50)] == [8, 15, 30, 45, 60, 75]
    assert enlarge(WIDEST) == WIDEST


def test_the_search_widens_until_there_are_five_to_choose_from() -> None:
    assert widened(30, [1, 2, 3, 4, 29]) == 30
    assert widened(30, [1, 2, 3, 4, 44]) == 45
    assert widened(30, [1, 2]) == 30
    assert widened(30, [1, 44, 130]) == 45
    assert widened(30, []) == 30
    assert widened(150, []) == 150
