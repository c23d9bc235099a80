"""Is what patients write acted on only when it is clear, and read by a human otherwise?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.replies import ALARM, WHOLE, Meaning, meaning


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("OUI", Meaning.YES),
        ("Oui !", Meaning.YES),
        ("oui merci beaucoup", Meaning.YES),
        ("Bonjour, oui, merci.", Meaning.YES),
        ("D’accord", Meaning.YES),
        ("Evet", Meaning.YES),
        ("نعم", Meaning.YES),
        ("não", Meaning.NO),
        ("NON", Meaning.NO),
        ("hayır", Meaning.NO),
        ("HAYIR", Meaning.NO),
        ("Annuler svp", Meaning.CANCEL),
        ("ANNULÉ", Meaning.CANCEL),
        ("Je ne viendrai pas", Meaning.CANCEL),
        ("STOP", Meaning.STOP),
        ("stop.", Meaning.STOP),
        ("Je n'ai pas de voiture", Meaning.NO_VEHICLE),
        ("oui mais plus tard", Meaning.OTHER),
        ("oui non", Meaning.OTHER),
        ("oui annuler", Meaning.OTHER),
        ("non merci je préfère demain", Meaning.OTHER),
        ("Je viens avec ma fille, ouistiti", Meaning.OTHER),
        ("", Meaning.OTHER),
        ("👍", Meaning.OTHER),
        ("merci", Meaning.OTHER),
        ("oui, j'ai mal à la poitrine", Meaning.ALARM),
        ("il RESPIRE MAL", Meaning.ALARM),
        ("Malaise", Meaning.ALARM),
        ("annuler, c’est une urgence", Meaning.ALARM),
        ("Stop urgence", Meaning.ALARM),
        ("nefes alamıyorum", Meaning.ALARM),
    ],
)
def test_a_reply_is_read_as_it_was_meant(text: str, means: Meaning) -> None:
    assert meaning(text) is means


def test_no_words_mean_two_things() -> None:
    every = [word for words in WHOLE.values() for word in words]
    assert len(every) == len(set(every))
    assert not {*every} & ALARM


@given(st.text(max_size=200))
def test_whatever_is_written_is_read(text: str) -> None:
    assert meaning(text) in Meaning


@given(st.sampled_from(sorted(ALARM)), st.text(max_size=40), st.text(max_size=40))
def test_a_word_of_alarm_counts_wherever_it_stands(word: str, before: str, after: str) -> None:
    assert meaning(f"{before} {word} {after}") is Meaning.ALARM
