"""What do people do meanwhile? Requests, holds, promises, withdrawals, second places, yeses and noes, slots opened and
taken back, agendas that change: at a steady rate."""

import asyncio
import random
import re
from collections.abc import Coroutine
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from tests.chaos import asked
from tests.chaos.agendas import Address, Files, Linked
from tests.chaos.asked import Asked
from tests.chaos.people import Entered, Journal, Person, now

TERRITORY = "tarn-ouest"
COMMUNE = "81105"
PRACTITIONERS = 30
NOBODY = "60"
"""A profession without any practitioner here: such a request waits, or alerts a human."""
SEATS_AHEAD = 150
SLOT, CAPACITY, AT_ONCE = timedelta(hours=1), 12, 3
BEGINS = timedelta(hours=2, minutes=4)
"""From now to the first slot: just longer than the two hours before a visit at which a promised hour is told."""
CAPPED, BUSY = 3, 6
"""Of the practitioners, so many take a few visits only, and so many have an agenda elsewhere, which they send."""
TERMS: dict[str, Any] = {"offers": False, "per_week": 500}
FEW: dict[str, Any] = {"offers": False, "per_week": 4, "per_day": 6}
"""The usual 20 regulated visits a week would be over in a minute, and then nobody would be booked any more."""
FIRST = 10.0
"""Seconds in which everybody who calls can wait: they get the first seats, whose hour is told while we look."""
URGENT = timedelta(minutes=10)
"""A deadline this near alerts a human at once: the clock's own work can be seen."""
URGENT_ENDS = 20.0
"""Seconds after which the regulator has found another way for an urgent one."""
KINDS = {"plain": 63, "held": 10, "promised": 10, "asked": 3, "urgent": 10, "waiting": 4}
SEEK_SEATS = ("plain", "held", "promised")
WITHDRAWN, SLOTS_TAKEN_BACK, MOVED, CONFIRMED = 0.06, 0.01, 0.04, 0.06
"""Per request: how often one is withdrawn, a practitioner takes a slot back, the regulation gives somebody another
place, a patient says that she comes."""
LINK = re.compile(r"/p/([a-z0-9]+)")


class Load:
    """`await start()` to sign people in and publish; then it works until `await stop()`."""

    def __init__(self, url: str, *, per_second: float, seed: int) -> None:
        self.journal = Journal()
        self._url = url
        self._pause = 1 / per_second
        self._dice = random.Random(seed)
        self._seed = seed
        self._regulator = Person(url, f"reg-{TERRITORY}", self.journal)
        self._practitioners = [Person(url, f"p-chaos-{n:03d}", self.journal) for n in range(PRACTITIONERS)]
        self._asked = Asked(url, self.journal, seed)
        self._files = Files(self.journal, seed)
        opens = Person(url, "p-chaos-linked", self.journal)
        busy = [Person(url, one.account, self.journal) for one in self._asked.people[-asked.BUSY :]]
        agendas = [Address(opens, "open", self.journal, seed)]
        self._linked = Linked([*agendas, *(Address(one, "busy", self.journal, seed) for one in busy)])
        self._first = now().replace(second=0, microsecond=0) + BEGINS
        self._seeking = 0
        self._moving: set[str] = set()
        self._published = 0
        self._posted = 0
        self._slot_of: dict[str, Person] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Practitioners are registered, have linked their agendas, and have opened enough seats to begin with."""
        await self._register()
        await self._linked.start()
        while self.journal.seats < SEATS_AHEAD:
            await self._publish()
        self._loops = [
            asyncio.create_task(self._enter_steadily()),
            asyncio.create_task(self._publish_steadily()),
            asyncio.create_task(self._asked.work()),
        ]

    async def stop(self) -> None:
        """Nothing new begins; what was begun is finished."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        while self._under_way:
            await asyncio.gather(*self._under_way)
        await self._linked.stop()
        await self._hang_up()

    async def break_off(self) -> None:
        """The power is cut: nobody hears anything any more."""
        tasks = [*self._loops, *self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._linked.break_off()
        await self._hang_up()

    async def _hang_up(self) -> None:
        everybody = (self._regulator, *self._practitioners, *self._asked.people)
        await asyncio.gather(*(person.close() for person in everybody))

    async def _register(self) -> None:
        coordinator = Person(self._url, f"coord-{TERRITORY}", self.journal)
        people = [
            {"id": person.account, "name": f"Dr Essai {n}", "profession": "10", "commune": COMMUNE,
             "terms": FEW if n < CAPPED else TERMS}
            for n, person in enumerate(self._practitioners)
        ]  # fmt: skip
        linked = {"id": "p-chaos-linked", "name": "Dr Essai relié", "profession": "10", "commune": COMMUNE,
                  "terms": TERMS}  # fmt: skip
        everybody = [*people, linked, *self._asked.members(COMMUNE)]
        answer = await coordinator.post("/api/practitioners", {"practitioners": everybody})
        assert answer is not None, "nobody answered"
        assert answer.is_success, answer.text
        await coordinator.close()

    async def _enter_steadily(self) -> None:
        began = monotonic()
        while True:
            await asyncio.sleep(self._pause * self._dice.uniform(0.5, 1.5))
            [kind] = self._dice.choices(list(KINDS), list(KINDS.values()))
            if kind in SEEK_SEATS and monotonic() - began < FIRST:
                kind = "promised"
            self._posted += 1
            self._seeking += kind in SEEK_SEATS
            self._begin(self._enter(kind, f"chaos-request-{self._seed}-{self._posted:06d}"))
            for chance, act in (
                (WITHDRAWN, self._withdraw),
                (SLOTS_TAKEN_BACK, self._take_back),
                (MOVED, self._give_another_place),
                (CONFIRMED, self._confirm),
            ):
                if self._dice.random() < chance:
                    self._begin(act())

    async def _publish_steadily(self) -> None:
        while True:
            if self.journal.seats - self._seeking < SEATS_AHEAD:
                await self._publish()
            await asyncio.sleep(0.2)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _enter(self, kind: str, key: str) -> None:
        body: dict[str, Any] = {"phone": "06 39 98 12 34", "last_name": "Essai", "commune": COMMUNE, "hours": 90}
        sent = now()
        if kind == "held":
            body |= await self._hold(body, key)
        elif kind == "promised":
            body |= {"can_wait": True}
        elif kind == "asked":
            body |= {"profession": asked.PROFESSION, "hours": asked.HOURS}
        elif kind == "waiting":
            body |= {"profession": NOBODY, "hours": 4}
        elif kind == "urgent":
            body |= {"profession": NOBODY, "deadline": (sent + URGENT).isoformat()}
        answer = await self._regulator.post("/api/requests", body | {"radius_km": 100}, key)
        if answer is None or not answer.is_success:
            return
        request_id = answer.json()["id"]
        self.journal.requests[request_id] = Entered(request_id, kind, sent, now())
        if kind == "urgent":
            await asyncio.sleep(URGENT_ENDS)
            await self._regulator.post(f"/api/requests/{request_id}/close", {"outcome": "advised"})

    async def _hold(self, wish: dict[str, Any], key: str) -> dict[str, Any]:
        """The first proposal, held for a draft; nothing when there is none or somebody was faster."""
        asked = {"commune": COMMUNE, "hours": wish["hours"], "radius_km": 100}
        answer = await self._regulator.post("/api/proposals", asked)
        proposals = answer.json()["proposals"] if answer is not None and answer.is_success else []
        if not proposals:
            return {}
        choice = {"request_id": key, "slot_id": proposals[0]["slot_id"]}
        held = await self._regulator.post("/api/holds", choice)
        return choice if held is not None and held.is_success else {}

    async def _give_another_place(self) -> None:
        """The last of three proposals, instead of the place she has; unless somebody is at it already."""
        request_id = self._one_of("plain", "promised")
        if request_id is None or request_id in self._moving:
            return
        self._moving.add(request_id)
        try:
            answer = await self._regulator.post(
                "/api/proposals", {"commune": COMMUNE, "hours": 90, "radius_km": 100, "earliest": self._later()}
            )
            proposals = answer.json()["proposals"] if answer is not None and answer.is_success else []
            if not proposals:
                return
            self.journal.moved.pop(request_id, None)  # should nobody answer, she may be there or not
            slot = {"slot_id": proposals[-1]["slot_id"]}
            placed = await self._regulator.post(f"/api/requests/{request_id}/place", slot)
            if placed is not None and placed.is_success and placed.json()["state"] == "placed":
                self.journal.moved[request_id] = (slot["slot_id"], now())
        finally:
            self._moving.discard(request_id)

    def _later(self) -> str:
        """Somewhere among the hours that are being filled."""
        turns = self._published // PRACTITIONERS
        return (self._first + turns * AT_ONCE * SLOT + self._dice.random() * AT_ONCE * SLOT).isoformat()

    async def _confirm(self) -> None:
        """A patient follows the link of her message, and says that she comes."""
        request_id = self._one_of("plain", "promised")
        shown = await self._regulator.get(f"/api/requests/{request_id}") if request_id else None
        said = [one["body"] or "" for one in (shown or {}).get("messages", ()) if one["recipient"] == "patient"]
        links = [found[1] for body in said if (found := LINK.search(body))]
        if request_id is None or not links:
            return
        answer = await self._regulator.post(f"/p/{links[-1]}/confirm")
        if answer is not None and answer.is_success:
            self.journal.confirmed[request_id] = now()

    def _one_of(self, *kinds: str) -> str | None:
        """A request of these kinds that nobody has withdrawn, as far as was answered; None when there is none."""
        withdrawn = self.journal.withdrawn
        found = [one.id for one in self.journal.requests.values() if one.id not in withdrawn and one.kind in kinds]
        return self._dice.choice(found) if found else None

    async def _withdraw(self) -> None:
        request_id = self._one_of(*KINDS)
        if request_id is None:
            return
        answer = await self._regulator.post(f"/api/requests/{request_id}/withdraw")
        if answer is not None and answer.is_success:
            self.journal.withdrawn[request_id] = now()

    async def _take_back(self) -> None:
        open_still = [one for one in self.journal.slots if one not in self.journal.closed_slots]
        if not open_still:
            return
        slot_id = self._dice.choice(open_still)
        answer = await self._slot_of[slot_id].post(f"/api/slots/{slot_id}/cancel")
        if answer is not None and answer.is_success:
            self.journal.closed_slots[slot_id] = now()

    async def _publish(self) -> None:
        """The next practitioner opens the next hours."""
        turn, who = divmod(self._published, PRACTITIONERS)
        self._published += 1
        person, first = self._practitioners[who], self._first + AT_ONCE * turn * SLOT
        hours = [first + n * SLOT for n in range(AT_ONCE)]
        minutes = int(SLOT.total_seconds() / 60)
        slots = [
            {"start": start.isoformat(), "minutes": minutes, "capacity": CAPACITY, "modes": ["office"]}
            for start in hours
        ]
        answer = await person.post("/api/slots", {"slots": slots}, f"chaos-{person.account}-{turn}")
        if answer is None or not answer.is_success:
            return
        for slot in answer.json()["slots"]:
            self.journal.slots[slot["id"]] = now()
            self._slot_of[slot["id"]] = person
        self._count(who, hours, person)

    def _count(self, who: int, hours: list[datetime], person: Person) -> None:
        """The seats that somebody may have; of one of these hours its practitioner is taken after all."""
        taken = CAPPED <= who < CAPPED + BUSY
        if taken:
            self._begin(self._files.send(person, {start: start + SLOT for start in hours}))
        if who >= CAPPED:
            self.journal.seats += CAPACITY * (AT_ONCE - taken)
