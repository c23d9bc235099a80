"""Does Relais understand when a French speaker says when, and say it back so that it is understood?"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.reference.dates import parse_when, say_day, say_when
from services.reference.zones import zone_of

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=PARIS)
ZONES = [ZoneInfo(zone_of(departement)) for departement in ("81", "971", "974", "975", "987", "988")]


def local(text: str, now: datetime = MONDAY, zone: ZoneInfo = PARIS) -> str:
    moment = parse_when(text, now=now.astimezone(UTC), zone=zone)
    assert moment.tzinfo is UTC
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def refusal(text: str, now: datetime = MONDAY, zone: ZoneInfo = PARIS) -> str:
    with pytest.raises(ValueError) as refused:
        parse_when(text, now=now.astimezone(UTC), zone=zone)
    return str(refused.value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("demain 14h", "2026-11-24 14:00"),
        ("Demain à 14 h 30", "2026-11-24 14:30"),
        ("demain 9:05", "2026-11-24 09:05"),
        ("demain à 8 heures 30", "2026-11-24 08:30"),
        ("demain", "2026-11-24 08:00"),
        ("demain midi", "2026-11-24 12:00"),
        ("demain 0h", "2026-11-24 00:00"),
        ("demain soir 8h", "2026-11-24 20:00"),
        ("demain matin 8h", "2026-11-24 08:00"),
        ("après-demain matin", "2026-11-25 09:00"),
        ("apres demain 10h", "2026-11-25 10:00"),
        ("aujourd'hui 18h", "2026-11-23 18:00"),
        ("aujourd’hui à 18h", "2026-11-23 18:00"),
        ("18h", "2026-11-23 18:00"),
        ("9h30", "2026-11-23 09:30"),
        ("ce soir", "2026-11-23 19:00"),
        ("cet après-midi", "2026-11-23 14:00"),
        ("lun 9h30", "2026-11-23 09:30"),
        ("lundi 9h", "2026-11-30 09:00"),
        ("lundi prochain 14h", "2026-11-30 14:00"),
        ("lundi", "2026-11-30 08:00"),
        ("mer. 14h30", "2026-11-25 14:30"),
        ("dimanche à midi", "2026-11-29 12:00"),
        ("15/12", "2026-12-15 08:00"),
        ("15/12 8h", "2026-12-15 08:00"),
        ("le 15/12/2026 à 8h15", "2026-12-15 08:15"),
        ("15.12.26 8h", "2026-12-15 08:00"),
        ("2026-12-15T08:00", "2026-12-15 08:00"),
        ("mardi 15 décembre à 9 h 30", "2026-12-15 09:30"),
        ("15 DEC 9h", "2026-12-15 09:00"),
        ("1er janvier 9h", "2027-01-01 09:00"),
        ("15/03 9h", "2027-03-15 09:00"),
        ("15 juillet 2027 9h", "2027-07-15 09:00"),
        ("dans 3h", "2026-11-23 12:30"),
        ("dans 24h", "2026-11-24 09:30"),
        ("dans 1h30", "2026-11-23 11:00"),
        ("dans une heure", "2026-11-23 10:30"),
        ("dans une demi-heure", "2026-11-23 10:00"),
        ("dans 45 min", "2026-11-23 10:15"),
        ("dans 2 jours", "2026-11-25 09:30"),
        ("dans une semaine", "2026-11-30 09:30"),
        ("maintenant", "2026-11-23 09:30"),
    ],
)
def test_what_people_say_on_a_monday_morning(said: str, meant: str) -> None:
    assert local(said) == meant


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("24h", "« dans 24h »"),
        ("48h", "« dans 48h »"),
        ("demain 25h", "« demain 0h »"),
        ("demain 9h75", "soixante minutes"),
        ("minuit", "deux façons"),
        ("31/02", "Le 31 février n'existe pas"),
        ("31/04/2027 9h", "Le 31 avril n'existe pas"),
        ("29/02 9h", "Le 29 février n'existe pas"),
        ("0/12", "n'existe pas"),
        ("13/13", "douze mois"),
        ("12/00", "douze mois"),
        ("9h", "« demain 9h »"),
        ("ce matin", "Ce moment est passé"),
        ("aujourd'hui", "Ajoutez l'heure"),
        ("23/11", "Ajoutez l'heure"),
        ("23/11/2026 9h", "Ce moment est passé"),
        ("22/11 18h", "Ce jour est passé"),
        ("01/02/2020", "Ce moment est passé"),
        ("01/02/0000", "n'existe pas"),
        ("01/02/0001 3h", "Ce moment est passé"),
        ("31/12/9999 23h", "trop lointaine"),
        ("dans 999 semaines", "trop lointaine"),
        ("mardi 25/11", "Ce jour-là est un mercredi"),
        ("15 jui 9h", "n'est pas comprise"),
        ("lundi ou mardi", "n'est pas comprise"),
        ("12", "n'est pas comprise"),
        ("dans 2 jours 30", "n'est pas comprise"),
        ("", "n'est pas comprise"),
        ("demain " * 20, "n'est pas comprise"),
    ],
)
def test_what_cannot_be_is_answered_with_what_to_write(said: str, answer: str) -> None:
    assert answer in refusal(said)


def test_a_leap_day_is_understood_the_year_before() -> None:
    assert local("29/02 9h", datetime(2027, 12, 1, 9, tzinfo=PARIS)) == "2028-02-29 09:00"


def test_the_minute_that_runs_is_not_yet_past() -> None:
    assert local("9h30", MONDAY + timedelta(seconds=59)) == "2026-11-23 09:30"
    assert "« demain 9h30 »" in refusal("9h30", MONDAY + timedelta(seconds=60))


def test_an_hour_skipped_in_the_night_of_march_is_refused_with_the_one_to_write() -> None:
    eve = datetime(2027, 3, 27, 20, tzinfo=PARIS)
    assert "Écrivez 3 h 30" in refusal("demain 2h30", eve)
    assert local("demain 3h", eve) == "2027-03-28 03:00"
    assert parse_when("demain 3h", now=eve, zone=PARIS) - parse_when("demain 1h", now=eve, zone=PARIS) == timedelta(
        hours=1
    )


def test_an_hour_that_comes_twice_in_the_night_of_october_is_the_first_still_ahead() -> None:
    eve = datetime(2026, 10, 24, 20, tzinfo=PARIS)
    assert parse_when("demain 2h30", now=eve, zone=PARIS) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert parse_when("2h30", now=between, zone=PARIS) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert "plus de 2 h 30" in refusal("2h30", datetime(2026, 10, 25, 1, 45, tzinfo=UTC))


def test_a_delay_in_hours_is_elapsed_time_and_a_delay_in_days_keeps_the_hour() -> None:
    eve = datetime(2026, 10, 24, 20, tzinfo=PARIS)
    assert local("dans 24h", eve) == "2026-10-25 19:00"
    assert local("dans 1 jour", eve) == "2026-10-25 20:00"
    assert local("dans 24h", datetime(2027, 3, 27, 20, tzinfo=PARIS)) == "2027-03-28 21:00"


@pytest.mark.parametrize(
    ("departement", "today", "utc"),
    [
        ("971", "2026-11-23 21:00", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("974", "2026-11-24 05:00", datetime(2026, 11, 25, 4, tzinfo=UTC)),
        ("987", "2026-11-23 15:00", datetime(2026, 11, 24, 18, tzinfo=UTC)),
        ("988", "2026-11-24 12:00", datetime(2026, 11, 24, 21, tzinfo=UTC)),
    ],
)
def test_tomorrow_is_the_territory_s_tomorrow(departement: str, today: str, utc: datetime) -> None:
    zone = ZoneInfo(zone_of(departement))
    now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert f"{now.astimezone(zone):%Y-%m-%d %H:%M}" == today
    assert parse_when("demain 8h", now=now, zone=zone) == utc
    assert say_when(utc, now=now, zone=zone) == "demain à 8 h"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 23, 14, 20, 59, tzinfo=PARIS), "aujourd'hui à 14 h 20"),
        (datetime(2026, 11, 23, 8, 5, tzinfo=PARIS), "aujourd'hui à 8 h 05"),
        (datetime(2026, 11, 24, 9, tzinfo=PARIS), "demain à 9 h"),
        (datetime(2026, 11, 25, 0, tzinfo=PARIS), "mercredi 25 novembre à 0 h"),
        (datetime(2026, 11, 30, 9, 30, tzinfo=PARIS), "lundi 30 novembre à 9 h 30"),
        (datetime(2027, 1, 1, 9, tzinfo=PARIS), "vendredi 1er janvier à 9 h"),
        (datetime(2027, 8, 2, 9, tzinfo=PARIS), "lundi 2 août 2027 à 9 h"),
        (datetime(2026, 11, 22, 9, tzinfo=PARIS), "dimanche 22 novembre 2026 à 9 h"),
    ],
)
def test_a_moment_is_said_as_a_secretary_would(moment: datetime, said: str) -> None:
    assert say_when(moment.astimezone(UTC), now=MONDAY.astimezone(UTC), zone=PARIS) == said


def test_a_day_is_said_in_full() -> None:
    assert say_day(date(2026, 8, 1)) == "samedi 1er août"


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001 -- the mistake itself
    with pytest.raises(ValueError, match="aware"):
        parse_when("demain", now=naive, zone=PARIS)
    with pytest.raises(ValueError, match="aware"):
        say_when(naive, now=MONDAY, zone=PARIS)


MOMENTS = st.datetimes(
    min_value=datetime(2025, 1, 1),  # noqa: DTZ001 -- the zone is the strategy's own argument
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(deadline=None, max_examples=300)
@given(now=MOMENTS, ahead=st.integers(0, 700 * 24 * 60), zone=st.sampled_from(ZONES))
def test_what_relais_says_it_understands(now: datetime, ahead: int, zone: ZoneInfo) -> None:
    moment = now.replace(second=0, microsecond=0) + timedelta(minutes=ahead)
    assume(moment.astimezone(zone).fold == 0)  # the second of two equal hours reads as the first
    assert parse_when(say_when(moment, now=now, zone=zone), now=now, zone=zone) == moment


# fmt: off
WORDS = st.sampled_from([
    "demain", "lundi", "mar.", "prochain", "dans", "3", "h", "9h30", "15/12", "31/02/2027", "29", "février",
    "24h", "soir", "midi", "le", "à", "1er", "jours", ":",
])
# fmt: on


@settings(deadline=None, max_examples=300)
@given(
    text=st.text(max_size=70) | st.lists(WORDS, max_size=6).map(" ".join),
    now=MOMENTS,
    zone=st.sampled_from(ZONES),
)
def test_any_text_is_a_moment_to_come_or_a_sentence(text: str, now: datetime, zone: ZoneInfo) -> None:
    sentence, moment = "", now
    try:
        moment = parse_when(text, now=now, zone=zone)
    except ValueError as refused:
        sentence = str(refused)
    if sentence:
        assert sentence[0].isupper() or sentence[0].isdigit()
        assert sentence.endswith(".")
    else:
        assert moment.tzinfo is UTC
        assert now - timedelta(minutes=1) < moment < now + timedelta(days=733)
