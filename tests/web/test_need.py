"""Does what was typed become the need that was meant, or words that say what to correct?"""

import contextlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dispatcher.offers.people import People
from schemas.practitioner import PractitionerDescribed, usual_terms
from schemas.values import AgeBand, Mode, Place
from services.house import House
from services.reference.communes import load_communes
from services.reference.territories import load_territories
from services.web.bodies import LONGEST_HOURS, Entry, Wish
from services.web.entry import date_mistake, hours_between, moment_of, need_of
from services.web.problems import Problem
from tests import builders as near
from tests.web.conftest import GAILLAC, LAVAUR, MONDAY, OWN

TARN = load_territories()[OWN]


def need(house: House, **wish):
    territory = house.territories[OWN]
    said = Wish(**{"commune": LAVAUR} | wish)
    return need_of(said, now=MONDAY, territory=territory, communes=house.communes, people=house.seats.people)


TYPED = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=90), st.lists(st.text()))


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(Entry.model_fields, TYPED)))
def test_whatever_is_typed_the_answer_is_a_need_or_a_refusal(typed: dict[str, Any]) -> None:
    asked = None
    with contextlib.suppress(ValidationError, Problem):
        read = Entry.model_validate({"phone": "0", "last_name": "x", "commune": LAVAUR} | typed)
        asked = need_of(read, now=MONDAY, territory=TARN, communes=load_communes(), people=People())
    if asked is not None:
        assert MONDAY <= asked.earliest < asked.deadline <= MONDAY + timedelta(hours=LONGEST_HOURS)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=70))
def test_whatever_moment_is_typed_it_is_a_moment_or_words_that_say_what_to_do(text: str) -> None:
    said = ""
    try:
        assert moment_of(text, now=MONDAY, territory=TARN).utcoffset() == timedelta(0)
    except (ValueError, OverflowError) as wrong:
        said = date_mistake("deadline", wrong).about["said"]
    assert not said or said.endswith(".")


@pytest.mark.parametrize(
    ("year", "band"),
    [
        (2026, AgeBand.INFANT),
        (2024, AgeBand.INFANT),
        (2023, AgeBand.CHILD),
        (2008, AgeBand.CHILD),
        (2007, AgeBand.ADULT),
        (1952, AgeBand.ADULT),
        (1951, AgeBand.SENIOR),
        (None, AgeBand.UNKNOWN),
    ],
)
async def test_a_year_of_birth_gives_the_more_fragile_band(house, year, band) -> None:
    assert need(house, birth_year=year).age is band


async def test_where_there_are_few_one_looks_further_unless_a_radius_is_asked_for(house) -> None:
    """Five GPs in Lavaur, a midwife there and one in Gaillac, 23 km away: the radius of the territory is 20 km."""
    house.territories[OWN] = house.territories[OWN].model_copy(update={"radius_km": 20.0})
    for number in range(5):
        house.seats.hear(described(f"gp-{number}", "10", near.LAVAUR))
    house.seats.hear(described("midwife-1", "50", near.LAVAUR))
    assert need(house, profession="50").radius_km == 20
    house.seats.hear(described("midwife-2", "50", near.GAILLAC))
    assert need(house, profession="50").radius_km == 30
    assert need(house, profession="50", radius_km=5).radius_km == 5
    assert need(house, profession="10").radius_km == 20
    house.seats.hear(described("midwife-3", "50", near.NARBONNE))
    assert need(house, profession="50").radius_km == 30, "nobody more within the widest"


def described(who: str, profession: str, place: Place) -> PractitionerDescribed:
    order, terms = near.an_order(territory=OWN), usual_terms(profession)
    return PractitionerDescribed.after(
        order, MONDAY, practitioner_id=who, profession=profession, place=place, terms=terms, version=1
    )


async def test_a_commune_is_known_by_code_name_or_postal_code(house) -> None:
    for said in (LAVAUR, "Lavaur", "LAVAUR ", "lavaur"):
        assert need(house, commune=said).place.commune == LAVAUR, said
    assert need(house, commune=" 31770").place.commune == "31149"
    assert need(house, commune="gaillac").place.commune == GAILLAC


async def test_a_homonym_means_the_commune_of_ones_own_territory(house) -> None:
    homonyms = [one for one in house.communes if one.name == "Lavaur"]
    assert len(homonyms) > 1
    assert need(house, commune="Lavaur").place.commune == LAVAUR


async def test_the_own_time_of_the_regulator_wins_over_the_hours(house) -> None:
    asked = need(house, hours=48, deadline="demain 9h", earliest="aujourd'hui 14h")
    assert asked.deadline == datetime.fromisoformat("2026-11-24T08:00Z")
    assert asked.earliest == datetime.fromisoformat("2026-11-23T13:00Z")
    assert asked.hours == 24


async def test_a_slow_clock_does_not_make_an_earliest_start_past(house) -> None:
    assert need(house, earliest=(MONDAY - timedelta(minutes=3)).isoformat()).earliest == MONDAY
    with pytest.raises(Problem):
        need(house, earliest=(MONDAY - timedelta(minutes=6)).isoformat())


async def test_modes_keep_the_order_the_patient_prefers_them_in(house) -> None:
    asked = need(house, modes=["home", "office", "home"])
    assert asked.modes == (Mode.HOME, Mode.OFFICE)


async def test_a_promise_is_counted_in_whole_hours_rounded_up() -> None:
    assert hours_between(MONDAY, MONDAY + timedelta(minutes=1)) == 1
    assert hours_between(MONDAY, MONDAY + timedelta(hours=24)) == 24
    assert hours_between(MONDAY, MONDAY + timedelta(hours=24, seconds=1)) == 25


async def test_twenty_four_hours_are_elapsed_hours_on_the_night_of_october(house) -> None:
    saturday = datetime.fromisoformat("2026-10-24T18:00Z")
    territory = house.territories[OWN]
    wish, people = Wish(commune=LAVAUR), house.seats.people
    asked = need_of(wish, now=saturday, territory=territory, communes=house.communes, people=people)
    assert asked.deadline - saturday == timedelta(hours=24)
