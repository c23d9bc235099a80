"""How does a test talk to the notifications? Facts of a request go in, letters come out."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from notifications import receipts, store
from notifications.attempts import Claimed
from notifications.handlers import reactions
from notifications.outcome import Heard, Outcome
from notifications.sending import Carrier, Carriers, NotNow, end_graces, give_up_lost, record, take
from notifications.store import LinkRow, MessageRow
from notifications.tables import ATTEMPT
from notifications.writing import Desk
from schemas.event import Event, Order
from schemas.message import Due
from schemas.request import (
    Patient,
    RequestBooked,
    RequestClosed,
    RequestEscalated,
    RequestPromised,
    RequestReopened,
    RequestUntold,
    RequestWithdrawn,
)
from schemas.values import Actor, Mode
from services.reference.territories import load_territories
from services.storage.database import Database
from services.storage.keyring import Keyring
from tests.builders import AT_TEN, GAILLAC, MONDAY, a_sealed_patient, an_order, ask, hear, hours

SITE = "https://relais.example"


@dataclass
class Notifications:
    """The room on a real database, with a patient whose name and phone are sealed for good."""

    database: Database
    vault: Keyring
    patient: Patient
    ways: tuple[str, ...] = ("console",)
    carriers: Carriers = field(default_factory=lambda: {"console": Carrier("console", receipts=False)})
    not_now: NotNow = lambda message: None

    @classmethod
    async def open(cls, database: Database, vault: Keyring) -> "Notifications":
        return cls(database, vault, await a_sealed_patient(vault, "req-1"))

    async def hear(self, *facts: Event, now: datetime = MONDAY) -> list[Any]:
        told = reactions(Desk(self.vault, load_territories(), SITE, self.ways))
        return [answer for fact in facts for answer in await hear(self.database, told[type(fact)], fact, now)]

    async def due(self, *facts: Event, now: datetime = MONDAY) -> list[Due]:
        """The messages that these facts lead to."""
        return [message for fact in await self.hear(*facts, now=now) for message in fact.messages]

    async def claim(self, now: datetime = MONDAY, provider: str = "console", tokens: tuple[int, int] = (50, 50)) -> Any:
        """What this provider takes at `now`."""

        async def act(order: Order, db: Any, at: datetime) -> Any:
            return await take(order, provider, tokens, self.carriers, self.not_now, db, at)

        claimed, _ = await ask(self.database, act, an_order(), now=now)
        return claimed

    async def leave(
        self, now: datetime = MONDAY, outcome: Outcome | None = None, provider: str = "console"
    ) -> list[MessageRow]:
        """The messages the sender takes at `now`; handed over with `outcome`, when there is one."""
        claimed = await self.claim(now, provider)
        for one in claimed if outcome else ():
            await self.record(one, outcome, now)
        return [one.message for one in claimed]

    async def record(self, one: Claimed, outcome: Any, now: datetime = MONDAY) -> list[Any]:
        answer = await ask(self.database, record, an_order(), [(one, outcome)], self.carriers, now=now)
        assert isinstance(answer, list)
        return answer

    async def give_up(self, now: datetime) -> list[Any]:
        answer = await ask(self.database, give_up_lost, an_order(), self.carriers, now=now)
        assert isinstance(answer, list)
        return answer

    async def end_graces(self, now: datetime, listening: tuple[str, ...] = ("a", "b")) -> list[Any]:
        answer = await ask(self.database, end_graces, an_order(), listening, self.carriers, now=now)
        assert isinstance(answer, list)
        return answer

    async def tell(self, provider: str, *heard: Heard, now: datetime = MONDAY) -> list[Any]:
        """A provider says what became of messages, or what a person wrote."""
        rows = await receipts.written(provider, heard, self.vault, f"{now:%H:%M}")
        answer = await ask(self.database, receipts.hear, an_order(), provider, rows, self.carriers, now=now)
        assert isinstance(answer, list)
        return answer

    async def match(self, provider: str, now: datetime = MONDAY) -> list[Any]:
        answer = await ask(self.database, receipts.match_waiting, an_order(), provider, self.carriers, now=now)
        assert isinstance(answer, list)
        return answer

    async def attempts(self) -> list[Any]:
        """Everything that was tried, in order."""
        async with self.database.read() as db:
            return list(await db.execute(select(ATTEMPT).order_by(ATTEMPT.c.claimed_at, ATTEMPT.c.id)))

    async def messages(self) -> dict[tuple[str, str], MessageRow]:
        """Everything written about the request, by (kind, state)."""
        async with self.database.read() as db:
            return {(row.kind, row.state): row for row in await store.messages_about(db, "req-1")}

    async def link(self) -> LinkRow | None:
        async with self.database.read() as db:
            return await store.Links(db).of("req-1")

    # --- what the dispatcher says -----------------------------------------------------------------------

    def booked(
        self, slot_id: str = "ten", start: datetime = AT_TEN, at: datetime = MONDAY, **said: Any
    ) -> RequestBooked:
        usual = {
            "practitioner_id": "gp-1",
            "minutes": 15,
            "mode": Mode.OFFICE,
            "place": GAILLAC,
            "patient": self.patient,
            "choice": 1,
        }
        return RequestBooked.after(
            an_order(), at, request_id="req-1", slot_id=slot_id, start=start, **{**usual, **said}
        )

    def promised(self, start: datetime, at: datetime = MONDAY, choice: int = 1) -> RequestPromised:
        return RequestPromised.after(
            an_order(), at, key=f"promised {choice}", request_id="req-1", slot_id="noon", practitioner_id="gp-1",
            start=start, deadline=start + hours(1), choice=choice, patient=self.patient,
        )  # fmt: skip

    def untold(self, start: datetime = AT_TEN) -> RequestUntold:
        return RequestUntold.after(an_order(), MONDAY, request_id="req-1", person="anne", start=start, why="booked")

    def reopened(
        self, slot_id: str = "ten", start: datetime = AT_TEN, at: datetime = MONDAY, choice: int = 1
    ) -> RequestReopened:
        return RequestReopened.after(
            an_order(), at, request_id="req-1", slot_id=slot_id, start=start, patient=self.patient, choice=choice
        )

    def withdrawn(self, by: Actor | None = None, **said: Any) -> RequestWithdrawn:
        usual = {"slot_id": "ten", "practitioner_id": "gp-1", "start": AT_TEN, "patient": self.patient}
        return RequestWithdrawn.after(an_order(by), MONDAY, request_id="req-1", **{**usual, **said})

    def closed(self, outcome: Any = "advised") -> RequestClosed:
        return RequestClosed.after(an_order(), MONDAY, request_id="req-1", outcome=outcome, slot_id="ten")

    def escalated(self, person: str = "anne", rank: int = 0) -> RequestEscalated:
        return RequestEscalated.after(
            an_order(), MONDAY, request_id="req-1", person=person, rank=rank, deadline=AT_TEN, counts={}
        )
