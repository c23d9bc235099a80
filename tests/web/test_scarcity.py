"""Does the coordinator read where a seat more would help, in words that hold?"""

from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher import scarcity
from schemas.scarcity import Price, Scarcity, Shortage
from services.house import House
from services.ids import own_order
from services.reference.communes import load_communes
from services.web.saying import NB
from services.web.scarcity import say_price, say_shortage, worth_saying
from tests.web.conftest import GAILLAC, LAVAUR, MONDAY, OWN, SignIn

PARIS = ZoneInfo("Europe/Paris")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def a_price(minutes: int = 180, **said: Any) -> Price:
    """A physiotherapist tomorrow at ten in Gaillac."""
    usual = {"profession": "70", "commune": GAILLAC, "hour": MONDAY + hours(25)}
    return Price(**{**usual, **said}, minutes=minutes)


FOUND = Scarcity(
    prices=(a_price(), a_price(100, commune=LAVAUR), a_price(60, profession="91"), a_price(50, hour=MONDAY - hours(1))),
    shortages=(
        Shortage(profession="70", asked=12.4, open=9, short=2.1),
        Shortage(profession="91", asked=3, open=5, short=0.4),
    ),
    unknown=("92", "95"),
)


async def keep(house: House, found: Scarcity) -> None:
    order = own_order(OWN)
    await house.mailbox.order(order, partial(scarcity.on_priced, order, found))


def said(price: Price) -> str:
    return say_price(price, PARIS, MONDAY, load_communes()).replace(NB, " ")


# --- words ----------------------------------------------------------------------------------------------


def test_a_price_is_a_plain_sentence() -> None:
    assert said(a_price()) == (
        "Une place de masseur-kinésithérapeute demain vers 10 h à Gaillac : environ 3 h d’attente évitées"
    )


@pytest.mark.parametrize(
    ("minutes", "gain"),
    [
        (40, "environ 45 min d’attente évitées"),
        (119, "environ 2 h d’attente évitées"),
        (200, "environ 3 h 30 d’attente évitées"),
        (1000, "environ 17 h d’attente évitées"),
        (2160, "sans doute un patient de plus vu à temps"),
        (17_000, "sans doute un patient de plus vu à temps"),
    ],
)
def test_what_it_spares_is_rounded_and_a_patient_is_no_number_of_hours(minutes: int, gain: str) -> None:
    assert said(a_price(minutes)).endswith(f" : {gain}")


@pytest.mark.parametrize(
    ("code", "commune", "words"),
    [
        ("91", "81105", "Une place d’orthophoniste demain vers 10 h à Graulhet"),
        ("60", "81101", "Une place d’infirmier·ère demain vers 10 h au Garric"),
        ("10", "81045", "Une place de médecin généraliste demain vers 10 h aux Cabannes"),
    ],
)
def test_french_joins_small_words(code: str, commune: str, words: str) -> None:
    assert said(a_price(profession=code, commune=commune)).startswith(words)


def test_one_sentence_a_profession_and_day_and_nothing_past_or_too_small() -> None:
    prices = [
        a_price(500),
        a_price(490, commune=LAVAUR),
        a_price(700, hour=MONDAY + hours(2)),
        a_price(29, profession="91"),
        a_price(900, profession="60", hour=MONDAY),
    ]
    assert [one.minutes for one in worth_saying(prices, MONDAY, PARIS)] == [700, 500]
    many = [a_price(100 + number, profession=str(number)) for number in range(9)]
    assert len(worth_saying(many, MONDAY, PARIS)) == 6


@pytest.mark.parametrize(
    ("short", "look", "words"),
    [
        (0.4, "ok", "assez de places"),
        (1.2, "late", "environ 1 patient sans place à temps"),
        (2.6, "late", "environ 3 patients sans place à temps"),
    ],
)
def test_a_shortage_is_said_in_words(short: float, look: str, words: str) -> None:
    row = say_shortage(Shortage(profession="10", asked=4.6, open=2, short=short))
    assert (row.look, row.words.replace(NB, " "), row.asked) == (look, words, 5)


# --- the door and the page ------------------------------------------------------------------------------


async def test_before_anything_was_worked_out_the_door_says_so(sign_in: SignIn) -> None:
    coordinator = await sign_in("coord-tarn-ouest")
    answer = (await coordinator.get("/api/scarcity")).json()
    assert answer == {"at": None, "prices": [], "shortages": [], "too_little_history": []}
    page = (await coordinator.get("/coordination")).text
    assert "Rien à proposer encore" in page
    assert "Pas encore de prévision" in page


async def test_the_regulator_asks_what_a_seat_is_worth_here(house: House, sign_in: SignIn) -> None:
    await keep(house, FOUND)
    regulator = await sign_in("reg-tarn-ouest")
    answer = (await regulator.get("/api/scarcity", params={"profession": "70", "commune": GAILLAC})).json()
    (price,) = answer["prices"]
    assert price == {
        "profession": "70",
        "profession_name": "Masseur-kinésithérapeute",
        "commune": GAILLAC,
        "commune_name": "Gaillac",
        "hour": "2026-11-24T09:00:00+00:00",
        "minutes": 180,
    }
    every = (await regulator.get("/api/scarcity")).json()
    assert [one["minutes"] for one in every["prices"]] == [180, 100, 60], "not what is past"
    assert every["shortages"][0] == {
        "profession": "70", "profession_name": "Masseur-kinésithérapeute", "asked": 12.4, "open": 9, "short": 2.1,
    }  # fmt: skip
    assert every["too_little_history"] == ["92", "95"]
    assert len((await regulator.get("/api/scarcity", params={"limit": 1})).json()["prices"]) == 1


async def test_nobody_sees_another_territorys(house: House, sign_in: SignIn) -> None:
    await keep(house, FOUND)
    stranger = await sign_in("coord-toulouse-ouest")
    assert (await stranger.get("/api/scarcity")).json()["prices"] == []
    assert "masseur-kinésithérapeute" not in (await stranger.get("/coordination")).text


async def test_the_coordinator_reads_sentences_and_a_table_of_words(house: House, sign_in: SignIn) -> None:
    await keep(house, FOUND)
    page = (await (await sign_in("coord-tarn-ouest")).get("/coordination/figures")).text.replace(NB, " ")
    assert "Une place de masseur-kinésithérapeute demain vers 10 h à Gaillac : environ 3 h d’attente évitées" in page
    assert "Une place d’orthophoniste demain" in page
    assert "environ 2 patients sans place à temps" in page
    assert "assez de places" in page
    assert "Trop peu de demandes encore pour prévoir : Orthoptiste, Diététicien·ne." in page


async def test_when_nothing_is_short_the_page_says_it_kindly(house: House, sign_in: SignIn) -> None:
    await keep(house, Scarcity(shortages=FOUND.shortages[1:]))
    page = (await (await sign_in("coord-tarn-ouest")).get("/coordination")).text
    assert "Aucune place de plus ne changerait grand-chose" in page
