"""Is an alarm raised once, shown while it lasts, and told to a named human?"""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from dispatcher import roster
from dispatcher.views import OnCall
from schemas.event import Event
from schemas.house import AlarmRaised
from services.clock import Clock
from services.mailbox import Mailbox
from services.storage.database import Database
from services.watch.alarms import clear_alarm, open_alarms, raise_alarm


@pytest.fixture
async def mailbox(database: Database) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox(database, Clock())
    work = asyncio.create_task(mailbox.run())
    yield mailbox
    work.cancel()


@pytest.fixture
def heard(mailbox: Mailbox) -> list[Event]:
    facts: list[Event] = []
    mailbox.on_commit(facts.extend)
    return facts


async def shown(database: Database) -> list[tuple[str, str]]:
    async with database.read() as db:
        return [(one.kind, one.about) for one in await open_alarms(db)]


async def test_an_alarm_is_raised_once_however_often_it_is_noticed(
    database: Database, mailbox: Mailbox, heard: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "relais.alarms"):
        for _ in range(3):
            await raise_alarm(mailbox, "stream_full", "CARE", "Le flux est plein.", "tarn-ouest")
        await asyncio.gather(*(raise_alarm(mailbox, "disk", "var", "Le disque est plein.") for _ in range(5)))
    assert await shown(database) == [("stream_full", "CARE"), ("disk", "var")]
    assert len(heard) == 1
    assert len(caplog.records) == 2


async def test_a_cleared_alarm_is_no_longer_shown_and_may_be_raised_again(
    database: Database, mailbox: Mailbox, heard: list[Event]
) -> None:
    for _ in range(2):
        await raise_alarm(mailbox, "stream_full", "CARE", "Le flux est plein.", "tarn-ouest")
        await clear_alarm(mailbox, "stream_full", "CARE")
        assert await shown(database) == []
    assert len({fact.id for fact in heard}) == 2


async def test_clearing_one_leaves_the_others(database: Database, mailbox: Mailbox) -> None:
    await raise_alarm(mailbox, "aside", "r-1", "…")
    await raise_alarm(mailbox, "aside", "r-2", "…")
    await clear_alarm(mailbox, "aside", "r-1")
    assert await shown(database) == [("aside", "r-2")]


async def test_the_first_of_the_roster_is_named(database: Database, mailbox: Mailbox, heard: list[Event]) -> None:
    async with database.writing() as db:
        await roster.put(db, "tarn-ouest", [OnCall("anne", 1, "Anne"), OnCall("claire", 0, "Claire")])
    await raise_alarm(mailbox, "clock", "here", "L'horloge a sauté.", "tarn-ouest")
    await raise_alarm(mailbox, "clock", "there", "L'horloge a sauté.", "volvestre")
    await raise_alarm(mailbox, "clock", "everywhere", "L'horloge a sauté.")
    named = [(fact.territory, fact.person) for fact in heard if isinstance(fact, AlarmRaised)]
    assert named == [("tarn-ouest", "claire"), ("volvestre", "coord-volvestre")]
