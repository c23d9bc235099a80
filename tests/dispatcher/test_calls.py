"""Is a gentle call gentle: before a peak, by day, to who agreed, for seats that are missing, once a day?"""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.calls import call
from dispatcher.offers.calling import peak_of, to_call
from dispatcher.offers.people import Known
from schemas.call import CallMade
from schemas.practitioner import Absence, PractitionerDescribed, Terms
from schemas.scarcity import Shortage
from services.storage.database import Database
from tests.builders import GAILLAC, MONDAY, an_order, ask, hours

PARIS = ZoneInfo("Europe/Paris")
WEDNESDAY = datetime(2026, 1, 7, 9, tzinfo=UTC)
SHORT = Shortage(profession="10", asked=20, open=16, short=3.6)


def a_person(name: str = "gp-1", profession: str = "10", **said: Any) -> Known:
    terms = Terms(**{"offers": True, **said})
    described = PractitionerDescribed.after(
        an_order(), MONDAY, practitioner_id=name, profession=profession, place=GAILLAC, terms=terms, version=1
    )
    return Known(described)


@pytest.mark.parametrize(
    ("now", "holidays", "short", "expected"),
    [
        (MONDAY, [], SHORT, "monday"),
        (MONDAY - hours(22), [], SHORT, "monday"),  # Sunday at eleven
        (WEDNESDAY, [date(2026, 1, 9)], SHORT, "holiday"),
        (WEDNESDAY, [date(2026, 1, 10)], SHORT, None),
        (WEDNESDAY, [], SHORT, None),
        (WEDNESDAY, [], SHORT.model_copy(update={"short": 6.0}), "busy"),
        (MONDAY, [], SHORT.model_copy(update={"short": 1.4}), None),
        (MONDAY + hours(11), [], SHORT, None),  # eight in the evening
    ],
)
def test_before_which_peak(now: datetime, holidays: list[date], short: Shortage, expected: str | None) -> None:
    assert peak_of(short, now, PARIS, holidays) == expected


def test_who_did_not_agree_or_is_on_pause_or_away_is_left_in_peace() -> None:
    away = Absence(since=MONDAY - hours(1), until=MONDAY + hours(1))
    people = [
        a_person("yes"), a_person("never", offers=False), a_person("paused", paused_until=MONDAY + hours(1)),
        a_person("away", absences=(away,)), a_person("nurse", profession="60"),
    ]  # fmt: skip
    assert to_call(SHORT, people, {}, MONDAY) == ["yes"]


def test_three_for_each_missing_seat_the_least_recently_called_first() -> None:
    people = [a_person(f"gp-{number:02d}") for number in range(30)]
    called = {"gp-00": MONDAY - hours(23), "gp-01": MONDAY - hours(48), "gp-02": MONDAY - hours(72)}
    found = to_call(SHORT, people, called, MONDAY)
    assert len(found) == 12
    assert found[0] == "gp-03"
    few = to_call(SHORT, people[:3], called, MONDAY)
    assert few == ["gp-02", "gp-01"]


async def test_nobody_is_called_twice_a_day_even_by_two_machines(database: Database) -> None:
    people = [a_person("gp-1"), a_person("gp-2")]

    async def look(now: datetime) -> list[CallMade]:
        async def act(order: Any, db: Any, at: datetime) -> Any:
            return await call(order, {"monday": [SHORT]}, people, db, at)

        found: list[CallMade] = await ask(database, act, an_order(), now=now)
        return found

    first = await asyncio.gather(look(MONDAY), look(MONDAY))
    said = [one for facts in first for one in facts]
    assert sorted(one.practitioner_id for one in said) == ["gp-1", "gp-2"]
    assert {(one.profession, one.short, one.peak) for one in said} == {("10", 4, "monday")}
    assert await look(MONDAY + hours(23)) == []
    assert len(await look(MONDAY + hours(24))) == 2
