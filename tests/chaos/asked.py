"""How do people answer who are asked to take a patient? Mostly yes, sometimes no, sometimes not at all."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.people import Journal, Person, Yes, now

PROFESSION = "95"
"""Nobody of it opens a seat: whoever needs one is found somebody by asking."""
HOURS = 6
"""So urgent that people are asked at night, too; a human is alerted after two thirds of it."""
PEOPLE, FEW_VISITS, BUSY = 36, 4, 3
"""How many may be asked; how many of those take few visits a day, and how many have an agenda elsewhere."""
TERMS: dict[str, Any] = {"offers": True}
FEW: dict[str, Any] = {"offers": True, "per_day": 2}
LOOKS_EVERY = 4.0
QUARTER = timedelta(minutes=15)
TAKEN = 409
ANSWERS = {"accept": 90, "decline": 5, "nothing": 5}
"""Who says no is left alone for ten minutes: more noes would leave nobody to ask."""
OTHER_TIMES = 6
"""When the time proposed is taken, she writes another, so many quarters of an hour later at most."""


class Asked:
    """Those who may be asked; `work()` looks at what they are asked and answers, until it is cancelled."""

    def __init__(self, url: str, journal: Journal, seed: int) -> None:
        self.journal = journal
        self.people = [Person(url, f"p-chaos-asked-{n:02d}", journal) for n in range(PEOPLE)]
        self._dice = random.Random(f"asked {seed}")
        self._silent: set[str] = set()

    def members(self, commune: str) -> list[dict[str, Any]]:
        """As the coordinator registers them."""
        return [
            {"id": one.account, "name": f"Essai Sollicité {n}", "profession": PROFESSION, "commune": commune,
             "terms": FEW if n < FEW_VISITS else TERMS}
            for n, one in enumerate(self.people)
        ]  # fmt: skip

    async def work(self) -> None:
        await asyncio.gather(*(self._look_and_answer(one) for one in self.people))

    async def _look_and_answer(self, person: Person) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY * self._dice.uniform(0.5, 1.5))
            for offer in await person.get("/api/offers") or []:
                if offer["id"] in self._silent:
                    continue
                [answer] = self._dice.choices(list(ANSWERS), list(ANSWERS.values()))
                if answer == "accept" and await self._take(person, offer):
                    continue
                if answer == "nothing":
                    self._silent.add(offer["id"])
                    continue
                said = await person.post(f"/api/offers/{offer['id']}/decline")
                if said is not None and said.is_success:
                    self.journal.noes.add(offer["id"])

    async def _take(self, person: Person, offer: dict[str, Any]) -> bool:
        """Say yes, to another time when the one proposed is taken. False when none of these can be: then it is a no."""
        start = datetime.fromisoformat(offer["start"])
        for later in range(OTHER_TIMES + 1):
            written = {"start": (start + later * QUARTER).isoformat()} if later else {}
            said = await person.post(f"/api/offers/{offer['id']}/accept", written)
            if said is None or said.is_success:
                break
            if said.status_code != TAKEN:
                return False
        else:
            return False
        if said is not None and said.json()["outcome"] == "accepted":
            self.journal.yeses[offer["id"]] = Yes(person.account, now())
            self.journal.noes.discard(offer["id"])
        return True
