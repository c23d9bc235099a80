"""Are the words right: one SMS, the hour of the place, nothing about anybody's health?"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.segments import GSM7, GSM7_ESCAPED, segments, to_gsm7
from notifications.texts import DAYS, LANGUAGES, TEXTS, UNICODE
from notifications.wording import Facts, Fault, faults, longest, render
from services.reference.health import health_words
from services.reference.territories import load_territories

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
LONGEST_DAY = datetime(2026, 9, 30, 8, 30, tzinfo=UTC)  # a Wednesday, half past ten
SITE = "https://relais.cpts-exemple.fr"
PATHS = {"new_patient": "/me", "seat_freed": "/me", "escalated": "/console"}
EVERY_TEXT = [(kind, language) for kind, texts in TEXTS.items() for language in texts]
TERRITORIES = sorted(load_territories().values(), key=lambda territory: territory.id)


def rendered(kind: str, language: str, org: str, moment: datetime = LONGEST_DAY, zone: ZoneInfo = PARIS) -> str:
    path = PATHS.get(kind, "/p/" + "k" * 12)
    return render(kind, language, Facts(org, moment, SITE + path, "05 36 49 00 81"), zone)


@pytest.mark.parametrize("territory", TERRITORIES, ids=lambda territory: territory.id)
@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_every_text_of_every_territory_is_one_sms(kind: str, language: str, territory: object) -> None:
    name = territory.name  # type: ignore[attr-defined]  # parametrised with territories
    text = rendered(kind, language, name)
    assert segments(text) <= (3 if language in UNICODE else 1), f"{len(text)}: {text}"
    assert language in UNICODE or set(text) <= GSM7 | GSM7_ESCAPED
    assert "?" not in text


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_no_text_says_a_word_about_health(kind: str, language: str) -> None:
    assert health_words(rendered(kind, language, "CPTS Tarn Ouest")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Votre cardiologue vous attend", ["cardiologue"]),
        ("Séance d'ORTHOPHONISTE", ["ORTHOPHONISTE"]),
        ("Pansement demain, vaccins après", ["Pansement", "vaccins"]),
        ("Suivi de néphrologie", ["néphrologie"]),
        ("Infection urinaire", ["Infection", "urinaire"]),
        ("{org} : votre rendez-vous précédent est annulé, une personne vous rappelle", []),
    ],
)
def test_words_about_health_are_found_in_any_spelling(text: str, found: list[str]) -> None:
    assert health_words(text, ["Infection urinaire"]) == found


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_every_text_says_who_writes_and_names_nobody(kind: str, language: str) -> None:
    text = rendered(kind, language, "CPTS Tarn Ouest")
    assert text.startswith("CPTS Tarn Ouest")
    assert "{" not in text
    assert "Mireille" not in text


def test_the_text_of_a_booking() -> None:
    assert rendered("booked", "fr", "CPTS Tarn Ouest") == (
        "CPTS Tarn Ouest : rendez-vous mercredi 30/09 à 10h30. Voir, confirmer ou annuler : "
        "https://relais.cpts-exemple.fr/p/kkkkkkkkkkkk"
    )
    assert rendered("booked", "en", "CPTS Tarn Ouest").startswith(
        "CPTS Tarn Ouest: appointment Wednesday 30/09 at 10:30. See"
    )


def test_whatever_a_patient_is_told_is_there_in_every_language() -> None:
    told = [texts for texts in TEXTS.values() if len(texts) > 1]
    assert len(told) == 9
    assert all(texts.keys() == LANGUAGES.keys() == DAYS.keys() for texts in told)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("ar", "CPTS: موعدكم الأربعاء 30/09 الساعة 10:30. للاطلاع أو التأكيد أو الإلغاء: "),
        ("pt", "CPTS: marcacao quarta 30/09 às 10:30. Ver, confirmar ou anular: "),
        ("tr", "CPTS: randevunuz carsamba 30/09 saat 10:30. Görmek, onaylamak veya iptal icin: "),
    ],
)
def test_the_booking_in_other_languages(language: str, said: str) -> None:
    assert rendered("booked", language, "CPTS") == f"{said}{SITE}/p/kkkkkkkkkkkk"


def test_a_language_nobody_wrote_is_french() -> None:
    assert rendered("booked", "oc", "CPTS") == rendered("booked", "fr", "CPTS")
    assert rendered("new_patient", "en", "CPTS") == rendered("new_patient", "fr", "CPTS")


@pytest.mark.parametrize(
    ("moment", "zone", "said"),
    [
        (datetime(2026, 1, 5, 10, 5, tzinfo=UTC), PARIS, "lundi 05/01 à 11h05"),
        (datetime(2026, 7, 6, 10, 5, tzinfo=UTC), PARIS, "lundi 06/07 à 12h05"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), PARIS, "dimanche 29/03 à 1h59"),  # 2 o'clock does not exist
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), PARIS, "dimanche 29/03 à 3h00"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), PARIS, "dimanche 25/10 à 2h30"),  # this half past two comes twice
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), PARIS, "dimanche 25/10 à 2h30"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), PARIS, "dimanche 25/10 à 3h00"),
        (datetime(2026, 12, 31, 22, 0, tzinfo=UTC), REUNION, "vendredi 01/01 à 2h00"),  # tomorrow already
        (datetime(2026, 7, 6, 5, 0, tzinfo=UTC), REUNION, "lundi 06/07 à 9h00"),  # no summer time there
    ],
)
def test_the_hour_is_that_of_the_place(moment: datetime, zone: ZoneInfo, said: str) -> None:
    assert f"rendez-vous {said}." in rendered("booked", "fr", "CPTS", moment, zone)


@given(st.text())
def test_whatever_is_written_fits_the_alphabet_of_an_sms(text: str) -> None:
    assert set(to_gsm7(text)) <= GSM7 | GSM7_ESCAPED


@given(st.text(alphabet=sorted(GSM7 | GSM7_ESCAPED)))
def test_what_fits_already_is_left_as_it_is(text: str) -> None:
    assert to_gsm7(text) == text


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Hôpital de l’Isle, à 9 h", "Hopital de l'Isle, à 9 h"),
        ("Pays des Maures – Littoral", "Pays des Maures - Littoral"),
        ("Hyères et les Îles d’Or", "Hyères et les Iles d'Or"),
        ("Cœur…", "Coeur..."),
        ("çà et là", "cà et là"),
        ("日", "?"),
    ],
)
def test_what_does_not_fit_is_written_as_people_would(written: str, sent: str) -> None:
    assert to_gsm7(written) == sent


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2), ("", 1)],
)
def test_how_many_sms_a_text_is(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(("kind", "language"), [one for one in EVERY_TEXT if one[0] != "call_15"])
def test_every_text_as_delivered_could_be_ones_own(kind: str, language: str) -> None:
    facts = Facts("CPTS Tarn Ouest", LONGEST_DAY, SITE + "/p/" + "k" * 12, "05 36 49 00 81")
    assert faults(kind, language, TEXTS[kind][language], facts) == []


def test_the_longest_day_and_hour_count() -> None:
    facts = Facts("CPTS", LONGEST_DAY, SITE, "15")
    assert longest("booked", "fr", "{org} {day} {time} {link}", facts) == f"CPTS mercredi 23/12 22h30 {SITE}"
    assert faults("booked", "fr", "{org} {day} {time} {link}" + "a" * 450, facts) == [Fault("long", "4")]
    assert faults("call_15", "fr", "appelez", facts) == [Fault("fixed")]


@given(st.text(alphabet="{}:!.[]adyorgtimelnk 0", max_size=30))
def test_whatever_is_typed_is_judged_and_what_passes_can_be_rendered(text: str) -> None:
    facts = Facts("CPTS", LONGEST_DAY, SITE, "15")
    if not faults("booked", "fr", text, facts):
        assert "{" not in render("booked", "fr", facts, PARIS, {("booked", "fr"): text})
