"""Who is asked, how many, and for how long? Examples in the trade's words, and what is true of every plan."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.life import escalate_at
from dispatcher.offers.curve import MOST_PEOPLE, Curve
from dispatcher.offers.person import MOST_OPEN, REST, Ask, Asked, Person, why_not
from dispatcher.offers.rings import (
    LEAST_HEAD_START,
    LONGEST,
    MOST_HEAD_START,
    SHORTEST,
    Ring,
    head_start,
    morning,
    rings,
    size,
)
from dispatcher.offers.start import proposed_start
from schemas.offer import Circle
from schemas.practitioner import Absence, Terms, Visit
from schemas.request import Need
from schemas.values import Mode
from tests.builders import MONDAY, a_need, hours, minutes

PARIS = ZoneInfo("Europe/Paris")
WILLING = Terms(offers=True, neighbours=True)
NOBODY_NEEDS_TO_KNOW = Curve()


def somebody(name: str, **said: object) -> Person:
    usual: dict[str, object] = {"own": True, "km": 5.0, "zone": PARIS, "terms": WILLING}
    return Person(practitioner_id=name, **{**usual, **said})  # type: ignore[arg-type]


def plan(need: Need, *people: Person, now: datetime = MONDAY, curve: Curve = NOBODY_NEEDS_TO_KNOW) -> tuple[Ring, ...]:
    return rings(need, people, now, escalate_at(now, need.deadline), curve)


def refusal(person: Person, need: Need | None = None, now: datetime = MONDAY) -> str | None:
    return why_not(Ask(need or a_need(), person, now, minutes(30)))


# --- who may be asked -----------------------------------------------------------------------------------


def test_whoever_agreed_and_is_near_may_be_asked() -> None:
    assert refusal(somebody("gp")) is None


@pytest.mark.parametrize(
    ("person", "code"),
    [
        (somebody("silent", terms=Terms(offers=False)), "unwilling"),
        (somebody("elsewhere", own=False, terms=Terms(offers=True)), "unwilling"),
        (somebody("asked", asked=Asked(this=True)), "asked_already"),
        (somebody("far", km=31.0), "too_far"),
        (somebody("nowhere", km=None), "too_far"),
        (somebody("paused", terms=WILLING.model_copy(update={"paused_until": MONDAY + hours(3)})), "paused"),
        (
            somebody(
                "away",
                terms=WILLING.model_copy(update={"absences": (Absence(since=MONDAY, until=MONDAY + hours(30)),)}),
            ),
            "absent",
        ),
        (
            somebody("busy", terms=Terms(offers=True, per_day=1), visits=(Visit(MONDAY + hours(5), False),)),
            "day_full",
        ),
        (
            somebody("capped", terms=Terms(offers=True, per_week=1), visits=(Visit(MONDAY + hours(26), True),)),
            "week_full",
        ),
        (somebody("tired", asked=Asked(refused=MONDAY - minutes(9))), "resting"),
        (somebody("flooded", asked=Asked(open=MOST_OPEN)), "resting"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_why_somebody_is_not_asked(person: Person, code: str) -> None:
    assert refusal(person) == code


def test_a_refuser_is_asked_about_others_after_ten_minutes() -> None:
    assert refusal(somebody("gp", asked=Asked(refused=MONDAY - REST))) is None


def test_an_own_patient_does_not_count_to_the_weekly_cap() -> None:
    full = somebody("own", terms=Terms(offers=True, per_week=1), visits=(Visit(MONDAY + hours(3), True),))
    assert refusal(full) == "week_full"
    assert refusal(full, a_need(usual_practitioner="own")) is None


def test_who_could_not_be_there_in_time_is_not_asked() -> None:
    assert refusal(somebody("gp"), a_need(within=minutes(20))) == "too_late"
    assert refusal(somebody("gp"), a_need(within=minutes(20), modes=(Mode.TELE,))) is None


# --- when -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "lasts"),
    [(hours(20), 120), (hours(8), 60), (hours(4), 30), (minutes(80), 10), (minutes(20), 5), (minutes(6), 5)],
)
def test_the_usual_practitioner_has_a_share_of_the_time_left(left: timedelta, lasts: float) -> None:
    assert head_start(left) == minutes(lasts)


@given(st.timedeltas(minutes(1), timedelta(days=14)))
def test_the_head_start_is_five_minutes_at_least_and_two_hours_at_most(left: timedelta) -> None:
    assert LEAST_HEAD_START <= head_start(left) <= MOST_HEAD_START


def test_with_less_time_more_are_asked_together() -> None:
    curve = Curve()
    asked = [
        size(left, min(max(left / 8, SHORTEST), LONGEST), curve)
        for left in (hours(20), hours(2), hours(1), minutes(30))
    ]
    assert asked == [7, 6, 9, 16]


def test_the_usual_practitioner_then_the_near_then_the_territory_then_neighbours() -> None:
    people = [
        somebody("far", km=25.0),
        somebody("neighbour", own=False, km=3.0),
        somebody("near", km=8.0),
        somebody("usual", km=20.0),
    ]
    planned = plan(a_need(usual_practitioner="usual"), *people)
    assert [(ring.circle, ring.people) for ring in planned] == [
        (Circle.USUAL, ("usual",)), (Circle.NEAR, ("near",)), (Circle.TERRITORY, ("far",)),
        (Circle.NEIGHBOURS, ("neighbour",)),
    ]  # fmt: skip
    assert planned[0].lasts == hours(2)
    assert planned[1].begins == MONDAY + hours(2)


def test_in_a_hurry_all_circles_are_asked_together() -> None:
    people = [somebody("far", km=25.0), somebody("near"), somebody("neighbour", own=False)]
    first, *_ = plan(a_need(within=minutes(75)), *people)
    assert set(first.people) == {"far", "near", "neighbour"}
    assert first.lasts < minutes(10)


def test_least_recently_asked_first_then_the_nearest() -> None:
    people = [
        somebody("yesterday", km=1.0, asked=Asked(last=MONDAY - hours(24))),
        somebody("never-far", km=9.0),
        somebody("never-near", km=2.0),
        somebody("last-week", km=1.0, asked=Asked(last=MONDAY - hours(150))),
    ]
    first, *_ = plan(a_need(), *people)
    assert first.people == ("never-near", "never-far", "last-week", "yesterday")


def test_at_night_nobody_is_woken_for_somebody_who_can_wait() -> None:
    late = MONDAY.replace(hour=21)  # 22 h in France
    (ring,) = plan(a_need(now=late), somebody("gp"), now=late)
    assert ring.begins == MONDAY.replace(hour=7) + hours(24)
    urgent = a_need(now=late, within=hours(6))
    (ring,) = plan(urgent, somebody("gp"), now=late)
    assert ring.begins == late


def test_the_night_is_the_practitioners_own() -> None:
    assert morning(MONDAY, ZoneInfo("Indian/Reunion")) == MONDAY
    assert morning(MONDAY, ZoneInfo("America/Guadeloupe")) == MONDAY + hours(4)


# --- the time that is proposed --------------------------------------------------------------------------


def test_a_full_quarter_after_the_answer_and_the_way() -> None:
    assert proposed_start(a_need(), Mode.OFFICE, 5.0, PARIS, (), MONDAY, minutes(20)) == MONDAY + hours(1)


def test_not_at_night_when_the_morning_is_soon_enough() -> None:
    evening = MONDAY.replace(hour=18, minute=40)
    start = proposed_start(a_need(now=evening), Mode.OFFICE, 5.0, PARIS, (), evening, minutes(30))
    assert start == MONDAY.replace(hour=7) + hours(24)
    start = proposed_start(a_need(now=evening, within=hours(3)), Mode.OFFICE, 5.0, PARIS, (), evening, minutes(30))
    assert start is not None and start.hour == 19  # noqa: PT018


def test_beside_what_the_agenda_has() -> None:
    busy = ((MONDAY + minutes(55), MONDAY + minutes(100)),)
    assert proposed_start(a_need(), Mode.OFFICE, 5.0, PARIS, busy, MONDAY, minutes(20)) == MONDAY + minutes(105)


# --- what is true of every plan -------------------------------------------------------------------------

moments = st.integers(-3 * 24 * 12, 3 * 24 * 12).map(lambda fives: MONDAY + minutes(5 * fives))
terms = st.builds(
    Terms,
    paused_until=st.none() | moments,
    absences=st.lists(st.builds(lambda at: Absence(since=at, until=at + hours(7)), moments), max_size=2).map(tuple),
    per_day=st.none() | st.integers(1, 2),
    per_week=st.none() | st.integers(1, 3),
    offers=st.booleans() | st.just(True),
    neighbours=st.booleans(),
)
asked = st.builds(Asked, st.booleans(), st.none() | moments, st.none() | moments, st.integers(0, 4))


@st.composite
def towns(draw: st.DrawFn) -> list[Person]:
    return [
        somebody(
            f"gp-{number}",
            own=draw(st.booleans()),
            km=draw(st.none() | st.floats(0, 60)),
            zone=draw(st.sampled_from([PARIS, ZoneInfo("Indian/Reunion")])),
            terms=draw(terms),
            visits=tuple(draw(st.lists(st.builds(Visit, moments, st.booleans()), max_size=4))),
            asked=draw(asked),
        )
        for number in range(draw(st.integers(0, 25)))
    ]


needs = st.builds(
    lambda within, usual, modes: a_need(within=hours(within), usual_practitioner=usual, modes=modes),
    st.sampled_from([0.3, 1, 2, 6, 24, 48]),
    st.none() | st.sampled_from(["gp-0", "gp-1"]),
    st.sampled_from([(Mode.OFFICE,), (Mode.TELE,), (Mode.HOME, Mode.OFFICE)]),
)


@given(needs, towns())
def test_nobody_is_asked_twice_nor_anybody_who_may_not_be(need: Need, people: list[Person]) -> None:
    planned = plan(need, *people)
    counted = Counter(one for ring in planned for one in ring.people)
    assert all(times == 1 for times in counted.values())
    by_id = {one.practitioner_id: one for one in people}
    for ring in planned:
        for one in ring.people:
            person = by_id[one]
            assert why_not(Ask(need, person, ring.begins, ring.lasts)) is None
            assert person.terms.offers
            assert person.own or person.terms.neighbours
            assert not person.asked.this
            paused = person.terms.paused_until
            assert paused is None or paused <= ring.begins


@given(needs, towns(), st.randoms())
def test_the_order_in_which_people_are_known_does_not_matter(need: Need, people: list[Person], dice: object) -> None:
    shuffled = list(people)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan(need, *people) == plan(need, *shuffled)


@given(needs, towns())
def test_rings_follow_each_other_and_end_before_the_deadline(need: Need, people: list[Person]) -> None:
    planned = plan(need, *people)
    for ring, following in pairwise(planned):
        assert following.begins == ring.begins + ring.lasts
    for ring in planned:
        assert MONDAY <= ring.begins < need.deadline
        assert SHORTEST <= ring.lasts <= MOST_HEAD_START
        assert 1 <= len(ring.people) <= MOST_PEOPLE


@given(needs, towns())
def test_what_is_proposed_is_in_the_window_and_within_the_caps(need: Need, people: list[Person]) -> None:
    by_id = {one.practitioner_id: one for one in people}
    for ring in plan(need, *people):
        for one in ring.people:
            start = Ask(need, by_id[one], ring.begins, ring.lasts).start
            assert start is not None
            assert max(ring.begins, need.earliest) <= start <= need.deadline
            person = by_id[one]
            day = start.astimezone(person.zone).date()
            given_ = sum(visit.start.astimezone(person.zone).date() == day for visit in person.visits)
            assert person.terms.per_day is None or given_ < person.terms.per_day
            assert not any(away.since <= start < away.until for away in person.terms.absences)
