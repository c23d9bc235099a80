"""What does an agenda kept elsewhere say? One of gp-1, and what became of it."""

from datetime import datetime
from typing import Any

from availability import upstream
from availability.feeds.source import Reading, Time
from availability.following import Followed, follow, link
from availability.upstream import FeedRow, NewFeed
from tests.availability.room import Availability
from tests.builders import AT_TEN, MONDAY, an_order, minutes


def at(start: datetime = AT_TEN, lasts: int = 15, uid: str = "", **more: Any) -> Time:
    return Time(uid or f"at-{start:%H%M}", start, start + minutes(lasts), **more)


class Agenda:
    """An agenda kept elsewhere of gp-1, and what it says."""

    def __init__(self, room: Availability, feed_id: str = "feed-1") -> None:
        self.room = room
        self.id = feed_id

    async def link(self, **more: Any) -> "Agenda":
        usual: dict[str, Any] = {"id": self.id, "practitioner_id": "gp-1", "kind": "ical", "means": "open"}
        self.said = await self.room.ask(link, an_order(), NewFeed(**(usual | more)))
        return self

    async def says(self, *times: Time, now: datetime = MONDAY, **more: Any) -> Followed:
        followed = await self.room.ask(
            follow, an_order(), self.id, Reading(times, **more), lambda who: who.specialty or "", now=now
        )
        assert isinstance(followed, Followed)
        return followed

    async def row(self) -> FeedRow:
        async with self.room.database.read() as db:
            row = await upstream.feed(db, self.id)
        assert row is not None
        return row

    async def open(self, now: datetime = MONDAY) -> dict[str, Any]:
        async with self.room.database.read() as db:
            agenda = await upstream.agenda(db, "gp-1", now)
            return {one.uid or "": one.slot for one in agenda if one.feed == self.id}


def kinds(followed: Followed) -> list[str]:
    return [type(one).__name__ for one in followed.said]
