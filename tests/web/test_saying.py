"""Are moments, delays and deadlines said as people say them?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jinja2.ext import extract_from_ast

import services.web
from services.web.english import ENGLISH
from services.web.pages import patient
from services.web.pages.coordination import delays
from services.web.pages.practitioner import repeated
from services.web.render import environment, plural
from services.web.saying import countdown, french, say_day, say_delay, say_phone, say_time, say_when

TEMPLATES = Path(services.web.__file__).parent / "templates"
PARIS, TAHITI = ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Tahiti")
NOW = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)
"""A Monday, 10:12 in Paris."""


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0, "aujourd’hui à 10 h 12"),
        (22.8, "demain à 9 h"),
        (-24, "hier à 10 h 12"),
        (48, "mercredi 25 novembre à 10 h 12"),
        (24 * 8, "mardi 1er décembre à 10 h 12"),
        (24 * 39, "vendredi 1er janvier 2027 à 10 h 12"),
    ],
)
def test_a_moment_is_said_as_near_as_it_is(hours, said):
    assert say_when(NOW + timedelta(hours=hours), PARIS, NOW).replace("\u00a0", " ") == said


def test_a_moment_is_said_in_the_territorys_own_time():
    assert say_time(NOW, TAHITI) == "23\u00a0h\u00a012"
    assert say_day(NOW, TAHITI, NOW, near=False).replace("\u00a0", " ") == "dimanche 22 novembre"


def test_english_says_its_own_way():
    assert say_when(NOW + timedelta(days=1), PARIS, NOW, "en").replace("\u00a0", " ") == "tomorrow at 10:12"


@pytest.mark.parametrize(
    ("minutes", "level", "words"),
    [
        (241, "", "dans 4 h 01"),
        (239, "soon", "dans 3 h 59"),
        (60, "soon", "dans 1 h"),
        (59, "hot", "dans 59 min"),
        (0, "hot", "dans 0 min"),
        (-12, "late", "dépassée de 12 min"),
    ],
)
def test_a_deadline_gets_nearer_in_colour_icon_and_words(minutes, level, words):
    left = countdown(NOW + timedelta(minutes=minutes), NOW)
    assert (left.level, left.words.replace("\u00a0", " ")) == (level, words)
    assert left.mark == {"": "clock", "soon": "triangle", "hot": "triangle-alert", "late": "octagon-alert"}[level]


def test_a_long_delay_is_said_in_days():
    assert say_delay(50 * 60).replace("\u00a0", " ") == "2 j 2 h"


@pytest.mark.parametrize("number", ["+33639981234", "06 39 98 12 34", "0639981234"])
def test_a_number_is_read_in_pairs(number):
    assert say_phone(number).replace("\u00a0", " ") == "06 39 98 12 34"


def test_another_number_stays_as_it_is_written():
    assert say_phone("116 117") == "116 117"
    assert say_phone("+447400123456") == "+447400123456"


def test_french_signs_never_begin_a_line():
    assert french("Annuler « ceci » ? Oui : non !") == "Annuler «\u00a0ceci\u00a0»\u00a0? Oui\u00a0: non\u00a0!"


def test_none_and_one_are_singular():
    assert [plural(n, "patient").replace("\u00a0", " ") for n in (0, 1, 2)] == ["0 patient", "1 patient", "2 patients"]


def test_every_word_of_the_patients_page_has_its_english():
    source = (TEMPLATES / "patient.html").read_text("utf-8")
    calls = extract_from_ast(environment().parse(source), gettext_functions=("_",))
    written = {words for _, _, words in calls if isinstance(words, str)}
    written |= {words for end in patient.ENDS.values() for words in end[:2]} | set(patient.WHERE.values())
    assert not written - ENGLISH.keys()


def test_slots_repeat_at_the_same_hour_of_the_clock_whatever_summer_time_does():
    first = datetime(2027, 3, 22, 9, tzinfo=PARIS).astimezone(UTC)  # a week before the clocks change
    starts = [one.astimezone(PARIS).isoformat() for one in repeated(first, PARIS, 20, "week", 2)]
    assert starts == ["2027-03-22T09:00:00+01:00", "2027-03-29T09:00:00+02:00"]


def test_slots_repeat_one_after_the_other():
    assert repeated(NOW, PARIS, 20, "next", 3)[-1] - NOW == timedelta(minutes=40)


def test_the_chart_counts_each_wait_once_and_marks_what_is_beyond_a_day():
    bars = delays([30, 119, 24 * 60, 24 * 60 + 1, 5000])
    assert [bar.count for bar in bars] == [2, 0, 0, 1, 1, 1]
    assert [bar.look for bar in bars] == ["kept"] * 4 + ["beyond"] * 2
    assert delays([]) == []
