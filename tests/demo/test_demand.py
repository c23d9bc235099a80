"""Is the day believable: its volumes, its hours, its patients, and what they do?"""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest

from dispatcher.matching.travel import distance_km
from schemas.values import AgeBand, Mode, Place
from services.demo.demand import day
from services.demo.world.acts import Ask, CancelSlot, NoShow, PatientCancels, PatientConfirms, Publish
from services.demo.world.rhythm import busy, requests_expected, winter
from services.reference.phones import parse_phone
from services.reference.professions import DEMAND_SHARE
from tests.demo.conftest import MONDAY


@pytest.fixture(scope="module")
def many(tarn, people, communes) -> list[Ask]:
    """The requests of six Mondays: enough for shares to be near what they should be."""
    return [
        act for seed in range(6) for act in day(tarn, people, MONDAY, seed, communes=communes) if isinstance(act, Ask)
    ]


def of(kind, acts):
    return [act for act in acts if isinstance(act, kind)]


def test_acts_are_in_order_of_time(monday) -> None:
    assert [act.at for act in monday] == sorted(act.at for act in monday)


def test_the_same_seed_plays_the_same_day_and_another_seed_another(monday, tarn, people, communes) -> None:
    assert day(tarn, people, MONDAY, 1, communes=communes) == monday
    assert of(Ask, day(tarn, people, MONDAY, 2, communes=communes)) != of(Ask, monday)


def test_people_act_only_during_the_day_and_slots_were_announced_before(monday) -> None:
    start = datetime(2027, 1, 4, 6, tzinfo=UTC)
    assert {type(act) for act in monday if act.at < start} == {Publish}
    assert all(act.at < start + timedelta(hours=24) for act in monday)


def test_no_slot_that_has_begun_before_the_day_is_announced(monday) -> None:
    start = datetime(2027, 1, 3, 23, tzinfo=UTC)
    assert all(slot.start >= start for said in of(Publish, monday) for slot in said.slots)


def test_a_winter_monday_in_a_community_of_400_asks_for_some_580_visits(many) -> None:
    # 350 on a mean day x 1.24 on Mondays x 1.32 in early January; the design sizes a peak day at 600.
    assert len(many) / 6 == pytest.approx(580, rel=0.05)


def test_monday_is_the_busiest_day_and_sunday_the_calmest(tarn) -> None:
    week = [busy(tarn, date(2027, 6, 7) + timedelta(days=number)) for number in range(7)]
    assert max(week) == week[0] == pytest.approx(1.24)
    assert min(week) == week[6] == pytest.approx(0.70)
    assert sum(week) == pytest.approx(7.0)


def test_a_public_holiday_is_a_sunday(tarn) -> None:
    assert busy(tarn, date(2027, 7, 14)) == pytest.approx(0.70)


def test_winter_adds_up_to_half_and_summer_nothing() -> None:
    assert winter(date(2027, 1, 20)) == pytest.approx(1.45)
    assert winter(date(2027, 7, 1)) == 1.0
    assert 1.0 < winter(date(2026, 12, 20)) < winter(date(2027, 1, 4)) < 1.45


def test_monday_morning_is_three_times_the_mean_hour_of_the_week(tarn) -> None:
    eight = datetime(2027, 6, 7, 6, tzinfo=UTC)  # 8 h in summer
    week = [requests_expected(tarn, 400, eight + timedelta(hours=hour)) for hour in range(7 * 24)]
    peak = (week[0] + week[1]) / 2
    assert peak / (sum(week) / len(week)) == pytest.approx(3.0, abs=0.2)
    assert sum(week) == pytest.approx(7 * 350, rel=0.01)


def test_professions_are_asked_for_as_in_the_study(many) -> None:
    asked = Counter(ask.profession for ask in many)
    for code, share in DEMAND_SHARE.items():
        assert asked[code] / len(many) == pytest.approx(share, abs=0.025)


def test_the_large_communes_call_the_most(many, tarn, communes) -> None:
    calls = Counter(ask.commune for ask in many)
    assert {insee for insee, _ in calls.most_common(2)} == {"81271", "81140"}  # Saint-Sulpice-la-Pointe, Lavaur
    share = communes.get("81271").population / 54_800
    assert calls["81271"] / len(many) == pytest.approx(share, rel=0.15)
    assert set(calls) <= tarn.communes


@pytest.mark.parametrize(
    ("what", "share"),
    [
        (lambda ask: ask.frail, 0.12 * 0.96),  # a midwife's patients are not counted as frail
        (lambda ask: ask.no_vehicle, 0.10),
        (lambda ask: ask.age in (AgeBand.INFANT, AgeBand.CHILD), 0.28),
        (lambda ask: ask.hours == 6, 0.092),  # 10 %, but never for the professions that are not a matter of 6 h
        (lambda ask: ask.hours == 48, 0.158),
    ],
    ids=["frail", "no vehicle", "under 17", "6 h", "48 h"],
)
def test_shares_are_those_of_the_sources(many, what, share) -> None:
    assert sum(map(what, many)) / len(many) == pytest.approx(share, abs=0.025)


def test_most_requests_for_a_gp_name_the_usual_one_who_is_near(many, people, communes) -> None:
    gp = [ask for ask in many if ask.profession == "10"]
    named = [ask for ask in gp if ask.usual_practitioner]
    assert len(named) / len(gp) == pytest.approx(0.85, abs=0.03)
    assert not any(ask.usual_practitioner for ask in many if ask.profession != "10")
    doctors = {person.id: person for person in people}
    away = [
        distance_km(place_of(communes.get(ask.commune)), place_of(doctors[ask.usual_practitioner])) or 0.0
        for ask in named
    ]
    assert median(away) < 8


def place_of(where) -> Place:
    return Place(commune=getattr(where, "insee", None) or where.commune, lat=where.lat, lon=where.lon)


def test_patients_are_nobody_and_their_telephones_ring_nowhere(monday) -> None:
    phones = [ask.caller.phone for ask in of(Ask, monday)]
    assert all(re.fullmatch(r"06 39 98 \d\d \d\d", phone) for phone in phones)
    assert len(set(phones)) == len(phones)
    with pytest.raises(ValueError, match="fiction"):
        parse_phone(phones[0], demonstration=False)


def test_an_act_never_shows_the_person_in_a_log(monday) -> None:
    ask = of(Ask, monday)[0]
    for secret in (ask.caller.phone, ask.caller.last_name, ask.reason):
        assert secret not in repr(ask)


def test_who_cannot_drive_accepts_to_be_visited_or_seen_on_a_screen(many) -> None:
    for ask in many:
        assert len(set(ask.modes)) == len(ask.modes) > 0
        if ask.no_vehicle and ask.profession == "10":
            assert {Mode.HOME, Mode.TELE} <= set(ask.modes)
        assert (ask.caller.address is not None) == (Mode.HOME in ask.modes)


def test_one_in_ten_does_not_come_and_nobody_cancels_and_stays_away(monday) -> None:
    absent = {act.request_id for act in of(NoShow, monday)}
    cancelling = {act.request_id for act in of(PatientCancels, monday)}
    assert len(absent) / len(of(Ask, monday)) == pytest.approx(0.10, abs=0.03)
    assert 0 < len(cancelling) / len(of(Ask, monday)) < 0.10
    assert not absent & cancelling


def test_patients_answer_after_they_called_and_only_those_who_get_an_sms(monday) -> None:
    called = {ask.request_id: ask for ask in of(Ask, monday)}
    for act in of(PatientConfirms, monday) + of(PatientCancels, monday):
        assert act.at > called[act.request_id].at
        assert called[act.request_id].caller.sms


def test_practitioners_take_back_a_few_percent_of_what_they_opened_and_in_time(monday) -> None:
    opened = {(said.practitioner_id, slot.start): said.at for said in of(Publish, monday) for slot in said.slots}
    taken = of(CancelSlot, monday)
    assert 0.01 < len(taken) / len(opened) < 0.06
    for act in taken:
        assert opened[act.practitioner_id, act.start] < act.at <= act.start - timedelta(minutes=20)


def test_half_a_morning_can_be_played(tarn, people, communes) -> None:
    short = day(tarn, people, MONDAY, 1, communes=communes, hours=1.5)
    asked = of(Ask, short)
    assert asked
    assert max(ask.at for ask in asked) < datetime(2027, 1, 4, 7, 30, tzinfo=UTC)
