"""When there is no seat, is somebody asked, does the first yes win on a real bus, and does everybody hear of it?"""

import asyncio

import pytest
from sqlalchemy import update

from availability.tables import PRACTITIONER
from dispatcher import asked
from dispatcher.answers import accept, decline
from dispatcher.offers.offer import OfferRow
from schemas.offer import OfferAccepted
from schemas.practitioner import Terms
from services import newcomers
from services.settings import Settings
from tests.builders import LAVAUR, hours
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

WILLING = Terms(offers=True)
SOON = hours(5)
"""Urgent: asked at any hour, for this clock is the real one."""


async def offers(town: Town, request_id: str = "r-1") -> dict[str, OfferRow]:
    async with town.house.database.read() as db:
        return {one.practitioner_id: one for one in await asked.all_of(db, request_id)}


async def ask_for(town: Town, *people: str, request_id: str = "r-1") -> dict[str, OfferRow]:
    """These agreed to be asked, and a patient finds no seat: their offers."""
    await town.settle_in(*people, terms=WILLING)

    async def heard() -> bool:
        return all(town.house.seats.people.get(one) is not None for one in people)

    await town.until(heard)
    await town.enter(request_id, within=SOON)
    await town.until_state("offering", request_id)
    return await offers(town, request_id)


async def test_the_first_yes_is_booked_and_the_others_hear_that_it_is_taken(town: Town) -> None:
    made = await ask_for(town, "gp-2", "gp-3")
    await town.until_quiet()
    [said] = await town.give(accept, made["gp-2"].offer_id, None)
    assert isinstance(said, OfferAccepted)
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    row = await town.request("r-1")
    assert (row.practitioner_id, row.start) == ("gp-2", said.start)
    told: dict[str, list[tuple[str, str]]] = {}
    for one in await town.messages_about("r-1"):
        told.setdefault(one.recipient_id, []).append((one.kind, one.state))
    assert told == {
        "gp-2": [("offer", "sent"), ("new_patient", "sent")],
        "gp-3": [("offer", "sent"), ("offer_taken", "sent")],
        "r-1": [("booked", "sent")],
    }


async def test_all_say_yes_at_once_and_one_gets_the_patient(town: Town) -> None:
    people = [f"gp-{number}" for number in range(2, 9)]
    made = await ask_for(town, *people)
    answers = await asyncio.gather(*(town.give(accept, made[one].offer_id, None) for one in made))
    assert sum(isinstance(one, list) and len(one) == 1 for one in answers) == 1
    await town.until_state("booked", "r-1")
    await town.until_quiet()
    ended = await offers(town)
    assert sorted(one.state for one in ended.values()) == ["accepted", *["ended"] * (len(made) - 1)]
    assert all(one.answer == "yes" for one in ended.values())


async def test_when_all_refuse_the_next_are_asked_and_an_acceptance_may_be_taken_back(town: Town) -> None:
    await town.settle_in("gp-3", terms=WILLING, commune=LAVAUR.commune, lat=LAVAUR.lat, lon=LAVAUR.lon)
    made = await ask_for(town, "gp-2")
    assert set(made) == {"gp-2"}
    await town.give(decline, made["gp-2"].offer_id)

    async def asked_too() -> bool:
        return "gp-3" in await offers(town)

    await town.until(asked_too)
    await town.give(accept, (await offers(town))["gp-3"].offer_id, None)
    await town.until_state("booked", "r-1")
    slot_id = (await town.request("r-1")).slot_id
    assert slot_id is not None
    await town.cancel_slot(slot_id)
    await town.until_state("seeking", "r-1")


async def test_a_house_that_starts_again_knows_whom_it_may_ask(settings: Settings) -> None:
    async with living(settings) as town:
        await town.settle_in("gp-2", terms=WILLING)
        await town.until_quiet()
    async with living(settings) as town:
        await town.enter("r-1", within=SOON)
        await town.until_state("offering", "r-1")
        await town.until_quiet()


async def test_who_was_registered_by_an_older_release_is_described_by_itself(town: Town) -> None:
    async with town.house.database.writing() as db:  # as if nobody had ever said it
        await db.execute(update(PRACTITIONER).values(version=0, terms=WILLING.model_dump_json(), zone=None))
    town.house.seats.people._known.clear()
    await newcomers.describe(town.house)

    async def known() -> bool:
        return town.house.seats.people.get("gp-1") is not None

    await town.until(known)
