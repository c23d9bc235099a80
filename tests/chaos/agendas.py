"""What do agendas say that are kept elsewhere? Events come and go; some arrive as files, some behind an address."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from tests.chaos.people import Journal, Person, Taken, now
from tests.elsewhere import Elsewhere, Page, elsewhere

Times = Mapping[datetime, datetime]
"""Each event: from when, until when."""
KEPT = 3
"""So many events of a file stay when another one comes."""
PAUSE = 8.0
"""Seconds between two versions of an agenda behind an address."""
READ_WITHIN = 120.0
STEP = timedelta(minutes=30)


def icalendar(times: Times) -> bytes:
    """A calendar of these events. The same time is the same event."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//essai//FR"]
    for start, ends in sorted(times.items()):
        begins, over = f"{start:%Y%m%dT%H%M%SZ}", f"{ends:%Y%m%dT%H%M%SZ}"
        lines += ["BEGIN:VEVENT", f"UID:{begins}@essai", f"DTSTAMP:{begins}", f"DTSTART:{begins}", f"DTEND:{over}",
                  "SUMMARY:Essai", "END:VEVENT"]  # fmt: skip
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


class Said:
    """What one agenda says, and since when Relais has said that it knows: kept in the journal."""

    def __init__(self, person: Person, journal: Journal) -> None:
        self.person = person
        self.times: dict[datetime, datetime] = {}
        self._journal = journal
        self._told: dict[datetime, Taken] = {}

    def say(self, times: Times) -> None:
        """From now on it says this. What it says no more may be booked again as soon as somebody reads it."""
        self.times = dict(times)
        for gone in [start for start, one in self._told.items() if times.get(start) != one.ends]:
            self._told.pop(gone).until = now()

    def was_read(self) -> None:
        """Relais has said that it read all of this."""
        self._journal.readings += 1
        for start, ends in self.times.items():
            if start not in self._told:
                self._told[start] = Taken(self.person.account, start, ends, now())
                self._journal.taken.append(self._told[start])


class Files:
    """Doctors who send their agenda as a file, each time they have opened hours: one of these is taken after all."""

    def __init__(self, journal: Journal, seed: int) -> None:
        self._journal = journal
        self._dice = random.Random(f"files {seed}")
        self._said: dict[str, Said] = {}

    async def send(self, person: Person, hours: Times) -> None:
        """One of these hours is taken; of what was, the latest stays."""
        said = self._said.setdefault(person.account, Said(person, self._journal))
        start = self._dice.choice(list(hours))
        kept = dict(list(said.times.items())[-KEPT:])
        said.say(kept | {start: hours[start]})
        answer = await person.post("/api/feeds/file?means=busy", icalendar(said.times))
        if answer is not None and answer.is_success:
            said.was_read()


class Address:
    """An agenda behind an address, whose events are drawn again and again from some hours to come."""

    def __init__(self, person: Person, means: Literal["open", "busy"], journal: Journal, seed: int) -> None:
        self.person, self.means = person, means
        self._journal = journal
        self._dice = random.Random(f"{person.account} {seed}")
        self._said = Said(person, Journal() if means == "open" else journal)
        self._path, self._versions = f"/{person.account}.ics", count(1)
        # Seats are opened from two hours on; who is asked is asked for the next hours.
        ahead = timedelta(hours=2 if means == "open" else 0)
        self._begins = now().replace(minute=0, second=0, microsecond=0) + ahead
        self._elsewhere: Elsewhere | None = None
        self._id = ""

    async def link(self, elsewhere: Elsewhere) -> None:
        """The practitioner links it; again until that was answered."""
        self._elsewhere = elsewhere
        self._publish()
        body = {"url": elsewhere.base + self._path, "means": self.means}
        answer = await self.person.post("/api/feeds", body)
        assert answer is not None, "nobody answered"
        assert answer.is_success, answer.text
        self._id = answer.json()["id"]

    async def change_and_be_read(self) -> None:
        """Another version, until Relais says that it read it; or not, when that takes too long."""
        self._journal.told_open.pop(self._id, None)
        self._publish()
        assert self._elsewhere is not None
        asked = len(self._elsewhere.asked)
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_WITHIN):
                while not any(path == self._path for path, _ in self._elsewhere.asked[asked:]):
                    await self._ask_to_be_read()
                # It has been fetched; the next reading that ends well is of this version, or of a later fetch of it.
                before = await self._last_read()
                while (latest := await self._last_read()) is None or latest == before:
                    await self._ask_to_be_read()
                self._said.was_read()
                if self.means == "open":
                    self._journal.readings += 1
                    self._journal.told_open[self._id] = set(self._said.times)

    async def _ask_to_be_read(self) -> None:
        await self.person.post(f"/api/feeds/{self._id}/poll")
        await asyncio.sleep(1.0)

    async def _last_read(self) -> str | None:
        """When it was read well last, as Relais says it; "" = never, None = nobody says."""
        feeds = await self.person.get("/api/feeds") or []
        return next((one["succeeded_at"] or "" for one in feeds if one["id"] == self._id), None)

    def _publish(self) -> None:
        assert self._elsewhere is not None
        half_hours = [self._begins + n * STEP for n in range(16)]
        stay = [start for start in self._said.times if self._dice.random() < 0.5]
        chosen = {*stay, *self._dice.sample(half_hours, 4)}
        self._said.say({start: start + STEP for start in chosen})
        tag = {"etag": f'"{next(self._versions)}"'}
        self._elsewhere.pages[self._path] = Page(icalendar(self._said.times), headers=tag)


class Linked:
    """Agendas behind addresses: linked by `start`, changed again and again until `stop`, after which the last version
    of each was read; `break_off` leaves everything as it is."""

    def __init__(self, addresses: list[Address]) -> None:
        self._addresses = addresses
        self._changing: list[asyncio.Task[None]] = []
        self._server = AsyncExitStack()

    async def start(self) -> None:
        there = await self._server.enter_async_context(elsewhere())
        await asyncio.gather(*(one.link(there) for one in self._addresses))
        self._changing = [asyncio.create_task(self._change(one)) for one in self._addresses]

    async def stop(self) -> None:
        await self._cancel()
        await asyncio.gather(*(one.change_and_be_read() for one in self._addresses))
        await self.break_off()

    async def break_off(self) -> None:
        await self._cancel()
        await self._server.aclose()
        await asyncio.gather(*(one.person.close() for one in self._addresses))

    async def _cancel(self) -> None:
        for task in self._changing:
            task.cancel()
        await asyncio.gather(*self._changing, return_exceptions=True)

    async def _change(self, one: Address) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            await one.change_and_be_read()
