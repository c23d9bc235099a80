"""Who wants what, and when? A day of few people and fewer seats, drawn from the seed, asked until it is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from availability.agenda import NewPractitioner, NewSlot
from availability.orders import cancel_slot, hold_seat, publish_slots, register_practitioners, release_hold
from dispatcher.answers import accept, agree, decline
from dispatcher.orders import acknowledge, close, confirm, enter_request, set_roster, withdraw
from dispatcher.views import OnCall
from schemas.event import Order
from schemas.practitioner import Terms
from schemas.request import Need, Patient
from schemas.sealed import Sealed
from schemas.slot import SlotHeld, SlotOpened
from schemas.values import Actor, Mode, Place, Refused, Role
from services.mailbox import Outcome
from services.simulation.faults import BUSY
from services.simulation.file import File
from services.simulation.hours import DAWN
from services.simulation.process import Process, Unreachable
from services.simulation.world import World, is_promising

TERRITORY = "tarn-ouest"
GAILLAC = Place(commune="81099", lat=43.9015, lon=1.8972)
LISLE = Place(commune="81145", lat=43.8522, lon=1.8103)
PRACTITIONERS = ("gp-1", "gp-2", "gp-3")
ROSTER = (OnCall("reg-1", 0, "Régulation"), OnCall("coord-1", 1, "Coordination"))
REQUESTS = 6
LOOKS_EVERY = 120.0
ANSWERS_EVERY = (20.0, 90.0)
ENTERED_BY = 700.0
"""Seconds within which all have called."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Something somebody will ask for: `act(order, *about, db, now)` at `at` seconds, perhaps with two clicks."""

    name: str
    at: float
    role: Role
    run: Callable[["People", "Wish"], Awaitable[None]]
    about: tuple[Any, ...] = ()
    clicks: int = 1


@dataclass
class People:
    """Everybody outside the house."""

    world: World
    file: File
    processes: list[Process]
    slots: list[str] = field(default_factory=list)
    entered: dict[str, Need] = field(default_factory=dict)
    """The requests whose entry was answered: from then on they are the house's promise."""

    async def settle(self) -> None:
        """Before the day begins: practitioners and the roster."""
        people = draw_practitioners(self.world.seed)
        for name, act, said in (("register", register_practitioners, people), ("roster", set_roster, ROSTER)):
            await self.ask(Wish(name, 0, Role.COORDINATOR, _nothing), act, said)

    async def live(self, wish: Wish) -> None:
        await asyncio.sleep(wish.at)
        await wish.run(self, wish)

    async def answer_alerts(self) -> None:
        """The regulator looks every other minute, and mostly has it in hand then."""
        look = "SELECT id FROM care_request WHERE state = 'escalated' AND acknowledged_at IS NULL ORDER BY id"
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            for (request_id,) in self.file.rows(look):
                if self.world.dice.random() < 0.7:
                    wish = Wish(f"answer {request_id} {self.world.elapsed:.0f}", 0, Role.REGULATOR, _nothing)
                    await self.ask(wish, acknowledge, request_id)

    async def answer_offers(self) -> None:
        """Those who are asked look now and then: some say yes, some no, some nothing at all, and some too late. Now and
        then the regulator phones somebody instead."""
        dice, number = Random(f"answers {self.world.seed}"), 0
        while True:
            await asyncio.sleep(dice.uniform(*ANSWERS_EVERY))
            for offer_id, state in self.file.rows("SELECT id, state FROM offer ORDER BY id"):
                draw, number = dice.random(), number + 1
                if draw < (0.25 if state == "made" else 0.01):
                    act = accept if draw < 0.15 or state != "made" else decline
                    when = (None,) if act is accept else ()
                    wish = Wish(f"answer {number} {offer_id}", 0, Role.PRACTITIONER, _nothing)
                    await self.ask(wish, act, offer_id, *when)
            for request_id, state in self.file.rows("SELECT id, state FROM care_request ORDER BY id"):
                if state in ("offering", "escalated") and dice.random() < 0.03:
                    number += 1
                    about = (request_id, dice.choice(PRACTITIONERS), self._soon(dice), Mode.OFFICE)
                    await self.ask(Wish(f"phone {number} {request_id}", 0, Role.REGULATOR, _nothing), agree, *about)

    async def cancel_on_who_moves(self) -> None:
        """On days of promises: practitioners who happen to cancel while an exchange is under way."""
        dice, number = Random(f"moves {self.world.seed}"), 0
        moving = "SELECT slot_id FROM care_request WHERE exchanging UNION SELECT pending FROM care_request ORDER BY 1"
        while is_promising(self.world.seed):
            await asyncio.sleep(dice.uniform(0.5, 4))
            for (slot_id,) in self.file.rows(moving):
                if slot_id is not None and dice.random() < 0.15:
                    number += 1
                    await self.ask(Wish(f"moved {number}", 0, Role.PRACTITIONER, _nothing), cancel_slot, slot_id)

    def _soon(self, dice: Random) -> datetime:
        return DAWN + timedelta(seconds=self.world.elapsed // 60 * 60, minutes=dice.randrange(20, 60, 5))

    async def ask(self, wish: Wish, act: Callable[..., Awaitable[Outcome]], *said: Any, part: str = "") -> Outcome:
        """Ask at any door until there is an answer; two clicks must get the same one."""
        order = Order(
            id=f"{wish.name}{part}",
            territory=TERRITORY,
            actor=Actor(person=wish.name, role=wish.role, territory=TERRITORY),
        )

        async def decide(db: Any, now: datetime) -> Outcome:
            return await act(order, *said, db, now)

        answers = await asyncio.gather(*(self._answered(order, decide) for _ in range(wish.clicks)))
        facts = [[fact.id for fact in answer] for answer in answers if isinstance(answer, list)]
        twice = any(isinstance(answer, Refused) and answer.code == "already_entered" for answer in answers)
        if twice or any(one != facts[0] for one in facts):  # a refusal changed nothing: it may be followed by a yes
            self.world.failed(f"I1: {order.id} was answered in two ways")
        return answers[0]

    async def _answered(self, order: Order, decide: Any) -> Outcome:
        while True:
            door = self.world.pick(self.processes)
            if door.ready:
                self.world.note("people", f"{order.id} at {door.name}")
                try:
                    answer = await door.serve(order, decide, "the same")
                except Unreachable:
                    self.world.note("people", f"{order.id} was not answered")
                else:
                    said = answer.code if isinstance(answer, Refused) else [type(one).__name__ for one in answer]
                    self.world.note("people", f"{order.id}: {said}")
                    return answer
            await asyncio.sleep(1 + 2 * self.world.dice.random())


# --- what they wish for ---------------------------------------------------------------------------------


async def _nothing(people: People, wish: Wish) -> None:
    """The town itself: asked before the day begins."""


async def _open(people: People, wish: Wish) -> None:
    practitioner, slots = wish.about
    answer = await people.ask(wish, publish_slots, practitioner, slots)
    if isinstance(answer, list):
        people.slots += [fact.slot_id for fact in answer if isinstance(fact, SlotOpened)]


async def _cancel(people: People, wish: Wish) -> None:
    if people.slots:
        await people.ask(wish, cancel_slot, people.slots[wish.about[0] % len(people.slots)])


async def _cancel_on(people: People, wish: Wish) -> None:
    """The practitioner cancels on this very patient."""
    seat = people.file.rows("SELECT slot_id FROM booking WHERE state = 'active' AND request_id = ?", wish.about[0])
    if seat:
        await people.ask(wish, cancel_slot, seat[0][0])


async def _enter(people: People, wish: Wish) -> None:
    """A call: perhaps with a seat held while talking, which may be lost, or given back."""
    request_id, need, patient, talk, then = wish.about
    held = None
    if talk is not None and people.slots:
        slot_id = people.slots[talk % len(people.slots)]
        answer = await people.ask(wish, hold_seat, request_id, slot_id, Mode.OFFICE, part=" hold")
        held = slot_id if isinstance(answer, list) and isinstance(answer[-1], SlotHeld) else None
        await asyncio.sleep(then)
        if talk % 5 == 1:
            return  # the line went dead
        if held and talk % 5 == 0:
            await people.ask(wish, release_hold, request_id, part=" release")
            held = None
    answer = await people.ask(wish, enter_request, request_id, need, patient, held)
    if isinstance(answer, list):
        people.entered[request_id] = need


async def _later(people: People, wish: Wish) -> None:
    """Something said about a request that was entered."""
    request_id, act, more = wish.about
    if request_id in people.entered:
        await people.ask(wish, _ACTS[act], request_id, *more)


_ACTS: Mapping[str, Callable[..., Awaitable[Outcome]]] = {
    "withdraw": withdraw, "confirm": confirm, "acknowledge": acknowledge, "close": close,
}  # fmt: skip
_ENDINGS = ("redirected", "advised", "unmet", "no_show")


# --- the day, drawn -------------------------------------------------------------------------------------


def draw_day(seed: int) -> list[Wish]:
    """What everybody will want on the day of this seed."""
    dice = Random(f"people {seed}")
    day: list[Wish] = []
    for number, practitioner in enumerate(PRACTITIONERS):
        day += _openings(dice, number, practitioner)
    if is_promising(seed):
        day += _better_openings(dice)
    day += [
        Wish(f"cancel-{n}", dice.uniform(60, BUSY), Role.PRACTITIONER, _cancel, (dice.randrange(20),), _clicks(dice))
        for n in range(dice.randint(0, 3))
    ]
    rush = dice.uniform(5, ENTERED_BY) if dice.random() < 0.5 else None
    for n in range(REQUESTS):
        at = rush if rush is not None and n < 4 else dice.uniform(5, ENTERED_BY)
        day += _call(dice, f"req-{n}", at, promised=is_promising(seed))
    return day


def _openings(dice: Random, number: int, practitioner: str) -> list[Wish]:
    """One or two times of the practitioner, of one or two seats; some late in the day."""
    made = []
    for n in range(dice.choice((1, 2, 2))):
        at = dice.choice((0.0, dice.uniform(0, 300), dice.uniform(300, BUSY)))
        start = DAWN + timedelta(minutes=dice.randrange(45, 70, 5) + n * 30)
        slot = NewSlot(start=start, minutes=dice.choice((15, 20, 30)), capacity=dice.choice((1, 1, 2)))
        about = (practitioner, [slot])
        made.append(Wish(f"open-{number}-{n}", at, Role.PRACTITIONER, _open, about, _clicks(dice)))
    return made


def _better_openings(dice: Random) -> list[Wish]:
    """More times, opened one after the other while people wait: what makes an exchange worth while."""
    made = []
    for n in range(6):
        start = DAWN + timedelta(minutes=75 + n * 15 + dice.randrange(0, 10, 5))
        slot = NewSlot(start=start, minutes=10, capacity=1)
        about, at = (dice.choice(PRACTITIONERS), [slot]), dice.uniform(0, BUSY)
        made.append(Wish(f"better-{n}", at, Role.PRACTITIONER, _open, about, _clicks(dice)))
    return made


def _call(dice: Random, request_id: str, at: float, *, promised: bool) -> list[Wish]:
    """A call, and what its patient or a regulator says later."""
    within = timedelta(minutes=dice.randrange(40, 95, 5) + 60 * promised)
    now = DAWN + timedelta(seconds=at)
    need = Need(
        profession="10", place=dice.choice((GAILLAC, LISLE)), earliest=now, deadline=now + within, hours=1,
        usual_practitioner=dice.choice((None, None, None, *PRACTITIONERS)),
        told_before=30 if dice.random() < (0.9 if promised else 0.33) else None,
    )  # fmt: skip
    name, phone = (Sealed[str](subject=request_id, field=of, key_version=1, box=of) for of in ("name", "phone"))
    patient = Patient(name=name, phone=phone, sms=dice.random() > 0.1)
    talk = dice.randrange(20) if dice.random() < 0.35 else None
    about = (request_id, need, patient, talk, dice.uniform(1, 110))
    wishes = [Wish(f"enter {request_id}", at, Role.REGULATOR, _enter, about, _clicks(dice))]
    for n in range(dice.choice((0, 1, 1, 2))):
        act = dice.choice(("withdraw", "withdraw", "confirm", "acknowledge", "close"))
        role = dice.choice((Role.PATIENT, Role.REGULATOR)) if act == "withdraw" else Role.REGULATOR
        more = (dice.choice(_ENDINGS),) if act == "close" else ()
        when = min(at + dice.choice((dice.uniform(0, 5), dice.uniform(5, 900))), BUSY)
        wishes.append(Wish(f"{act} {request_id} {n}", when, role, _later, (request_id, act, more), _clicks(dice)))
    if dice.random() < 0.4:
        when = min(at + dice.choice((dice.uniform(0.1, 3), dice.uniform(1, 400))), BUSY)
        wishes.append(
            Wish(f"cancel on {request_id}", when, Role.PRACTITIONER, _cancel_on, (request_id,), _clicks(dice))
        )
    return wishes


def _clicks(dice: Random) -> int:
    return 2 if dice.random() < 0.2 else 1


def draw_practitioners(seed: int) -> list[NewPractitioner]:
    """Who works in the town. On every other day some of them agreed to be asked, or to be phoned."""
    dice = Random(f"terms {seed}")
    asked = dice.random() < 0.5
    return [_practitioner(name, number, dice, asked=asked) for number, name in enumerate(PRACTITIONERS)]


def _practitioner(name: str, number: int, dice: Random, *, asked: bool) -> NewPractitioner:
    place = (GAILLAC, LISLE, GAILLAC)[number]
    terms = Terms(
        offers=asked and dice.random() < 0.7, extra=asked and dice.random() < 0.5, per_day=dice.choice((None, None, 3))
    )
    return NewPractitioner(
        id=name, name=f"Dr {name}", profession="10", commune=place.commune, lat=place.lat, lon=place.lon, terms=terms
    )
