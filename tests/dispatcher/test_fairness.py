"""Is it seen who was given more than the others, and does it count?"""

from dispatcher.matching.choice import propose
from dispatcher.matching.fairness import EVERY, STEP, shares
from dispatcher.matching.seats import OpenSeats
from schemas.practitioner import PractitionerDescribed, Terms
from schemas.slot import SlotBooked
from schemas.values import Mode
from tests.builders import AT_TEN, GAILLAC, MONDAY, TARN, a_need, a_slot, a_state, an_order, hours, minutes


def two_doctors(given: int = 3, per_week: int = 20) -> OpenSeats:
    """Each opened as many seats this week; one has had `given` patients, the other none."""
    seats = OpenSeats()
    for who in ("busy", "idle"):
        said = Terms(offers=False, per_week=per_week)
        seats.hear(
            PractitionerDescribed.after(
                an_order(), MONDAY, practitioner_id=who, profession="10", place=GAILLAC, terms=said, version=1
            )
        )
        for number in range(4):
            start = AT_TEN + hours(number)
            seats.hear(a_slot(f"{who}-{number}", start, practitioner_id=who))
    for number in range(1, given + 1):
        start = AT_TEN + hours(number)
        seats.hear(
            SlotBooked.after(
                an_order(), MONDAY, request_id=f"r-{number}", slot_id=f"busy-{number}", choice=1, start=start,
                practitioner_id="busy", minutes=15, mode=Mode.OFFICE, place=GAILLAC,
                state=a_state(start, version=2, free=0), counted=True,
            )
        )  # fmt: skip
    return seats


def test_the_share_of_this_weeks_seats_above_the_mean() -> None:
    seats = two_doctors()
    slots = [slot for who in ("busy", "idle") for slot in seats.of_practitioner(who)]
    assert shares(seats.people, slots, MONDAY) == {"busy": STEP * round((3 / 4 - 3 / 8) / STEP), "idle": 0.0}
    assert shares(seats.people, slots, MONDAY + hours(7 * 24)) == {}, "another week"


def test_among_equals_the_one_who_was_given_less_is_chosen_and_the_words_say_why() -> None:
    seats = two_doctors()
    found = propose(a_need(), seats, TARN, MONDAY)
    assert found.options[0].slot.slot_id == "idle-0"
    busy = next(one for one in propose(a_need(), seats, TARN, MONDAY, limit=9).options if one.slot.slot_id == "busy-0")
    assert busy.terms["fairness"] == round(300 * STEP * round((3 / 8) / STEP))
    assert busy.crowd == "ce professionnel a déjà 3 demandes cette semaine"


def test_it_is_looked_at_again_every_hour() -> None:
    seats = two_doctors(given=0)
    assert propose(a_need(), seats, TARN, MONDAY).options[0].slot.slot_id == "busy-0"
    start = AT_TEN + hours(1)
    seats.hear(
        SlotBooked.after(
            an_order(), MONDAY, request_id="r", slot_id="busy-1", choice=1, start=start, practitioner_id="busy",
            minutes=15, mode=Mode.OFFICE, place=GAILLAC, state=a_state(start, version=2, free=0),
        )
    )  # fmt: skip
    soon, later = MONDAY + EVERY - minutes(1), MONDAY + EVERY
    assert propose(a_need(), seats, TARN, soon).options[0].slot.slot_id == "busy-0"
    assert propose(a_need(), seats, TARN, later).options[0].slot.slot_id == "idle-0"


def test_a_doctor_whose_week_is_full_still_sees_own_patients() -> None:
    """The cap counts regulated acts; a patient of one's own is none."""
    seats = two_doctors(given=3, per_week=3)
    stranger = [one.slot.schedule.practitioner_id for one in propose(a_need(), seats, TARN, MONDAY, limit=9).options]
    assert set(stranger) == {"idle"}
    own = propose(a_need(usual_practitioner="busy"), seats, TARN, MONDAY).options[0]
    assert own.slot.schedule.practitioner_id == "busy"
