"""Can a practitioner, or who acts for her, say which week repeats, change it, and take it back?"""

from typing import Any

import pytest

from tests.web.conftest import SignIn, enter, errors, key, publish

MORNINGS = {"days": [1, 3], "begins": "9h", "ends": "10h30", "minutes": 30}
"""Tuesdays and Thursdays of a fortnight that begins on a Monday: twelve times."""


async def repeat(client: Any, name: str = "week", who: str = "dr-anne", **changes: Any) -> Any:
    return await client.post(f"/api/practitioners/{who}/weeks", json=MORNINGS | changes, headers=key(name))


async def starts(client: Any) -> list[str]:
    return [slot["start"] for slot in (await client.get("/api/slots")).json() if slot["status"] == "open"]


async def test_a_week_opens_its_slots_once_however_often_it_is_sent(anne) -> None:
    first = await repeat(anne)
    assert first.status_code == 201, first.text
    assert (first.json()["opened"], first.json()["closed"]) == (12, 0)
    assert (await repeat(anne)).json() == first.json()
    assert len(await starts(anne)) == 12
    (week,) = (await anne.get("/api/practitioners/dr-anne/weeks")).json()
    assert (week["id"], week["begins"], week["ends"], week["since"]) == (
        first.json()["id"], "09:00:00", "10:30:00", "2026-11-23",
    )  # fmt: skip


async def test_it_is_changed_and_ended(anne) -> None:
    week = (await repeat(anne)).json()["id"]
    changed = await anne.post(f"/api/weeks/{week}", json=MORNINGS | {"days": [1], "visibility": "snp"})
    assert (changed.json()["opened"], changed.json()["closed"]) == (6, 12)
    ended = await anne.post(f"/api/weeks/{week}/end")
    assert (ended.json()["opened"], ended.json()["closed"]) == (0, 6)
    assert await starts(anne) == []
    assert (await anne.post(f"/api/weeks/{week}/end")).status_code == 404


async def test_the_slot_in_the_way_is_named(anne) -> None:
    await publish(anne, "demain 10h", minutes=20)
    refused = await repeat(anne)
    assert refused.status_code == 409
    said = refused.json()["detail"].replace("\u00a0", " ")
    assert "demain à 10 h, 20 min" in said
    assert (await anne.get("/api/practitioners/dr-anne/weeks")).json() == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("begins", {"begins": "tôt"}, "comprise"),
        ("begins", {"begins": "25h"}, "25 h"),
        ("ends", {"ends": "9h10"}, "un créneau au moins"),
        ("until", {"until": "2026-01-01"}, "échangez"),
        ("without.1", {"without": ["24/12", "31/02"]}, "n'existe pas"),
        ("days.0", {"days": [7]}, "au plus 6"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field(anne, field: str, typed: dict[str, Any], words: str) -> None:
    said = errors(await repeat(anne, **typed))
    assert set(said) == {field}
    assert words in said[field]


async def test_a_secretary_sets_it_for_whom_she_serves_and_for_nobody_else(sign_in: SignIn, anne) -> None:
    secretary, bruno = await sign_in("sec-tarn-ouest"), await sign_in("dr-bruno")
    week = (await repeat(secretary)).json()["id"]
    assert len(await starts(anne)) == 12
    assert (await repeat(secretary, "other", who="dr-bruno")).status_code == 404
    assert (await bruno.post(f"/api/weeks/{week}/end")).status_code == 404
    assert (await bruno.get("/api/practitioners/dr-anne/weeks")).status_code == 404


async def test_a_slot_for_children_is_proposed_for_children_alone(anne, regulator, settle) -> None:
    await publish(anne, "15h", ages=["child"])
    await settle()

    async def proposed(year: int) -> int:
        found = await regulator.post("/api/proposals", json={"commune": "81140", "birth_year": year})
        return len(found.json()["proposals"])

    assert (await proposed(2018), await proposed(1980)) == (1, 0)


async def test_the_seat_that_was_shown_is_the_seat_that_is_held(anne, regulator, settle, house) -> None:
    slot_id = await publish(anne, "9h20", minutes=60, capacity=4)  # in 20 minutes: the first seat is too near
    await settle()
    (best,) = (await regulator.post("/api/proposals", json={"commune": "81140"})).json()["proposals"]
    assert (best["slot_id"], best["start"]) == (slot_id, "2026-11-23T08:35:00+00:00")
    draft = {"request_id": "draft-of-a-regulator", "slot_id": slot_id, "start": best["start"]}
    held = await regulator.post("/api/holds", json=draft)
    assert held.json()["start"] == best["start"]
    request_id = await enter(regulator)
    await settle()
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["start"] == "2026-11-23T08:50:00+00:00"
