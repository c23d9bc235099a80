"""Is what patients write acted on only when it is clear, and read by a human otherwise?"""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.replies import ALARM, WHOLE, meaning
from schemas.message import Meaning


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("OUI", "yes"),
        ("Oui !", "yes"),
        ("oui merci beaucoup", "yes"),
        ("Bonjour, oui, merci.", "yes"),
        ("D’accord", "yes"),
        ("Evet", "yes"),
        ("نعم", "yes"),
        ("não", "no"),
        ("NON", "no"),
        ("hayır", "no"),
        ("HAYIR", "no"),
        ("Annuler svp", "cancel"),
        ("ANNULÉ", "cancel"),
        ("Je ne viendrai pas", "cancel"),
        ("STOP", "stop"),
        ("stop.", "stop"),
        ("Je n'ai pas de voiture", "no_vehicle"),
        ("oui mais plus tard", "other"),
        ("oui non", "other"),
        ("oui annuler", "other"),
        ("non merci je préfère demain", "other"),
        ("Je viens avec ma fille, ouistiti", "other"),
        ("", "other"),
        ("👍", "other"),
        ("merci", "other"),
        ("oui, j'ai mal à la poitrine", "alarm"),
        ("il RESPIRE MAL", "alarm"),
        ("Malaise", "alarm"),
        ("annuler, c’est une urgence", "alarm"),
        ("Stop urgence", "alarm"),
        ("nefes alamıyorum", "alarm"),
    ],
)
def test_a_reply_is_read_as_it_was_meant(text: str, means: Meaning) -> None:
    assert meaning(text) == means


def test_no_words_mean_two_things() -> None:
    every = [word for words in WHOLE.values() for word in words]
    assert len(every) == len(set(every))
    assert not {*every} & ALARM


@given(st.text(max_size=200))
def test_whatever_is_written_is_read(text: str) -> None:
    assert meaning(text) in get_args(Meaning)


@given(st.sampled_from(sorted(ALARM)), st.text(max_size=40), st.text(max_size=40))
def test_a_word_of_alarm_counts_wherever_it_stands(word: str, before: str, after: str) -> None:
    assert meaning(f"{before} {word} {after}") == "alarm"
