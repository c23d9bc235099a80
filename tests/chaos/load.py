"""What do people do meanwhile? Requests, holds, withdrawals, slots opened and taken back, at a steady rate."""

import asyncio
import random
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from tests.chaos.people import Entered, Journal, Person, now

TERRITORY = "tarn-ouest"
COMMUNE = "81105"
PRACTITIONERS = 30
NOBODY = "60"
"""A profession without any practitioner here: such a request waits, or alerts a human."""
SEATS_AHEAD = 150
SLOT, CAPACITY, AT_ONCE = timedelta(hours=1), 12, 3
URGENT = timedelta(minutes=10)
"""A deadline this near alerts a human at once: the clock's own work can be seen."""
URGENT_ENDS = 20.0
"""Seconds after which the regulator has found another way for an urgent one."""
KINDS = {"plain": 76, "held": 10, "urgent": 10, "waiting": 4}
WITHDRAWN, SLOTS_TAKEN_BACK = 0.06, 0.01
"""Per request: how often one is withdrawn, how often a practitioner takes a slot back."""


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
        self._first = now().replace(minute=0, second=0, microsecond=0) + 4 * SLOT
        self._published = 0
        self._posted = 0
        self._slot_of: dict[str, Person] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Practitioners are registered, and have opened enough seats to begin with."""
        await self._register()
        while self.journal.seats < SEATS_AHEAD:
            await self._publish()
        self._loops = [asyncio.create_task(self._enter_steadily()), asyncio.create_task(self._publish_steadily())]

    async def stop(self) -> None:
        """Nothing new begins; what was begun is finished."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        while self._under_way:
            await asyncio.gather(*self._under_way)
        await self._hang_up()

    async def break_off(self) -> None:
        """The power is cut: nobody hears anything any more."""
        tasks = [*self._loops, *self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._hang_up()

    async def _hang_up(self) -> None:
        await asyncio.gather(*(person.close() for person in (self._regulator, *self._practitioners)))

    async def _register(self) -> None:
        coordinator = Person(self._url, f"coord-{TERRITORY}", self.journal)
        people = [
            {"id": person.account, "name": f"Dr Essai {n}", "profession": "10", "commune": COMMUNE}
            for n, person in enumerate(self._practitioners)
        ]
        answer = await coordinator.post("/api/practitioners", {"practitioners": people})
        assert answer is not None, "nobody answered"
        assert answer.is_success, answer.text
        await coordinator.close()

    async def _enter_steadily(self) -> None:
        while True:
            await asyncio.sleep(self._pause * self._dice.uniform(0.5, 1.5))
            [kind] = self._dice.choices(list(KINDS), list(KINDS.values()))
            self._posted += 1
            self._begin(self._enter(kind, f"chaos-request-{self._seed}-{self._posted:06d}"))
            if self._dice.random() < WITHDRAWN:
                self._begin(self._withdraw())
            if self._dice.random() < SLOTS_TAKEN_BACK:
                self._begin(self._take_back())

    async def _publish_steadily(self) -> None:
        while True:
            if self.journal.seats - len(self.journal.requests) < SEATS_AHEAD:
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

    async def _withdraw(self) -> None:
        open_still = [one for one in self.journal.requests.values() if one.id not in self.journal.withdrawn]
        if not open_still:
            return
        request_id = self._dice.choice(open_still).id
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
        slots = [
            {
                "start": (first + n * SLOT).isoformat(),
                "minutes": int(SLOT.total_seconds() / 60),
                "capacity": CAPACITY,
                "modes": ["office"],
            }
            for n in range(AT_ONCE)
        ]
        key = f"chaos-{person.account}-{turn}"
        answer = await person.post("/api/slots", {"slots": slots}, key)
        if answer is None or not answer.is_success:
            return
        for slot in answer.json()["slots"]:
            self.journal.slots[slot["id"]] = now()
            self._slot_of[slot["id"]] = person
            self.journal.seats += CAPACITY
