"""Is a practitioner asked once, told once how it ended, and never about what was over before it was said?"""

from typing import Any

import pytest

from notifications.outcome import Accepted, NotSent
from notifications.sending import Carrier
from schemas.offer import Circle, OfferEnded, OfferMade
from schemas.values import AgeBand, Mode
from tests.builders import AT_TEN, GAILLAC, MONDAY, an_order, hours, only
from tests.notifications.room import Notifications

ABOUT: dict[str, Any] = {"offer_id": "offer-1", "request_id": "req-1", "practitioner_id": "gp-1", "start": AT_TEN}


def made(within: int = 24) -> OfferMade:
    return OfferMade.after(
        an_order(), MONDAY, **ABOUT, ring=0, circle=Circle.NEAR, profession="10", place=GAILLAC, age=AgeBand.SENIOR,
        mode=Mode.OFFICE, hours=within, minutes=15, deadline=MONDAY + hours(within), until=MONDAY + hours(within),
    )  # fmt: skip


def ended(why: Any = "taken") -> OfferEnded:
    return OfferEnded.after(an_order(), MONDAY, **ABOUT, why=why)


async def texts(room: Notifications) -> dict[tuple[str, str], str]:
    """What was written, by kind and state."""
    return {
        key: await room.vault.open(row.body) if row.body.box else "" for key, row in (await room.messages()).items()
    }


async def test_a_practitioner_is_asked_at_once_and_nothing_is_said_of_the_patient(room: Notifications) -> None:
    asked = only(await room.due(made()))
    assert (asked.recipient, asked.kind, asked.lane, asked.send_after) == ("practitioner", "offer", 1, MONDAY)
    text = (await texts(room))["offer", "due"]
    assert "un patient à voir lundi 05/01 à 11h00" in text
    assert text.endswith("/me")
    for hidden in ("Testard", "0639", "Gaillac", "senior"):
        assert hidden not in text


async def test_an_urgent_offer_goes_before_everything_else(room: Notifications) -> None:
    assert only(await room.due(made(within=6))).lane == 0


@pytest.mark.parametrize(
    ("why", "words"),
    [("taken", "un confrère voit le patient"), ("withdrawn", "n'attend plus"), ("lost", "n'est plus libre")],
)
async def test_whoever_was_asked_hears_how_it_ended(room: Notifications, why: str, words: str) -> None:
    await room.hear(made())
    await room.leave(outcome=Accepted("1"))
    told = only(await room.due(ended(why)))
    assert told.kind == f"offer_{why}"
    assert words in (await texts(room))[f"offer_{why}", "due"]


@pytest.mark.parametrize("why", ["expired", "too_late"])
async def test_silence_and_a_late_yes_need_no_message(room: Notifications, why: str) -> None:
    await room.hear(made())
    await room.leave(outcome=Accepted("1"))
    assert await room.due(ended(why)) == []


async def test_what_was_not_said_yet_is_not_said(room: Notifications) -> None:
    await room.hear(made())
    assert await room.due(ended()) == []
    assert await room.leave(outcome=Accepted("1")) == []
    assert set(await room.messages()) == {("offer", "superseded")}


async def test_an_offer_in_the_senders_hands_is_not_tried_again_once_it_has_ended(room: Notifications) -> None:
    await room.hear(made())
    (offer,) = await room.claim()
    await room.hear(ended())
    assert await room.record(offer, NotSent("no answer")) == []
    assert [message.kind for message in await room.leave(MONDAY + hours(1))] == ["offer_taken"]


async def test_an_offer_that_was_pushed_is_not_sent_by_sms_once_it_has_ended(room: Notifications) -> None:
    room.carriers = {"p": Carrier("push", receipts=False), "a": Carrier("sms", receipts=True)}
    room.ways = ("push", "sms")
    await room.hear(made(within=6))
    (push,) = await room.claim(provider="p")
    await room.record(push, Accepted("201"))
    await room.hear(ended("withdrawn"))
    assert [one.message.kind for one in await room.claim(MONDAY + hours(1), "a")] == []


async def test_an_end_that_is_heard_before_the_offer_keeps_it_unsaid(room: Notifications) -> None:
    assert await room.due(ended(), made()) == []
    assert await room.leave(outcome=Accepted("1")) == []


async def test_a_patient_who_moves_does_not_silence_what_practitioners_are_told(room: Notifications) -> None:
    await room.hear(made())
    await room.leave(outcome=Accepted("1"))
    await room.hear(ended("withdrawn"), room.withdrawn(practitioner_id=None, start=None))
    assert [row.kind for row in await room.leave(outcome=Accepted("2"))] == ["offer_withdrawn"]
