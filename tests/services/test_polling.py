"""Are linked agendas read when they are due, does a broken one disturb nobody, and is a person told?"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from availability import following, store, upstream
from availability.following import ALL_EVERY, EVERY
from availability.orders import register_practitioners
from availability.upstream import FeedRow, NewFeed
from schemas.event import derived_id
from schemas.slot import SlotChosen
from services.build import build_house
from services.feeds.outside import Web
from services.feeds.polling import FAILING, MISSING, SILENT_FOR, Polling
from services.house import House
from services.run import room_reactions
from services.settings import Settings
from services.storage.ledger import OUTBOX
from services.watch.alarms import open_alarms
from tests.availability.feeds.conftest import calendar
from tests.builders import MONDAY, TARN, a_practitioner, an_order, hours, minutes
from tests.elsewhere import Elsewhere, Page, elsewhere

AT_TEN = "DTSTART;TZID=Europe/Paris:20260105T100000|DURATION:PT15M"
AT_ELEVEN = "DTSTART;TZID=Europe/Paris:20260105T110000|DURATION:PT15M"


class Town:
    """A house with three practitioners, a server elsewhere, and a clock one may set."""

    def __init__(self, house: House, other: Elsewhere) -> None:
        self.house, self.other = house, other
        self.polling = Polling(house, Web(loopback=True))
        self.now = MONDAY
        house.clock.now = lambda: self.now  # type: ignore[method-assign]

    async def link(self, name: str, who: str = "gp-1", page: Page | None = None, **more: Any) -> str:
        """Link /name.ics for gp-1; its id."""
        self.other.pages[f"/{name}.ics"] = page or Page(calendar(AT_TEN))
        feed_id = derived_id("feed", name)
        url = await self.house.vault.seal(f"practitioner:{who}", "feed", f"{self.other.base}/{name}.ics?key=s3cret")
        usual: dict[str, Any] = {"kind": "ical", "means": "open", "host": "127.0.0.1", "url": url}
        new = NewFeed(id=feed_id, practitioner_id=who, **(usual | more))
        order = an_order()
        await self.house.mailbox.order(order, lambda db, now: following.link(order, new, db, now))
        return feed_id

    async def sweep(self, after: timedelta = timedelta()) -> int:
        self.now += after
        return await self.polling.sweep()

    async def feed(self, feed_id: str) -> FeedRow:
        async with self.house.database.read() as db:
            row = await upstream.feed(db, feed_id)
        assert row is not None
        return row

    async def slots(self, who: str = "gp-1") -> list[Any]:
        async with self.house.database.read() as db:
            return await store.agenda(db, who, MONDAY, MONDAY + timedelta(days=120), only_open=True)

    async def alarms(self) -> list[tuple[str, str]]:
        async with self.house.database.read() as db:
            return [(one.kind, one.about) for one in await open_alarms(db)]

    async def book(self, slot_id: str) -> None:
        chosen = SlotChosen.after(
            an_order(), self.now, request_id="req-1", slot_id=slot_id, choice=1, modes=("office",),
            patient_territory=TARN, slot_territory=TARN,
        )  # fmt: skip
        reactions = room_reactions(self.house)["availability"]
        await self.house.mailbox.receive("availability", chosen, reactions[SlotChosen])


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    house = await build_house(Settings(data_dir=tmp_path, start=MONDAY))
    work = asyncio.create_task(house.mailbox.run())
    people = [a_practitioner(one) for one in ("gp-1", "gp-2", "gp-3")]
    order = an_order()
    async with elsewhere() as other:
        town = Town(house, other)
        await house.mailbox.order(order, lambda db, now: register_practitioners(order, people, db, now))
        yield town
    work.cancel()
    await house.vault.close()
    await house.database.close()


async def test_a_linked_agenda_is_read_at_once_then_every_five_minutes(town: Town) -> None:
    feed_id = await town.link("a")
    assert (await town.sweep(), await town.sweep()) == (1, 0)
    assert len(await town.slots()) == 1
    assert await town.sweep(EVERY - minutes(1)) == 0
    assert await town.sweep(minutes(1)) == 1
    row = await town.feed(feed_id)
    assert (row.succeeded_at, row.error, row.times) == (town.now, None, 1)


async def test_only_what_changed_is_sent_but_every_hour_all_is_read(town: Town) -> None:
    feed_id = await town.link("a", page=Page(calendar(f"{AT_TEN}|RRULE:FREQ=DAILY"), headers={"etag": '"1"'}))
    await town.sweep()
    before = (await town.feed(feed_id)).times
    await town.sweep(EVERY)
    assert town.other.asked[-1][1]["if-none-match"] == '"1"'
    await town.sweep(max(ALL_EVERY, hours(24)))
    assert "if-none-match" not in town.other.asked[-1][1]
    assert len(await town.slots()) > before, "a day more has come into view, and nothing changed there"


async def test_what_says_the_same_is_not_compared_again_but_every_hour(town: Town) -> None:
    feed_id = await town.link("a", page=Page(calendar(f"{AT_TEN}|DTSTAMP:20260105T060000Z")))
    await town.sweep()
    first = (await town.feed(feed_id)).read_at
    town.other.pages["/a.ics"] = Page(calendar(f"{AT_TEN}|DTSTAMP:20260105T060500Z"))
    await town.sweep(EVERY)
    row = await town.feed(feed_id)
    assert (row.read_at, row.succeeded_at) == (first, town.now)
    await town.sweep(ALL_EVERY)
    assert (await town.feed(feed_id)).read_at == town.now


async def test_a_broken_feed_disturbs_no_other_and_closes_nothing(town: Town) -> None:
    good, bad = await town.link("good", "gp-1"), await town.link("bad", "gp-2")
    slow = await town.link("slow", "gp-3", Page(b"late", silent=30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.feeds.outside.WITHIN", 0.3)
        await town.sweep()
        town.other.pages["/bad.ics"] = Page(status=500)
        town.other.pages["/good.ics"] = Page(calendar(AT_TEN, AT_ELEVEN))
        assert await town.sweep(EVERY) == 3
        await town.sweep(EVERY)
    assert len(await town.slots("gp-1")) == 2
    assert len(await town.slots("gp-2")) == 1
    assert (await town.feed(good)).error is None
    assert (await town.feed(bad)).error == "status:500"
    assert (await town.feed(slow)).error == "timed_out"


async def test_a_fault_of_ours_is_one_feeds_fault(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = await town.link("bad"), await town.link("good", "gp-2")
    follow = following.follow

    async def break_down(order: Any, feed_id: str, *rest: Any) -> Any:
        if feed_id == bad:
            raise RuntimeError
        return await follow(order, feed_id, *rest)

    monkeypatch.setattr(following, "follow", break_down)
    assert await town.sweep() == 2
    assert ((await town.feed(bad)).error, (await town.feed(good)).error) == ("fault", None)


async def test_a_person_is_told_of_a_patient_whose_slot_is_no_longer_there_once(town: Town) -> None:
    await town.link("a")
    await town.sweep()
    (slot,) = await town.slots()
    await town.book(slot.slot_id)
    town.other.pages["/a.ics"] = Page(calendar())
    await town.sweep(EVERY)
    await town.sweep(EVERY)
    assert await town.alarms() == [(MISSING, slot.slot_id)]
    assert await said(town, "alarm.raised.v1") == 1
    assert [one.slot_id for one in await town.slots()] == [slot.slot_id]
    town.other.pages["/a.ics"] = Page(calendar(AT_TEN))
    await town.sweep(EVERY)
    assert await town.alarms() == [], "it is back"


async def test_the_alarm_is_over_when_the_hour_has_come(town: Town) -> None:
    await town.link("a")
    await town.sweep()
    (slot,) = await town.slots()
    await town.book(slot.slot_id)
    town.other.pages["/a.ics"] = Page(calendar())
    await town.sweep(EVERY)
    await town.sweep(hours(2))
    assert await town.alarms() == []


async def test_a_person_is_told_of_a_feed_that_cannot_be_read_for_hours(town: Town) -> None:
    feed_id = await town.link("a")
    await town.sweep()
    town.other.pages["/a.ics"] = Page(status=403)
    await town.sweep(EVERY)
    assert await town.alarms() == []
    await town.sweep(SILENT_FOR)
    await town.sweep(hours(1))
    assert await town.alarms() == [(FAILING, feed_id)]
    assert await said(town, "alarm.raised.v1") == 1
    town.other.pages["/a.ics"] = Page(calendar(AT_TEN))
    await town.sweep(hours(1))
    assert await town.alarms() == []


async def test_two_clocks_read_a_feed_once(town: Town) -> None:
    for number in range(6):
        await town.link(f"a{number}", f"gp-{number % 3 + 1}")
    other = Polling(town.house, Web(loopback=True))
    assert sum(await asyncio.gather(town.polling.sweep(), other.sweep())) == 6
    assert len(town.other.asked) == 6


async def test_a_feed_whose_reader_died_is_read_again(town: Town) -> None:
    feed_id = await town.link("a")
    await town.polling._claim()  # and dies
    assert await town.sweep(minutes(1)) == 0
    assert await town.sweep(minutes(9)) == 1
    assert (await town.feed(feed_id)).error is None


async def test_who_is_forgotten_is_read_no_more(town: Town) -> None:
    feed_id = await town.link("a")
    await town.house.vault.erase(["practitioner:gp-1"])
    await town.sweep()
    assert (await town.feed(feed_id)).error == "forgotten"
    assert town.other.asked == []


async def test_the_secret_of_an_address_is_nowhere_in_the_data(town: Town, tmp_path: Path) -> None:
    await town.link("a")
    await town.sweep()
    shutil.copytree(tmp_path, tmp_path / "copy")
    assert not any(b"s3cret" in file.read_bytes() for file in (tmp_path / "copy").rglob("*") if file.is_file())


async def said(town: Town, fact: str) -> int:
    async with town.house.database.read() as db:
        topics = (await db.execute(select(OUTBOX.c.topic))).scalars()
        return sum(topic.endswith(fact) for topic in topics)
